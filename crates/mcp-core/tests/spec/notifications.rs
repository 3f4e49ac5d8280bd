//! Progress, log messages and trace context (1.2, 1.9).

use mcp_core::{
    CallContext, Content, LogLevel, NoInput, ProtocolVersion, Server, ServerBuilder, ToolSpec,
    tool_fn,
};
use serde_json::{Value, json};

use crate::peer::{NEWEST, Peer, server};

fn talkative(builder: ServerBuilder) -> ServerBuilder {
    builder
        .tool(tool_fn(ToolSpec::new("walk", "Walks."), |cx: CallContext, NoInput {}| async move {
            for step in [0.0, 1.0, 1.0, 0.5, f64::NAN, 2.0] {
                cx.progress(step, Some(2.0), Some("walking"));
            }
            Ok(Content::text("there"))
        }))
        .tool(tool_fn(ToolSpec::new("talk", "Talks."), |cx: CallContext, NoInput {}| async move {
            cx.log(LogLevel::Debug, None, "quiet");
            cx.log(LogLevel::Warning, Some("mouth"), json!({"loud": true}));
            Ok(Content::text("said"))
        }))
        .tool(tool_fn(ToolSpec::new("trace", "Tells."), |cx: CallContext, NoInput {}| async move {
            Ok(Content::text(cx.traceparent().map_or("none", |trace| trace.as_str())))
        }))
}

fn talkative_server() -> Server {
    server(|builder| talkative(builder).logging())
}

async fn told(server: &Server, version: ProtocolVersion, tool: &str, meta: Value) -> Vec<Value> {
    let params = json!({"name": tool, "_meta": meta});
    let (told, reply) = Peer::new(server, version).stream("tools/call", params).await;
    assert!(reply.is_ok(), "{reply:?}");
    told
}

/// 1.9: progress is told to who asked, with its token in its own type, and only ever grows.
#[tokio::test]
async fn progress_grows_and_goes_to_who_asked() {
    let server = talkative_server();
    for version in ProtocolVersion::ALL {
        assert_eq!(told(&server, version, "walk", json!({})).await, Vec::<Value>::new());
        for token in [json!(5), json!("five"), json!("5")] {
            let told = told(&server, version, "walk", json!({"progressToken": token})).await;
            let steps: Vec<_> = told.iter().map(|told| &told["params"]["progress"]).collect();
            assert_eq!(steps, [0.0, 1.0, 2.0], "{version}");
            for frame in &told {
                assert_eq!(frame["method"], "notifications/progress");
                assert_eq!(frame["params"]["progressToken"], token);
                assert_eq!(frame["params"]["total"], 2.0);
                // 3.3: the message came with 2025-03-26.
                let message = (version >= ProtocolVersion::V2025_03_26).then(|| json!("walking"));
                assert_eq!(frame["params"].get("message").cloned(), message, "{version}");
                assert_eq!(frame.get("id"), None, "B5");
            }
        }
    }
}

/// M4: a modern request is sent log messages only from the level it names; a legacy one has no
/// session to remember a level in, and is sent what is not for debugging.
#[tokio::test]
async fn log_messages_go_to_who_asked() {
    let server = talkative_server();
    let level = |level: &str| json!({"io.modelcontextprotocol/logLevel": level});
    for (version, meta, count) in [
        (NEWEST, json!({}), 0),
        (NEWEST, level("debug"), 2),
        (NEWEST, level("warning"), 1),
        (NEWEST, level("error"), 0),
        (ProtocolVersion::V2025_11_25, json!({}), 1),
        (ProtocolVersion::V2024_11_05, json!({}), 1),
    ] {
        let told = told(&server, version, "talk", meta.clone()).await;
        assert_eq!(told.len(), count, "{version} {meta}");
    }
    let told = told(&server, NEWEST, "talk", level("info")).await;
    let params = json!({"level": "warning", "logger": "mouth", "data": {"loud": true}});
    assert_eq!(
        told,
        [json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params})]
    );
    // A server that does not declare logging does not log.
    let silent = crate::peer::server(talkative);
    assert_eq!(self::told(&silent, NEWEST, "talk", level("debug")).await, Vec::<Value>::new());
}

/// 3.2: `logging/setLevel` takes the eight levels and no others.
#[tokio::test]
async fn a_level_is_one_of_eight() {
    let server = talkative_server();
    let peer = Peer::new(&server, ProtocolVersion::NEWEST_LEGACY);
    for level in ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] {
        let reply = peer.call("logging/setLevel", json!({"level": level})).await;
        assert_eq!(reply, Ok(json!({})), "{level}");
    }
    for params in [json!({"level": "loud"}), json!({})] {
        let reply = peer.call("logging/setLevel", params).await;
        assert_eq!(crate::peer::code(&reply), -32602);
    }
}

/// M5: the trace a request is part of reaches the handler; what is no `traceparent` is dropped.
#[tokio::test]
async fn a_trace_reaches_the_handler() {
    let server = talkative_server();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (meta, told) in [
        (json!({"traceparent": trace, "tracestate": "a=b"}), trace),
        (json!({"traceparent": "00-0-0-01"}), "none"),
        (json!({"traceparent": 5}), "none"),
        (json!({}), "none"),
    ] {
        let params = json!({"name": "trace", "_meta": meta});
        let result = Peer::modern(&server).call("tools/call", params).await.unwrap();
        assert_eq!(result["content"][0]["text"], told);
    }
}
