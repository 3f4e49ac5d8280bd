//! Tools that answer at once: every type of content, errors, log messages, progress, schemas.

use std::time::Duration;

use mcp_core::{
    CallContext, Change, Changes, Content, LogLevel, NoInput, ResourceContents, ServerBuilder,
    ToolError, ToolSpec, tool_fn,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{PNG, WAV};

/// The time between two notifications: long enough to tell a stream from a list.
const PACE: Duration = Duration::from_millis(50);

pub(crate) fn add(builder: ServerBuilder) -> ServerBuilder {
    builder
        // The suite calls whatever tool is listed first with no arguments.
        .tool(tool_fn(
            ToolSpec::new("test_simple_text", "Returns a text."),
            |_, NoInput {}| async { Ok(text("This is a simple text response for testing.")) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_image_content", "Returns a picture."),
            |_, NoInput {}| async { Ok(Content::image(PNG, "image/png")) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_audio_content", "Returns a sound."),
            |_, NoInput {}| async { Ok(Content::audio(WAV, "audio/wav")) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_embedded_resource", "Returns a resource, whole."),
            |_, NoInput {}| async {
                Ok(Content::resource(ResourceContents::text(
                    "test://embedded-resource",
                    "text/plain",
                    "This is an embedded resource content.",
                )))
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_multiple_content_types", "Returns text, a picture and a resource."),
            |_, NoInput {}| async {
                let data = json!({"test": "data", "value": 123}).to_string();
                let uri = "test://mixed-content-resource";
                Ok(vec![
                    text("Multiple content types test:"),
                    Content::image(PNG, "image/png"),
                    Content::resource(ResourceContents::text(uri, "application/json", data)),
                ])
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_error_handling", "Always fails."),
            |_, NoInput {}| async {
                let text = "This tool intentionally returns an error for testing";
                Err::<Content, _>(ToolError::failed(text))
            },
        ))
        .tool(tool_fn(ToolSpec::new("test_tool_with_logging", "Logs its three steps."), logging))
        .tool(tool_fn(
            ToolSpec::new("test_logging_tool", "Logs once, for those who want to know."),
            |cx: CallContext, NoInput {}| async move {
                cx.log(LogLevel::Info, None, "A log message of the logging tool");
                Ok(text("Logged for those who asked."))
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_tool_with_progress", "Tells how far it has come."),
            progress,
        ))
        .tool(tool_fn(
            ToolSpec::new("json_schema_2020_12_tool", "Has a schema with all of 2020-12.")
                .with_input_schema(contact_schema()),
            |_, contact: Value| async move { Ok(text(&format!("Valid contact: {contact}"))) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_custom_header", "Takes an argument that a header repeats."),
            |_, Mirrored { value }: Mirrored| async move { Ok(text(&format!("Value: {value}"))) },
        ))
}

/// Tools that pretend something changed.
pub(crate) fn add_triggers(builder: ServerBuilder, changes: &Changes) -> ServerBuilder {
    let trigger = |name, description, change: Change| {
        let changes = changes.clone();
        tool_fn(ToolSpec::new(name, description), move |_, NoInput {}| {
            changes.announce(change.clone());
            async { Ok(text("Announced.")) }
        })
    };
    builder
        .tool(trigger(
            "test_trigger_tool_change",
            "Announces that the list of tools changed.",
            Change::Tools,
        ))
        .tool(trigger(
            "test_trigger_prompt_change",
            "Announces that the list of prompts changed.",
            Change::Prompts,
        ))
}

fn text(text: &str) -> Content {
    Content::text(text)
}

async fn logging(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    cx.log(LogLevel::Info, None, "Tool execution started");
    sleep(PACE).await;
    cx.log(LogLevel::Info, None, "Tool processing data");
    sleep(PACE).await;
    cx.log(LogLevel::Info, None, "Tool execution completed");
    Ok(text("Tool with logging executed successfully"))
}

async fn progress(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    cx.progress(0.0, Some(100.0), None);
    sleep(PACE).await;
    cx.progress(50.0, Some(100.0), None);
    sleep(PACE).await;
    cx.progress(100.0, Some(100.0), None);
    Ok(text("Tool with progress executed successfully"))
}

#[derive(Deserialize, JsonSchema)]
struct Mirrored {
    /// Sent in `Mcp-Param-Value` as well.
    #[schemars(extend("x-mcp-header" = "Value"))]
    value: String,
}

/// Keywords that a server must hand on as they are: identifiers, references, composition, conditions.
fn contact_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"}
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false
    })
}
