//! Fetches a client metadata document from somebody else's server, which may be anywhere: the host
//! is resolved once, all its addresses must be public, and nothing but the one that was looked at is
//! connected to.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth::Scopes;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};

use crate::cimd::{DocumentError, DocumentUrl, MAX_DOCUMENT, client_of_document, pinned};
use crate::client::Client;
use crate::time::Time;

/// How long a fetch may take: name, connection, headers and body together.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Documents are at the standard port, which [`DocumentUrl`] sees to.
const PORT: u16 = 443;
/// Some servers answer nobody who does not say what they are.
const USER_AGENT: &str = concat!("lambda-mcp/", env!("CARGO_PKG_VERSION"));

/// Where the names of hosts lead, and who may be connected to.
#[async_trait]
pub trait Network: fmt::Debug + Send + Sync + 'static {
    /// All addresses of a host. It is asked once for each fetch.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;

    /// The one to connect to, of all that a host has; `None` if any of them must not be.
    fn permit(&self, addresses: &[IpAddr]) -> Option<SocketAddr>;
}

/// The public internet: names as the operating system resolves them, and no address of this machine,
/// of a private network, or of AWS within it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Internet;

#[async_trait]
impl Network for Internet {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // The dot keeps a name from being completed to one of this network.
        let addresses = tokio::net::lookup_host((format!("{host}."), PORT)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }

    fn permit(&self, addresses: &[IpAddr]) -> Option<SocketAddr> {
        pinned(addresses).map(|address| SocketAddr::new(address, PORT))
    }
}

/// Why there is no document. For the log: the caller is told `invalid_client`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum NoDocument {
    /// The host is not known.
    #[error("the name of the host leads nowhere")]
    Unresolved(#[source] io::Error),
    /// The host is here, or nearby, or pretends to be elsewhere.
    #[error("an address of the host is not on the public internet")]
    NotPublic,
    /// The URL is not one that can be asked.
    #[error("the URL cannot be asked")]
    Request(#[source] http::Error),
    /// The server cannot be reached, is not the one of that name, or says too much.
    #[error("there is no answer")]
    NoAnswer(#[source] https::Error),
    /// The server takes its time.
    #[error("there is no whole answer after {} s", TIMEOUT.as_secs())]
    TimedOut,
    /// The answer is not 200. A redirect is one of these.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// The answer is compressed, which nobody asked for.
    #[error("the answer is encoded")]
    Encoded,
    /// The document is not taken.
    #[error("the document is of no use")]
    Document(#[from] DocumentError),
}

/// Fetches documents.
#[derive(Debug)]
pub(super) struct Fetcher {
    pub(super) network: Arc<dyn Network>,
    pub(super) https: https::Client,
}

impl Fetcher {
    /// The client that the document at `url` describes, now.
    pub(super) async fn client(
        &self,
        url: &DocumentUrl,
        scopes: &Scopes,
        now: Time,
    ) -> Result<Client, NoDocument> {
        let answer = tokio::time::timeout(TIMEOUT, self.get(url)).await;
        let answer = answer.map_err(|_| NoDocument::TimedOut)??;
        if answer.status() != StatusCode::OK {
            return Err(NoDocument::Status(answer.status()));
        }
        let headers = answer.headers();
        let encoding = values(headers, header::CONTENT_ENCODING);
        if encoding.is_none_or(|encoding| !matches!(&*encoding, "" | "identity")) {
            return Err(NoDocument::Encoded);
        }
        let content_type = values(headers, header::CONTENT_TYPE);
        let cache_control = values(headers, header::CACHE_CONTROL);
        let body = answer.body();
        let (kind, control) = (content_type.as_deref(), cache_control.as_deref());
        Ok(client_of_document(url, kind, control, body, scopes, now)?)
    }

    async fn get(&self, url: &DocumentUrl) -> Result<Response<Bytes>, NoDocument> {
        let addresses = self.network.resolve(url.host()).await.map_err(NoDocument::Unresolved)?;
        let address = self.network.permit(&addresses).ok_or(NoDocument::NotPublic)?;
        let request = Request::get(url.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, USER_AGENT)
            .body(Bytes::new())
            .map_err(NoDocument::Request)?;
        let answer = self.https.send_to(address, request, MAX_DOCUMENT).await;
        answer.map_err(NoDocument::NoAnswer)
    }
}

/// All values of a header as one, with commas between (RFC 9110, section 5.3); `None` when one is no
/// text.
fn values(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let values: Result<Vec<&str>, _> = headers.get_all(name).iter().map(|it| it.to_str()).collect();
    Some(values.ok()?.join(","))
}
