//! Clients of metadata documents: a document is fetched when a client names it, and kept in this
//! process for as long as it may be.

mod fetch;
mod recent;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth::Scopes;

pub use fetch::{Internet, Network};

use crate::cimd::DocumentUrl;
use crate::client::Client;
use crate::error::Failure;
use crate::limits::{Counted, Limits, Source};
use crate::store::Store;
use crate::time::Time;
use fetch::Fetcher;
use recent::{Recent, Slot};

/// How long a document that was not to be had is not asked for again.
const REST: Duration = Duration::from_secs(60);

/// The clients that are known by a metadata document at the URL that is their id.
///
/// - A document is good for as long as it says, within 5 minutes and a day. One that cannot be had or
///   is not taken is not asked for again for a minute: what was good before it counts no more.
/// - There is one fetch of a URL at a time, and whoever needs its outcome waits for it: 3 seconds at
///   most. A caller that goes away leaves it to the next.
/// - Fetches are counted in the store, so that the limits hold across instances.
/// - 256 URLs are remembered, those that are asked for again the longest.
#[derive(Debug)]
pub struct Documents {
    fetcher: Fetcher,
    scopes: Scopes,
    recent: Mutex<Recent>,
}

impl Documents {
    /// Those on the public internet, and nowhere else. Each client may ask for `scopes`. Nothing is
    /// fetched yet; of `https` the pool is not used.
    #[must_use]
    pub fn new(https: https::Client, scopes: Scopes) -> Self {
        Self::on(Arc::new(Internet), https, scopes)
    }

    /// Those on another network. No configuration leads here: it is for who writes a program.
    #[must_use]
    pub fn on(network: Arc<dyn Network>, https: https::Client, scopes: Scopes) -> Self {
        Self { fetcher: Fetcher { network, https }, scopes, recent: Mutex::default() }
    }

    /// The client whose document is at `url`; `None` when there is none, or it is not taken: the log
    /// is told why. `source` is where the request for it came from.
    ///
    /// # Errors
    /// When too many documents were asked for, or the store does not answer.
    pub(crate) async fn client<S: Store>(
        &self,
        url: &DocumentUrl,
        source: Source,
        limits: &Limits,
        store: &S,
        now: Time,
    ) -> Result<Option<Client>, Failure> {
        let slot = self.slot(url, now);
        // Held while fetching: that is what makes it one fetch.
        let mut kept = slot.lock().await;
        match &*kept {
            Slot::Good(client) if !Slot::is_over(client.expires_at, now) => {
                return Ok(Some(Client::clone(client)));
            }
            Slot::Bad { until } if !until.has_come(now) => return Ok(None),
            _ => {}
        }
        // Who is over the limit takes nothing from the others.
        for what in [Counted::Document(source), Counted::AnyDocument] {
            limits.count(store, what, now).await?;
        }
        match self.fetcher.client(url, &self.scopes, now).await {
            Ok(client) => {
                *kept = Slot::Good(Box::new(client.clone()));
                Ok(Some(client))
            }
            Err(err) => {
                let error: &(dyn std::error::Error + 'static) = &err;
                tracing::warn!(
                    name: "oauth.document",
                    url = url.as_str(),
                    error,
                    "a client metadata document is not to be had"
                );
                *kept = Slot::Bad { until: now.after(REST) };
                Ok(None)
            }
        }
    }

    fn slot(&self, url: &DocumentUrl, now: Time) -> Arc<tokio::sync::Mutex<Slot>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).slot(url, now)
    }
}

#[cfg(test)]
mod tests;
