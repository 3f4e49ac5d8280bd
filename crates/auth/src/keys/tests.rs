//! The rules of the cache, against a server that is told what to say.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use service_kit::clock::ManualClock;
use tokio::sync::Semaphore;

use super::*;
use crate::log::Log;
use crate::profile::Issuer;
use crate::publisher::{Answer, Publisher};
use crate::signer::Signer;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn keys(issuer: &Issuer) -> (Keys, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(1_750_000_000_000));
    let (uri, known) = (issuer.jwks_uri.clone(), issuer.known_keys.clone());
    (Keys::new(&issuer.url, uri, known, Fetcher::new(), clock.clone()), clock)
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
async fn a_refresh_that_takes_its_time_is_left_to_the_next_caller() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();

    clock.advance(2 * HOUR - SECOND);
    let gate = Arc::new(Semaphore::new(0));
    publisher.answers(Answer::keys(&[&k2]).behind(&gate));
    // Nobody opens the gate: who waited for it would wait for the end of the fetch, and say so.
    let log = Log::default();
    let guard = log.start();
    let found = join_all((0..100).map(|_| keys.find("k1"))).await;
    assert!(found.iter().all(Result::is_ok));
    drop(guard);
    assert!(log.lines().is_empty(), "{:?}", log.lines());
    gate.add_permits(1);
    assert!(keys.find("k2").await.is_ok());
    assert_eq!(publisher.fetches(), 2);
}

#[tokio::test]
async fn callers_of_an_issuer_that_hangs_are_served_from_the_old_set() {
    let k1 = Signer::es256("k1");
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();

    clock.advance(HOUR);
    publisher.answers(Answer::Hang(String::new()));
    // Each of them waits a little; together they wait for the end.
    let log = Log::default();
    let guard = log.start();
    for n in 0.. {
        assert!(keys.find("k1").await.is_ok());
        if !log.lines().is_empty() {
            assert!(n > 1, "it was one that waited");
            break;
        }
    }
    drop(guard);
    let found = keys.find("k1").now_or_never().expect("nobody waits");
    assert!(found.is_ok());
    assert_eq!(publisher.fetches(), 2);
}

/// Else an issuer that is slow, and asked now and then, would never be heard.
#[tokio::test]
async fn a_set_that_missed_its_refresh_for_an_hour_is_waited_for() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();

    clock.advance(2 * HOUR);
    let gate = Arc::new(Semaphore::new(0));
    publisher.answers(Answer::keys(&[&k2]).behind(&gate));
    let (found, ()) = tokio::join!(keys.find("k1"), async {
        publisher.fetched(2).await;
        tokio::time::sleep(2 * PATIENCE).await;
        gate.add_permits(1);
    });
    assert_eq!(found.unwrap_err(), KeyError::Unknown);
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
    for (after, fetches, rest) in [
        (Duration::ZERO, 2, MINUTE),
        (SECOND, 2, 59 * SECOND),
        (58 * SECOND, 2, SECOND),
        (SECOND, 3, MINUTE),
        (22 * HOUR, 4, MINUTE),
        (58 * MINUTE + 59 * SECOND, 5, MINUTE),
    ] {
        clock.advance(after);
        assert!(keys.find("k1").await.is_ok(), "stale");
        // It may be new: nobody can tell.
        assert_eq!(keys.find("k2").await.err(), unavailable(rest));
        assert_eq!(publisher.fetches(), fetches);
    }
    // A day after the last good fetch nothing is left, and it is the fifth that failed.
    clock.advance(MINUTE);
    assert_eq!(keys.find("k1").await.err(), unavailable(32 * SECOND));
    publisher.answers(Answer::keys(&[&k1]));
    clock.advance(MINUTE);
    assert!(keys.find("k1").await.is_ok(), "all is well again");
}

