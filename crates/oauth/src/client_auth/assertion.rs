//! A client proves who it is by a JWT that it has signed (RFC 7523, section 3; OpenID Connect Core,
//! section 9).

use auth::{signed_claims, unverified_claims};
use serde_json::{Map, Value};

use super::refused;
use crate::client::ClientId;
use crate::client_keys::ClientKeys;
use crate::error::{ErrorCode, OauthError};
use crate::time::Time;

/// `client_assertion_type`
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion may be good, and how far clocks may differ, in seconds.
const LONGEST: i64 = 5 * 60;
const LEEWAY: i64 = 60;
/// The longest `jti`, in bytes.
const MAX_ID: usize = 256;

/// For whom an assertion may be: it names one of the two, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssertionAudience<'a> {
    /// The issuer: this server.
    pub issuer: &'a str,
    /// The URL of the token endpoint, whichever endpoint it is that was asked.
    pub token_endpoint: &'a str,
}

/// How an assertion is known when it is used again: what to count, and the window to count it in. A
/// second use has the same, since both come from what is signed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OneUse {
    pub(super) key: String,
    pub(super) window: Time,
}

/// The client that an assertion says it is from, with nothing verified.
pub(super) fn claimed_client(assertion: &str) -> Option<ClientId> {
    unverified_claims(assertion).ok()?.get("sub")?.as_str()?.parse().ok()
}

/// Whether `assertion` is one of the client `id`, by its `keys`, for us, at `now`. It is good once.
///
/// # Errors
/// `invalid_client`. Whoever has the client's key is told what else is wrong.
pub(super) fn check(
    assertion: &str,
    id: &ClientId,
    keys: &ClientKeys,
    audience: AssertionAudience<'_>,
    now: Time,
) -> Result<OneUse, OauthError> {
    let claims = signed_claims(assertion, keys.key_set()).map_err(|_| refused())?;
    let is_id = |name: &str| claims.get(name).and_then(Value::as_str) == Some(id.as_str());
    if !is_id("iss") || !is_id("sub") {
        return Err(wrong("iss and sub of the assertion must both be the client id"));
    }
    check_audience(&claims, audience)?;
    let expires_at = check_times(&claims, now)?;
    let is_unique = |jti: &&str| (1..=MAX_ID).contains(&jti.len());
    let jti = claims.get("jti").and_then(Value::as_str).filter(is_unique);
    let jti = jti.ok_or_else(|| wrong("the assertion needs a jti of 1 to 256 bytes"))?;
    Ok(OneUse {
        key: format!("assertion#{}:{id}{jti}", id.as_str().len()),
        // When it could first be good: never ahead.
        window: Time(expires_at - LONGEST - LEEWAY),
    })
}

pub(super) fn wrong(why: &'static str) -> OauthError {
    OauthError::new(ErrorCode::InvalidClient, why)
}

fn check_audience(
    claims: &Map<String, Value>,
    audience: AssertionAudience<'_>,
) -> Result<(), OauthError> {
    let named = match claims.get("aud") {
        Some(Value::Array(all)) => match &**all {
            [only] => only.as_str(),
            _ => None,
        },
        other => other.and_then(Value::as_str),
    };
    let ours = [audience.issuer, audience.token_endpoint];
    if named.is_some_and(|named| ours.contains(&named)) {
        Ok(())
    } else {
        Err(wrong("aud of the assertion must be the issuer or the token endpoint and no other"))
    }
}

/// `exp`, once it, `iat` and `nbf` are found good.
fn check_times(claims: &Map<String, Value>, now: Time) -> Result<i64, OauthError> {
    let time = |name: &str| claims.get(name).map(Value::as_i64);
    let latest = now.0.saturating_add(LEEWAY);
    let expires_at = time("exp").flatten().filter(|exp| !Time(*exp).has_come(now));
    let expires_at =
        expires_at.filter(|exp| *exp <= latest.saturating_add(LONGEST)).ok_or_else(|| {
            wrong("exp of the assertion must be a whole number of seconds, at most 5 minutes ahead")
        })?;
    let begun = ["iat", "nbf"]
        .iter()
        .all(|name| time(name).is_none_or(|moment| moment.is_some_and(|moment| moment <= latest)));
    if begun { Ok(expires_at) } else { Err(wrong("iat or nbf of the assertion lies ahead")) }
}

#[cfg(test)]
mod tests;
