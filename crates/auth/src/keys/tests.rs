//! The rules of the cache, against a server that is told what to say.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use service_kit::clock::ManualClock;
use tokio::sync::Semaphore;

use super::*;
use crate::log::Log;
use crate::publisher::{Answer, Publisher};
use crate::signer::Signer;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn keys(issuer: &Issuer) -> (Keys, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(1_750_000_000_000));
    (Keys::new(issuer, Fetcher::new(), clock.clone()), clock)
}

fn down() -> Answer {
    Answer::of("503 Down", "", "")
}

fn unavailable(retry_after: Duration) -> Option<KeyError> {
    Some(KeyError::Unavailable { retry_after })
}

#[tokio::test]
async fn a_set_is_fetched_when_it_is_needed_and_good_for_an_hour() {
    let k1 = Signer::es256("k1");
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    assert_eq!(publisher.connections(), 0);
    for (after, fetches) in [
        (Duration::ZERO, 1),
        (HOUR - SECOND, 1),
        (SECOND, 2),
        (HOUR - SECOND, 2),
        (SECOND, 3),
        (48 * HOUR, 4),
    ] {
        clock.advance(after);
        assert_eq!(keys.find("k1").await.unwrap().kid(), "k1");
        assert_eq!(publisher.fetches(), fetches);
    }
}

#[tokio::test]
async fn callers_wait_for_one_fetch() {
    let k1 = Signer::es256("k1");
    let gate = Arc::new(Semaphore::new(0));
    let publisher = Publisher::start(Answer::keys(&[&k1]).behind(&gate)).await;
    let (keys, _) = keys(&publisher.issuer());
    let callers = join_all((0..100).map(|_| keys.find("k1")));
    let (found, ()) = tokio::join!(callers, async {
        publisher.fetched(1).await;
        gate.add_permits(100);
    });
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(publisher.fetches(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_fetch_to_the_next() {
    let k1 = Signer::es256("k1");
    let gate = Arc::new(Semaphore::new(0));
    let publisher = Publisher::start(Answer::keys(&[&k1]).behind(&gate)).await;
    let (keys, _) = keys(&publisher.issuer());
    tokio::select! {
        found = keys.find("k1") => panic!("{found:?}"),
        () = publisher.fetched(1) => {}
    }
    // Nobody waits; the next carries it on.
    gate.add_permits(1);
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(publisher.fetches(), 1);
}

/// The sandbox was frozen, or nobody came: what is left of the fetch is no use.
#[tokio::test]
async fn a_fetch_that_all_callers_left_is_begun_anew() {
    let k1 = Signer::es256("k1");
    let gate = Arc::new(Semaphore::new(0));
    let publisher = Publisher::start(Answer::keys(&[&k1]).behind(&gate)).await;
    let (keys, clock) = keys(&publisher.issuer());
    tokio::select! {
        found = keys.find("k1") => panic!("{found:?}"),
        () = publisher.fetched(1) => {}
    }
    clock.advance(MINUTE);
    publisher.answers(Answer::keys(&[&k1]));
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(publisher.fetches(), 2);
}

#[tokio::test]
async fn while_one_caller_refreshes_the_others_use_the_old_set() {
    let k1 = Signer::es256("k1");
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();

    clock.advance(2 * HOUR);
    let gate = Arc::new(Semaphore::new(0));
    publisher.answers(Answer::keys(&[&k1]).behind(&gate));
    let (found, ()) = tokio::join!(keys.find("k1"), async {
        publisher.fetched(2).await;
        for _ in 0..100 {
            let found = keys.find("k1").now_or_never();
            assert!(found.expect("nobody waits").is_ok());
        }
        gate.add_permits(1);
    });
    assert!(found.is_ok());
    assert_eq!(publisher.fetches(), 2);
}

#[tokio::test]
async fn an_old_set_is_used_for_a_day_while_fetches_fail_once_a_minute() {
    let k1 = Signer::es256("k1");
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();

    publisher.answers(down());
    clock.advance(HOUR);
    for (after, fetches) in [
        (Duration::ZERO, 2),
        (SECOND, 2),
        (58 * SECOND, 2),
        (SECOND, 3),
        (22 * HOUR, 4),
        (58 * MINUTE + 59 * SECOND, 5),
    ] {
        clock.advance(after);
        assert!(keys.find("k1").await.is_ok(), "stale");
        assert_eq!(keys.find("k2").await.unwrap_err(), KeyError::Unknown);
        assert_eq!(publisher.fetches(), fetches);
    }
    // A day after the last good fetch.
    clock.advance(MINUTE);
    assert_eq!(keys.find("k1").await.err(), unavailable(MINUTE));
    publisher.answers(Answer::keys(&[&k1]));
    clock.advance(MINUTE);
    assert!(keys.find("k1").await.is_ok(), "all is well again");
}

#[tokio::test]
async fn without_a_set_a_failure_is_told_and_not_repeated_for_a_minute() {
    let k1 = Signer::es256("k1");
    let publisher = Publisher::start(down()).await;
    let (keys, clock) = keys(&publisher.issuer());
    assert_eq!(keys.find("k1").await.err(), unavailable(MINUTE));
    clock.advance(20 * SECOND);
    for kid in ["k1", "k2", "k3"] {
        let found = keys.find(kid).now_or_never().expect("nobody waits");
        assert_eq!(found.err(), unavailable(40 * SECOND));
    }
    clock.advance(40 * SECOND - Duration::from_millis(1));
    assert_eq!(keys.find("k1").await.err(), unavailable(SECOND), "no less than a second");
    assert_eq!(publisher.fetches(), 1);

    publisher.answers(Answer::keys(&[&k1]));
    clock.advance(SECOND);
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(publisher.fetches(), 2);
}

#[tokio::test]
async fn configured_keys_hold_until_the_first_set_is_fetched() {
    let (k1, k2, k3) = (Signer::es256("k1"), Signer::es256("k2"), Signer::es256("k3"));
    let publisher = Publisher::start(Answer::keys(&[&k2, &k3])).await;
    let (keys, clock) = keys(&publisher.issuer_knowing(&[&k1, &k2]));
    assert!(keys.find("k1").await.is_ok());
    clock.advance(HOUR - SECOND);
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(publisher.fetches(), 0);
    // An hour after start the issuer is asked, and has the last word.
    clock.advance(SECOND);
    assert_eq!(keys.find("k1").await.unwrap_err(), KeyError::Unknown);
    assert!(keys.find("k3").await.is_ok());
    assert_eq!(publisher.fetches(), 1);
}

#[tokio::test]
async fn a_key_that_is_not_configured_is_fetched_at_once() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(down()).await;
    let (keys, clock) = keys(&publisher.issuer_knowing(&[&k1]));
    // Whether there is such a key cannot be told: nobody has asked the issuer.
    assert_eq!(keys.find("k2").await.err(), unavailable(MINUTE));
    assert_eq!(keys.find("k2").await.err(), unavailable(MINUTE));
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(publisher.fetches(), 1);

    publisher.answers(Answer::keys(&[&k2]));
    clock.advance(MINUTE);
    assert!(keys.find("k2").await.is_ok());
    assert_eq!(keys.find("k1").await.unwrap_err(), KeyError::Unknown);
}

#[tokio::test]
async fn configured_keys_hold_as_long_as_the_issuer_cannot_be_reached() {
    let k1 = Signer::es256("k1");
    let publisher = Publisher::start(down()).await;
    let (keys, clock) = keys(&publisher.issuer_knowing(&[&k1]));
    for fetches in 1..4 {
        clock.advance(48 * HOUR);
        assert!(keys.find("k1").await.is_ok());
        assert_eq!(publisher.fetches(), fetches);
    }
}

#[tokio::test]
async fn a_new_key_is_found_at_once_after_a_set_was_fetched_for_another_reason() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, _) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();
    publisher.answers(Answer::keys(&[&k1, &k2]));
    assert!(keys.find("k2").await.is_ok());
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(publisher.fetches(), 2);
}

