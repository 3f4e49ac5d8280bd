//! What a pool is made of: its id, its app clients and its users.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::random::{self, RandomError};

/// A user pool.
#[derive(Debug, Clone)]
pub struct CognitoConfig {
    /// Its id, `REGION_NAME`: the path of its issuer.
    pub pool_id: String,
    /// Its app clients.
    pub clients: Vec<Client>,
    /// Who may sign in.
    pub users: Vec<User>,
}

impl Default for CognitoConfig {
    /// `us-east-1_LocalPool1`, with [`Client::default`] and nobody.
    fn default() -> Self {
        Self {
            pool_id: "us-east-1_LocalPool1".to_owned(),
            clients: vec![Client::default()],
            users: Vec::new(),
        }
    }
}

/// Somebody who may sign in. `Debug` does not tell the password.
#[derive(Clone)]
pub struct User {
    /// The name: `cognito:username`.
    pub name: String,
    /// The password.
    pub password: String,
    /// `email`
    pub email: Option<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({})", self.name)
    }
}

/// An app client, which may ask for tokens with the grant `client_credentials`, and with
/// `authorization_code` for whoever signs in.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`
    pub id: String,
    /// `client_secret`; `None` to have one made when the server starts. A server that has started
    /// tells it: [`Cognito::clients`](super::Cognito::clients).
    pub secret: Option<ClientSecret>,
    /// The scopes it may ask for, all of which it gets when it asks for none.
    pub scopes: Vec<String>,
    /// Where people may come back to who have signed in: none, and nobody can for this client.
    pub callbacks: Vec<String>,
    /// The claim `tenant_id` of its tokens, as a pre token generation trigger (V3) adds it.
    pub tenant: Option<String>,
    /// How long its access tokens are valid; parts of a second are dropped.
    pub lifetime: Duration,
}

impl Default for Client {
    /// `local-client`, with the scopes `mcp/invoke` and `prometheus-mcp-server/read`, no callback,
    /// no tenant and an hour.
    fn default() -> Self {
        let scopes = ["mcp/invoke", "prometheus-mcp-server/read"];
        Self {
            id: "local-client".to_owned(),
            secret: None,
            scopes: scopes.map(str::to_owned).into(),
            callbacks: Vec::new(),
            tenant: None,
            lifetime: Duration::from_secs(3_600),
        }
    }
}

/// The secret of an app client. `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// This one.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// A new one, of 256 random bits.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn random() -> Result<Self, RandomError> {
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(random::key()?)))
    }

    /// The secret itself, to hand to the client.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}
