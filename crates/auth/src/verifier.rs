//! Tokens of several issuers, verified with their published keys.

mod accepted;

use std::sync::Arc;
use std::time::Duration;

use service_kit::clock::Clock;

use crate::claims::Claims;
use crate::fetch::Fetcher;
use crate::keys::{KeyError, Keys};
use crate::profile::Issuer;
use crate::token::{MAX_TOKEN, Unverified};
use crate::verify::{Rejection, verify_with};

use accepted::{Accepted, Entry, Print};

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverifiable {
    /// It is not good, whoever asks and whenever: 401.
    #[error("the token is refused: {0}")]
    Rejected(#[from] Rejection),
    /// It cannot be told now: 503.
    #[error("the keys of the token's issuer cannot be had")]
    Unavailable {
        /// When it is worth to try again.
        retry_after: Duration,
    },
}

impl From<KeyError> for Unverifiable {
    fn from(err: KeyError) -> Self {
        match err {
            KeyError::Unknown => Self::Rejected(Rejection::UnknownKey),
            KeyError::Unavailable { retry_after } => Self::Unavailable { retry_after },
        }
    }
}

/// Verifies tokens of the configured issuers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuers: Vec<(Issuer, Keys)>,
    accepted: Accepted,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// Accepts the tokens of `issuers`. Nothing is fetched before a token needs it.
    #[must_use]
    pub fn new(issuers: Vec<Issuer>, clock: Arc<dyn Clock>) -> Self {
        let fetcher = Fetcher::new();
        let with_keys = |issuer: Issuer| {
            let (uri, known) = (issuer.jwks_uri.clone(), issuer.known_keys.clone());
            let keys = Keys::new(&issuer.url, uri, known, fetcher.clone(), Arc::clone(&clock));
            (issuer, keys)
        };
        let issuers = issuers.into_iter().map(with_keys).collect();
        Self(Arc::new(Inner { issuers, accepted: Accepted::default(), clock }))
    }

    /// Verifies `token`, fetching its issuer's keys when that is due.
    ///
    /// A token that was accepted before is known again, to the byte, and not verified again, as long
    /// as it is not expired and its key is still one of its issuer's.
    ///
    /// # Errors
    /// When it is refused, or cannot be told.
    pub async fn verify(&self, token: &str) -> Result<Claims, Unverifiable> {
        if token.len() > MAX_TOKEN {
            return Err(Rejection::TooLong.into());
        }
        let print = Print::of(token).ok_or(Rejection::Malformed)?;
        if let Some(claims) = self.known(&print).await {
            return Ok(claims);
        }
        let token = Unverified::parse(token)?;
        let url = token.issuer().ok_or(Rejection::Issuer)?;
        let found = self.0.issuers.iter().position(|(known, _)| known.url == url);
        let index = found.ok_or(Rejection::Issuer)?;
        let (issuer, keys) = &self.0.issuers[index];
        let key = keys.find(token.kid()?).await?;
        let now = self.0.clock.now();
        let claims = verify_with(&token, &key, issuer, now)?;
        self.0.accepted.insert(Entry {
            print: print.kept(),
            issuer: index,
            key,
            claims: claims.clone(),
            verified_at: now,
        });
        Ok(claims)
    }

    /// What the token of this print says, if it was accepted before and nothing has changed.
    async fn known(&self, print: &Print<&str>) -> Option<Claims> {
        let entry = self.0.accepted.get(print, self.0.clock.now())?;
        let (_, keys) = self.0.issuers.get(entry.issuer)?;
        let key = keys.find(entry.key.kid()).await.ok()?;
        (key == entry.key).then(|| entry.claims.clone())
    }
}

#[cfg(test)]
mod tests;
