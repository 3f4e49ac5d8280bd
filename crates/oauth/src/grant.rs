//! Grants: what a person has allowed a client, and the codes and refresh tokens of it.

use auth::{Scopes, TenantId};

use crate::client::ClientId;
use crate::pkce::CodeChallenge;
use crate::secret::SecretHash;
use crate::time::Time;

/// A grant's id, `gid` in tokens: 128 random bits in text. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(pub String);

/// What one person has allowed one client, from the consent on until it is revoked or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The client.
    pub client: ClientId,
    /// The person: `sub`.
    pub subject: String,
    /// The person's tenant.
    pub tenant: Option<TenantId>,
    /// What was allowed.
    pub scopes: Scopes,
    /// What the tokens are for (RFC 8707).
    pub resource: String,
    /// When the person logged in: `auth_time`.
    pub authenticated_at: Time,
    /// Whether it holds.
    pub status: GrantStatus,
    /// When it ends, however often it is used.
    pub expires_at: Time,
}

/// Whether a grant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantStatus {
    /// It does.
    Active,
    /// It was taken back; nothing of it is good any more.
    Revoked,
}

/// An authorization code; what was sent is known by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its hash, by which it is found.
    pub hash: SecretHash,
    /// The grant it is for.
    pub grant: GrantId,
    /// The client that it was given to.
    pub client: ClientId,
    /// The redirect URI that the request named, to the byte.
    pub redirect_uri: String,
    /// What its verifier must fit.
    pub challenge: CodeChallenge,
    /// What it is good for.
    pub scopes: Scopes,
    /// The resource that was asked for.
    pub resource: String,
    /// `nonce`, for an ID token.
    pub nonce: Option<String>,
    /// Whether it was used.
    pub state: CodeState,
    /// When it ends. It is kept longer, to know it when it is used again.
    pub expires_at: Time,
}

/// Whether a code was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// Not yet.
    New,
    /// Once, which is all it may be.
    Used,
}

/// A refresh token; what was sent is known by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its hash, by which it is found.
    pub hash: SecretHash,
    /// The grant it belongs to.
    pub grant: GrantId,
    /// The client that it was given to.
    pub client: ClientId,
    /// The most that a token made of it may have.
    pub scopes: Scopes,
    /// The resource of the tokens made of it.
    pub resource: String,
    /// Whether it was used.
    pub state: RefreshState,
    /// When it ends if it is not used.
    pub expires_at: Time,
}

/// Whether a refresh token was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshState {
    /// It is the newest of its line.
    Active,
    /// Another took its place. For a short time it may still be used, a few times: the answer with
    /// its successor may have been lost.
    Rotated {
        /// When it was first used.
        at: Time,
        /// How often it was used since.
        graces: u32,
    },
}

/// Under which a consent is remembered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsentKey {
    /// The person.
    pub subject: String,
    /// The client.
    pub client: ClientId,
    /// The redirect URI that was shown.
    pub redirect_uri: String,
}

/// What a person has agreed to before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The scopes that were shown.
    pub scopes: Scopes,
    /// The resource that was shown.
    pub resource: String,
    /// Until when it is remembered.
    pub expires_at: Time,
}
