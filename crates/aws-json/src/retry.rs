//! Trying again, inside the deadline.

use std::future::Future;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use crate::Error;

/// How often what is unavailable is tried; what is throttled is tried until the deadline.
const MAX_TRIES: u32 = 3;
/// The longest pause before the second try; it doubles for each later one, up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What calls cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests that were sent, retries included.
    pub http_calls: u32,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.http_calls += other.http_calls;
    }
}

/// How the tries ended, and how many there were.
pub(crate) struct Tried<T> {
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) result: Result<T, Error>,
}

/// Calls until it succeeds, fails for good, or the deadline comes: what is throttled at most
/// `throttled` times, or as often as there is time for.
pub(crate) async fn retrying<T, F>(
    deadline: Instant,
    throttled: Option<u32>,
    mut call: impl FnMut() -> F,
) -> Tried<T>
where
    F: Future<Output = Result<T, Error>>,
{
    let started = Instant::now();
    let mut tries = 0;
    let run = async {
        loop {
            tries += 1;
            let error = match call().await {
                Err(error @ Error::Throttled { .. })
                    if throttled.is_none_or(|most| tries < most) =>
                {
                    error
                }
                Err(error @ Error::Unavailable { .. }) if tries < MAX_TRIES => error,
                result => return result,
            };
            let pause =
                pause(tries, random_fraction()).max(error.retry_after().unwrap_or_default());
            // A pause that outlasts the deadline would only hide the reason.
            if Instant::now() + pause >= deadline {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    };
    let result = match tokio::time::timeout_at(deadline.into(), run).await {
        Ok(result) => result,
        Err(_) => Err(Error::Timeout { after: started.elapsed() }),
    };
    Tried { tries, elapsed: started.elapsed(), result }
}

/// From half of a pause to all of it: callers that failed together do not return together, and
/// none asks again at once.
fn pause(tries: u32, fraction: f64) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(doubled).min(LAST_PAUSE).mul_f64(0.5 + fraction / 2.0)
}

/// Of [0, 1]; the longest pause where the system has no randomness to give.
fn random_fraction() -> f64 {
    let mut bytes = [0; 4];
    match service_kit::random::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_seconds(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    fn throttled() -> Error {
        Error::Throttled { message: "slow down".to_owned(), retry_after: None }
    }

    fn unavailable() -> Error {
        Error::Unavailable { message: "down".to_owned(), source: None }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_throttled_is_tried_until_it_is_not() {
        let mut left = 12;
        let tried = retrying(in_seconds(600), None, || {
            left -= 1;
            let ended = if left == 0 { Ok(()) } else { Err(throttled()) };
            async { ended }
        })
        .await;
        assert!(tried.result.is_ok());
        assert_eq!(tried.tries, 12);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_have_an_end() {
        let tried = retrying(in_seconds(60), Some(2), async || Err::<(), _>(throttled())).await;
        assert_eq!((tried.tries, tried.result.unwrap_err().kind()), (2, "throttled"));
        let tried = retrying(in_seconds(60), None, async || Err::<(), _>(unavailable())).await;
        assert_eq!((tried.tries, tried.result.unwrap_err().kind()), (3, "unavailable"));
        let refused = || Error::unexpected("<html>");
        let tried = retrying(in_seconds(60), None, async || Err::<(), _>(refused())).await;
        assert_eq!((tried.tries, tried.result.unwrap_err().kind()), (1, "unexpected_reply"));
    }

    #[tokio::test]
    async fn a_wait_longer_than_the_deadline_gives_the_reason_at_once() {
        let wait = Some(Duration::from_secs(3600));
        let slow = || Error::Throttled { message: "slow down".to_owned(), retry_after: wait };
        let tried = retrying(in_seconds(60), None, async || Err::<(), _>(slow())).await;
        assert_eq!((tried.tries, tried.result.unwrap_err().retry_after()), (1, wait));
    }

    #[tokio::test]
    async fn a_call_without_an_end_ends_at_the_deadline() {
        let deadline = Instant::now() + Duration::from_millis(20);
        let tried = retrying(deadline, None, std::future::pending::<Result<(), Error>>).await;
        assert_eq!(tried.result.unwrap_err().kind(), "timeout");
    }

    proptest! {
        #[test]
        fn pauses_grow_to_a_limit_and_are_never_nothing(tries in 1_u32..100, fraction in 0.0..=1.0) {
            let pause = pause(tries, fraction);
            prop_assert!(pause >= FIRST_PAUSE / 2 && pause <= LAST_PAUSE, "{:?}", pause);
        }
    }
}
