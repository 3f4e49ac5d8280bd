//! `GET /oauth/authorize`: what a client asks for, held against what it may (OAuth 2.1, section 4.1.1).
//!
//! Until the redirect URI is known to be the client's, every fault is a page: the browser is sent
//! nowhere. From then on the client is told.

use std::fmt;
use std::str::FromStr;

use auth::{Registry, Scopes};

use crate::client::{Client, ClientId, GrantType};
use crate::consent::is_remembered_for;
use crate::error::{ErrorCode, OauthError};
use crate::form::Form;
use crate::grant::{Consent, ConsentKey};
use crate::lifetimes::Lifetimes;
use crate::location::ReturnTo;
use crate::pkce::CodeChallenge;
use crate::redirect::RedirectUri;
use crate::refusal::{Refusal, Stop};
use crate::secret::SecretHash;
use crate::time::Time;
use crate::transaction::{Session, Transaction, TransactionState};

/// The longest query, in bytes, and the most parameters in it.
const MAX_QUERY: usize = 8 << 10;
const MAX_PARAMETERS: usize = 32;
/// The longest `state`, in bytes.
const MAX_STATE: usize = 2 << 10;
/// What a client of OpenID Connect or of MCP adds to its scopes; it opens nothing here.
const ALWAYS_ALLOWED: [&str; 1] = ["offline_access"];

/// What the engine knows of the deployment.
#[derive(Clone, Debug)]
pub struct AuthorizeSettings {
    /// `iss`: this server.
    pub issuer: String,
    /// The one resource that tokens are for (RFC 8707).
    pub resource: String,
    /// The scopes there are, `openid` and `offline_access` with them where they are known.
    pub scopes: Scopes,
    /// What a client gets that asks for no scope.
    pub default_scopes: Scopes,
    /// What each scope brings with it.
    pub registry: Registry,
    /// How long everything holds.
    pub lifetimes: Lifetimes,
}

/// An authorization request that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The client that asks.
    pub client: ClientId,
    /// Where the answer goes, to the byte; one of the client's.
    pub redirect_uri: String,
    /// `state`, to be sent back as it is.
    pub state: Option<String>,
    /// The proof the client will bring.
    pub challenge: CodeChallenge,
    /// What is asked for.
    pub scopes: Scopes,
    /// What it is asked for.
    pub resource: String,
    /// `nonce`, for an ID token.
    pub nonce: Option<String>,
    /// What the person may and must be asked.
    pub prompt: Prompt,
}

/// What the person may and must be asked (`prompt`; OpenID Connect Core, section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing: `none`.
    Nothing,
    /// What is needed, and these in any case.
    AsNeeded {
        /// `login` or `select_account`: who they are.
        login: bool,
        /// `consent`: whether they agree.
        consent: bool,
    },
}

/// What comes next for a request that is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The person logs in.
    Login,
    /// The person of this session is asked to agree.
    AskConsent {
        /// The session.
        session: SecretHash,
    },
    /// The person has agreed to the same before: nobody is asked.
    Approve,
}

/// Reads the query of a request.
///
/// # Errors
/// A page, when it is too long or malformed.
pub fn read_query(query: &str) -> Result<Form, Refusal> {
    if query.len() > MAX_QUERY || query.split('&').count() > MAX_PARAMETERS {
        return Err(Refusal::TooLong);
    }
    Form::parse(query).map_err(|_| Refusal::Malformed)
}

/// The client that a request names, to be looked up.
///
/// # Errors
/// A page, when it names none, or several.
pub fn client_id(form: &Form) -> Result<ClientId, Refusal> {
    let id = only(form, "client_id")?.ok_or(Refusal::UnknownClient)?;
    id.parse().map_err(|_| Refusal::UnknownClient)
}

/// The value of a parameter that must not be there twice.
fn only<'a>(form: &'a Form, name: &'a str) -> Result<Option<&'a str>, Refusal> {
    match form.all(name).count() {
        0 | 1 => Ok(form.get(name)),
        _ => Err(Refusal::Malformed),
    }
}

