use std::io;

use http::StatusCode;
use serde_json::error::Category;

/// Why the function can no longer be served. The process should end, and Lambda starts a new one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing listens where the Runtime API should be.
    #[error("cannot connect to the Lambda Runtime API")]
    Connect(#[source] io::Error),
    /// The connection to the Runtime API broke, twice in a row where that could be retried.
    #[error("the exchange with the Lambda Runtime API failed")]
    Exchange(#[source] hyper::Error),
    /// The Runtime API says that this environment is broken.
    #[error("the Lambda Runtime API answered {0}")]
    Refused(StatusCode),
    /// An invocation came without what every invocation has.
    #[error("an invocation came without a readable {0} header")]
    Invocation(&'static str),
}

/// Why an event does not become a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// It is not UTF-8, so no JSON.
    #[error("not an API Gateway proxy event: not utf-8")]
    NotText,
    /// It is not an API Gateway proxy event: the function is wired to something else. What is there
    /// instead stays untold: it may be a token.
    #[error("not an API Gateway proxy event: {what:?} error at line {line} column {column}")]
    NotAnEvent {
        /// What kind of fault it is.
        what: Category,
        /// Counted from 1; 0 when it has no place.
        line: usize,
        /// The same.
        column: usize,
    },
    /// It lacks a field that each event of its payload format has.
    #[error("not an API Gateway proxy event: no {0}")]
    Missing(&'static str),
    /// The client sent something HTTP does not allow, and API Gateway let it through: 400.
    #[error("the request's {0} is not valid")]
    BadRequest(&'static str),
}

impl From<serde_json::Error> for EventError {
    fn from(err: serde_json::Error) -> Self {
        Self::NotAnEvent { what: err.classify(), line: err.line(), column: err.column() }
    }
}
