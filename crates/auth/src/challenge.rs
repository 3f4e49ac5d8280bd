//! What a client is told that was not let in: `WWW-Authenticate` (RFC 6750, section 3; RFC 9728,
//! section 5.1).

use std::fmt;

use crate::scope::Scopes;

/// A `Bearer` challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// No credentials: what to bring, and no error.
    Missing {
        /// The scopes to ask for.
        scope: Scopes,
    },
    /// The token is not valid.
    InvalidToken,
    /// The token is valid and does not allow the operation.
    InsufficientScope {
        /// All scopes that the operation needs.
        scope: Scopes,
    },
    /// The request is malformed.
    InvalidRequest,
}

impl Challenge {
    /// The header's value, which points to the metadata at `resource_metadata`.
    #[must_use]
    pub fn header(&self, resource_metadata: &str) -> String {
        let _ = (self, resource_metadata);
        String::new()
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}
