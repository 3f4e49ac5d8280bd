use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::headers::{Headers, Text};
use crate::{EventError, RequestContext};

/// The shape of an event, and so of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadFormat {
    /// 1.0: REST APIs, and HTTP APIs set to it.
    V1,
    /// 2.0: HTTP APIs and function URLs.
    V2,
}

/// Only what is used; the rest is skipped without being looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    http_method: Option<Text<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    #[serde(borrow)]
    raw_path: Option<Text<'a>>,
    #[serde(borrow)]
    raw_query_string: Option<Text<'a>>,
    // Kept raw: format 1.0 has each header and parameter twice, and only one is read.
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    multi_value_headers: Option<Headers>,
    #[serde(borrow)]
    query_string_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    multi_value_query_string_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    cookies: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    request_context: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Turns a proxy event into the request the client made.
///
/// The path never has the stage in it. In format 1.0 every value of a repeated header arrives; in
/// 2.0 API Gateway has joined them with commas before, and they stay so. The request's
/// [`RequestContext`] is among its extensions.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
/// and <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
///
/// # Errors
/// [`EventError::BadRequest`] is the client's fault; the other variants mean that the function is
/// not behind API Gateway.
pub fn parse_event(json: &Bytes) -> Result<(Request<Full<Bytes>>, PayloadFormat), EventError> {
    // Checked as a whole: checking each string by itself costs a tenth of a request.
    let text = str::from_utf8(json).map_err(|_| EventError::NotText)?;
    let event: Event<'_> = serde_json::from_str(text)?;
    let format = match event.version.as_ref().is_some_and(|version| version.0 == "2.0") {
        true => PayloadFormat::V2,
        false => PayloadFormat::V1,
    };
    let (method, uri) = match format {
        PayloadFormat::V1 => target_v1(&event)?,
        PayloadFormat::V2 => target_v2(&event)?,
    };
    let mut request = Request::new(Full::default());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    if let Some(context) = event.request_context {
        let context = json.slice_ref(context.get().as_bytes());
        request.extensions_mut().insert(RequestContext::new(context));
    }
    *request.headers_mut() = headers(event.multi_value_headers, event.headers, event.cookies)?;
    *request.body_mut() = Full::new(body(event.body, event.is_base64_encoded, json)?);
    Ok((request, format))
}

fn target_v1(event: &Event<'_>) -> Result<(Method, Uri), EventError> {
    let name = event.http_method.as_ref().ok_or(EventError::Missing("httpMethod"))?;
    let path = event.path.as_ref().ok_or(EventError::Missing("path"))?;
    let mut target = String::with_capacity(path.0.len());
    push_path(&mut target, &path.0);
    let parameters = event.multi_value_query_string_parameters.or(event.query_string_parameters);
    if let Some(parameters) = parameters {
        push_parameters(&mut target, parameters)?;
    }
    Ok((method(&name.0)?, uri(target)?))
}

fn target_v2(event: &Event<'_>) -> Result<(Method, Uri), EventError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Context<'a> {
        #[serde(borrow)]
        http: Http<'a>,
        #[serde(borrow)]
        stage: Option<Text<'a>>,
        #[serde(borrow)]
        domain_name: Option<Text<'a>>,
    }
    #[derive(Deserialize)]
    struct Http<'a> {
        #[serde(borrow)]
        method: Text<'a>,
    }
    let context = event.request_context.ok_or(EventError::Missing("requestContext"))?;
    let context: Context<'_> = serde_json::from_str(context.get())?;
    let path = event.raw_path.as_ref().ok_or(EventError::Missing("rawPath"))?;

    // A custom domain maps its own base path to the stage, so there nothing must be taken off.
    let execute_api = context.domain_name.is_none_or(|domain| domain.0.contains(".execute-api."));
    let path = match &context.stage {
        Some(stage) if execute_api => without_stage(&path.0, &stage.0),
        _ => &path.0,
    };
    let mut target = String::with_capacity(path.len());
    push_path(&mut target, path);
    if let Some(query) = event.raw_query_string.as_ref().filter(|query| !query.0.is_empty()) {
        target.push('?');
        push_encoded(&mut target, &query.0, |byte| byte == b'?' || in_path(byte));
    }
    Ok((method(&context.http.method.0)?, uri(target)?))
}

fn without_stage<'a>(path: &'a str, stage: &str) -> &'a str {
    match path.strip_prefix('/').and_then(|path| path.strip_prefix(stage)) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

fn method(name: &str) -> Result<Method, EventError> {
    Method::from_bytes(name.as_bytes()).map_err(|_| EventError::BadRequest("method"))
}

fn uri(target: String) -> Result<Uri, EventError> {
    Uri::try_from(target).map_err(|_| EventError::BadRequest("path"))
}

/// API Gateway decodes some of the path; what may not stand in one is encoded again.
fn push_path(target: &mut String, path: &str) {
    if !path.starts_with('/') {
        target.push('/');
    }
    push_encoded(target, path, in_path);
}

/// In format 1.0 parameters are decoded, so they are encoded again.
fn push_parameters(target: &mut String, parameters: &RawValue) -> Result<(), serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Values {
        One(String),
        Many(Vec<String>),
        None(()),
    }
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let parameters: BTreeMap<String, Values> = serde_json::from_str(parameters.get())?;
    let mut separator = '?';
    for (name, values) in parameters {
        let values = match values {
            Values::One(value) => vec![value],
            Values::Many(values) => values,
            Values::None(()) => vec![],
        };
        for value in values {
            target.push(separator);
            separator = '&';
            push_encoded(target, &name, unreserved);
            target.push('=');
            push_encoded(target, &value, unreserved);
        }
    }
    Ok(())
}

fn in_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>?\\^`{|}".contains(&byte)
}

fn push_encoded(target: &mut String, text: &str, keep: impl Fn(u8) -> bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if text.bytes().all(&keep) {
        return target.push_str(text);
    }
    for byte in text.bytes() {
        if keep(byte) {
            target.push(char::from(byte));
        } else {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            target.push('%');
            target.extend(digits.map(char::from));
        }
    }
}

fn headers(
    multi: Option<Headers>,
    single: Option<&RawValue>,
    cookies: Option<Vec<Text<'_>>>,
) -> Result<HeaderMap, EventError> {
    let mut headers = match (multi, single) {
        (Some(headers), _) => headers,
        (None, Some(raw)) => serde_json::from_str(raw.get())?,
        (None, None) => Headers::default(),
    };
    if let Some(cookies) = cookies.filter(|cookies| !cookies.is_empty()) {
        let cookies: Vec<_> = cookies.iter().map(|cookie| &*cookie.0).collect();
        match HeaderValue::from_str(&cookies.join("; ")) {
            Ok(cookies) => {
                headers.map.insert(header::COOKIE, cookies);
            }
            Err(_) => headers.invalid = true,
        }
    }
    match headers.invalid {
        true => Err(EventError::BadRequest("header")),
        false => Ok(headers.map),
    }
}

fn body(text: Option<Text<'_>>, base64: bool, json: &Bytes) -> Result<Bytes, EventError> {
    match text {
        None => Ok(Bytes::new()),
        Some(Text(text)) if base64 => BASE64_STANDARD
            .decode(text.as_bytes())
            .map(Bytes::from)
            .map_err(|_| EventError::BadRequest("body")),
        Some(Text(Cow::Borrowed(text))) => Ok(json.slice_ref(text.as_bytes())),
        Some(Text(Cow::Owned(text))) => Ok(Bytes::from(text)),
    }
}
