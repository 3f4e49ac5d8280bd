//! Callers that lack a scope (2026-07-28, Authorization, Scope Challenge Handling): refused before
//! anything runs, with status 403 in every era, by an error for the request's id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use mcp_core::{
    Caller, Content, Granted, Implementation, Interrupt, NoInput, Server, ToolError, ToolSpec,
    tool_fn,
};
use mcp_http::{InsufficientScope, McpService, Settings};
use serde_json::{Value, json};

use crate::fixture::{Post, Reply};

const REVISIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// A server like those of this project, and how often its tools have run.
fn guarded(settings: Settings) -> (McpService, Arc<AtomicUsize>) {
    let ran = Arc::new(AtomicUsize::new(0));
    let tool = |name: &'static str, scopes: &[&'static str]| {
        let ran = Arc::clone(&ran);
        let spec = ToolSpec::new(name, "For tests.").with_scopes(scopes.iter().copied());
        tool_fn(spec, move |_, NoInput {}| {
            ran.fetch_add(1, Ordering::Relaxed);
            async { Ok(Content::text("done")) }
        })
    };
    let server = Server::builder(Implementation::new("guarded", "1.0.0"))
        .scopes(["mcp/invoke"])
        .tool(tool("hello", &[]))
        .tool(tool("look", &["p/read"]))
        .tool(tool("erase", &["p/write", "p/audit"]))
        .tool(tool_fn(ToolSpec::new("picky", "Looks closer."), |cx, NoInput {}| async move {
            cx.progress(1.0, None, None);
            let permitted = cx.caller().scopes.permit(["p/tenant"]);
            permitted.map_err(|error| ToolError::Interrupted(Interrupt::Protocol(error)))?;
            Ok(Content::text("done"))
        }));
    (McpService::new(server.build().unwrap(), settings), ran)
}

fn service() -> McpService {
    guarded(Settings::default()).0
}

fn caller(scopes: &[&str]) -> Caller {
    let scopes: BTreeSet<_> = scopes.iter().map(|&scope| scope.to_owned()).collect();
    Caller { scopes: Granted::Only(scopes), ..Caller::default() }
}

fn post(revision: &str, method: &str, params: Value) -> Post {
    if revision == "2026-07-28" {
        Post::modern(method, params)
    } else {
        Post::legacy(revision, method, params)
    }
}

fn call(revision: &str, tool: &str) -> Post {
    post(revision, "tools/call", json!({"name": tool, "arguments": {}}))
}

/// What the host makes its challenge of.
fn needed(reply: &Reply) -> Option<Vec<&str>> {
    let InsufficientScope(scopes) = reply.extensions.get()?;
    Some(scopes.iter().map(String::as_str).collect())
}

/// J21: scope missing, empty, or of another kind altogether: the host has granted nothing.
#[tokio::test]
async fn j21_without_scopes_every_method_is_forbidden_in_every_era() {
    for revision in REVISIONS {
        for (method, params) in [
            ("initialize", json!({"protocolVersion": revision, "capabilities": {}})),
            ("ping", json!({})),
            ("server/discover", json!({})),
            ("tools/list", json!({})),
            ("tools/call", json!({"name": "hello"})),
            ("tools/call", json!({"name": "no-such-tool"})),
        ] {
            let gone = match method {
                "initialize" | "ping" => revision == "2026-07-28",
                "server/discover" => revision != "2026-07-28",
                _ => false,
            };
            if gone {
                continue;
            }
            let post = post(revision, method, params).extension(caller(&[]));
            let reply = post.send(&service()).await;
            assert_eq!(reply.fault(), (403, Some(403)), "{revision} {method}");
            assert_eq!(reply.json()["id"], 7, "{revision} {method}");
            assert_eq!(needed(&reply), Some(vec!["mcp/invoke"]), "{revision} {method}");
        }
    }
}

#[tokio::test]
async fn j22_a_scope_that_only_looks_alike_is_none() {
    let (service, ran) = guarded(Settings::default());
    for revision in REVISIONS {
        for alike in ["p/readonly", "xp/read", "P/READ", "p/rea", "p/read ", "read", "p"] {
            let call = call(revision, "look").extension(caller(&["mcp/invoke", alike]));
            let reply = call.send(&service).await;
            assert_eq!(reply.fault(), (403, Some(403)), "{revision} {alike}");
            assert_eq!(needed(&reply), Some(vec!["p/read"]), "{revision} {alike}");
        }
    }
    assert_eq!(ran.load(Ordering::Relaxed), 0);
    let reply = call("2026-07-28", "look").extension(caller(&["p/read"])).send(&service).await;
    assert_eq!((reply.fault(), needed(&reply)), ((200, None), None));
    assert_eq!(ran.load(Ordering::Relaxed), 1);
}

