//! Whether what a token was made of still holds: asked of whoever keeps grants, and known for a minute.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use https::BoxError;
use service_kit::clock::{Clock, unix_ms};

use crate::claims::Claims;
use crate::verifier::Unverifiable;
use crate::verify::Rejection;

/// How old it may get that a grant was said to hold: so long a token may outlive its grant.
const MAX_AGE: Duration = Duration::from_secs(60);
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// When a question that is not answered has nobody left who waits for it: anyone who did would have
/// ended it at its timeout, and the rest is for a slow machine.
const ABANDONED: Duration = TIMEOUT.saturating_add(Duration::from_secs(1));
/// When it is worth to come again after a question that was not answered.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How many questions are remembered: as many as tokens.
const CAPACITY: usize = 256;

/// What a question to [`Grants`] comes to.
pub type Holds<'a> = Pin<Box<dyn Future<Output = Result<bool, BoxError>> + Send + 'a>>;

/// Whoever keeps the grants of an authorization server.
pub trait Grants: fmt::Debug + Send + Sync + 'static {
    /// Whether a token that `client` has of the grant `grant` is still good at `now`, as it is kept,
    /// not as it once was: the grant is this client's, was not revoked and has not ended, and the
    /// client was not deleted. Without a grant the client acts on its own behalf: it is still there.
    ///
    /// What is not known does not hold. An error means that it cannot be told.
    fn hold<'a>(&'a self, grant: Option<&'a str>, client: &'a str, now: SystemTime) -> Holds<'a>;
}

/// Asks [`Grants`] about tokens that are good in all else, and remembers what was said.
///
/// - That a grant holds is believed for 60 seconds from when it was asked. That it does not is
///   final, and believed as long as the token that asked would be good.
/// - Of any number that ask the same at a time, one does, and the others wait for it: at most 2
///   seconds. Who goes away leaves the question to the others.
/// - What cannot be told is asked again by whoever comes next.
#[derive(Debug)]
pub(crate) struct GrantCheck {
    grants: Arc<dyn Grants>,
    clock: Arc<dyn Clock>,
    /// The oldest first.
    asked: Mutex<VecDeque<Question>>,
}

/// A question, and its answer once there is one: `None` when it cannot be told.
#[derive(Debug)]
struct Question {
    grant: Option<String>,
    client: String,
    asked_at: SystemTime,
    /// `exp` of the token that asked.
    expires_at: i64,
    answer: Shared<BoxFuture<'static, Option<bool>>>,
}

impl Question {
    fn is(&self, grant: Option<&str>, client: &str) -> bool {
        self.client == client && self.grant.as_deref() == grant
    }

    /// Whether the answer, or the wait for it, is good enough for one more who asks at `now`. When a
    /// clock was set back, nothing is.
    fn serves(&self, now: SystemTime) -> bool {
        let Ok(age) = now.duration_since(self.asked_at) else { return false };
        match self.answer.peek() {
            None => age < ABANDONED,
            Some(Some(true)) => age < MAX_AGE,
            Some(Some(false)) => unix_ms(now).div_euclid(1000) < self.expires_at,
            Some(None) => false,
        }
    }
}

impl GrantCheck {
    pub(crate) fn new(grants: Arc<dyn Grants>, clock: Arc<dyn Clock>) -> Self {
        Self { grants, clock, asked: Mutex::default() }
    }

    /// Whether what a token with these claims was made of still holds.
    ///
    /// # Errors
    /// When it does not, or it cannot be told.
    pub(crate) async fn check(&self, claims: &Claims) -> Result<(), Unverifiable> {
        let grant = claims.grant.as_deref();
        let client = claims.client_id.as_deref().ok_or(Rejection::Revoked)?;
        // Only a client on its own behalf has a token without a grant.
        if grant.is_none() && claims.subject != client {
            return Err(Rejection::Revoked.into());
        }
        match self.ask(grant, client, claims.expires_at).await {
            Some(true) => Ok(()),
            Some(false) => Err(Rejection::Revoked.into()),
            None => Err(Unverifiable::Unavailable { retry_after: RETRY_AFTER }),
        }
    }

    fn ask(
        &self,
        grant: Option<&str>,
        client: &str,
        expires_at: i64,
    ) -> Shared<BoxFuture<'static, Option<bool>>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // In this order, so that no other call's time lies ahead of it.
        let now = self.clock.now();
        if let Some(at) = asked.iter().rposition(|question| question.is(grant, client)) {
            if asked[at].serves(now) {
                return asked[at].answer.clone();
            }
            asked.remove(at);
        }
        if asked.len() == CAPACITY {
            asked.pop_front();
        }
        let (grant, client) = (grant.map(str::to_owned), client.to_owned());
        let grants = Arc::clone(&self.grants);
        let answer = answer(grants, grant.clone(), client.clone(), now).boxed().shared();
        let question = Question { grant, client, asked_at: now, expires_at, answer };
        let answer = question.answer.clone();
        asked.push_back(question);
        answer
    }
}

async fn answer(
    grants: Arc<dyn Grants>,
    grant: Option<String>,
    client: String,
    now: SystemTime,
) -> Option<bool> {
    let told = tokio::time::timeout(TIMEOUT, grants.hold(grant.as_deref(), &client, now)).await;
    let error: BoxError = match told {
        Ok(Ok(holds)) => return Some(holds),
        Ok(Err(err)) => err,
        Err(_) => format!("there is no answer after {} s", TIMEOUT.as_secs()).into(),
    };
    let error: &(dyn std::error::Error + 'static) = &*error;
    tracing::warn!(name: "auth.grants", error, "it cannot be told whether a grant holds");
    None
}

#[cfg(test)]
mod tests;
