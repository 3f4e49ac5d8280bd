//! A server, and who speaks with it: a client and a browser.

mod app;
mod ask;
mod browser;
mod inspect;
mod reply;
mod store;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth::{Registry, Scopes};
use oauth::{
    AuthMethod, AuthorizationServer, AuthorizeSettings, Client, ClientOrigin, DevLogin, DevUser,
    Documents, GrantType, KeyRing, Lifetimes, Limits, Login, Network, Registration, SecretHash,
    Secrets, Setup, SigningKey, Time,
};
use service_kit::clock::ManualClock;

pub(crate) use app::{App, Proof, Tokens, VERIFIER, basic, claims};
pub(crate) use ask::{Ask, ELSEWHERE, HERE};
pub(crate) use browser::Browser;
pub(crate) use reply::Reply;
pub(crate) use store::{OURS, Watched};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "http://127.0.0.1:8787";
pub(crate) const RESOURCE: &str = "http://127.0.0.1:8787/mcp";
/// Those who may log in, and their passwords.
pub(crate) const ADA: (&str, &str) = ("ada", "u8Jk-of-ada-3fXq");
pub(crate) const BEN: (&str, &str) = ("ben", "m2Lw-of-ben-9cVt");
/// The secret of the clients of the operator that have one: not even it is plain.
pub(crate) const SECRET: &str = "s3:cr%et +of-operators";
/// Registers clients for the tenant `acme`.
pub(crate) const INITIAL_ACCESS: &str = "initial-access-of-acme";
/// All that a person may allow.
pub(crate) const SCOPE: &str = "mcp/invoke offline_access openid prometheus-mcp-server/write";

/// An authorization server on one's own machine, with all that is behind it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) server: AuthorizationServer<Watched>,
    pub(crate) store: Watched,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) issuer: String,
    /// The redirect URIs of all clients: nobody is ever sent anywhere else.
    places: Arc<Mutex<Vec<String>>>,
    /// All that was said so far.
    said: Arc<Mutex<Vec<(Ask, Reply)>>>,
    /// Whether something of ours may be in the way.
    excused: Arc<AtomicBool>,
}

fn client(id: &str, method: AuthMethod, redirect_uris: &[&str], grants: &[GrantType]) -> Client {
    Client {
        id: id.parse().unwrap(),
        origin: ClientOrigin::Configured,
        name: Some(format!("The {id}")),
        redirect_uris: redirect_uris.iter().map(|uri| uri.parse().unwrap()).collect(),
        grant_types: grants.to_vec(),
        auth_method: method,
        scopes: SCOPE.parse().unwrap(),
        tenant: None,
        created_at: Time(NOW),
        expires_at: None,
        registration_token: None,
    }
}

/// The clients of the operator.
fn clients() -> Vec<Client> {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    let secrets = || Secrets { current: SecretHash::of(SECRET), other: None };
    let people = &[AuthorizationCode, RefreshToken];
    let read: Scopes = Registry::PROMETHEUS_READ.parse().unwrap();
    vec![
        client("editor", AuthMethod::None, &["https://editor.example/cb"], people),
        Client {
            scopes: read.clone(),
            ..client("reader", AuthMethod::None, &["https://reader.example/cb"], people)
        },
        // No refresh token.
        client("kiosk", AuthMethod::None, &["https://kiosk.example/cb"], &[AuthorizationCode]),
        client("backend", AuthMethod::Basic(secrets()), &["https://backend.example/cb"], people),
        client("portal", AuthMethod::Post(secrets()), &["https://portal.example/cb"], people),
        Client {
            tenant: Some("acme".parse().unwrap()),
            ..client("machine", AuthMethod::Basic(secrets()), &[], &[ClientCredentials])
        },
        // Registered by mistake: it has nothing to prove who it is.
        client("nobody", AuthMethod::None, &[], &[ClientCredentials]),
        // Its id needs to be encoded in a header.
        client("https://odd.example/c", AuthMethod::Basic(secrets()), &[], &[ClientCredentials]),
    ]
}

