//! `get_case_summary`: cases of a window by category, and true totals.

use backend_athena::Query;
use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{self, Beside, Table};
use crate::arguments::{account, given, services};
use crate::cases::Cases;
use crate::days::Days;
use crate::domain::{RCA, merged};
use crate::follow::{self, Found};
use crate::selection::{Bound, Selection};
use crate::spec;
use crate::text::count;

/// Kinds of categories in one answer.
const MAX_ROWS: usize = 1_000;

/// Counts cases by category.
#[derive(Debug, Clone)]
pub struct GetCaseSummary(pub Cases);

/// The arguments of [`GetCaseSummary`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    /// AWS account number, twelve digits
    #[serde(default)]
    account_number: Option<String>,
    /// Service code, or an alias such as ec2, s3, lambda
    #[serde(default)]
    service_code: Option<String>,
    /// Days to look back, in UTC
    #[serde(default = "thirty")]
    #[schemars(range(min = 0, max = 36500))]
    days_back: u32,
}

fn thirty() -> u32 {
    30
}

/// What is needed to answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    selection: Selection,
}

impl Tool for GetCaseSummary {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::querying(
            "get_case_summary",
            "Count support cases by category",
            "Counts the support cases of the last days_back days (default 30) by rca_category: true totals of cases, \
             accounts and services, and each category's share. Filters: account_number, service_code (ec2, s3, … \
             or the code). Limit reached and Quota reached are one category.",
            answer::schema(),
        )
    }

    async fn call(
        &self,
        cx: &CallContext,
        arguments: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let selection = Selection {
            days: Some(Days::back(cx.received_at(), arguments.days_back)),
            account: given(arguments.account_number.as_deref()).map(account).transpose()?,
            services: services(arguments.service_code.as_deref())?,
            ..Selection::default()
        };
        let Bound { sql, parameters } = selection.cases(&self.0.settings().table, &[]);
        // Trino groups by sets of columns, not of expressions.
        let sql = format!(
            "{sql}, named AS (SELECT account_number, servicecode, timecreated, {} AS category FROM cases) \
             SELECT category AS rca_category, count(*) AS category_count, \
             count(DISTINCT account_number) AS accounts, count(DISTINCT servicecode) AS services, \
             max(timecreated) AS newest FROM named GROUP BY GROUPING SETS ((category), ()) \
             ORDER BY 2 DESC, 1 LIMIT {MAX_ROWS}",
            merged("rca_category", &RCA)
        );
        let query = Query { sql, parameters, reuse: self.0.reuse() };
        let few = selection.names_partitions();
        self.0.ask(cx, query, few, follow::Asked::Summary(Asked { selection })).await
    }

    async fn resume(&self, cx: &CallContext, parked: Vec<u8>) -> Result<CallToolResult, ToolError> {
        self.0.resume(cx, &parked).await
    }
}

/// All cases of the window.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Totals {
    cases: u64,
    accounts: u64,
    services: u64,
    newest: Option<String>,
}

pub(crate) async fn answer(
    Asked { selection }: &Asked,
    mut found: Found<'_>,
) -> Result<CallToolResult, ToolError> {
    let (rows, totals) = shaped(&Table::from(found.rows(MAX_ROWS).await?));
    let mut provenance = found.provenance().await.with_newest(totals.newest.clone());
    let mut beside = Beside::default();
    if rows.rows.is_empty() {
        let (hints, aside) = found.cases.hints(selection, found.deadline).await;
        beside.hints = hints;
        provenance = provenance.with_hints_query(aside);
    }
    let window = selection.days.as_ref();
    let window = window.map(|days| format!("{} to {}", days.first, days.last)).unwrap_or_default();
    beside.headline = format!(
        "{}, {} in {}, {window} (UTC)",
        count("case", totals.cases),
        count("account", totals.accounts),
        count("service", totals.services),
    );
    if !selection.services.is_empty() {
        beside.headline.push_str(&format!("; service {}", selection.services.join(" or ")));
        beside.members.insert("service_codes_used".into(), json!(selection.services));
    }
    beside.members.insert("window".into(), json!(window));
    let Totals { cases, accounts, services, .. } = totals;
    let totals = json!({"cases": cases, "accounts": accounts, "services": services});
    beside.members.insert("totals".into(), totals);
    answer::of(&rows, &beside, found.execution.id.as_str(), &provenance)
}

/// The rows callers know, and the totals, which are the row without a category.
fn shaped(found: &Table) -> (Table, Totals) {
    let is_total = |row: &&Vec<Option<String>>| found.cell(row, "rca_category").is_none();
    let totals = found.rows.iter().find(is_total).map_or_else(Totals::default, |row| Totals {
        cases: found.number(row, "category_count"),
        accounts: found.number(row, "accounts"),
        services: found.number(row, "services"),
        newest: found.cell(row, "newest").map(str::to_owned),
    });
    let columns = [
        ("rca_category", "varchar"),
        ("category_count", "bigint"),
        ("share_percent", "double"),
        ("total_cases", "bigint"),
        ("unique_accounts", "bigint"),
        ("unique_services", "bigint"),
    ];
    let row = |row: &Vec<Option<String>>| {
        let cases = found.number(row, "category_count");
        let share = cases as f64 * 100.0 / totals.cases.max(1) as f64;
        vec![
            found.cell(row, "rca_category").map(str::to_owned),
            Some(cases.to_string()),
            Some(format!("{share:.1}")),
            Some(totals.cases.to_string()),
            Some(totals.accounts.to_string()),
            Some(totals.services.to_string()),
        ]
    };
    let rows = Table {
        columns: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
        types: columns.iter().map(|(_, kind)| (*kind).to_owned()).collect(),
        rows: found.rows.iter().filter(|row| !is_total(row)).map(row).collect(),
        truncated: found.truncated.clone(),
    };
    (rows, totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_of_all_cases_and_shares_of_them() {
        let cell = |text: &str| Some(text.to_owned());
        let found = Table {
            columns: ["rca_category", "category_count", "accounts", "services", "newest"]
                .map(str::to_owned)
                .to_vec(),
            rows: vec![
                vec![None, cell("4"), cell("2"), cell("3"), cell("2026-11-29T01:00:00Z")],
                vec![cell("Throttling"), cell("3"), cell("2"), cell("2"), cell("x")],
                vec![cell("ICE Error"), cell("1"), cell("1"), cell("1"), cell("x")],
            ],
            ..Table::default()
        };
        let (rows, totals) = shaped(&found);
        let newest = cell("2026-11-29T01:00:00Z");
        assert_eq!(totals, Totals { cases: 4, accounts: 2, services: 3, newest });
        let shown: Vec<_> = rows
            .rows
            .iter()
            .map(|row| row.iter().flatten().cloned().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(shown, ["Throttling 3 75.0 4 2 3", "ICE Error 1 25.0 4 2 3"]);
        assert_eq!(shaped(&Table::default()).1, Totals::default());
    }
}
