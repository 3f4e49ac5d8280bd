//! What services that speak JSON 1.1 have in common: a signed body, the operation in `x-amz-target`,
//! an exception by its name.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::sigv4::Verifier;

/// Largest body of a request, in bytes.
const MAX_BODY: usize = 4 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// Why there is no answer: an exception of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl Exception {
    pub(crate) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into() }
    }

    /// What Athena and Glue say of a request that makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidRequestException", message)
    }
}

/// The operation that is asked for, of the service with this prefix, and its body.
pub(crate) async fn read(
    request: Request,
    prefix: &str,
    verifier: &Verifier,
    now_ms: i64,
) -> Result<(String, Bytes), Exception> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| Exception::invalid(format!("A request may have {MAX_BODY} bytes.")))?;
    verifier
        .verify(&parts, &body, now_ms)
        .map_err(|err| Exception::new(err.code(), err.to_string()))?;
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix(prefix)).unwrap_or_default();
    Ok((operation.to_owned(), body))
}

/// The members of a request.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Exception> {
    serde_json::from_slice(body)
        .map_err(|err| Exception::new("SerializationException", err.to_string()))
}

pub(crate) fn respond(answer: Result<Value, Exception>) -> Response {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(Exception { name, message }) => {
            let status = if name.starts_with("Internal") {
                StatusCode::INTERNAL_SERVER_ERROR
            } else {
                StatusCode::BAD_REQUEST
            };
            (status, json!({"__type": name, "Message": message}))
        }
    };
    (status, [(header::CONTENT_TYPE, JSON)], Body::from(body.to_string())).into_response()
}
