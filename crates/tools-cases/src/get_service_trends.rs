//! `get_service_trends`: cases by service, day and category, and the change since the window before.

use std::collections::BTreeMap;

use backend_athena::Query;
use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{self, Beside, Table};
use crate::cases::Cases;
use crate::days::Days;
use crate::domain::{RCA, merged};
use crate::follow::{self, Found};
use crate::selection::{Bound, Selection};
use crate::spec;
use crate::text::{count, printable};

/// Rows that are read, of both windows.
const MAX_ROWS: usize = 20_000;
/// Services whose change the text tells.
const TOLD: usize = 12;

/// Counts cases by service and day.
#[derive(Debug, Clone)]
pub struct GetServiceTrends(pub Cases);

/// The arguments of [`GetServiceTrends`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    /// Days to analyze, in UTC
    #[serde(default = "ninety")]
    #[schemars(range(min = 0, max = 36500))]
    days_back: u32,
}

fn ninety() -> u32 {
    90
}

/// What is needed to answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    days: Days,
    before: Days,
}

impl Asked {
    fn selection(&self) -> Selection {
        let days = Some(self.before.until(&self.days));
        Selection { days, ..Selection::default() }
    }
}

impl Tool for GetServiceTrends {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::querying(
            "get_service_trends",
            "Show how cases of services change",
            "Counts the support cases of the last days_back days (default 90) by service, day and rca_category, \
             newest first, and tells how each service changed against the same number of days before.",
            answer::schema(),
        )
    }

    async fn call(
        &self,
        cx: &CallContext,
        Arguments { days_back }: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let days = Days::back(cx.received_at(), days_back);
        let asked = Asked { before: days.before(), days };
        let Bound { sql, parameters } = asked.selection().cases(&self.0.settings().table, &[]);
        let sql = format!(
            "{sql} SELECT servicecode, substr(timecreated, 1, 10) AS date, count(*) AS case_count, \
             {} AS rca_category FROM cases GROUP BY 1, 2, 4 ORDER BY 2 DESC, 3 DESC, 1, 4 LIMIT {}",
            merged("rca_category", &RCA),
            MAX_ROWS + 1,
        );
        let query = Query { sql, parameters, reuse: self.0.reuse() };
        self.0.ask(cx, query, false, follow::Asked::Trends(asked)).await
    }

    async fn resume(&self, cx: &CallContext, parked: Vec<u8>) -> Result<CallToolResult, ToolError> {
        self.0.resume(cx, &parked).await
    }
}

/// How a service changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Change {
    servicecode: String,
    cases: u64,
    cases_before: u64,
    /// `None` where there were none before.
    change_percent: Option<f64>,
}

pub(crate) async fn answer(
    asked: &Asked,
    mut found: Found<'_>,
) -> Result<CallToolResult, ToolError> {
    let rows = Table::from(found.rows(MAX_ROWS).await?);
    let whole = rows.truncated.is_none();
    let changes = changes(&rows, &asked.days);
    let rows = of_window(rows, &asked.days);
    let newest = rows.rows.first().and_then(|row| rows.cell(row, "date")).map(str::to_owned);
    let mut provenance = found.provenance().await.with_newest(newest);

    let Asked { days, before } = asked;
    let cases: u64 = rows.rows.iter().map(|row| rows.number(row, "case_count")).sum();
    let mut beside = Beside {
        headline: format!("{}, {} to {} (UTC)", count("case", cases), days.first, days.last),
        ..Beside::default()
    };
    beside.members.insert("window".into(), json!(format!("{} to {}", days.first, days.last)));
    beside
        .members
        .insert("window_before".into(), json!(format!("{} to {}", before.first, before.last)));
    if whole {
        for Change { servicecode, cases, cases_before, change_percent } in changes.iter().take(TOLD)
        {
            let change =
                change_percent.map_or("new".to_owned(), |change| format!("{change:+.0} %"));
            let service = printable(servicecode, 60);
            beside
                .headline
                .push_str(&format!("\n{service}: {cases}, before {cases_before} ({change})"));
        }
        beside.members.insert("change".into(), json!(changes));
    } else {
        beside
            .headline
            .push_str("\ntoo many rows to tell how services changed: ask for fewer days");
    }
    if rows.rows.is_empty() {
        let selection = Selection { days: Some(days.clone()), ..Selection::default() };
        let (hints, aside) = found.cases.hints(&selection, found.deadline).await;
        beside.hints = hints;
        provenance = provenance.with_hints_query(aside);
    }
    answer::of(&rows, &beside, found.execution.id.as_str(), &provenance)
}

fn is_in(rows: &Table, row: &[Option<String>], days: &Days) -> bool {
    rows.cell(row, "date").is_some_and(|date| date >= days.first.as_str())
}

fn of_window(mut rows: Table, days: &Days) -> Table {
    let all = std::mem::take(&mut rows.rows);
    rows.rows = all.into_iter().filter(|row| is_in(&rows, row, days)).collect();
    rows
}

/// Of each service, those with most cases first.
fn changes(rows: &Table, days: &Days) -> Vec<Change> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in &rows.rows {
        let service = rows.cell(row, "servicecode").unwrap_or_default();
        let (now, before) = counts.entry(service).or_default();
        let of = if is_in(rows, row, days) { now } else { before };
        *of += rows.number(row, "case_count");
    }
    let mut changes: Vec<Change> = counts
        .into_iter()
        .map(|(service, (cases, cases_before))| Change {
            servicecode: service.to_owned(),
            cases,
            cases_before,
            change_percent: (cases_before > 0).then(|| {
                let change = (cases as f64 - cases_before as f64) * 100.0 / cases_before as f64;
                (change * 10.0).round() / 10.0
            }),
        })
        .collect();
    changes.sort_by_key(|change| std::cmp::Reverse(change.cases.max(change.cases_before)));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_held_against_itself_before() {
        let row = |service: &str, date: &str, cases: &str| {
            vec![Some(service.to_owned()), Some(date.to_owned()), Some(cases.to_owned())]
        };
        let rows = Table {
            columns: ["servicecode", "date", "case_count"].map(str::to_owned).to_vec(),
            rows: vec![
                row("a", "2026-11-02", "2"),
                row("a", "2026-11-01", "1"),
                row("b", "2026-11-01", "1"),
                row("a", "2026-10-31", "2"),
                row("c", "2026-10-30", "4"),
            ],
            ..Table::default()
        };
        let days = Days::between("2026-11-01", "2026-11-30").unwrap();
        let told: Vec<_> = changes(&rows, &days)
            .into_iter()
            .map(|c| (c.servicecode, c.cases, c.cases_before, c.change_percent))
            .collect();
        assert_eq!(
            told,
            [
                ("c".into(), 0, 4, Some(-100.0)),
                ("a".into(), 3, 2, Some(50.0)),
                ("b".into(), 1, 0, None)
            ]
        );
        assert_eq!(of_window(rows, &days).rows.len(), 3);
    }
}
