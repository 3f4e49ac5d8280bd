//! Headers: what a request must bring before its body is read, and those that mirror the body
//! (specification 2026-07-28, Streamable HTTP), which must agree with it, since what stands
//! between may have acted on them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, header};
use mcp_core::jsonrpc::Request;
use mcp_core::{ErrorCode, ErrorObject, HeaderParam, Server, name_param};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::respond::Refusal;

pub(crate) const PROTOCOL_VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// Several values that differ, or bytes that are not visible ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOneText;

/// The value of a header that may be there once, or several times alike, without the white space
/// around it (RFC 9110, section 5.5).
pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> Result<Option<&'a str>, NotOneText> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    let text = first.to_str().map_err(|_| NotOneText)?;
    if values.all(|value| value == first) {
        Ok(Some(text.trim_matches([' ', '\t'])))
    } else {
        Err(NotOneText)
    }
}

/// What can be refused before the body is read.
pub(crate) fn check_envelope(headers: &HeaderMap) -> Result<(), Refusal> {
    check_authorization(headers)?;
    check_media_type(headers)
}

/// Of two there is none that is the caller's.
pub(crate) fn check_authorization(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(Refusal::Authorization);
    }
    Ok(())
}

/// A body is JSON, and says so.
pub(crate) fn check_media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    match single(headers, header::CONTENT_TYPE.as_str()) {
        Ok(Some(media_type)) if is_json(media_type) => Ok(()),
        _ => Err(Refusal::MediaType),
    }
}

/// JSON is UTF-8, so parameters say nothing new.
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split_once(';').map_or(media_type, |(essence, _)| essence);
    essence.trim_end_matches([' ', '\t']).eq_ignore_ascii_case("application/json")
}

/// -32020.
pub(crate) fn mismatch(name: &str, fault: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::HeaderMismatch, format!("header {name}: {fault}"))
}

/// The members of a request's parameters that headers may mirror.
#[derive(Debug, Deserialize)]
struct Mirrored<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    uri: Option<&'a RawValue>,
    #[serde(borrow, rename = "taskId")]
    task_id: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// What a request is about: the name in its parameters, and the arguments.
#[derive(Debug, Default)]
pub(crate) struct Target<'a> {
    name: Option<String>,
    arguments: Option<&'a RawValue>,
}

impl<'a> Target<'a> {
    /// Reads it, for a method that names something.
    ///
    /// # Errors
    /// -32602 when a member is there twice, since which one is meant cannot be told.
    pub(crate) fn of(request: &'a Request) -> Result<Self, ErrorObject> {
        let Some(member) = name_param(&request.method) else { return Ok(Self::default()) };
        let mirrored: Mirrored<'_> = request.params.read()?;
        let name = match member {
            "name" => mirrored.name,
            "uri" => mirrored.uri,
            "taskId" => mirrored.task_id,
            _ => None,
        };
        // A name that is no text is left to the method to complain about.
        let name = name.and_then(|raw| serde_json::from_str(raw.get()).ok());
        Ok(Self { name, arguments: mirrored.arguments })
    }

    /// The tool that is called, if one is.
    pub(crate) fn into_tool(self, request: &Request) -> Option<String> {
        self.name.filter(|_| request.method == "tools/call")
    }

    /// H6, H8, H9: `Mcp-Name` and `Mcp-Param-*` are there and say what the body says. What the
    /// body itself lacks is left to the method to complain about.
    pub(crate) fn check(
        &self,
        headers: &HeaderMap,
        server: &Server,
        request: &Request,
    ) -> Result<(), ErrorObject> {
        let Some(name) = &self.name else { return Ok(()) };
        check_value(headers, NAME, |value| value == name)?;
        if request.method == "tools/call" {
            for param in server.header_params(name) {
                check_param(headers, param, self.arguments)?;
            }
        }
        Ok(())
    }
}

/// H6: `Mcp-Method` is there and says what the body says.
pub(crate) fn check_method(headers: &HeaderMap, request: &Request) -> Result<(), ErrorObject> {
    match single(headers, METHOD) {
        Ok(Some(method)) if method == request.method => Ok(()),
        Ok(Some(_)) => Err(mismatch(METHOD, "it must equal the method in the body")),
        Ok(None) => Err(mismatch(METHOD, "it is missing")),
        Err(NotOneText) => Err(mismatch(METHOD, "it must be one method")),
    }
}

fn check_param(
    headers: &HeaderMap,
    param: &HeaderParam,
    arguments: Option<&RawValue>,
) -> Result<(), ErrorObject> {
    let value = arguments.and_then(|arguments| find(arguments, &param.path));
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(value) => {
            let name = format!("mcp-param-{}", param.header);
            check_value(headers, &name, |header| agrees(&value, header))
        }
    }
}

/// The value at `path`, reading no more of the arguments than lies on the way.
fn find(arguments: &RawValue, path: &[String]) -> Option<Value> {
    let mut here = arguments;
    for name in path {
        let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(here.get()).ok()?;
        here = members.get(name.as_str())?;
    }
    serde_json::from_str(here.get()).ok()
}

