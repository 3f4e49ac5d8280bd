//! Reading a body: each fault gets the code and the id it must.

use std::fmt;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{ErrorCode, ErrorObject, Id, Params};

/// How many messages a batch may carry. The specification sets no limit; a hostile one would.
pub const MAX_BATCH: usize = 64;

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
    match text.trim_start_matches([' ', '\t', '\r', '\n']).as_bytes().first() {
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
        1..=MAX_BATCH => Ok(members.iter().map(|member| parse_one(body, member.get())).collect()),
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
            Malformed::from(ErrorObject::invalid_request(format!("not a JSON-RPC message: {err}")))
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

#[cfg(test)]
mod tests {
    use super::super::{failure, success};
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
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, ParseError, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":"pi"#, ParseError, None),
            ("\u{feff}{}", ParseError, None),
            ("7", InvalidRequest, None),
            (r#""ping""#, InvalidRequest, None),
            ("{}", InvalidRequest, None),
            ("[]", InvalidRequest, None),
            (r#"{"id":1,"method":"ping"}"#, InvalidRequest, Some(Id::from(1))),
            (r#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, InvalidRequest, Some("a".into())),
            (r#"{"jsonrpc":2.0,"id":"a","method":"ping"}"#, InvalidRequest, Some("a".into())),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, InvalidRequest, None),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, InvalidRequest, None),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, InvalidRequest, None),
            (
                r#"{"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"}"#,
                InvalidRequest,
                None,
            ),
            (r#"{"jsonrpc":"2.0","id":1}"#, InvalidRequest, Some(Id::from(1))),
            (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, InvalidRequest, Some(Id::from(1))),
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
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#, InvalidRequest, None),
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
            assert_eq!(reply, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
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
        assert_eq!(one(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Incoming::Response);
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
        assert_eq!(text(false), r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}"#);
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
