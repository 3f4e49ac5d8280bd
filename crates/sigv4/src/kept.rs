//! Credentials that are kept until shortly before they expire.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use service_kit::clock::Clock;

use crate::Error;

/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// Credentials that do not say when they expire are asked for again after this.
const UNTOLD: Duration = Duration::from_secs(15 * 60);
/// Where they cannot be renewed, those there are go on, and the next try is this much later.
const PAUSE: Duration = Duration::from_secs(30);

/// A provider that is asked once, however many wait, and again five minutes before what it gave
/// expires: a chain of providers reads files and calls services each time it is asked.
///
/// Clones share what is kept.
#[derive(Clone)]
pub struct Kept(Arc<Inner>);

struct Inner {
    provider: SharedCredentialsProvider,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Held>>,
    /// Held by who asks the provider; how the last try failed, for those who waited.
    asking: tokio::sync::Mutex<Option<(Instant, Error)>>,
}

struct Held {
    credentials: Credentials,
    until: SystemTime,
}

impl Kept {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(provider: SharedCredentialsProvider, clock: Arc<dyn Clock>) -> Self {
        let (held, asking) = (Mutex::new(None), tokio::sync::Mutex::new(None));
        Self(Arc::new(Inner { provider, clock, held, asking }))
    }

    /// Those that are kept, or new ones.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider may give some later, [`Error::Credentials`] when it
    /// has none.
    pub async fn get(&self) -> Result<Credentials, Error> {
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        let asked = Instant::now();
        let mut failed = self.0.asking.lock().await;
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        if let Some((at, err)) = &*failed
            && *at >= asked
        {
            return Err(err.clone());
        }
        match self.0.provider.provide_credentials().await {
            Ok(credentials) => {
                *failed = None;
                let until = match credentials.expiry() {
                    Some(expiry) => expiry.checked_sub(MARGIN).unwrap_or(expiry),
                    None => self.now() + UNTOLD,
                };
                *self.held() = Some(Held { credentials: credentials.clone(), until });
                Ok(credentials)
            }
            Err(err) => {
                let err = Error::from(err);
                if let Some(old) = self.go_on() {
                    let error = &err as &dyn std::error::Error;
                    tracing::warn!(error, "credentials are not renewed: the old ones go on");
                    return Ok(old);
                }
                *failed = Some((Instant::now(), err.clone()));
                Err(err)
            }
        }
    }

    /// Forgets them: AWS did not accept them.
    pub fn forget(&self) {
        *self.held() = None;
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.0.clock.now()
    }

    fn fresh(&self) -> Option<Credentials> {
        let held = self.held();
        let held = held.as_ref().filter(|held| self.now() < held.until)?;
        Some(held.credentials.clone())
    }

    /// Those that should be renewed, for a while, if they have not expired.
    fn go_on(&self) -> Option<Credentials> {
        let next = self.now() + PAUSE;
        let mut held = self.held();
        let held = held.as_mut()?;
        if held.credentials.expiry().is_some_and(|expiry| expiry <= next) {
            return None;
        }
        held.until = next;
        Some(held.credentials.clone())
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProvideCredentials for Kept {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async { provider::Result::Ok(self.get().await?) })
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
