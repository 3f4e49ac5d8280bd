//! `ExecuteQuery`: PromQL at one moment.

use backend_amp::{InstantQuery, Prometheus};
use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{self, Question};
use crate::arguments::{self, Nullable, Output, profile_notice, seal, unseal};
use crate::budget::Position;
use crate::errors::{time_error, tool_error};
use crate::place::{deadline, of_caller, target};
use crate::provenance::Provenance;
use crate::spec;
use crate::time::UnixMillis;

/// Evaluates PromQL at one moment.
#[derive(Debug, Clone)]
pub struct ExecuteQuery(pub Prometheus);

/// The arguments of [`ExecuteQuery`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    workspace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Output")]
    output: Option<Output>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cursor: Option<String>,
}

impl Tool for ExecuteQuery {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::query(
            "ExecuteQuery",
            "Run PromQL query",
            "Evaluates PromQL at one moment (default now). time: RFC 3339, Unix seconds, now-1h, or 1h (ago). \
             If no workspace is known, call GetAvailableWorkspaces and ask the user to choose; never choose \
             among several yourself. output=columns is compact; cursor continues a truncated answer.",
        )
        .with_example(r#"{"query":"sum by (job) (up)"}"#)
    }

    async fn call(
        &self,
        cx: &CallContext,
        mut arguments: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let cursor = arguments.cursor.take();
        let from: Option<Position> =
            cursor.map(|cursor| unseal(cx, &arguments, &cursor)).transpose()?;
        let now = from.as_ref().map_or(arguments::now(cx), |from| UnixMillis(from.now));
        let time = arguments.time.as_deref().map_or(Ok(now), |time| UnixMillis::parse(time, now));
        let time = time.map_err(|err| time_error("time", &err))?;

        let Arguments { query, workspace_id, region, profile, .. } = &arguments;
        let prometheus = of_caller(&self.0, cx)?;
        let target = target(&prometheus, cx, workspace_id.as_deref(), region.as_deref()).await?;
        let asked = InstantQuery { query, time_ms: Some(time.0) };
        let failed = |err| tool_error(&err, Some(query));
        let said = prometheus.query(&target, &asked, deadline(cx)).await.map_err(failed)?;
        let result = said.parse().map_err(failed)?;
        let notice = profile_notice(profile.as_deref());
        let question = Question {
            query,
            time,
            window: None,
            output: arguments.output.unwrap_or_default(),
            from: from.as_ref(),
            now,
            notice: notice.as_deref(),
        };
        let provenance = Provenance::of(&target, said.stats);
        answer::of(&question, &result, provenance, |next| seal(cx, &arguments, next))
    }
}
