//! The keys of one issuer: fetched when they are needed, kept as long as they may be.

mod absent;
mod cache;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use service_kit::clock::Clock;

use crate::fetch::Fetcher;
use crate::jwks_uri::JwksUri;
use crate::key::{Key, is_kid};
use crate::key_set::KeySet;

use cache::{Cache, Fetch, Look, Settled};

/// Why a key cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// The issuer has no such key, or had none when it was last asked.
    #[error("the issuer has no such key")]
    Unknown,
    /// The issuer's keys cannot be had, and this one is not among those that are kept.
    #[error("the issuer's keys cannot be had")]
    Unavailable {
        /// When it is worth to try again.
        retry_after: Duration,
    },
}

/// How long a caller waits for newer keys that has a good one.
const PATIENCE: Duration = Duration::from_millis(200);

/// The keys of one issuer, safe to ask from many calls at once.
///
/// - A key set is good for an hour. Who finds it older has it fetched anew, and waits for that no
///   longer than 200 ms while it is not over two hours old: what is left of the fetch is for the
///   next. While fetches fail, the old set is used, up to 24 hours.
/// - There is one fetch at a time, and whoever needs its outcome waits for it. A caller that goes
///   away leaves the fetch to the others; nobody has to be there for the next to carry it on.
/// - An unknown `kid` has the set fetched at most once in 60 seconds, and not at all when it was
///   asked for in vain within 5 minutes (256 such names are remembered).
/// - After a fetch that failed there is none for 60 seconds; as long as none has ever succeeded, for
///   2 seconds, then 4, and so on up to 60. A `kid` that is unknown then is not told to be: the issuer
///   may have it. What fails never replaces a good set.
/// - Keys that are configured are used only after a fetch that failed, until one succeeds.
///
/// No lock is held while fetching, and no fetch goes on between calls.
#[derive(Debug)]
pub(crate) struct Keys {
    issuer: String,
    uri: JwksUri,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    cache: Mutex<Cache>,
}

impl Keys {
    /// The keys of `issuer`, which are at `uri`; `known` are those that are configured. Nothing is
    /// fetched yet.
    pub(crate) fn new(
        issuer: &str,
        uri: JwksUri,
        known: Option<KeySet>,
        fetcher: Fetcher,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuer: issuer.to_owned(),
            uri,
            fetcher,
            cache: Mutex::new(Cache::new(known, clock.now())),
            clock,
        }
    }

    /// The key of this name. Waits for the issuer at most 2 seconds.
    ///
    /// # Errors
    /// When there is none, or it cannot be told.
    pub(crate) async fn find(&self, kid: &str) -> Result<Arc<Key>, KeyError> {
        if !is_kid(kid) {
            return Err(KeyError::Unknown);
        }
        let (flight, meanwhile) = {
            let mut cache = self.cache();
            // In this order, so that no other call's time lies ahead of it.
            let now = self.clock.now();
            match cache.look(kid, now) {
                Look::Told(told) => return told,
                Look::Ask { meanwhile } => (cache.join(now, || self.fetch()), meanwhile),
            }
        };
        let fetch = flight.fetch.clone();
        let outcome = match meanwhile {
            None => fetch.await,
            Some(key) => match tokio::time::timeout(PATIENCE, fetch).await {
                Ok(outcome) => outcome,
                Err(_) => return Ok(key),
            },
        };
        let (settled, told) = {
            let mut cache = self.cache();
            let now = self.clock.now();
            (cache.settle(&flight, &outcome, now), cache.told(kid, &flight, outcome.is_ok(), now))
        };
        self.log(settled);
        told
    }

    fn fetch(&self) -> Fetch {
        let (fetcher, uri) = (self.fetcher.clone(), self.uri.clone());
        let fetch = async move { fetcher.get(&uri).await.map(Arc::new).map_err(Arc::new) };
        fetch.boxed().shared()
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, settled: Settled) {
        let issuer = self.issuer.as_str();
        match settled {
            Settled::Nothing => {}
            Settled::Changed(keys) => {
                let kids = names(&keys);
                tracing::info!(name: "auth.keys", issuer, kids, "the issuer's keys changed");
            }
            Settled::Failed(err) => {
                let error: &(dyn std::error::Error + 'static) = &*err;
                tracing::warn!(name: "auth.keys", issuer, error, "the issuer's keys cannot be had");
            }
        }
    }
}

/// The names, in order, with spaces between.
fn names(keys: &KeySet) -> String {
    keys.iter().map(|key| key.kid()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
