//! What the ID token of an identity provider must say (OpenID Connect Core, section 3.1.3.7).

use auth::TenantId;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use crate::login::Person;
use crate::refusal::Refusal;
use crate::time::Time;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;
/// The longest `sub` and name, in bytes.
const MAX_NAME: usize = 256;

/// An identity provider that knows the people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// `iss`
    pub issuer: String,
    /// Our client there: `aud`.
    pub client_id: String,
    /// Whether it is Cognito, whose ID tokens say what they are (`token_use`).
    pub is_cognito: bool,
    /// The claim with a person's tenant; whoever has none is not let in.
    pub tenant_claim: Option<String>,
    /// Whether people must have proven themselves twice: `amr` has `mfa` (RFC 8176).
    pub needs_mfa: bool,
}

/// Why an ID token is not accepted. For the operator: the person is told no more than
/// [`Refusal::NotVouchedFor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// `iss` is another.
    #[error("its issuer is another")]
    Issuer,
    /// `aud` is not our client, or not only, or `azp` is another.
    #[error("its audience is another")]
    Audience,
    /// It is no ID token.
    #[error("it is not an ID token")]
    NotAnIdToken,
    /// `nonce` is not the one that was sent.
    #[error("its nonce is another")]
    Nonce,
    /// `exp` is past, missing or malformed.
    #[error("it is expired")]
    Expired,
    /// `iat`, `nbf` or `auth_time` lies ahead or is malformed, or `iat` is missing.
    #[error("it is not valid yet")]
    NotYet,
    /// `sub` is missing or malformed.
    #[error("its subject is missing or malformed")]
    Subject,
    /// The tenant is missing or malformed.
    #[error("its tenant is missing or malformed")]
    Tenant,
    /// There was no second factor.
    #[error("it tells of no second factor")]
    SecondFactor,
}

impl From<IdTokenError> for Refusal {
    fn from(_: IdTokenError) -> Self {
        Self::NotVouchedFor
    }
}

impl Upstream {
    /// Who the claims of an ID token are about. Its signature must have been verified before, with a
    /// key that the provider publishes and the algorithm of that key.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn person(
        &self,
        claims: &Map<String, Value>,
        nonce: &str,
        now: Time,
    ) -> Result<Person, IdTokenError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(&self.issuer) {
            return Err(IdTokenError::Issuer);
        }
        self.check_audience(claims)?;
        let says_id = text("token_use") == Some("id");
        if !says_id && (self.is_cognito || claims.contains_key("token_use")) {
            return Err(IdTokenError::NotAnIdToken);
        }
        let same = |sent: &str| bool::from(sent.as_bytes().ct_eq(nonce.as_bytes()));
        if nonce.is_empty() || !text("nonce").is_some_and(same) {
            return Err(IdTokenError::Nonce);
        }
        let authenticated_at = check_times(claims, now)?;
        let second = |amr: &Vec<Value>| amr.iter().any(|way| way == "mfa");
        if self.needs_mfa && !claims.get("amr").and_then(Value::as_array).is_some_and(second) {
            return Err(IdTokenError::SecondFactor);
        }
        let names = ["name", "preferred_username", "email", "cognito:username"];
        Ok(Person {
            subject: text("sub").filter(is_name).ok_or(IdTokenError::Subject)?.to_owned(),
            name: names.into_iter().find_map(|name| text(name).filter(is_name)).map(str::to_owned),
            tenant: self.tenant(claims)?,
            authenticated_at,
        })
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let ours = |value: &Value| value.as_str() == Some(&self.client_id);
        let ok = match claims.get("aud") {
            Some(Value::Array(all)) => matches!(&**all, [only] if ours(only)),
            Some(aud) => ours(aud),
            None => false,
        };
        let for_us = claims.get("azp").is_none_or(ours);
        if ok && for_us { Ok(()) } else { Err(IdTokenError::Audience) }
    }

    fn tenant(&self, claims: &Map<String, Value>) -> Result<Option<TenantId>, IdTokenError> {
        let Some(claim) = &self.tenant_claim else { return Ok(None) };
        let tenant = claims.get(claim).and_then(Value::as_str).and_then(|id| id.parse().ok());
        tenant.map(Some).ok_or(IdTokenError::Tenant)
    }
}

