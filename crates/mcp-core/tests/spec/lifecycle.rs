//! Handshake, discovery, and which methods there are.

use mcp_core::{
    Changes, Content, ErrorCode, ErrorObject, HandlerError, Implementation, Interrupt, MemoryTasks,
    NoInput, PromptResult, PromptSpec, ProtocolVersion, ResourceContents, ResourceSpec, Server,
    ServerBuilder, ToolError, ToolSpec, tool_fn,
};
use serde_json::json;

use crate::peer::{NEWEST, Peer, code, server};

fn one_tool(builder: ServerBuilder) -> ServerBuilder {
    builder.tool(tool_fn(ToolSpec::new("t", "Does."), |_, NoInput {}| async {
        Ok(Content::text("done"))
    }))
}

fn everything(builder: ServerBuilder) -> ServerBuilder {
    one_tool(builder)
        .resource(ResourceSpec::new("test://a", "a"), |_, uri| async move {
            Ok(vec![ResourceContents::text(uri, "text/plain", "a")])
        })
        .prompt(PromptSpec::new("p"), |_, _| async { Ok(PromptResult::new(vec![])) })
        .tasks(MemoryTasks::new(|_| {}))
        .changes(&Changes::new())
        .logging()
}

const SERVED: [&str; 18] = [
    "initialize",
    "ping",
    "logging/setLevel",
    "server/discover",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "subscriptions/listen",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
];

/// 1.3, H11: a method is there exactly when what it belongs to is advertised, and what 2026-07-28
/// removed is not there in it.
#[tokio::test]
async fn a_method_is_offered_only_where_its_capability_is() {
    let empty = server(|builder| builder);
    let all = server(everything);
    for version in ProtocolVersion::ALL {
        let modern = version == NEWEST;
        for method in SERVED {
            let always = match method {
                "initialize" | "ping" => !modern,
                "server/discover" => modern,
                _ => false,
            };
            assert_eq!(
                empty.offers(method, version),
                always,
                "{version} {method} of an empty server"
            );
            let offered = match method {
                "initialize" | "ping" | "logging/setLevel" => !modern,
                "resources/subscribe" | "resources/unsubscribe" => !modern,
                "server/discover" | "subscriptions/listen" => modern,
                "tasks/get" | "tasks/update" | "tasks/cancel" => modern,
                "completion/complete" => false,
                _ => true,
            };
            assert_eq!(all.offers(method, version), offered, "{version} {method}");
            if !offered {
                let reply = Peer::new(&all, version).call(method, json!({})).await;
                assert_eq!(code(&reply), -32601, "{version} {method}");
            }
        }
        for method in ["tasks/list", "tasks/result", "tools/Call", "rpc.discover", ""] {
            assert!(!all.offers(method, version), "{version} {method:?}");
        }
    }
}

/// 1.3: `server/discover` names versions, capabilities and the server, and can be cached.
#[tokio::test]
async fn discovery_tells_what_is_there() {
    let all = server(|builder| everything(builder).instructions("Ask nicely."));
    let found = Peer::modern(&all).call("server/discover", json!({})).await.unwrap();
    assert_eq!(found["supportedVersions"][0], "2026-07-28");
    let listed = json!({"listChanged": true});
    assert_eq!(
        found["capabilities"],
        json!({
            "tools": listed,
            "resources": {"listChanged": true, "subscribe": true},
            "prompts": listed,
            "logging": {},
            "extensions": {"io.modelcontextprotocol/tasks": {}},
        })
    );
    assert_eq!(found["instructions"], "Ask nicely.");
    assert_eq!(
        found["_meta"]["io.modelcontextprotocol/serverInfo"],
        json!({"name": "spec", "version": "1.0"})
    );

    let small = server(one_tool);
    let found = Peer::modern(&small).call("server/discover", json!({})).await.unwrap();
    assert_eq!(found["capabilities"], json!({"tools": {}}));
}

