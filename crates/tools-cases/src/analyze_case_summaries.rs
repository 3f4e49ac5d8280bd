//! `analyze_case_summaries`: what went wrong in the cases of a time span, in the words of a model
//! that cites them.

mod reading;
mod report;
mod summaries;

use std::time::Duration;

use backend_athena::Query;
use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::answer::Table;
use crate::arguments::{given, services, value};
use crate::cases::Cases;
use crate::days::Days;
use crate::domain::{LIFECYCLE, RCA, SEVERITIES, folded, merged, spellings};
use crate::errors::refused;
use crate::follow::{self, Found};
use crate::provenance::Provenance;
use crate::selection::{Bound, Selection};
use crate::spec;
use report::{Counts, Report};
use summaries::{LEAST, LONGEST, Summary};

/// What is kept of a call's time for the model.
pub(crate) const READING: Duration = Duration::from_secs(15);
/// The longest question.
const QUESTION: usize = 4_000;

/// Analyses summaries of cases.
#[derive(Debug, Clone)]
pub struct AnalyzeCaseSummaries(pub Cases);

/// The arguments of [`AnalyzeCaseSummaries`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    /// First day (YYYY-MM-DD, UTC)
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    start_date: String,
    /// Last day, included
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    end_date: String,
    /// Only this severity
    #[serde(default)]
    #[schemars(with = "Severity")]
    severity_code: Option<String>,
    /// Service code, or an alias such as ec2, s3, lambda
    #[serde(default)]
    service_code: Option<String>,
    /// Only this case: its number or its id
    #[serde(default)]
    case_id: Option<String>,
    /// Only this RCA category
    #[serde(default)]
    rca_category: Option<String>,
    /// Only this lifecycle category
    #[serde(default)]
    lifecycle_category: Option<String>,
    /// What to find out
    #[serde(default = "usual_question")]
    analysis_question: Option<String>,
    /// Most cases to analyze, the gravest first
    #[serde(default = "two_hundred")]
    #[schemars(range(min = 1, max = 5000))]
    max_cases: u32,
}

struct Severity;

impl JsonSchema for Severity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Severity".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": ["low", "normal", "high", "urgent", "critical", null]})
    }
}

fn two_hundred() -> u32 {
    200
}

fn usual_question() -> Option<String> {
    Some("What are the top issues and patterns you see in these cases?".to_owned())
}

/// What is needed to answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    selection: Selection,
    filters: Filters,
    question: String,
    max_cases: u32,
}

/// The filters as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Filters {
    date_range: String,
    severity_code: Option<String>,
    service_code: Option<String>,
    case_id: Option<String>,
    rca_category: Option<String>,
    lifecycle_category: Option<String>,
}

impl Arguments {
    fn asked(self) -> Result<Asked, ToolError> {
        let days = Days::between(&self.start_date, &self.end_date)?;
        let text = |text: &Option<String>| given(text.as_deref()).map(str::to_owned);
        let filters = Filters {
            date_range: format!("{} to {}", days.first, days.last),
            severity_code: text(&self.severity_code),
            service_code: text(&self.service_code),
            case_id: text(&self.case_id),
            rca_category: text(&self.rca_category),
            lifecycle_category: text(&self.lifecycle_category),
        };
        let category = |name: &str, text: &Option<String>| match text {
            Some(text) => Ok::<_, ToolError>(spellings(&value(name, text)?)),
            None => Ok(Vec::new()),
        };
        let case = |text: &String| value("case_id", text);
        let selection = Selection {
            days: Some(days),
            account: None,
            case: filters.case_id.as_ref().map(case).transpose()?,
            services: services(filters.service_code.as_deref())?,
            severity: filters.severity_code.as_deref().map(folded),
            rca: category("rca_category", &filters.rca_category)?,
            lifecycle: category("lifecycle_category", &filters.lifecycle_category)?,
        };
        let question = text(&self.analysis_question).or_else(usual_question).unwrap_or_default();
        if question.chars().count() > QUESTION {
            let text = format!("analysis_question: longer than {QUESTION} characters");
            return Err(refused("too_long", &text, "ask in fewer words"));
        }
        Ok(Asked { selection, filters, question, max_cases: self.max_cases })
    }
}

impl Tool for AnalyzeCaseSummaries {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::querying(
            "analyze_case_summaries",
            "Analyze support cases of a time span",
            "Has a model read the summaries of the support cases from start_date to end_date (UTC, both included) that \
             match the filters, the gravest and newest first, and answer analysis_question: top issues, patterns, \
             severity, recommendations, notable cases. Every claim cites case numbers, which are checked: unknown \
             ones are marked. Says what was left out, and what it cost.",
            report::schema(),
        )
    }

    async fn call(
        &self,
        cx: &CallContext,
        arguments: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let asked = arguments.asked()?;
        let Bound { sql, parameters } = asked.query(&self.0.settings().table);
        let query = Query { sql, parameters, reuse: self.0.reuse() };
        let few = asked.selection.names_partitions();
        self.0.ask(cx, query, few, follow::Asked::Analysis(Box::new(asked))).await
    }

    async fn resume(&self, cx: &CallContext, parked: Vec<u8>) -> Result<CallToolResult, ToolError> {
        self.0.resume(cx, &parked).await
    }
}

