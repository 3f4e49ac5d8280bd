//! Mutated requests for the HTTP entry: a small, deterministic stand-in for `cargo fuzz` that needs no nightly compiler.
//!
//! A case is made from one number, so a finding is reported, and made again, by that number.

mod authorizer;
mod door;
mod oracle;
mod pool;

pub use authorizer::Gate;
pub use door::Site;
pub use oracle::judge;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Map, Value, json};
use tower::{Service, ServiceExt as _};

/// Asks `service` the `n`th case, on a runtime with paused time.
///
/// # Errors
/// When it panics, waits for ever, or answers what [`judge`] refuses.
pub async fn attempt<S, B>(service: S, n: u64) -> Result<(), String>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes, Error: std::fmt::Display>,
{
    ask(service, case(n), judge).await
}

async fn ask<S, B>(
    service: S,
    request: Request<Vec<u8>>,
    judge: impl Fn(&Method, &Response<Vec<u8>>) -> Result<(), String>,
) -> Result<(), String>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes, Error: std::fmt::Display>,
{
    let method = request.method().clone();
    let answer = async {
        let reply = match service.oneshot(request.map(|body| Full::new(body.into()))).await {
            Ok(reply) => reply,
            Err(never) => match never {},
        };
        let (head, body) = reply.into_parts();
        let body = body.collect().await.map_err(|err| format!("the body breaks off: {err}"))?;
        Ok::<_, String>(Response::from_parts(head, body.to_bytes().to_vec()))
    };
    // Time is paused: it passes only while nothing else can happen.
    let day = Duration::from_secs(24 * 60 * 60);
    let answer = AssertUnwindSafe(tokio::time::timeout(day, answer)).catch_unwind();
    match answer.await {
        Err(_) => Err("a panic".to_owned()),
        Ok(Err(_)) => Err("no answer within a day".to_owned()),
        Ok(Ok(answer)) => judge(&method, &answer?),
    }
}

/// The `n`th case: a valid request, changed in one to eight places.
pub fn case(n: u64) -> Request<Vec<u8>> {
    let mut dice = Dice(n);
    let (mut method, mut uri) = (Method::POST, Uri::from_static("/mcp"));
    let (mut headers, mut body) = seed(&mut dice);
    // Mostly one or two changes: more, and few cases come past the first checks.
    for _ in 0..[1, 1, 1, 2, 2, 3, 8][dice.below(7)] {
        match dice.below(40) {
            0..26 => body = mutate_json(&mut dice, &body),
            26..30 => mutate_bytes(&mut dice, &mut body),
            30..39 => mutate_headers(&mut dice, &mut headers),
            _ => {
                method = dice.pick(&METHODS);
                uri = Uri::from_static(dice.pick(&URIS));
            }
        }
    }
    let mut request = Request::new(body);
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
    request
}

/// SplitMix64: small, and every seed is a good one.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when there is none.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % (end.max(1) as u64)).unwrap_or(0)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

const METHODS: [Method; 6] =
    [Method::GET, Method::DELETE, Method::OPTIONS, Method::HEAD, Method::PUT, Method::PATCH];

/// The header of `test_custom_header`'s parameter.
const PARAM_VALUE: HeaderName = HeaderName::from_static("mcp-param-value");

const URIS: [&str; 6] = ["/", "/mcp/", "/mcp?x=1", "/health", "/mcp/%2e%2e", "*"];

