//! Public keys that tokens are verified with (RFC 7517, RFC 7518 section 6).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// The moduli that are taken, in bits.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The longest public exponent, in bytes.
const MAX_EXPONENT: usize = 4;
/// The longest `kid`.
const MAX_KID: usize = 128;
/// The length of a coordinate on P-256.
const COORDINATE: usize = 32;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// As in `alg`.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A public key with a name. Which algorithm it verifies is the key's own business: a token cannot
/// choose.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    kid: String,
    public: Public,
}

#[derive(Clone, PartialEq, Eq)]
enum Public {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Uncompressed: 4, x, y.
    P256([u8; 1 + 2 * COORDINATE]),
}

/// A JWK as it is published; what is unknown is left alone.
#[derive(Deserialize)]
pub(crate) struct Jwk {
    kid: Option<String>,
    kty: String,
    #[serde(rename = "use")]
    used_for: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Why a published key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("it has no kid, or not one that is looked up")]
    Kid,
    #[error("it is not for verifying signatures")]
    Use,
    #[error("its kind or its algorithm is not supported")]
    Kind,
    #[error("it is too weak, or malformed")]
    Material,
}

impl Key {
    pub(crate) fn of(jwk: Jwk) -> Result<Self, Unusable> {
        let kid = jwk.kid.filter(|kid| is_kid(kid)).ok_or(Unusable::Kid)?;
        let verifies = jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if jwk.used_for.as_deref().is_some_and(|used_for| used_for != "sig") || !verifies {
            return Err(Unusable::Use);
        }
        let key = Self {
            kid,
            public: match (&*jwk.kty, jwk.crv.as_deref()) {
                ("RSA", _) => rsa(&decode(jwk.n)?, &decode(jwk.e)?)?,
                ("EC", Some("P-256")) => p256(&decode(jwk.x)?, &decode(jwk.y)?)?,
                _ => return Err(Unusable::Kind),
            },
        };
        if jwk.alg.as_deref().is_some_and(|alg| alg != key.algorithm().as_str()) {
            return Err(Unusable::Kind);
        }
        Ok(key)
    }

    /// Its name.
    #[must_use]
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// What it verifies.
    #[must_use]
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self.public {
            Public::Rsa { .. } => Algorithm::Rs256,
            Public::P256(_) => Algorithm::Es256,
        }
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Public::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
        }
    }
}

/// As it is published (RFC 7517, section 4).
impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = serializer.serialize_map(None)?;
        match &self.public {
            Public::Rsa { n, e } => {
                jwk.serialize_entry("kty", "RSA")?;
                jwk.serialize_entry("n", &number(n))?;
                jwk.serialize_entry("e", &number(e))?;
            }
            Public::P256(point) => {
                let (x, y) = point[1..].split_at(COORDINATE);
                jwk.serialize_entry("kty", "EC")?;
                jwk.serialize_entry("crv", "P-256")?;
                jwk.serialize_entry("x", &number(x))?;
                jwk.serialize_entry("y", &number(y))?;
            }
        }
        jwk.serialize_entry("kid", &self.kid)?;
        jwk.serialize_entry("alg", self.algorithm().as_str())?;
        jwk.serialize_entry("use", "sig")?;
        jwk.end()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {})", self.kid, self.algorithm().as_str())
    }
}

/// Whether a text may be looked up as a `kid`: it is a key of a map and nothing else. A word of
/// letters, digits, `_`, `.` and `-`, or base64, as Cognito's are; a path is neither.
pub(crate) fn is_kid(text: &str) -> bool {
    let all = |text: &str, more: &[u8]| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_word = all(text, b"_.-");
    let is_base64 = all(digits, b"+/") && padding <= 2 && text.len().is_multiple_of(4);
    (1..=MAX_KID).contains(&text.len()) && (is_word || is_base64)
}

fn decode(member: Option<String>) -> Result<Vec<u8>, Unusable> {
    member.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(Unusable::Material)
}

/// Some issuers write the sign byte of a signed integer in front.
fn without_zeros(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

fn rsa(n: &[u8], e: &[u8]) -> Result<Public, Unusable> {
    let (n, e) = (without_zeros(n), without_zeros(e));
    let (&[first, .., n_last], &[.., e_last]) = (n, e) else { return Err(Unusable::Material) };
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    let exponent_is_sound = e.len() <= MAX_EXPONENT && e_last % 2 == 1 && e != [1];
    if MODULUS_BITS.contains(&bits) && n_last % 2 == 1 && exponent_is_sound {
        Ok(Public::Rsa { n: n.to_vec(), e: e.to_vec() })
    } else {
        Err(Unusable::Material)
    }
}

/// Whether the point is on the curve is found at the first verification, by ring.
fn p256(x: &[u8], y: &[u8]) -> Result<Public, Unusable> {
    if x.len() != COORDINATE || y.len() != COORDINATE {
        return Err(Unusable::Material);
    }
    let mut point = [4; 1 + 2 * COORDINATE];
    point[1..=COORDINATE].copy_from_slice(x);
    point[1 + COORDINATE..].copy_from_slice(y);
    Ok(Public::P256(point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kid_is_a_word_or_base64() {
        for (text, ok) in [
            ("2026-11.key_1", true),
            ("dummy", true),
            // As Cognito names its keys: SHA-256 in base64.
            ("TYdgOXYU2PUAzG8pU+G5WNDp/3/7hApwzCNCfsYf4DI=", true),
            ("YWI=", true),
            ("YQ==", true),
            ("", false),
            ("=", false),
            ("==", false),
            ("Y===", false),
            ("YWI", true),
            ("a/b", false),
            ("Y=I=", false),
            ("../../dev/null", false),
            ("' OR 1=1", false),
            ("https://a.example/key", false),
            ("a\0b", false),
            ("a\nbc", false),
            ("é123", false),
        ] {
            assert_eq!(is_kid(text), ok, "{text:?}");
        }
        assert!(is_kid(&"a".repeat(128)));
        assert!(!is_kid(&"a".repeat(129)));
    }
}
