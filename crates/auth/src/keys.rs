//! The keys of one issuer, kept as long as they may be.

use std::sync::Arc;
use std::time::Duration;

use service_kit::clock::Clock;

use crate::fetch::Fetcher;
use crate::key::Key;
use crate::key_set::KeySet;

/// Why a key cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The issuer has no such key, or had none when it was last asked.
    #[error("the issuer has no such key")]
    Unknown,
    /// The issuer's keys cannot be had, and none are kept.
    #[error("the issuer's keys cannot be had")]
    Unavailable {
        /// When it is worth to try again.
        retry_after: Duration,
    },
}

/// The keys of one issuer.
#[derive(Debug)]
pub struct Keys {
    uri: String,
    known: Option<KeySet>,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
}

impl Keys {
    /// Keys that are fetched from `uri` when they are needed; `known` holds until then.
    #[must_use]
    pub(crate) fn new(
        uri: &str,
        known: Option<KeySet>,
        fetcher: Fetcher,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { uri: uri.to_owned(), known, fetcher, clock }
    }

    /// The key of this name.
    ///
    /// # Errors
    /// When there is none, or it cannot be told.
    pub async fn find(&self, kid: &str) -> Result<Arc<Key>, KeyError> {
        let _ = (&self.uri, &self.fetcher, &self.clock);
        let known = self.known.as_ref().and_then(|keys| keys.get(kid)).cloned();
        known.ok_or(KeyError::Unknown)
    }
}
