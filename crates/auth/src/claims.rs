//! What a verified token says.

use crate::caller::{Caller, CallerKind};
use crate::scope::{Registry, Scopes};
use crate::tenant::TenantId;

/// What a token says, once every check passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `iss`: one of the configured issuers.
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `client_id`, or `azp` or `cid` where an OpenID provider uses that.
    pub client_id: Option<String>,
    /// `scope`, as it was granted; empty when there is none or it is malformed.
    pub scopes: Scopes,
    /// The tenant, by the issuer's configuration.
    pub tenant: Option<TenantId>,
    /// `exp`, in seconds since 1970.
    pub expires_at: i64,
    /// `jti`, when it is one that can be logged.
    pub token_id: Option<String>,
    /// `gid`: the grant that our own authorization server made it of. A client on its own behalf has
    /// none.
    pub grant: Option<String>,
}

impl Claims {
    /// Who calls with this token: a client on its own behalf when `sub` is the `client_id` (RFC 9068,
    /// section 2.2; Cognito does so too), else a person.
    #[must_use]
    pub fn into_caller(self, registry: Registry) -> Caller {
        let of_client = self.client_id.as_ref() == Some(&self.subject);
        Caller {
            kind: if of_client { CallerKind::Client } else { CallerKind::Person },
            subject: self.subject,
            client_id: self.client_id,
            issuer: Some(self.issuer),
            tenant: self.tenant,
            scopes: registry.expand(self.scopes),
            token_id: self.token_id,
        }
    }
}
