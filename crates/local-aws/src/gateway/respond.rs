//! The answers API Gateway itself gives, and what it makes of an integration's headers.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>
//! for the statuses; the texts and `x-amzn-ErrorType` are those that clients report.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::{Api, Kind};
use crate::sigv4;

/// Why a request gets an answer of API Gateway's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The path does not begin with the stage.
    #[error("the path does not begin with the stage")]
    NoStage,
    /// No route takes it.
    #[error("no route takes the request")]
    NoRoute,
    /// An identity source is missing, or the authorizer failed with exactly `Unauthorized`.
    #[error("the request is unauthorized")]
    Unauthorized,
    /// A statement of the policy denies it.
    #[error("the policy denies it")]
    ExplicitlyDenied,
    /// No statement of the policy allows it, or `isAuthorized` is false.
    #[error("the policy does not allow it")]
    ImplicitlyDenied,
    /// The authorizer cannot be invoked, failed, or answered what cannot be understood. For the
    /// log: it has nothing of the request in it.
    #[error("the authorizer cannot be used: {0}")]
    AuthorizerFailed(String),
    /// It is not signed as it must be.
    #[error(transparent)]
    Signature(sigv4::Refusal),
    /// Its body is longer than [`MAX_REQUEST`](super::MAX_REQUEST).
    #[error("the request is too large")]
    TooLarge,
    /// The integration took too long.
    #[error("the integration took too long")]
    TimedOut,
    /// The integration failed, or its answer cannot be understood.
    #[error("the integration did not answer as it must")]
    BadAnswer,
}

pub(super) fn refuse(api: &Api, refusal: &Refusal) -> Response<Bytes> {
    match api.kind {
        Kind::Rest => refuse_rest(api, refusal),
        Kind::Http => refuse_http(refusal),
    }
}

fn refuse_rest(api: &Api, refusal: &Refusal) -> Response<Bytes> {
    const DENIED: &str = "User is not authorized to access this resource";
    const DENIED_EXPLICITLY: &str =
        "User is not authorized to access this resource with an explicit deny";
    let signature;
    let (status, error_type, text) = match refusal {
        Refusal::NoStage => (403, "ForbiddenException", Some("Forbidden")),
        Refusal::NoRoute => {
            (403, "MissingAuthenticationTokenException", Some("Missing Authentication Token"))
        }
        Refusal::Unauthorized => (401, "UnauthorizedException", Some("Unauthorized")),
        Refusal::ExplicitlyDenied => (403, "AccessDeniedException", Some(DENIED_EXPLICITLY)),
        Refusal::ImplicitlyDenied => (403, "AccessDeniedException", Some(DENIED)),
        Refusal::AuthorizerFailed(_) => (500, "AuthorizerConfigurationException", None),
        Refusal::Signature(refusal) => {
            signature = refusal.to_string();
            (403, refusal.code(), Some(signature.as_str()))
        }
        Refusal::TooLarge => (413, "RequestTooLargeException", Some("Request Too Long")),
        Refusal::TimedOut => {
            (504, "InternalServerErrorException", Some("Endpoint request timed out"))
        }
        Refusal::BadAnswer => (502, "InternalServerErrorException", Some("Internal server error")),
    };
    let (name, configured) = match refusal {
        // The only texts under a capital letter.
        Refusal::ExplicitlyDenied | Refusal::ImplicitlyDenied => {
            ("Message", Some(&api.gateway_responses.access_denied))
        }
        Refusal::Unauthorized => ("message", Some(&api.gateway_responses.unauthorized)),
        _ => ("message", None),
    };
    let mut response = message(status, name, text);
    let headers = response.headers_mut();
    headers.insert("x-amzn-errortype", HeaderValue::from_static(error_type));
    for (name, value) in configured.into_iter().flatten() {
        headers.append(name, value.clone());
    }
    response
}

fn refuse_http(refusal: &Refusal) -> Response<Bytes> {
    let (status, text) = match refusal {
        Refusal::NoStage | Refusal::NoRoute => (404, "Not Found"),
        Refusal::Unauthorized => (401, "Unauthorized"),
        Refusal::ExplicitlyDenied | Refusal::ImplicitlyDenied | Refusal::Signature(_) => {
            (403, "Forbidden")
        }
        Refusal::AuthorizerFailed(_) | Refusal::BadAnswer => (500, "Internal Server Error"),
        Refusal::TooLarge => (413, "Request Entity Too Large"),
        Refusal::TimedOut => (503, "Service Unavailable"),
    };
    message(status, "message", Some(text))
}

fn message(status: u16, name: &str, text: Option<&str>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(json!({ name: text }).to_string()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Headers that a REST API keeps for itself reach the client under another name.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>.
pub(super) fn remap(headers: &mut HeaderMap) {
    const KEPT: [(&str, &str); 6] = [
        ("connection", "x-amzn-remapped-connection"),
        ("content-length", "x-amzn-remapped-content-length"),
        ("date", "x-amzn-remapped-date"),
        ("host", "x-amzn-remapped-host"),
        ("server", "x-amzn-remapped-server"),
        ("www-authenticate", "x-amzn-remapped-www-authenticate"),
    ];
    for (name, remapped) in KEPT {
        if let header::Entry::Occupied(kept) = headers.entry(name) {
            let values: Vec<_> = kept.remove_entry_mult().1.collect();
            for value in values {
                headers.append(HeaderName::from_static(remapped), value);
            }
        }
    }
}
