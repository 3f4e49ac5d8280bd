//! An HTTP API with payload format 2.0.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::gateway::{
    Answered, Body, DOMAIN, Malformed, Refusal, SOURCE_IP, STAGE, append, event_headers, message,
};

pub(super) fn event(parts: &Parts, body: &[u8]) -> Value {
    let path = format!("/{STAGE}{}", parts.uri.path());
    let mut headers = BTreeMap::<&str, String>::new();
    let mut cookies = Vec::new();
    for (name, value) in event_headers(parts) {
        if name == "cookie" {
            cookies.extend(value.split("; ").map(str::to_owned));
            continue;
        }
        let joined = headers.entry(name).or_default();
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(&value);
    }
    let text = str::from_utf8(body).ok().filter(|_| is_text(&parts.headers));
    let (body, encoded) = match text {
        Some(text) => (text.to_owned(), false),
        None => (BASE64_STANDARD.encode(body), true),
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123defg",
            "domainName": DOMAIN,
            "domainPrefix": "abc123defg",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": "emulated",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": STAGE,
            "time": "20/Nov/2026:16:10:00 +0000",
            "timeEpoch": 1_795_191_000_000_u64,
        },
        "isBase64Encoded": encoded && !body.is_empty(),
    });
    if !body.is_empty() {
        event["body"] = Value::String(body);
    }
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    event
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    kind.starts_with("text/")
        || ["json", "xml", "javascript"].iter().any(|text| kind.contains(text))
}

pub(super) fn parse(json: &[u8]) -> Result<Answered, Malformed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        status_code: u16,
        headers: Option<BTreeMap<String, String>>,
        cookies: Option<Vec<String>>,
        body: Option<String>,
        is_base64_encoded: Option<bool>,
    }
    let value: Value = serde_json::from_slice(json).map_err(|_| Malformed)?;
    let mut headers = HeaderMap::new();
    // Without a status the whole answer is the body.
    if value.get("statusCode").is_none() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = Bytes::copy_from_slice(json);
        return Ok(Answered { status: StatusCode::OK, headers, body });
    }
    let answer: Answer = serde_json::from_value(value).map_err(|_| Malformed)?;
    for (name, value) in answer.headers.unwrap_or_default() {
        append(&mut headers, &name, &value)?;
    }
    for cookie in answer.cookies.unwrap_or_default() {
        append(&mut headers, "set-cookie", &cookie)?;
    }
    let plain = HeaderValue::from_static("text/plain;charset=UTF-8");
    headers.entry(header::CONTENT_TYPE).or_insert(plain);
    let body = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        Some(true) => Bytes::from(BASE64_STANDARD.decode(body).map_err(|_| Malformed)?),
        _ => Bytes::from(body),
    };
    let status = StatusCode::from_u16(answer.status_code).map_err(|_| Malformed)?;
    Ok(Answered { status, headers, body })
}

pub(super) fn refuse(refusal: Refusal) -> Response<Body> {
    match refusal {
        Refusal::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        Refusal::TimedOut => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Refusal::BadAnswer => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}
