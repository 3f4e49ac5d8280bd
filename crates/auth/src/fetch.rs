//! Fetches a key set: one GET, bounded in time and size, that follows nothing.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::jwks_uri::JwksUri;
use crate::key_set::{KeySet, MAX_BYTES, NotAKeySet};

/// How long a fetch may take: connection, headers and body together.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);
/// The most that is read ahead, and so the longest head of an answer.
const READ_BUFFER: usize = 64 << 10;

/// Why a key set could not be had. For the operator's log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FetchError {
    #[error("TLS could not be set up")]
    Tls(#[source] rustls::Error),
    #[error("the address cannot be asked")]
    Request(#[source] http::Error),
    #[error("there is no answer")]
    NoAnswer(#[source] hyper_util::client::legacy::Error),
    #[error("there is no whole answer after {} s", TIMEOUT.as_secs())]
    TimedOut,
    /// A redirect is one of these.
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("the answer is over 64 KiB, or broke off")]
    Body(#[source] Box<dyn Error + Send + Sync>),
    #[error("the answer is of no use")]
    Content(#[from] NotAKeySet),
}

type Http = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Fetches key sets. TLS and its roots are set up when the first is. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetcher(Arc<OnceLock<Http>>);

impl Fetcher {
    /// The key set that is published at `uri`, now.
    pub(crate) async fn get(&self, uri: &JwksUri) -> Result<KeySet, FetchError> {
        let answer = tokio::time::timeout(TIMEOUT, self.read(uri)).await;
        let json = answer.map_err(|_| FetchError::TimedOut)??;
        Ok(KeySet::parse(&json)?)
    }

    async fn read(&self, uri: &JwksUri) -> Result<Bytes, FetchError> {
        let request = Request::get(uri.uri().clone())
            .header(header::ACCEPT, "application/json")
            .body(Empty::new())
            .map_err(FetchError::Request)?;
        let response = self.http()?.request(request).await.map_err(FetchError::NoAnswer)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
        Ok(body.map_err(FetchError::Body)?.to_bytes())
    }

    fn http(&self) -> Result<&Http, FetchError> {
        if let Some(http) = self.0.get() {
            return Ok(http);
        }
        let mut tcp = HttpConnector::new();
        // Shared among the addresses of a host, so that a dead one does not take the whole time.
        tcp.set_connect_timeout(Some(TIMEOUT));
        tcp.set_nodelay(true);
        // A `JwksUri` of http is on this machine.
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls()?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new())
            // The next fetch is an hour away, and no connection outlives a freeze of the sandbox.
            .pool_max_idle_per_host(0)
            .http1_max_buf_size(READ_BUFFER)
            .build(connector);
        Ok(self.0.get_or_init(|| http))
    }
}

fn tls() -> Result<ClientConfig, FetchError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(FetchError::Tls)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests;
