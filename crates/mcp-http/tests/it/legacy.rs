//! The four revisions with a handshake, served without a session.

use http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{Post, service};

const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

fn initialize(version: &str) -> Value {
    json!({
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    })
}

/// 3.1.1: never 2026-07-28, which has no handshake.
#[tokio::test]
async fn a_handshake_ends_on_what_was_asked_or_on_the_newest_that_has_one() {
    for (asked, given) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1.0", "2025-11-25"),
        ("9999-01-01", "2025-11-25"),
    ] {
        // Some clients send their version in the header already, and Mcp-Method in every era.
        let bare =
            Post::legacy(given, "initialize", initialize(asked)).without("mcp-protocol-version");
        let told =
            bare.clone().header("mcp-protocol-version", given).header("mcp-method", "initialize");
        for post in [bare, told] {
            let reply = post.send(&service()).await;
            assert_eq!(reply.json()["result"]["protocolVersion"], given, "{asked}");
            assert_eq!(reply.header("mcp-session-id"), None);
        }
    }
}

#[tokio::test]
async fn a_handshake_with_a_header_nobody_knows_is_negotiated_in_its_body() {
    let post = Post::legacy("2025-11-25", "initialize", initialize("9999-01-01"));
    let reply = post.header("mcp-protocol-version", "9999-01-01").send(&service()).await;
    assert_eq!(reply.json()["result"]["protocolVersion"], "2025-11-25");
}

/// 3.1.6: each request may reach another instance.
#[tokio::test]
async fn every_request_stands_alone_after_the_handshake_and_without_it() {
    for version in LEGACY {
        let call = json!({"name": "echo", "arguments": {"text": "hi"}});
        let reply = Post::legacy(version, "tools/call", call).send(&service()).await;
        assert_eq!(reply.json()["result"]["content"][0]["text"], "hi", "{version}");
        assert_eq!(
            Post::legacy(version, "ping", json!({})).send(&service()).await.fault(),
            (200, None)
        );
    }
}

/// 3.2: JSON-RPC errors are HTTP successes.
#[tokio::test]
async fn json_rpc_errors_are_200() {
    for version in LEGACY {
        for (method, params, code) in [
            ("no/such", json!({}), -32601),
            ("server/discover", json!({}), -32601),
            ("tools/call", json!({"name": "no"}), -32602),
            ("resources/read", json!({"uri": "test://none"}), -32002),
            ("initialize", json!({}), -32602),
        ] {
            let reply = Post::legacy(version, method, params).send(&service()).await;
            assert_eq!(reply.fault(), (200, Some(code)), "{version} {method}");
            assert_eq!(reply.json()["id"], 7);
        }
    }
}

/// 3.1.4
#[tokio::test]
async fn a_revision_nobody_knows_is_400_with_those_that_are_served() {
    for version in ["9999-01-01", "2026-07-29", "1.0", "latest", ""] {
        let post = Post::legacy("2025-11-25", "tools/list", json!({}));
        let reply = post.header("mcp-protocol-version", version).send(&service()).await;
        assert_eq!(reply.fault(), (400, Some(-32022)), "{version}");
        let data = &reply.json()["error"]["data"];
        assert_eq!(
            (&data["requested"], &data["supported"][0]),
            (&json!(version), &json!("2026-07-28"))
        );
    }
}

/// 3.1.3: as the specification of 2025-06-18 wants it.
#[tokio::test]
async fn a_request_without_a_version_is_taken_for_2025_03_26() {
    let call = json!({"name": "echo", "arguments": {"text": 5}});
    let none = Post::legacy("2025-03-26", "tools/call", call.clone());
    // Its errors of arguments are the protocol's, those of 2025-11-25 are the tool's.
    assert_eq!(none.send(&service()).await.fault(), (200, Some(-32602)));
    let newest = Post::legacy("2025-11-25", "tools/call", call).send(&service()).await;
    assert_eq!(newest.json()["result"]["isError"], true);
}

/// 3.2: the answer would reach another instance, so there is no point in waiting for it.
#[tokio::test]
async fn a_tool_that_must_ask_fails_at_once() {
    let able = json!({"elicitation": {}, "sampling": {}});
    for version in LEGACY {
        let mut params = initialize(version);
        params["capabilities"] = able.clone();
        Post::legacy(version, "initialize", params).send(&service()).await;
        let reply =
            Post::legacy(version, "tools/call", json!({"name": "asks"})).send(&service()).await;
        let frame = reply.json();
        let failed = frame["result"]["isError"] == true || frame["error"].is_object();
        assert!(reply.status == StatusCode::OK && failed, "{version} {frame}");
    }
}

/// 3.1: a revision with a handshake is served as such even where modern metadata names it.
#[tokio::test]
async fn an_older_revision_named_in_meta_is_served_as_it_is() {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2025-11-25",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let reply =
        Post::legacy("2025-11-25", "tools/list", json!({"_meta": meta})).send(&service()).await;
    assert_eq!(reply.fault(), (200, None));
    assert_eq!(reply.json()["result"].get("resultType"), None);
}
