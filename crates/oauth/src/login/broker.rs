//! Login elsewhere: at Amazon Cognito or any OpenID provider, by authorization code with a proof key
//! and a nonce (OpenID Connect Core, section 3.1). We never see a password.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth::{JwksUri, PublishedKeys, Unverifiable};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use percent_encoding::utf8_percent_encode;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value};
use service_kit::clock::Clock;
use service_kit::random::RandomError;
use tokio::sync::OnceCell;

use super::{IdTokenError, Person, Upstream, UpstreamCode};
use crate::location::{ESCAPED, Location};
use crate::secret::Secret;
use crate::time::Time;
use crate::transaction::TransactionState;

/// How long the provider may take over an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The biggest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;
/// Where a provider describes itself, below its issuer (OpenID Connect Discovery, section 4).
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// What is configured of a provider. The secret is never shown.
#[derive(Clone)]
pub struct Provider {
    /// Who it is, who we are there, and what its ID tokens must say.
    pub upstream: Upstream,
    /// Our secret there, where we have one.
    pub client_secret: Option<String>,
    /// What we ask for: `openid`, and what gives people their names.
    pub scope: String,
    /// Where it sends people back to.
    pub redirect_uri: String,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

/// Sends people to a provider to log in, and asks it who came back.
#[derive(Debug)]
pub struct Broker {
    provider: Provider,
    https: https::Client,
    clock: Arc<dyn Clock>,
    /// What the provider says of itself, once it was asked.
    found: OnceCell<Found>,
}

/// Where the provider's endpoints are.
#[derive(Debug)]
struct Found {
    authorization_endpoint: String,
    token_endpoint: Uri,
    keys: PublishedKeys,
}

/// Why nobody is logged in. For the log: nothing secret is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The provider does not answer, or is not in order.
    #[error("the identity provider cannot be asked")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The provider does not take the code that it gave out.
    #[error("the identity provider refuses the code: {0}")]
    Refused(StatusCode),
    /// Its ID token is not one that it has signed.
    #[error("the ID token is not the provider's")]
    Signature(#[source] Unverifiable),
    /// Its ID token does not say what it must.
    #[error("the ID token is not accepted")]
    IdToken(#[from] IdTokenError),
    /// There is no randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// The provider is not what it is said to be.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum OutOfOrder {
    #[error("it calls itself another issuer")]
    Issuer,
    #[error("an endpoint of it is not one of https, or of http on this machine")]
    Endpoint,
    #[error("its answer is not the JSON that is expected")]
    Json,
    #[error("it does not answer in time")]
    Late,
    #[error("it answers {0}")]
    Status(StatusCode),
}

impl OutOfOrder {
    fn told(self) -> BrokerError {
        BrokerError::Unavailable(self.into())
    }
}

/// A login that begins.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub location: Location,
    /// What must come back.
    pub step: TransactionState,
}

impl Broker {
    /// Nothing is asked before somebody logs in.
    #[must_use]
    pub fn new(provider: Provider, https: https::Client, clock: Arc<dyn Clock>) -> Self {
        Self { provider, https, clock, found: OnceCell::new() }
    }

    /// What its ID tokens must say.
    #[must_use]
    pub const fn upstream(&self) -> &Upstream {
        &self.provider.upstream
    }

