//! The table of revisions (3.3), where no other test holds it.

use mcp_core::{Answer, Content, Json, NoInput, ProtocolVersion, Server, ToolSpec, tool_fn};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::peer::{Peer, server};

#[derive(Serialize, JsonSchema)]
struct Point {
    x: i32,
}

fn shapes() -> Server {
    server(|builder| {
        builder
            .tool(tool_fn(ToolSpec::new("object", "Gives."), |_, NoInput {}| async {
                Ok(Json(Point { x: 1 }))
            }))
            .tool(tool_fn(ToolSpec::new("list", "Gives."), |_, NoInput {}| async {
                Ok(Json(vec![1]))
            }))
            .tool(tool_fn(ToolSpec::new("short", "Gives."), |_, NoInput {}| async {
                Ok(Answer { text: "a point".into(), data: Point { x: 1 } })
            }))
            .tool(tool_fn(ToolSpec::new("link", "Gives."), |_, NoInput {}| async {
                Ok(Content::ResourceLink {
                    uri: "test://l".into(),
                    name: "l".into(),
                    description: None,
                    mime_type: None,
                })
            }))
    })
}

/// 3.3 `structuredContent`: objects since 2025-06-18, anything since 2026-07-28; a schema is listed
/// where its result is sent; a peer that knows neither is given the JSON as text, once.
#[tokio::test]
async fn structured_results_are_sent_as_far_as_they_are_known() {
    let server = shapes();
    for version in ProtocolVersion::ALL {
        let peer = Peer::new(&server, version);
        let list = peer.call("tools/list", json!({})).await.unwrap();
        let schema = |index: usize| list["tools"][index].get("outputSchema").is_some();
        let objects = version >= ProtocolVersion::V2025_06_18;
        let anything = version >= ProtocolVersion::V2026_07_28;
        assert_eq!(
            [schema(0), schema(1), schema(2), schema(3)],
            [objects, anything, objects, false]
        );

        let structured = async |tool: &str| peer.tool(tool, json!({})).await.unwrap();
        let texts = |result: &Value| -> Vec<String> {
            let content = result["content"].as_array().unwrap().iter();
            content.map(|block| block["text"].as_str().unwrap().to_owned()).collect()
        };
        let object = structured("object").await;
        assert_eq!(object.get("structuredContent").is_some(), objects, "{version}");
        assert_eq!(texts(&object), [r#"{"x":1}"#], "{version}");
        let list = structured("list").await;
        assert_eq!(list.get("structuredContent").is_some(), anything, "{version}");
        assert_eq!(texts(&list), ["[1]"], "{version}");
        let short = structured("short").await;
        assert_eq!(short.get("structuredContent").is_some(), objects, "{version}");
        let lost: &[&str] = if objects { &["a point"] } else { &["a point", r#"{"x":1}"#] };
        assert_eq!(texts(&short), lost, "{version}");
        let link = structured("link").await;
        let kind = if objects { "resource_link" } else { "text" };
        assert_eq!(link["content"][0]["type"], kind, "{version}");
    }
}
