//! Verification: token, keys, issuer and time in; claims or the reason out. No I/O.

use std::time::SystemTime;

use serde_json::Value;
use service_kit::clock::unix_ms;

use crate::claims::Claims;
use crate::key::Key;
use crate::key_set::KeySet;
use crate::profile::{Issuer, Profile};
use crate::scope::Scopes;
use crate::tenant::TenantId;
use crate::token::{Members, Unverified};

/// How far clocks may differ, in seconds: for `exp` and `nbf`, and for `iat`.
const LEEWAY: i64 = 5;
const IAT_LEEWAY: i64 = 60;
/// The longest `sub`, `jti` and `gid`, in bytes.
const MAX_NAME: usize = 256;
/// The longest `client_id`: that of a metadata document's URL.
const MAX_CLIENT_ID: usize = 2048;
/// The last second that a double tells exactly.
const MAX_TIME: f64 = 9_007_199_254_740_992.0;

/// Why a token is refused. For the operator: a caller is told no more than that the token is not
/// valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Over 8 KiB.
    #[error("it is over 8 KiB")]
    TooLong,
    /// Not a JWS in compact form with JSON objects in it.
    #[error("it is not a signed token")]
    Malformed,
    /// A header parameter is refused or of the wrong type.
    #[error("its header has a parameter that is refused")]
    Header,
    /// There is no `kid`, or not one that is looked up.
    #[error("its kid is missing or malformed")]
    Kid,
    /// No key of the issuer has this `kid`.
    #[error("its key is unknown")]
    UnknownKey,
    /// `alg` is not that of the key.
    #[error("its algorithm is not that of its key")]
    Algorithm,
    /// The signature is not the key's.
    #[error("its signature is wrong")]
    Signature,
    /// `typ`, `token_use` or a claim says that it is no access token.
    #[error("it is not an access token")]
    NotAnAccessToken,
    /// It is bound to a key (`cnf`, RFC 7800): whoever only has the token is not its owner.
    #[error("it is bound to a key that the request does not prove")]
    Bound,
    /// `iss` is not one of ours.
    #[error("its issuer is not accepted")]
    Issuer,
    /// `aud` is not ours.
    #[error("its audience is another")]
    Audience,
    /// `client_id` is missing, malformed, not one of the accepted, or two claims name two clients.
    #[error("its client is not accepted")]
    Client,
    /// `sub` is missing or malformed.
    #[error("its subject is missing or malformed")]
    Subject,
    /// `exp` is past, missing or malformed.
    #[error("it is expired")]
    Expired,
    /// `nbf` or `iat` lies ahead or is malformed.
    #[error("it is not valid yet")]
    NotYet,
    /// The tenant is malformed, or the token and the configuration name two.
    #[error("its tenant is not valid")]
    Tenant,
    /// What it was made of does not hold any more: the grant was revoked or has ended, or the client
    /// was deleted. A [`Verifier`](crate::Verifier) says so that asks; [`verify`] does not look.
    #[error("its grant does not hold")]
    Revoked,
}

/// Verifies `token` as one of `issuer`, with its `keys`, at `now`.
///
/// The algorithm is the key's, never the token's. Source: RFC 8725 (best practices for JWT), RFC
/// 9068 section 4.
///
/// # Errors
/// Why it is refused.
pub fn verify(
    token: &str,
    keys: &KeySet,
    issuer: &Issuer,
    now: SystemTime,
) -> Result<Claims, Rejection> {
    let token = Unverified::parse(token)?;
    let key = keys.get(token.kid()?).ok_or(Rejection::UnknownKey)?;
    verify_with(&token, key, issuer, now)
}

/// As [`verify`], for a token that was taken apart to find its key.
pub(crate) fn verify_with(
    token: &Unverified<'_>,
    key: &Key,
    issuer: &Issuer,
    now: SystemTime,
) -> Result<Claims, Rejection> {
    check_signature(token, key)?;
    let claims = &token.claims;
    if claims.text("iss") != Some(&issuer.url) {
        return Err(Rejection::Issuer);
    }
    let expires_at = check_times(claims, now)?;
    check_kind(token, issuer.profile)?;
    if claims.get("cnf").is_some() {
        return Err(Rejection::Bound);
    }
    check_audience(claims, issuer)?;
    let client_id = client(claims, issuer)?;
    let name = |claim| claims.text(claim).filter(|name| is_name(name)).map(str::to_owned);
    Ok(Claims {
        issuer: issuer.url.clone(),
        subject: name("sub").ok_or(Rejection::Subject)?,
        tenant: tenant(claims, client_id.as_deref(), issuer)?,
        client_id,
        scopes: scopes(claims, issuer),
        expires_at,
        token_id: name("jti"),
        grant: name("gid"),
    })
}

/// Whether the token is signed with `key`, by the key's algorithm.
pub(crate) fn check_signature(token: &Unverified<'_>, key: &Key) -> Result<(), Rejection> {
    if token.alg != key.algorithm().as_str() {
        return Err(Rejection::Algorithm);
    }
    if !key.verifies(token.signed, &token.signature) {
        return Err(Rejection::Signature);
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME && is_clean(text)
}

fn is_clean(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// `exp`, once it, `nbf` and `iat` are found good.
fn check_times(claims: &Members, now: SystemTime) -> Result<i64, Rejection> {
    let now = unix_ms(now).div_euclid(1000);
    let exp = claims.get("exp").and_then(time).ok_or(Rejection::Expired)?;
    if exp <= now - LEEWAY {
        return Err(Rejection::Expired);
    }
    for (name, leeway) in [("nbf", LEEWAY), ("iat", IAT_LEEWAY)] {
        if let Some(value) = claims.get(name) {
            let from = time(value).ok_or(Rejection::NotYet)?;
            if from > now + leeway {
                return Err(Rejection::NotYet);
            }
        }
    }
    Ok(exp)
}

/// A NumericDate (RFC 7519, section 2), to the second.
fn time(value: &Value) -> Option<i64> {
    let number = value.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "within what a double tells exactly")]
    (0.0..MAX_TIME).contains(&number).then_some(number as i64)
}

