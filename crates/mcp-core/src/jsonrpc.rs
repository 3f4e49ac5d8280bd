//! JSON-RPC 2.0 frames: read with the exact error each fault must get, written without a detour
//! through a document tree.
//!
//! Source: <https://www.jsonrpc.org/specification>, narrowed by MCP: parameters are named, an id is
//! a string or an integer and never null.

mod parse;

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

pub use parse::{Incoming, MAX_BATCH, Malformed, Message, Notification, Request, parse};

/// A request's id: a string or an integer, echoed as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// An integer between -2^63 and 2^64 - 1.
    Number(serde_json::Number),
    /// A string, possibly empty.
    String(String),
}

impl Id {
    fn read(raw: &str) -> Result<Self, ErrorObject> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Wire {
            Number(serde_json::Number),
            String(String),
        }
        match serde_json::from_str(raw) {
            Ok(Wire::String(text)) => Ok(Self::String(text)),
            Ok(Wire::Number(n)) if n.is_i64() || n.is_u64() => Ok(Self::Number(n)),
            _ => Err(ErrorObject::invalid_request("id must be a string or a 64-bit integer")),
        }
    }
}

impl From<i64> for Id {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::read(raw.get()).map_err(|_| serde::de::Error::custom("expected a string or integer"))
    }
}

/// The error codes this crate may emit. Codes that a revision defines have names; a server's own
/// go under [`ErrorCode::Application`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// -32700: the body is not JSON.
    ParseError,
    /// -32600: JSON, but not a JSON-RPC request.
    InvalidRequest,
    /// -32601: no such method, or not one this server offers.
    MethodNotFound,
    /// -32602: the parameters are not what the method takes.
    InvalidParams,
    /// -32603: a fault of the server.
    InternalError,
    /// -32002: no such resource, for peers before 2026-07-28.
    ResourceNotFound,
    /// -32020: an HTTP header does not agree with the body (2026-07-28).
    HeaderMismatch,
    /// -32021: the request needs a client capability it did not declare (2026-07-28).
    MissingRequiredClientCapability,
    /// -32022: a protocol revision that is not served (2026-07-28).
    UnsupportedProtocolVersion,
    /// 403: the caller lacks a scope that this needs; `data.requiredScopes` lists all it needs. A
    /// code of our own, named like the HTTP status it goes with: of those that JSON-RPC reserves,
    /// 2026-07-28 leaves none to servers.
    InsufficientScope,
    /// A server's own code; it should lie outside -32768..=-32000, which JSON-RPC reserves.
    Application(i32),
}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::ParseError => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::InternalError => -32603,
            Self::ResourceNotFound => -32002,
            Self::HeaderMismatch => -32020,
            Self::MissingRequiredClientCapability => -32021,
            Self::UnsupportedProtocolVersion => -32022,
            Self::InsufficientScope => 403,
            Self::Application(code) => code,
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.number())
    }
}

/// The `error` member of a reply. Its text goes to the caller: it never carries a cause chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorObject {
    /// What kind of failure.
    pub code: ErrorCode,
    /// One sentence for the caller.
    pub message: Cow<'static, str>,
    /// What a program may act on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<serde_json::Value>>,
}

impl ErrorObject {
    /// An error of `code` with a text for the caller.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// -32600 with a text.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// -32601 for `method`.
    #[must_use]
    pub fn method_not_found(method: &str) -> Self {
        Self::new(ErrorCode::MethodNotFound, format!("method not found: {}", shown(method)))
    }

    /// -32602 with a text.
    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidParams, message)
    }

    /// -32603 with the one text that says nothing about the inside; the cause belongs in the log.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(ErrorCode::InternalError, "internal error")
    }

    /// The same with `data`.
    #[must_use]
    pub fn with_data(self, data: serde_json::Value) -> Self {
        Self { data: Some(Box::new(data)), ..self }
    }

    /// Every scope that was needed, where the error is [`ErrorCode::InsufficientScope`].
    #[must_use]
    pub fn required_scopes(&self) -> Vec<&str> {
        let data = self.data.as_deref().filter(|_| self.code == ErrorCode::InsufficientScope);
        let scopes = data.and_then(|data| data["requiredScopes"].as_array());
        scopes.into_iter().flatten().filter_map(serde_json::Value::as_str).collect()
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code.number())
    }
}

impl std::error::Error for ErrorObject {}

/// Text from outside, cut to a length that is fit for an error message or a log line.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut short: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

/// A method's parameters: a JSON object, kept as the bytes it came in until a method reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(pub(super) Option<Bytes>);

impl Params {
    /// Parameters from the bytes of a JSON object. Nothing is checked until they are read.
    #[must_use]
    pub fn from_json(object: Bytes) -> Self {
        Self(Some(object))
    }

    /// The object as it came; `{}` when the member was left out.
    #[must_use]
    pub fn as_json(&self) -> &[u8] {
        self.0.as_deref().unwrap_or(b"{}")
    }

    /// Reads the parameters as `T`, which may borrow from them.
    ///
    /// # Errors
    /// -32602 with the place and what was expected there.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ErrorObject> {
        serde_json::from_slice(self.as_json())
            .map_err(|err| ErrorObject::invalid_params(format!("invalid params: {err}")))
    }
}

/// A reply that carries `result`, which is JSON already.
#[must_use]
pub fn success(id: &Id, result: &[u8]) -> Vec<u8> {
    let mut reply = Vec::with_capacity(result.len() + 64);
    reply.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    write(&mut reply, id);
    reply.extend_from_slice(br#","result":"#);
    reply.extend_from_slice(result);
    reply.push(b'}');
    reply
}

/// A reply that carries an error. The id is left out where it could not be read, as 2025-11-25 and
/// later have it; `id_required` writes null instead, for the revisions before.
#[must_use]
pub fn failure(id: Option<&Id>, error: &ErrorObject, id_required: bool) -> Vec<u8> {
    let mut reply = Vec::with_capacity(192);
    reply.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    if id.is_some() || id_required {
        reply.extend_from_slice(br#""id":"#);
        write(&mut reply, &id);
        reply.push(b',');
    }
    reply.extend_from_slice(br#""error":"#);
    write(&mut reply, error);
    reply.push(b'}');
    reply
}

/// A notification of the server's.
pub(crate) fn notification(method: &str, params: &impl Serialize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(192);
    frame.extend_from_slice(br#"{"jsonrpc":"2.0","method":"#);
    write(&mut frame, &method);
    frame.extend_from_slice(br#","params":"#);
    write(&mut frame, params);
    frame.push(b'}');
    frame
}

fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    let start = out.len();
    if let Err(err) = serde_json::to_writer(&mut *out, value) {
        // Only a Serialize impl that refuses itself can end here; what is written stays JSON.
        tracing::error!(%err, "a value refused to be written as JSON");
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
