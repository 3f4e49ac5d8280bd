//! Whatever is sent, the service answers, and never blames itself.

use http::{HeaderName, HeaderValue, Method};
use http_body_util::BodyExt as _;
use mcp_http::McpService;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{Post, service};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "2026-07-28|2025-11-25|2025-03-26|echo|routed|asks|\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = "_meta|name|uri|arguments|region|where|shard|dry|text|cursor|progressToken|\
            io\\.modelcontextprotocol/(protocolVersion|clientCapabilities|logLevel)|[a-z]{0,4}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn method() -> impl Strategy<Value = String> {
    "initialize|ping|server/discover|tools/(list|call)|prompts/(list|get)|\
        resources/(list|read|templates/list)|completion/complete|logging/setLevel|\
        subscriptions/listen|tasks/get|notifications/[a-z]{0,9}|\\PC{0,9}"
}

fn message() -> impl Strategy<Value = Value> {
    let id = prop_oneof![
        3 => any::<u64>().prop_map(|id| Some(json!(id))),
        1 => Just(None),
        1 => value().prop_map(Some),
    ];
    (id, method(), value()).prop_map(|(id, method, params)| {
        let mut message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        if let Some(id) = id {
            message["id"] = id;
        }
        message
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => message().prop_map(|message| message.to_string().into_bytes()),
        2 => prop::collection::vec(message(), 0..4)
            .prop_map(|batch| Value::from(batch).to_string().into_bytes()),
        1 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..64),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = "mcp-protocol-version|mcp-method|mcp-name|mcp-param-(region|shard|dry-run)|accept|\
        content-type|origin|authorization|traceparent|access-control-request-(method|headers)";
    let value = prop_oneof![
        "2026-07-28|2025-11-25|2025-03-26|tools/(list|call)|application/json|text/event-stream|\
            \\*/\\*|http://localhost|echo|routed|=\\?base64\\?[a-zA-Z0-9+/=]{0,8}\\?="
            .prop_map(String::into_bytes),
        "[ -~]{0,16}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec((name, value), 0..6)
}

async fn status(
    service: &McpService,
    verb: Method,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
) -> u16 {
    let mut post = Post::raw(body).verb(verb);
    for (name, value) in headers {
        let legal = HeaderValue::from_bytes(&value).is_ok() && name.parse::<HeaderName>().is_ok();
        if legal {
            post = post.and_header(&name, &value);
        }
    }
    let response = post.begin(service).await;
    let status = response.status().as_u16();
    response.into_body().collect().await.unwrap();
    status
}

proptest! {
    #[test]
    fn nothing_that_is_sent_is_a_fault_of_the_server(
        verb in prop_oneof![9 => Just(Method::POST), 1 => "[A-Z]{1,7}".prop_map(|v| v.parse().unwrap())],
        headers in headers(),
        body in body(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let status = runtime.block_on(status(&service(), verb, headers, body));
        prop_assert!(
            matches!(status, 200 | 202 | 204 | 400 | 403 | 404 | 405 | 413 | 415),
            "{status}"
        );
    }

    /// A complete request with anything for parameters gets past the envelope at least.
    #[test]
    fn no_parameters_are_a_fault_of_the_server(method in method(), params in value()) {
        prop_assume!(params.is_object() && params.get("_meta").is_none_or(Value::is_object));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let reply = runtime.block_on(Post::modern(&safe(&method), params).begin(&service()));
        prop_assert!(reply.status().as_u16() < 500);
    }
}

/// The method, as far as a header can carry it.
fn safe(method: &str) -> String {
    method.chars().filter(char::is_ascii_graphic).collect()
}
