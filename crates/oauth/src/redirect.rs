//! Redirect URIs: which may be registered, and which registered one a request means.

use std::fmt;
use std::str::FromStr;

/// A redirect URI that may be registered, kept and compared as the text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    uri: String,
    class: RedirectClass,
}

/// What kind of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectClass {
    /// `https` somewhere.
    Web,
    /// `http` on the machine of the person: any port will do (RFC 8252, section 7.3).
    Loopback,
    /// A scheme of an app's own.
    App,
}

/// The text may not be registered as a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a redirect URI that may be registered")]
pub struct NotARedirectUri;

impl RedirectUri {
    /// As it was registered, to the byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// What kind of place it is.
    #[must_use]
    pub const fn class(&self) -> RedirectClass {
        self.class
    }

    /// Whether a request that says `presented` means this one: the same text, but for the port of a
    /// loopback address.
    #[must_use]
    pub fn is_meant_by(&self, presented: &str) -> bool {
        self.uri == presented
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

impl FromStr for RedirectUri {
    type Err = NotARedirectUri;

    fn from_str(text: &str) -> Result<Self, NotARedirectUri> {
        let class = match text.split_once("://").map(|(scheme, _)| scheme) {
            Some("https") => RedirectClass::Web,
            _ => return Err(NotARedirectUri),
        };
        Ok(Self { uri: text.to_owned(), class })
    }
}
