//! What is kept of an issuer's keys, and when to ask for more. No I/O: time comes in, fetches are
//! somebody else's to wait for.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::{BoxFuture, Shared};

use super::KeyError;
use super::absent::Absent;
use crate::fetch::{self, FetchError};
use crate::key::Key;
use crate::key_set::KeySet;

/// How long a set is good.
const TTL: Duration = Duration::from_secs(60 * 60);
/// How long a set that was fetched is used while there is no newer one to be had.
const MAX_STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// How old a set may get before whoever needs a key of it waits for the issuer all the same: one
/// that is slow, and asked now and then, would never be heard.
const LATE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long there is no fetch after one that failed, nor after one for an unknown `kid`.
const COOL_DOWN: Duration = Duration::from_secs(60);
/// The same after the first that failed while the issuer was never heard; then twice as long each
/// time, up to [`COOL_DOWN`].
const FIRST_COOL_DOWN: Duration = Duration::from_secs(2);
/// When a fetch that still runs has nobody left who waits for it: anyone who did would have ended it
/// at its timeout, and the rest is for a slow machine.
const ABANDONED: Duration = fetch::TIMEOUT.saturating_add(Duration::from_secs(1));

/// A fetch that any number of callers wait for, and that any one of them can carry on.
pub(super) type Fetch = Shared<BoxFuture<'static, Outcome>>;
pub(super) type Outcome = Result<Arc<KeySet>, Arc<FetchError>>;

/// A fetch that has begun.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) fetch: Fetch,
    began_at: SystemTime,
}

/// What the cache says to a `kid`.
#[derive(Debug)]
pub(super) enum Look {
    Told(Result<Arc<Key>, KeyError>),
    /// Ask the issuer, or wait for who does.
    Ask {
        /// The key, of a set that is still good enough if the issuer takes its time.
        meanwhile: Option<Arc<Key>>,
    },
}

/// What the end of a fetch means to the operator.
#[derive(Debug)]
pub(super) enum Settled {
    Nothing,
    Changed(Arc<KeySet>),
    Failed(Arc<FetchError>),
}

#[derive(Debug)]
pub(super) struct Cache {
    kept: Option<Kept>,
    flight: Option<Flight>,
    failed: Option<Failed>,
    /// When the last fetch began that was for an unknown `kid`, or that one was not found in.
    sought_at: Option<SystemTime>,
    absent: Absent,
}

#[derive(Debug)]
struct Kept {
    keys: Arc<KeySet>,
    since: SystemTime,
    /// By the issuer; if not, they are configured.
    published: bool,
}

/// Fetches that failed, and none that succeeded since.
#[derive(Clone, Copy, Debug)]
struct Failed {
    /// When the last one did.
    at: SystemTime,
    times: u32,
}

impl Cache {
    pub(super) fn new(known: Option<KeySet>, now: SystemTime) -> Self {
        let kept = known.map(|keys| Kept { keys: Arc::new(keys), since: now, published: false });
        Self { kept, flight: None, failed: None, sought_at: None, absent: Absent::default() }
    }

    /// The key called `kid`, its absence, or the advice to ask; then [`Self::join`] must follow.
    pub(super) fn look(&mut self, kid: &str, now: SystemTime) -> Look {
        self.kept.take_if(|kept| kept.published && age(kept.since, now) >= MAX_STALE);
        let fresh = |kept: &Kept| kept.published && within(kept.since, now, TTL);
        let due = !self.kept.as_ref().is_some_and(fresh);
        let rests = self.rest(now).is_some();
        if let Some(key) = self.key(kid) {
            if !due || rests {
                return Look::Told(Ok(key));
            }
            // What is configured is no more than a fallback: the issuer is heard first.
            let good = |kept: &Kept| match kept.published {
                true => within(kept.since, now, LATE),
                false => self.failed.is_some(),
            };
            return Look::Ask { meanwhile: self.kept.as_ref().is_some_and(good).then_some(key) };
        }
        if !due && self.absent.has(kid, now) {
            return Look::Told(Err(KeyError::Unknown));
        }
        if self.running(now).is_some() {
            return Look::Ask { meanwhile: None };
        }
        if rests {
            return Look::Told(Err(self.absence(now)));
        }
        if !due {
            if self.sought_at.is_some_and(|at| within(at, now, COOL_DOWN)) {
                return Look::Told(Err(KeyError::Unknown));
            }
            self.sought_at = Some(now);
        }
        Look::Ask { meanwhile: None }
    }

