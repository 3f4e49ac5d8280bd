use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[test]
fn a_whole_server_fits_into_forty_lines() {
    let lines = include_str!("main.rs").lines().count();
    assert!(lines <= 40, "main.rs has {lines} lines");
}

#[tokio::test]
async fn the_tool_greets_over_http() {
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "hello", "arguments": {"name": "Ada"}},
    });
    let request = Request::post("/mcp")
        .header("content-type", "application/json")
        .header("mcp-protocol-version", "2025-11-25")
        .body(call.to_string())
        .unwrap();
    let reply = super::service().unwrap().oneshot(request).await.unwrap();
    assert_eq!(reply.status(), 200);
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    let reply: Value = serde_json::from_slice(&body).unwrap();
    let content = json!([{"type": "text", "text": "Hello, Ada!"}]);
    assert_eq!(reply["result"]["content"], content);
}
