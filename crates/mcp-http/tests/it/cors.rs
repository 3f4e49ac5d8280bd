//! What a browser is told.

use http::{Method, StatusCode};
use serde_json::json;

use crate::fixture::{Post, service};

const INSPECTOR: &str = "http://localhost:6274";

fn preflight() -> Post {
    Post::raw("")
        .without("content-type")
        .verb(Method::OPTIONS)
        .header("origin", INSPECTOR)
        .header("access-control-request-method", "POST")
}

#[tokio::test]
async fn a_preflight_of_an_allowed_page_names_every_header_that_mcp_has() {
    let reply = preflight().send(&service()).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(reply.header("access-control-allow-origin"), Some(INSPECTOR));
    assert_eq!(reply.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(reply.header("vary"), Some("origin"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    let allowed: Vec<_> =
        reply.header("access-control-allow-headers").unwrap().split(", ").collect();
    for name in [
        "content-type",
        "authorization",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "mcp-session-id",
        "last-event-id",
    ] {
        assert!(allowed.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn a_preflight_echoes_headers_that_mirror_arguments_and_nothing_else() {
    let asked = "Mcp-Param-Region,  mcp-param-shard, x-evil, mcp-param-bad name, mcp-params";
    let post = preflight().header("access-control-request-headers", asked);
    let reply = post.send(&service()).await;
    let allowed = reply.header("access-control-allow-headers").unwrap();
    assert!(allowed.ends_with("baggage, mcp-param-region, mcp-param-shard"), "{allowed}");
}

#[tokio::test]
async fn options_of_no_page_says_what_is_allowed() {
    let reply = Post::raw("").verb(Method::OPTIONS).send(&service()).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(reply.header("allow"), Some("POST, OPTIONS"));
    assert_eq!(reply.header("access-control-allow-methods"), None);
}

#[tokio::test]
async fn an_allowed_page_may_read_every_reply_and_the_challenge_in_it() {
    let ping = Post::legacy("2025-11-25", "ping", json!({})).header("origin", INSPECTOR);
    for post in [ping.clone(), ping.clone().verb(Method::GET), ping.body("not JSON")] {
        let reply = post.send(&service()).await;
        assert_eq!(reply.header("access-control-allow-origin"), Some(INSPECTOR));
        let exposed = reply.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("www-authenticate") && exposed.contains("mcp-session-id"));
        assert_eq!(reply.header("vary"), Some("origin"));
    }
}

#[tokio::test]
async fn nobody_else_is_told_anything() {
    let reply = Post::legacy("2025-11-25", "ping", json!({})).send(&service()).await;
    assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}
