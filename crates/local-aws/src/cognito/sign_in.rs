//! People sign in on a page of the pool, and an app client gets a code for it: the flow
//! `authorization_code`, with a proof key (RFC 7636) where the client brings one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use service_kit::random;
use sha2::{Digest as _, Sha256};

use super::token::Refusal;
use super::{Client, Cognito, Mint};
use crate::form;

/// How long a code is good.
const CODE_S: i64 = 300;
/// What may be asked about a person, by every client.
const OF_PEOPLE: [&str; 3] = ["openid", "profile", "email"];

/// The codes that were given out and not redeemed.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<HashMap<String, SignedIn>>);

impl Codes {
    fn insert(&self, code: String, signed_in: SignedIn) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(code, signed_in);
    }

    /// Each is good once.
    fn take(&self, code: &str) -> Option<SignedIn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(code)
    }
}

/// Somebody who has signed in for a client.
#[derive(Debug)]
struct SignedIn {
    user: String,
    client: String,
    redirect_uri: String,
    scopes: Vec<String>,
    nonce: Option<String>,
    challenge: Option<String>,
    until_s: i64,
}

/// What a client asks for.
struct Asked<'a> {
    params: &'a BTreeMap<String, String>,
    client: &'a Client,
    redirect_uri: &'a str,
    scopes: Vec<String>,
}

impl<'a> Asked<'a> {
    fn of(cognito: &'a Cognito, params: &'a BTreeMap<String, String>) -> Option<Self> {
        let param = |name: &str| params.get(name).map(String::as_str);
        let client = cognito.client(param("client_id")?)?;
        let redirect_uri = param("redirect_uri")?;
        let scopes: Vec<_> = param("scope").unwrap_or("openid").split(' ').collect();
        let allowed = |scope: &&str| {
            OF_PEOPLE.contains(scope) || client.scopes.iter().any(|own| own == scope)
        };
        let in_order = param("response_type") == Some("code")
            && client.callbacks.iter().any(|own| own == redirect_uri)
            && scopes.iter().all(allowed)
            && param("code_challenge").is_some()
                == (param("code_challenge_method") == Some("S256"));
        let scopes = scopes.into_iter().map(str::to_owned).collect();
        in_order.then_some(Self { params, client, redirect_uri, scopes })
    }

    /// The page on which somebody signs in.
    fn page(&self) -> Response {
        let fields =
            self.params.iter().filter(|(name, _)| !matches!(&***name, "username" | "password"));
        let hidden = fields.map(|(name, value)| {
            let (name, value) = (escaped(name), escaped(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        });
        Html(format!(
            "<!doctype html><title>Sign in</title><form method=\"post\" action=\"/login\">{}\
             <input name=\"username\"><input name=\"password\" type=\"password\">\
             <button>Sign in</button></form>",
            hidden.collect::<String>()
        ))
        .into_response()
    }

    /// Back to the client, with a code.
    fn redirect(&self, cognito: &Cognito, user: &str) -> Response {
        let Ok(code) = random::key().map(|key| BASE64_URL_SAFE_NO_PAD.encode(key)) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        let mut location = format!("{}{joint}code={code}", self.redirect_uri);
        if let Some(state) = self.params.get("state") {
            location.push_str("&state=");
            location.extend(utf8_percent_encode(state, NON_ALPHANUMERIC));
        }
        cognito.codes.insert(
            code,
            SignedIn {
                user: user.to_owned(),
                client: self.client.id.clone(),
                redirect_uri: self.redirect_uri.to_owned(),
                scopes: self.scopes.clone(),
                nonce: self.params.get("nonce").cloned(),
                challenge: self.params.get("code_challenge").cloned(),
                until_s: cognito.clock.unix_ms().div_euclid(1_000) + CODE_S,
            },
        );
        (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
    }
}

/// `GET /oauth2/authorize`
pub(super) async fn begin(
    State(cognito): State<Arc<Cognito>>,
    RawQuery(query): RawQuery,
) -> Response {
    let params = form::pairs(&query.unwrap_or_default()).into_iter().collect();
    match Asked::of(&cognito, &params) {
        Some(asked) => asked.page(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// `POST /login`: the form of that page.
pub(super) async fn submit(State(cognito): State<Arc<Cognito>>, body: Bytes) -> Response {
    let body = String::from_utf8_lossy(&body);
    let params: BTreeMap<_, _> = form::pairs(&body).into_iter().collect();
    let Some(asked) = Asked::of(&cognito, &params) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let named = |name| params.get(name).map_or("", String::as_str);
    let (name, password) = (named("username"), named("password"));
    match cognito.users.iter().find(|user| user.name == name && user.password == password) {
        Some(user) => asked.redirect(&cognito, &user.name),
        None => asked.page(),
    }
}

/// The tokens for a code, which `client` redeems.
pub(super) async fn redeem(
    cognito: &Cognito,
    client: &Client,
    params: &BTreeMap<String, String>,
) -> Result<Value, Refusal> {
    let param = |name: &str| params.get(name).map(String::as_str);
    let code = param("code").ok_or(Refusal::InvalidRequest)?;
    let signed_in = cognito.codes.take(code).ok_or(Refusal::InvalidGrant)?;
    let proven = signed_in.challenge.as_ref().is_none_or(|challenge| {
        let hash = |verifier| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        param("code_verifier").map(hash).as_ref() == Some(challenge)
    });
    let fits = signed_in.client == client.id
        && param("redirect_uri") == Some(&signed_in.redirect_uri)
        && cognito.clock.unix_ms().div_euclid(1_000) < signed_in.until_s;
    if !proven || !fits {
        return Err(Refusal::InvalidGrant);
    }
    let lifetime_s = client.lifetime.as_secs();
    let for_s = i64::try_from(lifetime_s).unwrap_or(i64::MAX / 2);
    let access = Mint::access(&*client.id).with_user(&*signed_in.user).with_lifetime_s(for_s);
    let access = access.with_scopes(signed_in.scopes.iter().map(String::as_str));
    let mut tokens = json!({
        "access_token": cognito.mint(&access).await?,
        "expires_in": lifetime_s,
        "token_type": "Bearer",
    });
    if signed_in.scopes.iter().any(|scope| scope == "openid") {
        let mut id = Mint::id(&*client.id, &*signed_in.user).with_lifetime_s(for_s);
        if let Some(nonce) = signed_in.nonce {
            id = id.with_claim("nonce", nonce.into());
        }
        let user = cognito.users.iter().find(|user| user.name == signed_in.user);
        if let Some(email) = user.and_then(|user| user.email.clone()) {
            id = id.with_claim("email", email.into());
        }
        tokens["id_token"] = cognito.mint(&id).await?.into();
    }
    Ok(tokens)
}

/// As it is in HTML, between quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
