//! Tokens of several issuers, verified with their published keys.

use std::sync::Arc;
use std::time::Duration;

use service_kit::clock::Clock;

use crate::claims::Claims;
use crate::fetch::Fetcher;
use crate::keys::{KeyError, Keys};
use crate::profile::Issuer;
use crate::token::Unverified;
use crate::verify::{Rejection, verify_with};

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

/// Verifies tokens of the configured issuers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuers: Vec<(Issuer, Keys)>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// Accepts the tokens of `issuers`. Nothing is fetched before a token needs it.
    #[must_use]
    pub fn new(issuers: Vec<Issuer>, clock: Arc<dyn Clock>) -> Self {
        let fetcher = Fetcher::default();
        let with_keys = |issuer: Issuer| {
            let known = issuer.known_keys.clone();
            let keys = Keys::new(&issuer.jwks_uri, known, fetcher.clone(), Arc::clone(&clock));
            (issuer, keys)
        };
        let issuers = issuers.into_iter().map(with_keys).collect();
        Self(Arc::new(Inner { issuers, clock }))
    }

    /// Verifies `token`, fetching its issuer's keys when that is due.
    ///
    /// # Errors
    /// When it is refused, or cannot be told.
    pub async fn verify(&self, token: &str) -> Result<Claims, Unverifiable> {
        let token = Unverified::parse(token)?;
        let issuer = token.issuer().ok_or(Rejection::Issuer)?;
        let found = self.0.issuers.iter().find(|(known, _)| known.url == issuer);
        let (issuer, keys) = found.ok_or(Rejection::Issuer)?;
        let key = keys.find(token.kid()).await.map_err(|err| match err {
            KeyError::Unknown => Unverifiable::Rejected(Rejection::UnknownKey),
            KeyError::Unavailable { retry_after } => Unverifiable::Unavailable { retry_after },
        })?;
        Ok(verify_with(&token, &key, issuer, self.0.clock.now())?)
    }
}
