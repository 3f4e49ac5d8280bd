//! Tokens as they arrive: out of the headers (RFC 6750, section 2.1), and taken apart (RFC 7515,
//! section 3.1) without believing anything they say.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::key::is_kid;
use crate::verify::Rejection;

/// The longest token that is looked at, in bytes.
pub(crate) const MAX_TOKEN: usize = 8 << 10;

/// A bearer token as it was sent; never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bearer<'a>(&'a str);

/// Credentials were sent, and not in a way that can be told apart from an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// More than one set of credentials: 400.
    #[error("there is more than one set of credentials")]
    Several,
    /// `Bearer` without a token, or with what cannot be one: 401.
    #[error("the bearer token is malformed")]
    Malformed,
}

impl<'a> Bearer<'a> {
    /// The bearer token of a request, `None` when there are no credentials of that kind. `query` is
    /// looked at only to refuse a second token in it.
    ///
    /// # Errors
    /// When there are several tokens, or one that is none.
    pub fn of(
        headers: &'a HeaderMap,
        query: Option<&str>,
    ) -> Result<Option<Self>, CredentialsError> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(CredentialsError::Several);
        }
        let value = value.as_bytes();
        // An HTTP API joins two headers by a comma, which no token has.
        let joined = value.contains(&b',');
        let rest = match joined {
            true => value.split(|byte| *byte == b',').find_map(after_scheme),
            false => after_scheme(value),
        };
        let Some(rest) = rest else { return Ok(None) };
        let in_query = query.is_some_and(|query| {
            query.split('&').filter_map(|pair| pair.split('=').next()).any(is_access_token)
        });
        if in_query || joined {
            return Err(CredentialsError::Several);
        }
        match rest {
            [b' ', token @ ..] if !token.is_empty() && are_of_token(token) => {
                str::from_utf8(token).map(|token| Some(Self(token)))
            }
            _ => return Err(CredentialsError::Malformed),
        }
        .map_err(|_| CredentialsError::Malformed)
    }

    /// The token.
    #[must_use]
    pub const fn token(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Bearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}

/// Whether the name of a parameter is `access_token`, in whatever encoding.
fn is_access_token(name: &str) -> bool {
    let mut bytes = name.bytes();
    let mut decoded = || match bytes.next()? {
        b'%' => {
            let digits = [bytes.next()?, bytes.next()?];
            u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()
        }
        byte => Some(byte),
    };
    "access_token".bytes().all(|byte| decoded() == Some(byte)) && decoded().is_none()
}

/// What follows the scheme of one set of credentials, when that is `Bearer`, in any case.
fn after_scheme(credentials: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = credentials.trim_ascii_start().split_at_checked("bearer".len())?;
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    (ends && scheme.eq_ignore_ascii_case(b"bearer")).then_some(rest)
}

/// `b64token` (RFC 6750, section 2.1). Looks at every byte, which the compiler does many at a time.
fn are_of_token(text: &[u8]) -> bool {
    let is_of_token = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
    };
    text.iter().fold(true, |all, byte| all & is_of_token(*byte))
}

/// A signed token taken apart. Nothing in it is true yet.
pub(crate) struct Unverified<'a> {
    pub(crate) alg: String,
    kid: Option<String>,
    pub(crate) typ: Option<String>,
    pub(crate) claims: Members,
    pub(crate) signed: &'a [u8],
    pub(crate) signature: Vec<u8>,
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The header parameters that change what a token means or bring its key: a token that has one is
/// refused. A thumbprint (`x5t`) brings none, and some issuers send it; it is not looked at.
const REFUSED: [&str; 8] = ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc"];

impl<'a> Unverified<'a> {
    /// Takes a token in compact form apart.
    ///
    /// # Errors
    /// When it is too long, not three parts of strict base64url, not JSON objects without
    /// duplicates, or has a header parameter that is refused.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Rejection> {
        if token.len() > MAX_TOKEN {
            return Err(Rejection::TooLong);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Rejection::Malformed);
        };
        let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
        let header = Members::decode(header)?;
        if REFUSED.iter().any(|name| header.get(name).is_some()) {
            return Err(Rejection::Header);
        }
        let text = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Rejection::Header),
        };
        let kid = text("kid")?;
        if kid.as_deref().is_some_and(|kid| !is_kid(kid)) {
            return Err(Rejection::Kid);
        }
        Ok(Self {
            alg: text("alg")?.ok_or(Rejection::Algorithm)?,
            kid,
            typ: text("typ")?,
            claims: Members::decode(payload)?,
            signed,
            signature: decode(signature)?,
        })
    }

    /// Who is said to have issued it: which keys to look at, and nothing more.
    #[must_use]
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.text("iss")
    }

    /// The name of the key it is said to be signed with.
    ///
    /// # Errors
    /// When it says none: which of an issuer's keys is meant cannot be told.
    pub(crate) fn kid(&self) -> Result<&str, Rejection> {
        self.kid.as_deref().ok_or(Rejection::Kid)
    }
}

/// Strict: no padding, no white space, no bits left over.
fn decode(part: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejection::Malformed)
}

/// The members of a JSON object, none of them twice.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    fn decode(part: &str) -> Result<Self, Rejection> {
        serde_json::from_slice(&decode(part)?).map_err(|_| Rejection::Malformed)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// The member, when it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom("a member is there twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests;
