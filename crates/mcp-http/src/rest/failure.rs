//! The one place where a REST answer that is no result gets its status, its code and its words.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use mcp_core::{BackendFault, CallError, ErrorCode, ErrorObject};
use serde_json::json;

use crate::body::Body;
use crate::call::Broken;
use crate::respond::{self, InsufficientScope, Refusal};

/// The body of an answer that is no result: `{"error":{"code","message","hint"}}`. A code is for
/// programs, the message says what is wrong, the hint what to do.
#[must_use]
pub fn error_body(code: &str, message: &str, hint: &str) -> Bytes {
    json!({"error": {"code": code, "message": message, "hint": hint}}).to_string().into()
}

/// Why there is no result.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    pub(super) code: &'static str,
    message: Cow<'static, str>,
    hint: Cow<'static, str>,
    more: More,
}

/// What some answers have beside the body.
#[derive(Debug)]
enum More {
    Nothing,
    RetryAfter(Duration),
    Allow(&'static str),
    Lacks(InsufficientScope),
}

/// What to do about arguments.
const SEE_SCHEMA: &str = "GET /tools names the parameters, GET /openapi.json has their schemas";
/// What to do about a server that is at fault.
const ASK_OPERATOR: &str =
    "try again; if it stays so, tell whoever runs this server, whose log says more";

impl Failure {
    fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (message, hint) = (message.into(), hint.into());
        Self { status, code, message, hint, more: More::Nothing }
    }

    pub(super) fn not_found() -> Self {
        let hint = "GET / says what there is";
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here", hint)
    }

    pub(super) fn method(allowed: &'static str) -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let hint = format!("the methods are {allowed}");
        let failure = Self::new(status, "method_not_allowed", "not by this method", hint);
        Self { more: More::Allow(allowed), ..failure }
    }

    pub(super) fn target_too_long(limit: usize) -> Self {
        let message = format!("the path and the query are over {limit} bytes");
        let hint = "arguments go into the body, as a JSON object";
        Self::new(StatusCode::URI_TOO_LONG, "target_too_long", message, hint)
    }

    pub(super) fn not_json(err: &serde_json::Error) -> Self {
        let message = format!("the body is not JSON: {err}");
        let hint = "the body is the arguments, as a JSON object";
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", message, hint)
    }

    /// A tool failed, and `text` says how; its line of advice is the hint.
    pub(super) fn of_tool(text: &str) -> Self {
        let hint = hint(text).unwrap_or_else(|| "the message says what to change".to_owned());
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "tool_failed", text.to_owned(), hint)
    }

    fn of_backend(fault: BackendFault, text: String) -> Self {
        let told = hint(&text).map(Cow::Owned);
        let (status, code, usual, retry_after) = match fault {
            BackendFault::Failed => {
                let usual = "the message says what failed; whoever runs this server can mend it";
                (StatusCode::BAD_GATEWAY, "backend_failed", usual, None)
            }
            BackendFault::Busy { retry_after } => {
                let usual = "try again later";
                (StatusCode::SERVICE_UNAVAILABLE, "backend_unavailable", usual, retry_after)
            }
            BackendFault::TimedOut => {
                (StatusCode::GATEWAY_TIMEOUT, "backend_timed_out", "ask for less", None)
            }
        };
        let hint = told.unwrap_or(Cow::Borrowed(usual));
        let more = retry_after.map_or(More::Nothing, More::RetryAfter);
        Self { more, ..Self::new(status, code, text, hint) }
    }

    fn invalid_arguments(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_arguments", message, SEE_SCHEMA)
    }

    fn internal() -> Self {
        let (status, message) = (StatusCode::INTERNAL_SERVER_ERROR, "internal error");
        Self::new(status, "internal_error", message, ASK_OPERATOR)
    }

    pub(super) fn response(self) -> Response<Body> {
        let body = error_body(self.code, &self.message, &self.hint);
        let mut response = respond::json(self.status, body);
        match self.more {
            More::Nothing => {}
            More::RetryAfter(wait) => {
                // At least a second: 0 would be an invitation to ask at once.
                let seconds = HeaderValue::from(wait.as_secs().max(1));
                response.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            More::Allow(methods) => respond::allow(&mut response, methods),
            More::Lacks(scopes) => {
                response.extensions_mut().insert(scopes);
            }
        }
        response
    }
}

/// What a tool's own text says is to be done.
fn hint(text: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix("hint: ")).map(str::to_owned)
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (code, hint) = match &refusal {
            Refusal::Origin => {
                ("origin_not_allowed", "whoever runs this server can allow the page's origin")
            }
            Refusal::MediaType => ("unsupported_media_type", "send Content-Type: application/json"),
            Refusal::TooLarge { .. } => ("payload_too_large", "send less"),
            Refusal::Method
            | Refusal::Authorization
            | Refusal::Unreadable
            | Refusal::Message { .. } => ("invalid_request", "send one whole request"),
        };
        Self::new(refusal.status(), code, refusal.text(), hint)
    }
}

/// An error in the words of MCP: the status that goes with its code.
impl From<ErrorObject> for Failure {
    fn from(error: ErrorObject) -> Self {
        match error.code {
            ErrorCode::InsufficientScope => {
                let hint = format!("scopes it needs: {}", error.required_scopes().join(" "));
                let more = InsufficientScope::of(&error).map_or(More::Nothing, More::Lacks);
                let status = StatusCode::FORBIDDEN;
                Self { more, ..Self::new(status, "insufficient_scope", error.message, hint) }
            }
            ErrorCode::InvalidParams => Self::invalid_arguments(error.message),
            ErrorCode::InternalError => Self::internal(),
            _ => Self::of_tool(&error.message),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(error) => error.into(),
            CallError::UnknownTool { ref known, .. } => {
                let hint = format!("known: {known}");
                Self::new(StatusCode::NOT_FOUND, "unknown_tool", error.to_string(), hint)
            }
            CallError::InvalidArguments(text) => Self::invalid_arguments(text),
            CallError::Failed(text) => Self::of_tool(&text),
            CallError::Backend { fault, text } => Self::of_backend(fault, text),
            // Whatever is added to it is no fault of the caller's until it is said here.
            _ => Self::internal(),
        }
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::TimedOut(limit) => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", limit.text(), "ask for less")
            }
            Broken::Panicked => Self::internal(),
        }
    }
}
