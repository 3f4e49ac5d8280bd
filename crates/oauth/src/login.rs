//! Login: the way back from an identity provider, and a list of people for one's own machine.

mod broker;
mod dev;
mod id_token;

use auth::TenantId;

pub use broker::{Begun, Broker, BrokerError, Provider};
pub use dev::{DevLogin, DevLoginRefused, DevUser};
pub use id_token::{IdTokenError, Upstream};

use crate::authorize::AuthorizeSettings;
use crate::error::{ErrorCode, OauthError};
use crate::form::Form;
use crate::lifetimes::Lifetimes;
use crate::refusal::{Refusal, Stop};
use crate::secret::Secret;
use crate::time::Time;
use crate::transaction::{Session, Transaction, TransactionState};

/// Somebody who has just proven who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// `sub`
    pub subject: String,
    /// What the person is called, to be shown.
    pub name: Option<String>,
    /// The person's tenant.
    pub tenant: Option<TenantId>,
    /// When the person proved it.
    pub authenticated_at: Time,
}

impl Person {
    /// The session that begins now. `cookie` must be fresh: one that the browser had before may be
    /// somebody else's, and is to be forgotten.
    #[must_use]
    pub fn into_session(self, cookie: &Secret, lifetimes: &Lifetimes, now: Time) -> Session {
        Session {
            hash: cookie.hash(),
            subject: self.subject,
            name: self.name,
            tenant: self.tenant,
            authenticated_at: self.authenticated_at,
            used_at: now,
            expires_at: now.after(lifetimes.session),
        }
    }
}

impl Session {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn is_live(&self, lifetimes: &Lifetimes, now: Time) -> bool {
        let idle = self.used_at.after(lifetimes.session_idle);
        !self.expires_at.has_come(now) && !idle.has_come(now)
    }
}

/// What an identity provider sent back, to be exchanged for an ID token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UpstreamCode<'a> {
    /// Its code.
    pub code: &'a str,
    /// The verifier of our proof key.
    pub verifier: &'a str,
    /// The `nonce` that the ID token must have.
    pub nonce: &'a str,
}

/// Reads what an identity provider sent back. `transaction` was found by the browser's cookie: a
/// link that somebody else began leads nowhere.
///
/// The code counts once the store has taken the transaction from its step to the next; when that
/// fails it is [`Refusal::AlreadyUsed`]. After [`Stop::Return`] the transaction is done.
///
/// # Errors
/// How it ends instead.
pub fn callback<'a>(
    form: &'a Form,
    transaction: Option<&'a Transaction>,
    upstream: &Upstream,
    settings: &AuthorizeSettings,
    now: Time,
) -> Result<UpstreamCode<'a>, Stop> {
    let waiting = Waiting::of(form, transaction, now)?;
    if form.get("iss").is_some_and(|issuer| issuer != upstream.issuer) {
        return Err(Refusal::Mismatch.into());
    }
    if let Some(error) = form.get("error") {
        let (code, description) = match error {
            "access_denied" => (ErrorCode::AccessDenied, "the person did not log in"),
            "temporarily_unavailable" => {
                (ErrorCode::TemporarilyUnavailable, "the identity provider is not available")
            }
            _ => (ErrorCode::ServerError, "the identity provider failed"),
        };
        let error = OauthError::new(code, description);
        return Err(waiting.transaction.request.return_to(settings).with_error(error));
    }
    let code = form.get("code").ok_or(Refusal::Mismatch)?;
    Ok(UpstreamCode { code, verifier: waiting.verifier, nonce: waiting.nonce })
}

/// A transaction that waits for its person to log in, and the form that fits it.
struct Waiting<'a> {
    transaction: &'a Transaction,
    nonce: &'a str,
    verifier: &'a str,
}

impl<'a> Waiting<'a> {
    fn of(form: &Form, transaction: Option<&'a Transaction>, now: Time) -> Result<Self, Refusal> {
        if form.repeated(&[]).is_some() {
            return Err(Refusal::Malformed);
        }
        let transaction = transaction.ok_or(Refusal::NotBegun)?;
        let TransactionState::Login { state, nonce, verifier } = &transaction.step else {
            return Err(Refusal::AlreadyUsed);
        };
        if transaction.expires_at.has_come(now) {
            return Err(Refusal::Expired);
        }
        if !form.get("state").is_some_and(|sent| state.is_of(sent)) {
            return Err(Refusal::Mismatch);
        }
        Ok(Self { transaction, nonce, verifier })
    }
}

#[cfg(test)]
mod tests;
