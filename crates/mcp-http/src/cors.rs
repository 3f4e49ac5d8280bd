//! What a browser is told, so that a page of an allowed origin can call.
//!
//! Source: Fetch standard, <https://fetch.spec.whatwg.org/#http-cors-protocol>.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

const REQUEST_HEADERS: &str = "content-type, authorization, mcp-protocol-version, mcp-method, \
    mcp-name, mcp-session-id, last-event-id, traceparent, tracestate, baggage";
/// The challenge under the name that a REST API gives it too.
const EXPOSED_HEADERS: &str = "www-authenticate, x-amzn-remapped-www-authenticate, \
    mcp-session-id, mcp-protocol-version, retry-after";
/// Two hours, the longest that browsers keep the answer to a preflight.
const MAX_AGE: &str = "7200";

/// Lets a page of `origin` read the reply.
pub(crate) fn share(reply: &mut HeaderMap, origin: HeaderValue) {
    reply.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    reply.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    vary(reply);
}

/// Tells caches that the reply depends on who asks.
pub(crate) fn vary(reply: &mut HeaderMap) {
    reply.insert(header::VARY, HeaderValue::from_static("origin"));
}

/// What a page may send by `method`, in answer to a preflight; nothing to say to anyone else.
pub(crate) fn preflight(request: &HeaderMap, method: &'static str) -> HeaderMap {
    let mut reply = HeaderMap::new();
    if !request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return reply;
    }
    let allowed = HeaderValue::try_from(request_headers(request))
        .unwrap_or_else(|_| HeaderValue::from_static(REQUEST_HEADERS));
    reply.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(method));
    reply.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    reply.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    reply
}

/// The headers a page may send: those with a fixed name, and those it asks for that mirror
/// arguments of a tool.
fn request_headers(request: &HeaderMap) -> String {
    let asked = request.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let asked = asked.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mirrored = asked
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .filter(|name| name.as_str().starts_with("mcp-param-"));
    mirrored.fold(REQUEST_HEADERS.to_owned(), |all, name| all + ", " + name.as_str())
}