/// When the person logged in, once the token is found to be of this moment.
fn check_times(claims: &Map<String, Value>, now: Time) -> Result<Time, IdTokenError> {
    let time = |name: &str| claims.get(name).map(|value| value.as_i64().map(Time));
    let expires_at = time("exp").flatten().ok_or(IdTokenError::Expired)?;
    if expires_at.has_come(now) {
        return Err(IdTokenError::Expired);
    }
    let latest = Time(now.0.saturating_add(LEEWAY));
    for name in ["iat", "nbf", "auth_time"] {
        if time(name).is_some_and(|moment| moment.is_none_or(|moment| moment > latest)) {
            return Err(IdTokenError::NotYet);
        }
    }
    let issued_at = time("iat").flatten().ok_or(IdTokenError::NotYet)?;
    Ok(time("auth_time").flatten().unwrap_or(issued_at))
}

fn is_name(text: &&str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authorize::tests::NOW;

    fn upstream() -> Upstream {
        Upstream {
            issuer: "https://idp.example".to_owned(),
            client_id: "us".to_owned(),
            is_cognito: true,
            tenant_claim: Some("custom:tenant".to_owned()),
            needs_mfa: true,
        }
    }

    /// The claims of a token that is accepted, but for some; `null` takes one away.
    fn claims(changes: &[(&str, Value)]) -> Map<String, Value> {
        let Value::Object(mut claims) = json!({
            "iss": "https://idp.example", "aud": "us", "token_use": "id", "nonce": "n",
            "sub": "u-1", "email": "ana@example.com", "custom:tenant": "acme",
            "exp": NOW.0 + 300, "iat": NOW.0, "auth_time": NOW.0 - 5, "amr": ["pwd", "mfa"],
        }) else {
            unreachable!()
        };
        for (name, value) in changes {
            match value {
                Value::Null => claims.remove(*name),
                value => claims.insert((*name).to_owned(), value.clone()),
            };
        }
        claims
    }

    #[test]
    fn a_token_tells_who_it_is_about() {
        let person = upstream().person(&claims(&[]), "n", NOW).unwrap();
        assert_eq!(person.subject, "u-1");
        assert_eq!(person.name.as_deref(), Some("ana@example.com"));
        assert_eq!(person.tenant, Some("acme".parse().unwrap()));
        assert_eq!(person.authenticated_at, Time(NOW.0 - 5));
        let other =
            Upstream { is_cognito: false, tenant_claim: None, needs_mfa: false, ..upstream() };
        let less = [("token_use", Value::Null), ("amr", Value::Null), ("auth_time", Value::Null)];
        let person = other.person(&claims(&less), "n", NOW).unwrap();
        assert_eq!((person.tenant, person.authenticated_at), (None, NOW));
    }

    #[test]
    fn k12_a_token_that_is_not_for_this_login_is_refused() {
        use IdTokenError::*;
        let n = |seconds| json!(NOW.0 + seconds);
        for (name, value, expected) in [
            ("iss", json!("https://evil.example"), Issuer),
            ("iss", json!(["https://idp.example"]), Issuer),
            ("iss", json!("https://idp.example/"), Issuer),
            ("iss", Value::Null, Issuer),
            ("aud", json!("them"), Audience),
            ("aud", json!(["us", "them"]), Audience),
            ("aud", json!({"us": 1}), Audience),
            ("aud", Value::Null, Audience),
            ("azp", json!("them"), Audience),
            ("token_use", json!("access"), NotAnIdToken),
            ("token_use", Value::Null, NotAnIdToken),
            ("nonce", json!("other"), Nonce),
            ("nonce", json!(""), Nonce),
            ("nonce", Value::Null, Nonce),
            ("exp", n(0), Expired),
            ("exp", json!("soon"), Expired),
            ("exp", Value::Null, Expired),
            ("iat", n(61), NotYet),
            ("iat", Value::Null, NotYet),
            ("nbf", n(61), NotYet),
            ("auth_time", json!("then"), NotYet),
            ("sub", Value::Null, Subject),
            ("sub", json!(""), Subject),
            ("sub", json!("a\nb"), Subject),
            ("sub", json!(7), Subject),
            ("custom:tenant", Value::Null, Tenant),
            ("custom:tenant", json!("a/b"), Tenant),
            ("amr", json!(["pwd"]), SecondFactor),
            ("amr", json!("mfa"), SecondFactor),
            ("amr", Value::Null, SecondFactor),
        ] {
            let result = upstream().person(&claims(&[(name, value.clone())]), "n", NOW);
            assert_eq!(result, Err(expected), "{name}: {value}");
        }
        assert_eq!(upstream().person(&claims(&[("nonce", json!(""))]), "", NOW), Err(Nonce));
        assert_eq!(Refusal::from(Nonce), Refusal::NotVouchedFor);
    }
}
