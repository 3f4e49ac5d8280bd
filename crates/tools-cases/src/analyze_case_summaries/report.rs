//! The report: one shape, whether or not there are cases.

use mcp_core::{CallToolResult, ToolError};
use serde::Serialize;
use serde_json::{Value, json};

use super::reading::Read;
use super::summaries::{LONGEST, Summary};
use super::{Asked, Filters};
use crate::answer::{DATA, with_text};
use crate::model::Spent;
use crate::model::citations::Citations;
use crate::provenance::{Aside, Provenance};
use crate::text::count;

/// Cases that are named in the report.
const SAMPLES: usize = 5;

/// How many cases there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// That match the filters.
    pub(super) found: u64,
    /// That have a usable summary.
    pub(super) available: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Report {
    filters_applied: Filters,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    service_codes_used: Vec<String>,
    total_cases_found: u64,
    summaries_available: u64,
    summaries_analyzed: usize,
    token_management: Tokens,
    analysis_question: String,
    analysis: String,
    model_used: Option<String>,
    citations: Citations,
    usage: Spent,
    sample_cases: Vec<Sample>,
    query_execution_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
    provenance: Provenance,
}

#[derive(Debug, Serialize)]
struct Tokens {
    estimated_input_tokens: usize,
    max_input_tokens: usize,
    /// Whether summaries that there are were not read.
    truncated: bool,
    summaries_left_out: u64,
    summaries_shortened: usize,
    max_summary_chars: usize,
}

#[derive(Debug, Serialize)]
struct Sample {
    case_number: String,
    service: String,
    severity: String,
    rca_category: String,
    date: String,
}

impl Report {
    /// Of cases that no model has read yet.
    pub(super) fn new(
        asked: &Asked,
        counts: Counts,
        provenance: Provenance,
        id: &str,
        max_input_tokens: usize,
    ) -> Self {
        Self {
            filters_applied: asked.filters.clone(),
            service_codes_used: asked.selection.services.clone(),
            total_cases_found: counts.found,
            summaries_available: counts.available,
            summaries_analyzed: 0,
            token_management: Tokens {
                estimated_input_tokens: 0,
                max_input_tokens,
                truncated: false,
                summaries_left_out: 0,
                summaries_shortened: 0,
                max_summary_chars: LONGEST,
            },
            analysis_question: asked.question.clone(),
            analysis: String::new(),
            model_used: None,
            citations: Citations::default(),
            usage: Spent::default(),
            sample_cases: Vec::new(),
            query_execution_id: id.to_owned(),
            status: "succeeded",
            handle: None,
            hints: Vec::new(),
            provenance,
        }
    }

    pub(super) fn read(&mut self, read: Read, summaries: &[Summary]) {
        let analyzed = &summaries[..read.analyzed.min(summaries.len())];
        self.summaries_analyzed = read.analyzed;
        let left_out = self.summaries_available.saturating_sub(read.analyzed as u64);
        let tokens = &mut self.token_management;
        tokens.estimated_input_tokens = read.estimated_tokens;
        tokens.truncated = left_out > 0;
        tokens.summaries_left_out = left_out;
        tokens.summaries_shortened = analyzed.iter().filter(|summary| summary.shortened).count();
        self.analysis = read.analysis;
        self.model_used = Some(read.model);
        self.usage = read.spent;
        let mut warnings = read.warnings;
        if let unknown @ [_, ..] = &read.citations.unknown[..] {
            warnings.push(format!(
                "the analysis names cases that it was not given: {}; what it says of them is made up",
                unknown.join(", ")
            ));
        }
        self.citations = read.citations;
        self.sample_cases = analyzed.iter().take(SAMPLES).map(Sample::from).collect();
        let provenance = self.provenance.clone();
        self.provenance = provenance.with_warnings(warnings);
    }

    /// Without a case, or without one that can be read.
    pub(super) fn empty(
        mut self,
        hints: Vec<String>,
        aside: Option<Aside>,
    ) -> Result<CallToolResult, ToolError> {
        let what = match self.total_cases_found {
            0 => "No cases match the filters.".to_owned(),
            n => format!("{} found, none with a summary to analyze.", count("case", n)),
        };
        self.analysis = what;
        self.hints = hints;
        self.provenance = self.provenance.with_hints_query(aside);
        self.told()
    }

    /// While the query runs on.
    pub(super) fn running(mut self, handle: &str) -> Result<CallToolResult, ToolError> {
        self.status = "running";
        self.handle = Some(handle.to_owned());
        self.analysis = format!(
            "The query still runs. Call get_query_results with handle={handle} to go on waiting for it."
        );
        self.told()
    }

    pub(super) fn told(self) -> Result<CallToolResult, ToolError> {
        let mut text = self.analysis.clone();
        for hint in &self.hints {
            text.push_str(&format!("\n- {hint}"));
        }
        if let Some(model) = &self.model_used {
            let Self { total_cases_found, summaries_available, summaries_analyzed, .. } = &self;
            text.push_str(&format!(
                "\n\n{DATA}\n{summaries_analyzed} of {summaries_available} summaries read, of {}, {}; \
                 {} cited, {} unknown\n{model}: {}",
                count("case", *total_cases_found),
                self.filters_applied.date_range,
                self.citations.cases_cited,
                self.citations.unknown.len(),
                self.usage.line(),
            ));
            let left_out = self.token_management.summaries_left_out;
            if left_out > 0 {
                text.push_str(&format!(
                    "\n{} left out, the least grave and oldest: raise max_cases, or narrow the filters",
                    count("summary", left_out).replace("summarys", "summaries"),
                ));
            }
        }
        text.push_str(&format!("\n{}", self.provenance.line()));
        with_text(&self, text)
    }
}

impl From<&Summary> for Sample {
    fn from(summary: &Summary) -> Self {
        let Summary { number, service, severity, category, date, .. } = summary.clone();
        Self { case_number: number, service, severity, rca_category: category, date }
    }
}

pub(super) fn schema() -> Value {
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
    let optional = json!({"type": ["string", "null"]});
    json!({
        "type": "object",
        "properties": {
            "filters_applied": {"type": "object"},
            "total_cases_found": number,
            "summaries_available": number,
            "summaries_analyzed": number,
            "token_management": {"type": "object"},
            "analysis_question": text,
            "analysis": text,
            "model_used": optional,
            "citations": {"type": "object"},
            "usage": {"type": "object"},
            "sample_cases": {"type": "array", "items": {"type": "object"}, "maxItems": SAMPLES},
            "query_execution_id": text,
            "status": {"enum": ["succeeded", "running"]},
            "handle": text,
            "provenance": {"type": "object"},
        },
        "required": [
            "filters_applied", "total_cases_found", "summaries_available", "summaries_analyzed",
            "token_management", "analysis_question", "analysis", "model_used", "sample_cases",
            "query_execution_id", "status", "provenance",
        ],
    })
}
