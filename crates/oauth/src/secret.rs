//! Secrets that are given out, and the hashes that are kept of them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use service_kit::random::{RandomError, key};
use subtle::ConstantTimeEq as _;

/// 256 random bits in base64url: a code, a token, a client secret. Never shown, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A fresh one.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn random() -> Result<Self, RandomError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(key()?)))
    }

    /// The text, to hand to whom it is for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The SHA-256 of a secret. Random secrets of 256 bits need no slow hash: there is nothing to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Of what somebody presents.
    #[must_use]
    pub fn of(presented: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, presented.as_bytes()).as_ref());
        Self(hash)
    }

    /// Whether `presented` has this hash, in the same time for every answer.
    #[must_use]
    pub fn is_of(&self, presented: &str) -> bool {
        self.0.ct_eq(&Self::of(presented).0).into()
    }

    /// In base64url, as stores keep it.
    #[must_use]
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// From [`SecretHash::to_text`]; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_random_hidden_and_known_by_its_hash() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 43);
        assert!(!format!("{one:?} {:?}", one.hash()).contains(one.expose()));
        assert!(one.hash().is_of(one.expose()));
        assert!(!one.hash().is_of(other.expose()));
        assert_eq!(SecretHash::from_text(&one.hash().to_text()), Some(one.hash()));
        assert_eq!(SecretHash::from_text("x"), None);
    }
}
