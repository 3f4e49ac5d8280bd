//! What the tools say of themselves.

use serde_json::{Value, json};

use crate::Upstream;

pub(crate) async fn listed() -> Vec<Value> {
    let tools = Upstream::of(json!({})).await.tools();
    let list = tools.dispatch("tools/list", json!({}), Value::Null, None).await;
    list["tools"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_five_tools_are_listed_in_their_order() {
    insta::assert_json_snapshot!(listed().await);
}

#[tokio::test]
async fn optional_parameters_are_the_ones_callers_know() {
    let known = json!({"anyOf": [{"type": "string"}, {"type": "null"}], "default": null});
    for (name, required, optional) in [
        ("ExecuteQuery", vec!["query"], vec!["workspace_id", "time", "region", "profile"]),
        (
            "ExecuteRangeQuery",
            vec!["query", "start", "end", "step"],
            vec!["workspace_id", "region", "profile"],
        ),
        ("ListMetrics", vec![], vec!["workspace_id", "region", "profile"]),
        ("GetServerInfo", vec![], vec!["workspace_id", "region", "profile"]),
        ("GetAvailableWorkspaces", vec![], vec!["region", "profile"]),
    ] {
        let tools = listed().await;
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        let schema = &tool["inputSchema"];
        let mut listed: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|n| n.as_str().unwrap())
            .collect();
        listed.sort_unstable();
        let mut required = required;
        required.sort_unstable();
        assert_eq!(listed, required, "{name}");
        for required in required {
            assert_eq!(
                schema["properties"][required],
                json!({"type": "string"}),
                "{name}.{required}"
            );
        }
        for optional in optional {
            assert_eq!(schema["properties"][optional], known, "{name}.{optional}");
        }
    }
}

#[tokio::test]
async fn an_explicit_null_is_an_argument_left_out() {
    let upstream = Upstream::of(json!({"resultType": "scalar", "result": [1, "2"]})).await;
    let arguments =
        json!({"query": "2", "workspace_id": null, "time": null, "region": null, "profile": null});
    upstream.tools().call("ExecuteQuery", arguments).await.structured();
}