/// By the type that the body has: whether it is the right one is for the schema to say.
fn agrees(value: &Value, header: &str) -> bool {
    match value {
        Value::String(text) => text == header,
        Value::Number(number) => is_number(number, header),
        Value::Bool(flag) => header == if *flag { "true" } else { "false" },
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Whether `text` is `number`, however it is written: 42.0 is 42.
fn is_number(number: &Number, text: &str) -> bool {
    match (number.as_i128(), text.parse::<i128>()) {
        (Some(number), Ok(text)) => number == text,
        _ => number.as_f64().is_some_and(|number| text.parse() == Ok(number)),
    }
}

fn check_value(
    headers: &HeaderMap,
    name: &str,
    agrees: impl FnOnce(&str) -> bool,
) -> Result<(), ErrorObject> {
    // A name in a schema is a token, so it is a header name.
    let fault = match name.parse::<HeaderName>().map(|name| single(headers, name.as_str())) {
        Ok(Ok(Some(value))) => match decode(value) {
            Ok(value) if agrees(&value) => return Ok(()),
            Ok(_) => "it must equal the value in the body",
            Err(NotBase64) => "it is not UTF-8 in base64 with padding",
        },
        Ok(Ok(None)) => "it is missing",
        Ok(Err(NotOneText)) | Err(_) => "it must be one value of visible ASCII",
    };
    Err(mismatch(name, fault))
}

/// Marked as base64, and not UTF-8 in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NotBase64;

/// The text that a header value stands for: what is wrapped in `=?base64?` and `?=` is UTF-8 in
/// base64 (RFC 4648, section 4), anything else is itself.
fn decode(value: &str) -> Result<Cow<'_, str>, NotBase64> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        None => Ok(Cow::Borrowed(value)),
        Some(encoded) => {
            let bytes = STANDARD.decode(encoded).map_err(|_| NotBase64)?;
            String::from_utf8(bytes).map(Cow::Owned).map_err(|_| NotBase64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    // H8
    #[test]
    fn what_is_marked_as_base64_is_decoded_and_anything_else_is_itself() {
        for (value, expected) in [
            ("greet", Ok("greet")),
            ("", Ok("")),
            ("SGVsbG8=", Ok("SGVsbG8=")),
            ("=?base64?SGVsbG8=?=", Ok("Hello")),
            ("=?base64?w7xiZXI=?=", Ok("über")),
            ("=?base64??=", Ok("")),
            // neither the beginning nor the end alone marks anything
            ("=?base64?SGVsbG8=", Ok("=?base64?SGVsbG8=")),
            ("SGVsbG8=?=", Ok("SGVsbG8=?=")),
            ("=?base64?=", Ok("=?base64?=")),
            ("=?BASE64?SGVsbG8=?=", Ok("=?BASE64?SGVsbG8=?=")),
            ("=?Base64?SGVsbG8=?=", Ok("=?Base64?SGVsbG8=?=")),
            // padding, alphabet, UTF-8
            ("=?base64?SGVsbG8?=", Err(NotBase64)),
            ("=?base64?SGVs!!!bG8=?=", Err(NotBase64)),
            ("=?base64?SGVs bG8=?=", Err(NotBase64)),
            ("=?base64?-_-_?=", Err(NotBase64)),
            ("=?base64?/w==?=", Err(NotBase64)),
        ] {
            assert_eq!(decode(value).as_deref(), expected.as_deref(), "{value:?}");
        }
    }

    // H9
    #[test]
    fn numbers_are_compared_as_numbers_and_everything_else_as_text() {
        for (value, header, expected) in [
            (json!(42), "42", true),
            (json!(42), "42.0", true),
            (json!(42), "4.2e1", true),
            (json!(42.0), "42", true),
            (json!(-7), "-7", true),
            (json!(9_007_199_254_740_993_i64), "9007199254740992", false),
            (json!(42), "43", false),
            (json!(42), "", false),
            (json!(42), "forty-two", false),
            (json!(42), "NaN", false),
            (json!("42"), "42", true),
            (json!("42"), "42.0", false),
            (json!("a"), "A", false),
            (json!(true), "true", true),
            (json!(true), "True", false),
            (json!(false), "0", false),
            (json!([]), "[]", false),
            (json!({}), "{}", false),
        ] {
            assert_eq!(agrees(&value, header), expected, "{value} {header:?}");
        }
    }

    #[test]
    fn an_argument_is_found_by_its_path() {
        let arguments = r#"{"a":{"b \u0063":{"d":1},"x":[1]},"n":null}"#;
        let arguments: &RawValue = serde_json::from_str(arguments).unwrap();
        for (path, expected) in [
            (&["a", "b c", "d"][..], Some(json!(1))),
            (&["n"], Some(Value::Null)),
            (&["n", "d"], None),
            (&["a", "x", "0"], None),
            (&["z"], None),
        ] {
            let path: Vec<_> = path.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(find(arguments, &path), expected, "{path:?}");
        }
    }

    #[test]
    fn only_json_is_taken() {
        for (media_type, ok) in [
            ("application/json", true),
            ("Application/JSON", true),
            ("application/json; charset=utf-8", true),
            ("application/json;charset=UTF-8", true),
            ("application/json ; a=b", true),
            ("application/jsonp", false),
            ("application/json-rpc", false),
            ("text/plain", false),
            ("", false),
        ] {
            assert_eq!(is_json(media_type), ok, "{media_type:?}");
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(value in "(=\\?base64\\?)?[ -~]{0,24}(\\?=)?") {
            let _ = decode(&value);
        }

        #[test]
        fn what_is_encoded_is_decoded(text in "\\PC{0,24}") {
            let wrapped = format!("=?base64?{}?=", STANDARD.encode(&text));
            prop_assert_eq!(decode(&wrapped), Ok(Cow::Owned(text)));
        }

        #[test]
        fn a_header_is_one_text_or_none(values in prop::collection::vec("[ -~\\x80-\\xff]{0,8}", 0..4)) {
            let mut headers = HeaderMap::new();
            for value in &values {
                if let Ok(value) = http::HeaderValue::from_str(value) {
                    headers.append(METHOD, value);
                }
            }
            if let Ok(Some(text)) = single(&headers, METHOD) {
                prop_assert!(text.is_ascii());
            }
        }
    }
}
