//! Two tenants, each with a workspace of its own: what one may ask, and what it is told when it
//! asks for more.

use std::collections::BTreeMap;
use std::sync::Arc;

use backend_amp::{Settings, Tenants};
use serde_json::{Value, json};
use service_kit::clock::ManualClock;

use crate::{NOW, NOW_MS, Tools, Upstream};

/// AMP with the workspaces `ws-a` and `ws-b`. Each has a metric named after it, and others.
async fn amp() -> Upstream {
    Upstream::start_knowing_its_url(|url, call| {
        let path = call.split(' ').nth(1).unwrap().split('?').next().unwrap();
        let mut parts = path.trim_start_matches("/workspaces").trim_start_matches('/').split('/');
        let id = parts.next().unwrap();
        let item = |id: &str| {
            json!({
                "workspaceId": id, "arn": format!("arn:{id}"), "alias": format!("alias of {id}"),
                "status": {"statusCode": "ACTIVE"}, "createdAt": 1.0, "tags": {},
            })
        };
        let body = match (id, parts.next_back()) {
            ("", _) => json!({"workspaces": [item("ws-a"), item("ws-b")]}),
            (id, None) => {
                let mut body = item(id);
                body["prometheusEndpoint"] = json!(format!("{url}/workspaces/{id}/"));
                json!({"workspace": body})
            }
            (id, Some("values")) => {
                json!({"status": "success", "data": [format!("of:{id}"), "up"]})
            }
            (_, Some("query_range")) => {
                let data = json!({"resultType": "matrix", "result": []});
                json!({"status": "success", "data": data})
            }
            _ => {
                let data = json!({"resultType": "scalar", "result": [NOW, "1"]});
                json!({"status": "success", "data": data})
            }
        };
        (200, body.to_string())
    })
    .await
}

/// Nobody's tools, over workspaces of the tenants `a` and `b`.
fn tools(upstream: &Upstream) -> Tools {
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let workspaces = ["a", "b"].map(|t| (t.to_owned(), format!("ws-{t}").parse().unwrap()));
    let workspaces = Some(BTreeMap::from(workspaces));
    let tenants = Tenants { workspaces, credentials: None };
    let prometheus = upstream.amp(Settings::default(), clock.clone()).with_tenants(tenants);
    Tools::over(prometheus, clock)
}

/// All tools, with arguments that name no place.
fn calls() -> [(&'static str, Value); 5] {
    [
        ("ExecuteQuery", json!({"query": "1"})),
        ("ExecuteRangeQuery", json!({"query": "1", "start": "1h", "end": "now", "step": "60s"})),
        ("ListMetrics", json!({})),
        ("GetServerInfo", json!({})),
        ("GetAvailableWorkspaces", json!({})),
    ]
}

#[tokio::test]
async fn every_tool_of_a_tenant_speaks_of_its_own_workspace_only() {
    let upstream = amp().await;
    let tools = tools(&upstream);
    for (tenant, own, other) in
        [("a", "ws-a", "ws-b"), ("b", "ws-b", "ws-a"), ("a", "ws-a", "ws-b")]
    {
        for (name, arguments) in calls() {
            let answer = tools.of_tenant(tenant).call(name, arguments).await.0.to_string();
            assert!(answer.contains(own) && !answer.contains(other), "{name}: {answer}");
        }
    }
    assert!(upstream.calls().iter().all(|call| !call.starts_with("GET /workspaces?")));
}

#[tokio::test]
async fn a_workspace_or_region_of_another_is_refused_alike_whether_it_exists_or_not() {
    let upstream = amp().await;
    let a = tools(&upstream).of_tenant("a");
    for (name, arguments) in calls() {
        for (argument, value) in
            [("workspace_id", "ws-b"), ("workspace_id", "ws-nobody"), ("region", "eu-west-1")]
        {
            if name == "GetAvailableWorkspaces" && argument == "workspace_id" {
                continue; // it has no such argument
            }
            let mut arguments = arguments.clone();
            arguments[argument] = json!(value);
            let kind = argument.trim_end_matches("_id");
            let answer = a.call(name, arguments).await;
            assert_eq!(
                answer.error(),
                format!(
                    "{kind} {value} is not open to the tenant of this caller\n\
                     leave workspace_id and region out: the workspace of the tenant is the default\n\
                     retryable: no"
                ),
                "{name}"
            );
        }
    }
    assert!(upstream.calls().is_empty());
}

#[tokio::test]
async fn who_has_no_tenant_or_an_unknown_one_gets_nothing_of_any_tool() {
    let upstream = amp().await;
    let tools = tools(&upstream);
    let help = "whoever runs this server must give this caller a tenant with a workspace; other \
                arguments do not help\nretryable: no";
    for (name, arguments) in calls() {
        let nobody = tools.call(name, arguments.clone()).await;
        let text = "this server is for the callers of tenants, and this caller belongs to none";
        assert_eq!(nobody.error(), format!("{text}\n{help}"), "{name}");
        let unknown = tools.of_tenant("c").call(name, arguments).await;
        let text = "no workspace is configured for the tenant of this caller";
        assert_eq!(unknown.error(), format!("{text}\n{help}"), "{name}");
    }
    assert!(upstream.calls().is_empty());
}

#[tokio::test]
async fn a_cursor_of_one_tenant_opens_nothing_for_another() {
    let upstream = amp().await;
    let tools = tools(&upstream);
    let (a, b) = (tools.of_tenant("a"), tools.of_tenant("b"));
    let mut arguments = json!({"limit": 1});
    let page = a.call("ListMetrics", arguments.clone()).await;
    assert_eq!(page.structured()["metrics"], json!(["of:ws-a"]));
    arguments["cursor"] = page.structured()["truncated"]["next"].clone();
    let before = upstream.calls().len();
    let crossed = b.call("ListMetrics", arguments.clone()).await;
    assert!(crossed.error().starts_with("cursor: it was not issued here"), "{}", crossed.error());
    assert_eq!(upstream.calls().len(), before);
    let next = a.call("ListMetrics", arguments).await;
    assert_eq!(next.structured()["metrics"], json!(["up"]));
}
