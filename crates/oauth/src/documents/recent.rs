//! What is remembered of the last URLs.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::cimd::DocumentUrl;
use crate::client::Client;
use crate::time::Time;

/// How many URLs are remembered.
pub(super) const CAPACITY: usize = 256;

/// What is known of a URL. Whoever fetches it holds its lock.
#[derive(Debug, Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    /// The client, with the moment when its document is no longer good.
    Good(Box<Client>),
    /// There was no good document; nobody asks before this moment.
    Bad { until: Time },
}

impl Slot {
    /// Whether the moment has come; one that is not known has.
    pub(super) fn is_over(end: Option<Time>, now: Time) -> bool {
        end.is_none_or(|end| end.has_come(now))
    }
}

/// A slot for each URL, the least recently used first.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(DocumentUrl, Arc<Mutex<Slot>>)>);

impl Recent {
    /// The slot of `url`. When there are too many, one is forgotten that holds no good document if
    /// there is any: URLs that lead nowhere cost nothing to make up.
    pub(super) fn slot(&mut self, url: &DocumentUrl, now: Time) -> Arc<Mutex<Slot>> {
        let known = self.0.iter().position(|(own, _)| own == url);
        let entry = known.and_then(|at| self.0.remove(at));
        let (url, slot) = entry.unwrap_or_else(|| {
            if self.0.len() == CAPACITY {
                let worst = self.0.iter().position(|(_, slot)| is_useless(slot, now));
                self.0.remove(worst.unwrap_or_default());
            }
            (url.clone(), Arc::default())
        });
        self.0.push_back((url, Arc::clone(&slot)));
        slot
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether nobody would miss it: it holds no good document, and nobody is fetching one for it.
fn is_useless(slot: &Mutex<Slot>, now: Time) -> bool {
    slot.try_lock().is_ok_and(|slot| match &*slot {
        Slot::Good(client) => Slot::is_over(client.expires_at, now),
        Slot::Empty | Slot::Bad { .. } => true,
    })
}