#[tokio::test]
async fn a_new_key_of_an_issuer_that_cannot_be_reached_is_not_told_to_be_wrong() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(Answer::keys(&[&k1])).await;
    let (keys, clock) = keys(&publisher.issuer());
    keys.find("k1").await.unwrap();

    // The set is fresh, and does not say.
    publisher.answers(down());
    for rest in [MINUTE, 59 * SECOND] {
        assert_eq!(keys.find("k2").await.err(), unavailable(rest));
        assert!(keys.find("k1").await.is_ok());
        clock.advance(SECOND);
    }
    assert_eq!(publisher.fetches(), 2);
    publisher.answers(Answer::keys(&[&k1, &k2]));
    clock.advance(MINUTE);
    assert!(keys.find("k2").await.is_ok());
}

#[tokio::test]
async fn without_a_set_a_failure_is_told_and_soon_repeated_then_less_often() {
    let k1 = Signer::es256("k1");
    let publisher = Publisher::start(down()).await;
    let (keys, clock) = keys(&publisher.issuer());
    for (fetches, seconds) in [2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        let rest = seconds * SECOND;
        assert_eq!(keys.find("k1").await.err(), unavailable(rest));
        clock.advance(rest / 2);
        for kid in ["k1", "k2", "k3"] {
            let found = keys.find(kid).now_or_never().expect("nobody waits");
            assert_eq!(found.err(), unavailable(rest / 2));
        }
        clock.advance(rest / 2 - Duration::from_millis(1));
        assert_eq!(keys.find("k1").await.err(), unavailable(SECOND), "no less than a second");
        assert_eq!(publisher.fetches(), fetches + 1);
        clock.advance(Duration::from_millis(1));
    }
    publisher.answers(Answer::keys(&[&k1]));
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(publisher.fetches(), 8);
}

#[tokio::test]
async fn configured_keys_are_nothing_against_what_the_issuer_says() {
    let (k1, k2, k3) = (Signer::es256("k1"), Signer::es256("k2"), Signer::es256("k3"));
    let publisher = Publisher::start(Answer::keys(&[&k2, &k3])).await;
    let (keys, _) = keys(&publisher.issuer_knowing(&[&k1, &k2]));
    assert_eq!(keys.find("k1").await.unwrap_err(), KeyError::Unknown, "it is withdrawn");
    assert!(keys.find("k2").await.is_ok());
    assert!(keys.find("k3").await.is_ok());
    assert_eq!(publisher.fetches(), 1);
}

#[tokio::test]
async fn all_callers_wait_for_the_first_word_of_the_issuer() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let gate = Arc::new(Semaphore::new(0));
    let publisher = Publisher::start(Answer::keys(&[&k2]).behind(&gate)).await;
    let (keys, _) = keys(&publisher.issuer_knowing(&[&k1]));
    let callers = join_all((0..10).map(|_| keys.find("k1")));
    let (found, ()) = tokio::join!(callers, async {
        publisher.fetched(1).await;
        tokio::time::sleep(2 * PATIENCE).await;
        gate.add_permits(1);
    });
    assert!(found.iter().all(|found| found.as_ref().err() == Some(&KeyError::Unknown)));
}

#[tokio::test]
async fn configured_keys_stand_in_for_an_issuer_that_is_down_until_it_is_heard() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let publisher = Publisher::start(down()).await;
    let (keys, clock) = keys(&publisher.issuer_knowing(&[&k1]));
    for (fetches, seconds) in [2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        let rest = seconds * SECOND;
        assert!(keys.find("k1").await.is_ok());
        assert!(keys.find("k1").now_or_never().expect("nobody waits").is_ok());
        // Whether there is such a key cannot be told: nobody has heard the issuer.
        assert_eq!(keys.find("k2").await.err(), unavailable(rest));
        assert_eq!(publisher.fetches(), fetches + 1);
        clock.advance(rest);
    }
    clock.advance(48 * HOUR);
    assert!(keys.find("k1").await.is_ok(), "for as long as it takes");

    publisher.answers(Answer::keys(&[&k2]));
    clock.advance(MINUTE);
    assert_eq!(keys.find("k1").await.unwrap_err(), KeyError::Unknown);
    assert!(keys.find("k2").await.is_ok());
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
