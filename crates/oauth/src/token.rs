//! `POST /oauth/token`: codes, refresh tokens and client credentials in, access tokens out (OAuth
//! 2.1, section 3.2).
//!
//! Each grant is checked first, then the access token is signed, and only then the store is asked for
//! its one atomic step: what fails before that has used nothing up.

mod client_credentials;
mod code;
mod refresh;

use std::fmt;
use std::time::Duration;

use auth::{Registry, Resource, Scopes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use service_kit::random::{self, RandomError};

use crate::access_token::AccessToken;
use crate::client::{Client, ClientOrigin, GrantType};
use crate::error::{ErrorCode, Failure, OauthError};
use crate::form::Form;
use crate::grant::{Grant, GrantId, GrantStatus};
use crate::keys::{KeyRing, SigningError};
use crate::lifetimes::Lifetimes;
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::time::Time;

/// A registered client's end is not moved by less than this.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the token endpoint works with.
#[derive(Debug)]
pub struct TokenEndpoint<'a, S> {
    /// Where codes, refresh tokens and grants are kept.
    pub store: &'a S,
    /// What tokens are signed with.
    pub keys: &'a KeyRing,
    /// `iss`
    pub issuer: &'a str,
    /// The resource that machines get tokens for.
    pub resource: &'a Resource,
    /// What scopes imply, and which ones a machine may have.
    pub registry: Registry,
    /// How long everything holds.
    pub lifetimes: &'a Lifetimes,
}

/// What is random in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshToken {
    /// `jti`: 128 bits in text. It opens nothing.
    pub token_id: String,
    /// The refresh token.
    pub refresh_token: Secret,
}

impl FreshToken {
    /// For one answer.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn random() -> Result<Self, RandomError> {
        let mut id = [0; 16];
        random::fill(&mut id)?;
        Ok(Self { token_id: URL_SAFE_NO_PAD.encode(id), refresh_token: Secret::random()? })
    }
}

/// A successful answer (OAuth 2.1, section 3.2.3): JSON, with `Cache-Control: no-store`. Its tokens
/// are never shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// A JWT of RFC 9068.
    pub access_token: String,
    /// `Bearer`
    pub token_type: &'static str,
    /// How long it is good, in seconds.
    pub expires_in: i64,
    /// Who the person is (OpenID Connect Core, section 3.1.3.3): for a code, when `openid` was
    /// allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// For the next one; a machine never has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What it allows.
    pub scope: String,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl<S: Store> TokenEndpoint<'_, S> {
    /// Answers a form of `client`, which has proven who it is.
    ///
    /// # Errors
    /// A refusal (OAuth 2.1, section 3.2.4), or what is broken; see [`Failure::told`].
    pub async fn answer(
        &self,
        client: &Client,
        form: &Form,
        fresh: FreshToken,
        now: Time,
    ) -> Result<TokenResponse, Failure> {
        let grant = GrantType::parse(required(form, "grant_type")?)
            .ok_or_else(|| refused(ErrorCode::UnsupportedGrantType, "there is no such grant"))?;
        let proves_nothing = grant == GrantType::ClientCredentials && client.is_public();
        if !client.may(grant) || proves_nothing {
            return Err(refused(
                ErrorCode::UnauthorizedClient,
                "the client is not registered for this grant",
            ));
        }
        match grant {
            GrantType::AuthorizationCode => self.redeem(client, form, fresh, now).await,
            GrantType::RefreshToken => self.refresh(client, form, fresh, now).await,
            GrantType::ClientCredentials => self.for_itself(client, form, &fresh, now).await,
        }
    }

    /// The grant of this id, if it holds and `client` is its client.
    async fn grant(&self, id: &GrantId, client: &Client, now: Time) -> Result<Grant, Failure> {
        let holds = |grant: &Grant| {
            grant.status == GrantStatus::Active
                && grant.client == client.id
                && !grant.expires_at.has_come(now)
        };
        self.store.grant(id).await?.filter(holds).ok_or_else(|| invalid_grant().into())
    }

    /// An access token for the person of `grant`, and no refresh token yet.
    async fn answer_for(
        &self,
        grant: &Grant,
        scopes: &Scopes,
        fresh: &FreshToken,
        now: Time,
    ) -> Result<TokenResponse, SigningError> {
        self.sign(&AccessToken {
            issuer: self.issuer,
            resource: &grant.resource,
            subject: &grant.subject,
            client: &grant.client,
            scopes,
            grant: Some(&grant.id),
            authenticated_at: Some(grant.authenticated_at),
            tenant: grant.tenant.as_ref(),
            id: &fresh.token_id,
            issued_at: now,
            expires_at: now.after(self.lifetimes.access_token).min(grant.expires_at),
        })
        .await
    }

    async fn sign(&self, token: &AccessToken<'_>) -> Result<TokenResponse, SigningError> {
        Ok(TokenResponse {
            access_token: token.sign(self.keys).await?,
            token_type: "Bearer",
            expires_in: token.expires_at.0 - token.issued_at.0,
            id_token: None,
            refresh_token: None,
            scope: token.scopes.to_string(),
        })
    }

    /// Keeps a registered client that is in use from being forgotten.
    async fn keep(&self, client: &Client, now: Time) -> Result<(), StoreError> {
        let end = now.after(self.lifetimes.client);
        let is_worth_it = client.expires_at.is_some_and(|before| before.after(DAY) < end);
        if client.origin == ClientOrigin::Registered && is_worth_it {
            self.store.extend_client(&client.id, Some(end)).await?;
        }
        Ok(())
    }
}

fn refused(code: ErrorCode, why: &'static str) -> Failure {
    OauthError::new(code, why).into()
}

/// One text for whatever is wrong with a code or a refresh token: a stranger learns nothing.
fn invalid_grant() -> OauthError {
    OauthError::new(ErrorCode::InvalidGrant, "the code or refresh token is not good for this")
}

fn required<'a>(form: &'a Form, name: &'static str) -> Result<&'a str, OauthError> {
    form.get(name).ok_or_else(|| {
        OauthError::new(ErrorCode::InvalidRequest, format!("the parameter {name} is missing"))
    })
}

/// Whether every `resource` that is named is this one (RFC 8707, section 2.2); none need be.
fn check_resource(form: &Form, resource: &str) -> Result<(), OauthError> {
    let is_this = |named: &str| {
        named == resource || named.parse::<Resource>().is_ok_and(|named| named.as_str() == resource)
    };
    if form.all("resource").filter(|named| !named.is_empty()).all(is_this) {
        Ok(())
    } else {
        Err(OauthError::new(ErrorCode::InvalidTarget, "the tokens are for another resource"))
    }
}

/// The scopes that are asked for: at most `all`, which is also meant when none are named.
fn asked_scopes(form: &Form, all: &Scopes, registry: Registry) -> Result<Scopes, OauthError> {
    let error = || OauthError::new(ErrorCode::InvalidScope, "a scope is unknown or not allowed");
    let Some(asked) = form.scopes()? else { return Ok(all.clone()) };
    if registry.expand(all.clone()).contain_all(&asked) { Ok(asked) } else { Err(error()) }
}

#[cfg(test)]
pub(crate) mod tests;
