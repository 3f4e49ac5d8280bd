//! What DynamoDB answers, read strictly.

use std::collections::HashMap;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny};

use crate::Error;
use crate::grants::{Question, Settings};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    responses: HashMap<String, Vec<Record>>,
    #[serde(default)]
    unprocessed_keys: HashMap<String, IgnoredAny>,
}

/// Of a client, of what is left of one, or of a grant.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    client_id: Text<String>,
    status: Text<Status>,
    expires_at: Option<Number>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    /// A client.
    Deleted,
    /// A grant.
    Revoked,
}

#[derive(Deserialize)]
struct Text<T> {
    #[serde(rename = "S")]
    is: T,
}

#[derive(Deserialize)]
struct Number {
    #[serde(rename = "N", deserialize_with = "from_text")]
    is: i64,
}

/// A number is a text in JSON.
fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

impl Record {
    fn is_active(&self) -> bool {
        self.status.is == Status::Active
    }
}

/// Whether it holds at `now`, in seconds since 1970.
pub(crate) fn holds(
    json: &[u8],
    question: Question<'_>,
    settings: &Settings,
    now: i64,
) -> Result<bool, Error> {
    let answer: Answer =
        serde_json::from_slice(json).map_err(|err| Error::UnexpectedReply(err.to_string()))?;
    if !answer.unprocessed_keys.is_empty() {
        return Err(Error::unavailable("it answers in part only, as it throttles"));
    }
    let mut found = answer.responses;
    let mut record = |table| found.remove(table).and_then(|mut records| records.pop());
    let client = record(&settings.clients);
    Ok(match question.grant {
        // Not every client is kept: some are configured, some are known by their documents.
        None => client.is_none_or(|client| {
            client.is_active() && client.expires_at.is_none_or(|end| end.is > now)
        }),
        Some(_) => {
            let grant = record(&settings.refresh_tokens).is_some_and(|grant| {
                grant.is_active()
                    && grant.client_id.is == question.client
                    && grant.expires_at.is_some_and(|end| end.is > now)
            });
            grant && client.is_none_or(|client| client.is_active())
        }
    })
}

/// An answer that is an error: `{"__type": "…#NameOfTheException", "message": "…"}`.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    // Both are sent.
    #[serde(default, alias = "Message")]
    message: String,
}

/// Why DynamoDB gives no records.
pub(crate) fn refusal(answer: &Response<Bytes>) -> Error {
    let status = answer.status();
    let Ok(Refusal { kind, message }) = serde_json::from_slice(answer.body()) else {
        return match status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            true => Error::unavailable(status.to_string()),
            false => Error::UnexpectedReply(status.to_string()),
        };
    };
    let code = kind.rsplit('#').next().unwrap_or_default();
    if status.is_server_error() || passes(code) {
        return Error::unavailable(format!("{code}: {message}"));
    }
    Error::Rejected { code: code.to_owned(), message }
}

/// Whether another try may go better: too much is asked.
fn passes(code: &str) -> bool {
    ["ProvisionedThroughputExceeded", "RequestLimitExceeded", "Throttling"]
        .contains(&code.trim_end_matches("Exception"))
}