/// 3.1: `initialize` is answered with the revision it asks for, or the newest that has it.
#[tokio::test]
async fn a_handshake_ends_on_a_revision_that_has_one() {
    let info = Implementation {
        title: Some("Spec".into()),
        description: Some("For tests.".into()),
        ..Implementation::new("spec", "1.0")
    };
    let server = everything(Server::builder(info)).build().unwrap();
    for (asked, given) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1.0", "2025-11-25"),
        ("9999-01-01", "2025-11-25"),
    ] {
        let params = json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}});
        let peer = Peer::new(&server, ProtocolVersion::ASSUMED);
        let result = peer.call("initialize", params).await.unwrap();
        assert_eq!(result["protocolVersion"], given, "{asked}");
        // 3.3: titles came with 2025-06-18, descriptions with 2025-11-25.
        let info = &result["serverInfo"];
        assert_eq!(info.get("title").is_some(), given >= "2025-06-18", "{asked}");
        assert_eq!(info.get("description").is_some(), given >= "2025-11-25", "{asked}");
        // What a peer with a handshake has no use for is not promised to it.
        let capabilities = json!({"tools": {}, "resources": {}, "prompts": {}, "logging": {}});
        assert_eq!(result["capabilities"], capabilities, "{asked}");
        assert_eq!(result.get("resultType"), None);
    }
    let lost = Peer::new(&server, ProtocolVersion::ASSUMED).call("initialize", json!({})).await;
    assert_eq!(code(&lost), -32602);
}

/// B3, B7: a modern result has its type and the server's name; a legacy one has neither.
#[tokio::test]
async fn every_result_has_the_envelope_of_its_revision() {
    let server = server(everything);
    for version in ProtocolVersion::ALL {
        let peer = Peer::new(&server, version);
        for (method, params) in [
            ("tools/list", json!({})),
            ("tools/call", json!({"name": "t"})),
            ("resources/list", json!({})),
            ("resources/templates/list", json!({})),
            ("resources/read", json!({"uri": "test://a"})),
            ("prompts/list", json!({})),
            ("prompts/get", json!({"name": "p"})),
        ] {
            let result = peer.call(method, params).await.unwrap();
            let kind = (version == NEWEST).then(|| json!("complete"));
            assert_eq!(result.get("resultType").cloned(), kind, "{version} {method}");
            let name = (version == NEWEST).then(|| json!("spec"));
            let named = result.pointer("/_meta/io.modelcontextprotocol~1serverInfo/name").cloned();
            assert_eq!(named, name, "{version} {method}");
        }
    }
}

/// B2: what cannot be read is told by place, never passed over.
#[tokio::test]
async fn parameters_of_the_wrong_shape_are_invalid_params() {
    let server = server(everything);
    let peer = Peer::modern(&server);
    for (method, params) in [
        ("tools/list", json!({"cursor": 5})),
        ("tools/call", json!({})),
        ("tools/call", json!({"name": 5})),
        ("tools/call", json!({"name": "t", "arguments": []})),
        ("tools/call", json!({"name": "t", "arguments": "{}"})),
        ("tools/call", json!({"name": "t", "inputResponses": 5})),
        ("tools/call", json!({"name": "t", "requestState": 5})),
        ("resources/read", json!({"uri": ["test://a"]})),
        ("prompts/get", json!({"name": "p", "arguments": {"a": 5}})),
        ("subscriptions/listen", json!({"notifications": 5})),
    ] {
        let reply = peer.call(method, params.clone()).await;
        assert_eq!(code(&reply), -32602, "{method} {params}");
    }
}

/// B8, R2, P1: a fault of the server says nothing about its inside.
#[tokio::test]
async fn an_internal_fault_keeps_its_cause_to_itself() {
    let server = server(|builder| {
        builder
            .tool(tool_fn(ToolSpec::new("broken", "Breaks."), |_, NoInput {}| async {
                Err::<Content, _>(ToolError::internal("password=hunter2"))
            }))
            .tool(tool_fn(ToolSpec::new("own", "Has a code of its own."), |_, NoInput {}| async {
                let error = ErrorObject::new(ErrorCode::Application(7), "seven");
                Err::<Content, _>(Interrupt::Protocol(error).into())
            }))
            .resource(ResourceSpec::new("test://broken", "b"), |_, _| async {
                Err(HandlerError::internal("password=hunter2"))
            })
            .prompt(PromptSpec::new("broken"), |_, _| async {
                Err(HandlerError::internal("password=hunter2"))
            })
    });
    for version in ProtocolVersion::ALL {
        let peer = Peer::new(&server, version);
        for (method, params) in [
            ("tools/call", json!({"name": "broken"})),
            ("resources/read", json!({"uri": "test://broken"})),
            ("prompts/get", json!({"name": "broken"})),
        ] {
            let error = peer.call(method, params).await.unwrap_err();
            assert_eq!(error, json!({"code": -32603, "message": "internal error"}), "{method}");
        }
        assert_eq!(code(&peer.tool("own", json!({})).await), 7);
    }
}
