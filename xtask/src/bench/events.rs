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
    pub(super) answer: Answer,
}

/// What kind of answer an event gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// A proxy response, of status 200.
    Proxy,
    /// An authorizer's policy.
    Policy,
}

/// `tools/list` and the like, and the two tool calls that matter, by a principal of IAM that has a
/// token too.
pub(super) fn mcp(revision: Revision, token: &str) -> Vec<Event> {
    let call =
        |name, method: &str, params, expect| call(name, revision, token, method, params, expect);
    let hello = match revision {
        Revision::Modern => call("server_discover", "server/discover", json!({}), "\"result\""),
        Revision::Legacy => {
            let params = json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1.0"},
            });
            call("initialize", "initialize", params, "\"result\"")
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
        call("list_metrics", "tools/call", list, "apiserver_"),
        call("tools_list", "tools/list", json!({}), "ListMetrics"),
        hello,
        call("range_query", "tools/call", range, "api-7f9c6d5b4-"),
    ]
}

/// `tools/list` by `token` alone, under another name.
pub(super) fn tools_list(name: &'static str, token: &str) -> Event {
    call(name, Revision::Modern, token, "tools/list", json!({}), "ListMetrics")
}

/// `GET /health`.
pub(super) fn health() -> Vec<Event> {
    let json = rendered(&event("GET", "/health", &[], None));
    vec![Event { name: "health", json, expect: "\"ok\"", answer: Answer::Proxy }]
}

/// What API Gateway asks an authorizer before `POST /mcp`.
pub(super) fn authorizer(token: &str) -> Vec<Event> {
    let authorization = format!("Bearer {token}");
    let mut event = event("POST", "/mcp", &[("Authorization", &authorization)], None);
    event["type"] = json!("REQUEST");
    let arn = "arn:aws:execute-api:us-east-1:123456789012:abc123defg/prod/POST/mcp";
    event["methodArn"] = json!(arn);
    for absent in ["body", "isBase64Encoded"] {
        event.as_object_mut().and_then(|event| event.remove(absent));
    }
    let json = rendered(&event);
    vec![Event { name: "authorize", json, expect: "Allow", answer: Answer::Policy }]
}

fn call(
    name: &'static str,
    revision: Revision,
    token: &str,
    method: &str,
    mut params: Value,
    expect: &'static str,
) -> Event {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("Authorization", authorization.as_str())];
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
    let json = rendered(&event("POST", "/mcp", &headers, Some(&body)));
    Event { name, json, expect, answer: Answer::Proxy }
}

fn event(method: &str, path: &str, more: &[(&str, &str)], body: Option<&Value>) -> Value {
    let usual = [
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json"),
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
    json!({
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
            "identity": {
                "accountId": "123456789012",
                "caller": "AROAEXAMPLEID:session",
                "user": "AROAEXAMPLEID:session",
                "userArn": "arn:aws:sts::123456789012:assumed-role/agents/session",
                "accessKey": "ASIAEXAMPLE",
                "principalOrgId": null,
                "cognitoIdentityId": null,
                "sourceIp": "203.0.113.10",
                "userAgent": "mcp-client/1.0",
                "apiKey": null,
            },
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    })
}

fn rendered(event: &Value) -> Bytes {
    Bytes::from(event.to_string())
}
