//! A request on its way: what events and contexts are made of.

use std::net::IpAddr;

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri, header};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::route::{Parameters, RouteKey};

/// A request that has found its route.
pub(super) struct Call {
    /// As the backend gets it.
    pub(super) parts: Parts,
    /// The path as the client sent it, with the stage where there is one.
    pub(super) client_path: String,
    pub(super) routed: Routed,
    pub(super) received: Received,
}

/// What the routes made of a request.
#[derive(Debug)]
pub(super) struct Routed {
    /// The path below the stage.
    pub(super) path: String,
    pub(super) route: RouteKey,
    pub(super) parameters: Parameters,
}

/// When and whence a request came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received {
    pub(super) source: IpAddr,
    pub(super) request_number: u64,
    pub(super) now_ms: i64,
}

impl Call {
    pub(super) fn new(mut parts: Parts, routed: Routed, received: Received) -> Self {
        let client_path = parts.uri.path().to_owned();
        let target = match parts.uri.query() {
            Some(query) => format!("{}?{query}", routed.path),
            None => routed.path.clone(),
        };
        // It is a suffix of a target that was parsed before.
        parts.uri = PathAndQuery::try_from(target).map(Uri::from).unwrap_or_default();
        forward(&mut parts.headers, received);
        Self { parts, client_path, routed, received }
    }

    /// A UUID of its own.
    pub(super) fn request_id(&self) -> String {
        format!("c6af9ac6-7b61-41e6-9a41-{:012x}", self.received.request_number)
    }

    /// When the request came, as `20/Nov/2026:16:10:00 +0000`.
    pub(super) fn time(&self) -> String {
        let time = Timestamp::from_millisecond(self.received.now_ms).unwrap_or_default();
        time.strftime("%d/%b/%Y:%H:%M:%S %z").to_string()
    }

    pub(super) fn user_agent(&self) -> Option<String> {
        self.parts.headers.get(header::USER_AGENT).map(text)
    }

    /// The parameters of the query, decoded, in the order they were sent.
    pub(super) fn query(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.parts.uri.query().unwrap_or_default();
        query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
    }
}

/// What a header says; bytes that are no UTF-8 are replaced.
pub(super) fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// Takes off what belongs to the client's connection and adds what API Gateway says of it.
fn forward(headers: &mut HeaderMap, received: Received) {
    for name in ["connection", "content-length", "expect", "keep-alive", "te", "transfer-encoding"]
    {
        headers.remove(name);
    }
    headers.insert("x-forwarded-port", HeaderValue::from_static("443"));
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    // A trace goes on where it began before.
    if !headers.contains_key("x-amzn-trace-id") {
        let (seconds, n) = (received.now_ms / 1_000, received.request_number);
        let trace = format!("Root=1-{seconds:08x}-5a4b3c2d1e0f{n:012x}");
        if let Ok(trace) = HeaderValue::try_from(trace) {
            headers.insert("x-amzn-trace-id", trace);
        }
    }
    // Whoever forwarded it before stays in the list; only its end can be trusted.
    let before = headers.get_all("x-forwarded-for").iter().map(text);
    let all: Vec<_> = before.chain([received.source.to_string()]).collect();
    if let Ok(all) = HeaderValue::try_from(all.join(", ")) {
        headers.insert("x-forwarded-for", all);
    }
}
