//! Which workspace: resolution, the list, the question to the user.

use backend_amp::Settings;
use serde_json::{Value, json};

use crate::{NOW, Upstream, settled};

/// AMP with these workspaces, two a page; any query gives 1.
async fn amp(workspaces: &[(&'static str, &'static str, &'static str)]) -> Upstream {
    let workspaces = workspaces.to_vec();
    Upstream::start_knowing_its_url(move |url, call| {
        let path = call.split(' ').nth(1).unwrap();
        let item = |(id, alias, status): &(&str, &str, &str)| {
            let mut item = json!({
                "workspaceId": id, "arn": format!("arn:aws:aps:us-east-1:123456789012:workspace/{id}"),
                "status": {"statusCode": status}, "createdAt": 1.0, "tags": {},
            });
            if !alias.is_empty() {
                item["alias"] = json!(alias);
            }
            item
        };
        if path.contains("/api/v1/query") {
            let data = json!({"resultType": "scalar", "result": [NOW, "1"]});
            (200, json!({"status": "success", "data": data}).to_string())
        } else if path.starts_with("/workspaces?") {
            let from: usize = path.split("nextToken=").nth(1).map_or(0, |n| n.split('&').next().unwrap().parse().unwrap());
            let page: Vec<Value> = workspaces.iter().skip(from).take(2).map(item).collect();
            let mut body = json!({"workspaces": page});
            if from + 2 < workspaces.len() {
                body["nextToken"] = json!((from + 2).to_string());
            }
            (200, body.to_string())
        } else {
            let id = path.trim_start_matches("/workspaces/");
            match workspaces.iter().find(|workspace| workspace.0 == id) {
                Some(workspace) => {
                    let mut body = item(workspace);
                    body["prometheusEndpoint"] = json!(format!("{url}/workspaces/{id}/"));
                    (200, json!({"workspace": body}).to_string())
                }
                None => (404, json!({"message": "no such workspace"}).to_string()),
            }
        }
    })
    .await
}

const SEVERAL: [(&str, &str, &str); 5] = [
    ("ws-a", "production", "ACTIVE"),
    ("ws-b", "", "ACTIVE"),
    ("ws-c", "new", "CREATING"),
    ("ws-d", "evil\u{1b}[2J\nname", "ACTIVE"),
    ("ws-e", "last", "ACTIVE"),
];

#[tokio::test]
async fn one_question_is_two_calls_and_one_when_the_workspace_is_known() {
    let upstream = amp(&SEVERAL).await;
    let tools = upstream.amp_tools(Settings::default());
    for calls in [2, 1] {
        let arguments = json!({"query": "1", "workspace_id": "ws-b"});
        let answer = tools.call("ExecuteQuery", arguments).await;
        let provenance = &answer.structured()["provenance"];
        assert_eq!(provenance["http_calls"], calls);
        assert_eq!(
            (&provenance["workspace"], &provenance["region"]),
            (&json!("ws-b"), &json!("us-east-1"))
        );
    }
    assert_eq!(upstream.calls().len(), 3);
}

#[tokio::test]
async fn an_explicit_workspace_wins_over_the_configured_url() {
    let upstream = amp(&SEVERAL).await;
    let configured = Upstream::of(json!({"resultType": "scalar", "result": [NOW, "9"]})).await;
    let settings = Settings { url: configured.url.parse().ok(), ..Settings::default() };
    let tools = upstream.amp_tools(settings);
    let answer = tools.call("ExecuteQuery", json!({"query": "1", "workspace_id": "ws-a"})).await;
    assert_eq!(answer.structured()["provenance"]["workspace"], "ws-a");
    assert_eq!(configured.calls().len(), 0);
}

#[tokio::test]
async fn the_only_active_workspace_is_taken() {
    let upstream = amp(&[("ws-a", "old", "DELETING"), ("ws-b", "", "ACTIVE")]).await;
    let tools = upstream.amp_tools(Settings::default());
    let answer = tools.call("ExecuteQuery", json!({"query": "1"})).await;
    assert_eq!(answer.structured()["provenance"]["workspace"], "ws-b");
}

#[tokio::test]
async fn of_several_workspaces_none_is_picked() {
    let upstream = amp(&SEVERAL).await;
    let tools = upstream.amp_tools(Settings::default());
    let answer = tools.call("ExecuteQuery", json!({"query": "1"})).await;
    insta::assert_snapshot!(answer.error(), @"
    no workspace was chosen, and us-east-1 has ws-a (production, ACTIVE), ws-b (ACTIVE), ws-c (new, CREATING), ws-d (evil[2Jname, ACTIVE), ws-e (last, ACTIVE)
    ask the user which one, then call again with workspace_id; do not pick one yourself
    retryable: no
    ");
}

#[tokio::test]
async fn a_client_with_forms_lets_the_user_choose() {
    let upstream = amp(&SEVERAL).await;
    let tools = upstream.amp_tools(Settings::default());
    let forms = json!({"elicitation": {}});
    let params = json!({"name": "ExecuteQuery", "arguments": {"query": "1"}});
    let asked = tools.request(params.clone(), forms.clone()).await;
    assert_eq!(asked.0["resultType"], "input_required", "{}", asked.0);
    insta::assert_json_snapshot!(asked.0["inputRequests"], @r#"
    {
      "workspace": {
        "method": "elicitation/create",
        "params": {
          "mode": "form",
          "message": "Which Prometheus workspace should be queried?",
          "requestedSchema": {
            "type": "object",
            "properties": {
              "workspace_id": {
                "type": "string",
                "title": "Workspace",
                "oneOf": [
                  {
                    "const": "ws-a",
                    "title": "production (ws-a)"
                  },
                  {
                    "const": "ws-b",
                    "title": "No alias (ws-b)"
                  },
                  {
                    "const": "ws-d",
                    "title": "evil[2Jname (ws-d)"
                  },
                  {
                    "const": "ws-e",
                    "title": "last (ws-e)"
                  }
                ]
              }
            },
            "required": [
              "workspace_id"
            ]
          }
        }
      }
    }
    "#);

    let reply = |response: Value| {
        let mut params = params.clone();
        params["inputResponses"] = json!({"workspace": response});
        if let Some(state) = asked.0.get("requestState") {
            params["requestState"] = state.clone();
        }
        params
    };
    let accept = |id: &str| reply(json!({"action": "accept", "content": {"workspace_id": id}}));
    let answer = tools.request(accept("ws-e"), forms.clone()).await;
    assert_eq!(answer.structured()["provenance"]["workspace"], "ws-e");

    // One that was not offered: it is being created.
    let answer = tools.request(accept("ws-c"), forms.clone()).await;
    assert!(answer.error().contains("not one of the choices"));
    let answer = tools.request(reply(json!({"action": "decline"})), forms).await;
    assert!(answer.error().contains("the user chose no workspace"));
}

#[tokio::test]
async fn no_workspaces_is_its_own_message() {
    let upstream = amp(&[]).await;
    let tools = upstream.amp_tools(Settings::default());
    let answer = tools.call("ExecuteQuery", json!({"query": "1"})).await;
    insta::assert_snapshot!(answer.error(), @"
    there are no workspaces in us-east-1
    ask the user for another region, and call again with region
    retryable: no
    ");
    let answer = tools.call("GetAvailableWorkspaces", json!({})).await;
    assert_eq!(answer.structured()["result"]["count"], 0);
    insta::assert_snapshot!(answer.text(), @"There are no workspaces in us-east-1. Ask the user for another region.");
}

#[tokio::test]
async fn all_pages_are_listed_and_the_configured_one_is_first() {
    let upstream = amp(&SEVERAL).await;
    let settings = Settings { workspace: "ws-e".parse().ok(), ..Settings::default() };
    let tools = upstream.amp_tools(settings);
    let answer = tools.call("GetAvailableWorkspaces", json!({})).await;
    let mut structured = settled(answer.structured().clone());
    let port = upstream.url.rsplit(':').next().unwrap();
    structured = serde_json::from_str(&structured.to_string().replace(port, "PORT")).unwrap();
    insta::assert_json_snapshot!(structured, @r#"
    {
      "result": {
        "workspaces": [
          {
            "workspace_id": "ws-e",
            "alias": "last",
            "status": "ACTIVE",
            "prometheus_url": "http://127.0.0.1:PORT/workspaces/ws-e",
            "region": "us-east-1",
            "is_configured": true,
            "note": "queried when no workspace_id is given"
          },
          {
            "workspace_id": "ws-a",
            "alias": "production",
            "status": "ACTIVE",
            "prometheus_url": "http://127.0.0.1:PORT/workspaces/ws-a",
            "region": "us-east-1",
            "is_configured": false
          },
          {
            "workspace_id": "ws-b",
            "alias": "No alias",
            "status": "ACTIVE",
            "prometheus_url": "http://127.0.0.1:PORT/workspaces/ws-b",
            "region": "us-east-1",
            "is_configured": false
          },
          {
            "workspace_id": "ws-c",
            "alias": "new",
            "status": "CREATING",
            "region": "us-east-1",
            "is_configured": false,
            "note": "cannot be queried until it is ACTIVE"
          },
          {
            "workspace_id": "ws-d",
            "alias": "evil\u001b[2J\nname",
            "status": "ACTIVE",
            "prometheus_url": "http://127.0.0.1:PORT/workspaces/ws-d",
            "region": "us-east-1",
            "is_configured": false
          }
        ],
        "count": 5,
        "region": "us-east-1",
        "requires_user_selection": false,
        "configured_workspace_id": "ws-e",
        "message": "Workspace ws-e is configured and is used unless workspace_id says otherwise."
      },
      "provenance": {
        "region": "us-east-1",
        "http_calls": 7,
        "elapsed_ms": 0
      }
    }
    "#);
    insta::assert_snapshot!(answer.text(), @r#"
    Workspace ws-e is configured and is used unless workspace_id says otherwise.
    ws-e ACTIVE "last"
    ws-a ACTIVE "production"
    ws-b ACTIVE "No alias"
    ws-c CREATING "new"
    ws-d ACTIVE "evil[2Jname"
    "#);
}

#[tokio::test]
async fn several_without_a_default_need_the_user() {
    let upstream = amp(&SEVERAL).await;
    let answer =
        upstream.amp_tools(Settings::default()).call("GetAvailableWorkspaces", json!({})).await;
    let result = &answer.structured()["result"];
    assert_eq!(
        (&result["requires_user_selection"], &result["configured_workspace_id"]),
        (&json!(true), &Value::Null)
    );
    insta::assert_snapshot!(result["message"].as_str().unwrap(), @"4 workspaces are ACTIVE and none is configured: ask the user which one, and pass it as workspace_id. Do not pick one yourself.");
}

#[tokio::test]
async fn server_info_tells_where_queries_go() {
    let upstream = amp(&SEVERAL).await;
    let tools = upstream.amp_tools(Settings::default());
    let answer = tools.call("GetServerInfo", json!({"workspace_id": "ws-a"})).await;
    let structured = answer.structured();
    assert_eq!(structured["prometheus_url"], format!("{}/workspaces/ws-a", upstream.url));
    assert_eq!(
        (&structured["aws_region"], &structured["aws_profile"], &structured["service_name"]),
        (&json!("us-east-1"), &json!("default"), &json!("aps"))
    );

    let unknown = tools.call("GetServerInfo", json!({})).await;
    assert_eq!(unknown.structured()["prometheus_url"], Value::Null);
    insta::assert_snapshot!(unknown.text(), @"
    no workspace was chosen, and us-east-1 has ws-a (production, ACTIVE), ws-b (ACTIVE), ws-c (new, CREATING), ws-d (evil[2Jname, ACTIVE), ws-e (last, ACTIVE)
    ask the user which one, then call again with workspace_id; do not pick one yourself
    ");
}

#[tokio::test]
async fn a_plain_server_needs_no_workspace() {
    let upstream = Upstream::of(json!({})).await;
    let tools = upstream.tools();
    let info = tools.call("GetServerInfo", json!({"profile": "x"})).await;
    assert_eq!(info.structured()["prometheus_url"], upstream.url);
    assert!(info.text().starts_with("notice: profile \"x\" has no effect"));
    let listed = tools.call("GetAvailableWorkspaces", json!({})).await;
    assert_eq!(listed.structured()["result"]["requires_user_selection"], false);
    assert!(listed.text().contains("leave workspace_id out"), "{}", listed.text());
    assert_eq!(upstream.calls().len(), 0);
}
