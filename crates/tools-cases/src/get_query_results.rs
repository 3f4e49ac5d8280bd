//! `get_query_results`: the answer of a query that outlived its call.

use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::cases::Cases;
use crate::spec;

/// Goes on waiting for a query.
#[derive(Debug, Clone)]
pub struct GetQueryResults(pub Cases);

/// The arguments of [`GetQueryResults`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    /// The handle from an answer with status running
    handle: String,
}

impl Tool for GetQueryResults {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::reading(
            "get_query_results",
            "Get the results of a running query",
            "Gives the answer of an earlier call that said status=running, as that call would have; waits for it, \
             and says status=running again if it takes longer. A handle is good for an hour, for its caller.",
            json!({"type": "object"}),
        )
    }

    async fn call(
        &self,
        cx: &CallContext,
        Arguments { handle }: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        self.0.collect(cx, &handle).await
    }
}