    /// Begins a login; with `again`, of people who are logged in there already, too.
    ///
    /// # Errors
    /// When the provider cannot be asked where that is.
    pub async fn begin(&self, again: bool) -> Result<Begun, BrokerError> {
        let found = self.found().await?;
        let [state, nonce, verifier] = [Secret::random()?, Secret::random()?, Secret::random()?];
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose().as_bytes()));
        let Provider { upstream, scope, redirect_uri, .. } = &self.provider;
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", &*upstream.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", scope),
            ("state", state.expose()),
            ("nonce", nonce.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        parameters.extend(again.then_some(("prompt", "login")));
        let location = Location::to(&found.authorization_endpoint, &parameters);
        let step = TransactionState::Login {
            state: state.hash(),
            nonce: nonce.expose().to_owned(),
            verifier: verifier.expose().to_owned(),
        };
        Ok(Begun { location, step })
    }

    /// Who has come back with `code`, which counts once: the transaction must have been taken on.
    ///
    /// # Errors
    /// [`BrokerError`]
    pub async fn finish(&self, code: &UpstreamCode<'_>, now: Time) -> Result<Person, BrokerError> {
        let found = self.found().await?;
        let id_token = self.redeem(found, code).await?;
        let claims = found.keys.claims(&id_token).await.map_err(|err| match err {
            Unverifiable::Unavailable { .. } => BrokerError::Unavailable(err.into()),
            Unverifiable::Rejected(_) => BrokerError::Signature(err),
        })?;
        Ok(self.provider.upstream.person(&claims, code.nonce, now)?)
    }

    /// The ID token for a code (section 3.1.3.1).
    async fn redeem(&self, found: &Found, code: &UpstreamCode<'_>) -> Result<String, BrokerError> {
        #[derive(Deserialize)]
        struct Answer {
            id_token: String,
        }
        let Provider { upstream, client_secret, redirect_uri, .. } = &self.provider;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", code.verifier),
        ];
        let mut request = Request::post(&found.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match client_secret {
            Some(secret) => request = request.header(header::AUTHORIZATION, self.basic(secret)?),
            None => form.push(("client_id", &*upstream.client_id)),
        }
        let request = request.body(Bytes::from(encode(&form)));
        let request = request.map_err(|err| BrokerError::Unavailable(err.into()))?;
        let (status, body) = self.ask(request).await?;
        match status {
            StatusCode::OK => serde_json::from_slice::<Answer>(&body)
                .map(|answer| answer.id_token)
                .map_err(|_| OutOfOrder::Json.told()),
            status if status.is_client_error() => Err(BrokerError::Refused(status)),
            status => Err(OutOfOrder::Status(status).told()),
        }
    }

    /// RFC 6749, section 2.3.1: each half is encoded as in a form.
    fn basic(&self, secret: &str) -> Result<HeaderValue, BrokerError> {
        let half = |text| utf8_percent_encode(text, ESCAPED).to_string();
        let pair = format!("{}:{}", half(&self.provider.upstream.client_id), half(secret));
        let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)));
        let mut value = value.map_err(|err| BrokerError::Unavailable(err.into()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    async fn found(&self) -> Result<&Found, BrokerError> {
        self.found.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<Found, BrokerError> {
        let issuer = &self.provider.upstream.issuer;
        let request = Request::get(format!("{}{DISCOVERY}", issuer.trim_end_matches('/')))
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new());
        let request = request.map_err(|err| BrokerError::Unavailable(err.into()))?;
        let (status, body) = self.ask(request).await?;
        if status != StatusCode::OK {
            return Err(OutOfOrder::Status(status).told());
        }
        let document: Map<String, Value> =
            serde_json::from_slice(&body).map_err(|_| OutOfOrder::Json.told())?;
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        if text("issuer") != Some(issuer) {
            return Err(OutOfOrder::Issuer.told());
        }
        // A URL of keys is held to what every endpoint must be.
        let endpoint = |name: &str| {
            let url = text(name).filter(|url| url.parse::<JwksUri>().is_ok());
            url.ok_or_else(|| OutOfOrder::Endpoint.told())
        };
        let jwks_uri: JwksUri =
            endpoint("jwks_uri")?.parse().map_err(|_| OutOfOrder::Endpoint.told())?;
        Ok(Found {
            authorization_endpoint: endpoint("authorization_endpoint")?.to_owned(),
            token_endpoint: endpoint("token_endpoint")?
                .parse()
                .map_err(|_| OutOfOrder::Endpoint.told())?,
            keys: PublishedKeys::new(issuer, jwks_uri, Arc::clone(&self.clock)),
        })
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<(StatusCode, Bytes), BrokerError> {
        let answer = tokio::time::timeout(TIMEOUT, self.https.send(request, MAX_ANSWER)).await;
        let answer = answer.map_err(|_| OutOfOrder::Late.told())?;
        let answer = answer.map_err(|err| BrokerError::Unavailable(err.into()))?;
        Ok((answer.status(), answer.into_body()))
    }
}

fn encode(form: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, ESCAPED).to_string();
    let pairs = form.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests;
