//! One pooled HTTP client on rustls, for everything that a program asks of others; and, beside the
//! pool, single requests to an address that the caller has chosen.

mod error;
mod pinned;
mod tls;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

pub use error::{BoxError, Error};

/// Load balancers of AWS close a connection after 60 idle seconds: we do so before them.
const IDLE: Duration = Duration::from_secs(50);
/// What one read may take. Six times as much, the default, is kept for good once an answer was big,
/// and saves nothing beside the copy that follows.
const READ_BUFFER: usize = 64 << 10;
/// More is not reserved on a server's word alone.
const MAX_RESERVED: usize = 4 << 20;

type Pool = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A file of certificates in PEM: authorities to trust beside the public ones. Read when the
    /// first request is sent.
    pub ca_file: Option<PathBuf>,
    /// The longest wait for a TCP connection.
    pub connect_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { ca_file: None, connect_timeout: Duration::from_secs(2) }
    }
}

/// A shared pool of connections; TLS and its roots are built when the first request is sent.
///
/// Redirects are not followed: a signed request is for one host, and what is asked for has no other
/// place. Compression is not asked for: inflating costs more CPU than a Lambda saves in transfer
/// inside one region, and the size limit holds for what is really read.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    pool: OnceLock<Pool>,
    settings: Settings,
}

/// What comes back.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send + 'a>>;

/// The same, with a body that is read piece by piece.
pub type Opened<'a> = Pin<Box<dyn Future<Output = Result<Response<Incoming>, Error>> + Send + 'a>>;

impl Client {
    /// Does no I/O.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner { pool: OnceLock::new(), settings }))
    }

    /// Sends one request and reads the whole answer, of any status and of at most `max_body` bytes.
    /// There is no timeout but that of the connection; dropping the future cancels the request.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a bigger answer, [`Error::Unreachable`] when there is none.
    // Boxed and kept here: else each crate that sends something has its own copy of all this, some
    // 30 KB of code.
    #[inline(never)]
    pub fn send(&self, request: Request<Bytes>, max_body: usize) -> Answer<'_> {
        Box::pin(self.send_and_read(request, max_body))
    }

    /// Sends one request and gives the answer as soon as its head is there, its body still to come.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when there is none.
    #[inline(never)]
    pub fn open(&self, request: Request<Bytes>) -> Opened<'_> {
        Box::pin(self.head(request))
    }

    /// Sends one request over `https` to `address`, whatever the name of its host stands for, and
    /// reads the whole answer as [`send`](Self::send) does. The name is not resolved; the server
    /// must have a certificate of that name. The connection is new, and closed afterwards.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`Error::Unreachable`] also for a request that is not for `https`.
    #[inline(never)]
    pub fn send_to(
        &self,
        address: SocketAddr,
        request: Request<Bytes>,
        max_body: usize,
    ) -> Answer<'_> {
        let Settings { ca_file, connect_timeout } = &self.0.settings;
        Box::pin(async move {
            let tls = tls::config(ca_file.as_deref())?;
            pinned::exchange(tls, *connect_timeout, address, request, max_body).await
        })
    }

    async fn send_and_read(
        &self,
        request: Request<Bytes>,
        max_body: usize,
    ) -> Result<Response<Bytes>, Error> {
        let (parts, body) = self.head(request).await?.into_parts();
        let body = read(body, max_body).await?;
        Ok(Response::from_parts(parts, body))
    }

    async fn head(&self, request: Request<Bytes>) -> Result<Response<Incoming>, Error> {
        self.pool()?.request(request.map(Full::new)).await.map_err(|err| {
            let what = if err.is_connect() { "no connection" } else { "the connection broke" };
            Error::unreachable(what, err)
        })
    }

    fn pool(&self) -> Result<&Pool, Error> {
        if let Some(pool) = self.0.pool.get() {
            return Ok(pool);
        }
        let Settings { ca_file, connect_timeout } = &self.0.settings;
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(*connect_timeout));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::config(ca_file.as_deref())?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .http1_max_buf_size(READ_BUFFER)
            .build(connector);
        Ok(self.0.pool.get_or_init(|| pool))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Error> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if expected > limit {
        return Err(Error::TooLarge { limit });
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|err| Error::unreachable("the connection broke", err))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        if whole.is_empty() {
            if body.is_end_stream() {
                return Ok(data);
            }
            whole.reserve(expected.clamp(data.len(), MAX_RESERVED));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
