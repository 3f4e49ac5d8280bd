//! What all tools say of themselves in the same way.

use mcp_core::{TaskSupport, ToolAnnotations, ToolSpec};
use serde_json::Value;

/// What a caller must have been granted to read cases.
pub(crate) const READ: &str = "cases/read";

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

/// One whose query may outlive its call.
pub(crate) fn querying(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    output: Value,
) -> ToolSpec {
    reading(name, title, description, output).with_task(TaskSupport::Optional)
}
