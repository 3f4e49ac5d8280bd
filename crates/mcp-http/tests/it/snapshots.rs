//! Whole exchanges as they are on the wire, in each revision.

use std::fmt::Write as _;

use mcp_http::McpService;
use serde_json::{Value, json};

use crate::fixture::{Post, Reply, service};

/// Status, headers and body, with line breaks in a body of JSON for the reader.
fn wire(reply: &Reply) -> String {
    let mut wire = format!("{}\n", reply.status.as_u16());
    let mut headers: Vec<_> = reply.headers.iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        writeln!(wire, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    wire.push('\n');
    wire.push_str(reply.text());
    wire
}

async fn exchange(post: Post, service: &McpService) -> String {
    wire(&post.send(service).await)
}

fn initialize(version: &str) -> Post {
    let params = json!({
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    Post::legacy(version, "initialize", params).without("mcp-protocol-version")
}

fn echo() -> Value {
    json!({"name": "echo", "arguments": {"text": "hi"}})
}

fn logs() -> Value {
    json!({"name": "logs"})
}

#[tokio::test]
async fn revision_2024_11_05() {
    let service = service();
    insta::assert_snapshot!(exchange(initialize("2024-11-05"), &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"result":{"protocolVersion":"2024-11-05","capabilities":{"tools":{},"resources":{},"prompts":{},"logging":{}},"serverInfo":{"name":"fixture","version":"1.0.0"}}}
    "#);
    let call = Post::legacy("2024-11-05", "tools/call", echo());
    insta::assert_snapshot!(exchange(call, &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"hi"}]}}
    "#);
}

#[tokio::test]
async fn revision_2025_03_26() {
    let service = service();
    insta::assert_snapshot!(exchange(initialize("2025-03-26"), &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"result":{"protocolVersion":"2025-03-26","capabilities":{"tools":{},"resources":{},"prompts":{},"logging":{}},"serverInfo":{"name":"fixture","version":"1.0.0"}}}
    "#);
    let batch =
        r#"[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","id":1,"method":"no"}]"#;
    insta::assert_snapshot!(exchange(Post::raw(batch), &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    [{"jsonrpc":"2.0","id":"a","result":{}},{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"method not found: no"}}]
    "#);
    let unreadable = Post::raw(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#);
    insta::assert_snapshot!(exchange(unreadable, &service).await, @r#"
    400
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"id must be a string or a 64-bit integer"}}
    "#);
}

#[tokio::test]
async fn revision_2025_06_18() {
    let service = service();
    insta::assert_snapshot!(exchange(initialize("2025-06-18"), &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{},"resources":{},"prompts":{},"logging":{}},"serverInfo":{"name":"fixture","version":"1.0.0"}}}
    "#);
    let call = Post::legacy("2025-06-18", "tools/call", json!({"name": "no"}));
    insta::assert_snapshot!(exchange(call, &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"unknown tool: no; known: echo, steps, logs, sleeps, hangs, panics, fails, asks, routed"}}
    "#);
}

#[tokio::test]
async fn revision_2025_11_25() {
    let service = service();
    insta::assert_snapshot!(exchange(initialize("2025-11-25"), &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{},"prompts":{},"logging":{}},"serverInfo":{"name":"fixture","version":"1.0.0"}}}
    "#);
    let call = Post::legacy("2025-11-25", "tools/call", logs());
    insta::assert_snapshot!(exchange(call, &service).await, @r#"
    200
    cache-control: no-cache, no-transform
    content-type: text/event-stream
    x-accel-buffering: no

    event: message
    data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","data":"careful"}}

    event: message
    data: {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"done"}]}}
    "#);
    let notification = Post::raw(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let notification = notification.header("mcp-protocol-version", "2025-11-25");
    insta::assert_snapshot!(exchange(notification, &service).await, @r#"
    202
    "#);
    let unreadable = Post::raw("{").header("mcp-protocol-version", "2025-11-25");
    insta::assert_snapshot!(exchange(unreadable, &service).await, @r#"
    400
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","error":{"code":-32700,"message":"parse error: EOF while parsing an object at line 1 column 1"}}
    "#);
}

#[tokio::test]
async fn revision_2026_07_28() {
    let service = service();
    let discover = Post::modern("server/discover", json!({}));
    insta::assert_snapshot!(exchange(discover, &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"result":{"supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"capabilities":{"tools":{},"resources":{},"prompts":{},"logging":{}},"ttlMs":300000,"cacheScope":"public","resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"fixture","version":"1.0.0"}}}}
    "#);
    insta::assert_snapshot!(exchange(Post::modern("tools/call", echo()), &service).await, @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"hi"}],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"fixture","version":"1.0.0"}}}}
    "#);
    insta::assert_snapshot!(exchange(Post::modern("initialize", json!({})), &service).await, @r#"
    404
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"method not found: initialize"}}
    "#);
    let mismatch = Post::modern("tools/call", echo()).header("mcp-name", "other");
    insta::assert_snapshot!(exchange(mismatch, &service).await, @r#"
    400
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"error":{"code":-32020,"message":"header mcp-name: it must equal the value in the body"}}
    "#);
    insta::assert_snapshot!(exchange(Post::call("asks", json!({})), &service).await, @r#"
    400
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","id":7,"error":{"code":-32021,"message":"this request needs a capability that the client did not declare for it","data":{"requiredCapabilities":{"elicitation":{"form":{}}}}}}
    "#);
}

#[tokio::test]
async fn refusals_without_a_message() {
    let service = service();
    let page = Post::raw("{}").header("origin", "https://evil.example");
    insta::assert_snapshot!(exchange(page, &service).await, @r#"
    403
    cache-control: no-store
    content-type: application/json
    vary: origin

    {"jsonrpc":"2.0","error":{"code":-32600,"message":"this origin may not call"}}
    "#);
    let text = Post::raw("{}").header("content-type", "text/plain");
    insta::assert_snapshot!(exchange(text, &service).await, @r#"
    415
    cache-control: no-store
    content-type: application/json

    {"jsonrpc":"2.0","error":{"code":-32600,"message":"the content type must be application/json"}}
    "#);
    insta::assert_snapshot!(exchange(Post::raw("{}").verb(http::Method::GET), &service).await, @r#"
    405
    allow: POST, OPTIONS
    "#);
}
