//! What the functions are asked: API Gateway REST events as clients cause them.

use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The workspace the upstream has.
pub(super) const WORKSPACE: &str = "ws-0f3f1c52-5d1e-4b1a-9c07-2f5d0c6a7e11";

/// Which revision of MCP a target is spoken to in.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Revision {
    /// 2025-06-18, a session's `initialize` first.
    Legacy,
    /// 2026-07-28, each request by itself.
    Modern,
}

/// One thing to ask.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) json: Bytes,
    /// What a right answer contains.
    pub(super) expect: &'static str,
}

/// `tools/list` and the like, and the two tool calls that matter.
pub(super) fn mcp(revision: Revision) -> Vec<Event> {
    let hello = match revision {
        Revision::Modern => {
            call("server_discover", revision, "server/discover", json!({}), "\"result\"")
        }
        Revision::Legacy => {
            let params = json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1.0"},
            });
            call("initialize", revision, "initialize", params, "\"result\"")
        }
    };
    let list = json!({"name": "ListMetrics", "arguments": {"workspace_id": WORKSPACE}});
    let range = json!({"name": "ExecuteRangeQuery", "arguments": {
        "workspace_id": WORKSPACE,
        "query": "sum by (pod) (rate(http_request_duration_seconds_bucket[5m]))",
        "start": "1763600000",
        "end": "1763614985",
        "step": "15s",
    }});
    vec![
        call("list_metrics", revision, "tools/call", list, "apiserver_"),
        call("tools_list", revision, "tools/list", json!({}), "ListMetrics"),
        hello,
        call("range_query", revision, "tools/call", range, "api-7f9c6d5b4-"),
    ]
}

/// `GET /health`.
pub(super) fn health() -> Vec<Event> {
    let event = event("GET", "/health", &[], None);
    vec![Event { name: "health", json: event, expect: "\"ok\"" }]
}

fn call(
    name: &'static str,
    revision: Revision,
    method: &str,
    mut params: Value,
    expect: &'static str,
) -> Event {
    let mut headers = vec![];
    let tool = params["name"].as_str().map(str::to_owned);
    match revision {
        Revision::Modern => {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1.0"},
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            headers.push(("MCP-Protocol-Version", "2026-07-28"));
            headers.push(("Mcp-Method", method));
            if let Some(tool) = &tool {
                headers.push(("Mcp-Name", tool));
            }
        }
        Revision::Legacy if method != "initialize" => {
            headers.push(("MCP-Protocol-Version", "2025-06-18"));
        }
        Revision::Legacy => {}
    }
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    Event { name, json: event("POST", "/mcp", &headers, Some(&body)), expect }
}

fn event(method: &str, path: &str, more: &[(&str, &str)], body: Option<&Value>) -> Bytes {
    let token = format!("Bearer {}", "e".repeat(900));
    let usual = [
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json"),
        ("Authorization", &token),
        ("Host", "abc123defg.execute-api.us-east-1.amazonaws.com"),
        ("User-Agent", "mcp-client/1.0"),
        ("X-Amzn-Trace-Id", "Root=1-68f0c1d2-5a4b3c2d1e0f9a8b7c6d5e4f"),
        ("X-Forwarded-For", "203.0.113.10"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    let headers = || usual.iter().chain(more);
    let single = headers().map(|(name, value)| ((*name).to_owned(), json!(value)));
    let multi = headers().map(|(name, value)| ((*name).to_owned(), json!([value])));
    let event = json!({
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": single.collect::<Map<_, _>>(),
        "multiValueHeaders": multi.collect::<Map<_, _>>(),
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "resourceId": "a1b2c3",
            "resourcePath": path,
            "httpMethod": method,
            "path": format!("/prod{path}"),
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "apiId": "abc123defg",
            "domainPrefix": "abc123defg",
            "domainName": "abc123defg.execute-api.us-east-1.amazonaws.com",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "extendedRequestId": "TmQ8yEdKIAMFhGg=",
            "requestTime": "20/Nov/2026:16:10:00 +0000",
            "requestTimeEpoch": 1_795_191_000_000_u64,
            "authorizer": {"principalId": "user", "scope": "prometheus-mcp-server/read"},
            "identity": {"sourceIp": "203.0.113.10", "userAgent": "mcp-client/1.0", "apiKey": null},
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    });
    Bytes::from(event.to_string())
}
