//! The one place where a reply and its HTTP status are written.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use mcp_core::jsonrpc::{self, Malformed};
use mcp_core::{ErrorCode, ErrorObject};

use crate::body::Body;
use crate::call::{Call, Outcome};
use crate::cors;
use crate::log::RequestLog;
use crate::sse;

/// What a request gets that was not refused.
pub(crate) enum Reply {
    /// A notification or a response: taken note of, nothing to say.
    Accepted,
    /// A call that is over: as JSON, or, with `events`, as those and one more.
    Answer { outcome: Outcome, events: Option<Vec<u8>> },
    /// A call that goes on; `first` is what it has said so far.
    Stream { first: Bytes, call: Call },
}

/// A response extension, beside status 403: every scope that the request needs. What stands before
/// the service makes the challenge of it (RFC 6750, section 3.1: `insufficient_scope`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsufficientScope(pub Vec<String>);

impl InsufficientScope {
    pub(crate) fn of(error: &ErrorObject) -> Option<Self> {
        (error.code == ErrorCode::InsufficientScope)
            .then(|| Self(error.required_scopes().into_iter().map(str::to_owned).collect()))
    }
}

/// Why a request never reaches the server.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A page calls that may not.
    Origin,
    /// Not `POST`.
    Method,
    /// More than one `Authorization`.
    Authorization,
    /// Not JSON.
    MediaType,
    /// A body over the limit.
    TooLarge { limit: usize },
    /// A body that broke off.
    Unreadable,
    /// A message that breaks the protocol. `id_required`: its era wants an id in every error.
    Message { fault: Malformed, id_required: bool },
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Authorization | Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Message { fault, .. } => match fault.error.code {
                ErrorCode::MethodNotFound => StatusCode::NOT_FOUND,
                ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
                _ => StatusCode::BAD_REQUEST,
            },
        }
    }

    /// The text for what is no message's fault.
    pub(crate) fn text(&self) -> Cow<'static, str> {
        match self {
            Self::Origin => "this origin may not call".into(),
            Self::Method => "only POST is served".into(),
            Self::Authorization => "there is more than one Authorization header".into(),
            Self::MediaType => "the content type must be application/json".into(),
            Self::TooLarge { limit } => format!("the body is over {limit} bytes").into(),
            Self::Unreadable => "the body broke off".into(),
            Self::Message { fault, .. } => fault.error.message.clone(),
        }
    }
}

/// The status of an answer. Before 2026-07-28 a JSON-RPC error is an HTTP success, but for what
/// authorization says (specification, Authorization, of every revision that has it).
fn status(outcome: &Outcome) -> StatusCode {
    use ErrorCode::{
        HeaderMismatch, InvalidRequest, MethodNotFound, MissingRequiredClientCapability,
        ParseError, UnsupportedProtocolVersion,
    };
    match outcome.error.as_ref().map(|error| error.code) {
        Some(ErrorCode::InsufficientScope) => StatusCode::FORBIDDEN,
        Some(code) if outcome.version.features().stateless => match code {
            MethodNotFound => StatusCode::NOT_FOUND,
            ParseError
            | InvalidRequest
            | HeaderMismatch
            | MissingRequiredClientCapability
            | UnsupportedProtocolVersion => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        },
        _ => StatusCode::OK,
    }
}

/// Writes the reply, and what became of the request into its line of the log.
pub(crate) fn write(reply: Result<Reply, Refusal>, mut log: RequestLog) -> Response<Body> {
    let (error, response) = match reply {
        Ok(Reply::Stream { first, call }) => {
            log.status(StatusCode::OK);
            return event_stream(Body::events(first, call, log));
        }
        Ok(Reply::Accepted) => (None, bare(StatusCode::ACCEPTED)),
        Ok(Reply::Answer { outcome, events }) => {
            (outcome.error.as_ref().map(|error| error.code), answer(outcome, events))
        }
        Err(refusal) => refused(refusal),
    };
    log.status(response.status());
    log.finish(error);
    response
}

fn answer(outcome: Outcome, events: Option<Vec<u8>>) -> Response<Body> {
    let status = status(&outcome);
    match events {
        // An error with a status of its own is told by it, unless something was said before.
        Some(mut events) if status == StatusCode::OK || !events.is_empty() => {
            sse::event(&mut events, &outcome.frame);
            event_stream(Body::whole(events))
        }
        _ => {
            let mut response = json(status, outcome.frame);
            challenge(&mut response, outcome.error.as_ref());
            response
        }
    }
}

/// The answer to `OPTIONS`, with these headers; `allowed` are the methods.
pub(crate) fn options(headers: HeaderMap, allowed: &'static str) -> Response<Body> {
    let mut response = bare(StatusCode::NO_CONTENT);
    *response.headers_mut() = headers;
    allow(&mut response, allowed);
    response
}

/// Why a request was refused: the code for its line of the log, and the answer.
pub(crate) fn refused(refusal: Refusal) -> (Option<ErrorCode>, Response<Body>) {
    let status = refusal.status();
    let by_origin = matches!(refusal, Refusal::Origin);
    if let Refusal::Method = refusal {
        // A client that only looks, by GET or HEAD, is not sent a message.
        let mut response = bare(status);
        allow(&mut response, "POST, OPTIONS");
        return (Some(ErrorCode::InvalidRequest), response);
    }
    let (Malformed { id, error }, id_required) = match refusal {
        Refusal::Message { fault, id_required } => (fault, id_required),
        other => (ErrorObject::invalid_request(other.text()).into(), false),
    };
    let frame = jsonrpc::failure(id.as_ref(), &error, id_required);
    let mut response = json(status, frame);
    challenge(&mut response, Some(&error));
    if by_origin {
        cors::vary(response.headers_mut());
    }
    (Some(error.code), response)
}

fn challenge(response: &mut Response<Body>, error: Option<&ErrorObject>) {
    if let Some(lacking) = error.and_then(InsufficientScope::of) {
        response.extensions_mut().insert(lacking);
    }
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub(crate) fn allow(response: &mut Response<Body>, methods: &'static str) {
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
}

/// Each answer is for one request: how long it stays fresh is told inside it.
pub(crate) fn json(status: StatusCode, frame: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::whole(frame));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn event_stream(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
