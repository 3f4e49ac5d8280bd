//! AWS Lambda behind API Gateway, on one machine: any `bootstrap` under a Runtime API, with a front
//! door that behaves like a REST or an HTTP API where clients can notice.
//!
//! ```text
//! client → gateway (rest | http_api): request → event → pool → runtime_api ⇄ bootstrap
//! ```

mod gateway;
mod http_api;
mod pool;
mod rest;
mod runtime_api;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// Which kind of API stands before the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// A REST API with Lambda proxy integration, payload format 1.0.
    RestV1,
    /// An HTTP API, payload format 2.0.
    HttpV2,
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
    /// Its variables, beside those that Lambda sets and `RESPONSE_MODE`, which follows `mode`.
    /// Nothing else is inherited but `PATH`.
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
    /// The port of the front door on 127.0.0.1; 0 picks a free one.
    pub port: u16,
}

impl Settings {
    /// Lambda's and API Gateway's own limits, and two processes.
    pub fn new(program: impl Into<PathBuf>, front: Front, mode: Mode) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            front,
            mode,
            gateway_timeout: Duration::from_secs(29),
            function_timeout: Duration::from_secs(30),
            processes: 2,
            port: 0,
        }
    }

    /// Adds a variable.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }
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
        let gateway = Arc::new(gateway::Gateway::new(settings, log.clone()));
        let listener = tokio::spawn(Arc::clone(&gateway).serve(listener)).abort_handle();
        Ok(Self { url, log, gateway, listener })
    }

    /// What the function's processes have written so far, and what the Runtime API was told.
    pub fn log(&self) -> String {
        self.log.text()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
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
