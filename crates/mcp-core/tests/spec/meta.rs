//! What travels in `_meta` and must change nothing.

use bytes::Bytes;
use mcp_core::{Content, NoInput, ProtocolVersion, Server, ToolSpec, tool_fn};
use serde_json::{Value, json};

use crate::peer::{NEWEST, Peer, server};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Its one tool tells the trace it is part of.
fn tracing_server() -> Server {
    server(|builder| {
        builder.tool(tool_fn(ToolSpec::new("trace", "Tells."), |ctx, NoInput {}| async move {
            let trace = ctx.traceparent().map_or("none", |trace| trace.as_str());
            Ok(Content::text(trace))
        }))
    })
}

fn kinds() -> [Value; 7] {
    [
        json!(null),
        json!(true),
        json!(-1.5),
        json!(""),
        json!("a=b"),
        json!([1, {}]),
        json!({"io.modelcontextprotocol/protocolVersion": 5}),
    ]
}

/// The result of a call, as it goes on the wire.
async fn bytes(server: &Server, version: ProtocolVersion, method: &str, params: Value) -> Bytes {
    let (request, exchange) = Peer::new(server, version).request(method, params);
    server.dispatch(request, exchange).await.unwrap()
}

async fn with_meta(server: &Server, version: ProtocolVersion, meta: Value) -> Bytes {
    bytes(server, version, "tools/call", json!({"name": "trace", "_meta": meta})).await
}

/// M5
#[tokio::test]
async fn m5_tracestate_and_baggage_of_any_kind_are_ignored() {
    let server = tracing_server();
    for version in ProtocolVersion::ALL {
        let plain = with_meta(&server, version, json!({"traceparent": TRACE})).await;
        assert!(String::from_utf8_lossy(&plain).contains(TRACE), "{version}");
        for key in ["tracestate", "baggage"] {
            for value in kinds() {
                let meta = json!({"traceparent": TRACE, key: value});
                let got = with_meta(&server, version, meta.clone()).await;
                assert_eq!(got, plain, "{version} {meta}");
            }
        }
    }
}

/// M6: nothing depends on who the client says it is.
#[tokio::test]
async fn m6_two_clients_are_answered_with_the_same_bytes() {
    let server = tracing_server();
    let clients = [
        json!({"name": "a", "version": "1"}),
        json!({"name": "claude-desktop", "version": "99.0", "title": "B", "description": "C"}),
    ];
    let [one, other] = clients.each_ref().map(
        |client| json!({"name": "trace", "_meta": {"io.modelcontextprotocol/clientInfo": client}}),
    );
    for method in ["server/discover", "tools/list", "tools/call"] {
        let answer = bytes(&server, NEWEST, method, one.clone()).await;
        assert_eq!(answer, bytes(&server, NEWEST, method, other.clone()).await, "{method}");
    }
    for version in ProtocolVersion::ALL.into_iter().filter(|version| *version != NEWEST) {
        let [one, other] = clients.each_ref().map(
            |client| json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client}),
        );
        let answer = bytes(&server, version, "initialize", one).await;
        assert_eq!(answer, bytes(&server, version, "initialize", other).await, "{version}");
    }
}

/// M7: a key outside the grammar, or in the names reserved for the protocol, is no fault.
#[tokio::test]
async fn m7_odd_and_reserved_keys_are_tolerated() {
    let server = tracing_server();
    for version in ProtocolVersion::ALL {
        let plain = with_meta(&server, version, json!({})).await;
        for key in [
            "",
            "/",
            "a/",
            "/a",
            "a/b/c",
            "-a",
            "a_",
            "1.2/x",
            "a..b/x",
            "é/ü",
            "\u{0}\n",
            "__proto__",
            "_meta",
            "io.modelcontextprotocol/",
            "io.modelcontextprotocol/unheardOf",
            "io.modelcontextprotocol/PROTOCOLVERSION",
            "com.modelcontextprotocol.tools/x",
            "dev.mcp/x",
            "protocolVersion",
        ] {
            for value in kinds() {
                let meta = json!({key: value});
                let got = with_meta(&server, version, meta.clone()).await;
                assert_eq!(got, plain, "{version} {meta}");
            }
        }
    }
}
