//! Key sets (RFC 7517, section 5): what an issuer publishes, less what must not be used.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use serde_json::value::RawValue;

use crate::key::{Jwk, Key};

/// The biggest document that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// The usable keys of an issuer, by `kid`. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet(BTreeMap<String, Arc<Key>>);

/// The document is no key set, or none of its keys can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAKeySet {
    /// It is over 64 KiB.
    #[error("a key set of {0} bytes is too big")]
    TooBig(usize),
    /// It is not JSON of the right shape.
    #[error("not a key set")]
    Malformed(#[source] serde_json::Error),
    /// No key in it verifies RS256 or ES256.
    #[error("a key set without a usable key")]
    Empty,
}

impl KeySet {
    /// Reads a JWKS document. Keys that are malformed, too weak, symmetric, for encryption, or whose
    /// `kid` is there twice are left out.
    ///
    /// # Errors
    /// When nothing is left, or the document is none.
    pub fn parse(json: &[u8]) -> Result<Self, NotAKeySet> {
        #[derive(Deserialize)]
        struct Document<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        if json.len() > MAX_BYTES {
            return Err(NotAKeySet::TooBig(json.len()));
        }
        let document: Document<'_> = serde_json::from_slice(json).map_err(NotAKeySet::Malformed)?;
        let mut keys: BTreeMap<String, Option<Arc<Key>>> = BTreeMap::new();
        for raw in document.keys {
            let Ok(jwk) = serde_json::from_str::<Jwk>(raw.get()) else { continue };
            if let Ok(key) = Key::of(jwk) {
                // Which of two keys of one name is meant cannot be told.
                keys.entry(key.kid().to_owned())
                    .and_modify(|first| *first = None)
                    .or_insert_with(|| Some(Arc::new(key)));
            }
        }
        let keys: BTreeMap<_, _> =
            keys.into_iter().filter_map(|(kid, key)| Some((kid, key?))).collect();
        if keys.is_empty() { Err(NotAKeySet::Empty) } else { Ok(Self(keys)) }
    }

    /// How many there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The key of this name.
    #[must_use]
    pub(crate) fn get(&self, kid: &str) -> Option<&Arc<Key>> {
        self.0.get(kid)
    }

    /// All of them, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.0.values()
    }
}

impl FromStr for KeySet {
    type Err = NotAKeySet;

    fn from_str(json: &str) -> Result<Self, NotAKeySet> {
        Self::parse(json.as_bytes())
    }
}

/// As a JWKS document of what was taken and no more, in the order of the names.
impl Serialize for KeySet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<&Key> = self.0.values().map(|key| &**key).collect();
        let mut document = serializer.serialize_struct("KeySet", 1)?;
        document.serialize_field("keys", &keys)?;
        document.end()
    }
}

/// The same as text, which is read as the same set again.
impl fmt::Display for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests;
