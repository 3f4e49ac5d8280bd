//! Consent: who may answer, what an answer gives, and when nobody needs to be asked again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use service_kit::random::{self, RandomError};
use subtle::ConstantTimeEq as _;

use crate::authorize::{AuthorizationRequest, AuthorizeSettings, redirect_of};
use crate::client::{Client, ClientOrigin};
use crate::error::{ErrorCode, OauthError};
use crate::form::Form;
use crate::grant::{Code, CodeState, Consent, ConsentKey, Grant, GrantId, GrantStatus};
use crate::location::Location;
use crate::redirect::RedirectClass;
use crate::refusal::{Refusal, Stop};
use crate::secret::{Secret, SecretHash};
use crate::time::Time;
use crate::transaction::{Session, Transaction, TransactionState};

/// What a browser says about where a form was sent from.
#[derive(Clone, Copy, Debug)]
pub struct SentFrom<'a> {
    /// The header `Origin`.
    pub origin: Option<&'a str>,
    /// The header `Sec-Fetch-Site`.
    pub site: Option<&'a str>,
}

impl SentFrom<'_> {
    /// Whether it was one of our own pages. A page with `Referrer-Policy: no-referrer` sends the
    /// origin `null` (Fetch, "append a request `Origin` header"): then the browser's word on the
    /// site counts, which no page can forge.
    #[must_use]
    pub fn is_own_page(self, issuer: &str) -> bool {
        match self.origin {
            None | Some("null") => self.site == Some("same-origin"),
            Some(origin) => origin == issuer && self.site.is_none_or(|site| site == "same-origin"),
        }
    }
}

/// The token in the form of a transaction's consent page, which only its session can make: an HMAC
/// keyed with the session's cookie.
#[must_use]
pub fn csrf_token(cookie: &str, transaction: SecretHash) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, cookie.as_bytes());
    let message = format!("consent {}", transaction.to_text());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()))
}

/// What a person answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `decision=approve`
    Approve,
    /// `decision=deny`
    Deny,
}

/// A session, and the cookie that proves it.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// What the browser sent.
    pub cookie: &'a str,
    /// The session that was found under its hash.
    pub session: &'a Session,
}

/// Reads the answer to a consent page. `transaction` was found by the browser's cookie.
///
/// It counts once the store has taken the transaction from its step to [`TransactionState::Done`];
/// when that fails it is [`Refusal::AlreadyUsed`].
///
/// # Errors
/// A page, when it was not sent from our page, by who was asked, in time, for the first time.
pub fn answer(
    form: &Form,
    sent_from: SentFrom<'_>,
    transaction: Option<&Transaction>,
    presented: Option<Presented<'_>>,
    settings: &AuthorizeSettings,
    now: Time,
) -> Result<Answer, Refusal> {
    if !sent_from.is_own_page(&settings.issuer) {
        return Err(Refusal::Forged);
    }
    if form.repeated(&[]).is_some() {
        return Err(Refusal::Malformed);
    }
    let transaction = transaction.ok_or(Refusal::NotBegun)?;
    may_answer(transaction, presented.map(|presented| presented.session), settings, now)?;
    let cookie = presented.ok_or(Refusal::Forged)?.cookie;
    let expected = csrf_token(cookie, transaction.hash);
    let sent = form.get("csrf").unwrap_or_default();
    if !bool::from(expected.as_bytes().ct_eq(sent.as_bytes())) {
        return Err(Refusal::Forged);
    }
    match form.get("decision") {
        Some("approve") => Ok(Answer::Approve),
        Some("deny") => Ok(Answer::Deny),
        _ => Err(Refusal::Malformed),
    }
}

/// Whether the person of `session` may see the consent page of a transaction, and answer it.
///
/// # Errors
/// A page, when it is over, or somebody else was asked.
pub fn may_answer(
    transaction: &Transaction,
    session: Option<&Session>,
    settings: &AuthorizeSettings,
    now: Time,
) -> Result<(), Refusal> {
    let asked = match &transaction.step {
        TransactionState::Done => return Err(Refusal::AlreadyUsed),
        _ if transaction.expires_at.has_come(now) => return Err(Refusal::Expired),
        TransactionState::Login { .. } => return Err(Refusal::NotBegun),
        TransactionState::Consent { session } => *session,
    };
    let session = session.filter(|session| session.hash == asked).ok_or(Refusal::Forged)?;
    if session.is_live(&settings.lifetimes, now) { Ok(()) } else { Err(Refusal::Expired) }
}

