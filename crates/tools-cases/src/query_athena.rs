//! `query_athena`: one statement of SQL that reads.

use backend_athena::Query;
use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{self, Beside, Table, headline};
use crate::cases::Cases;
use crate::errors::sql_refused;
use crate::follow::{self, Found};
use crate::guard::{Kind, guard};
use crate::spec;

/// The most rows there are in one answer.
const MAX_ROWS: u32 = 10_000;

/// Runs SQL that reads.
#[derive(Debug, Clone)]
pub struct QueryAthena(pub Cases);

/// The arguments of [`QueryAthena`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    /// SQL query, in Athena's dialect (Trino)
    query: String,
    /// Maximum number of rows
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = MAX_ROWS))]
    max_results: u32,
}

fn hundred() -> u32 {
    100
}

/// What is needed to answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    max_results: u32,
}

impl Tool for QueryAthena {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::querying(
            "query_athena",
            "Query support cases with SQL",
            "Runs one read-only SQL statement (SELECT, WITH, VALUES, SHOW, DESCRIBE, EXPLAIN) in Athena over the \
             table case_summary. All columns are text; timecreated is ISO 8601: compare with '2026-11-01'. \
             The resource cases://schema has columns and values. For usual questions the other tools are cheaper.",
            answer::schema(),
        )
    }

    async fn call(
        &self,
        cx: &CallContext,
        Arguments { query, max_results }: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        // One more, to know whether there are more.
        let guarded = guard(&query, u64::from(max_results) + 1).map_err(|err| sql_refused(&err))?;
        // What only looks at names reads no data; nor may what names a partition read all of it.
        let reads_little = guarded.kind != Kind::Query
            || !guarded.tables.contains(&self.0.settings().table.to_ascii_lowercase())
            || ["account_number", "case_number"].iter().any(|name| guarded.sql.contains(name));
        let asked = follow::Asked::Sql(Asked { max_results });
        self.0.ask(cx, Query::new(guarded.sql), reads_little, asked).await
    }

    async fn resume(&self, cx: &CallContext, parked: Vec<u8>) -> Result<CallToolResult, ToolError> {
        self.0.resume(cx, &parked).await
    }
}

pub(crate) async fn answer(
    asked: &Asked,
    mut found: Found<'_>,
) -> Result<CallToolResult, ToolError> {
    let rows = Table::from(found.rows(asked.max_results as usize).await?);
    let provenance = found.provenance().await;
    let mut beside = Beside { headline: headline(&rows), ..Beside::default() };
    if rows.rows.is_empty() {
        beside.hints.push(
            "codes and categories are compared as they are written: the resource cases://schema \
             has the values, lower(…) and LIKE help"
                .to_owned(),
        );
    }
    answer::of(&rows, &beside, found.execution.id.as_str(), &provenance)
}
