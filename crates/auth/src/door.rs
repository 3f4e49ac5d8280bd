//! The door of a function: who is let in, and what the others are told.

use std::str::FromStr;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::caller::Caller;
use crate::challenge::{Challenge, UNAUTHORIZED, json};
use crate::iam::IamAccess;
use crate::scope::{Registry, Scopes};
use crate::token::{Bearer, CredentialsError};
use crate::verifier::{Unverifiable, Verifier};
use crate::verify::Rejection;

/// How callers prove who they are (`AUTH_MODE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// By a bearer token.
    #[default]
    Jwt,
    /// By AWS Signature Version 4, which API Gateway has verified.
    Iam,
    /// By either.
    JwtOrIam,
    /// Not at all: on a machine of one's own.
    None,
}

/// The text names no [`AuthMode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be jwt, iam, jwt+iam or none")]
pub struct UnknownAuthMode;

impl FromStr for AuthMode {
    type Err = UnknownAuthMode;

    fn from_str(text: &str) -> Result<Self, UnknownAuthMode> {
        match text {
            "jwt" => Ok(Self::Jwt),
            "iam" => Ok(Self::Iam),
            "jwt+iam" => Ok(Self::JwtOrIam),
            "none" => Ok(Self::None),
            _ => Err(UnknownAuthMode),
        }
    }
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There are no credentials: 401.
    #[error("there are no credentials")]
    Missing,
    /// The token is not valid, for a reason that only the log is told: 401.
    #[error("the token is not valid")]
    InvalidToken(#[source] Option<Rejection>),
    /// There is more than one set of credentials: 400.
    #[error("there is more than one set of credentials")]
    InvalidRequest,
    /// It cannot be told now: 503.
    #[error("tokens cannot be verified now")]
    Unavailable {
        /// When it is worth to try again.
        retry_after: Duration,
    },
    /// The caller is known, and what answers is another tenant's: 403. A [`Door`] does not look; a
    /// host that has environments of tenants does.
    #[error("this environment is another tenant's")]
    AnotherTenant,
}

impl Refusal {
    /// A word for logs and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "no_credentials",
            Self::InvalidToken(_) => "invalid_token",
            Self::InvalidRequest => "invalid_request",
            Self::Unavailable { .. } => "unavailable",
            Self::AnotherTenant => "another_tenant",
        }
    }

    /// What the caller is told. `resource_metadata` is where the metadata of the protected resource
    /// is, `None` where no tokens are taken; `scope` is what a client without a token should ask for.
    #[must_use]
    pub fn response(
        &self,
        resource_metadata: Option<&str>,
        scope: &Scopes,
    ) -> Response<&'static str> {
        let challenge = match self {
            Self::Missing => Challenge::Missing { scope: scope.clone() },
            Self::InvalidToken(_) => Challenge::InvalidToken,
            Self::InvalidRequest => Challenge::InvalidRequest,
            Self::Unavailable { retry_after } => {
                let body = r#"{"error":"temporarily_unavailable"}"#;
                let mut response = json(StatusCode::SERVICE_UNAVAILABLE, body);
                // At least a second: 0 would be an invitation to ask at once.
                let seconds = HeaderValue::from(retry_after.as_secs().max(1));
                response.headers_mut().insert(header::RETRY_AFTER, seconds);
                return response;
            }
            // No other token of this caller would do, so there is no challenge.
            Self::AnotherTenant => {
                return json(StatusCode::FORBIDDEN, ANOTHER_TENANT);
            }
        };
        match resource_metadata {
            Some(resource_metadata) => challenge.response(resource_metadata),
            // A 401 has a challenge, and where only signatures count it must not be `Bearer`.
            None => {
                let mut response = json(StatusCode::UNAUTHORIZED, UNAUTHORIZED);
                let scheme = HeaderValue::from_static("AWS4-HMAC-SHA256");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
                response
            }
        }
    }
}

const ANOTHER_TENANT: &str =
    r#"{"error":"forbidden","error_description":"this server is another tenant's"}"#;

/// A door. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Door {
    tokens: Option<Verifier>,
    principals: Option<IamAccess>,
    registry: Registry,
}

impl Door {
    /// Lets in who brings a token that `tokens` accepts, or is a principal of `principals`.
    #[must_use]
    pub const fn new(
        tokens: Option<Verifier>,
        principals: Option<IamAccess>,
        registry: Registry,
    ) -> Self {
        Self { tokens, principals, registry }
    }

    /// Lets a caller in, or says why not. `request_context` is the event's, raw; its identity is
    /// believed only where IAM principals are let in, its authorizer context never.
    ///
    /// # Errors
    /// Why the caller is not let in.
    pub async fn admit(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        request_context: Option<&[u8]>,
    ) -> Result<Caller, Refusal> {
        let signed = |principals: &IamAccess| principals.caller(request_context?);
        let signed = self.principals.as_ref().and_then(signed);
        let Some(tokens) = &self.tokens else { return signed.ok_or(Refusal::Missing) };
        let bearer = Bearer::of(headers, query);
        if let Some(caller) = signed {
            // Whom of two it is from, nobody can tell.
            return if bearer == Ok(None) { Ok(caller) } else { Err(Refusal::InvalidRequest) };
        }
        let bearer = bearer.map_err(|err| match err {
            CredentialsError::Several => Refusal::InvalidRequest,
            CredentialsError::Malformed => Refusal::InvalidToken(None),
        })?;
        let token = bearer.ok_or(Refusal::Missing)?.token();
        match tokens.verify(token).await {
            Ok(claims) => Ok(claims.into_caller(self.registry)),
            Err(Unverifiable::Rejected(reason)) => Err(Refusal::InvalidToken(Some(reason))),
            Err(Unverifiable::Unavailable { retry_after }) => {
                Err(Refusal::Unavailable { retry_after })
            }
        }
    }
}

#[cfg(test)]
mod tests;
