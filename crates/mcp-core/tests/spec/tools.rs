//! Tools (1.5).

use mcp_core::{
    Annotations, Answer, BuildError, Content, Fault, Icon, Implementation, Json, NoInput,
    ProtocolVersion, ResourceContents, Role, Server, TaskSupport, ToolError, ToolSpec, tool_fn,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::peer::{NEWEST, Peer, code, server};

#[derive(Deserialize, JsonSchema)]
struct Terms {
    a: i64,
    b: i64,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

fn calculator() -> Server {
    server(|builder| {
        builder
            .tool(tool_fn(
                ToolSpec::new("add", "Adds.").with_title("Add").with_read_only(),
                |_, Terms { a, b }: Terms| async move {
                    let sum = a.checked_add(b);
                    let sum = sum.ok_or_else(|| ToolError::failed("too large"))?;
                    Ok(Json(Sum { sum }))
                },
            ))
            .tool(tool_fn(
                ToolSpec::new("count", "Counts.").with_title("Count"),
                |_, NoInput {}| async { Ok(Answer { text: "three".into(), data: vec![1, 2, 3] }) },
            ))
            .tool(tool_fn(ToolSpec::new("anything", "Gives any JSON."), |_, NoInput {}| async {
                Ok(Json(Value::Null))
            }))
    })
}

/// T1: the order of the list is the order they were added in, every time and for everyone.
#[tokio::test]
async fn the_list_of_tools_is_always_the_same() {
    let server = calculator();
    let first = Peer::modern(&server).call("tools/list", json!({})).await.unwrap();
    let names: Vec<_> = first["tools"].as_array().unwrap().iter().map(|t| &t["name"]).collect();
    assert_eq!(names, ["add", "count", "anything"]);
    let other = Peer::modern(&server).with_subject("someone").call("tools/list", json!({})).await;
    assert_eq!(other.unwrap(), first);
}

/// T2, T3, T4, H10: what no client could use is refused when the server is built, all at once.
#[test]
fn a_server_with_faults_is_not_built_and_lists_them_all() {
    let tool = |name: &'static str| {
        tool_fn(ToolSpec::new(name, "Does."), |_, NoInput {}| async { Ok(Content::text("done")) })
    };
    let with_schema = |name: &'static str, schema: Value| {
        let spec = ToolSpec::new(name, "Does.").with_input_schema(schema);
        tool_fn(spec, |_, _: Value| async { Ok(Content::text("done")) })
    };
    let long: &'static str = Box::leak("x".repeat(129).into_boxed_str());
    let spec = ToolSpec::new("task", "Runs.").with_task(TaskSupport::Required);
    let BuildError { faults } = Server::builder(Implementation::new("s", "1"))
        .tool(tool("fine"))
        .tool(tool("fine"))
        .tool(tool(""))
        .tool(tool("two words"))
        .tool(tool("ünicode"))
        .tool(tool(long))
        .tool(with_schema("list", json!({"type": "array"})))
        .tool(with_schema(
            "old",
            json!({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}),
        ))
        .tool(with_schema(
            "far",
            json!({"type": "object", "allOf": [{"$ref": "https://example.com/x"}]}),
        ))
        .tool(with_schema(
            "typo",
            json!({"type": "object", "properties": {"a": {"type": "strin"}}}),
        ))
        .tool(with_schema(
            "number",
            json!({"type": "object", "properties": {"a": {"type": "number", "x-mcp-header": "A"}}}),
        ))
        .tool(tool_fn(spec, |_, NoInput {}| async { Ok(Content::text("done")) }))
        .build()
        .unwrap_err();
    let kinds: Vec<_> = faults
        .iter()
        .map(|fault| match fault {
            Fault::Duplicate { name, .. } => format!("duplicate {name}"),
            Fault::ToolName(name) => format!("name of {}", name.len()),
            Fault::Schema { tool, .. } => format!("schema of {tool}"),
            Fault::TasksMissing(tool) => format!("tasks for {tool}"),
            other => other.to_string(),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "duplicate fine",
            "name of 0",
            "name of 9",
            "name of 8",
            "name of 129",
            "schema of list",
            "schema of old",
            "schema of far",
            "schema of typo",
            "schema of number",
            "tasks for task",
        ]
    );
}