/// Methods with parameters that a server with everything knows.
fn calls() -> [(&'static str, Value); 20] {
    let call = |name: &str, arguments: Value| json!({"name": name, "arguments": arguments});
    [
        ("ping", json!({})),
        ("server/discover", json!({})),
        ("tools/list", json!({"cursor": ""})),
        ("tools/call", call("test_simple_text", json!({}))),
        ("tools/call", call("test_tool_with_progress", json!({}))),
        ("tools/call", call("test_custom_header", json!({"value": "Hello"}))),
        ("tools/call", call("json_schema_2020_12_tool", json!({"name": "n", "email": "a@b.c"}))),
        ("tools/call", call("test_input_required_result_multi_round", json!({}))),
        ("tools/call", call("slow_compute", json!({"seconds": 1, "label": "x"}))),
        ("tools/call", call("confirm_delete", json!({"filename": "f"}))),
        ("tasks/get", json!({"taskId": "t"})),
        ("tasks/update", json!({"taskId": "t", "inputResponses": {"k": {"action": "accept"}}})),
        ("resources/list", json!({})),
        ("resources/read", json!({"uri": "test://static-text"})),
        ("resources/read", json!({"uri": "test://template/123/data"})),
        ("resources/subscribe", json!({"uri": "test://watched-resource"})),
        ("prompts/get", call("test_prompt_with_arguments", json!({"arg1": "a", "arg2": "b"}))),
        (
            "completion/complete",
            json!({
                "ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"},
                "argument": {"name": "arg1", "value": "a"},
            }),
        ),
        ("logging/setLevel", json!({"level": "debug"})),
        (
            "initialize",
            json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "fuzz", "version": "1"},
            }),
        ),
    ]
}

/// A valid request of one of the revisions.
fn seed(dice: &mut Dice) -> (HeaderMap, Vec<u8>) {
    let calls = calls();
    let (method, mut params) = dice.pick(&calls);
    let mut headers = HeaderMap::new();
    let json_or_stream = HeaderValue::from_static("application/json, text/event-stream");
    headers.insert("accept", json_or_stream);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let revision = dice.pick(&crate::schema::REVISIONS);
    if revision >= "2025-06-18" {
        headers.insert("mcp-protocol-version", HeaderValue::from_static(revision));
    }
    if revision >= "2026-07-28" {
        headers.insert("mcp-method", HeaderValue::from_static(method));
        let name = ["name", "uri", "taskId"].iter().find_map(|key| params[*key].as_str());
        if let Some(name) = name.and_then(|name| HeaderValue::from_str(name).ok()) {
            headers.insert("mcp-name", name);
        }
        if let Some(value) = params["arguments"]["value"].as_str() {
            headers.extend(HeaderValue::from_str(value).map(|value| (PARAM_VALUE, value)));
        }
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientCapabilities": {
                "sampling": {}, "elicitation": {}, "roots": {},
                "extensions": {"io.modelcontextprotocol/tasks": {}},
            },
        });
    }
    let mut message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    match dice.below(20) {
        0 => message = json!([message, {"jsonrpc": "2.0", "method": "notifications/initialized"}]),
        1 => drop(message.as_object_mut().and_then(|message| message.remove("id"))),
        _ => {}
    }
    (headers, message.to_string().into_bytes())
}

/// One value somewhere in the body becomes another, goes, or comes twice. What is no JSON stays as it is.
fn mutate_json(dice: &mut Dice, body: &[u8]) -> Vec<u8> {
    let Ok(mut root) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    mutate_value(dice, &mut root);
    root.to_string().into_bytes()
}

fn mutate_value(dice: &mut Dice, value: &mut Value) {
    let deeper = dice.below(8) != 0;
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let key = match members.contains_key("params") && dice.below(4) != 0 {
                true => "params".to_owned(),
                false => members.keys().nth(dice.below(members.len())).cloned().unwrap_or_default(),
            };
            match dice.below(8) {
                0 => rename(dice, members, &key),
                _ => mutate_value(dice, &mut members[&key]),
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = dice.below(items.len());
            mutate_value(dice, &mut items[at]);
        }
        other => *other = strange(dice),
    }
}

/// The member goes, or lives on under another name.
fn rename(dice: &mut Dice, members: &mut Map<String, Value>, key: &str) {
    let Some(value) = members.remove(key) else { return };
    if dice.below(2) == 0 {
        let name = dice.pick(&["", "_meta", "id", "error", "result", "uri", "cursor"]);
        members.insert(name.to_owned(), value);
    }
}

