//! A REST API with Lambda proxy integration.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use super::gateway::{
    Answered, Body, DOMAIN, Malformed, Refusal, SOURCE_IP, STAGE, append, event_headers, message,
};

pub(super) fn event(parts: &Parts, body: &[u8]) -> Value {
    let path = parts.uri.path();
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in event_headers(parts) {
        headers.entry(title_case(name)).or_default().push(value);
    }
    let mut parameters = BTreeMap::<String, Vec<String>>::new();
    let query = parts.uri.query().unwrap_or_default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.entry(decode(name)).or_default().push(decode(value));
    }
    let (body, encoded) = match str::from_utf8(body) {
        Ok("") => (None, false),
        Ok(text) => (Some(text.to_owned()), false),
        Err(_) => (Some(BASE64_STANDARD.encode(body)), true),
    };
    json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": parts.method.as_str(),
        "headers": last(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last(&parameters),
        "multiValueQueryStringParameters": (!parameters.is_empty()).then_some(&parameters),
        "pathParameters": {"proxy": path.trim_start_matches('/')},
        "stageVariables": null,
        "requestContext": {
            "resourceId": "a1b2c3",
            "resourcePath": "/{proxy+}",
            "httpMethod": parts.method.as_str(),
            "path": format!("/{STAGE}{path}"),
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": STAGE,
            "apiId": "abc123defg",
            "domainPrefix": "abc123defg",
            "domainName": DOMAIN,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "extendedRequestId": "TmQ8yEdKIAMFhGg=",
            "requestTime": "20/Nov/2026:16:10:00 +0000",
            "requestTimeEpoch": 1_795_191_000_000_u64,
            "identity": {"sourceIp": SOURCE_IP, "userAgent": "emulated", "apiKey": null},
        },
        "body": body,
        "isBase64Encoded": encoded,
    })
}

/// The single-valued form has the last of several values.
fn last(multi: &BTreeMap<String, Vec<String>>) -> Option<BTreeMap<&String, &String>> {
    let last = multi.iter().filter_map(|(name, values)| Some((name, values.last()?)));
    (!multi.is_empty()).then(|| last.collect())
}

/// API Gateway keeps the case that the client chose; browsers and most libraries choose this one.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    });
    words.collect::<Vec<_>>().join("-")
}

fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

pub(super) fn parse(json: &[u8]) -> Result<Answered, Malformed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Answer {
        status_code: u16,
        headers: Option<BTreeMap<String, String>>,
        multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
        // Streamed answers may have them.
        cookies: Option<Vec<String>>,
        body: Option<String>,
        is_base64_encoded: Option<bool>,
    }
    let answer: Answer = serde_json::from_slice(json).map_err(|_| Malformed)?;
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers.unwrap_or_default() {
        append(&mut headers, &remapped(&name), &value)?;
    }
    for (name, values) in answer.multi_value_headers.unwrap_or_default() {
        let name = remapped(&name);
        headers.remove(&name);
        for value in values {
            append(&mut headers, &name, &value)?;
        }
    }
    for cookie in answer.cookies.unwrap_or_default() {
        append(&mut headers, "set-cookie", &cookie)?;
    }
    headers.entry("content-type").or_insert(http::HeaderValue::from_static("application/json"));
    let body = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        Some(true) => Bytes::from(BASE64_STANDARD.decode(body).map_err(|_| Malformed)?),
        _ => Bytes::from(body),
    };
    let status = StatusCode::from_u16(answer.status_code).map_err(|_| Malformed)?;
    Ok(Answered { status, headers, body })
}

/// Headers that API Gateway keeps for itself reach the client under another name.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>.
fn remapped(name: &str) -> String {
    const KEPT: [&str; 6] =
        ["connection", "content-length", "date", "host", "server", "www-authenticate"];
    let name = name.to_ascii_lowercase();
    match KEPT.contains(&&*name) {
        true => format!("x-amzn-remapped-{name}"),
        false => name,
    }
}

pub(super) fn refuse(refusal: Refusal) -> Response<Body> {
    match refusal {
        Refusal::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long"),
        Refusal::TimedOut => message(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out"),
        Refusal::BadAnswer => message(StatusCode::BAD_GATEWAY, "Internal server error"),
    }
}
