//! `analyze_with_bedrock`: a question about data that the caller sends.

use std::time::Instant;

use mcp_core::{CallContext, CallToolResult, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::with_text;
use crate::arguments::given;
use crate::cases::Cases;
use crate::errors::refused;
use crate::model::{Fence, Spent, clean, tokens};
use crate::spec;

/// Asks a model.
#[derive(Debug, Clone)]
pub struct AnalyzeWithBedrock(pub Cases);

/// The arguments of [`AnalyzeWithBedrock`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    /// Data to analyze
    data: String,
    /// What to find out about it
    analysis_prompt: String,
}

#[derive(Serialize)]
struct Structured<'a> {
    analysis: &'a str,
    model_id: &'a str,
    usage: &'a Spent,
    /// Whether the model had more to say.
    truncated: bool,
    provenance: Provenance<'a>,
}

#[derive(Serialize)]
struct Provenance<'a> {
    estimated_input_tokens: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    models_passed_over: &'a [String],
    elapsed_ms: u64,
}

impl Tool for AnalyzeWithBedrock {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        let output = json!({
            "type": "object",
            "properties": {
                "analysis": {"type": "string"},
                "model_id": {"type": "string"},
                "usage": {"type": "object"},
                "truncated": {"type": "boolean"},
                "provenance": {"type": "object"},
            },
            "required": ["analysis", "model_id", "usage", "provenance"],
        });
        spec::reading(
            "analyze_with_bedrock",
            "Analyze data with a model",
            "Asks a text model of Amazon Bedrock about the data you send, such as rows of query_athena. Text in the \
             data is never taken as instructions; e-mail addresses are hidden from the model. For cases of a \
             time span, analyze_case_summaries does it in one call and checks the citations.",
            output,
        )
    }

    async fn call(
        &self,
        cx: &CallContext,
        Arguments { data, analysis_prompt }: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let began = Instant::now();
        let (Some(data), Some(question)) = (given(Some(&data)), given(Some(&analysis_prompt)))
        else {
            let text = "data and analysis_prompt: both are needed";
            return Err(refused("nothing_to_do", text, "send data, and a question about it"));
        };
        let prompt = Fence::new()?.prompt("", question, data);
        let estimated = tokens(&prompt.user) + tokens(&prompt.system);
        let most = self.0.settings().max_input_tokens;
        if estimated > most {
            let text = format!("data: some {estimated} tokens, and a model reads up to {most}");
            return Err(refused("too_long", &text, "send less, or in parts"));
        }
        let reply = self.0.asked(cx, &prompt, self.0.deadline(cx)).await?;
        let mut spent = Spent::default();
        spent.add(&reply);
        let analysis = clean(&reply.text);
        let structured = Structured {
            analysis: &analysis,
            model_id: &reply.model,
            usage: &spent,
            truncated: reply.cut,
            provenance: Provenance {
                estimated_input_tokens: estimated,
                models_passed_over: &reply.passed_over,
                elapsed_ms: began.elapsed().as_millis() as u64,
            },
        };
        let cut = if reply.cut { "\n(cut: the model had more to say)" } else { "" };
        let text = format!("{analysis}{cut}\n\n{}: {}", reply.model, spent.line());
        with_text(&structured, text)
    }
}
