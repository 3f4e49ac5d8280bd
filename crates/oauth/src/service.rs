//! The server: each request to its endpoint, and each answer in the form that its callers expect.
//!
//! ```text
//! request ─→ route (path, method, size) ─┬─→ endpoints for programs: JSON, readable by any page
//!                                        └─→ endpoints for browsers: pages and redirects
//! ```

mod authorize;
mod consent;
mod exchange;
mod login;
mod register;
mod respond;
mod route;
mod token;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use auth::{Issuer, JwksUri, NotAUrl, Profile, Resource, TenantId};
use bytes::Bytes;
use http::{Method, Request, Response};
use service_kit::clock::Clock;
use tokio::time::Instant;

use crate::authorize::AuthorizeSettings;
use crate::cimd::{DocumentUrl, NotADocumentUrl};
use crate::client::{Client, ClientId};
use crate::cookie::Cookies;
use crate::discovery;
use crate::documents::Documents;
use crate::error::Failure;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::login::{Broker, DevLogin};
use crate::paths;
use crate::refusal::Refusal;
use crate::secret::SecretHash;
use crate::store::Store;
use crate::time::Time;

use exchange::Exchange;
use respond::Interrupted;
use route::{Audience, Route};

/// The biggest body that is read, in bytes.
const MAX_BODY: usize = 64 << 10;

/// What an authorization server is put together from.
pub struct Setup<S> {
    /// What the engine knows of the deployment.
    pub settings: AuthorizeSettings,
    /// Where everything is kept.
    pub store: S,
    /// What tokens are signed with.
    pub keys: Keys,
    /// How people prove who they are.
    pub login: Login,
    /// The clients that an operator knows.
    pub clients: Vec<Client>,
    /// The clients that are known by a document of theirs.
    pub documents: Documents,
    /// Who may register clients.
    pub registration: Registration,
    /// How often things may be asked for.
    pub limits: Limits,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// How people prove who they are.
#[derive(Debug)]
pub enum Login {
    /// By a list of people, on one's own machine.
    Development(DevLogin),
    /// By logging in elsewhere.
    Provider(Box<Broker>),
}

/// Who may register clients.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// Whether anybody may, for people to log in with.
    pub open: bool,
    /// The hashes of initial access tokens (RFC 7591, section 3), and the tenant of the clients that
    /// are registered with each.
    pub initial_access: Vec<(SecretHash, Option<TenantId>)>,
}

/// The authorization server. Cheap to clone.
pub struct AuthorizationServer<S>(Arc<Server<S>>);

struct Server<S> {
    settings: AuthorizeSettings,
    resource: Resource,
    store: S,
    keys: Keys,
    login: Login,
    clients: BTreeMap<ClientId, Client>,
    documents: Documents,
    registration: Registration,
    limits: Limits,
    clock: Arc<dyn Clock>,
    cookies: Cookies,
    /// What resource servers are told of us, to look at our own tokens when they come back.
    issuer: Issuer,
    /// What clients read first.
    discovery: Bytes,
}

impl<S: Store> AuthorizationServer<S> {
    /// Puts the server together; nothing is asked for yet.
    ///
    /// # Errors
    /// When the issuer or the resource is no URL of `https`, or of `http` on this machine; or the
    /// issuer is not an origin: its endpoints are at the root, and browsers name it as it is.
    pub fn new(setup: Setup<S>) -> Result<Self, NotAUrl> {
        let Setup { settings, store, keys, login, clients, documents, registration, limits, clock } =
            setup;
        if settings.issuer.parse::<Resource>()?.origin() != settings.issuer {
            return Err(NotAUrl::NotAnOrigin);
        }
        let discovery = discovery::document(&settings, registration.open);
        let jwks_uri: JwksUri = format!("{}{}", settings.issuer, paths::JWKS).parse()?;
        let issuer = Issuer {
            url: settings.issuer.clone(),
            profile: Profile::AccessToken,
            audience: settings.resource.clone(),
            clients: Vec::new(),
            jwks_uri,
            known_keys: None,
            tenant_claim: Some("tenant_id".to_owned()),
            tenants: BTreeMap::new(),
            tenant: None,
            scopes: None,
            // Whoever looks at a token here asks the store anyway.
            check_grants: false,
        };
        Ok(Self(Arc::new(Server {
            resource: settings.resource.parse()?,
            cookies: Cookies::of(&settings.issuer),
            clients: clients.into_iter().map(|client| (client.id.clone(), client)).collect(),
            discovery: discovery.to_string().into(),
            settings,
            store,
            keys,
            login,
            documents,
            registration,
            limits,
            clock,
            issuer,
        })))
    }

