//! Tenants.

use std::fmt;
use std::str::FromStr;

/// The longest id, in characters.
const MAX: usize = 63;

/// A tenant's id: a letter or digit, then up to 62 of letters, digits, `.`, `_` and `-`.
///
/// The grammar is the narrowest of those that the id must pass: Lambda's tenant isolation, session
/// tags of STS, keys of DynamoDB. It comes from a signed claim or from the configuration of a
/// client, never from a header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(String);

/// The text is no tenant id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a letter or digit, then up to 62 letters, digits, dots, underscores and hyphens")]
pub struct NotATenantId;

impl TenantId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TenantId {
    type Err = NotATenantId;

    fn from_str(text: &str) -> Result<Self, NotATenantId> {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        match text.as_bytes() {
            [first, rest @ ..]
                if text.len() <= MAX
                    && first.is_ascii_alphanumeric()
                    && rest.iter().copied().all(inner) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotATenantId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_ids_that_every_service_takes_are_taken() {
        for id in ["a", "7", "acme", "acme-eu.1_x", &"a".repeat(63)] {
            assert_eq!(id.parse::<TenantId>().unwrap().as_str(), id);
        }
        for text in ["", "-a", ".a", "_a", "a b", "a/b", "a\n", "ü", "a*", &"a".repeat(64)] {
            assert_eq!(text.parse::<TenantId>(), Err(NotATenantId), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_grammar_is_the_documented_one(text in "[A-Za-z0-9._-]{0,66}|\\PC{0,8}") {
            let chars: Vec<char> = text.chars().collect();
            let legal = (1..=63).contains(&chars.len())
                && chars[0].is_ascii_alphanumeric()
                && chars.iter().all(|c| c.is_ascii_alphanumeric() || "._-".contains(*c));
            prop_assert_eq!(text.parse::<TenantId>().is_ok(), legal);
        }
    }
}
