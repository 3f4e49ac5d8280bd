//! Scopes: what a token allows (RFC 6749, section 3.3), and which scope brings which others.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The longest scope that is taken.
const MAX_SCOPE: usize = 256;
/// The longest list of scopes, and the most there may be in one.
const MAX_LIST: usize = 4096;
const MAX_COUNT: usize = 128;

/// One scope, such as `mcp/invoke`: 1 to 256 visible ASCII characters but `"` and `\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Cow<'static, str>);

/// The text is not a scope, or not a list of scopes with single spaces between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be scopes of visible ASCII without quote and backslash, with single spaces between")]
pub struct NotAScope;

impl Scope {
    /// The scope as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let legal = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if (1..=MAX_SCOPE).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(NotAScope)
        }
    }
}

/// A set of scopes. Membership is exact: `a/read` is not in a set with `a/readonly`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether `scope` is one of them.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether all of `needed` are among them.
    #[must_use]
    pub fn contain_all(&self, needed: &Self) -> bool {
        needed.0.is_subset(&self.0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// As in a token or a challenge: in alphabetical order, with single spaces between.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = NotAScope;

    /// Reads scopes with single spaces between; the empty text has none.
    fn from_str(text: &str) -> Result<Self, NotAScope> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.len() > MAX_LIST || text.split(' ').count() > MAX_COUNT {
            return Err(NotAScope);
        }
        text.split(' ').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// The scopes that a deployment knows, and what each brings with it.
#[derive(Clone, Copy, Debug)]
pub struct Registry(&'static [Entry]);

/// One scope of a [`Registry`].
#[derive(Clone, Copy, Debug)]
struct Entry {
    scope: &'static str,
    implies: &'static [&'static str],
}

impl Registry {
    /// May speak MCP with the server at all.
    pub const MCP_INVOKE: &'static str = "mcp/invoke";
    /// May read metrics.
    pub const PROMETHEUS_READ: &'static str = "prometheus-mcp-server/read";
    /// May change what Prometheus keeps.
    pub const PROMETHEUS_WRITE: &'static str = "prometheus-mcp-server/write";
    /// May read support cases.
    pub const CASES_READ: &'static str = "cases/read";

    /// The scopes of this project.
    pub const PROJECT: Self = Self(&[
        Entry { scope: Self::MCP_INVOKE, implies: &[] },
        Entry { scope: Self::PROMETHEUS_READ, implies: &[Self::MCP_INVOKE] },
        Entry {
            scope: Self::PROMETHEUS_WRITE,
            implies: &[Self::PROMETHEUS_READ, Self::MCP_INVOKE],
        },
        Entry { scope: Self::CASES_READ, implies: &[Self::MCP_INVOKE] },
    ]);

    /// All of them, as an IAM principal or a fully trusted client has them.
    #[must_use]
    pub fn all(self) -> Scopes {
        self.0.iter().map(|entry| Scope(Cow::Borrowed(entry.scope))).collect()
    }

    /// `granted`, and all that they imply.
    #[must_use]
    pub fn expand(self, mut granted: Scopes) -> Scopes {
        for entry in self.0.iter().filter(|entry| !entry.implies.is_empty()) {
            if granted.contains(entry.scope) {
                let implied = entry.implies.iter().map(|scope| Scope(Cow::Borrowed(scope)));
                granted.0.extend(implied);
            }
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    #[test]
    fn lists_of_scopes_are_read_strictly() {
        for (text, expected) in [
            ("", Ok("")),
            ("a", Ok("a")),
            ("b a", Ok("a b")),
            ("a a", Ok("a")),
            ("mcp/invoke prometheus-mcp-server/read", Ok("mcp/invoke prometheus-mcp-server/read")),
            (" a", Err(NotAScope)),
            ("a ", Err(NotAScope)),
            ("a  b", Err(NotAScope)),
            ("a\tb", Err(NotAScope)),
            ("a,b", Ok("a,b")),
            ("a\"b", Err(NotAScope)),
            ("a\\b", Err(NotAScope)),
            ("ü", Err(NotAScope)),
        ] {
            assert_eq!(
                text.parse::<Scopes>().map(|s| s.to_string()).as_deref(),
                expected.as_deref().map_err(|_| &NotAScope),
                "{text:?}"
            );
        }
        assert!("a ".repeat(200).trim_end().parse::<Scopes>().is_err());
        assert!("a".repeat(257).parse::<Scope>().is_err());
    }

    #[test]
    fn j22_membership_is_exact() {
        let granted = scopes("prometheus-mcp-server/readonly xprometheus-mcp-server/read");
        assert!(!granted.contains(Registry::PROMETHEUS_READ));
        assert!(!granted.contain_all(&scopes(Registry::PROMETHEUS_READ)));
        assert!(granted.contain_all(&Scopes::default()));
    }

    #[test]
    fn j23_a_broader_scope_brings_the_narrower_ones() {
        for (granted, expected) in [
            ("", ""),
            ("other", "other"),
            ("mcp/invoke", "mcp/invoke"),
            ("cases/read", "cases/read mcp/invoke"),
            ("prometheus-mcp-server/read", "mcp/invoke prometheus-mcp-server/read"),
            (
                "prometheus-mcp-server/write",
                "mcp/invoke prometheus-mcp-server/read prometheus-mcp-server/write",
            ),
        ] {
            assert_eq!(Registry::PROJECT.expand(scopes(granted)).to_string(), expected);
        }
    }

    #[test]
    fn implication_is_written_out_in_full() {
        for entry in Registry::PROJECT.0 {
            let once = Registry::PROJECT.expand(scopes(entry.scope));
            assert_eq!(Registry::PROJECT.expand(once.clone()), once, "{}", entry.scope);
            assert!(entry.implies.iter().all(|scope| Registry::PROJECT.all().contains(scope)));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_renders_back(text in "\\PC{0,40}|([!-~]{1,6} ?){0,6}") {
            if let Ok(read) = text.parse::<Scopes>() {
                prop_assert_eq!(read.to_string().parse::<Scopes>(), Ok(read));
            }
        }
    }
}
