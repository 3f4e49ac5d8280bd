//! Answers and errors in XML.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use service_kit::random::RandomError;

use super::VERSION;
use crate::sigv4::{Principal, Refusal};
use crate::uuid;

const TYPE: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/xml")];

/// What an action answers.
#[derive(Debug)]
pub(super) struct Answer {
    /// The action.
    pub(super) action: &'static str,
    /// The XML of its result.
    pub(super) result: String,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self { action, result } = self;
        let id = match uuid::v4() {
            Ok(id) => id,
            Err(err) => return StsError::from(err).into_response(),
        };
        let xml = format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\
             <{action}Result>{result}</{action}Result>\
             <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
             </{action}Response>"
        );
        (TYPE, xml).into_response()
    }
}

/// An error of the service.
#[derive(Debug)]
pub(super) struct StsError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl StsError {
    /// A parameter is missing, or not as it must be.
    pub(super) fn validation(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "ValidationError", message }
    }

    /// The value of the member `name` breaks this constraint.
    pub(super) fn constraint(name: &str, value: &str, constraint: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{name}' failed to satisfy \
             constraint: {constraint}"
        ))
    }

    /// There is no such action.
    pub(super) fn unknown_action(action: &str, version: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "InvalidAction",
            message: format!("Could not find operation {action} for version {version}"),
        }
    }

    /// The caller may not assume this role.
    pub(super) fn access_denied(caller: &Principal, role: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: "AccessDenied",
            message: format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {role}",
                caller.arn
            ),
        }
    }
}

impl From<Refusal> for StsError {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = match refusal {
            Refusal::Missing => (StatusCode::FORBIDDEN, "MissingAuthenticationToken"),
            Refusal::Incomplete(_) => (StatusCode::BAD_REQUEST, "IncompleteSignature"),
            Refusal::UnknownKey => (StatusCode::FORBIDDEN, "InvalidClientTokenId"),
            Refusal::Expired => (StatusCode::FORBIDDEN, "ExpiredToken"),
            Refusal::Invalid(_) => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
        };
        Self { status, code, message: refusal.to_string() }
    }
}

impl From<RandomError> for StsError {
    fn from(err: RandomError) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "InternalFailure",
            message: err.to_string(),
        }
    }
}

impl IntoResponse for StsError {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        let blame = if status.is_server_error() { "Receiver" } else { "Sender" };
        // Only the request id needs randomness: without it there is still an error to tell.
        let id = uuid::v4().unwrap_or_default();
        let xml = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\
             <Error><Type>{blame}</Type><Code>{code}</Code><Message>{}</Message></Error>\
             <RequestId>{id}</RequestId>\
             </ErrorResponse>",
            text(&message)
        );
        (status, TYPE, xml).into_response()
    }
}

/// Character data: what XML gives a meaning is escaped, what it forbids is replaced.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' => escaped.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
