//! `get_rca_analysis`: the newest cases of one category.

use backend_athena::Query;
use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{self, Beside, Table};
use crate::arguments::{given, value};
use crate::cases::Cases;
use crate::domain::{RCA, merged, spellings};
use crate::errors::refused;
use crate::follow::{self, Found};
use crate::selection::{Bound, Selection};
use crate::spec;
use crate::text::{count, printable};

/// Lists cases of a category.
#[derive(Debug, Clone)]
pub struct GetRcaAnalysis(pub Cases);

/// The arguments of [`GetRcaAnalysis`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    /// RCA category, such as Throttling or Limit reached
    rca_category: String,
    /// Maximum number of cases
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    limit: u32,
}

fn ten() -> u32 {
    10
}

/// What is needed to answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    selection: Selection,
    limit: u32,
}

impl Tool for GetRcaAnalysis {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::querying(
            "get_rca_analysis",
            "List cases of a root cause",
            "Lists the newest support cases of one rca_category with the reason for it (default 10). Categories: \
             Customer Question, Limit reached, Development Issue, Customer Release, Lack Monitoring, Customer \
             Dependency, Throttling, Feature Request, Exceeding Capability, Security Issue, Transient Issues, ICE \
             Error, Service Event, AWS Release, AWS Single Component Failure, Upgrade Management, Uncategorized.",
            answer::schema(),
        )
    }

    async fn call(
        &self,
        cx: &CallContext,
        Arguments { rca_category, limit }: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let category = given(Some(&rca_category)).ok_or_else(|| {
            refused("no_category", "rca_category: expected a category", "Uncategorized is one, too")
        })?;
        let rca = spellings(&value("rca_category", category)?);
        let selection = Selection { rca, ..Selection::default() };
        let table = self.0.table(self.0.deadline(cx)).await;
        let status = table.is_some_and(|table| table.has("status"));
        let more: &[&str] =
            if status { &["subject", "rca_reason", "status"] } else { &["subject", "rca_reason"] };
        let Bound { sql, parameters } = selection.cases(&self.0.settings().table, more);
        let sql = format!(
            "{sql} SELECT account_number, case_number, subject, servicecode, severitycode, \
             {} AS rca_category, rca_reason, timecreated{} FROM cases \
             ORDER BY timecreated DESC, case_number LIMIT {}",
            merged("rca_category", &RCA),
            if status { ", status" } else { "" },
            u64::from(limit) + 1,
        );
        let query = Query { sql, parameters, reuse: self.0.reuse() };
        self.0.ask(cx, query, false, follow::Asked::Rca(Asked { selection, limit })).await
    }

    async fn resume(&self, cx: &CallContext, parked: Vec<u8>) -> Result<CallToolResult, ToolError> {
        self.0.resume(cx, &parked).await
    }
}

pub(crate) async fn answer(
    Asked { selection, limit }: &Asked,
    mut found: Found<'_>,
) -> Result<CallToolResult, ToolError> {
    let rows = Table::from(found.rows(*limit as usize).await?);
    let newest = rows.rows.first().and_then(|row| rows.cell(row, "timecreated"));
    let mut provenance = found.provenance().await.with_newest(newest.map(str::to_owned));
    let written = selection.rca.join(" or ");
    let written = if written.is_empty() { "no category".into() } else { printable(&written, 200) };
    let mut beside = Beside {
        headline: format!("{} of {written}, newest first", count("case", rows.rows.len() as u64)),
        ..Beside::default()
    };
    beside.members.insert("categories_used".into(), json!(selection.rca));
    if rows.rows.is_empty() {
        let (hints, aside) = found.cases.hints(selection, found.deadline).await;
        beside.hints = hints;
        provenance = provenance.with_hints_query(aside);
    }
    answer::of(&rows, &beside, found.execution.id.as_str(), &provenance)
}
