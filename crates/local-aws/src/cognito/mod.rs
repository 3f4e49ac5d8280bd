//! Amazon Cognito: the issuer of a user pool, with the tokens it would make.
//!
//! | | |
//! | --- | --- |
//! | `POST /oauth2/token` | tokens by the grants `client_credentials` and `authorization_code` |
//! | `GET /oauth2/authorize`, `POST /login` | the page on which people sign in |
//! | `GET /{pool}/.well-known/openid-configuration` | where things are |
//! | `GET /{pool}/.well-known/jwks.json` | the public keys, or a [`Fault`] |
//! | `POST /local/token`, `/local/rotate` | wrong tokens and new keys, which no Cognito gives: see `operator` |
//!
//! Other tokens of users, and wrong ones, are made by [`Cognito::mint`]. The key is RSA of 2048 bits; it
//! is made when it is first wanted and is nowhere kept.
//! See <https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>.

mod config;
mod fault;
mod keys;
mod mint;
mod operator;
mod rsa;
mod sign_in;
mod token;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::Json;
use axum::routing::{get, post};
use serde_json::{Value, json};
use service_kit::clock::Clock;
use service_kit::random::RandomError;

pub use config::{Client, ClientSecret, CognitoConfig, User};
pub use fault::Fault;
use keys::Keys;
pub use mint::{Mint, TokenKind};
use sign_in::Codes;

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CognitoError {
    /// There is no randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The key could not be made or used.
    #[error("the RSA key is of no use: {0}")]
    Key(String),
}

/// A user pool that is being served.
#[derive(Debug)]
pub struct Cognito {
    base_url: String,
    pool_id: String,
    clients: Vec<Client>,
    users: Vec<User>,
    codes: Codes,
    keys: Keys,
    fault: Mutex<Option<Fault>>,
    jwks_requests: AtomicUsize,
    clock: Arc<dyn Clock>,
}

impl Cognito {
    /// A pool served at `base_url`, which has no slash at its end.
    pub(crate) fn new(
        config: CognitoConfig,
        base_url: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RandomError> {
        let CognitoConfig { pool_id, mut clients, users } = config;
        for client in &mut clients {
            if client.secret.is_none() {
                client.secret = Some(ClientSecret::random()?);
            }
        }
        Ok(Self {
            base_url,
            pool_id,
            clients,
            users,
            codes: Codes::default(),
            keys: Keys::default(),
            fault: Mutex::default(),
            jwks_requests: AtomicUsize::default(),
            clock,
        })
    }

    /// The claim `iss` of its tokens, such as `http://127.0.0.1:4566/us-east-1_LocalPool1`.
    pub fn issuer(&self) -> String {
        format!("{}/{}", self.base_url, self.pool_id)
    }

    /// Where its public keys are.
    pub fn jwks_uri(&self) -> String {
        format!("{}/.well-known/jwks.json", self.issuer())
    }

    /// Where tokens are asked for.
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.base_url)
    }

    /// Where people sign in.
    pub fn authorization_endpoint(&self) -> String {
        format!("{}/oauth2/authorize", self.base_url)
    }

    /// The app clients, each with its secret.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// How often JWKS has been asked for, whatever the answer was.
    pub fn jwks_requests(&self) -> usize {
        self.jwks_requests.load(Ordering::Relaxed)
    }

    /// Publishes a new key beside those there are; it signs from now on.
    ///
    /// # Errors
    /// When none can be made.
    pub async fn rotate(&self) -> Result<(), CognitoError> {
        self.keys.rotate().await
    }

    /// Publishes none but the newest key any more.
    ///
    /// # Errors
    /// When there is none yet and none can be made.
    pub async fn retire(&self) -> Result<(), CognitoError> {
        self.keys.retire().await
    }

    fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }
}

/// The endpoints.
pub(crate) fn router(cognito: Arc<Cognito>) -> Router {
    let well_known = format!("/{}/.well-known", cognito.pool_id);
    Router::new()
        .route("/oauth2/token", post(token::answer))
        .route("/local/token", post(operator::token))
        .route("/local/rotate", post(operator::rotate))
        .route("/oauth2/authorize", get(sign_in::begin))
        .route("/login", post(sign_in::submit))
        .route(&format!("{well_known}/openid-configuration"), get(configuration))
        .route(&format!("{well_known}/jwks.json"), get(fault::jwks))
        .with_state(cognito)
}

/// OpenID Connect Discovery, of what there is.
async fn configuration(State(cognito): State<Arc<Cognito>>) -> Json<Value> {
    Json(json!({
        "authorization_endpoint": cognito.authorization_endpoint(),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": cognito.issuer(),
        "jwks_uri": cognito.jwks_uri(),
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "email", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": cognito.token_endpoint(),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }))
}

#[cfg(test)]
mod tests;
