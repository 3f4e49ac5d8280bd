//! A model of one's own: any server that speaks the API of OpenAI.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::json;

use super::wire::Exception;
use super::{Prompt, Said};

/// A model on a laptop takes its time.
const PATIENCE: Duration = Duration::from_secs(300);
/// Largest answer, in bytes.
const MAX_BODY: usize = 4 << 20;
/// What the model is called where nobody says.
const UNNAMED: &str = "local-llm";

/// Where a model answers, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Llm {
    /// Without `/v1`, and without a slash at the end.
    base: String,
    model: Option<String>,
}

/// The text is no URL of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the URL of a server that speaks the API of OpenAI, such as http://localhost:11434"
)]
pub struct NotAnLlm;

impl FromStr for Llm {
    type Err = NotAnLlm;

    fn from_str(text: &str) -> Result<Self, NotAnLlm> {
        let url: Uri = text.parse().map_err(|_| NotAnLlm)?;
        let known = matches!(url.scheme_str(), Some("http" | "https"));
        let plain = url.host().is_some_and(|host| !host.is_empty()) && url.query().is_none();
        // A name and a password in it would be in every log.
        let nobody = url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if !(known && plain && nobody) {
            return Err(NotAnLlm);
        }
        let base = text.trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base).to_owned();
        Ok(Self { base, model: None })
    }
}

#[derive(Deserialize)]
struct Models {
    data: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl Llm {
    /// This model of the server; by default its first one.
    #[must_use]
    pub fn with_model(self, model: Option<String>) -> Self {
        Self { model, ..self }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// What it is called at Bedrock.
    pub(crate) fn id(&self) -> &str {
        self.model.as_deref().unwrap_or(UNNAMED)
    }

    pub(super) async fn ask(
        &self,
        https: &https::Client,
        prompt: &Prompt,
        max_tokens: u64,
    ) -> Result<Said, Exception> {
        let asked = async {
            let model = match &self.model {
                Some(model) => model.clone(),
                None => self.first(https).await?,
            };
            let messages = json!([
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ]);
            let body = json!({
                "model": model,
                "messages": messages,
                "temperature": 0,
                "max_tokens": max_tokens,
                "stream": false,
            });
            let request = Request::post(format!("{}/v1/chat/completions", self.base))
                .header(header::CONTENT_TYPE, "application/json")
                .body(Bytes::from(body.to_string()));
            send::<Completion>(https, request).await
        };
        let completion = tokio::time::timeout(PATIENCE, asked)
            .await
            .map_err(|_| Exception::model_timed_out())??;
        let Completion { choices, usage } = completion;
        let choice = choices.into_iter().next();
        let choice = choice.ok_or_else(|| Exception::model_failed("the model said nothing"))?;
        Ok(Said {
            text: choice.message.content.unwrap_or_default(),
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
            cut: choice.finish_reason.as_deref() == Some("length"),
        })
    }

    async fn first(&self, https: &https::Client) -> Result<String, Exception> {
        let request = Request::get(format!("{}/v1/models", self.base)).body(Bytes::new());
        let models: Models = send(https, request).await?;
        let first = models.data.into_iter().next();
        let none = || Exception::model_failed(format!("{} has no model", self.base));
        first.map(|model| model.id).ok_or_else(none)
    }
}

async fn send<T: for<'de> Deserialize<'de>>(
    https: &https::Client,
    request: Result<Request<Bytes>, http::Error>,
) -> Result<T, Exception> {
    let failed = |err: &dyn std::fmt::Display| Exception::model_failed(err.to_string());
    let request = request.map_err(|err| failed(&err))?;
    let answer = https.send(request, MAX_BODY).await.map_err(|err| failed(&err))?;
    match answer.status() {
        StatusCode::OK => serde_json::from_slice(answer.body()).map_err(|err| failed(&err)),
        StatusCode::TOO_MANY_REQUESTS => Err(Exception::throttling()),
        status => Err(failed(&format!("the model's server answers {status}"))),
    }
}
