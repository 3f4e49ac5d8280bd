//! The doors of the REST façade: the same callers, the same scopes, errors in its own form.

use api_gateway::RequestContext;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::log::Log;
use crate::site::{Answer, BARE, INVALID_TOKEN, Site, post};
use crate::tenants::in_environment;

const GUARDED: [(&str, &str); 3] =
    [("GET", "/tools"), ("GET", "/openapi.json"), ("POST", "/tools/GetServerInfo")];

/// What a caller of `GetServerInfo` gets who is let in: nothing is configured that it could tell of.
const CALLED: u16 = 422;

fn ask(method: &str, path: &str, authorization: Option<&str>) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.method_mut() = method.parse::<Method>().unwrap();
    *request.uri_mut() = path.parse().unwrap();
    if let Some(value) = authorization {
        request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
    }
    request
}

/// Fails unless the answer is an error in the form of REST.
#[track_caller]
fn assert_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{}", answer.text());
    for member in ["message", "hint"] {
        assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{}", answer.text());
    }
}

#[tokio::test]
async fn everyone_may_know_what_this_is_and_nothing_more() {
    let site = Site::new();
    let answer = site.send(ask("GET", "/", None)).await;
    assert_eq!(answer.status, 200);
    let endpoints = json!({"mcp": "/mcp", "tools": "/tools", "health": "/health"});
    assert_eq!(
        answer.json(),
        json!({
            "message": "lambda-mcp",
            "version": env!("CARGO_PKG_VERSION"),
            "protocols": ["REST", "MCP"],
            "endpoints": endpoints,
        })
    );
}

/// J01, J04, J26: each with the challenge that it has at `/mcp`.
#[tokio::test]
async fn j01_j04_j26_without_a_good_token_nobody_gets_in_or_learns_what_there_is() {
    let site = Site::new();
    let good = site.bearer(json!({}));
    let token = good.strip_prefix("Bearer ").unwrap();
    for (method, path) in
        GUARDED.into_iter().chain([("POST", "/tools/NoSuchTool"), ("PUT", "/tools")])
    {
        let answer = site.send(ask(method, path, None)).await;
        assert_error(&answer, 401, "no_credentials");
        assert_eq!(answer.challenge(), Some(BARE), "{path}");
        let answer = site.send(ask(method, path, Some("Bearer no.good.token"))).await;
        assert_error(&answer, 401, "invalid_token");
        assert_eq!(answer.challenge(), Some(INVALID_TOKEN), "{path}");
        let queried = format!("{path}?access_token={token}");
        assert_error(&site.send(ask(method, &queried, None)).await, 401, "no_credentials");
        assert_error(&site.send(ask(method, &queried, Some(&good))).await, 400, "invalid_request");
    }
}

/// J21 to J24.
#[tokio::test]
async fn j21_j22_j23_j24_a_tool_needs_its_scopes_and_the_lists_that_of_mcp() {
    let site = Site::new();
    for (scope, lists, calls) in [
        ("prometheus-mcp-server/read", 200, CALLED),
        ("prometheus-mcp-server/write", 200, CALLED),
        ("mcp/invoke", 200, 403),
        ("prometheus-mcp-server/readonly", 403, 403),
        ("", 403, 403),
    ] {
        let bearer = site.bearer(json!({"scope": scope}));
        for (method, path) in GUARDED {
            let status = if method == "GET" { lists } else { calls };
            let answer = site.send(ask(method, path, Some(&bearer))).await;
            assert_eq!(answer.status, status, "{scope:?} {path}: {}", answer.text());
            if status == 403 {
                assert_error(&answer, 403, "insufficient_scope");
                let needed =
                    if method == "GET" { "mcp/invoke" } else { "prometheus-mcp-server/read" };
                let challenge = answer.challenge().unwrap();
                let all = format!("error=\"insufficient_scope\", scope=\"{needed}\"");
                assert!(challenge.contains(&all), "{challenge}");
            }
        }
    }
}

/// J39, J40.
#[tokio::test]
async fn j39_j40_a_principal_is_let_in_where_principals_are_and_is_asked_for_no_token() {
    let identity = json!({
        "accessKey": "ASIAEXAMPLE",
        "accountId": "123456789012",
        "caller": "AROAEXAMPLE:session",
        "user": "AROAEXAMPLE:session",
        "userArn": "arn:aws:sts::123456789012:assumed-role/agent/session",
        "sourceIp": "203.0.113.10",
    });
    let context = json!({"identity": identity}).to_string();
    let signed = |method: &str, path: &str| {
        let mut request = ask(method, path, None);
        request.extensions_mut().insert(RequestContext::new(context.clone()));
        request
    };
    for (scopes, calls) in [("prometheus-mcp-server/read", CALLED), ("mcp/invoke", 403)] {
        let site = Site::with(&[("AUTH_MODE", "iam"), ("IAM_SCOPES", scopes)]);
        for (method, path) in GUARDED {
            let answer = site.send(signed(method, path)).await;
            assert_eq!(answer.status, if method == "GET" { 200 } else { calls }, "{path}");
            assert_eq!(answer.challenge(), None);
            let answer = site.send(ask(method, path, None)).await;
            assert_error(&answer, 401, "no_credentials");
            assert_eq!(answer.challenge(), Some("AWS4-HMAC-SHA256"));
        }
    }
    let site = Site::new();
    assert_eq!(site.send(signed("GET", "/tools")).await.status, 401, "where none are");
}

