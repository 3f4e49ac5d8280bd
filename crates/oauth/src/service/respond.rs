//! Answers, each in the one form that its callers expect. Nothing else here picks a status.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use serde::Serialize;
use service_kit::random::RandomError;

use super::exchange::Exchange;
use crate::error::{ErrorCode, Failure, OauthError};
use crate::location::Location;
use crate::login::BrokerError;
use crate::page::error_page;
use crate::refusal::{Refusal, Stop};
use crate::store::StoreError;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why a browser does not get what it asked for.
#[derive(Debug)]
pub(super) enum Interrupted {
    /// The person is told, or the client.
    Stop(Stop),
    /// Something of ours is in the way.
    Ours(Box<dyn Error + Send + Sync>),
    /// There were too many requests.
    TooMany(Duration),
}

impl From<Stop> for Interrupted {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Refusal> for Interrupted {
    fn from(refusal: Refusal) -> Self {
        Self::Stop(refusal.into())
    }
}

impl From<StoreError> for Interrupted {
    fn from(err: StoreError) -> Self {
        Self::Ours(err.into())
    }
}

impl From<RandomError> for Interrupted {
    fn from(err: RandomError) -> Self {
        Self::Ours(err.into())
    }
}

impl From<http::Error> for Interrupted {
    fn from(err: http::Error) -> Self {
        Self::Ours(err.into())
    }
}

/// Whom the provider does not vouch for is told so; the log is told why.
impl From<BrokerError> for Interrupted {
    fn from(err: BrokerError) -> Self {
        match err {
            BrokerError::Unavailable(_) | BrokerError::Random(_) => Self::Ours(err.into()),
            refused => {
                let error = &refused as &dyn Error;
                tracing::warn!(name: "oauth.login", error, "nobody is logged in");
                Self::Stop(Refusal::NotVouchedFor.into())
            }
        }
    }
}

impl From<Failure> for Interrupted {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TooMany { retry_after } => Self::TooMany(retry_after),
            Failure::Refused(_) => Self::Stop(Refusal::Malformed.into()),
            other => Self::Ours(other.into()),
        }
    }
}

/// A JSON answer that no cache keeps.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    let mut response = Response::new(serde_json::to_vec(body).unwrap_or_default().into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    response
}

/// An answer without a body that no cache keeps.
pub(super) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    response
}

/// A document of JSON that is the same for everyone.
pub(super) fn document(body: Bytes) -> Response<Bytes> {
    const PUBLIC: HeaderValue =
        HeaderValue::from_static("public, max-age=300, stale-while-revalidate=300");
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(header::CACHE_CONTROL, PUBLIC);
    response
}

/// Sends the browser on; after a form too it asks with `GET` (RFC 9110, section 15.4.4).
pub(super) fn see_other(location: HeaderValue) -> Response<Bytes> {
    let mut response = empty(StatusCode::SEE_OTHER);
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Sends the browser to a client.
pub(super) fn return_to(location: &Location) -> Result<Response<Bytes>, http::Error> {
    location.to_header().map(see_other)
}

pub(super) fn not_found() -> Response<Bytes> {
    #[derive(Serialize)]
    struct NotFound {
        error: &'static str,
    }
    json(StatusCode::NOT_FOUND, &NotFound { error: "not_found" })
}

pub(super) fn too_large() -> Response<Bytes> {
    let error = OauthError::new(ErrorCode::InvalidRequest, "the body is too big");
    json(StatusCode::PAYLOAD_TOO_LARGE, &error)
}

pub(super) fn method_not_allowed(methods: &[Method]) -> Response<Bytes> {
    let error = OauthError::new(ErrorCode::InvalidRequest, "the method is not allowed here");
    let mut response = json(StatusCode::METHOD_NOT_ALLOWED, &error);
    response.headers_mut().insert(header::ALLOW, list(methods));
    response
}

/// Lets any web page read the answer; none can send cookies along (Fetch, "CORS protocol and
/// credentials").
pub(super) fn share(mut response: Response<Bytes>) -> Response<Bytes> {
    const SHARED: [(HeaderName, HeaderValue); 2] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("WWW-Authenticate, Retry-After"),
        ),
    ];
    response.headers_mut().extend(SHARED);
    response
}

/// What a browser asks before it sends a request for a page.
pub(super) fn preflight(methods: &[Method]) -> Response<Bytes> {
    const ASKED: [(HeaderName, HeaderValue); 2] = [
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization, Content-Type, MCP-Protocol-Version"),
        ),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200")),
    ];
    let mut response = share(empty(StatusCode::NO_CONTENT));
    response.headers_mut().extend(ASKED);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, list(methods));
    response
}

