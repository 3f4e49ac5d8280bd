//! What can go wrong, told apart by what the caller can do about it.

use std::time::Duration;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The prompt is not taken: it must be changed.
    #[error("the model {model} refused the prompt: {message}")]
    Rejected {
        /// Which model.
        model: String,
        /// Bedrock's own words.
        message: String,
    },
    /// The role may not ask the model, or the account has no access to it.
    #[error("access denied, {action} is needed: {message}")]
    Denied {
        /// The IAM action, and on what: `bedrock:InvokeModel on m`.
        action: String,
        /// AWS' own words; they name roles and accounts.
        message: String,
    },
    /// There is no such model in the region, or it cannot be asked in this way.
    #[error("the model {model} cannot be asked: {message}")]
    NoModel {
        /// Which model.
        model: String,
        /// Bedrock's own words.
        message: String,
    },
    /// No model is configured.
    #[error("no model is configured")]
    NoModels,
    /// The model wrote nothing.
    #[error("the model {model} gave no text: {reason}")]
    Empty {
        /// Which model.
        model: String,
        /// Why it stopped, in Bedrock's words.
        reason: String,
    },
    /// AWS did not answer, or not as it does.
    #[error(transparent)]
    Service(#[from] aws_json::Error),
}

impl Error {
    /// Whether the same call may succeed a little later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Service(err) if err.is_retryable())
    }

    /// How long the service asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Service(err) => err.retry_after(),
            _ => None,
        }
    }

    /// A word for logs and metrics, without anything of the request.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "rejected",
            Self::Denied { .. } => "denied",
            Self::NoModel { .. } => "no_model",
            Self::NoModels => "no_models",
            Self::Empty { .. } => "empty",
            Self::Service(err) => err.kind(),
        }
    }

    /// What it means that asking `model` failed so.
    pub(crate) fn of_model(err: aws_json::Error, model: &str) -> Self {
        use aws_json::Error as Aws;
        let model = model.to_owned();
        match err {
            Aws::Denied { message } => Self::Denied { action: missing(&message, &model), message },
            Aws::Refused { code, message } => match code.as_str() {
                "ResourceNotFoundException" => Self::NoModel { model, message },
                "ModelTimeoutException" | "ModelErrorException" => {
                    Self::Service(Aws::Unavailable { message, source: None })
                }
                _ if is_of_model(&message) => Self::NoModel { model, message },
                _ => Self::Rejected { model, message },
            },
            other => Self::Service(other),
        }
    }

    /// Whether another model may answer what this one did not.
    pub(crate) fn is_of_one_model(&self) -> bool {
        match self {
            Self::Denied { .. } | Self::NoModel { .. } => true,
            Self::Service(err) => matches!(
                err,
                aws_json::Error::Throttled { .. } | aws_json::Error::Unavailable { .. }
            ),
            Self::Rejected { .. } | Self::NoModels | Self::Empty { .. } => false,
        }
    }
}

/// Whether a refusal is about the model and not about what it was asked.
fn is_of_model(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["model identifier", "on-demand throughput", "end of its life", "inference profile"]
        .iter()
        .any(|words| message.contains(words))
}

/// What is needed: a role needs the action on the inference profile and on the models that it
/// leads to, in each of its regions; an account needs to have asked for access to some models.
fn missing(message: &str, model: &str) -> String {
    let named = message.split_once("not authorized to perform: ").map(|(_, rest)| rest);
    let action = named.and_then(|rest| rest.split_whitespace().next());
    match action.filter(|action| action.contains(':')) {
        None if message.contains("access to the model") => {
            format!("access of the account to the model {model} (Bedrock, model access)")
        }
        action => format!(
            "{} on {model}, and, of an inference profile, on the models it leads to in each region",
            action.unwrap_or("bedrock:InvokeModel").trim_end_matches(['.', ','])
        ),
    }
}
