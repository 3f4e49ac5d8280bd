//! Headers that say what the body says: `Mcp-Method`, `Mcp-Name`, `Mcp-Param-*` (H6 to H9).

use serde_json::{Value, json};

use crate::fixture::{Post, service};

const FINE: (u16, Option<i64>) = (200, None);
const MISMATCH: (u16, Option<i64>) = (400, Some(-32020));

/// H6, H7, H8
#[tokio::test]
async fn the_name_must_be_there_and_be_the_bodys() {
    let call = || Post::call("echo", json!({"text": "hi"}));
    for (name, expected) in [
        (Some("echo"), FINE),
        (Some("  echo\t "), FINE),
        (Some("=?base64?ZWNobw==?="), FINE),
        (Some("=?base64?ZWNobw?="), MISMATCH),
        (Some("=?base64?/w==?="), MISMATCH),
        (Some("=?BASE64?ZWNobw==?="), MISMATCH),
        (Some("ECHO"), MISMATCH),
        (Some("other"), MISMATCH),
        (Some(""), MISMATCH),
        (None, MISMATCH),
    ] {
        let post = call().without("mcp-name");
        let post = match name {
            Some(name) => post.header("mcp-name", name),
            None => post,
        };
        assert_eq!(post.send(&service()).await.fault(), expected, "{name:?}");
    }
}

/// H6: each method has its own member.
#[tokio::test]
async fn prompts_are_named_by_name_and_resources_by_uri() {
    let prompt =
        || Post::modern("prompts/get", json!({"name": "greet", "arguments": {"name": "Ann"}}));
    let resource = |uri: &str| Post::modern("resources/read", json!({"uri": uri}));
    for (what, post, expected) in [
        ("a prompt", prompt(), FINE),
        ("another prompt", prompt().header("mcp-name", "other"), MISMATCH),
        ("a resource", resource("test://city/ulm"), FINE),
        ("another resource", resource("test://city/ulm").header("mcp-name", "city"), MISMATCH),
        ("a resource without a name", resource("test://city/ulm").without("mcp-name"), MISMATCH),
        (
            "a resource outside ASCII",
            resource("test://city/köln").header("mcp-name", "=?base64?dGVzdDovL2NpdHkva8O2bG4=?="),
            FINE,
        ),
        (
            "a list, which has no name",
            Post::modern("tools/list", json!({})).header("mcp-name", "any"),
            FINE,
        ),
    ] {
        assert_eq!(post.send(&service()).await.fault(), expected, "{what}");
    }
}

#[tokio::test]
async fn a_header_twice_is_fine_only_if_it_says_the_same() {
    let list = || Post::modern("tools/list", json!({}));
    let call = || Post::call("echo", json!({"text": "hi"}));
    for (what, post, expected) in [
        ("same version", list().and_header("mcp-protocol-version", b"2026-07-28"), FINE),
        ("another version", list().and_header("mcp-protocol-version", b"2025-11-25"), MISMATCH),
        ("same method", list().and_header("mcp-method", b"tools/list"), FINE),
        ("another method", list().and_header("mcp-method", b"ping"), MISMATCH),
        ("another name", call().and_header("mcp-name", b"steps"), MISMATCH),
        ("no text", list().without("mcp-method").and_header("mcp-method", b"\xff"), MISMATCH),
        ("no text in a name", call().without("mcp-name").and_header("mcp-name", b"\xe4"), MISMATCH),
    ] {
        assert_eq!(post.send(&service()).await.fault(), expected, "{what}");
    }
    // An older client is held to one revision too.
    let ping = Post::legacy("2025-11-25", "ping", json!({}));
    let post = ping.and_header("mcp-protocol-version", b"2025-06-18");
    assert_eq!(post.send(&service()).await.fault(), MISMATCH);
}

/// Which of two members is meant cannot be told, so a check of one could be passed with the other.
#[tokio::test]
async fn a_member_twice_in_the_body_is_refused() {
    for params in [
        r#""name":"steps","name":"echo""#,
        r#""name":"echo","uri":"a","uri":"b""#,
        r#""name":"echo","arguments":{"text":"a"},"arguments":{"text":"b"}"#,
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{{params},"_meta":{{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
        );
        let reply = Post::call("echo", json!({})).body(body).send(&service()).await;
        assert_eq!(reply.fault(), (400, Some(-32602)), "{params}");
    }
}

async fn routed(arguments: Value, headers: &[(&str, &str)]) -> (u16, Option<i64>) {
    let post = Post::call("routed", arguments);
    let post = headers.iter().fold(post, |post, (name, value)| post.header(name, value));
    post.send(&service()).await.fault()
}

/// H8, H9
#[tokio::test]
async fn an_argument_in_a_header_must_be_there_and_be_the_bodys() {
    let region = |value: &str| json!({"region": value});
    let shard = |value: Value| json!({"where": {"shard": value}});
    for (arguments, headers, expected) in [
        (region("eu"), &[("mcp-param-region", "eu")][..], FINE),
        (region("eu"), &[("Mcp-Param-Region", " eu\t")], FINE),
        (region("eu"), &[("mcp-param-region", "EU")], MISMATCH),
        (region("eu"), &[], MISMATCH),
        (region(""), &[("mcp-param-region", "")], FINE),
        (region(""), &[], MISMATCH),
        (region("Hello"), &[("mcp-param-region", "=?base64?SGVsbG8=?=")], FINE),
        (region("Hello"), &[("mcp-param-region", "=?base64?SGVsbG8?=")], MISMATCH),
        (region("Hello"), &[("mcp-param-region", "=?base64?SGVs!!!bG8=?=")], MISMATCH),
        (region("SGVsbG8="), &[("mcp-param-region", "SGVsbG8=")], FINE),
        (region("=?base64?SGVsbG8="), &[("mcp-param-region", "=?base64?SGVsbG8=")], FINE),
        (region("köln"), &[("mcp-param-region", "=?base64?a8O2bG4=?=")], FINE),
        // null or absent: none is expected
        (json!({"region": null}), &[], (200, None)),
        (json!({}), &[], FINE),
        // by value, at any depth
        (shard(json!(42)), &[("mcp-param-shard", "42")], FINE),
        (shard(json!(42)), &[("mcp-param-shard", "42.0")], FINE),
        (shard(json!(42)), &[("mcp-param-shard", "43")], MISMATCH),
        (shard(json!(42)), &[], MISMATCH),
        (json!({"where": {}}), &[], FINE),
        (json!({"dry": true}), &[("mcp-param-dry-run", "true")], FINE),
        (json!({"dry": true}), &[("mcp-param-dry-run", "1")], MISMATCH),
        // unknown ones are nobody's business
        (json!({}), &[("mcp-param-unknown", "=?base64?!?=")], FINE),
    ] {
        let told = format!("{arguments} {headers:?}");
        assert_eq!(routed(arguments, headers).await, expected, "{told}");
    }
}

/// Older clients know no such headers; some send them all the same.
#[tokio::test]
async fn no_mirrored_header_is_looked_at_before_2026_07_28() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let call = Post::legacy(
            version,
            "tools/call",
            json!({"name": "routed", "arguments": {"region": "eu"}}),
        );
        let post = call.header("mcp-method", "tools/list").header("mcp-name", "=?base64?!?=");
        assert_eq!(post.send(&service()).await.fault(), FINE, "{version}");
    }
}