/// Holds a request against what `client`, who was found under [`client_id`], may ask for.
///
/// Parameters that are not known are ignored, as OAuth demands.
///
/// # Errors
/// How it ends instead.
pub fn authorize(
    form: &Form,
    client: Option<&Client>,
    settings: &AuthorizeSettings,
    now: Time,
) -> Result<AuthorizationRequest, Stop> {
    let id = client_id(form)?;
    let client = client
        .filter(|client| client.id == id)
        .filter(|client| client.expires_at.is_none_or(|end| !end.has_come(now)))
        .ok_or(Refusal::UnknownClient)?;
    let redirect_uri = only(form, "redirect_uri")?.ok_or(Refusal::RedirectUri)?;
    if !redirect_uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::RedirectUri.into());
    }
    redirect_of(client, redirect_uri).ok_or(Refusal::RedirectUri)?;
    if form.all("state").any(|state| state.len() > MAX_STATE) {
        return Err(Refusal::TooLong.into());
    }
    // Of two states, neither is the client's for certain.
    let state = only(form, "state").ok().flatten();
    let to = ReturnTo { redirect_uri, state, issuer: &settings.issuer };
    let asked = Asked::of(form, client, settings).map_err(|error| to.with_error(error))?;
    Ok(AuthorizationRequest {
        client: id,
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        challenge: asked.challenge,
        scopes: asked.scopes,
        resource: settings.resource.clone(),
        nonce: form.get("nonce").map(str::to_owned),
        prompt: asked.prompt,
    })
}

/// The redirect URI of a client that a request means.
pub(crate) fn redirect_of<'a>(client: &'a Client, presented: &str) -> Option<&'a RedirectUri> {
    client.redirect_uris.iter().find(|uri| uri.is_meant_by(presented))
}

/// What of a request the client is told about when it is wrong.
struct Asked {
    challenge: CodeChallenge,
    scopes: Scopes,
    prompt: Prompt,
}

impl Asked {
    fn of(form: &Form, client: &Client, settings: &AuthorizeSettings) -> Result<Self, OauthError> {
        use ErrorCode::{
            InvalidRequest, RequestNotSupported, RequestUriNotSupported, UnauthorizedClient,
            UnsupportedResponseType,
        };
        let fail = |code, description: &'static str| Err(OauthError::new(code, description));
        if form.repeated(&["resource"]).is_some() {
            return fail(InvalidRequest, "a parameter was sent more than once");
        }
        if form.get("request").is_some() {
            return fail(RequestNotSupported, "request objects are not supported");
        }
        if form.get("request_uri").is_some() {
            return fail(RequestUriNotSupported, "request objects are not supported");
        }
        if form.get("response_mode").is_some_and(|mode| mode != "query") {
            return fail(InvalidRequest, "response_mode must be query");
        }
        match form.get("response_type") {
            Some("code") => {}
            None => return fail(InvalidRequest, "response_type is missing"),
            Some(_) => return fail(UnsupportedResponseType, "response_type must be code"),
        }
        if !client.may(GrantType::AuthorizationCode) {
            return fail(UnauthorizedClient, "the client may not use the authorization code grant");
        }
        if form.get("code_challenge_method") != Some("S256") {
            return fail(InvalidRequest, "code_challenge_method must be S256");
        }
        let Some(challenge) = form.get("code_challenge").and_then(|text| text.parse().ok()) else {
            return fail(InvalidRequest, "code_challenge must be 43 characters of base64url");
        };
        if form.all("resource").any(|one| !one.is_empty() && one != settings.resource) {
            return fail(ErrorCode::InvalidTarget, "the resource is not one of this server");
        }
        Ok(Self {
            challenge,
            scopes: scopes(form, client, settings)?,
            prompt: form.get("prompt").unwrap_or_default().parse().map_err(|NotAPrompt| {
                OauthError::new(InvalidRequest, "prompt none goes with no other")
            })?,
        })
    }
}

fn scopes(
    form: &Form,
    client: &Client,
    settings: &AuthorizeSettings,
) -> Result<Scopes, OauthError> {
    let fail = |description: &'static str| OauthError::new(ErrorCode::InvalidScope, description);
    let allowed = settings.registry.expand(client.scopes.clone());
    let allows = |scope: &str| allowed.contains(scope) || ALWAYS_ALLOWED.contains(&scope);
    let Some(scopes) = form.scopes()? else {
        let scopes = settings.default_scopes.iter().filter(|scope| allows(scope.as_str()));
        return Some(scopes.cloned().collect::<Scopes>())
            .filter(|scopes| !scopes.is_empty())
            .ok_or_else(|| fail("scope is missing, and the client may have none of the default"));
    };
    let known = |scope: &str| settings.scopes.contains(scope) || ALWAYS_ALLOWED.contains(&scope);
    if !scopes.iter().all(|scope| known(scope.as_str())) {
        return Err(fail("a scope is unknown"));
    }
    if !scopes.iter().all(|scope| allows(scope.as_str())) {
        return Err(fail("the client may not ask for a scope"));
    }
    Ok(scopes)
}

