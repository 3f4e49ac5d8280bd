//! What all five tools say of themselves in the same way.

use mcp_core::{ToolAnnotations, ToolSpec};
use serde_json::{Value, json};

/// What a caller must have been granted to read metrics. A caller that may write may read, which is
/// for the host to know.
pub(crate) const READ: &str = "prometheus-mcp-server/read";

/// A tool that reads from the outside world and changes nothing.
pub(crate) fn reading(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    output: Value,
) -> ToolSpec {
    let annotations = ToolAnnotations {
        read_only_hint: Some(true),
        idempotent_hint: Some(true),
        open_world_hint: Some(true),
        destructive_hint: None,
    };
    ToolSpec {
        output_schema: Some(output),
        ..ToolSpec::new(name, description)
            .with_title(title)
            .with_annotations(annotations)
            .with_scopes([READ])
    }
}

/// A tool whose result is an open object in `result`.
pub(crate) fn query(
    name: &'static str,
    title: &'static str,
    description: &'static str,
) -> ToolSpec {
    let output = json!({
        "type": "object",
        "properties": {"result": {"type": "object", "additionalProperties": true}},
        "required": ["result"]
    });
    reading(name, title, description, output)
}
