//! `ExecuteRangeQuery`: PromQL at evenly spaced moments.

use std::time::Duration;

use backend_amp::{Prometheus, RangeQuery};
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
use crate::window::Window;

/// Evaluates PromQL over a window.
#[derive(Debug, Clone)]
pub struct ExecuteRangeQuery(pub Prometheus);

/// The arguments of [`ExecuteRangeQuery`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    query: String,
    start: String,
    end: String,
    step: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    workspace_id: Option<String>,
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

impl Tool for ExecuteRangeQuery {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::query(
            "ExecuteRangeQuery",
            "Run PromQL range query",
            "Evaluates PromQL from start to end every step. start, end: as time in ExecuteQuery. step: 15s, 5m, \
             seconds, or auto (about 250 points). The text has statistics and a sparkline a series; \
             output=summary gives only those, columns is compact, full has no budget. \
             If no workspace is known, call GetAvailableWorkspaces and ask the user; never choose yourself.",
        )
        .with_example(r#"{"query":"sum(up)","start":"now-1h","end":"now","step":"60s"}"#)
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
        let Arguments { query, start, end, step, workspace_id, region, profile, .. } = &arguments;
        let window = Window::resolve(start, end, step, now)
            .map_err(|err| time_error("start, end, step", &err))?;

        let prometheus = of_caller(&self.0, cx)?;
        let target = target(&prometheus, cx, workspace_id.as_deref(), region.as_deref()).await?;
        let asked = RangeQuery {
            query,
            start_ms: window.start.0,
            end_ms: window.end.0,
            step: Duration::from_millis(window.step.0),
        };
        let failed = |err| tool_error(&err, Some(query));
        let said = prometheus.query_range(&target, &asked, deadline(cx)).await.map_err(failed)?;
        let result = said.parse().map_err(failed)?;
        let notice = profile_notice(profile.as_deref());
        let question = Question {
            query,
            time: window.end,
            window: Some(&window),
            output: arguments.output.unwrap_or_default(),
            from: from.as_ref(),
            now,
            notice: notice.as_deref(),
        };
        let provenance = Provenance::of(&target, said.stats);
        answer::of(&question, &result, provenance, |next| seal(cx, &arguments, next))
    }
}