/// The value has `none` among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prompt none goes with no other")]
pub struct NotAPrompt;

/// What it does not know asks for nothing more.
impl FromStr for Prompt {
    type Err = NotAPrompt;

    fn from_str(text: &str) -> Result<Self, NotAPrompt> {
        let has = |word: &str| text.split(' ').any(|own| own == word);
        match text {
            "none" => Ok(Self::Nothing),
            _ if has("none") => Err(NotAPrompt),
            _ => Ok(Self::AsNeeded {
                login: has("login") || has("select_account"),
                consent: has("consent"),
            }),
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "none",
            Self::AsNeeded { login: false, consent: false } => "",
            Self::AsNeeded { login: true, consent: false } => "login",
            Self::AsNeeded { login: false, consent: true } => "consent",
            Self::AsNeeded { login: true, consent: true } => "login consent",
        })
    }
}

impl AuthorizationRequest {
    /// Where the answer goes.
    pub(crate) fn return_to<'a>(&'a self, settings: &'a AuthorizeSettings) -> ReturnTo<'a> {
        ReturnTo {
            redirect_uri: &self.redirect_uri,
            state: self.state.as_deref(),
            issuer: &settings.issuer,
        }
    }

    /// Under which an earlier consent of this person would be remembered.
    #[must_use]
    pub fn consent_key(&self, subject: &str) -> ConsentKey {
        ConsentKey {
            subject: subject.to_owned(),
            client: self.client.clone(),
            redirect_uri: self.redirect_uri.clone(),
        }
    }

    /// Whether its person needs not be asked, having agreed to the same before: `remembered` is
    /// what is stored under [`AuthorizationRequest::consent_key`].
    #[must_use]
    pub fn is_agreed(&self, client: &Client, remembered: Option<&Consent>, now: Time) -> bool {
        let must_ask = matches!(self.prompt, Prompt::AsNeeded { consent: true, .. });
        let covers = |consent: &Consent| {
            !consent.expires_at.has_come(now)
                && consent.resource == self.resource
                && consent.scopes.contain_all(&self.scopes)
        };
        !must_ask
            && client.id == self.client
            && is_remembered_for(client, &self.redirect_uri)
            && remembered.is_some_and(covers)
    }

    /// What comes next, when the browser brings `session`, and `remembered` is what its person has
    /// agreed to before under [`AuthorizationRequest::consent_key`].
    ///
    /// # Errors
    /// Back to the client, when something must be asked and may not be.
    pub fn next(
        &self,
        client: &Client,
        session: Option<&Session>,
        remembered: Option<&Consent>,
        settings: &AuthorizeSettings,
        now: Time,
    ) -> Result<Next, Stop> {
        let refuse = |code, description: &'static str| {
            Err(self.return_to(settings).with_error(OauthError::new(code, description)))
        };
        let session = session.filter(|session| session.is_live(&settings.lifetimes, now));
        let agreed = self.is_agreed(client, remembered, now);
        match (self.prompt, session) {
            (Prompt::Nothing, None) => refuse(ErrorCode::LoginRequired, "nobody is logged in"),
            (Prompt::Nothing, Some(_)) if !agreed => {
                refuse(ErrorCode::ConsentRequired, "the person must be asked for consent")
            }
            (Prompt::AsNeeded { login: true, .. }, _) | (_, None) => Ok(Next::Login),
            (_, Some(session)) if !agreed => Ok(Next::AskConsent { session: session.hash }),
            (_, Some(_)) => Ok(Next::Approve),
        }
    }

    /// The transaction of this request, which is found by the hash of its cookie.
    #[must_use]
    pub fn into_transaction(
        self,
        hash: SecretHash,
        step: TransactionState,
        settings: &AuthorizeSettings,
        now: Time,
    ) -> Transaction {
        Transaction {
            hash,
            request: self,
            step,
            expires_at: now.after(settings.lifetimes.transaction),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
