//! JSON-RPC 2.0 frames: read with the exact error each fault must get, written without a detour
//! through a document tree.
//!
//! Source: <https://www.jsonrpc.org/specification>, narrowed by MCP: parameters are named, an id is
//! a string or an integer and never null.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// How many messages a batch may carry. The specification sets no limit; a hostile one would.
pub const MAX_BATCH: usize = 64;

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
            _ => Err(ErrorObject::invalid_request(
                "id must be a string or a 64-bit integer",
            )),
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
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// -32600 with a text.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// -32601 for `method`.
    #[must_use]
    pub fn method_not_found(method: &str) -> Self {
        Self::new(
            ErrorCode::MethodNotFound,
            format!("method not found: {}", shown(method)),
        )
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
        Self {
            data: Some(Box::new(data)),
            ..self
        }
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
    let mut short: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

/// A method's parameters: a JSON object, kept as the bytes it came in until a method reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Option<Bytes>);

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

/// A request: it has an id and gets exactly one reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// To be echoed.
    pub id: Id,
    /// The method's name as it came.
    pub method: String,
    /// Its parameters.
    pub params: Params,
}

/// A notification: never answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The method's name as it came.
    pub method: String,
    /// Its parameters.
    pub params: Params,
}

/// One message from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// To be answered.
    Request(Request),
    /// To be taken note of.
    Notification(Notification),
    /// An answer to a request of ours. A stateless server sends none, so nothing waits for it.
    Response,
}

/// A message that could not be read, with the reply it must get.
#[derive(Clone, Debug, PartialEq)]
pub struct Malformed {
    /// The id, where it could be read.
    pub id: Option<Id>,
    /// -32700 or -32600.
    pub error: ErrorObject,
}

impl From<ErrorObject> for Malformed {
    fn from(error: ErrorObject) -> Self {
        Self { id: None, error }
    }
}

/// A whole body: one message, or a batch in which each member stands or falls alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// One message.
    Single(Incoming),
    /// A batch (protocol revision 2025-03-26 only), never empty.
    Batch(Vec<Result<Incoming, Malformed>>),
}

/// Reads a body.
///
/// # Errors
/// -32700 when it is not JSON in UTF-8; -32600 when it is JSON but not a message, or an empty or
/// oversized batch.
pub fn parse(body: &Bytes) -> Result<Message, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| not_json("the body is not UTF-8"))?;
    match text
        .trim_start_matches([' ', '\t', '\r', '\n'])
        .as_bytes()
        .first()
    {
        Some(b'[') => parse_batch(body, text).map(Message::Batch),
        Some(b'{') => parse_one(body, text).map(Message::Single),
        _ => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Err(ErrorObject::invalid_request("a message is a JSON object").into()),
            Err(err) => Err(not_json(err)),
        },
    }
}

fn parse_batch(body: &Bytes, text: &str) -> Result<Vec<Result<Incoming, Malformed>>, Malformed> {
    let members: Vec<&RawValue> = serde_json::from_str(text).map_err(not_json)?;
    match members.len() {
        0 => Err(ErrorObject::invalid_request("a batch must not be empty").into()),
        1..=MAX_BATCH => Ok(members
            .iter()
            .map(|member| parse_one(body, member.get()))
            .collect()),
        n => Err(ErrorObject::invalid_request(format!(
            "a batch of {n} messages; at most {MAX_BATCH} are taken"
        ))
        .into()),
    }
}

fn parse_one(body: &Bytes, text: &str) -> Result<Incoming, Malformed> {
    // Every member is kept raw, so that a bad one cannot hide the id the error must echo.
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        jsonrpc: Option<&'a RawValue>,
        #[serde(borrow, default, deserialize_with = "present")]
        id: Option<&'a RawValue>,
        #[serde(borrow, default, deserialize_with = "present")]
        method: Option<&'a RawValue>,
        #[serde(borrow, default, deserialize_with = "present")]
        params: Option<&'a RawValue>,
        #[serde(borrow, default, deserialize_with = "present")]
        result: Option<&'a RawValue>,
        #[serde(borrow, default, deserialize_with = "present")]
        error: Option<&'a RawValue>,
    }
    fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<&'de RawValue>, D::Error> {
        Deserialize::deserialize(d).map(Some)
    }

    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|err| {
        if err.is_data() {
            Malformed::from(ErrorObject::invalid_request(format!(
                "not a JSON-RPC message: {err}"
            )))
        } else {
            not_json(err)
        }
    })?;
    let id = envelope.id.map(|raw| Id::read(raw.get())).transpose()?;
    let fail = |text: &'static str| Malformed {
        id: id.clone(),
        error: ErrorObject::invalid_request(text),
    };

    if envelope.jsonrpc.and_then(as_string).as_deref() != Some("2.0") {
        return Err(fail("jsonrpc must be \"2.0\""));
    }
    let Some(method) = envelope.method else {
        return match (envelope.result, envelope.error) {
            (Some(_), None) | (None, Some(_)) if id.is_some() => Ok(Incoming::Response),
            _ => Err(fail("method is missing")),
        };
    };
    let Some(method) = as_string(method) else {
        return Err(fail("method must be a string"));
    };
    if envelope.result.is_some() || envelope.error.is_some() {
        return Err(fail("a request has neither result nor error"));
    }
    let params = match envelope.params {
        None => Params::default(),
        Some(raw) if raw.get().starts_with('{') => {
            Params(Some(body.slice_ref(raw.get().as_bytes())))
        }
        Some(_) => return Err(fail("params must be an object")),
    };
    Ok(match id {
        Some(id) => Incoming::Request(Request { id, method, params }),
        None => Incoming::Notification(Notification { method, params }),
    })
}

