//! What Claude Code and claude.ai send when they find out what a server is, replayed.
//!
//! The order and the headers are those seen on the wire; in public, claude-ai-mcp issue 76 shows the
//! handshake of claude.ai, claude-code issues 45368 and 92835 headers of Claude Code.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use mcp_core::{Content, Implementation, NoInput, Server, ToolSpec, tool_fn};
use mcp_http::{McpService, Settings};
use serde_json::{Value, json};
use tower::ServiceExt as _;

const BOTH: &str = "application/json, text/event-stream";

/// A server without sessions: each request gets a service of its own, as on Lambda.
fn instance() -> McpService {
    let hello = tool_fn(ToolSpec::new("hello", "Says hello."), |_, NoInput {}| async {
        Ok(Content::text("hello"))
    });
    let server = Server::builder(Implementation::new("probed", "1.0")).tool(hello).build().unwrap();
    McpService::new(server, Settings::default())
}

async fn send(
    verb: Method,
    headers: &[(&'static str, &str)],
    body: &Value,
) -> (StatusCode, Option<Value>) {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let mut request = Request::builder().method(verb).uri("/mcp");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body)).unwrap();
    let response: Response<_> = instance().oneshot(request).await.unwrap();
    assert_eq!(response.headers().get("mcp-session-id"), None);
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let frame = (!body.is_empty()).then(|| serde_json::from_slice(&body).expect("JSON"));
    (head.status, frame)
}

/// Sends a request and gives back its result, which is held to the schema of `revision`.
async fn result(headers: &[(&'static str, &str)], revision: &str, body: Value) -> Value {
    let (status, frame) = send(Method::POST, headers, &body).await;
    let frame = frame.unwrap();
    assert_eq!(status, StatusCode::OK, "{frame}");
    tests::schema::check(revision, body["method"].as_str().unwrap(), &frame);
    frame["result"].clone()
}

fn initialize(client: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {"roots": {}, "elicitation": {}},
            "clientInfo": {"name": client, "version": "1.0.0"},
        },
    })
}

fn initialized() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/initialized"})
}

fn request(id: u32, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

#[tokio::test]
async fn claude_code_discovers_and_then_shakes_hands_all_the_same() {
    let agent = ("user-agent", "claude-code/2.1.280 (cli)");
    let json = ("content-type", "application/json");
    let modern = [
        agent,
        json,
        ("accept", BOTH),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "server/discover"),
    ];
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "claude-code", "version": "2.1.280"},
        "io.modelcontextprotocol/clientCapabilities": {"roots": {}, "elicitation": {}},
    });
    let discovered =
        result(&modern, "2026-07-28", request(0, "server/discover", json!({"_meta": meta}))).await;
    assert_eq!(discovered["supportedVersions"][0], "2026-07-28");

    let first = [agent, json, ("accept", BOTH)];
    let handshake = result(&first, "2025-11-25", initialize("claude-code")).await;
    assert_eq!(handshake["protocolVersion"], "2025-11-25");

    let later = [agent, json, ("accept", BOTH), ("mcp-protocol-version", "2025-11-25")];
    let (status, nothing) = send(Method::POST, &later, &initialized()).await;
    assert_eq!((status, nothing), (StatusCode::ACCEPTED, None));
    let listen = [agent, ("accept", "text/event-stream"), ("mcp-protocol-version", "2025-11-25")];
    let (status, nothing) = send(Method::GET, &listen, &Value::Null).await;
    assert_eq!((status, nothing), (StatusCode::METHOD_NOT_ALLOWED, None));
    let listed = result(&later, "2025-11-25", request(1, "tools/list", json!({}))).await;
    assert_eq!(listed["tools"][0]["name"], "hello");
    let call = json!({"name": "hello", "arguments": {}, "_meta": {"progressToken": 2}});
    let called = result(&later, "2025-11-25", request(2, "tools/call", call)).await;
    assert_eq!(called["content"][0]["text"], "hello");
}

/// Some versions name JSON alone, some go on with another revision than was agreed.
#[tokio::test]
async fn claude_code_is_served_where_it_departs_from_the_specification() {
    let json = ("content-type", "application/json");
    let only_json = [json, ("accept", "application/json")];
    let handshake = result(&only_json, "2025-11-25", initialize("claude-code")).await;
    assert_eq!(handshake["protocolVersion"], "2025-11-25");

    let mut older = initialize("claude-code");
    older["params"]["protocolVersion"] = json!("2024-11-05");
    let handshake = result(&[json, ("accept", BOTH)], "2024-11-05", older).await;
    assert_eq!(handshake["protocolVersion"], "2024-11-05");
    let another = [json, ("accept", BOTH), ("mcp-protocol-version", "2025-11-25")];
    let listed = result(&another, "2025-11-25", request(1, "tools/list", json!({}))).await;
    assert_eq!(listed["tools"][0]["name"], "hello");
}

/// A probe without modern metadata is an older request for a method that is not there.
#[tokio::test]
async fn a_bare_discovery_is_told_in_json_that_there_is_none() {
    let headers = [("content-type", "application/json"), ("accept", BOTH)];
    let probe = request(0, "server/discover", json!({}));
    let (status, frame) = send(Method::POST, &headers, &probe).await;
    assert_eq!((status, &frame.unwrap()["error"]["code"]), (StatusCode::OK, &json!(-32601)));
}

#[tokio::test]
async fn claude_ai_shakes_hands_while_it_accepts_anything() {
    let probe =
        [("content-type", "application/json"), ("accept", "*/*"), ("user-agent", "Claude-User")];
    let handshake = result(&probe, "2025-11-25", initialize("Anthropic")).await;
    assert_eq!(handshake["protocolVersion"], "2025-11-25");
    assert_eq!(handshake["serverInfo"]["name"], "probed");

    let (status, nothing) = send(Method::POST, &probe, &initialized()).await;
    assert_eq!((status, nothing), (StatusCode::ACCEPTED, None));
    let later = [probe[0], ("accept", BOTH), ("mcp-protocol-version", "2025-11-25")];
    let listed = result(&later, "2025-11-25", request(1, "tools/list", json!({}))).await;
    assert_eq!(listed["tools"][0]["name"], "hello");
    let (status, _) = send(Method::DELETE, &later, &Value::Null).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}
