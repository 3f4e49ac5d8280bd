//! Who calls, however they came in.

use crate::scope::Scopes;
use crate::tenant::TenantId;

/// What kind of caller it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// A person, through a client.
    Person,
    /// A client on its own behalf (client credentials).
    Client,
    /// A principal of AWS, by signature.
    Iam,
}

impl CallerKind {
    /// For the log: `person`, `client` or `iam`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Client => "client",
            Self::Iam => "iam",
        }
    }
}

/// A caller that a door let in. The token itself is never in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What kind of caller it is.
    pub kind: CallerKind,
    /// What identifies it: the token's `sub`, or the principal's ARN.
    pub subject: String,
    /// The client that acts, `client_id`; `None` for an IAM principal.
    pub client_id: Option<String>,
    /// Who says so: the token's `iss`; `None` for an IAM principal.
    pub issuer: Option<String>,
    /// The tenant it belongs to.
    pub tenant: Option<TenantId>,
    /// What it may do, with everything implied.
    pub scopes: Scopes,
    /// The token's `jti`, for the log.
    pub token_id: Option<String>,
}
