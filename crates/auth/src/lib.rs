//! Who calls, and what they may do: bearer tokens and IAM identities, keys, scopes, tenants, and the
//! decision of a REQUEST authorizer.
//!
//! ```text
//! headers ─→ token ─→ verifier ─┬─ keys (cache) ─ fetch ─→ the issuer's JWKS
//!                               ├─ verify (pure) ─→ Claims ─→ Caller
//!                               └─ grants (cache) ─→ whoever keeps them, for tokens of our own
//! ```
//!
//! [`verify`] is pure: token, keys, issuer and time go in, [`Claims`] or a [`Rejection`] come out.
//! All that waits, remembers or asks others is in `keys` and `grants`. [`Door`] puts them together for a
//! function, [`Authorizer`] for API Gateway. Tokens of other kinds are for others to judge; who signed
//! them is verified with the same keys, by [`PublishedKeys`].

mod authorizer;
mod caller;
mod challenge;
mod claims;
mod door;
pub mod env;
mod fetch;
mod grants;
mod iam;
mod jwks_uri;
mod key;
mod key_set;
mod keys;
#[cfg(test)]
mod log;
mod metadata;
mod policy;
mod profile;
#[cfg(test)]
mod publisher;
mod resource;
mod scope;
mod signed;
#[cfg(test)]
mod signer;
mod tenant;
mod token;
mod url;
mod verifier;
mod verify;

pub use authorizer::{Allowed, Authorizer, AuthorizerError, NotAnEvent};
pub use caller::{Caller, CallerKind};
pub use challenge::Challenge;
pub use claims::Claims;
pub use door::{AuthMode, Door, Refusal};
pub use grants::{Grants, Holds};
pub use iam::IamAccess;
pub use jwks_uri::JwksUri;
pub use key_set::{KeySet, NotAKeySet};
pub use metadata::Metadata;
pub use policy::ResponseFormat;
pub use profile::{Issuer, Profile};
pub use resource::Resource;
pub use scope::{NotAScope, Registry, Scope, Scopes};
pub use signed::{PublishedKeys, signed_claims, unverified_claims};
pub use tenant::{NotATenantId, TenantId};
pub use token::{Bearer, CredentialsError};
pub use url::NotAUrl;
pub use verifier::{Unverifiable, Verifier};
pub use verify::{Rejection, verify};