    /// The fetch that runs, or the one that `begin` begins.
    pub(super) fn join(&mut self, now: SystemTime, begin: impl FnOnce() -> Fetch) -> Flight {
        if let Some(flight) = self.running(now) {
            return flight.clone();
        }
        self.flight.insert(Flight { fetch: begin(), began_at: now }).clone()
    }

    /// Takes the outcome of `flight` in: by the first who saw it end; the others change nothing.
    pub(super) fn settle(
        &mut self,
        flight: &Flight,
        outcome: &Outcome,
        now: SystemTime,
    ) -> Settled {
        let current = self.flight.take_if(|running| running.fetch.ptr_eq(&flight.fetch)).is_some();
        match outcome {
            Ok(keys) => {
                let kept = self.kept.as_ref();
                let newer = kept.is_none_or(|kept| kept.since < flight.began_at);
                if !current && !newer {
                    return Settled::Nothing;
                }
                let changed = kept.is_none_or(|kept| kept.keys != *keys);
                let keys = Arc::clone(keys);
                let since = flight.began_at;
                self.kept = Some(Kept { keys: Arc::clone(&keys), since, published: true });
                self.failed = None;
                if changed { Settled::Changed(keys) } else { Settled::Nothing }
            }
            Err(err) if current => {
                let times = self.failed.map_or(0, |failed| failed.times);
                self.failed = Some(Failed { at: now, times: times.saturating_add(1) });
                Settled::Failed(Arc::clone(err))
            }
            Err(_) => Settled::Nothing,
        }
    }

    /// The answer for `kid` after `flight`, which succeeded or did not, is settled.
    pub(super) fn told(
        &mut self,
        kid: &str,
        flight: &Flight,
        succeeded: bool,
        now: SystemTime,
    ) -> Result<Arc<Key>, KeyError> {
        if let Some(key) = self.key(kid) {
            return Ok(key);
        }
        if !succeeded {
            return Err(self.absence(now));
        }
        self.absent.note(kid, now);
        self.sought_at = self.sought_at.max(Some(flight.began_at));
        Err(KeyError::Unknown)
    }

    fn key(&self, kid: &str) -> Option<Arc<Key>> {
        self.kept.as_ref()?.keys.get(kid).cloned()
    }

    fn running(&self, now: SystemTime) -> Option<&Flight> {
        self.flight.as_ref().filter(|flight| within(flight.began_at, now, ABANDONED))
    }

    fn published(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.published)
    }

    /// How long there is still no fetch, after one that failed.
    fn rest(&self, now: SystemTime) -> Option<Duration> {
        let Failed { at, times } = self.failed?;
        let doubled = FIRST_COOL_DOWN.saturating_mul(2_u32.saturating_pow(times - 1));
        let span = if self.published() { COOL_DOWN } else { doubled.min(COOL_DOWN) };
        within(at, now, span).then(|| span.saturating_sub(age(at, now)))
    }

    /// What it means that a key is not there after a fetch that failed: nothing, as long as the
    /// issuer may have published it since it was last heard.
    fn absence(&self, now: SystemTime) -> KeyError {
        match self.rest(now) {
            // Another fetch has succeeded meanwhile.
            None if self.published() => KeyError::Unknown,
            rest => {
                let retry_after = rest.unwrap_or_default().max(Duration::from_secs(1));
                KeyError::Unavailable { retry_after }
            }
        }
    }
}

/// Whether `then` is less than `span` ago. What lies ahead is not: a clock that was set back lets
/// nothing be kept, or held back, for longer.
pub(super) fn within(then: SystemTime, now: SystemTime, span: Duration) -> bool {
    now.duration_since(then).is_ok_and(|age| age < span)
}

/// How long ago `then` was, nothing when it lies ahead.
fn age(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}