/// `typ`, `token_use` and what else tells an access token from others.
fn check_kind(token: &Unverified<'_>, profile: Profile) -> Result<(), Rejection> {
    let typ = token.typ.as_deref();
    let typ = typ.map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    let is = |name: &str| typ.is_some_and(|typ| typ.eq_ignore_ascii_case(name));
    let claims = &token.claims;
    let ok = match profile {
        Profile::Cognito => {
            (typ.is_none() || is("JWT")) && claims.text("token_use") == Some("access")
        }
        Profile::AccessToken => is("at+jwt"),
        Profile::Oidc => {
            let of_id_tokens = ["nonce", "at_hash", "c_hash"];
            (typ.is_none() || is("JWT") || is("at+jwt"))
                && of_id_tokens.iter().all(|name| claims.get(name).is_none())
                && claims.text("token_use").is_none_or(|token_use| token_use == "access")
                // Keycloak says so in the payload.
                && claims.text("typ").is_none_or(|typ| typ == "Bearer")
        }
    };
    if ok { Ok(()) } else { Err(Rejection::NotAnAccessToken) }
}

fn check_audience(claims: &Members, issuer: &Issuer) -> Result<(), Rejection> {
    let ours = |value: &Value| value.as_str() == Some(&issuer.audience);
    let ok = match (issuer.profile, claims.get("aud")) {
        (Profile::Cognito, None) => true,
        (Profile::Cognito | Profile::AccessToken, Some(aud)) => ours(aud),
        (Profile::Oidc, Some(Value::Array(all))) => {
            all.iter().all(Value::is_string) && all.iter().any(ours)
        }
        (Profile::Oidc, Some(aud)) => ours(aud),
        (Profile::AccessToken | Profile::Oidc, None) => false,
    };
    if ok { Ok(()) } else { Err(Rejection::Audience) }
}

fn client(claims: &Members, issuer: &Issuer) -> Result<Option<String>, Rejection> {
    let names: &[&str] = match issuer.profile {
        Profile::Cognito | Profile::AccessToken => &["client_id"],
        // As RFC 9068, Keycloak and Okta call it.
        Profile::Oidc => &["client_id", "azp", "cid"],
    };
    let mut client: Option<String> = None;
    for named in names.iter().filter_map(|name| claims.get(name)) {
        let named = named.as_str().filter(|named| named.len() <= MAX_CLIENT_ID && is_clean(named));
        let named = named.ok_or(Rejection::Client)?;
        if client.as_ref().is_some_and(|client| client != named) {
            return Err(Rejection::Client);
        }
        client = Some(named.to_owned());
    }
    let accepted = match &client {
        Some(client) if !issuer.clients.is_empty() => issuer.clients.contains(client),
        Some(_) => issuer.profile != Profile::Cognito,
        None => issuer.profile == Profile::Oidc && issuer.clients.is_empty(),
    };
    if accepted { Ok(client) } else { Err(Rejection::Client) }
}

/// What the token allows of what its issuer may give.
fn scopes(claims: &Members, issuer: &Issuer) -> Scopes {
    let granted = granted(claims, issuer.profile);
    match &issuer.scopes {
        None => granted,
        Some(most) => granted.iter().filter(|it| most.contains(it.as_str())).cloned().collect(),
    }
}

/// Scopes that are missing or malformed are none: the token is good, and allows nothing.
fn granted(claims: &Members, profile: Profile) -> Scopes {
    match (claims.get("scope"), claims.get("scp")) {
        (Some(scope), _) => scope.as_str().and_then(|text| text.parse().ok()).unwrap_or_default(),
        // Okta writes a list, Entra a text.
        (None, Some(Value::Array(list))) if profile == Profile::Oidc => {
            let scopes = list.iter().map(|scope| scope.as_str()?.parse().ok());
            scopes.collect::<Option<Scopes>>().unwrap_or_default()
        }
        (None, Some(Value::String(text))) if profile == Profile::Oidc => {
            text.parse().unwrap_or_default()
        }
        _ => Scopes::default(),
    }
}

fn tenant(
    claims: &Members,
    client: Option<&str>,
    issuer: &Issuer,
) -> Result<Option<TenantId>, Rejection> {
    let claimed: Option<TenantId> =
        match issuer.tenant_claim.as_ref().and_then(|name| claims.get(name)) {
            None => None,
            Some(Value::String(text)) => Some(text.parse().map_err(|_| Rejection::Tenant)?),
            Some(_) => return Err(Rejection::Tenant),
        };
    let of_client = client.and_then(|client| issuer.tenants.get(client));
    let mut tenants = [claimed.as_ref(), of_client, issuer.tenant.as_ref()].into_iter().flatten();
    let tenant = tenants.next();
    if tenants.any(|other| Some(other) != tenant) {
        return Err(Rejection::Tenant);
    }
    Ok(tenant.cloned())
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