#[tokio::test]
async fn a_name_that_was_asked_for_in_vain_does_not_use_up_the_fetch_of_others() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();
    assert_eq!(keys.find("old").await.unwrap_err(), KeyError::Unknown);
    assert_eq!(publisher.fetches(), 2);
    publisher.answers(Answer::keys(&[&k1, &k2]));
    clock.advance(MINUTE);
    assert_eq!(keys.find("old").await.unwrap_err(), KeyError::Unknown);
    assert_eq!(publisher.fetches(), 2, "it is remembered");
    assert!(keys.find("k2").await.is_ok());
    assert_eq!(publisher.fetches(), 3);
    clock.advance(4 * MINUTE);
    assert_eq!(keys.find("old").await.unwrap_err(), KeyError::Unknown);
    assert_eq!(publisher.fetches(), 4, "five minutes are over");
}

#[tokio::test]
async fn a_name_that_was_refused_without_asking_is_not_held_against_it() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    assert_eq!(keys.find("other").await.unwrap_err(), KeyError::Unknown);
    publisher.answers(Answer::keys(&[&k1, &k2]));
    assert_eq!(keys.find("k2").await.unwrap_err(), KeyError::Unknown);
    assert_eq!(publisher.fetches(), 1, "a set that was just fetched in vain says it all");
    clock.advance(MINUTE);
    assert!(keys.find("k2").await.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_set_back_wedges_nothing() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();
    clock.set(0);
    publisher.answers(down());
    assert!(keys.find("k1").await.is_ok(), "stale");
    clock.set(-1);
    publisher.answers(Answer::keys(&[&k1, &k2]));
    assert!(keys.find("k1").await.is_ok());
    assert!(keys.find("k2").await.is_ok());
    assert_eq!(publisher.fetches(), 3);
}

/// The operator sees what failed and why, and which keys there are now.
#[tokio::test]
async fn what_fails_and_what_changes_is_logged() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::ok("<html>")).await;
    let (keys, clock) = keys(&publisher.issuer());
    let log = Log::default();
    let guard = log.start();
    for answer in [
        Answer::ok("<html>"),
        Answer::keys(&[&k2, &k1]),
        Answer::keys(&[&k1, &k2]),
        Answer::keys(&[&k2]),
    ] {
        publisher.answers(answer);
        // Who waits with others says nothing twice.
        join_all((0..3).map(|_| keys.find("k2"))).await;
        clock.advance(HOUR);
    }
    drop(guard);
    let issuer = &publisher.url;
    assert_eq!(
        log.lines(),
        [
            format!(
                "WARN the issuer's keys cannot be had issuer=\"{issuer}\" error=the answer is of no \
                 use error.sources=[not a key set, expected value at line 1 column 1]"
            ),
            format!("INFO the issuer's keys changed issuer=\"{issuer}\" kids=\"k1 k2\""),
            format!("INFO the issuer's keys changed issuer=\"{issuer}\" kids=\"k2\""),
        ]
    );
}