/// T3: every keyword of a schema is handed on as it was written.
#[tokio::test]
async fn a_schema_is_listed_as_it_was_written() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {"$anchor": "addressDef", "type": "object"}},
        "properties": {"home": {"$ref": "#/$defs/address"}, "way": {"enum": ["sea", "land"]}},
        "allOf": [{"anyOf": [{"required": ["home"]}, {"required": ["way"]}]}],
        "if": {"properties": {"way": {"const": "sea"}}, "required": ["way"]},
        "then": {"required": ["home"]},
        "else": {"not": {"required": ["nothing"]}},
        "additionalProperties": false
    });
    let spec = ToolSpec::new("travel", "Travels.").with_input_schema(schema.clone());
    let server = server(|builder| {
        builder.tool(tool_fn(spec, |_, _: Value| async { Ok(Content::text("there")) }))
    });
    for version in ProtocolVersion::ALL {
        let peer = Peer::new(&server, version);
        let list = peer.call("tools/list", json!({})).await.unwrap();
        assert_eq!(list["tools"][0]["inputSchema"].to_string(), schema.to_string(), "{version}");
    }
    let peer = Peer::modern(&server);
    for (arguments, fails) in [
        (json!({"home": {}}), false),
        (json!({"way": "land"}), false),
        (json!({"way": "sea"}), true),
        (json!({}), true),
        (json!({"way": "land", "extra": 1}), true),
    ] {
        let result = peer.tool("travel", arguments.clone()).await.unwrap();
        assert_eq!(result["isError"] == true, fails, "{arguments}");
    }
}