    /// Whether a path is one of this server's.
    #[must_use]
    pub fn serves(path: &str) -> bool {
        Route::of(path).is_some()
    }

    /// Answers a request that came from `source`, as who took it from the network knows: never what
    /// a header says.
    pub async fn answer(&self, request: Request<Bytes>, source: Option<IpAddr>) -> Response<Bytes> {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let mut response = match Route::of(head.uri.path()) {
            Some(route) => {
                let now = Time::of(self.0.clock.now());
                let mut exchange = Exchange::new(&head, &body, source, now);
                let response = self.0.answer(&route, &mut exchange).await;
                exchange.log(route.name(), response.status(), started.elapsed());
                response
            }
            None => respond::not_found(),
        };
        if head.method == Method::HEAD {
            *response.body_mut() = Bytes::new();
        }
        response
    }
}

impl<S> Clone for AuthorizationServer<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for AuthorizationServer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer")
            .field("issuer", &self.0.settings.issuer)
            .finish_non_exhaustive()
    }
}

impl<S: Store> Server<S> {
    async fn answer(&self, route: &Route<'_>, exchange: &mut Exchange<'_>) -> Response<Bytes> {
        let method = &exchange.head.method;
        let shared = route.audience() == Audience::Programs;
        if shared && method == Method::OPTIONS {
            return respond::preflight(route.methods());
        }
        if !route.methods().contains(method) {
            let response = respond::method_not_allowed(route.methods());
            return if shared { respond::share(response) } else { response };
        }
        let too_large = exchange.body.len() > MAX_BODY;
        if shared {
            let answered = match too_large {
                true => Ok(respond::too_large()),
                false => self.program(route, exchange).await,
            };
            let response = answered.unwrap_or_else(|failure| respond::failure(failure, exchange));
            return respond::share(response);
        }
        let answered = match too_large {
            true => Err(Refusal::TooBig.into()),
            false => self.browser(route, exchange).await,
        };
        answered
            .unwrap_or_else(|interrupted: Interrupted| respond::interrupted(interrupted, exchange))
    }

    /// The endpoints that programs call.
    async fn program(
        &self,
        route: &Route<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Failure> {
        match route {
            Route::Discovery => Ok(respond::document(self.discovery.clone())),
            Route::Jwks => self.jwks().await,
            Route::Register => self.register(exchange).await,
            Route::Client(id) => self.client_of_itself(id, exchange).await,
            Route::Token => self.token(exchange).await,
            Route::Revoke => self.revoke(exchange).await,
            Route::UserInfo => self.userinfo(exchange).await,
            _ => Ok(respond::not_found()),
        }
    }

    /// The endpoints that people's browsers are sent to.
    async fn browser(
        &self,
        route: &Route<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        match route {
            Route::Authorize => self.authorize(exchange).await,
            Route::Login => self.login(exchange).await,
            Route::Callback => self.callback(exchange).await,
            Route::Consent if exchange.head.method == Method::POST => {
                self.answer_consent(exchange).await
            }
            Route::Consent => self.ask_consent(exchange).await,
            Route::Style => Ok(crate::page::stylesheet()),
            _ => Ok(respond::not_found()),
        }
    }

    async fn jwks(&self) -> Result<Response<Bytes>, Failure> {
        let keys = self.keys.ring().await?.published();
        Ok(respond::document(serde_json::to_vec(keys).unwrap_or_default().into()))
    }

    /// The client of this id, however it came to be known.
    async fn client(
        &self,
        id: &ClientId,
        exchange: &Exchange<'_>,
    ) -> Result<Option<Client>, Failure> {
        if let Some(client) = self.clients.get(id) {
            return Ok(Some(client.clone()));
        }
        let (store, limits, source) = (&self.store, &self.limits, exchange.source);
        match id.as_str().parse::<DocumentUrl>() {
            Ok(url) => self.documents.client(&url, source, limits, store, exchange.now).await,
            Err(NotADocumentUrl) => Ok(store.client(id).await?),
        }
    }
}
