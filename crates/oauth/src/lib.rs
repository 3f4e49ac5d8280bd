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

mod access_token;
mod authorize;
mod cimd;
mod client;
mod client_auth;
mod client_keys;
mod clients;
mod consent;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod cookie;
mod discovery;
mod documents;
mod error;
mod form;
mod grant;
mod id_token;
mod jwks;
mod keys;
mod lifetimes;
mod limits;
mod location;
mod login;
mod memory;
mod metadata;
mod page;
mod paths;
mod pkce;
mod redirect;
mod refusal;
mod register;
mod revoke;
mod secret;
mod service;
mod store;
mod stored_grants;
mod time;
mod token;
mod transaction;
mod userinfo;
mod web_url;

pub use access_token::{AccessToken, Verified};
pub use authorize::{
    AuthorizationRequest, AuthorizeSettings, Next, NotAPrompt, Prompt, authorize, client_id,
    read_query,
};
pub use cimd::{
    DocumentError, DocumentUrl, MAX_DOCUMENT, NotADocumentUrl, client_of_document, pinned,
};
pub use client::{AuthMethod, Client, ClientId, ClientOrigin, GrantType, NotAClientId, Secrets};
pub use client_auth::{AssertionAudience, ClientProof};
pub use client_keys::{ClientKeys, NotClientKeys};
pub use clients::{ManageError, delete_client, read_client};
pub use consent::{
    Answer, Approval, FreshGrant, Presented, SentFrom, answer, approve, csrf_token, deny,
    may_answer,
};
pub use cookie::{Cookie, Cookies};
pub use documents::{Documents, Internet, Network};
pub use error::{ErrorCode, Failure, OauthError};
pub use form::{Form, FormError};
pub use grant::{
    Code, CodeState, Consent, ConsentKey, Grant, GrantId, GrantStatus, RefreshState, RefreshToken,
};
pub use jwks::{Jwk, JwkSet};
pub use keys::{KeyRing, Keys, Loading, NotASigningKey, Signer, SigningError, SigningKey};
pub use lifetimes::Lifetimes;
pub use limits::Limits;
pub use location::Location;
pub use login::{
    Begun, Broker, BrokerError, DevLogin, DevLoginRefused, DevUser, IdTokenError, Person, Provider,
    Upstream, UpstreamCode, callback,
};
pub use memory::MemoryStore;
pub use metadata::ClientMetadata;
pub use page::{ConsentPage, LoginPage, error_page, stylesheet};
pub use paths::CALLBACK as CALLBACK_PATH;
pub use pkce::{CodeChallenge, CodeVerifier, NotPkce};
pub use redirect::{NotARedirectUri, RedirectClass, RedirectUri};
pub use refusal::{Refusal, Stop};
pub use register::{
    ClientInformation, MAX_REGISTRATION, Minted, Registrant, RegistrationPolicy, register,
};
pub use revoke::revoke;
pub use secret::{Secret, SecretHash};
pub use service::{AuthorizationServer, Login, Registration, Setup};
pub use store::{CODE_KEPT, COUNT_KEPT, DELETED_KEPT, Redeemed, Rotated, Store, StoreError};
pub use stored_grants::StoredGrants;
pub use time::Time;
pub use token::{FreshToken, TokenEndpoint, TokenResponse};
pub use transaction::{Session, Transaction, TransactionState};
pub use userinfo::{NoUserInfo, UserInfo, userinfo};