/// T5: structured content comes with its JSON as text, and may be any JSON since 2026-07-28.
#[tokio::test]
async fn a_structured_result_is_there_for_programs_and_for_models() {
    let server = calculator();
    let peer = Peer::modern(&server);
    let sum = peer.tool("add", json!({"a": 2, "b": 3})).await.unwrap();
    assert_eq!(sum["structuredContent"], json!({"sum": 5}));
    assert_eq!(sum["content"], json!([{"type": "text", "text": r#"{"sum":5}"#}]));
    let null = peer.tool("anything", json!({})).await.unwrap();
    assert_eq!(null.get("structuredContent"), Some(&Value::Null));

    let list = peer.call("tools/list", json!({})).await.unwrap();
    for (index, tool) in list["tools"].as_array().unwrap().iter().enumerate() {
        let schema = &tool["outputSchema"];
        assert!(schema.is_object(), "{tool}");
        let result = [json!({"sum": 5}), json!([1, 2, 3]), Value::Null][index].clone();
        assert!(jsonschema::is_valid(schema, &result), "{schema} {result}");
    }
}

/// T6: an unknown tool is a protocol error; a call that fails, or is called wrongly, is a result
/// that the model reads (before 2025-11-25, wrong arguments were a protocol error).
#[tokio::test]
async fn a_failed_call_is_a_result_and_an_unknown_tool_is_not() {
    let server = calculator();
    for version in ProtocolVersion::ALL {
        let peer = Peer::new(&server, version);
        assert_eq!(code(&peer.tool("subtract", json!({})).await), -32602, "{version}");
        assert_eq!(code(&peer.tool("Add", json!({"a": 1, "b": 2})).await), -32602, "{version}");

        let failed = peer.tool("add", json!({"a": i64::MAX, "b": 1})).await.unwrap();
        assert_eq!(failed["isError"], true);
        assert_eq!(failed["content"], json!([{"type": "text", "text": "too large"}]));

        let wrong = peer.tool("add", json!({"a": "two", "b": 3})).await;
        let text = "invalid arguments for add:\na: expected integer, got the string \"two\"";
        if version >= ProtocolVersion::V2025_11_25 {
            let wrong = wrong.unwrap();
            assert_eq!(wrong["isError"], true, "{version}");
            assert_eq!(wrong["content"][0]["text"], text, "{version}");
        } else {
            assert_eq!(wrong, Err(json!({"code": -32602, "message": text})), "{version}");
        }
    }
}

/// T6: left out and null arguments are no arguments.
#[tokio::test]
async fn arguments_may_be_left_out() {
    let server = calculator();
    let peer = Peer::modern(&server);
    for params in [json!({"name": "count"}), json!({"name": "count", "arguments": null})] {
        assert_eq!(
            peer.call("tools/call", params).await.unwrap()["structuredContent"],
            json!([1, 2, 3])
        );
    }
}

/// T8: every kind of content, as the newest revision has it.
#[tokio::test]
async fn content_of_every_type_is_written_as_the_specification_has_it() {
    let annotations = Annotations {
        audience: vec![Role::User],
        priority: Some(0.5),
        last_modified: Some("2026-07-28T00:00:00Z".into()),
    };
    let server = server(|builder| {
        builder.tool(tool_fn(ToolSpec::new("all", "Gives all."), move |_, NoInput {}| {
            let annotations = Some(annotations.clone());
            async move {
                Ok(vec![
                    Content::Text { text: "t".into(), annotations },
                    Content::image("AA==", "image/png"),
                    Content::audio("AA==", "audio/wav"),
                    Content::resource(ResourceContents::blob("test://b", "image/png", &[0])),
                    Content::ResourceLink {
                        uri: "test://l".into(),
                        name: "l".into(),
                        description: None,
                        mime_type: Some("text/plain".into()),
                    },
                ])
            }
        }))
    });
    let result = Peer::modern(&server).tool("all", json!({})).await.unwrap();
    assert_eq!(
        result["content"],
        json!([
            {"type": "text", "text": "t", "annotations":
                {"audience": ["user"], "priority": 0.5, "lastModified": "2026-07-28T00:00:00Z"}},
            {"type": "image", "data": "AA==", "mimeType": "image/png"},
            {"type": "audio", "data": "AA==", "mimeType": "audio/wav"},
            {"type": "resource", "resource":
                {"uri": "test://b", "mimeType": "image/png", "blob": "AA=="}},
            {"type": "resource_link", "uri": "test://l", "name": "l", "mimeType": "text/plain"},
        ])
    );
}

/// T8, 3.3: title, hints and icons appear from the revision that has them.
#[tokio::test]
async fn a_tool_is_listed_with_what_the_revision_knows() {
    let icon = Icon {
        src: "https://example.com/i.png".into(),
        mime_type: None,
        sizes: vec!["48x48".into()],
        theme: None,
    };
    let hinted = ToolSpec {
        icons: vec![icon],
        ..ToolSpec::new("hinted", "Has all.").with_title("Hinted").with_read_only()
    };
    let titled = ToolSpec::new("titled", "Has a title only.").with_title("Titled");
    let server = server(|builder| {
        let call = |_, NoInput {}| async { Ok(Json(Sum { sum: 1 })) };
        builder.tool(tool_fn(hinted, call)).tool(tool_fn(titled, call))
    });
    for version in ProtocolVersion::ALL {
        let list = Peer::new(&server, version).call("tools/list", json!({})).await.unwrap();
        let (hinted, titled) = (&list["tools"][0], &list["tools"][1]);
        let since = |date: &str| version.as_str() >= date;
        assert_eq!(hinted.get("annotations").is_some(), since("2025-03-26"), "{version}");
        assert_eq!(hinted.get("title").is_some(), since("2025-06-18"), "{version}");
        assert_eq!(hinted.get("outputSchema").is_some(), since("2025-06-18"), "{version}");
        assert_eq!(hinted.get("icons").is_some(), since("2025-11-25"), "{version}");
        // 2025-03-26 has titles among the hints only.
        let expected = (version == ProtocolVersion::V2025_03_26).then(|| json!("Titled"));
        assert_eq!(titled.pointer("/annotations/title").cloned(), expected, "{version}");
        assert_eq!(hinted.get("execution"), None, "{version}");
    }
    assert_eq!(NEWEST, ProtocolVersion::ALL[0]);
}
