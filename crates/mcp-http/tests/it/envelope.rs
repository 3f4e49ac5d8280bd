//! What is refused, or answered, by the HTTP request alone.

use http::{Method, StatusCode};
use mcp_http::{Origins, Settings};
use serde_json::json;

use crate::fixture::{Post, service, with};

fn ping() -> Post {
    Post::legacy("2025-11-25", "ping", json!({}))
}

/// H1: no stream to listen to and no session to end.
#[tokio::test]
async fn anything_but_post_is_405_at_once_with_what_is_allowed() {
    for verb in [Method::GET, Method::HEAD, Method::DELETE, Method::PUT, Method::PATCH] {
        for post in [ping(), ping().header("mcp-session-id", "a"), Post::raw("").without("accept")]
        {
            let reply = post.verb(verb.clone()).send(&service()).await;
            assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{verb}");
            assert_eq!(reply.header("allow"), Some("POST, OPTIONS"), "{verb}");
            assert!(reply.body.is_empty(), "{verb}");
        }
    }
}

/// H1: sessions are ignored, and none is made.
#[tokio::test]
async fn a_session_id_is_ignored_and_never_sent() {
    let post = ping().header("mcp-session-id", "made-up").header("last-event-id", "7");
    let reply = post.send(&service()).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("mcp-session-id"), None);
}

/// H2: the origin is checked alone, before the body, whatever `Host` says.
#[tokio::test]
async fn a_page_that_may_not_call_is_403_with_an_error_without_an_id() {
    for post in [
        ping(),
        ping().body("not JSON"),
        ping().without("content-type"),
        ping().header("host", "evil.example.com"),
        ping().verb(Method::OPTIONS),
    ] {
        let reply = post.header("origin", "http://evil.example.com").send(&service()).await;
        assert_eq!(reply.fault(), (403, Some(-32600)));
        assert_eq!(reply.json().get("id"), None);
        assert_eq!(reply.header("access-control-allow-origin"), None);
        assert_eq!(reply.header("vary"), Some("origin"));
    }
    let mut settings = Settings::default();
    settings.origins.exact.push("https://app.example".parse().unwrap());
    for origin in ["https://app.example", "http://localhost:6274", "http://127.0.0.1"] {
        let reply = ping().header("origin", origin).send(&with(settings.clone())).await;
        assert_eq!(reply.fault(), (200, None), "{origin}");
    }
    settings.origins = Origins { exact: Vec::new(), loopback: false };
    let reply = ping().header("origin", "http://localhost").send(&with(settings)).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_body_is_taken_as_json_by_its_type_only() {
    for (media_type, status) in [
        (Some("application/json"), 200),
        (Some("application/json; charset=utf-8"), 200),
        (Some("APPLICATION/JSON;charset=UTF-8"), 200),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some(""), 415),
        (None, 415),
    ] {
        let post = match media_type {
            Some(media_type) => ping().header("content-type", media_type),
            None => ping().without("content-type"),
        };
        let reply = post.send(&service()).await;
        assert_eq!(reply.status.as_u16(), status, "{media_type:?}");
    }
}

/// H15: what the client leaves unsaid is no reason to refuse it.
#[tokio::test]
async fn any_accept_header_is_served() {
    for (accept, form) in [
        (None, "application/json"),
        (Some("*/*"), "application/json"),
        (Some("application/json"), "application/json"),
        (Some("text/html"), "application/json"),
        (Some("application/json, text/event-stream"), "application/json"),
        (Some("text/event-stream"), "text/event-stream"),
    ] {
        let post = match accept {
            Some(accept) => ping().header("accept", accept),
            None => ping().without("accept"),
        };
        let reply = post.send(&service()).await;
        assert_eq!(reply.fault(), (200, None), "{accept:?}");
        assert_eq!(reply.header("content-type"), Some(form), "{accept:?}");
    }
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let post = ping().header("authorization", "Bearer a");
    assert_eq!(post.clone().send(&service()).await.status, StatusCode::OK);
    let reply = post.and_header("authorization", b"Bearer b").send(&service()).await;
    assert_eq!(reply.fault(), (400, Some(-32600)));
    assert!(!reply.text().contains("Bearer"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_with_an_error_without_an_id() {
    let padded = |len: usize| {
        let mut body = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_vec();
        body.resize(len, b' ');
        Post::raw(body)
    };
    for (limit, len, status) in
        [(None, 1 << 20, 200), (None, (1 << 20) + 1, 413), (Some(64), 65, 413)]
    {
        let default = Settings::default();
        let body_limit = limit.unwrap_or(default.body_limit);
        let reply = padded(len).send(&with(Settings { body_limit, ..default })).await;
        assert_eq!(reply.status.as_u16(), status, "{limit:?} {len}");
        assert_eq!(reply.json().get("id").is_none(), status == 413);
    }
}

/// B3, H4: the headers of a reply are these and no others.
#[tokio::test]
async fn a_json_reply_says_what_it_is_and_is_kept_nowhere() {
    let reply = ping().send(&service()).await;
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    headers.sort_unstable();
    assert_eq!(headers, [("cache-control", "no-store"), ("content-type", "application/json")]);
}
