//! What a server means when it does not answer.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use serde::Deserialize;

use crate::retry::retry_after;
use crate::{Error, Region, WorkspaceId};

/// A refusal in the server's words, and what had been asked.
#[derive(Debug)]
pub(crate) struct Refusal<'a> {
    pub(crate) status: u16,
    /// The name of an AWS exception.
    pub(crate) code: Option<&'a str>,
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) asked: Asked<'a>,
}

/// What had been asked, as far as an error needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The IAM action that would allow it.
    pub(crate) action: &'static str,
    /// Where, when the request was signed.
    pub(crate) region: Option<&'a Region>,
    pub(crate) workspace: Option<&'a WorkspaceId>,
}

/// An error as servers write it: Prometheus' `{"errorType","error"}`, or AWS' `{"message"}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Complaint {
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// The error that an answer with a status other than 2xx means.
pub(crate) fn of_response(response: &Response<Bytes>, asked: Asked<'_>, now: SystemTime) -> Error {
    let status = response.status();
    if status.is_redirection() {
        let location = text_header(response, "location").unwrap_or("nowhere");
        return Error::unexpected(format!("{status}, a redirect to {location}: not followed"));
    }
    let complaint: Complaint = serde_json::from_slice(response.body()).unwrap_or_default();
    let message = complaint
        .error
        .or(complaint.message)
        .unwrap_or_else(|| format!("{status} {}", excerpt(response.body())).trim_end().to_owned());
    // `internal` and `unavailable` are about the server; the others about the query, even with a
    // 503: a query that timed out there would only time out again.
    let about_query = |kind: &str| !matches!(kind, "internal" | "unavailable");
    match complaint.error_type {
        Some(error_type)
            if about_query(&error_type) && !matches!(status.as_u16(), 401 | 403 | 429) =>
        {
            Error::Rejected { error_type, message, status: status.as_u16() }
        }
        _ => Refusal {
            status: status.as_u16(),
            code: text_header(response, "x-amzn-errortype").map(exception),
            message,
            retry_after: text_header(response, "retry-after").and_then(|v| retry_after(v, now)),
            asked,
        }
        .into(),
    }
}

impl From<Refusal<'_>> for Error {
    fn from(refusal: Refusal<'_>) -> Self {
        let Refusal { status, code, message, retry_after, asked } = refusal;
        match (status, code, asked) {
            (429, _, _) | (_, Some("ThrottlingException" | "TooManyRequestsException"), _) => {
                Self::Throttled { message, retry_after }
            }
            (
                _,
                Some("ResourceNotFoundException"),
                Asked { region: Some(region), workspace: Some(workspace), .. },
            ) => Self::WorkspaceNotFound { workspace: workspace.clone(), region: region.clone() },
            (401 | 403, Some(code), _) if is_about_credentials(code) => {
                Self::Credentials { message: format!("{code}: {message}"), source: None }
            }
            (401 | 403, _, Asked { region: Some(_), action, .. }) => {
                Self::Denied { action, message }
            }
            (401 | 403, _, _) => Self::Unauthorized { message },
            (404, None, _) => Self::unexpected(format!("{message}: no Prometheus API there")),
            (400..=499, _, _) => Self::Rejected {
                error_type: code.unwrap_or("bad_request").to_owned(),
                message,
                status,
            },
            (500..=599, _, _) => Self::Unavailable { message, retry_after, source: None },
            _ => Self::unexpected(message),
        }
    }
}

/// Whether AWS does not know or believe who asks, rather than forbids it.
fn is_about_credentials(code: &str) -> bool {
    [
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignature",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClient",
    ]
    .contains(&code.trim_end_matches("Exception"))
}

/// A header of an answer, if it is text.
fn text_header<'a, T>(response: &'a Response<T>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// `com.amazon#ThrottlingException:http://…` → `ThrottlingException`.
fn exception(header: &str) -> &str {
    let name = header.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default()
}

/// The first words of a body that is no JSON, on one line.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..600).unwrap_or(body));
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(200).collect()
}
