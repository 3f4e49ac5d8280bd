//! Bedrock in one region, and the models to ask there.

use std::sync::Arc;
use std::time::Instant;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_json::{Call, Service, Stats};
use service_kit::clock::Clock;
use sigv4::Kept;

use crate::converse::{Request, Response, path};
use crate::{Error, Model, Usage};

/// The biggest answer that is read, in bytes.
const MAX_BODY: usize = 4 << 20;
/// How often a model that throttles is asked while there is another one.
const TRIES: u32 = 2;

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The models, in the order in which they are tried.
    pub models: Vec<Model>,
    /// Where Bedrock is, when not at AWS.
    pub endpoint: Option<String>,
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What holds whatever is said to it.
    pub system: String,
    /// What is said to it.
    pub user: String,
    /// The most tokens it may write.
    pub max_tokens: u32,
}

/// What a model wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The text.
    pub text: String,
    /// Which model wrote it, as it was configured.
    pub model: String,
    /// The tokens it took.
    pub usage: Usage,
    /// What they cost, in US dollars, where the price is known.
    pub usd: Option<f64>,
    /// Whether it had more to say than it was allowed.
    pub cut: bool,
    /// The models that were tried before and did not answer.
    pub passed_over: Vec<String>,
}

/// Text models of Bedrock. Cheap to clone; clones share connections and credentials.
#[derive(Debug, Clone)]
pub struct Bedrock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    models: Vec<Model>,
    service: Service,
}

impl Bedrock {
    /// Does no I/O: everything is made when a model is asked.
    #[must_use]
    pub fn new(
        settings: Settings,
        https: https::Client,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let Settings { region, models, endpoint } = settings;
        let settings = aws_json::Settings {
            signs_as: "bedrock",
            host: "bedrock-runtime",
            region,
            endpoint,
            max_body: MAX_BODY,
        };
        let service = Service::new(settings, https, Kept::new(credentials, clock));
        Self(Arc::new(Inner { models, service }))
    }

    /// The models, in the order in which they are tried.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.0.models
    }

    /// Asks the first model that answers. One that throttles is left for the next one, the last one
    /// is asked until the deadline. What it cost is added to `stats`.
    ///
    /// # Errors
    /// What the last one said, or, where that cannot pass, what may: throttling and outages of
    /// others. [`Error::Rejected`] at once, as the others would not take the prompt either.
    pub async fn converse(
        &self,
        prompt: &Prompt,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<Reply, Error> {
        let mut passed_over = Vec::new();
        let mut failed: Option<Error> = None;
        let body = serde_json::to_vec(&Request::from(prompt)).map_err(unwritable)?;
        for (at, model) in self.0.models.iter().enumerate() {
            let is_last = at + 1 == self.0.models.len();
            let call = Call {
                operation: "Converse",
                path: path(&model.id),
                target: None,
                body: body.clone().into(),
                throttled: (!is_last).then_some(TRIES),
            };
            let answered = self.0.service.ask::<Response>(&call, deadline, stats).await;
            match answered.map_err(|err| Error::of_model(err, &model.id)) {
                Ok(response) => return reply(model, response, passed_over),
                Err(err) if err.is_of_one_model() => {
                    passed_over.push(model.id.clone());
                    failed = match failed {
                        Some(earlier) if earlier.is_retryable() && !err.is_retryable() => {
                            Some(earlier)
                        }
                        _ => Some(err),
                    };
                }
                Err(err) => return Err(err),
            }
        }
        Err(failed.unwrap_or(Error::NoModels))
    }
}

fn reply(model: &Model, response: Response, passed_over: Vec<String>) -> Result<Reply, Error> {
    let (usage, reason) = (response.usage(), response.stop_reason.clone());
    let text = response.into_text();
    if text.trim().is_empty() {
        return Err(Error::Empty { model: model.id.clone(), reason });
    }
    Ok(Reply {
        text,
        model: model.id.clone(),
        usage,
        usd: model.price.map(|price| price.of(usage)),
        cut: reason == "max_tokens",
        passed_over,
    })
}

fn unwritable(err: serde_json::Error) -> Error {
    Error::Service(aws_json::Error::Unexpected {
        message: "the request could not be written".to_owned(),
        source: Some(err.into()),
    })
}
