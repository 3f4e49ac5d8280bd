//! The authorization server as a Lambda function: registration, login, consent, tokens.
//!
//! [`service`] is the whole of it, as Lambda, the local server and the tests run it. What it answers
//! is [`oauth::AuthorizationServer`]'s; here it is put together with DynamoDB, the keys, and who
//! knows the people.

mod config;

use std::convert::Infallible;
use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use api_gateway::RequestContext;
use auth::{NotAUrl, Registry};
use aws_credential_types::provider::SharedCredentialsProvider;
use backend_kms::Kms;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt as _, Full};
use oauth::{
    AuthorizationServer, AuthorizeSettings, Broker, DevLogin, DevLoginRefused, Documents, KeyRing,
    Keys, Lifetimes, Limits, Login, NotASigningKey, Setup, SigningError, SigningKey,
};
use service_kit::clock::Clock;
use service_kit::telemetry::Metric;
use store_dynamodb::DynamoStore;
use tower::Service;

pub use config::{Config, Credentials, KeySettings, Lambda, LoginSettings, VARS};

/// The metric a deployment is watched by: how long requests take, how many there are, and how they
/// end, at each endpoint.
pub const METRICS: &[Metric] = &[Metric {
    event: "oauth.request",
    field: "duration_ms",
    unit: "Milliseconds",
    dimensions: &[&["endpoint", "outcome"]],
}];

/// Where the function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// On AWS Lambda.
    Lambda,
    /// On a machine of one's own, at this address.
    Listens(IpAddr),
}

impl Host {
    fn address(self) -> Option<IpAddr> {
        match self {
            Self::Lambda => None,
            Self::Listens(address) => Some(address),
        }
    }
}

/// Why the function cannot be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The issuer or the resource is none.
    #[error("the issuer or the resource is no URL")]
    Url(#[from] NotAUrl),
    /// People may not log in by a list here.
    #[error(transparent)]
    Login(#[from] DevLoginRefused),
    /// The file of the signing key cannot be read.
    #[error("the signing key cannot be read from {path}")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No key could be made.
    #[error(transparent)]
    NoKey(#[from] NotASigningKey),
    /// There is no key in it.
    #[error("there is no signing key in {path}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: NotASigningKey,
    },
}

/// The whole function, as Lambda, the local server and the tests run it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Function(AuthorizationServer<DynamoStore>);

/// Puts the function together; nothing is asked of AWS before a request needs it.
///
/// # Errors
/// When what is configured does not go together with where it runs.
pub fn service(config: &Config, host: Host, clock: Arc<dyn Clock>) -> Result<Function, SetupError> {
    let Credentials { access_key_id, secret_access_key, session_token } = &config.credentials;
    let credentials = SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
        access_key_id,
        secret_access_key,
        session_token.clone(),
        None,
        "environment",
    ));
    let https = https::Client::new(https::Settings::default());
    let store =
        DynamoStore::new(config.tables.clone(), &https, credentials.clone(), Arc::clone(&clock));
    let setup = Setup {
        settings: AuthorizeSettings {
            issuer: config.issuer.clone(),
            resource: config.resource.to_string(),
            scopes: config.scopes.clone(),
            default_scopes: config.default_scopes.clone(),
            registry: Registry::PROJECT,
            lifetimes: Lifetimes { access_token: config.access_token, ..Lifetimes::default() },
        },
        store,
        keys: keys(&config.keys, &https, credentials, &clock)?,
        login: login(config, host, &https, &clock)?,
        clients: config.clients.clone(),
        documents: Documents::new(https, config.scopes.clone()),
        registration: config.registration.clone(),
        limits: Limits::default(),
        clock,
    };
    Ok(Function(AuthorizationServer::new(setup)?))
}

fn keys(
    settings: &KeySettings,
    https: &https::Client,
    credentials: SharedCredentialsProvider,
    clock: &Arc<dyn Clock>,
) -> Result<Keys, SetupError> {
    match settings {
        KeySettings::Kms { settings, active, published } => {
            let kms = Kms::new(settings.clone(), https, credentials, Arc::clone(clock));
            let (active, published) = (active.clone(), published.clone());
            Ok(Keys::on_demand(move || {
                let (kms, active, published) = (kms.clone(), active.clone(), published.clone());
                Box::pin(async move {
                    kms.key_ring(&active, &published).await.map_err(SigningError::because)
                })
            }))
        }
        KeySettings::Generated => Ok(KeyRing::new(SigningKey::generate()?).into()),
        KeySettings::File(path) => {
            let of_file = |source| SetupError::KeyFile { path: path.clone(), source };
            let der = fs::read(path).map_err(of_file)?;
            let none = |source| SetupError::Key { path: path.clone(), source };
            Ok(KeyRing::new(SigningKey::from_pkcs8(&der).map_err(none)?).into())
        }
    }
}

fn login(
    config: &Config,
    host: Host,
    https: &https::Client,
    clock: &Arc<dyn Clock>,
) -> Result<Login, DevLoginRefused> {
    match &config.login {
        LoginSettings::Development(people) => {
            DevLogin::new(people.clone(), host.address(), &config.issuer).map(Login::Development)
        }
        LoginSettings::Provider(provider) => {
            let broker = Broker::new(provider.clone(), https.clone(), Arc::clone(clock));
            Ok(Login::Provider(Box::new(broker)))
        }
    }
}

impl Function {
    /// Whether a path is one of this function's.
    #[must_use]
    pub fn serves(path: &str) -> bool {
        AuthorizationServer::<DynamoStore>::serves(path)
    }
}

impl<B> Service<Request<B>> for Function
where
    B: HttpBody<Data: Send, Error: fmt::Display> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            // The address that API Gateway saw; what a header says counts for nothing.
            let source = head.extensions.get().and_then(RequestContext::source_ip);
            let Ok(body) = body.collect().await else {
                let mut broken = Response::new(Full::default());
                *broken.status_mut() = StatusCode::BAD_REQUEST;
                return Ok(broken);
            };
            let request = Request::from_parts(head, body.to_bytes());
            Ok(server.answer(request, source).await.map(Full::new))
        })
    }
}
