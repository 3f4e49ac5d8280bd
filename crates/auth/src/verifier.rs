//! Tokens of several issuers, verified with their published keys.

mod accepted;

use std::sync::Arc;
use std::time::Duration;

use service_kit::clock::Clock;

use crate::claims::Claims;
use crate::fetch::Fetcher;
use crate::grants::{GrantCheck, Grants};
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
    #[error(
        "the keys of the token's issuer cannot be had, or it cannot be told whether its grant holds"
    )]
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
    /// `None`: no grant is asked about, whatever the issuers say.
    grants: Option<GrantCheck>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// Accepts the tokens of `issuers`. Nothing is fetched before a token needs it.
    ///
    /// Whether grants hold is not asked, not even of an issuer with [`Issuer::check_grants`]: this is
    /// for who stands before another that asks.
    #[must_use]
    pub fn new(issuers: Vec<Issuer>, clock: Arc<dyn Clock>) -> Self {
        Self::build(issuers, None, clock)
    }

    /// Accepts the tokens of `issuers`; those of an issuer with [`Issuer::check_grants`] only while
    /// their grants hold, as `grants` says.
    #[must_use]
    pub fn with_grants(
        issuers: Vec<Issuer>,
        grants: Arc<dyn Grants>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let check = GrantCheck::new(grants, Arc::clone(&clock));
        Self::build(issuers, Some(check), clock)
    }

    fn build(issuers: Vec<Issuer>, grants: Option<GrantCheck>, clock: Arc<dyn Clock>) -> Self {
        let fetcher = Fetcher::new();
        let with_keys = |issuer: Issuer| {
            let (uri, known) = (issuer.jwks_uri.clone(), issuer.known_keys.clone());
            let keys = Keys::new(&issuer.url, uri, known, fetcher.clone(), Arc::clone(&clock));
            (issuer, keys)
        };
        let issuers = issuers.into_iter().map(with_keys).collect();
        Self(Arc::new(Inner { issuers, accepted: Accepted::default(), grants, clock }))
    }

    /// Verifies `token`, fetching its issuer's keys and asking about its grant when that is due.
    ///
    /// A token that was accepted before is known again, to the byte, and not verified again, as long
    /// as it is not expired and its key is still one of its issuer's. Its grant may be gone all the
    /// same.
    ///
    /// # Errors
    /// When it is refused, or cannot be told.
    pub async fn verify(&self, token: &str) -> Result<Claims, Unverifiable> {
        if token.len() > MAX_TOKEN {
            return Err(Rejection::TooLong.into());
        }
        let print = Print::of(token).ok_or(Rejection::Malformed)?;
        let (issuer, claims) = match self.known(&print).await {
            Some(known) => known,
            None => self.verify_anew(token, print).await?,
        };
        if let Some(grants) = self.0.grants.as_ref().filter(|_| issuer.check_grants) {
            grants.check(&claims).await?;
        }
        Ok(claims)
    }

    async fn verify_anew(
        &self,
        token: &str,
        print: Print<&str>,
    ) -> Result<(&Issuer, Claims), Unverifiable> {
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
        Ok((issuer, claims))
    }

    /// What the token of this print says, if it was accepted before and nothing has changed.
    async fn known(&self, print: &Print<&str>) -> Option<(&Issuer, Claims)> {
        let entry = self.0.accepted.get(print, self.0.clock.now())?;
        let (issuer, keys) = self.0.issuers.get(entry.issuer)?;
        let key = keys.find(entry.key.kid()).await.ok()?;
        (key == entry.key).then(|| (issuer, entry.claims.clone()))
    }
}

#[cfg(test)]
mod tests;
