//! The rules of the cache, against a book that is told what to say.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::clock::ManualClock;
use tokio::sync::Semaphore;

use super::*;
use crate::log::Log;
use crate::profile::Issuer;
use crate::publisher::{Answer, Publisher, RESOURCE};
use crate::signer::Signer;
use crate::verifier::Verifier;

const SECOND: Duration = Duration::from_secs(1);
const NOW: i64 = 1_750_000_000;
const REVOKED: Result<(), Unverifiable> = Err(Unverifiable::Rejected(Rejection::Revoked));
const UNTOLD: Result<(), Unverifiable> =
    Err(Unverifiable::Unavailable { retry_after: RETRY_AFTER });

/// What the book says.
#[derive(Clone, Copy, Debug)]
enum Says {
    Holds,
    Gone,
    /// It does not answer: an error.
    Fails,
    /// It never answers. tokio's time is paused then, and so runs on to the timeout.
    Nothing,
}

/// Says the same of every grant.
#[derive(Debug)]
struct Book {
    says: Mutex<Says>,
    asked: Mutex<Vec<String>>,
    /// How many may be answered before the others wait.
    gate: Semaphore,
    answered: AtomicUsize,
}

impl Book {
    fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Grants for Book {
    fn hold<'a>(&'a self, grant: Option<&'a str>, client: &'a str, _: SystemTime) -> Holds<'a> {
        self.asked.lock().unwrap().push(format!("{} {client}", grant.unwrap_or("-")));
        Box::pin(async {
            self.gate.acquire().await?.forget();
            self.answered.fetch_add(1, Ordering::Relaxed);
            let says = *self.says.lock().unwrap();
            match says {
                Says::Holds => Ok(true),
                Says::Gone => Ok(false),
                Says::Fails => Err("the table is away".into()),
                Says::Nothing => std::future::pending().await,
            }
        })
    }
}

fn check() -> (Arc<GrantCheck>, Arc<Book>, Arc<ManualClock>) {
    let book = Arc::new(Book {
        says: Mutex::new(Says::Holds),
        asked: Mutex::default(),
        gate: Semaphore::new(Semaphore::MAX_PERMITS),
        answered: AtomicUsize::new(0),
    });
    let clock = Arc::new(ManualClock::new(NOW * 1000));
    (Arc::new(GrantCheck::new(book.clone(), clock.clone())), book, clock)
}

/// A person's, good for 15 minutes.
fn claims(grant: Option<&str>, client: &str) -> Claims {
    Claims {
        issuer: "https://as.example.com".to_owned(),
        subject: "ada".to_owned(),
        client_id: Some(client.to_owned()),
        scopes: "mcp/invoke".parse().unwrap(),
        tenant: None,
        expires_at: NOW + 900,
        token_id: None,
        grant: grant.map(str::to_owned),
    }
}

fn of_machine(client: &str) -> Claims {
    Claims { subject: client.to_owned(), ..claims(None, client) }
}

#[tokio::test]
async fn j37_a_grant_is_asked_about_once_a_minute_and_refused_once_it_is_gone() {
    let (check, book, clock) = check();
    let token = claims(Some("g-1"), "c_one");
    for (after, says, expected, asked) in [
        (0, Says::Holds, Ok(()), 1),
        // Not noticed before it is asked again, nor any later.
        (1, Says::Gone, Ok(()), 0),
        (58, Says::Gone, Ok(()), 0),
        (1, Says::Gone, REVOKED, 1),
        // Final, for as long as the token would be good.
        (1, Says::Holds, REVOKED, 0),
        (838, Says::Holds, REVOKED, 0),
        (1, Says::Gone, REVOKED, 1),
    ] {
        clock.advance(after * SECOND);
        book.says(says);
        assert_eq!(check.check(&token).await, expected, "{after} {says:?}");
        assert_eq!(book.asked(), vec!["g-1 c_one"; asked], "{after} {says:?}");
    }
}

#[tokio::test]
async fn each_grant_of_each_client_is_asked_about_for_itself() {
    let (check, book, _) = check();
    for token in [
        claims(Some("g-1"), "c_one"),
        claims(Some("g-2"), "c_one"),
        claims(Some("g-1"), "c_two"),
        of_machine("c_one"),
        of_machine("c_two"),
    ] {
        for _ in 0..2 {
            assert_eq!(check.check(&token).await, Ok(()));
        }
    }
    assert_eq!(book.asked(), ["g-1 c_one", "g-2 c_one", "g-1 c_two", "- c_one", "- c_two"]);
}