/// What is random in an approval.
#[derive(Debug)]
pub struct FreshGrant {
    /// The new grant's id.
    pub grant: GrantId,
    /// Its code.
    pub code: Secret,
}

impl FreshGrant {
    /// From the operating system.
    ///
    /// # Errors
    /// When it has no randomness.
    pub fn random() -> Result<Self, RandomError> {
        let mut id = [0; 16];
        random::fill(&mut id)?;
        Ok(Self { grant: GrantId(URL_SAFE_NO_PAD.encode(id)), code: Secret::random()? })
    }
}

/// What a person's approval gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The new grant, to be stored with `code` before the browser is sent off.
    pub grant: Grant,
    /// Its first code.
    pub code: Code,
    /// What to remember, when the person was asked; `None` for clients that are asked about always.
    pub remember: Option<(ConsentKey, Consent)>,
    /// Where the browser goes: the client's redirect URI with `code`, `state` and `iss`.
    pub location: Location,
}

/// Grants what a request asks for.
///
/// # Errors
/// A page, when the client is no longer what it was when it asked.
pub fn approve(
    request: &AuthorizationRequest,
    client: &Client,
    session: &Session,
    fresh: FreshGrant,
    settings: &AuthorizeSettings,
    now: Time,
) -> Result<Approval, Refusal> {
    if client.id != request.client || client.expires_at.is_some_and(|end| end.has_come(now)) {
        return Err(Refusal::UnknownClient);
    }
    redirect_of(client, &request.redirect_uri).ok_or(Refusal::RedirectUri)?;
    let FreshGrant { grant: id, code: secret } = fresh;
    let lifetimes = &settings.lifetimes;
    let code = Code {
        hash: secret.hash(),
        grant: id.clone(),
        client: request.client.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge,
        scopes: request.scopes.clone(),
        resource: request.resource.clone(),
        nonce: request.nonce.clone(),
        state: CodeState::New,
        expires_at: now.after(lifetimes.code),
    };
    let grant = Grant {
        id,
        client: request.client.clone(),
        subject: session.subject.clone(),
        tenant: session.tenant.clone(),
        scopes: request.scopes.clone(),
        resource: request.resource.clone(),
        authenticated_at: session.authenticated_at,
        status: GrantStatus::Active,
        expires_at: now.after(lifetimes.grant),
    };
    let remember = is_remembered_for(client, &request.redirect_uri).then(|| {
        let consent = Consent {
            scopes: request.scopes.clone(),
            resource: request.resource.clone(),
            expires_at: now.after(lifetimes.grant),
        };
        (request.consent_key(&session.subject), consent)
    });
    let location = request.return_to(settings).with_code(&secret);
    Ok(Approval { grant, code, remember, location })
}

/// Tells the client that the person said no.
#[must_use]
pub fn deny(request: &AuthorizationRequest, settings: &AuthorizeSettings) -> Stop {
    let error = OauthError::new(ErrorCode::AccessDenied, "the person did not agree");
    request.return_to(settings).with_error(error)
}

/// Whether a consent to this client is remembered: it is known who it is, and nobody else gets what
/// is sent to its redirect URI. Anybody can register a client, listen on a port of the person's
/// machine, or claim a scheme.
pub(crate) fn is_remembered_for(client: &Client, redirect_uri: &str) -> bool {
    let known = match client.origin {
        ClientOrigin::Configured | ClientOrigin::MetadataDocument => true,
        ClientOrigin::Registered => false,
    };
    let redirect = redirect_of(client, redirect_uri);
    known && redirect.is_some_and(|uri| uri.class() == RedirectClass::Web)
}

#[cfg(test)]
mod tests;
