//! Where a client learns who gives out tokens (RFC 9728).

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::issuer::{ISSUER, RESOURCE};
use crate::log::Log;
use crate::site::Site;

const PATHS: [&str; 2] =
    ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).unwrap()
}

#[tokio::test]
async fn both_well_known_paths_say_the_same_without_a_token() {
    let site = Site::new();
    for path in PATHS {
        let answer = site.send(get(path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.json(),
            json!({
                "resource": RESOURCE,
                "authorization_servers": [ISSUER],
                "scopes_supported": ["prometheus-mcp-server/read"],
                "bearer_methods_supported": ["header"],
                "resource_name": "lambda-mcp",
            })
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    }
    assert_eq!(site.send(get("/.well-known/oauth-protected-resource/other")).await.status, 404);
}

#[tokio::test]
async fn without_tokens_there_is_no_metadata() {
    let site = Site::with(&[("AUTH_MODE", "iam"), ("AUTH_ISSUERS", "")]);
    for path in PATHS {
        assert_eq!(site.send(get(path)).await.status, 404, "{path}");
    }
}

/// Everything else would seem to be well, and no client could log in.
#[test]
fn a_resource_behind_a_stage_is_warned_of_at_the_start() {
    for (resource, warned) in [
        ("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod/mcp", true),
        ("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/mcp", false),
        (RESOURCE, false),
    ] {
        let log = Log::capture();
        let _site = Site::with(&[("MCP_RESOURCE", resource)]);
        assert_eq!(log.text().contains("WARN"), warned, "{}", log.text());
        assert_eq!(log.text().contains("clients cannot log in"), warned, "{}", log.text());
    }
}

/// Neither the metadata nor a challenge repeats what a request says of itself.
#[tokio::test]
async fn x08_identifiers_come_from_the_configuration_alone() {
    let site = Site::new();
    let spoof = |mut request: Request<Full<Bytes>>| {
        for (name, value) in [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("forwarded", "host=evil.example;proto=http"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    for path in PATHS {
        let (plain, spoofed) = (site.send(get(path)).await, site.send(spoof(get(path))).await);
        assert_eq!((plain.headers, plain.body), (spoofed.headers, spoofed.body), "{path}");
    }
    let absolute = Request::get(format!("https://evil.example{}", PATHS[1]));
    let absolute = site.send(absolute.body(Full::default()).unwrap()).await;
    assert!(!absolute.text().contains("evil"), "{}", absolute.text());
    site.send(spoof(crate::site::list())).await.assert_unauthorized("spoofed");
}
