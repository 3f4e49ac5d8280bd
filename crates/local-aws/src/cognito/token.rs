//! The token endpoint: `client_credentials` and `authorization_code`, answered and refused as Cognito
//! does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::json;

use super::{Client, ClientSecret, Cognito, CognitoError, Mint, sign_in};
use crate::form;

/// Why there is no token: the codes of RFC 6749, section 5.2.
#[derive(Debug)]
pub(super) enum Refusal {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
    Failed(CognitoError),
}

impl From<CognitoError> for Refusal {
    fn from(err: CognitoError) -> Self {
        Self::Failed(err)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Failed(err) => {
                tracing::error!(%err, "no token could be made");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        (StatusCode::BAD_REQUEST, NOT_STORED, Json(json!({"error": code}))).into_response()
    }
}

pub(super) const NOT_STORED: [(header::HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

/// `POST /oauth2/token`
pub(super) async fn answer(
    State(cognito): State<Arc<Cognito>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match grant(&cognito, &headers, &body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn grant(cognito: &Cognito, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    let params = params(headers, body)?;
    let client = authenticate(cognito, headers, &params)?;
    match params.get("grant_type").map(String::as_str) {
        None | Some("") => return Err(Refusal::InvalidRequest),
        Some("client_credentials") => {}
        Some("authorization_code") => {
            let granted = sign_in::redeem(cognito, client, &params).await?;
            return Ok((NOT_STORED, Json(granted)).into_response());
        }
        Some(_) => return Err(Refusal::UnsupportedGrantType),
    }
    let scopes = scopes(client, params.get("scope").map_or("", String::as_str))?;
    let lifetime_s = client.lifetime.as_secs();
    let mut mint = Mint::access(&*client.id)
        .with_scopes(scopes)
        .with_lifetime_s(i64::try_from(lifetime_s).unwrap_or(i64::MAX / 2));
    if let Some(resource) = params.get("resource") {
        if !is_absolute(resource) {
            return Err(Refusal::InvalidRequest);
        }
        mint = mint.with_claim("aud", resource.as_str().into());
    }
    let token = cognito.mint(&mint).await?;
    let granted = json!({
        "access_token": token,
        "expires_in": lifetime_s,
        "token_type": "Bearer",
    });
    Ok((NOT_STORED, Json(granted)).into_response())
}

/// The parameters, each at most once (RFC 6749, section 3.2).
pub(super) fn params(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<BTreeMap<String, String>, Refusal> {
    let text = std::str::from_utf8(body).ok().filter(|_| form::is_announced(headers));
    let mut params = BTreeMap::new();
    for (name, value) in form::pairs(text.ok_or(Refusal::InvalidRequest)?) {
        if params.insert(name, value).is_some() {
            return Err(Refusal::InvalidRequest);
        }
    }
    Ok(params)
}

/// The client, which shows its secret in the `Authorization` header or in the body, not in both.
pub(super) fn authenticate<'a>(
    cognito: &'a Cognito,
    headers: &HeaderMap,
    params: &BTreeMap<String, String>,
) -> Result<&'a Client, Refusal> {
    let in_header = headers.get(header::AUTHORIZATION).map(|value| basic(value.as_bytes()));
    let in_body = (params.get("client_id"), params.get("client_secret"));
    let (id, secret) = match (in_header, in_body) {
        (Some(_), (_, Some(_))) => return Err(Refusal::InvalidRequest),
        (Some(pair), (named, None)) => {
            let (id, secret) = pair.ok_or(Refusal::InvalidClient)?;
            // Some clients name themselves in the body too.
            if named.is_some_and(|named| *named != id) {
                return Err(Refusal::InvalidRequest);
            }
            (id, secret)
        }
        (None, (Some(id), Some(secret))) => (id.clone(), secret.clone()),
        (None, (Some(_), None)) => return Err(Refusal::InvalidClient),
        (None, (None, _)) => return Err(Refusal::InvalidRequest),
    };
    let known = cognito.client(&id).filter(|c| c.secret == Some(ClientSecret::new(secret)));
    known.ok_or(Refusal::InvalidClient)
}

/// Id and secret of HTTP Basic authentication, form-encoded in it (RFC 6749, section 2.3.1).
fn basic(header: &[u8]) -> Option<(String, String)> {
    let (scheme, pair) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    let pair = BASE64_STANDARD.decode(pair.trim()).ok()?;
    let (id, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    is_basic.then(|| (form::decoded(id), form::decoded(secret)))
}

/// What of `asked`, separated by spaces, is granted: all of it, or nothing.
fn scopes(client: &Client, asked: &str) -> Result<Vec<String>, Refusal> {
    let mut granted: Vec<String> = Vec::new();
    for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
        if !client.scopes.iter().any(|allowed| allowed == scope) {
            return Err(Refusal::InvalidScope);
        }
        if !granted.iter().any(|known| known == scope) {
            granted.push(scope.to_owned());
        }
    }
    Ok(if granted.is_empty() { client.scopes.clone() } else { granted })
}

/// Whether this can name a resource (RFC 8707): an absolute URI without a fragment.
fn is_absolute(resource: &str) -> bool {
    !resource.contains('#') && resource.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some())
}