#[tokio::test]
async fn a_token_that_was_made_of_nothing_is_refused_unasked() {
    let (check, book, _) = check();
    let nobodys = Claims { client_id: None, ..claims(Some("g-1"), "c_one") };
    for token in [claims(None, "c_one"), nobodys] {
        assert_eq!(check.check(&token).await, REVOKED);
    }
    assert_eq!(book.asked(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_lets_in_only_who_was_let_in_within_the_minute() {
    for (says, cause) in
        [(Says::Fails, "the table is away"), (Says::Nothing, "there is no answer after 2 s")]
    {
        let (check, book, clock) = check();
        let log = Log::default();
        let _captures = log.start();
        let (known, new) = (claims(Some("g-1"), "c_one"), claims(Some("g-2"), "c_one"));
        assert_eq!(check.check(&known).await, Ok(()));
        book.says(says);
        clock.advance(59 * SECOND);
        assert_eq!(check.check(&known).await, Ok(()));
        assert_eq!(log.lines(), [""; 0]);
        assert_eq!(check.check(&new).await, UNTOLD);
        clock.advance(SECOND);
        assert_eq!(check.check(&known).await, UNTOLD);
        let lines = log.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("WARN") && lines[0].contains(cause), "{lines:?}");
        assert!(!lines[0].contains("g-2"), "{lines:?}");

        book.says(Says::Holds);
        assert_eq!(check.check(&known).await, Ok(()), "whoever comes next asks again");
        book.says(says);
        assert_eq!(check.check(&known).await, Ok(()));
    }
}

#[tokio::test]
async fn of_many_that_ask_the_same_at_a_time_one_does() {
    let (check, book, _) = check();
    book.gate.forget_permits(Semaphore::MAX_PERMITS);
    let token = claims(Some("g-1"), "c_one");
    let mut first = check.check(&token).boxed();
    assert_eq!((&mut first).now_or_never(), None);
    // It goes away, and the others carry the question on.
    drop(first);
    let callers = join_all((0..100).map(|_| check.check(&token)));
    let (told, ()) = tokio::join!(callers, async { book.gate.add_permits(1) });
    assert!(told.iter().all(Result::is_ok));
    assert_eq!(book.asked(), ["g-1 c_one"]);
    assert_eq!(book.answered.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_question_that_everyone_left_is_asked_again() {
    let (check, book, clock) = check();
    book.gate.forget_permits(Semaphore::MAX_PERMITS);
    let token = claims(Some("g-1"), "c_one");
    assert_eq!(check.check(&token).now_or_never(), None);
    book.gate.add_permits(1);
    clock.advance(ABANDONED);
    assert_eq!(check.check(&token).await, Ok(()));
    assert_eq!(book.asked().len(), 2);
}

#[tokio::test]
async fn a_clock_that_is_set_back_lets_nothing_be_believed_for_longer() {
    let (check, book, clock) = check();
    let token = claims(Some("g-1"), "c_one");
    assert_eq!(check.check(&token).await, Ok(()));
    clock.set((NOW - 1) * 1000);
    book.says(Says::Gone);
    assert_eq!(check.check(&token).await, REVOKED);
}

#[tokio::test]
async fn the_oldest_answers_make_room() {
    let (check, book, _) = check();
    let machine = |n: usize| of_machine(&format!("c_{n}"));
    for n in 0..10 * CAPACITY {
        assert_eq!(check.check(&machine(n)).await, Ok(()));
    }
    assert_eq!(check.asked.lock().unwrap().len(), CAPACITY);
    book.asked();
    assert_eq!(check.check(&machine(10 * CAPACITY - 1)).await, Ok(()));
    assert_eq!(check.check(&machine(0)).await, Ok(()));
    assert_eq!(book.asked(), ["- c_0"]);
}

/// A token of `issuer`, of the grant g-1.
fn token(issuer: &Publisher, signer: &Signer, other: &Value) -> String {
    let header = json!({ "alg": signer.alg(), "typ": "at+jwt", "kid": signer.kid });
    let mut claims = json!({
        "iss": issuer.url, "sub": "ada", "client_id": "c_one", "aud": RESOURCE,
        "exp": NOW + 900, "gid": "g-1",
    });
    claims.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    signer.token(&header.to_string(), &claims.to_string())
}

#[tokio::test]
async fn j37_a_verifier_asks_about_good_tokens_of_issuers_that_are_checked_and_no_others() {
    let (k1, forger) = (Signer::es256("k1"), Signer::es256("k1"));
    let ours = Publisher::start(Answer::keys(&[&k1])).await;
    let another = Publisher::start(Answer::keys(&[&k1])).await;
    let issuers = || vec![Issuer { check_grants: true, ..ours.issuer() }, another.issuer()];
    let (_, book, clock) = check();
    let verifier = Verifier::with_grants(issuers(), book.clone(), clock.clone());
    let verify = async |token: &str| verifier.verify(token).await.map(|claims| claims.grant);

    let good = token(&ours, &k1, &json!({}));
    let grant = Ok(Some("g-1".to_owned()));
    for bad in [
        token(&ours, &forger, &json!({})),
        token(&ours, &k1, &json!({ "exp": NOW - 60 })),
        token(&ours, &k1, &json!({ "aud": "https://elsewhere.example/mcp" })),
    ] {
        assert!(verify(&bad).await.is_err());
    }
    assert_eq!(book.asked(), [""; 0]);
    assert_eq!(verify(&good).await, grant);
    assert_eq!(verify(&token(&another, &k1, &json!({}))).await, grant);
    assert_eq!(book.asked(), ["g-1 c_one"]);

    // A token that is known goes the same way as one that is new.
    book.says(Says::Gone);
    clock.advance(MAX_AGE);
    for token in [&good, &token(&ours, &k1, &json!({ "jti": "fresh" }))] {
        assert_eq!(verify(token).await, Err(Rejection::Revoked.into()));
    }
    assert_eq!(verify(&token(&another, &k1, &json!({}))).await, grant);
    assert_eq!(book.asked(), ["g-1 c_one"]);

    let unasked = Verifier::new(issuers(), clock);
    assert!(unasked.verify(&good).await.is_ok(), "it stands before another that asks");
    assert_eq!(book.asked(), [""; 0]);
}
