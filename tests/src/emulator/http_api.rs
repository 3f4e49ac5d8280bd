//! What a function answers to an HTTP API with payload format 2.0.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::gateway::{Answered, Malformed, append};

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
