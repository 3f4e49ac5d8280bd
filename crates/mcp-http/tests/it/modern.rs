//! Revision 2026-07-28: the order of the checks, and which status each error has.

use serde_json::{Value, json};

use crate::fixture::{Post, service};

fn list() -> Post {
    Post::modern("tools/list", json!({}))
}

/// A body whose `_meta` is what is given.
fn meta(meta: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"_meta": meta}})
        .to_string()
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// M1, M3, H5, H6, H11: a request with several faults gets the error of the first.
#[tokio::test]
async fn faults_are_found_in_the_order_of_the_specification() {
    let unknown = meta(&json!({VERSION: "v999.0.0", CAPABILITIES: {}}));
    for (what, post, expected) in [
        ("nothing is wrong", list(), (200, None)),
        ("no _meta", list().body(meta(&Value::Null)), (400, Some(-32602))),
        ("no version", list().body(meta(&json!({CAPABILITIES: {}}))), (400, Some(-32602))),
        (
            "no capabilities",
            list().body(meta(&json!({VERSION: "2026-07-28"}))),
            (400, Some(-32602)),
        ),
        (
            "no _meta comes before a wrong Mcp-Method",
            list().body(meta(&json!({}))).header("mcp-method", "ping"),
            (400, Some(-32602)),
        ),
        ("header and _meta differ", list().body(unknown.clone()), (400, Some(-32020))),
        ("no version header", list().without("mcp-protocol-version"), (400, Some(-32020))),
        (
            "both unknown",
            list().body(unknown.clone()).header("mcp-protocol-version", "v999.0.0"),
            (400, Some(-32022)),
        ),
        (
            "unknown version comes before a wrong Mcp-Method",
            list().body(unknown).header("mcp-protocol-version", "v999.0.0").without("mcp-method"),
            (400, Some(-32022)),
        ),
        ("no Mcp-Method", list().without("mcp-method"), (400, Some(-32020))),
        ("a wrong Mcp-Method", list().header("mcp-method", "prompts/list"), (400, Some(-32020))),
        (
            "Mcp-Method comes before an unknown method",
            Post::modern("no/such", json!({})).header("mcp-method", "tools/list"),
            (400, Some(-32020)),
        ),
        ("unknown method", Post::modern("no/such", json!({})), (404, Some(-32601))),
        (
            "unknown method comes before Mcp-Name",
            Post::modern("tasks/get", json!({"taskId": "t"})),
            (404, Some(-32601)),
        ),
        (
            "Mcp-Name comes before an unknown tool",
            Post::modern("tools/call", json!({"name": "no"})).header("mcp-name", "other"),
            (400, Some(-32020)),
        ),
        ("unknown tool", Post::modern("tools/call", json!({"name": "no"})), (200, Some(-32602))),
        ("bad params", Post::modern("tools/call", json!({"name": 5})), (200, Some(-32602))),
        ("bad cursor", Post::modern("tools/list", json!({"cursor": "x"})), (200, Some(-32602))),
        (
            "no such resource",
            Post::modern("resources/read", json!({"uri": "test://none"})),
            (200, Some(-32602)),
        ),
        ("a capability is missing", Post::call("asks", json!({})), (400, Some(-32021))),
        (
            "Mcp-Name comes before a missing capability",
            Post::call("asks", json!({})).without("mcp-name"),
            (400, Some(-32020)),
        ),
    ] {
        let reply = post.send(&service()).await;
        assert_eq!(reply.fault(), expected, "{what}");
        assert_eq!(reply.json()["id"], 7, "{what}");
    }
}

/// H11: what 2026-07-28 removed, `initialize` among it.
#[tokio::test]
async fn removed_methods_are_404_whatever_their_parameters() {
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "tasks/list",
        "tasks/result",
        "subscriptions/listen",
    ] {
        let reply = Post::modern(method, json!({})).send(&service()).await;
        assert_eq!(reply.fault(), (404, Some(-32601)), "{method}");
    }
}

/// M3
#[tokio::test]
async fn an_unsupported_version_is_told_what_discovery_tells() {
    let body = meta(&json!({VERSION: "v999.0.0", CAPABILITIES: {}}));
    let reply =
        list().body(body).header("mcp-protocol-version", "v999.0.0").send(&service()).await.json();
    let discovered = Post::modern("server/discover", json!({})).send(&service()).await.json();
    let data = &reply["error"]["data"];
    assert_eq!(data["supported"], discovered["result"]["supportedVersions"]);
    assert_eq!(data["requested"], "v999.0.0");
}

/// M2
#[tokio::test]
async fn a_missing_capability_is_named_and_a_declared_one_is_asked_for() {
    let reply = Post::call("asks", json!({})).send(&service()).await.json();
    assert!(reply["error"]["data"]["requiredCapabilities"]["elicitation"].is_object());
    let able = json!({"name": "asks", "_meta": {CAPABILITIES: {"elicitation": {}}}});
    let reply = Post::modern("tools/call", able).send(&service()).await.json();
    assert_eq!(reply["result"]["resultType"], "input_required");
}

/// M4, M6
#[tokio::test]
async fn optional_metadata_is_optional_but_a_log_level_is_one_there_is() {
    let required = json!({VERSION: "2026-07-28", CAPABILITIES: {}});
    assert_eq!(list().body(meta(&required)).send(&service()).await.fault(), (200, None));
    let mut loud = required;
    loud["io.modelcontextprotocol/logLevel"] = json!("loud");
    assert_eq!(list().body(meta(&loud)).send(&service()).await.fault(), (400, Some(-32602)));
}

/// H7
#[tokio::test]
async fn header_names_are_of_any_case_and_values_of_one() {
    let reply = list().without("mcp-method").header("MCP-METHOD", "tools/list");
    assert_eq!(reply.send(&service()).await.fault(), (200, None));
    let reply = list().header("mcp-method", "TOOLS/LIST");
    assert_eq!(reply.send(&service()).await.fault(), (400, Some(-32020)));
}
