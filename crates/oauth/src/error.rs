//! Errors as OAuth tells them.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use service_kit::random::RandomError;

use crate::keys::SigningError;
use crate::store::StoreError;

/// An error code of OAuth 2.1, OpenID Connect, RFC 7591, RFC 6750 or RFC 8707.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The request is malformed.
    InvalidRequest,
    /// The client is unknown or has not proven who it is.
    InvalidClient,
    /// The code, token or verifier is not good for this.
    InvalidGrant,
    /// The client may not use this grant.
    UnauthorizedClient,
    /// There is no such grant.
    UnsupportedGrantType,
    /// There is no such response type.
    UnsupportedResponseType,
    /// A scope is unknown or not allowed.
    InvalidScope,
    /// The resource is not one of ours (RFC 8707).
    InvalidTarget,
    /// The person said no.
    AccessDenied,
    /// Nobody is logged in, and nobody may be asked.
    LoginRequired,
    /// Consent is missing, and nobody may be asked.
    ConsentRequired,
    /// Request objects are not taken.
    RequestNotSupported,
    /// Request objects by reference are not taken.
    RequestUriNotSupported,
    /// A redirect URI is not allowed (RFC 7591).
    InvalidRedirectUri,
    /// Client metadata is not allowed (RFC 7591).
    InvalidClientMetadata,
    /// The bearer token is not valid (RFC 6750).
    InvalidToken,
    /// The bearer token does not allow this (RFC 6750).
    InsufficientScope,
    /// There were too many requests (RFC 6585, section 4).
    TooManyRequests,
    /// Something outside of the request is broken for now.
    TemporarilyUnavailable,
    /// Something of ours is broken.
    ServerError,
}

impl ErrorCode {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::TooManyRequests => "too_many_requests",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }

    /// The status of an answer that is no redirect (OAuth 2.1, section 3.2.4; RFC 6750, section 3.1;
    /// RFC 7591, section 3.2.2). A 401 needs a challenge: `Basic` for [`Self::InvalidClient`],
    /// `Bearer` for [`Self::InvalidToken`].
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// An error for the caller: a code and what to do about it. Nothing secret is ever in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OauthError {
    /// What went wrong.
    pub code: ErrorCode,
    /// For the developer of the client: ASCII without `"` and `\` (RFC 6749, section 5.2).
    pub description: Cow<'static, str>,
}

impl OauthError {
    /// An error with its description.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: description.into() }
    }
}

/// The body of an answer: `error` and `error_description`.
impl Serialize for OauthError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("OauthError", 2)?;
        body.serialize_field("error", self.code.as_str())?;
        body.serialize_field("error_description", &self.description)?;
        body.end()
    }
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It is refused: the caller can do something about it.
    #[error(transparent)]
    Refused(#[from] OauthError),
    /// The store does not answer: the caller may try again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be signed now: the caller may try again.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// There is no randomness to make secrets of.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// There were too many requests of this kind.
    #[error("there were too many requests")]
    TooMany {
        /// When it is worth to try again.
        retry_after: Duration,
    },
}

/// When to try again what something of ours was in the way of.
const SOON: Duration = Duration::from_secs(2);

impl Failure {
    /// When it is worth to try again, if it is.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(_) | Self::Random(_) => None,
            Self::Store(_) | Self::Signing(_) => Some(SOON),
            Self::TooMany { retry_after } => Some(*retry_after),
        }
    }

    /// What the caller is told; what is ours stays in the log.
    #[must_use]
    pub fn told(self) -> OauthError {
        match self {
            Self::Refused(error) => error,
            Self::TooMany { .. } => {
                OauthError::new(ErrorCode::TooManyRequests, "there were too many requests")
            }
            Self::Store(_) | Self::Signing(_) => {
                OauthError::new(ErrorCode::TemporarilyUnavailable, "try again in a moment")
            }
            Self::Random(_) => {
                OauthError::new(ErrorCode::ServerError, "something of ours is broken")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_is_not_told() {
        let store = StoreError("table mcp-clients in account 123456789012".into());
        let refused = OauthError::new(ErrorCode::InvalidScope, "a scope is unknown or not allowed");
        let told = [
            store.into(),
            SigningError::because("key in account 123456789012").into(),
            refused.into(),
        ]
        .map(|failure: Failure| {
            let told = failure.told();
            format!("{} {}", told.code.status().as_u16(), serde_json::to_string(&told).unwrap())
        });
        insta::assert_snapshot!(told.join("\n"), @r#"
        503 {"error":"temporarily_unavailable","error_description":"try again in a moment"}
        503 {"error":"temporarily_unavailable","error_description":"try again in a moment"}
        400 {"error":"invalid_scope","error_description":"a scope is unknown or not allowed"}
        "#);
    }
}
