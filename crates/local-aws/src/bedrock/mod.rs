//! Amazon Bedrock Runtime: `Converse`, answered by a model of one's own or by picked sentences.
//!
//! With an [`Llm`] a server that speaks the API of OpenAI is asked (Ollama, llama.cpp). Without,
//! sentences are picked from what is to be read, and the answer says so.
//! Requests must be signed.
//! See <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.

mod control;
mod extract;
mod llm;
mod rank;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use service_kit::clock::Clock;

pub use control::{Control, Prompt};
pub use llm::{Llm, NotAnLlm};
use wire::{Answer, Converse, Exception};

use crate::sigv4::Verifier;

/// The id of the model that is none.
pub(crate) const EXTRACTIVE: &str = "local-extractive";
/// Largest body of a request, in bytes.
const MAX_BODY: usize = 8 << 20;

/// What the service answers from.
#[derive(Debug)]
pub(crate) struct Bedrock {
    pub(crate) verifier: Verifier,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) llm: Option<Llm>,
    pub(crate) https: https::Client,
    pub(crate) control: Arc<Control>,
}

/// What a model said, and the tokens it took.
struct Said {
    text: String,
    input_tokens: u64,
    output_tokens: u64,
    cut: bool,
}

pub(crate) fn router(bedrock: Arc<Bedrock>) -> Router {
    Router::new().route("/model/{id}/converse", post(converse)).with_state(bedrock)
}

async fn converse(
    State(bedrock): State<Arc<Bedrock>>,
    Path(model): Path<String>,
    request: Request,
) -> Response {
    match bedrock.answer(&model, request).await {
        Ok(answer) => answer.into_response(),
        Err(exception) => exception.into_response(),
    }
}

impl Bedrock {
    async fn answer(&self, model: &str, request: Request) -> Result<Answer, Exception> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, MAX_BODY)
            .await
            .map_err(|_| Exception::validation(format!("A request may have {MAX_BODY} bytes.")))?;
        self.verifier.verify(&parts, &body, self.clock.unix_ms())?;
        let asked = Converse::parse(&body)?;
        let prompt = asked.prompt(model);
        self.control.asked(prompt.clone());
        self.control.refuse(model)?;
        tokio::time::sleep(self.control.slowness()).await;
        let said = match (self.control.scripted(), &self.llm) {
            (Some(text), _) => Said::of(&prompt, text, asked.max_tokens()),
            (None, Some(llm)) if llm.id() == model => {
                llm.ask(&self.https, &prompt, asked.max_tokens()).await?
            }
            (None, _) if model == EXTRACTIVE => {
                Said::of(&prompt, extract::answer(&prompt.user), asked.max_tokens())
            }
            _ => return Err(Exception::no_model(model)),
        };
        Ok(Answer::of(said))
    }
}

impl Said {
    /// A text that cost nothing, cut as a model's would be.
    fn of(prompt: &Prompt, text: String, max_tokens: u64) -> Self {
        let tokens = |text: &str| text.chars().count().div_ceil(4) as u64;
        let most = usize::try_from(max_tokens.saturating_mul(4)).unwrap_or(usize::MAX);
        let cut = text.chars().count() > most;
        let text: String = text.chars().take(most).collect();
        Self {
            input_tokens: tokens(&prompt.system) + tokens(&prompt.user),
            output_tokens: tokens(&text),
            text,
            cut,
        }
    }
}

#[cfg(test)]
mod tests;