fn as_string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn not_json(err: impl fmt::Display) -> Malformed {
    ErrorObject::new(ErrorCode::ParseError, format!("parse error: {err}")).into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(body: &str, code: ErrorCode, id: Option<Id>) {
        let got = parse(&Bytes::copy_from_slice(body.as_bytes())).expect_err(body);
        assert_eq!((got.error.code, got.id), (code, id), "{body}");
    }

    #[test]
    fn each_fault_of_a_frame_has_its_own_code_and_echoes_the_id_it_could_read() {
        use ErrorCode::{InvalidRequest, ParseError};
        for (body, code, id) in [
            ("", ParseError, None),
            ("{", ParseError, None),
            ("nul", ParseError, None),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#,
                ParseError,
                None,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"method":"pi"#, ParseError, None),
            ("\u{feff}{}", ParseError, None),
            ("7", InvalidRequest, None),
            (r#""ping""#, InvalidRequest, None),
            ("{}", InvalidRequest, None),
            ("[]", InvalidRequest, None),
            (
                r#"{"id":1,"method":"ping"}"#,
                InvalidRequest,
                Some(Id::from(1)),
            ),
            (
                r#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#,
                InvalidRequest,
                Some("a".into()),
            ),
            (
                r#"{"jsonrpc":2.0,"id":"a","method":"ping"}"#,
                InvalidRequest,
                Some("a".into()),
            ),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                InvalidRequest,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                InvalidRequest,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
                InvalidRequest,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"}"#,
                InvalidRequest,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1}"#,
                InvalidRequest,
                Some(Id::from(1)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
                InvalidRequest,
                Some(Id::from(1)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}"#,
                InvalidRequest,
                Some(Id::from(1)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","params":null}"#,
                InvalidRequest,
                Some(Id::from(1)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#,
                InvalidRequest,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","result":1}"#,
                InvalidRequest,
                Some(Id::from(1)),
            ),
        ] {
            check(body, code, id);
        }
        let raw = Bytes::from_static(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}");
        assert_eq!(parse(&raw).expect_err("not UTF-8").error.code, ParseError);
    }

    #[test]
    fn an_id_is_echoed_exactly() {
        for id in ["1", "-7", "18446744073709551615", r#""x\"y""#, r#""""#] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let Ok(Message::Single(Incoming::Request(request))) = parse(&body.into()) else {
                panic!("{id} is a good id");
            };
            let reply = String::from_utf8(success(&request.id, b"{}")).unwrap();
            assert_eq!(
                reply,
                format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
            );
        }
    }

    #[test]
    fn requests_notifications_and_responses_are_told_apart() {
        let one = |body: &'static str| match parse(&Bytes::from_static(body.as_bytes())) {
            Ok(Message::Single(one)) => one,
            other => panic!("{other:?}"),
        };
        assert!(matches!(
            one(r#" {"jsonrpc":"2.0","id":1,"m\u0065thod":"ping","params":{"a":1},"extra":0}"#),
            Incoming::Request(Request { params, .. }) if params.as_json() == br#"{"a":1}"#
        ));
        assert!(matches!(
            one(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
            Incoming::Notification(_)
        ));
        assert_eq!(
            one(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
            Incoming::Response
        );
    }

    #[test]
    fn each_member_of_a_batch_stands_alone() {
        let body = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},7,{"jsonrpc":"2.0","method":"n"}]"#;
        let Ok(Message::Batch(members)) = parse(&Bytes::from_static(body.as_bytes())) else {
            panic!("a batch");
        };
        assert!(matches!(members[0], Ok(Incoming::Request(_))));
        assert!(matches!(&members[1], Err(bad) if bad.error.code == ErrorCode::InvalidRequest));
        assert!(matches!(members[2], Ok(Incoming::Notification(_))));
        let huge = format!("[{}]", vec!["1"; MAX_BATCH + 1].join(","));
        assert!(parse(&huge.into()).is_err());
    }

    #[test]
    fn an_error_without_an_id_leaves_it_out_or_says_null() {
        let error = ErrorObject::invalid_request("no");
        let text = |required| String::from_utf8(failure(None, &error, required)).unwrap();
        assert_eq!(
            text(false),
            r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}"#
        );
        assert_eq!(
            text(true),
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&body.into());
        }

        #[test]
        fn what_is_written_is_read_back(id in "\\PC{0,20}", method in "[a-z/]{1,20}") {
            let id = Id::String(id);
            let body = serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method});
            let read = parse(&Bytes::from(body.to_string()));
            prop_assert_eq!(read, Ok(Message::Single(Incoming::Request(Request {
                id, method, params: Params::default(),
            }))));
        }
    }
}
