//! What a function answers to a REST API with Lambda proxy integration.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::gateway::{Answered, Malformed, append};

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
        append(&mut headers, &name, &value)?;
    }
    for (name, values) in answer.multi_value_headers.unwrap_or_default() {
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