fn list(methods: &[Method]) -> HeaderValue {
    let names: Vec<_> = methods.iter().map(Method::as_str).collect();
    // Names of methods are visible ASCII.
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static("GET"))
}

/// Tells a program what went wrong, and the log what is ours.
pub(super) fn failure(failure: Failure, exchange: &mut Exchange<'_>) -> Response<Bytes> {
    let retry_after = failure.retry_after();
    let told = match failure {
        Failure::Refused(_) | Failure::TooMany { .. } => failure.told(),
        ours => {
            let told = match &ours {
                Failure::Random(_) => ErrorCode::ServerError,
                _ => ErrorCode::TemporarilyUnavailable,
            };
            exchange.said.cause = Some(Box::new(ours));
            OauthError::new(told, "something of ours is in the way: try again in a moment")
        }
    };
    exchange.said.error = Some(told.code.as_str().into());
    let mut response = json(told.code.status(), &told);
    let headers = response.headers_mut();
    headers.extend(retry_after.map(after));
    headers.extend(challenge(&told));
    response
}

fn after(wait: Duration) -> (HeaderName, HeaderValue) {
    (header::RETRY_AFTER, wait.as_secs().max(1).into())
}

/// What a 401 must say (RFC 9110, section 11.6.1): what there is to prove who one is.
fn challenge(told: &OauthError) -> Option<(HeaderName, HeaderValue)> {
    let value = match told.code {
        ErrorCode::InvalidClient => {
            HeaderValue::from_static("Basic realm=\"oauth\", charset=\"UTF-8\"")
        }
        ErrorCode::InvalidToken => HeaderValue::from_static("Bearer error=\"invalid_token\""),
        _ => return None,
    };
    Some((header::WWW_AUTHENTICATE, value))
}

/// Tells a person, or their client, what went wrong, and the log what is ours.
pub(super) fn interrupted(why: Interrupted, exchange: &mut Exchange<'_>) -> Response<Bytes> {
    let mut retry_after = None;
    let refusal = match why {
        Interrupted::Stop(Stop::Return { error, location }) => {
            exchange.said.error = Some(error.code.as_str().into());
            match return_to(&location) {
                Ok(response) => return response,
                Err(err) => {
                    exchange.said.cause = Some(err.into());
                    Refusal::Unavailable
                }
            }
        }
        Interrupted::Stop(Stop::Page(refusal)) => refusal,
        Interrupted::TooMany(wait) => {
            retry_after = Some(wait);
            Refusal::TooMany
        }
        Interrupted::Ours(cause) => {
            exchange.said.cause = Some(cause);
            Refusal::Unavailable
        }
    };
    exchange.said.error = Some(refusal.to_string().into());
    let mut response = match exchange.wants_json() {
        true => json(refusal.status(), &in_code(refusal)),
        false => error_page(refusal),
    };
    response.headers_mut().extend(retry_after.map(after));
    response
}

/// What an error page says, for a program: mcp-remote looks at the page before it opens a browser, and registers anew
/// when its registration is forgotten.
fn in_code(refusal: Refusal) -> OauthError {
    let code = match refusal {
        Refusal::UnknownClient => ErrorCode::InvalidClient,
        Refusal::TooMany => ErrorCode::TooManyRequests,
        Refusal::Unavailable => ErrorCode::TemporarilyUnavailable,
        _ => ErrorCode::InvalidRequest,
    };
    OauthError::new(code, refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;
    use http::Request;

    #[test]
    fn a_program_that_looks_at_a_page_for_a_person_is_told_in_its_own_way() {
        let answer = |accept: &str, refusal: Refusal| {
            let request = Request::get("/oauth/authorize").header(header::ACCEPT, accept);
            let (head, ()) = request.body(()).unwrap().into_parts();
            interrupted(refusal.into(), &mut Exchange::new(&head, &[], None, Time(0)))
        };
        let body = |response: &Response<Bytes>| str::from_utf8(response.body()).unwrap().to_owned();
        let told = answer("application/json", Refusal::UnknownClient);
        assert_eq!(
            (told.status(), &told.headers()[header::CONTENT_TYPE]),
            (StatusCode::BAD_REQUEST, &JSON)
        );
        assert_eq!(
            body(&told),
            r#"{"error":"invalid_client","error_description":"the client is unknown"}"#
        );
        for (refusal, code) in [
            (Refusal::RedirectUri, "invalid_request"),
            (Refusal::TooMany, "too_many_requests"),
            (Refusal::Unavailable, "temporarily_unavailable"),
        ] {
            assert!(body(&answer("application/json", refusal)).contains(code));
        }
        for accept in
            ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", "", "text/html, application/json"]
        {
            let page = answer(accept, Refusal::UnknownClient);
            assert!(body(&page).starts_with("<!DOCTYPE html>"), "{accept}");
        }
    }
}
