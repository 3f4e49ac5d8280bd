//! Whose tokens are taken, and what kind of token they issue.

use std::collections::BTreeMap;

use crate::jwks_uri::JwksUri;
use crate::key_set::KeySet;
use crate::scope::Scopes;
use crate::tenant::TenantId;

/// One issuer whose tokens are taken.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// `iss`, compared as text.
    pub url: String,
    /// What its tokens look like.
    pub profile: Profile,
    /// The one audience that is us: the resource identifier, `https://host/mcp`.
    pub audience: String,
    /// The clients that may act. Empty: any that the issuer knows; never so for
    /// [`Profile::Cognito`], whose tokens say nothing else of whom they are for.
    pub clients: Vec<String>,
    /// Where its keys are published.
    pub jwks_uri: JwksUri,
    /// Keys that are known beforehand: used only while the issuer was never heard and cannot be.
    pub known_keys: Option<KeySet>,
    /// The claim that names the tenant.
    pub tenant_claim: Option<String>,
    /// The tenants of clients, by `client_id`.
    pub tenants: BTreeMap<String, TenantId>,
    /// The tenant that every caller of this issuer belongs to.
    pub tenant: Option<TenantId>,
    /// All that its tokens may allow, with what that implies; `None` is no limit.
    pub scopes: Option<Scopes>,
    /// Whether it is asked if the grants of its tokens still hold: it is our own authorization
    /// server, and a [`Verifier`](crate::Verifier) knows whom to ask.
    pub check_grants: bool,
}

/// What kind of access token an issuer makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Amazon Cognito: `token_use` is `access`, the client is one of [`Issuer::clients`], `aud` is
    /// ours when it is there.
    Cognito,
    /// RFC 9068, as our own authorization server makes them: `typ` is `at+jwt`, `aud` is ours alone.
    AccessToken,
    /// Any OpenID provider: `aud` is ours or has ours among others; an ID token is refused where it
    /// can be told (`typ`, `nonce`, `at_hash`).
    Oidc,
}
