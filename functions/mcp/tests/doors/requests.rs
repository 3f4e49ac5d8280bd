//! Requests that are odd in other ways than by their token.

use std::sync::LazyLock;

use http::{HeaderName, HeaderValue, Method, Request, header};
use proptest::prelude::*;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::site::{Site, call, list};

const PAGE: &str = "https://app.example.com";

#[tokio::test]
async fn j42_a_browser_asks_without_a_token_and_its_page_reads_the_challenge() {
    let site = Site::with(&[("ALLOWED_ORIGINS", PAGE)]);
    let preflight = Request::options("/mcp")
        .header("origin", PAGE)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, content-type");
    let answer = site.send(preflight.body(Default::default()).unwrap()).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("authorization"));
    assert_eq!(answer.challenge(), None);

    let from = |origin: &'static str| {
        let mut request = list();
        request.headers_mut().insert(header::ORIGIN, HeaderValue::from_static(origin));
        request
    };
    let answer = site.send(from(PAGE)).await;
    answer.assert_unauthorized("of the page");
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(exposed.split(", ").any(|name| name == "www-authenticate"), "{exposed}");

    let answer = site.send(from("https://evil.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

/// No spelling of a path or a method is a way around the door.
#[tokio::test]
async fn x07_an_odd_path_or_method_leads_to_the_same_door_or_to_none() {
    let site = Site::new();
    let bearer = site.bearer(json!({}));
    for path in [
        "/mcp",
        "//mcp",
        "/mcp/",
        "/mcp//",
        "/%6dcp",
        "/mcp%2f",
        "/mcp%00",
        "/./mcp",
        "/x/../mcp",
        "/%2e/mcp",
        "/mcp/.",
        "/mcp;x",
        "/MCP",
        "/mcp.json",
        "/prod/mcp",
        "/mcp/mcp",
        "http://mcp.example.com/mcp",
    ] {
        let at = |mut request: Request<_>| {
            *request.uri_mut() = path.parse().unwrap();
            request
        };
        let (without, with) = (site.send(at(list())).await, site.send(at(call(&bearer))).await);
        match without.status.as_u16() {
            401 => assert_eq!(with.status, 200, "{path}"),
            _ => assert_eq!((without.status.as_u16(), with.status.as_u16()), (404, 404), "{path}"),
        }
    }
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "post"] {
        let of = |mut request: Request<_>| {
            *request.method_mut() = method.parse::<Method>().unwrap();
            request
        };
        assert_eq!(site.send(of(list())).await.status, 401, "{method}");
        assert_eq!(site.send(of(call(&bearer))).await.status, 405, "{method}");
    }
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

/// A site that has an issuer's keys, and one that cannot have them.
static SITES: LazyLock<[(Site, &[u16]); 2]> = LazyLock::new(|| {
    let warm = Site::believing(|issuer| json!([issuer.published().0]), &[]);
    let cold = Site::believing(|issuer| json!([issuer.out_of_reach()]), &[]);
    [(warm, &[]), (cold, &[503])]
});

/// Any bytes that a header may have, and texts that resemble what is looked for.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let token = "[Bb]earer [A-Za-z0-9_-]{0,30}(\\.[A-Za-z0-9_-]{0,30}){0,4}";
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        "\\PC{0,40}".prop_map(String::into_bytes),
        token.prop_map(String::into_bytes),
    ]
}

fn name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "authorization",
        "origin",
        "host",
        "accept",
        "content-type",
        "content-length",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "traceparent",
        "cookie",
        "x-forwarded-host",
        "x-amzn-remapped-www-authenticate",
        "x-tenant-id",
    ];
    prop_oneof![4 => proptest::sample::select(KNOWN).prop_map(str::to_owned), 1 => "[a-z-]{1,20}"]
}

proptest! {
    #[test]
    fn x13_no_bytes_in_a_header_or_a_query_make_a_5xx(
        headers in proptest::collection::vec((name(), value()), 0..6),
        query in "[!-~&&[^#\"<>`{}\\\\^|]]{0,40}",
        signed in any::<bool>(),
        odd_path in any::<bool>(),
    ) {
        for (site, allowed) in &*SITES {
            let mut request =
                if signed { call(&site.bearer(json!({}))) } else { list() };
            for (name, value) in &headers {
                if let (Ok(name), Ok(value)) =
                    (name.parse::<HeaderName>(), HeaderValue::from_bytes(value))
                {
                    request.headers_mut().append(name, value);
                }
            }
            let path = if odd_path { "/.well-known/oauth-protected-resource" } else { "/mcp" };
            if let Ok(uri) = format!("{path}?{query}").parse() {
                *request.uri_mut() = uri;
            }
            let answer = RUNTIME.block_on(site.send(request));
            let status = answer.status.as_u16();
            prop_assert!(status < 500 || allowed.contains(&status), "{}: {}", status, answer.text());
            prop_assert!(!answer.text().contains(".rs:"), "{}", answer.text());
        }
    }

    /// Tokens that are right but for some bytes.
    #[test]
    fn x13_no_bytes_in_a_token_make_a_5xx(
        at in any::<proptest::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..20),
        scope in "\\PC{0,20}",
    ) {
        for (site, allowed) in &*SITES {
            let mut authorization = site.bearer(json!({"scope": scope})).into_bytes();
            let at = at.index(authorization.len());
            let end = (at + bytes.len()).min(authorization.len());
            authorization.splice(at..end, bytes.iter().copied());
            let Ok(value) = HeaderValue::from_bytes(&authorization) else { continue };
            let mut request = list();
            request.headers_mut().insert(header::AUTHORIZATION, value);
            let status = RUNTIME.block_on(site.send(request)).status.as_u16();
            prop_assert!(status < 500 || allowed.contains(&status), "{}", status);
        }
    }
}