fn strange(dice: &mut Dice) -> Value {
    match dice.below(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(1e300),
        6 => json!(0.5),
        7 => json!(""),
        8 => json!("\u{0}\u{7f}\u{ffff}é\r\n"),
        9 => json!("x".repeat(1 << dice.below(18))),
        10 => json!([]),
        11 => json!({}),
        12 => (0..dice.below(200)).fold(json!(1), |inner, _| json!([inner])),
        13 => (0..dice.below(200)).fold(json!(1), |inner, _| json!({"a": inner})),
        14 => json!(dice.pick(&crate::schema::REVISIONS)),
        _ => json!(dice.pick(&calls()).0),
    }
}

fn mutate_bytes(dice: &mut Dice, body: &mut Vec<u8>) {
    const TOKENS: [&[u8]; 12] = [
        b"\"",
        b"\\u0000",
        b"\\ud800",
        b"\xff",
        b"\xef\xbb\xbf",
        b"{",
        b"]",
        b",",
        b"1e999",
        b"\"id\":null,",
        b"[[[[[[[[[[[[[[[[",
        b"/**/",
    ];
    let (from, to) = (dice.below(body.len() + 1), dice.below(body.len() + 1));
    let range = from.min(to)..from.max(to).min(from.min(to) + 64);
    match dice.below(5) {
        0 => body.truncate(from),
        1 => drop(body.drain(range)),
        2 => drop(body.splice(from..from, dice.pick(&TOKENS).iter().copied())),
        3 => body.extend_from_within(range),
        _ => {
            if let Some(byte) = body.get_mut(from) {
                *byte ^= 1 << dice.below(8);
            }
        }
    }
}

fn mutate_headers(dice: &mut Dice, headers: &mut HeaderMap) {
    const NAMES: [&str; 14] = [
        "accept",
        "content-type",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "mcp-param-value",
        "mcp-session-id",
        "last-event-id",
        "origin",
        "host",
        "content-length",
        "authorization",
        "traceparent",
        "content-encoding",
    ];
    const VALUES: [&[u8]; 22] = [
        b"",
        b"*/*",
        b"application/json",
        b"text/event-stream;q=0",
        b"application/json; charset=utf-8",
        b"text/plain",
        b"2026-07-28",
        b"2025-03-26",
        b"v999",
        b"tools/call",
        b"TOOLS/LIST",
        b"initialize",
        b"test_simple_text",
        b"=?base64?SGVsbG8=?=",
        b"=?base64?!!!?=",
        b"=?base64??=",
        b"http://evil.example",
        b"null",
        b"\xff\xfe",
        b"Bearer x",
        b"99999999999999999999",
        b"\t \t",
    ];
    let name = HeaderName::from_static(dice.pick(&NAMES));
    let value = HeaderValue::from_bytes(dice.pick(&VALUES));
    match (dice.below(4), value) {
        (0, _) => drop(headers.remove(&name)),
        (1, Ok(value)) => drop(headers.append(name, value)),
        (_, Ok(value)) => drop(headers.insert(name, value)),
        (_, Err(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_its_number() {
        for n in 0..500 {
            let (one, two) = (case(n), case(n));
            assert_eq!(one.body(), two.body());
            assert_eq!(one.headers(), two.headers());
        }
    }

    #[test]
    fn the_cases_differ_and_some_are_still_json() {
        let cases: Vec<_> = (0..500).map(case).collect();
        let different: std::collections::HashSet<_> = cases.iter().map(Request::body).collect();
        assert!(different.len() > 300, "{}", different.len());
        let is_json =
            |case: &&Request<Vec<u8>>| serde_json::from_slice::<Value>(case.body()).is_ok();
        let json = cases.iter().filter(is_json).count();
        assert!((100..450).contains(&json), "{json}");
    }
}
