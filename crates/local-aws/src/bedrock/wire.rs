//! What goes over the wire.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{Prompt, Said};
use crate::sigv4::Refusal;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// What a model writes at most where it is not said.
const MAX_TOKENS: u64 = 4_096;

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Converse {
    messages: Vec<Message>,
    #[serde(default)]
    system: Vec<Block>,
    #[serde(default)]
    inference_config: Inference,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: Vec<Block>,
}

#[derive(Debug, Deserialize)]
struct Block {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Inference {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
}

impl Converse {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Exception> {
        let asked: Self = serde_json::from_slice(body)
            .map_err(|err| Exception::validation(format!("The request cannot be read: {err}")))?;
        let fault = match asked.messages.as_slice() {
            [] => Some("A conversation must have a message."),
            [first, ..] if first.role != "user" => {
                Some("A conversation must start with a user message.")
            }
            messages if messages.iter().any(|message| texts(&message.content).is_empty()) => {
                Some("The text field in the ContentBlock object is blank.")
            }
            _ if asked.inference_config.max_tokens == Some(0) => {
                Some("maxTokens must be at least 1.")
            }
            _ if asked.inference_config.temperature.is_some_and(|t| !(0.0..=1.0).contains(&t)) => {
                Some("temperature must be between 0 and 1.")
            }
            _ => None,
        };
        match fault {
            Some(text) => Err(Exception::validation(text)),
            None => Ok(asked),
        }
    }

    pub(super) fn prompt(&self, model: &str) -> Prompt {
        let user = self.messages.iter().map(|message| texts(&message.content));
        Prompt {
            model: model.to_owned(),
            system: texts(&self.system),
            user: user.collect::<Vec<_>>().join("\n"),
        }
    }

    pub(super) fn max_tokens(&self) -> u64 {
        self.inference_config.max_tokens.unwrap_or(MAX_TOKENS)
    }
}

fn texts(blocks: &[Block]) -> String {
    let texts = blocks.iter().filter_map(|block| block.text.as_deref());
    texts.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// An answer.
pub(super) struct Answer(serde_json::Value);

impl Answer {
    pub(super) fn of(said: Said) -> Self {
        let Said { text, input_tokens, output_tokens, cut } = said;
        Self(json!({
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": if cut { "max_tokens" } else { "end_turn" },
            "usage": {
                "inputTokens": input_tokens,
                "outputTokens": output_tokens,
                "totalTokens": input_tokens + output_tokens,
            },
            "metrics": {"latencyMs": 1},
        }))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Exception {
    status: StatusCode,
    name: &'static str,
    message: String,
}

impl Exception {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into() }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationException", message)
    }

    pub(super) fn throttling() -> Self {
        let text = "Too many requests, please wait before trying again.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", text)
    }

    pub(super) fn denied(model: &str) -> Self {
        let text = format!(
            "User: arn:aws:iam::000000000000:user/local is not authorized to perform: bedrock:InvokeModel on resource: {model} because no identity-based policy allows the bedrock:InvokeModel action"
        );
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", text)
    }

    pub(super) fn no_model(model: &str) -> Self {
        let text =
            format!("Could not resolve the foundation model from the model identifier: {model}");
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", text)
    }

    pub(super) fn model_failed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FAILED_DEPENDENCY, "ModelErrorException", message)
    }

    pub(super) fn model_timed_out() -> Self {
        let text = "Model has timed out in processing the request.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "ModelTimeoutException", text)
    }
}

impl From<Refusal> for Exception {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::FORBIDDEN, refusal.code(), refusal.to_string())
    }
}

impl IntoResponse for Exception {
    fn into_response(self) -> Response {
        let kind = [(ERROR_TYPE, HeaderValue::from_static(self.name))];
        (self.status, kind, Json(json!({"message": self.message}))).into_response()
    }
}
