//! What a token allows.

use auth::{Registry, Scope};
use fn_mcp::Config;
use http::header;
use mcp_core::{Implementation, Server};
use serde_json::{Value, json};
use service_kit::clock::SystemClock;
use std::sync::Arc;

use crate::site::{Answer, Site, call, list, post};

/// The challenge of a token that does not allow the call of a tool that reads.
const LACKS_READ: &str = "Bearer error=\"insufficient_scope\", \
     scope=\"prometheus-mcp-server/read\", \
     resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\", \
     error_description=\"the access token does not allow this operation\"";

/// The answer to a call of a tool that reads, with a token of this `scope`.
async fn call_with(site: &Site, scope: Value) -> Answer {
    site.send(call(&site.bearer(json!({"scope": scope})))).await
}

#[track_caller]
fn assert_lacks_read(answer: &Answer, case: &Value) {
    assert_eq!(answer.status, 403, "{case}: {}", answer.text());
    assert_eq!(answer.challenge(), Some(LACKS_READ), "{case}");
}

#[tokio::test]
async fn j21_a_token_without_scopes_may_do_nothing() {
    let site = Site::new();
    for scope in [json!(null), json!(""), json!(["prometheus-mcp-server/read"]), json!(7)] {
        assert_lacks_read(&call_with(&site, scope.clone()).await, &scope);
        let answer = site.list_as(json!({"scope": scope})).await;
        assert_eq!(answer.status, 403, "{scope}");
        assert!(answer.challenge().unwrap().contains("scope=\"mcp/invoke\""), "{scope}");
    }
}

#[tokio::test]
async fn j22_a_scope_that_only_looks_like_the_needed_one_is_another() {
    let site = Site::new();
    for scope in [
        "prometheus-mcp-server/readonly",
        "xprometheus-mcp-server/read",
        "PROMETHEUS-MCP-SERVER/READ",
        "prometheus-mcp-server",
        "cases/read",
    ] {
        let scope = json!(scope);
        assert_lacks_read(&call_with(&site, scope.clone()).await, &scope);
    }
}

#[tokio::test]
async fn j23_who_may_write_may_read() {
    let site = Site::new();
    for scope in [
        "prometheus-mcp-server/write",
        "prometheus-mcp-server/read",
        "x cases/read prometheus-mcp-server/read",
    ] {
        assert_eq!(call_with(&site, json!(scope)).await.status, 200, "{scope}");
        assert_eq!(site.list_as(json!({"scope": scope})).await.status, 200, "{scope}");
    }
}

#[tokio::test]
async fn j24_a_call_that_needs_more_gets_403_with_the_id_and_all_that_it_needs() {
    let site = Site::new();
    let answer = call_with(&site, json!("mcp/invoke")).await;
    assert_lacks_read(&answer, &json!("mcp/invoke"));
    let body = answer.json();
    assert_eq!((&body["jsonrpc"], &body["id"]), (&json!("2.0"), &json!("call-1")));
    assert_eq!(body["error"]["data"]["requiredScopes"], json!(["prometheus-mcp-server/read"]));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    // What the token does allow goes on.
    assert_eq!(site.list_as(json!({"scope": "mcp/invoke"})).await.status, 200);
}

#[tokio::test]
async fn j24_a_modern_call_gets_the_same() {
    let site = Site::new();
    let message = json!({
        "jsonrpc": "2.0", "id": 9, "method": "tools/call",
        "params": {
            "name": "ListMetrics", "arguments": {},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let mut request = post("/mcp", &message);
    for (name, value) in [
        ("authorization", &*site.bearer(json!({"scope": "mcp/invoke"}))),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "ListMetrics"),
    ] {
        request
            .headers_mut()
            .insert(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
    }
    let answer = site.send(request).await;
    assert_lacks_read(&answer, &json!("modern"));
    assert_eq!(answer.json()["id"], 9);
}

#[tokio::test]
async fn only_callable_tools_are_listed_where_that_is_asked_for() {
    for (listed, variables) in [(5, &[][..]), (0, &[("LIST_ONLY_CALLABLE_TOOLS", "true")])] {
        let site = Site::with(variables);
        let answer = site.list_as(json!({"scope": "mcp/invoke"})).await;
        assert_eq!(answer.json()["result"]["tools"].as_array().unwrap().len(), listed);
        let answer = site.list_as(json!({})).await;
        assert_eq!(answer.json()["result"]["tools"].as_array().unwrap().len(), 5);
    }
}

#[test]
fn every_scope_of_a_tool_is_one_of_the_project() {
    let server = fn_mcp::server(&Config::default(), Arc::new(SystemClock)).unwrap();
    let known = Registry::PROJECT.all();
    let scopes = server.scopes();
    assert_eq!(scopes, [Registry::PROMETHEUS_READ]);
    let of_all = server.required_scopes("tools/list", None).collect::<Vec<_>>();
    assert_eq!(of_all, [Registry::MCP_INVOKE]);
    for scope in scopes.iter().chain(&of_all) {
        assert!(known.contains(scope), "{scope}");
    }
    // Who was granted what all tools need may speak MCP at all: the challenge names no more.
    let granted = Registry::PROJECT.expand(scopes.join(" ").parse().unwrap());
    assert!(of_all.iter().all(|scope| granted.contains(scope)));
}

/// So that no scope a server asks for is missing in what clients are told to bring.
#[test]
fn what_the_server_takes_for_a_scope_is_one_at_the_door_too() {
    let (longest, longer) = ("a".repeat(256), "a".repeat(257));
    for text in ["", "a", "a b", "a\"", "a\\", "ä", "a\t", "\u{7f}", "!~", &longest, &longer] {
        let server = Server::builder(Implementation::new("test", "1")).scopes([text.to_owned()]);
        assert_eq!(server.build().is_ok(), text.parse::<Scope>().is_ok(), "{text:?}");
    }
}

/// A request without a token is answered alike whether or not such a tool exists.
#[tokio::test]
async fn without_a_token_nobody_learns_what_there_is() {
    let site = Site::new();
    for message in
        [json!({"method": "tools/call", "params": {"name": "NoSuchTool"}}), json!([]), json!(7)]
    {
        site.send(post("/mcp", &message)).await.assert_unauthorized(&message.to_string());
    }
    site.send(list()).await.assert_unauthorized("list");
}