/// J24: all that the operation needs is in one challenge, not only what is missing; and the error
/// is told by its status, in JSON, even to a client that would rather have events.
#[tokio::test]
async fn j24_a_tool_that_needs_more_names_all_it_needs() {
    for accept in ["application/json, text/event-stream", "text/event-stream"] {
        for streaming in [false, true] {
            let (service, ran) = guarded(Settings { streaming, ..Settings::default() });
            for revision in REVISIONS {
                let held = caller(&["mcp/invoke", "p/read", "p/write"]);
                let call = call(revision, "erase").header("accept", accept).extension(held);
                let reply = call.send(&service).await;
                assert_eq!(reply.status, 403, "{revision}");
                assert_eq!(needed(&reply), Some(vec!["p/audit", "p/write"]), "{revision}");
                insta::allow_duplicates! {
                    insta::assert_snapshot!(reply.json().to_string(), @r#"{"jsonrpc":"2.0","id":7,"error":{"code":403,"message":"not permitted: this needs a scope that the caller was not granted: p/audit; ask the user to authorize this client for it, then try again","data":{"requiredScopes":["p/audit","p/write"]}}}"#);
                }
            }
            assert_eq!(ran.load(Ordering::Relaxed), 0);
        }
    }
}

/// What stands between may have decided by the header: so it must be what is decided by here.
#[tokio::test]
async fn a_header_of_an_allowed_tool_opens_no_way_to_another() {
    let (service, ran) = guarded(Settings::default());
    let held = || caller(&["mcp/invoke", "p/read"]);
    for (tool, header) in [("erase", "look"), ("look", "erase")] {
        let call = call("2026-07-28", tool).header("mcp-name", header).extension(held());
        let reply = call.send(&service).await;
        assert_eq!((reply.fault(), needed(&reply)), ((400, Some(-32020)), None), "{tool} {header}");
    }
    // Which of two names is meant cannot be told, so neither is called.
    for revision in REVISIONS {
        let body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"look","name":"erase"}}"#;
        let reply = call(revision, "look").body(body).extension(held()).send(&service).await;
        assert_eq!(reply.fault().1, Some(-32602), "{revision}");
    }
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_notification_needs_what_every_request_needs() {
    let sent = |revision: &str| {
        let body = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        post(revision, "ping", json!({})).body(body)
    };
    for (revision, id) in [
        ("2025-03-26", Some(Value::Null)),
        ("2025-06-18", Some(Value::Null)),
        // Since then an id that is not there is left out.
        ("2025-11-25", None),
        ("2026-07-28", None),
    ] {
        let reply = sent(revision).extension(caller(&[])).send(&service()).await;
        assert_eq!(reply.fault(), (403, Some(403)), "{revision}");
        assert_eq!(reply.json().get("id"), id.as_ref(), "{revision}");
        assert_eq!(needed(&reply), Some(vec!["mcp/invoke"]), "{revision}");
        let reply = sent(revision).extension(caller(&["mcp/invoke"])).send(&service()).await;
        assert_eq!(reply.status, 202, "{revision}");
    }
    let answer = post("2025-11-25", "", json!({})).body(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    assert_eq!(answer.extension(caller(&[])).send(&service()).await.status, 403);
}

/// A batch stands or falls as one: a status is for all of it.
#[tokio::test]
async fn a_batch_needs_what_all_its_members_need() {
    let call = |tool: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
    };
    let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let (service, ran) = guarded(Settings::default());
    for (members, held, lacking) in [
        (vec![call("look"), ping.into()], &["mcp/invoke", "p/read"][..], None),
        (
            vec![call("look"), call("erase")],
            &["mcp/invoke", "p/read"],
            Some(vec!["p/audit", "p/read", "p/write"]),
        ),
        (vec![call("look"), ping.into()], &["p/read"], Some(vec!["mcp/invoke", "p/read"])),
        (vec![note.into()], &["p/read"], Some(vec!["mcp/invoke"])),
        (vec![note.into(), "7".into()], &["p/read"], Some(vec!["mcp/invoke"])),
        (vec![note.into()], &["mcp/invoke"], None),
    ] {
        ran.store(0, Ordering::Relaxed);
        let body = format!("[{}]", members.join(","));
        let reply = Post::raw(body.clone()).extension(caller(held)).send(&service).await;
        assert_eq!(needed(&reply), lacking, "{body}");
        if lacking.is_some() {
            assert_eq!(reply.fault(), (403, Some(403)), "{body}");
            assert_eq!(reply.json()["id"], Value::Null, "{body}");
            assert_eq!(ran.load(Ordering::Relaxed), 0, "{body}");
        } else {
            assert!(reply.status.is_success(), "{body}");
        }
    }
}

/// A tool may look closer than its scopes say; where nothing was sent yet, its refusal is the same.
#[tokio::test]
async fn a_tool_that_finds_a_scope_missing_refuses_like_the_server() {
    let held = || caller(&["mcp/invoke"]);
    for revision in REVISIONS {
        let reply = call(revision, "picky").extension(held()).send(&service()).await;
        assert_eq!(reply.fault(), (403, Some(403)), "{revision}");
        assert_eq!(needed(&reply), Some(vec!["p/tenant"]), "{revision}");
    }
    let (streaming, _) = guarded(Settings { streaming: true, ..Settings::default() });
    let reply = Post::call("picky", json!({})).extension(held()).send(&streaming).await;
    assert_eq!((reply.fault(), needed(&reply)), ((200, Some(403)), None), "too late for a status");
}

/// A host that asks nobody who they are, and tells nobody so.
#[tokio::test]
async fn without_a_caller_nothing_is_held_back() {
    for revision in REVISIONS {
        assert_eq!(
            call(revision, "erase").send(&service()).await.fault(),
            (200, None),
            "{revision}"
        );
    }
}

#[tokio::test]
async fn j42_a_preflight_needs_no_credentials_and_lets_the_page_read_the_challenge() {
    let preflight = Post::raw("")
        .verb(Method::OPTIONS)
        .without("content-type")
        .header("origin", "http://localhost:6274")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, content-type");
    let reply = preflight.extension(caller(&[])).send(&service()).await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some("http://localhost:6274"));
    let allowed = reply.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("authorization"), "{allowed}");
    let exposed = reply.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("www-authenticate"), "{exposed}");
    // And of the refusal itself.
    let refused = call("2026-07-28", "hello").header("origin", "http://localhost:6274");
    let reply = refused.extension(caller(&[])).send(&service()).await;
    assert_eq!(reply.status, 403);
    let exposed = reply.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("www-authenticate"), "{exposed}");
}
