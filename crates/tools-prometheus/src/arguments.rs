//! Arguments that several tools take.

use std::borrow::Cow;

use mcp_core::{CallContext, ToolError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// The schema of an optional text exactly as the tools' callers have always seen it:
/// `{"anyOf":[{"type":"string"},{"type":"null"}],"default":null}`.
pub(crate) struct Nullable;

impl JsonSchema for Nullable {
    fn schema_name() -> Cow<'static, str> {
        "Nullable".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "null"}], "default": null})
    }
}

/// How the answer to a query is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Output {
    /// As Prometheus has it, up to a budget.
    #[default]
    Auto,
    /// As Prometheus has it, up to what can be sent.
    Full,
    /// Figures of each series instead of its samples.
    Summary,
    /// One time axis, one row of numbers a series.
    Columns,
}

impl JsonSchema for Output {
    fn schema_name() -> Cow<'static, str> {
        "Output".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": ["auto", "full", "summary", "columns"]})
    }
}

/// The moment a call is about: when it arrived.
pub(crate) fn now(cx: &CallContext) -> UnixMillis {
    let since = cx.received_at().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(since.as_millis() as i64)
}

/// What a call with a `profile` is told: an AWS profile is a section of a file on a desk, and
/// there is none here.
pub(crate) fn profile_notice(profile: Option<&str>) -> Option<String> {
    profile.map(|profile| {
        let profile = crate::text::printable(profile, 40);
        format!("profile \"{profile}\" has no effect: this server uses its own AWS role")
    })
}

/// Seals where a list goes on. `arguments` are those of the call without its cursor: the cursor
/// is good for the same call only.
pub(crate) fn seal(
    cx: &CallContext,
    arguments: &impl Serialize,
    position: &impl Serialize,
) -> Result<String, ToolError> {
    let (arguments, position) = (bytes(arguments)?, bytes(position)?);
    Ok(cx.seal("cursor", &arguments, Some(CURSOR_LIFETIME), &position))
}

/// Opens what [`seal`] made.
pub(crate) fn unseal<T: serde::de::DeserializeOwned>(
    cx: &CallContext,
    arguments: &impl Serialize,
    cursor: &str,
) -> Result<T, ToolError> {
    let opened = cx.unseal("cursor", &bytes(arguments)?, cursor).map_err(|err| {
        ToolError::failed(format!(
            "cursor: {err}\ncall again with the arguments of the call that gave it, or without cursor\nretryable: no"
        ))
    })?;
    serde_json::from_slice(&opened).map_err(ToolError::internal)
}

/// A cursor is for going on, not for keeping.
const CURSOR_LIFETIME: std::time::Duration = std::time::Duration::from_secs(3600);

fn bytes(value: &impl Serialize) -> Result<Vec<u8>, ToolError> {
    serde_json::to_vec(value).map_err(ToolError::internal)
}