fn people() -> DevLogin {
    let user = |(name, password): (&str, &str), tenant: Option<&str>| DevUser {
        name: name.to_owned(),
        password: SecretHash::of(password),
        tenant: tenant.map(|tenant| tenant.parse().unwrap()),
    };
    let users = vec![user(ADA, Some("acme")), user(BEN, None)];
    DevLogin::new(users, Some("127.0.0.1".parse().unwrap()), ISSUER).unwrap()
}

/// As if there were none.
const NO_LIMITS: Limits = Limits {
    registrations: u32::MAX,
    registrations_of_all: u32::MAX,
    authorizations: u32::MAX,
    logins: u32::MAX,
    wrong_proofs: u32::MAX,
    machine_tokens: u32::MAX,
    documents: u32::MAX,
    documents_of_all: u32::MAX,
};

/// A network where no name leads anywhere.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Network for Nowhere {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn permit(&self, _: &[IpAddr]) -> Option<SocketAddr> {
        None
    }
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// With something else than usual.
    pub(crate) fn with(change: impl FnOnce(&mut Setup<Watched>)) -> Self {
        let clock = Arc::new(ManualClock::new(NOW * 1000));
        let mut setup = Self::setup(clock.clone());
        change(&mut setup);
        let uris = setup.clients.iter().flat_map(|client| &client.redirect_uris);
        let places = uris.map(ToString::to_string).collect();
        Self {
            store: setup.store.clone(),
            issuer: setup.settings.issuer.clone(),
            server: AuthorizationServer::new(setup).unwrap(),
            clock,
            places: Arc::new(Mutex::new(places)),
            said: Arc::default(),
            excused: Arc::default(),
        }
    }

    pub(crate) fn setup(clock: Arc<ManualClock>) -> Setup<Watched> {
        // Where tests share a process, an event that nobody listens to first is never heard again:
        // there is always somebody, who does nothing.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        let known = format!("{} openid offline_access", Registry::PROJECT.all());
        Setup {
            settings: AuthorizeSettings {
                issuer: ISSUER.to_owned(),
                resource: RESOURCE.to_owned(),
                scopes: known.parse().unwrap(),
                default_scopes: Registry::PROMETHEUS_READ.parse().unwrap(),
                registry: Registry::PROJECT,
                lifetimes: Lifetimes::default(),
            },
            store: Watched::default(),
            keys: KeyRing::new(SigningKey::generate().unwrap()).into(),
            login: Login::Development(people()),
            clients: clients(),
            documents: Documents::on(
                Arc::new(Nowhere),
                https::Client::new(https::Settings::default()),
                known.parse().unwrap(),
            ),
            registration: Registration {
                open: true,
                initial_access: vec![
                    (SecretHash::of("another"), None),
                    (SecretHash::of(INITIAL_ACCESS), Some("acme".parse().unwrap())),
                ],
            },
            limits: NO_LIMITS,
            clock,
        }
    }

    /// As it would be behind TLS. The development login is told otherwise, so that people can log
    /// in at all.
    pub(crate) fn https() -> Self {
        Self::with(|setup| {
            setup.settings.issuer = "https://mcp.example.com".to_owned();
            setup.settings.resource = "https://mcp.example.com/mcp".to_owned();
        })
    }

    /// With the limits that there are if nothing is said.
    pub(crate) fn limited() -> Self {
        Self::with(|setup| setup.limits = Limits::default())
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Asks, and looks at the answer.
    pub(crate) async fn send(&self, ask: Ask) -> Reply {
        let source: Option<IpAddr> = ask.source;
        let response = self.server.answer(ask.request(), source).await;
        let reply = Reply::new(&ask, response);
        self.learn(&reply);
        self.inspect(&ask, &reply);
        self.said.lock().unwrap().push((ask, reply.clone()));
        reply
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Ask::get(path)).await
    }

    /// One more place where browsers may be sent.
    pub(crate) fn know(&self, place: &str) {
        self.places.lock().unwrap().push(place.to_owned());
    }

    /// From now on, 503 is an answer.
    pub(crate) fn excuse(&self) {
        self.excused.store(true, Ordering::Relaxed);
    }

    /// All that was said so far.
    pub(crate) fn said(&self) -> Vec<(Ask, Reply)> {
        self.said.lock().unwrap().clone()
    }
}