impl Asked {
    /// Cases with a usable summary first, of these the gravest, of these the newest. How many there
    /// are in all stands beside each.
    fn query(&self, table: &str) -> Bound {
        let Bound { sql, parameters } = self.selection.cases(table, &["case_summary"]);
        let usable = format!("length(trim(coalesce(case_summary, ''))) > {LEAST}");
        let gravest: String = (1..)
            .zip(SEVERITIES)
            .map(|(rank, name)| format!(" WHEN '{name}' THEN {rank}"))
            .collect();
        let sql = format!(
            "{sql}, ranked AS (SELECT case_number, servicecode, severitycode, timecreated, \
             {} AS rca_category, {} AS lifecycle_category, case_summary, \
             CASE WHEN {usable} THEN 1 ELSE 0 END AS usable, \
             CASE lower(trim(severitycode)){gravest} ELSE 9 END AS gravity FROM cases) \
             SELECT case_number, servicecode, severitycode, timecreated, rca_category, lifecycle_category, \
             substr(trim(case_summary), 1, {}) AS case_summary, usable, count(*) OVER () AS total_found, \
             sum(usable) OVER () AS available FROM ranked \
             ORDER BY usable DESC, gravity, timecreated DESC, case_number LIMIT {}",
            merged("rca_category", &RCA),
            merged("lifecycle_category", &LIFECYCLE),
            // One more than is told, to know whether there is more.
            LONGEST + 1,
            self.max_cases,
        );
        Bound { sql, parameters }
    }
}

pub(crate) async fn answer(
    asked: &Asked,
    mut found: Found<'_>,
) -> Result<CallToolResult, ToolError> {
    let rows = found.rows(asked.max_cases as usize).await?;
    let (summaries, counts) = counted(&Table::from(rows));
    let newest = summaries.iter().map(|summary| summary.date.clone()).max();
    let provenance = found.provenance().await.with_newest(newest);
    let (id, most) = (found.execution.id.as_str(), found.cases.settings().max_input_tokens);
    let mut report = Report::new(asked, counts, provenance, id, most);
    if summaries.is_empty() {
        let later = "the cases were not analysed yet: a summary arrives a day or so later";
        let (hints, aside) = match counts.found {
            0 => found.cases.hints(&asked.selection, found.deadline).await,
            _ => (vec![later.to_owned()], None),
        };
        return report.empty(hints, aside);
    }
    let read = reading::read(found.cases, found.cx, asked, &summaries, found.deadline).await?;
    report.read(read, &summaries);
    report.told()
}

/// The answer of a query that still runs.
pub(crate) fn running(
    cases: &Cases,
    asked: &Asked,
    id: &str,
    handle: &str,
    provenance: Provenance,
) -> Result<CallToolResult, ToolError> {
    let most = cases.settings().max_input_tokens;
    Report::new(asked, Counts::default(), provenance, id, most).running(handle)
}

fn counted(table: &Table) -> (Vec<Summary>, Counts) {
    let of_all = |name: &str| table.rows.first().map_or(0, |row| table.number(row, name));
    let summaries = table.rows.iter().filter_map(|row| Summary::of(table, row)).collect();
    (summaries, Counts { found: of_all("total_found"), available: of_all("available") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::guard;

    fn arguments(json: serde_json::Value) -> Result<Asked, ToolError> {
        serde_json::from_value::<Arguments>(json).unwrap().asked()
    }

    #[test]
    fn filters_are_bound_in_order_and_told_as_given() {
        let asked = arguments(serde_json::json!({
            "start_date": "2026-11-01", "end_date": "2026-11-30", "severity_code": "critical",
            "service_code": "EC2", "rca_category": "quota reached", "lifecycle_category": "",
            "case_id": null, "max_cases": 7,
        }))
        .unwrap();
        let Bound { sql, parameters } = asked.query("case_summary");
        assert_eq!(
            parameters,
            [
                "'2026-11-01'",
                "'2026-12-01'",
                "'amazon-elastic-compute-cloud-linux'",
                "'amazon-elastic-compute-cloud-windows'",
                "'critical'",
                "'limit reached'",
                "'quota reached'",
            ]
        );
        assert!(sql.ends_with("LIMIT 7"), "{sql}");
        assert!(!sql.contains("submittedby"));
        assert!(guard(&sql.replace('?', "''"), 7).is_ok(), "{sql}");
        assert_eq!(asked.filters.rca_category.as_deref(), Some("quota reached"));
        assert_eq!(asked.filters.lifecycle_category, None);
        assert!(asked.question.starts_with("What are the top issues"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (first, last, question) in [
            ("2026-12-01", "2026-11-01", "x".to_owned()),
            ("2026-11-01", "2026-11-02", "x".repeat(4_001)),
        ] {
            let json = serde_json::json!({"start_date": first, "end_date": last, "analysis_question": question});
            assert!(arguments(json).is_err());
        }
    }
}