#[tokio::test]
async fn another_tenants_environment_calls_nothing() {
    let site = Site::new();
    let bearer = site.bearer(json!({"tenant_id": "blue"}));
    let mut request = ask("POST", "/tools/GetServerInfo", Some(&bearer));
    in_environment(&mut request, Some("acme"));
    let answer = site.send(request).await;
    assert_error(&answer, 403, "another_tenant");
    assert!(!answer.text().contains("acme") && !answer.text().contains("blue"));
}

/// X07: whatever looks like a route is one to the letter, or none.
#[tokio::test]
async fn x07_a_path_that_is_nearly_a_route_is_no_way_in() {
    let site = Site::new();
    for path in ["//", "//tools", "/tools/a/b", "/tools/GetServerInfo/", "/Tools", "/openapi.json/"]
    {
        for method in ["GET", "POST", "TRACE"] {
            let answer = site.send(ask(method, path, None)).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (404, ""), "{method} {path}");
        }
    }
    for path in ["/tools/", "/tools/%47etServerInfo", "/tools/..%2fmcp"] {
        assert_error(&site.send(ask("POST", path, None)).await, 401, "no_credentials");
        let bearer = site.bearer(json!({}));
        assert_error(&site.send(ask("POST", path, Some(&bearer))).await, 404, "unknown_tool");
    }
}

#[tokio::test]
async fn a_browser_asks_before_it_sends_the_token() {
    let site = Site::new();
    for (_, path) in GUARDED {
        assert_eq!(site.send(ask("OPTIONS", path, None)).await.status, 204, "{path}");
    }
}

#[tokio::test]
async fn tools_are_called_by_what_the_description_says() {
    let site = Site::new();
    let bearer = site.bearer(json!({}));
    let answer = site.send(ask("GET", "/openapi.json", Some(&bearer))).await;
    let document = answer.json();
    assert_eq!(document["servers"], json!([{"url": "https://mcp.example.com"}]));
    let tools = document["paths"].as_object().unwrap().iter();
    let tools: Vec<_> = tools.filter(|(path, _)| path.starts_with("/tools/")).collect();
    assert_eq!(tools.len(), 5);
    for (path, operation) in tools {
        let operation = &operation["post"];
        let scopes = json!([{"token": ["prometheus-mcp-server/read"]}]);
        assert_eq!(operation["security"], scopes, "{path}");
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        let mut request = post(path, example);
        request.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
        let answer = site.send(request).await;
        // Nothing is configured to ask; that the example was understood is what counts.
        assert_ne!(answer.status, 400, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn j41_neither_answers_nor_log_repeat_what_was_sent() {
    let log = Log::capture();
    let site = Site::new();
    let bearer = site.bearer(json!({"scope": "mcp/invoke"}));
    let secret = bearer.rsplit('.').next().unwrap().to_owned();
    for authorization in [&bearer, &format!("{bearer}x")] {
        let answer = site.send(ask("POST", "/tools/GetServerInfo", Some(authorization))).await;
        assert!(!answer.text().contains(&secret));
    }
    let log = log.text();
    assert!(log.contains("rpc.method=\"POST /tools/{name}\""), "{log}");
    assert!(log.contains("refused at the door"), "{log}");
    assert!(!log.contains(&secret), "{log}");
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_told_apart_from_what_is_wrong_behind_it() {
    // An address that nobody answers at.
    let site =
        Site::with(&[("PROMETHEUS_URL", "http://127.0.0.1:1"), ("PROMETHEUS_TIMEOUT_MS", "50")]);
    let bearer = site.bearer(json!({}));
    let call = |arguments: Value| {
        let mut request = post("/tools/ExecuteQuery", &arguments);
        request.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
        request
    };
    assert_error(&site.send(call(json!({"query": 1}))).await, 400, "invalid_arguments");
    assert_error(&site.send(call(json!({"query": "up", "time": "x"}))).await, 422, "tool_failed");
    let answer = site.send(call(json!({"query": "up"}))).await;
    assert!(matches!(answer.status.as_u16(), 502..=504), "{}", answer.text());
}
