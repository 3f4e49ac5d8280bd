//! Proof key for code exchange, S256 only (RFC 7636, OAuth 2.1 section 4.1).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

/// A `code_challenge`: the SHA-256 of a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeChallenge([u8; 32]);

/// A `code_verifier`: 43 to 128 of letters, digits, `-`, `.`, `_` and `~`. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeVerifier(String);

/// The text is no challenge, or no verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of RFC 7636")]
pub struct NotPkce;

impl CodeChallenge {
    /// In base64url, as it was sent.
    #[must_use]
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Whether it was made of `verifier`.
    #[must_use]
    pub fn is_of(self, verifier: &CodeVerifier) -> bool {
        digest(&SHA256, verifier.0.as_bytes()).as_ref() == self.0
    }
}

impl FromStr for CodeChallenge {
    type Err = NotPkce;

    fn from_str(text: &str) -> Result<Self, NotPkce> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotPkce)?;
        bytes.try_into().map(Self).map_err(|_| NotPkce)
    }
}

impl FromStr for CodeVerifier {
    type Err = NotPkce;

    fn from_str(text: &str) -> Result<Self, NotPkce> {
        let legal =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotPkce)
        }
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_fits() {
        let challenge: CodeChallenge = CHALLENGE.parse().unwrap();
        assert!(challenge.is_of(&VERIFIER.parse().unwrap()));
        assert!(!challenge.is_of(&CHALLENGE.parse().unwrap()));
        assert_eq!(challenge.to_text(), CHALLENGE);
    }

    #[test]
    fn t04_a_verifier_is_43_to_128_unreserved_characters() {
        for (text, ok) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("a".repeat(128), true),
            ("a".repeat(129), false),
            ("a".repeat(42) + "+", false),
            ("a".repeat(42) + "ü", false),
        ] {
            assert_eq!(text.parse::<CodeVerifier>().is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn a08_a_challenge_is_32_bytes_in_base64url() {
        for text in ["", "short", VERIFIER.get(1..).unwrap(), &format!("{CHALLENGE}=")] {
            assert_eq!(text.parse::<CodeChallenge>(), Err(NotPkce), "{text}");
        }
    }
}
