//! A model reads the summaries: all of them at once, or, where they are too many, in parts, whose
//! answers it then puts together.

use std::collections::BTreeSet;
use std::time::Instant;

use backend_bedrock::Reply;
use futures_util::future::join_all;
use mcp_core::{CallContext, ToolError};

use super::Asked;
use super::summaries::{Summary, parts};
use crate::cases::Cases;
use crate::model::citations::{Citations, checked};
use crate::model::{Fence, Spent, clean, tokens};

/// Tokens of rules, question and fence around the summaries.
const AROUND: usize = 2_000;
/// The most parts that are read; more would take longer than a call has.
const MAX_PARTS: usize = 8;

const RULES: &str = "\n\nEvery statement about cases cites the numbers of the cases it rests on, in the \
    form [case 123456789012]. Cite only numbers with which a case in the data begins. Count exactly, or \
    say that you estimate.";

const SECTIONS: &str = "\n\nAnswer with these sections: Top issues; Patterns and trends (causes, \
    services, timing); Severity; Recommendations; Notable cases. Be specific and brief.";

/// What a model found.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) analysis: String,
    pub(super) model: String,
    pub(super) spent: Spent,
    pub(super) citations: Citations,
    /// How many summaries it has read.
    pub(super) analyzed: usize,
    pub(super) estimated_tokens: usize,
    pub(super) warnings: Vec<String>,
}

/// # Errors
/// [`ToolError::Failed`] when no part could be read, or the parts not put together.
pub(super) async fn read(
    cases: &Cases,
    cx: &CallContext,
    asked: &Asked,
    summaries: &[Summary],
    deadline: Instant,
) -> Result<Read, ToolError> {
    let most = cases.settings().max_input_tokens;
    let mut parts = parts(summaries, most.saturating_sub(AROUND).max(most / 2));
    parts.truncate(MAX_PARTS);
    let whole: usize = parts.iter().map(|(text, _)| tokens(text)).sum();
    let mut read = Read {
        analysis: String::new(),
        model: String::new(),
        spent: Spent::default(),
        citations: Citations::default(),
        analyzed: 0,
        estimated_tokens: whole + AROUND * parts.len(),
        warnings: Vec::new(),
    };
    let reply = match parts.as_slice() {
        [(text, count)] => {
            read.analyzed = *count;
            let told = context(asked, *count);
            let question = format!("{told}\n{}{SECTIONS}", asked.question);
            let prompt = Fence::new()?.prompt(RULES, &question, text);
            cases.asked(cx, &prompt, deadline).await?
        }
        parts => {
            let partial = in_parts(cases, cx, asked, parts, deadline, &mut read).await?;
            put_together(cases, cx, asked, &partial, deadline, &mut read).await?
        }
    };
    take(&mut read, &reply);
    let known: BTreeSet<&str> = summaries.iter().map(|summary| summary.number.as_str()).collect();
    let is_in_input = |number: &str| summaries.iter().any(|summary| summary.text.contains(number));
    let (analysis, citations) = checked(&clean(&reply.text), &known, is_in_input);
    (read.analysis, read.citations) = (analysis, citations);
    Ok(read)
}

fn take(read: &mut Read, reply: &Reply) {
    read.spent.add(reply);
    read.model.clone_from(&reply.model);
    if reply.cut {
        read.warnings.push("the model had more to say than it was allowed".to_owned());
    }
    if let Some(first) = reply.passed_over.first() {
        let warning = format!("{first} did not answer, {} did", reply.model);
        if !read.warnings.contains(&warning) {
            read.warnings.push(warning);
        }
    }
}

/// The answers for each part: all of them at a time, as a call has little.
async fn in_parts(
    cases: &Cases,
    cx: &CallContext,
    asked: &Asked,
    parts: &[(String, usize)],
    deadline: Instant,
    read: &mut Read,
) -> Result<String, ToolError> {
    // Some time is left for putting them together.
    let until = Instant::now() + deadline.saturating_duration_since(Instant::now()).mul_f64(0.6);
    let mut prompts = Vec::with_capacity(parts.len());
    for (at, (text, count)) in parts.iter().enumerate() {
        let question = format!(
            "{} This is part {} of {}: answer for these cases only, in 500 words at most.\n{}",
            context(asked, *count),
            at + 1,
            parts.len(),
            asked.question
        );
        prompts.push(Fence::new()?.prompt(RULES, &question, text));
    }
    let replies = join_all(prompts.iter().map(|prompt| cases.asked(cx, prompt, until))).await;
    let (mut partial, mut failed, mut lost) = (String::new(), None, 0);
    for (reply, (_, count)) in replies.into_iter().zip(parts) {
        match reply {
            Ok(reply) => {
                take(read, &reply);
                read.analyzed += count;
                partial.push_str(&format!("Of {count} cases:\n{}\n\n", reply.text));
            }
            Err(err) => {
                lost += count;
                failed = Some(err);
            }
        }
    }
    match failed {
        Some(err) if read.analyzed == 0 => Err(err),
        Some(_) => {
            read.warnings
                .push(format!("{lost} cases could not be read in time: they are left out"));
            Ok(partial)
        }
        None => Ok(partial),
    }
}

async fn put_together(
    cases: &Cases,
    cx: &CallContext,
    asked: &Asked,
    partial: &str,
    deadline: Instant,
    read: &mut Read,
) -> Result<Reply, ToolError> {
    let question = format!(
        "{} The data are answers that were given for parts of them. Put them together into one, and keep \
         their citations.\n{}{SECTIONS}",
        context(asked, read.analyzed),
        asked.question
    );
    // What a model wrote about data is as little to be trusted as the data.
    let prompt = Fence::new()?.prompt(RULES, &question, partial);
    read.estimated_tokens += tokens(&prompt.user);
    cases.asked(cx, &prompt, deadline).await
}

/// What the cases are, for the model. What was filtered by is the caller's own word.
fn context(asked: &Asked, count: usize) -> String {
    let filters = &asked.filters;
    let named = [
        ("severity", &filters.severity_code),
        ("service", &filters.service_code),
        ("cause", &filters.rca_category),
        ("practice", &filters.lifecycle_category),
    ];
    let named: String = named
        .iter()
        .filter_map(|(name, value)| Some(format!(", {name} {}", value.as_ref()?)))
        .collect();
    format!("These are {count} AWS support cases from {}{named}.", filters.date_range)
}
