//! Public keys as they are published (RFC 7517), and what they are called (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Serialize;

/// A key set: the body of `GET /oauth/jwks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys; no two have one name.
    pub keys: Vec<Jwk>,
}

/// A public key that signatures are verified with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    #[serde(flatten)]
    public: PublicKey,
    kid: String,
    alg: &'static str,
    #[serde(rename = "use")]
    used_for: &'static str,
}

/// The numbers of a public key, in base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
enum PublicKey {
    /// A point on P-256.
    #[serde(rename = "EC")]
    P256 { crv: &'static str, x: String, y: String },
    /// A modulus and an exponent, big-endian without zeros in front.
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

impl PublicKey {
    /// The SHA-256 of what makes the key this key and no other (RFC 7638, section 3).
    fn thumbprint(&self) -> String {
        // Base64url and fixed words need no escapes; the order is that of the RFC.
        let members = match self {
            Self::P256 { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        base64url(digest(&SHA256, members.as_bytes()))
    }

    const fn algorithm(&self) -> &'static str {
        match self {
            Self::P256 { .. } => "ES256",
            Self::Rsa { .. } => "RS256",
        }
    }
}

impl Jwk {
    /// A key on P-256: its point as it is written uncompressed, 4, `x`, `y`. `None` for anything
    /// that is not of 65 bytes.
    #[must_use]
    pub fn p256(point: &[u8]) -> Option<Self> {
        let (&4, numbers) = point.split_first()? else { return None };
        let (x, y) = numbers.split_at_checked(32).filter(|(_, y)| y.len() == 32)?;
        Some(Self::of(PublicKey::P256 { crv: "P-256", x: base64url(x), y: base64url(y) }))
    }

    /// A key of RSA: modulus and exponent, big-endian without zeros in front.
    #[must_use]
    pub fn rsa(n: &[u8], e: &[u8]) -> Self {
        Self::of(PublicKey::Rsa { n: base64url(n), e: base64url(e) })
    }

    fn of(public: PublicKey) -> Self {
        Self { kid: public.thumbprint(), alg: public.algorithm(), used_for: "sig", public }
    }

    /// Its name: the thumbprint of RFC 7638.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it verifies, as in `alg`: `ES256` or `RS256`.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        self.alg
    }
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_json_snapshot;

    /// RFC 7638, section 3.1.
    const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxu\
        hDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v\
        -65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdk\
        t-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    #[test]
    fn the_thumbprint_is_that_of_the_rfc() {
        let n = URL_SAFE_NO_PAD.decode(N).unwrap();
        let key = Jwk::rsa(&n, &[1, 0, 1]);
        assert_eq!(key.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(key.algorithm(), "RS256");
    }

    #[test]
    fn keys_are_published_with_their_names_and_their_use() {
        // The generator of P-256.
        let x = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
        let y = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
        let half = |text| URL_SAFE_NO_PAD.decode(text).unwrap();
        let point = [vec![4], half(x), half(y)].concat();
        let keys = vec![Jwk::p256(&point).unwrap(), Jwk::rsa(&[0xd1], &[3])];
        assert_json_snapshot!(JwkSet { keys }, @r#"
        {
          "keys": [
            {
              "kty": "EC",
              "crv": "P-256",
              "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
              "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
              "kid": "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M",
              "alg": "ES256",
              "use": "sig"
            },
            {
              "kty": "RSA",
              "n": "0Q",
              "e": "Aw",
              "kid": "e0jj5rwGf2kXU8DF7ILWPYoju9O2ZFRnsD3QOWuQ690",
              "alg": "RS256",
              "use": "sig"
            }
          ]
        }
        "#);
    }
}
