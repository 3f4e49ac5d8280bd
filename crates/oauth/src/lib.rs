//! An OAuth 2.1 authorization server for MCP: registration, login, consent, tokens.
//!
//! ```text
//! request ─→ form (duplicates seen) ─→ one file an endpoint: decide (now, randomness and keys come in)
//!                                             │
//!                                             └─→ Store (memory, DynamoDB): one atomic step each
//! ```
//!
//! What decides is pure; what waits is behind [`Store`]. Nothing that a client could use is stored
//! as it is: codes, tokens and secrets are kept as hashes.

mod client;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod error;
mod form;
mod grant;
mod jwks;
mod keys;
mod lifetimes;
mod memory;
mod pkce;
mod redirect;
mod secret;
mod store;
mod time;
mod transaction;
mod web_url;

pub use client::{AuthMethod, Client, ClientId, ClientOrigin, GrantType, NotAClientId, Secrets};
pub use error::{ErrorCode, OauthError};
pub use form::{Form, FormError};
pub use grant::{
    Code, CodeState, Consent, ConsentKey, Grant, GrantId, GrantStatus, RefreshState, RefreshToken,
};
pub use jwks::{Jwk, JwkSet};
pub use keys::{KeyRing, NotASigningKey, SigningError, SigningKey};
pub use lifetimes::Lifetimes;
pub use memory::MemoryStore;
pub use pkce::{CodeChallenge, CodeVerifier, NotPkce};
pub use redirect::{NotARedirectUri, RedirectClass, RedirectUri};
pub use secret::{Secret, SecretHash};
pub use store::{CODE_KEPT, COUNT_KEPT, DELETED_KEPT, Redeemed, Rotated, Store, StoreError};
pub use time::Time;
pub use transaction::{Session, Transaction, TransactionState};
