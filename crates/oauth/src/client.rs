//! Clients: who may ask for tokens, and how they prove who they are.

use std::fmt;
use std::str::FromStr;

use auth::{Scopes, TenantId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use service_kit::random::{self, RandomError};

use crate::client_keys::ClientKeys;
use crate::redirect::RedirectUri;
use crate::secret::SecretHash;
use crate::time::Time;

/// The longest id: that of a metadata document's URL.
const MAX_ID: usize = 2048;

/// A `client_id`: 1 to 2048 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(String);

/// The text is no client id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a client id")]
pub struct NotAClientId;

impl ClientId {
    /// A fresh one for a client that registers: `c_` and 128 random bits.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn random() -> Result<Self, RandomError> {
        let mut bits = [0; 16];
        random::fill(&mut bits)?;
        Ok(Self(format!("c_{}", URL_SAFE_NO_PAD.encode(bits))))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClientId {
    type Err = NotAClientId;

    fn from_str(text: &str) -> Result<Self, NotAClientId> {
        if (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAClientId)
        }
    }
}

/// A client that may ask for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// How it came to be known.
    pub origin: ClientOrigin,
    /// `client_name`, for people; what it says of itself, and nothing to trust.
    pub name: Option<String>,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// The grants it may use.
    pub grant_types: Vec<GrantType>,
    /// How it proves who it is.
    pub auth_method: AuthMethod,
    /// The most it may ask for.
    pub scopes: Scopes,
    /// The tenant of what it does on its own behalf.
    pub tenant: Option<TenantId>,
    /// When it was registered.
    pub created_at: Time,
    /// When it is forgotten; `None` for one that stays.
    pub expires_at: Option<Time>,
    /// The hash of its registration access token (RFC 7592).
    pub registration_token: Option<SecretHash>,
}

/// How a client came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOrigin {
    /// By an operator.
    Configured,
    /// By itself (RFC 7591).
    Registered,
    /// By a metadata document at the URL that is its id.
    MetadataDocument,
}

/// A grant (`grant_types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// `authorization_code`
    AuthorizationCode,
    /// `refresh_token`
    RefreshToken,
    /// `client_credentials`
    ClientCredentials,
}

impl GrantType {
    /// The grant that is called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let known = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];
        known.into_iter().find(|grant| grant.as_str() == name)
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// How a client proves who it is at the token endpoint (`token_endpoint_auth_method`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// `none`: not at all; a public client.
    None,
    /// `client_secret_basic`
    Basic(Secrets),
    /// `client_secret_post`
    Post(Secrets),
    /// `private_key_jwt`: by a JWT that is signed with one of these keys.
    PrivateKeyJwt(ClientKeys),
}

/// The hashes of a client's secret, and of the one that takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// The secret.
    pub current: SecretHash,
    /// The one before or after it, while both are good.
    pub other: Option<SecretHash>,
}

impl Secrets {
    /// Whether `presented` is one of them; both are looked at in any case.
    #[must_use]
    pub fn accept(&self, presented: &str) -> bool {
        let current = self.current.is_of(presented);
        let other = self.other.is_some_and(|other| other.is_of(presented));
        current | other
    }
}

impl Client {
    /// Whether it may use this grant.
    #[must_use]
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether it has nothing to prove who it is.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether it proves who it is with a secret that it was given.
    pub(crate) const fn has_secret(&self) -> bool {
        matches!(self.auth_method, AuthMethod::Basic(_) | AuthMethod::Post(_))
    }
}
