//! AWS Lambda behind API Gateway, on one machine: any `bootstrap` under a Runtime API, with a front
//! door that behaves like a REST or an HTTP API where clients can notice.
//!
//! ```text
//! client → gateway: local_aws::gateway ┬→ event → pool → runtime_api ⇄ bootstrap → rest | http_api
//!                                      └→ authorizer → pool → runtime_api ⇄ bootstrap
//! ```

mod authorizer;
mod gateway;
mod http_api;
mod pool;
mod rest;
mod runtime_api;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use local_aws::gateway::{
    Authorization, GatewayResponses, INTEGRATION_TIMEOUT, Kind, Route, Signers,
};
use local_aws::sigv4::Principal;
use service_kit::clock::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub use authorizer::AuthorizerSettings;

/// Which kind of API stands before the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// A REST API with Lambda proxy integration, payload format 1.0.
    RestV1,
    /// An HTTP API, payload format 2.0.
    HttpV2,
}

impl Front {
    fn kind(self) -> Kind {
        match self {
            Self::RestV1 => Kind::Rest,
            Self::HttpV2 => Kind::Http,
        }
    }
}

impl FromStr for Front {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rest" => Ok(Self::RestV1),
            "http" => Ok(Self::HttpV2),
            _ => Err("must be rest or http"),
        }
    }
}

/// How the integration transfers answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Whole.
    Buffered,
    /// As produced; REST APIs only.
    Streaming,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Buffered => "buffered",
            Self::Streaming => "streaming",
        }
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "buffered" => Ok(Self::Buffered),
            "streaming" => Ok(Self::Streaming),
            _ => Err("must be buffered or streaming"),
        }
    }
}

/// A function and its front door.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program to run, a `bootstrap`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its variables, beside those that Lambda sets, `RESPONSE_MODE`, which follows `mode`, and
    /// `AUTH_MODE`, which is `iam` where it is not set here. Nothing else is inherited but `PATH`.
    pub env: Vec<(String, String)>,
    /// Which kind of API.
    pub front: Front,
    /// How answers are transferred.
    pub mode: Mode,
    /// After how long a buffered integration gives up.
    pub gateway_timeout: Duration,
    /// After how long Lambda kills the function.
    pub function_timeout: Duration,
    /// How many processes may run at a time; each serves one invocation at a time.
    pub processes: usize,
    /// Whose the processes are, of a function with tenant isolation.
    pub tenant_id: Option<String>,
    /// The port of the front door on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// What the API answers, and to whom; at first everything, to [`signers`](Self::signers).
    pub routes: Vec<Route>,
    /// The custom domain at whose root the API is; without one, clients ask below `/prod`.
    pub domain_name: Option<String>,
    /// Headers of a REST API's own answers.
    pub gateway_responses: GatewayResponses,
    /// Who may call routes with IAM authorization; at first each request is [`principal`]'s,
    /// signed or not.
    pub signers: Option<Signers>,
    /// Who decides on routes with a custom authorizer.
    pub authorizer: Option<AuthorizerSettings>,
    /// What API Gateway takes for the present.
    pub clock: Arc<dyn Clock>,
}

/// The caller that an emulator's events name if nothing else is set: a user of the API's account.
pub fn principal() -> Principal {
    Principal {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        account: "123456789012".to_owned(),
        arn: "arn:aws:iam::123456789012:user/emulated".to_owned(),
        user_id: "AIDACKCEVSQ6C2EXAMPLE".to_owned(),
        session_tags: BTreeMap::new(),
    }
}

impl Settings {
    /// Lambda's and API Gateway's own limits, two processes, and every request let in.
    pub fn new(program: impl Into<PathBuf>, front: Front, mode: Mode) -> Self {
        let everything: &[_] = match front {
            Front::RestV1 => &["ANY /", "ANY /{proxy+}"],
            Front::HttpV2 => &["$default"],
        };
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            front,
            mode,
            gateway_timeout: INTEGRATION_TIMEOUT,
            function_timeout: Duration::from_secs(30),
            processes: 2,
            tenant_id: None,
            port: 0,
            routes: everything.iter().map(|key| route(key, Authorization::Iam)).collect(),
            domain_name: Some("mcp.example.com".to_owned()),
            gateway_responses: GatewayResponses::default(),
            signers: Some(Signers::Assumed(principal())),
            authorizer: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets what the API answers: route keys, and what each of them demands.
    ///
    /// # Panics
    /// When a key is none.
    #[must_use]
    pub fn with_routes(mut self, routes: &[(&str, Authorization)]) -> Self {
        self.routes = routes.iter().map(|(key, demands)| route(key, *demands)).collect();
        self
    }

    /// Has an authorizer decide; without other routes, on everything.
    #[must_use]
    pub fn with_authorizer(mut self, authorizer: AuthorizerSettings) -> Self {
        for route in &mut self.routes {
            route.authorization = Authorization::Custom;
        }
        self.authorizer = Some(authorizer);
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }
}

#[expect(clippy::expect_used, reason = "the keys are written in the tests")]
fn route(key: &str, demands: Authorization) -> Route {
    Route::new(key, demands).expect(key)
}

/// A running emulator; dropping it ends the function's processes.
pub struct Emulator {
    /// Where the front door is: `http://127.0.0.1:PORT`, without a stage.
    pub url: String,
    log: Log,
    gateway: Arc<gateway::Gateway>,
    listener: AbortHandle,
}

impl Emulator {
    /// Opens the front door. Processes start when the first requests come, as on Lambda.
    ///
    /// # Errors
    /// When the port is taken, or an HTTP API is asked to stream, which it cannot.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        if (settings.front, settings.mode) == (Front::HttpV2, Mode::Streaming) {
            let reason = "an HTTP API does not stream";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port));
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let log = Log::default();
        let gateway = Arc::new(gateway::Gateway::new(settings, &log));
        let listener = tokio::spawn(Arc::clone(&gateway).serve(listener)).abort_handle();
        Ok(Self { url, log, gateway, listener })
    }

    /// What the function's processes have written so far, and what the Runtime API was told.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// The most memory that any process of the function that is idle now has had, in bytes; `None`
    /// where there is none, or the system does not tell.
    pub fn peak_memory(&self) -> Option<u64> {
        self.gateway.peak_memory()
    }
}

impl Drop for Emulator {
    /// Prints the log: `cargo xtask test` searches it for tokens.
    #[expect(clippy::print_stdout, reason = "what a test prints is kept")]
    fn drop(&mut self) {
        println!("{}", self.log());
        self.listener.abort();
        self.gateway.close();
    }
}

/// The output of all processes.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn push(&self, bytes: &[u8]) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
    }

    fn text(&self) -> String {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&log).into_owned()
    }
}
