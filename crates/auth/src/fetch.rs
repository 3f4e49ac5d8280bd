//! Fetches a key set: one GET, bounded in time and size, that follows nothing.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use https::{Client, Settings};

use crate::jwks_uri::JwksUri;
use crate::key_set::{KeySet, MAX_BYTES, NotAKeySet};

/// How long a fetch may take: connection, headers and body together.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

/// Why a key set could not be had. For the operator's log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FetchError {
    #[error("the address cannot be asked")]
    Request(#[source] http::Error),
    #[error("there is no answer")]
    NoAnswer(#[source] https::Error),
    #[error("there is no whole answer after {} s", TIMEOUT.as_secs())]
    TimedOut,
    /// A redirect is one of these.
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("the answer is of no use")]
    Content(#[from] NotAKeySet),
}

/// Fetches key sets. TLS and its roots are set up when the first is. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher(Client);

impl Fetcher {
    pub(crate) fn new() -> Self {
        // The timeout of a connection is shared among a host's addresses: a dead one does not take
        // it all.
        Self(Client::new(Settings { connect_timeout: TIMEOUT, ..Settings::default() }))
    }

    /// The key set that is published at `uri`, now.
    pub(crate) async fn get(&self, uri: &JwksUri) -> Result<KeySet, FetchError> {
        let request = Request::get(uri.uri().clone())
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(FetchError::Request)?;
        let answer = tokio::time::timeout(TIMEOUT, self.0.send(request, MAX_BYTES)).await;
        let answer = answer.map_err(|_| FetchError::TimedOut)?.map_err(FetchError::NoAnswer)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        Ok(KeySet::parse(answer.body())?)
    }
}

#[cfg(test)]
mod tests;
