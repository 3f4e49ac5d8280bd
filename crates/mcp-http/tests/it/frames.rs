//! Bodies: malformed messages, notifications, responses, batches.

use http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{Post, service};

fn of(version: &str, body: &str) -> Post {
    Post::raw(body).header("mcp-protocol-version", version)
}

/// B1, B2: each fault has its own code, always 400, and the id wherever it could be read.
#[tokio::test]
async fn a_malformed_message_is_400_in_json_in_every_era() {
    for (body, code, id) in [
        ("", -32700, None),
        ("{", -32700, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, -32700, None),
        ("7", -32600, None),
        ("{}", -32600, None),
        ("[]", -32600, None),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":"a","method":"ping","params":[1]}"#, -32600, Some(json!("a"))),
        (r#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, -32600, Some(json!("a"))),
    ] {
        for version in ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] {
            let reply = of(version, body).send(&service()).await;
            assert_eq!(reply.fault(), (400, Some(code)), "{version} {body}");
            // Before 2025-11-25 an error has an id in any case.
            let required = (version < "2025-11-25").then_some(Value::Null);
            let expected = id.clone().or(required);
            assert_eq!(reply.json().get("id"), expected.as_ref(), "{version} {body}");
        }
    }
}

/// B4, H4, H14: a notification is taken note of, whatever its headers.
#[tokio::test]
async fn a_notification_is_202_without_a_body() {
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let unknown = r#"{"jsonrpc":"2.0","method":"notifications/whatever","params":{"a":1}}"#;
    for post in [
        Post::raw(initialized),
        of("2025-11-25", initialized),
        of("2025-11-25", initialized).header("mcp-method", "notifications/initialized"),
        of("2026-07-28", initialized),
        of("2025-06-18", unknown),
    ] {
        let reply = post.send(&service()).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED);
        assert!(reply.body.is_empty());
    }
    let reply = of("9999-01-01", initialized).send(&service()).await;
    assert_eq!(reply.fault(), (400, Some(-32022)));
}

/// B1, B5: nothing was asked of the client; an older one cannot know that.
#[tokio::test]
async fn a_response_is_202_to_an_older_client_and_400_to_a_modern_one() {
    let body = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    assert_eq!(of("2025-11-25", body).send(&service()).await.status, StatusCode::ACCEPTED);
    assert_eq!(Post::raw(body).send(&service()).await.status, StatusCode::ACCEPTED);
    assert_eq!(of("2026-07-28", body).send(&service()).await.fault(), (400, Some(-32600)));
}

const BATCH: &str = r#"[
    {"jsonrpc":"2.0","id":1,"method":"ping"},
    {"jsonrpc":"2.0","method":"notifications/initialized"},
    {"jsonrpc":"2.0","id":"two","method":"tools/call","params":{"name":"echo","arguments":{"text":"hi"}}},
    {"jsonrpc":"2.0","id":3,"method":"no/such"}
]"#;

/// 2025-03-26: a server must accept batches.
#[tokio::test]
async fn a_batch_is_answered_by_one_array_without_its_notifications() {
    for post in [Post::raw(BATCH), of("2025-03-26", BATCH)] {
        let reply = post.send(&service()).await;
        assert_eq!(reply.status, StatusCode::OK);
        let replies = reply.json();
        let of = |index: usize| &replies[index];
        assert_eq!(replies.as_array().unwrap().len(), 3, "{replies}");
        assert_eq!(of(0), &json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
        assert_eq!(
            (&of(1)["id"], &of(1)["result"]["content"][0]["text"]),
            (&json!("two"), &json!("hi"))
        );
        assert_eq!((&of(2)["id"], &of(2)["error"]["code"]), (&json!(3), &json!(-32601)));
    }
}

#[tokio::test]
async fn each_member_of_a_batch_fails_alone() {
    let body = r#"[
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26"}},
        7,
        {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"panics"}},
        {"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"_meta":{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{}}}},
        {"jsonrpc":"2.0","id":4,"method":"ping"},
        {"jsonrpc":"2.0","id":5,"result":{}}
    ]"#;
    let reply = Post::raw(body).send(&service()).await;
    let faults: Vec<_> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|reply| (reply["id"].as_u64(), reply["error"]["code"].as_i64()))
        .collect();
    assert_eq!(
        faults,
        [
            (Some(1), Some(-32600)),
            (None, Some(-32600)),
            (Some(2), Some(-32603)),
            (Some(3), Some(-32020)),
            (Some(4), None),
        ]
    );
}

#[tokio::test]
async fn a_batch_of_notifications_is_202_without_a_body() {
    let body = r#"[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]"#;
    let reply = Post::raw(body).send(&service()).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert!(reply.body.is_empty());
}

#[tokio::test]
async fn a_batch_of_any_other_revision_is_400() {
    for version in ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"] {
        assert_eq!(
            of(version, BATCH).send(&service()).await.fault(),
            (400, Some(-32600)),
            "{version}"
        );
    }
    assert_eq!(of("9999-01-01", BATCH).send(&service()).await.fault(), (400, Some(-32022)));
}

#[tokio::test]
async fn a_batch_can_come_back_as_an_event() {
    let reply = Post::raw(BATCH).header("accept", "text/event-stream").send(&service()).await;
    assert_eq!(reply.frames().len(), 1);
    assert_eq!(reply.frames()[0].as_array().unwrap().len(), 3);
}
