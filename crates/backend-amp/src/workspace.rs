//! Workspaces of Amazon Managed Prometheus, and the regions they are in.

use std::fmt;
use std::str::FromStr;

use crate::{Error, PrometheusUrl};

/// The id of a workspace: `ws-` and what the API's `WorkspaceId` pattern allows
/// (`[0-9A-Za-z][-.0-9A-Z_a-z]*`, at most 64 characters in all).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceId(String);

impl WorkspaceId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkspaceId {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let legal = given.len() <= 64
            && given.strip_prefix("ws-").is_some_and(|rest| {
                rest.starts_with(|c: char| c.is_ascii_alphanumeric())
                && rest.bytes().all(
                    |b| matches!(b, b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'),
                )
            });
        if legal {
            Ok(Self(given.to_owned()))
        } else {
            Err(Error::InvalidWorkspaceId { given: given.to_owned() })
        }
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An AWS region: lower-case words and a number joined by hyphens, as in `us-gov-west-1`.
///
/// It becomes a part of host names, so nothing else may pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

impl Region {
    /// The region as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let words: Vec<&str> = given.split('-').collect();
        let legal = match words.as_slice() {
            [words @ .., number] if words.len() >= 2 && given.len() <= 32 => {
                let is_word = |w: &&str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase());
                words.iter().all(is_word)
                    && !number.is_empty()
                    && number.bytes().all(|b| b.is_ascii_digit())
            }
            _ => false,
        };
        if legal {
            Ok(Self(given.to_owned()))
        } else {
            Err(Error::InvalidRegion { given: given.to_owned() })
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A workspace, as `ListWorkspaces` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The name people gave it; need not be unique.
    pub alias: Option<String>,
    /// Whether it can be queried.
    pub status: WorkspaceStatus,
    /// Where it is queried: looked up for active workspaces, and only by
    /// [`Prometheus::workspaces`](crate::Prometheus::workspaces).
    pub url: Option<PrometheusUrl>,
}

impl fmt::Display for Workspace {
    /// `ws-1 (production, ACTIVE)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.alias {
            Some(alias) => write!(f, "{} ({alias}, {})", self.id, self.status),
            None => write!(f, "{} ({})", self.id, self.status),
        }
    }
}

/// What a workspace is doing: the API's `WorkspaceStatusCode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceStatus {
    /// Ready to be queried.
    Active,
    /// Anything else, in the API's words: `CREATING`, `UPDATING`, `DELETING`, `CREATION_FAILED`.
    Other(String),
}

impl WorkspaceStatus {
    /// The API's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "ACTIVE",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for WorkspaceStatus {
    fn from(word: &str) -> Self {
        match word {
            "ACTIVE" => Self::Active,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for WorkspaceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_workspace_id_has_only_the_documented_form() {
        let longest = format!("ws-{}", "a".repeat(61));
        let too_long = format!("ws-{}", "a".repeat(62));
        for (given, legal) in [
            ("ws-1", true),
            ("ws-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", true),
            ("ws-a.b_c-D", true),
            (&longest, true),
            (&too_long, false),
            ("", false),
            ("ws-", false),
            ("ws--", false),
            ("ws-..", false),
            ("1", false),
            ("WS-1", false),
            ("ws-1/../2", false),
            ("ws-1?x", false),
            ("ws-1 ", false),
            ("ws-é", false),
        ] {
            assert_eq!(given.parse::<WorkspaceId>().is_ok(), legal, "{given:?}");
        }
    }

    #[test]
    fn a_region_is_words_and_a_number() {
        for (given, legal) in [
            ("us-east-1", true),
            ("us-gov-west-1", true),
            ("eusc-de-east-1", true),
            ("us-iso-east-12", true),
            ("", false),
            ("us", false),
            ("us-east", false),
            ("us-1", false),
            ("us--1", false),
            ("us-east-1.evil.example", false),
            ("us-east-1/x", false),
            ("US-EAST-1", false),
            ("us-east-1-", false),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbb-1", false),
        ] {
            assert_eq!(given.parse::<Region>().is_ok(), legal, "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_renders_back(
            id in ".*|ws-[-._0-9A-Za-z]{1,62}",
            region in ".*|[a-z]{1,6}(-[a-z]{1,6}){1,4}-[0-9]{1,3}",
        ) {
            if let Ok(parsed) = id.parse::<WorkspaceId>() {
                prop_assert_eq!(parsed.to_string(), id);
            }
            if let Ok(parsed) = region.parse::<Region>() {
                prop_assert_eq!(parsed.to_string(), region);
            }
        }
    }
}
