//! `GetServerInfo`: which server queries go to.

use backend_amp::{Error, Prometheus, Selection};
use mcp_core::{CallContext, CallToolResult, Content, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::arguments::{Nullable, profile_notice};
use crate::errors::{advice, tool_error};
use crate::place::{deadline, of_caller, region};
use crate::provenance::Provenance;
use crate::spec;
use crate::text::printable;

/// Tells which server queries go to.
#[derive(Debug, Clone)]
pub struct GetServerInfo(pub Prometheus);

/// The arguments of [`GetServerInfo`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    workspace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    profile: Option<String>,
}

#[derive(Serialize)]
struct Structured<'a> {
    prometheus_url: Option<String>,
    aws_region: String,
    aws_profile: &'a str,
    service_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'a str>,
    provenance: Provenance<'a>,
}

impl Tool for GetServerInfo {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        let text = json!({"type": "string"});
        let output = json!({
            "type": "object",
            "properties": {
                "prometheus_url": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "aws_region": text,
                "aws_profile": text,
                "service_name": text
            },
            "required": ["prometheus_url", "aws_region", "aws_profile", "service_name"]
        });
        spec::reading(
            "GetServerInfo",
            "Show Prometheus server",
            "Tells which Prometheus server and region queries go to.",
            output,
        )
        .with_example("{}")
    }

    async fn call(
        &self,
        cx: &CallContext,
        arguments: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let Arguments { workspace_id, region: region_text, profile } = arguments;
        let failed = |err: Error| tool_error(&err, None);
        let prometheus = of_caller(&self.0, cx)?;
        let selection = Selection {
            workspace_id: workspace_id.as_deref().map(str::parse).transpose().map_err(failed)?,
            region: region(region_text.as_deref())?,
        };
        let home = selection.region.clone().or_else(|| prometheus.settings().default_region());
        let home = home.map(|region| region.to_string()).unwrap_or_default();
        let (prometheus_url, aws_region, provenance, mut text) =
            match prometheus.resolve(&selection, deadline(cx)).await {
                Ok(target) => {
                    let text = match &target.workspace {
                        Some(workspace) => {
                            format!("Queries go to workspace {workspace} at {}.", target.url)
                        }
                        None => format!("Queries go to {}.", target.url),
                    };
                    let region = target.region.as_ref().map_or(home, ToString::to_string);
                    let provenance = Provenance::of(&target, Default::default());
                    (Some(target.url.to_string()), region, provenance, text)
                }
                // Not knowing the server is an answer to this question.
                Err(err @ (Error::WorkspaceUnknown { .. } | Error::NoWorkspaces { .. })) => {
                    let why = err.to_string();
                    let advice = advice(&err).unwrap_or_default();
                    let text = format!("{}\n{advice}", printable(&why, 600));
                    (None, home, Provenance::cost(Default::default()), text)
                }
                Err(err) => return Err(failed(err)),
            };
        let notice = profile_notice(profile.as_deref());
        if let Some(notice) = &notice {
            text = format!("notice: {notice}\n{text}");
        }
        let structured = Structured {
            prometheus_url,
            aws_region,
            aws_profile: "default",
            service_name: "aps",
            notice: notice.as_deref(),
            provenance,
        };
        Ok(CallToolResult {
            content: vec![Content::text(text)],
            structured: Some(to_raw_value(&structured).map_err(ToolError::internal)?),
            abridged: true,
            is_error: false,
        })
    }
}
