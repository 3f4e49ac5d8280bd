//! Trying again, inside the deadline.

use std::future::Future;
use std::time::{Duration, Instant};

use tracing::{Instrument as _, field};

use crate::refusal::Asked;
use crate::{CallStats, Error};

/// The first try and two more.
const MAX_TRIES: u32 = 3;
/// The longest pause before the second try; it doubles for each later one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How the tries ended, and how many there were.
pub(crate) struct Tried<T> {
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) result: Result<T, Error>,
}

/// Calls until it succeeds, fails for good, or the deadline comes.
///
/// Only throttling and unavailability are tried again (see [`Error::is_transient`]); all calls of
/// this crate only read, so none does harm twice.
pub(crate) async fn retrying<T, F>(deadline: Instant, mut call: impl FnMut() -> F) -> Tried<T>
where
    F: Future<Output = Result<T, Error>>,
{
    let started = Instant::now();
    let mut tries = 0;
    let run = async {
        loop {
            tries += 1;
            let error = match call().await {
                Err(error) if error.is_transient() && tries < MAX_TRIES => error,
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

/// Runs one backend call in its span, logs how it ended, and adds what it cost to `stats`.
///
/// The text of an error stays out: it may quote the query.
pub(crate) async fn observed<T>(
    operation: &'static str,
    asked: Asked<'_>,
    call: impl Future<Output = Tried<T>>,
    stats: &mut CallStats,
) -> Result<T, Error> {
    let span = tracing::info_span!(
        "backend.call",
        backend.service = "aps",
        backend.operation = operation,
        aws.region = asked.region.map(field::display),
        workspace.id = asked.workspace.map(field::display),
        http.status = field::Empty,
    );
    let Tried { tries, elapsed, result } = call.instrument(span.clone()).await;
    *stats = *stats + CallStats { http_calls: tries, elapsed };
    let duration_ms = elapsed.as_secs_f64() * 1e3;
    span.in_scope(|| match &result {
        Ok(_) => tracing::debug!(duration_ms, tries, "backend answered"),
        Err(err) => tracing::warn!(
            duration_ms,
            tries,
            error.kind = err.kind(),
            error = err.for_log(),
            "backend failed"
        ),
    });
    result
}

/// Full jitter: anything from nothing to the whole pause, so that callers that failed together do
/// not return together.
fn pause(tries: u32, fraction: f64) -> Duration {
    (FIRST_PAUSE * 2_u32.saturating_pow(tries - 1)).mul_f64(fraction)
}

/// Of [0, 1]; the longest pause where the system has no randomness to give.
fn random_fraction() -> f64 {
    let mut bytes = [0; 4];
    match service_kit::random::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

/// Reads `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(value: &str, now: std::time::SystemTime) -> Option<Duration> {
    use aws_smithy_types::date_time::{DateTime, Format};

    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::from_str(value, Format::HttpDate).ok()?;
    let date = std::time::SystemTime::try_from(date).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    fn in_seconds(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    fn unavailable(retry_after: Option<Duration>) -> Error {
        Error::Unavailable { message: "down".to_owned(), retry_after, source: None }
    }

    #[tokio::test]
    async fn a_failure_that_passes_is_not_seen() {
        let left = Cell::new(2);
        let tried = retrying(in_seconds(60), async || match left.replace(left.get() - 1) {
            0 => Ok("fine"),
            _ => Err(unavailable(None)),
        })
        .await;
        assert_eq!((tried.tries, tried.result.unwrap()), (3, "fine"));
    }

    #[tokio::test]
    async fn three_tries_are_enough() {
        let tried = retrying(in_seconds(60), async || Err::<(), _>(unavailable(None))).await;
        assert_eq!(tried.tries, 3);
        assert!(matches!(tried.result, Err(Error::Unavailable { .. })));
    }

    #[tokio::test]
    async fn what_the_caller_must_mend_is_tried_once() {
        let tried = retrying(in_seconds(60), async || {
            Err::<(), _>(Error::Rejected {
                error_type: "bad_data".to_owned(),
                message: "parse error".to_owned(),
                status: 400,
            })
        })
        .await;
        assert_eq!(tried.tries, 1);
    }

    #[tokio::test]
    async fn a_wait_longer_than_the_deadline_gives_the_reason_at_once() {
        let wait = Some(Duration::from_secs(3600));
        let tried = retrying(in_seconds(60), async || Err::<(), _>(unavailable(wait))).await;
        assert_eq!(tried.tries, 1);
        assert_eq!(tried.result.unwrap_err().retry_after(), wait);
    }

    #[tokio::test]
    async fn a_call_without_an_end_ends_at_the_deadline() {
        let deadline = Instant::now() + Duration::from_millis(20);
        let tried = retrying(deadline, std::future::pending::<Result<(), Error>>).await;
        assert!(matches!(tried.result, Err(Error::Timeout { .. })));
        assert!(tried.elapsed >= Duration::from_millis(19));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = service_kit::clock::from_unix_ms(1_792_000_000_000);
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Wed, 14 Oct 2026 17:54:00 GMT", Some(440)),
            ("Wed, 14 Oct 2020 17:54:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(value, now), expected, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn pauses_stay_within_their_bounds(fraction in 0.0..=1.0) {
            prop_assert!(pause(1, fraction) <= Duration::from_millis(100));
            prop_assert!(pause(2, fraction) <= Duration::from_millis(200));
        }

        #[test]
        fn no_retry_after_panics(value: String) {
            let _ = retry_after(&value, service_kit::clock::from_unix_ms(0));
        }
    }
}
