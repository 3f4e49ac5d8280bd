//! Why there is no answer, told apart by what can be done about it.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;

/// Any error that is kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service understood and refused: the same again gives the same.
    #[error("{code}: {message}")]
    Refused {
        /// The name of the exception, such as `InvalidRequestException`.
        code: String,
        /// The service's own words.
        message: String,
    },
    /// The role may not do it.
    #[error("access denied: {message}")]
    Denied {
        /// AWS' own words; they name roles and accounts.
        message: String,
    },
    /// Too many requests, after the retries that fit.
    #[error("throttled: {message}")]
    Throttled {
        /// The service's own words.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The service failed or cannot be reached, after the retries that fit.
    #[error("unavailable: {message}")]
    Unavailable {
        /// The service's own words, or what could not be done.
        message: String,
        /// The network's failure, if it was one.
        #[source]
        source: Option<BoxError>,
    },
    /// The deadline came first.
    #[error("no answer within {} ms", after.as_millis())]
    Timeout {
        /// How long the call was allowed to take.
        after: Duration,
    },
    /// There are no usable AWS credentials, or AWS does not accept them.
    #[error("no usable AWS credentials: {message}")]
    Credentials {
        /// What is wrong with them, without a name of a role or an account.
        message: String,
        /// The provider's failure, if it was one.
        #[source]
        source: Option<BoxError>,
    },
    /// The answer is bigger than allowed.
    #[error("the answer is bigger than {limit} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// Not what the service says.
    #[error("unexpected reply: {message}")]
    Unexpected {
        /// What came instead.
        message: String,
        /// The parser's complaint, if it was one.
        #[source]
        source: Option<BoxError>,
    },
}

impl Error {
    /// Whether the same call may succeed a little later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. } | Self::Timeout { .. })
    }

    /// How long the service asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A word for logs and metrics, without anything of the request.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Denied { .. } => "denied",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable { .. } => "unavailable",
            Self::Timeout { .. } => "timeout",
            Self::Credentials { .. } => "credentials",
            Self::TooLarge { .. } => "too_large",
            Self::Unexpected { .. } => "unexpected_reply",
        }
    }

    /// An answer that is not what its service says.
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::Unexpected { message: message.into(), source: None }
    }

    /// The error for the log with its causes, unless its text may repeat what was asked.
    pub(crate) fn for_log(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable { .. } | Self::Credentials { .. } | Self::Denied { .. } => Some(self),
            _ => None,
        }
    }

    /// What an answer with a status other than 2xx means.
    pub(crate) fn of_response(response: &Response<Bytes>) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Complaint {
            #[serde(rename = "__type")]
            kind: Option<String>,
            #[serde(alias = "Message")]
            message: Option<String>,
        }
        let status = response.status();
        let complaint: Complaint = serde_json::from_slice(response.body()).unwrap_or_default();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let code = header("x-amzn-errortype").map(str::to_owned).or(complaint.kind);
        let code = code.as_deref().map(exception).unwrap_or_default();
        let message = complaint.message.unwrap_or_else(|| status.to_string());
        match (status.as_u16(), code) {
            (429, _) => Self::throttled(message, header("retry-after")),
            (_, code) if is_throttling(code) => Self::throttled(message, header("retry-after")),
            (_, code) if is_about_credentials(code) => {
                Self::Credentials { message: format!("{code}: {message}"), source: None }
            }
            (401 | 403, _) => Self::Denied { message },
            (_, code) if code.starts_with("AccessDenied") => Self::Denied { message },
            (500.., _) => Self::Unavailable { message, source: None },
            (400..=499, "") => Self::unexpected(message),
            (400..=499, code) => Self::Refused { code: code.to_owned(), message },
            _ => Self::unexpected(format!("{status}, which is followed nowhere")),
        }
    }

    fn throttled(message: String, retry_after: Option<&str>) -> Self {
        let seconds = retry_after.and_then(|value| value.trim().parse().ok());
        Self::Throttled { message, retry_after: seconds.map(Duration::from_secs) }
    }
}

/// `com.amazon#ThrottlingException:http://…` → `ThrottlingException`.
fn exception(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default()
}

fn is_throttling(code: &str) -> bool {
    [
        "ModelNotReady",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttled",
        "Throttling",
        "TooManyRequests",
    ]
    .contains(&code.trim_end_matches("Exception"))
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

impl From<https::Error> for Error {
    fn from(err: https::Error) -> Self {
        match err {
            https::Error::TooLarge { limit } => Self::TooLarge { limit },
            https::Error::Unreachable { what, source } => {
                Self::Unavailable { message: what.to_owned(), source: Some(source) }
            }
            other => {
                Self::Unavailable { message: "no answer".to_owned(), source: Some(other.into()) }
            }
        }
    }
}

/// The words of whoever gives out credentials name roles and accounts: they stay in the source, for
/// the log.
impl From<sigv4::Error> for Error {
    fn from(err: sigv4::Error) -> Self {
        let message = match err {
            sigv4::Error::Unavailable(_) => {
                return Self::Unavailable {
                    message: "AWS credentials cannot be had at the moment".to_owned(),
                    source: Some(err.into()),
                };
            }
            sigv4::Error::Unsignable(_) => "the request could not be signed",
            _ => "none could be loaded",
        };
        Self::Credentials { message: message.to_owned(), source: Some(err.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, code: &str, body: &'static str) -> Error {
        let mut response = Response::builder().status(status).header("retry-after", "7");
        if !code.is_empty() {
            response = response.header("x-amzn-errortype", code);
        }
        Error::of_response(&response.body(Bytes::from_static(body.as_bytes())).unwrap())
    }

    #[test]
    fn refusals_are_told_apart_wherever_the_service_names_them() {
        let typed = r#"{"__type":"com.amazonaws.athena#InvalidRequestException","Message":"m"}"#;
        let denied = r#"{"__type":"AccessDeniedException","Message":"m"}"#;
        for (status, code, body, kind) in [
            (400, "", typed, "refused"),
            (400, "ValidationException:http://x/", r#"{"message":"m"}"#, "refused"),
            (400, "", denied, "denied"),
            (403, "", r#"{"message":"m"}"#, "denied"),
            (400, "ThrottlingException", "{}", "throttled"),
            (400, "", r#"{"__type":"TooManyRequestsException"}"#, "throttled"),
            (429, "", "", "throttled"),
            (429, "ModelNotReadyException", "{}", "throttled"),
            (503, "ServiceUnavailableException", "{}", "unavailable"),
            (500, "", "<html>", "unavailable"),
            (403, "ExpiredTokenException", "{}", "credentials"),
            (400, "", r#"{"__type":"UnrecognizedClientException"}"#, "credentials"),
            (404, "", "<html>", "unexpected_reply"),
            (302, "", "", "unexpected_reply"),
        ] {
            let err = of(status, code, body);
            assert_eq!(err.kind(), kind, "{status} {code} {body}");
            let transient = matches!(kind, "throttled" | "unavailable");
            assert_eq!(err.is_retryable(), transient, "{status} {code} {body}");
        }
        assert_eq!(of(400, "", typed).to_string(), "InvalidRequestException: m");
        assert_eq!(of(429, "", "").retry_after(), Some(Duration::from_secs(7)));
    }
}
