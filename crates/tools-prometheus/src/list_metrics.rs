//! `ListMetrics`: the names of the metrics, all or some; in text a map of them.

use std::borrow::Cow;
use std::fmt::Write as _;

use backend_amp::{LabelName, LabelValues, Prometheus};
use mcp_core::{CallContext, CallToolResult, Content, Tool, ToolError, ToolSpec};
use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::arguments::{Nullable, profile_notice, seal, unseal};
use crate::budget::Truncated;
use crate::errors::tool_error;
use crate::names;
use crate::place::{deadline, of_caller, target};
use crate::provenance::Provenance;
use crate::spec;
use crate::text::{count, printable};

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// Lists the names of the metrics.
#[derive(Debug, Clone)]
pub struct ListMetrics(pub Prometheus);

/// The arguments of [`ListMetrics`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
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
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pattern: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "at_least_one")]
    limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cursor: Option<String>,
}

fn at_least_one(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer", "minimum": 1})
}

/// The list goes on after this name. Names are sorted, so new ones disturb nothing.
#[derive(Debug, Serialize, Deserialize)]
struct After(String);

/// All names as they came, or those that were chosen.
#[derive(Serialize)]
#[serde(untagged)]
enum Metrics<'a> {
    All(&'a RawValue),
    Some(&'a [&'a str]),
}

#[derive(Serialize)]
struct Structured<'a> {
    metrics: Metrics<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    infos: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<&'a Truncated>,
    provenance: Provenance<'a>,
}

impl Tool for ListMetrics {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        let output = json!({
            "type": "object",
            "properties": {"metrics": {"type": "array", "items": {"type": "string"}}},
            "required": ["metrics"]
        });
        spec::reading(
            "ListMetrics",
            "List metrics",
            "Lists metric names, sorted; the text is a map of prefixes with counts. Narrow with prefix, match (regex, \
             unanchored) or limit. If no workspace is known, call GetAvailableWorkspaces and ask the user first.",
            output,
        )
        .with_example(r#"{"prefix":"http","limit":10}"#)
    }

    async fn call(
        &self,
        cx: &CallContext,
        mut arguments: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let cursor = arguments.cursor.take();
        let after: Option<After> =
            cursor.map(|cursor| unseal(cx, &arguments, &cursor)).transpose()?;
        let Arguments { workspace_id, region, profile, pattern, prefix, limit, .. } = &arguments;
        let pattern = pattern.as_deref().map(compile).transpose()?;

        let prometheus = of_caller(&self.0, cx)?;
        let target = target(&prometheus, cx, workspace_id.as_deref(), region.as_deref()).await?;
        let label = LabelName::metric();
        let asked = LabelValues { label: &label, matchers: &[], start_ms: None, end_ms: None };
        let failed = |err| tool_error(&err, None);
        let said = prometheus.label_values(&target, &asked, deadline(cx)).await.map_err(failed)?;
        let result = said.parse().map_err(failed)?;

        let mut all: Vec<&str> = result.values.iter().map(AsRef::as_ref).collect();
        let sorted = all.is_sorted();
        if !sorted {
            all.sort_unstable();
        }
        let known = all.len();
        all.retain(|name| {
            prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
                && pattern.as_ref().is_none_or(|pattern| pattern.is_match(name))
        });
        let total = all.len();
        let start =
            after.map_or(0, |After(last)| all.partition_point(|name| *name <= last.as_str()));
        let rest = &all[start..];
        let given = &rest[..limit.unwrap_or(usize::MAX).min(rest.len())];
        let truncated = (given.len() < total).then(|| {
            let last = given.last().filter(|_| given.len() < rest.len());
            let next = last.map(|last| seal(cx, &arguments, &After((*last).to_owned())));
            next.transpose().map(|next| Truncated {
                returned: given.len(),
                total,
                rule: format!("{} to {} by name", start + 1, start + given.len()),
                next,
            })
        });
        let truncated = truncated.transpose()?;

        let notice = profile_notice(profile.as_deref());
        let mut text = String::new();
        for (kind, notes) in [("warning", &result.warnings), ("info", &result.infos)] {
            for note in notes {
                let _ = writeln!(text, "{kind}: {}", printable(note, 400));
            }
        }
        if let Some(notice) = &notice {
            let _ = writeln!(text, "notice: {notice}");
        }
        let _ = match total == known {
            true => writeln!(text, "{}", count("metric", total)),
            false => writeln!(text, "{} of {} match", total, count("metric", known)),
        };
        let overview = names::overview(given);
        if !overview.is_empty() {
            let _ = writeln!(text, "{overview}");
        }
        if let Some(Truncated { returned, rule, next, .. }) = &truncated {
            let _ = write!(text, "given: {} ({rule})", count("name", *returned));
            if let Some(cursor) = next {
                let _ = write!(text, "; the next come with cursor={cursor}");
            }
        } else if given.len() > 36 {
            text.push_str("All names are in the structured result; narrow with prefix or match.");
        }

        let structured = Structured {
            metrics: match sorted && given.len() == known && known > 0 {
                true => Metrics::All(result.json),
                false => Metrics::Some(given),
            },
            warnings: &result.warnings,
            infos: &result.infos,
            notice: notice.as_deref(),
            truncated: truncated.as_ref(),
            provenance: Provenance::of(&target, said.stats),
        };
        Ok(CallToolResult {
            content: vec![Content::text(text.trim_end())],
            structured: Some(to_raw_value(&structured).map_err(ToolError::internal)?),
            abridged: true,
            is_error: false,
        })
    }
}

fn compile(pattern: &str) -> Result<Regex, ToolError> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build().map_err(|err| {
        // The crate draws the pattern over several lines; the last one says what is wrong.
        let said = err.to_string();
        let last = said.lines().last().unwrap_or_default();
        let (pattern, reason) = (printable(pattern, 80), last.trim_start_matches("error: "));
        ToolError::failed(format!(
            "match: `{pattern}` is not a regular expression: {reason}\nretryable: no"
        ))
    })
}
