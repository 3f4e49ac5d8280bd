//! Tokens against issuers whose servers do what they are told.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::clock::ManualClock;
use tokio::sync::Semaphore;

use super::*;
use crate::publisher::{Answer, Publisher, RESOURCE};
use crate::signer::Signer;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const NOW: i64 = 1_750_000_000;
const UNKNOWN: Unverifiable = Unverifiable::Rejected(Rejection::UnknownKey);

fn verifier<const N: usize>(issuers: [Issuer; N]) -> (Verifier, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(NOW * 1000));
    (Verifier::new(issuers.into(), clock.clone()), clock)
}

fn header(signer: &Signer) -> Value {
    json!({ "alg": signer.alg(), "typ": "at+jwt", "kid": signer.kid })
}

fn claims(issuer: &Publisher) -> Value {
    json!({
        "iss": issuer.url,
        "sub": "someone",
        "client_id": "client",
        "aud": RESOURCE,
        "iat": NOW,
        "exp": NOW + 7 * 24 * 3600,
        "scope": "mcp/invoke",
    })
}

/// A good token, but for its key perhaps.
fn token(issuer: &Publisher, signer: &Signer) -> String {
    signer.token(&header(signer).to_string(), &claims(issuer).to_string())
}

/// A token that names a key called `kid`.
fn token_of_kid(issuer: &Publisher, signer: &Signer, kid: &str) -> String {
    let mut header = header(signer);
    header["kid"] = kid.into();
    signer.token(&header.to_string(), &claims(issuer).to_string())
}

#[tokio::test]
async fn j09_an_unknown_key_is_looked_for_once() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    verifier.verify(&token(&issuer, &k1)).await.unwrap();
    assert_eq!(issuer.fetches(), 1);
    for kid in ["k2", "k2", "k3", "k4"] {
        let verified = verifier.verify(&token_of_kid(&issuer, &k1, kid)).await;
        assert_eq!(verified.unwrap_err(), UNKNOWN);
        assert_eq!(issuer.fetches(), 2, "{kid}");
    }
    verifier.verify(&token(&issuer, &k1)).await.unwrap();
}

#[tokio::test]
async fn j10_a_kid_that_is_none_is_never_looked_for() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    let long = "k".repeat(5 << 10);
    let kids = [
        "",
        "../../dev/null",
        "' OR 1=1",
        "https://evil.example/jwks",
        "k1\0",
        "k1 ",
        "k\u{e9}",
        long.as_str(),
    ];
    for kid in kids {
        let verified = verifier.verify(&token_of_kid(&issuer, &k1, kid)).await;
        assert_eq!(verified.unwrap_err(), Rejection::Kid.into(), "{kid:?}");
    }
    for kid in kids {
        let (_, keys) = &verifier.0.issuers[0];
        assert_eq!(keys.find(kid).await.unwrap_err(), KeyError::Unknown, "{kid:?}");
    }
    // 10 KB make the token too long, whatever is in them.
    let verified = verifier.verify(&token_of_kid(&issuer, &k1, &"k".repeat(10 << 10))).await;
    assert_eq!(verified.unwrap_err(), Rejection::TooLong.into());
    assert_eq!(issuer.connections(), 0);
}

#[tokio::test]
async fn j11_no_address_in_a_token_is_called() {
    let (ours, theirs) = (Signer::es256("k1"), Signer::es256("k1"));
    let issuer = Publisher::start(Answer::keys(&[&ours])).await;
    let attacker = Publisher::start(Answer::keys(&[&theirs])).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    let there = format!("{}/jwks", attacker.url);
    for (name, value) in
        [("jku", json!(there)), ("x5u", json!(there)), ("jwk", theirs.jwk()), ("x5c", json!([""]))]
    {
        for signer in [&ours, &theirs] {
            let mut header = header(signer);
            header[name] = value.clone();
            let token = signer.token(&header.to_string(), &claims(&issuer).to_string());
            let verified = verifier.verify(&token).await;
            assert_eq!(verified.unwrap_err(), Rejection::Header.into(), "{name}");
        }
    }
    // Nor is an issuer that is not ours.
    let verified = verifier.verify(&token(&attacker, &theirs)).await;
    assert_eq!(verified.unwrap_err(), Rejection::Issuer.into());
    assert_eq!((issuer.connections(), attacker.connections()), (0, 0));
}

#[tokio::test]
async fn j31_a_new_key_is_found_within_one_fetch_and_the_old_one_stays_good() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    verifier.verify(&token(&issuer, &k1)).await.unwrap();
    issuer.answers(Answer::keys(&[&k1, &k2]));
    verifier.verify(&token(&issuer, &k2)).await.unwrap();
    verifier.verify(&token(&issuer, &k1)).await.unwrap();
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn j32_a_key_that_is_withdrawn_is_refused_after_the_ttl() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let issuer = Publisher::start(Answer::keys(&[&k1, &k2])).await;
    let other = Publisher::start(Answer::of("503 Down", "", "")).await;
    // The keys may have come from the issuer or, while it was down, from the configuration.
    let (verifier, clock) = verifier([issuer.issuer(), other.issuer_knowing(&[&k1, &k2])]);
    let tokens = [token(&issuer, &k1), token(&other, &k1)];
    for token in &tokens {
        verifier.verify(token).await.unwrap();
    }
    for issuer in [&issuer, &other] {
        issuer.answers(Answer::keys(&[&k2]));
    }
    clock.advance(HOUR);
    for token in &tokens {
        assert_eq!(verifier.verify(token).await.unwrap_err(), UNKNOWN, "though it was accepted");
    }
    verifier.verify(&token(&issuer, &k2)).await.unwrap();
    verifier.verify(&token(&other, &k2)).await.unwrap();
}

#[tokio::test]
async fn j32_a_key_that_is_withdrawn_is_not_good_again_at_a_cold_start_that_knows_it() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let issuer = Publisher::start(Answer::keys(&[&k2])).await;
    let (verifier, _) = verifier([issuer.issuer_knowing(&[&k1, &k2])]);
    assert_eq!(verifier.verify(&token(&issuer, &k1)).await.unwrap_err(), UNKNOWN);
    verifier.verify(&token(&issuer, &k2)).await.unwrap();
}

#[tokio::test]
async fn j33_tokens_are_verified_while_the_issuer_is_down() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, clock) = verifier([issuer.issuer()]);
    let (first, mut second) = (token(&issuer, &k1), claims(&issuer));
    verifier.verify(&first).await.unwrap();
    issuer.answers(Answer::Say(String::new()));
    for hours in 1..24 {
        clock.advance(HOUR);
        verifier.verify(&first).await.unwrap();
        second["jti"] = hours.into();
        let new = k1.token(&header(&k1).to_string(), &second.to_string());
        verifier.verify(&new).await.unwrap();
        assert_eq!(issuer.fetches(), 1 + hours, "one try an hour is all that these calls need");
    }
}

#[tokio::test]
async fn j34_when_no_keys_can_be_had_the_token_is_not_called_bad() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::of("503 Down", "", "")).await;
    let (verifier, clock) = verifier([issuer.issuer()]);
    let good = token(&issuer, &k1);
    for retry_after in [2, 1].map(Duration::from_secs) {
        let verified = verifier.verify(&good).await;
        assert_eq!(verified.unwrap_err(), Unverifiable::Unavailable { retry_after });
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(issuer.fetches(), 1);
    issuer.answers(Answer::keys(&[&k1]));
    verifier.verify(&good).await.unwrap();
}

/// What a flood does to good tokens is counted, not timed: they wait for nothing and fetch nothing.
#[tokio::test]
async fn j35_a_flood_of_unknown_keys_is_one_fetch_a_minute_and_holds_up_nobody() {
    let (k1, k2) = (Signer::es256("k1"), Signer::es256("k2"));
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, clock) = verifier([issuer.issuer()]);
    let (good, other) = (token(&issuer, &k1), token_of_kid(&issuer, &k2, "k1"));
    let fresh = |n: usize| {
        let mut claims = claims(&issuer);
        claims["jti"] = n.into();
        k1.token(&header(&k1).to_string(), &claims.to_string())
    };
    verifier.verify(&good).await.unwrap();

    for minute in 1..4 {
        let gate = Arc::new(Semaphore::new(0));
        issuer.answers(Answer::keys(&[&k1]).behind(&gate));
        let tokens: Vec<_> = (0..1000)
            .map(|n| token_of_kid(&issuer, &k1, &format!("random-{minute}-{n}")))
            .collect();
        let flood = join_all(tokens.iter().map(|token| verifier.verify(token)));
        let (refused, ()) = tokio::join!(flood, async {
            issuer.fetched(1 + minute).await;
            // A thousand callers wait for the issuer; whoever has a good token does not.
            for n in 0..100 {
                let known = verifier.verify(&good).now_or_never().expect("nobody waits");
                let new = fresh(1000 * minute + n);
                let new = verifier.verify(&new).now_or_never().expect("nobody waits");
                assert!(known.is_ok() && new.is_ok());
                let forged = verifier.verify(&other).now_or_never().expect("nobody waits");
                assert_eq!(forged.unwrap_err(), Rejection::Signature.into());
            }
            gate.add_permits(1);
        });
        assert!(refused.iter().all(|verified| *verified == Err(UNKNOWN)));
        // Those that come after are refused at once.
        for n in 0..1000 {
            let late = token_of_kid(&issuer, &k1, &format!("late-{minute}-{n}"));
            let verified = verifier.verify(&late).now_or_never().expect("nobody waits");
            assert_eq!(verified, Err(UNKNOWN));
        }
        assert_eq!(issuer.fetches(), 1 + minute);
        clock.advance(MINUTE);
    }
}

/// The first thing that a sandbox ever sees is the flood.
#[tokio::test]
async fn j35_a_flood_at_a_cold_start_is_one_fetch() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    for _ in 0..2 {
        let tokens: Vec<_> =
            (0..500).map(|n| token_of_kid(&issuer, &k1, &format!("random-{n}"))).collect();
        let refused = join_all(tokens.iter().map(|token| verifier.verify(token))).await;
        assert!(refused.iter().all(|verified| *verified == Err(UNKNOWN)));
        verifier.verify(&token(&issuer, &k1)).await.unwrap();
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn j36_a_bad_key_set_never_takes_the_place_of_a_good_one() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let elsewhere = Publisher::start(Answer::keys(&[&Signer::es256("k1")])).await;
    let (verifier, clock) = verifier([issuer.issuer()]);
    let good = token(&issuer, &k1);
    verifier.verify(&good).await.unwrap();

    let redirect = format!("Location: {}/jwks\r\n", elsewhere.url);
    let metadata = "Location: http://169.254.169.254/latest/meta-data\r\n";
    let mut fetches = 1;
    for answer in [
        Answer::ok(&" ".repeat(10 << 20)),
        Answer::ok("<!doctype html><title>Sign in</title>"),
        Answer::of("302 Found", metadata, ""),
        Answer::of("302 Found", &redirect, ""),
        Answer::ok(r#"{"keys":[]}"#),
        Answer::ok(r#"{"keys":[{"kty":"RSA","kid":"k1","n":"AQ","e":"AQAB"}]}"#),
        Answer::Hang(String::new()),
    ] {
        issuer.answers(answer);
        clock.advance(HOUR);
        let kept = verifier.verify(&good).await;
        kept.unwrap();
        fetches += 1;
        assert_eq!(issuer.fetches(), fetches);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn j36_one_malformed_key_is_left_out() {
    let k1 = Signer::es256("k1");
    let odd = [json!({}), json!(7), json!({ "kid": "k0", "kty": "EC", "crv": "P-256", "x": "%" })];
    let keys: Vec<_> = odd.into_iter().chain([k1.jwk()]).collect();
    let issuer = Publisher::start(Answer::ok(&json!({ "keys": keys }).to_string())).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    verifier.verify(&token(&issuer, &k1)).await.unwrap();
    assert_eq!(verifier.verify(&token_of_kid(&issuer, &k1, "k0")).await.unwrap_err(), UNKNOWN);
}

#[tokio::test]
async fn each_issuer_vouches_with_its_own_keys_only() {
    let (k1, other_k1) = (Signer::es256("k1"), Signer::es256("k1"));
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let other = Publisher::start(Answer::keys(&[&other_k1])).await;
    let (verifier, _) = verifier([issuer.issuer(), other.issuer()]);
    for _ in 0..2 {
        let verified = verifier.verify(&token(&issuer, &k1)).await.unwrap();
        assert_eq!(verified.issuer, issuer.url);
        let verified = verifier.verify(&token(&other, &other_k1)).await.unwrap();
        assert_eq!(verified.issuer, other.url);
        for forged in [token(&issuer, &other_k1), token(&other, &k1)] {
            let verified = verifier.verify(&forged).await;
            assert_eq!(verified.unwrap_err(), Rejection::Signature.into());
        }
    }
}

#[tokio::test]
async fn only_accepted_tokens_are_remembered() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    let good = token(&issuer, &k1);
    for bad in ["", "a.b.c", &good[..good.len() - 1], &token(&issuer, &Signer::es256("k1"))] {
        assert!(verifier.verify(bad).await.is_err());
    }
    assert_eq!(verifier.0.accepted.len(), 0);
    let first = verifier.verify(&good).await.unwrap();
    let second = verifier.verify(&good).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(verifier.0.accepted.len(), 1);
    let shown = format!("{verifier:?}");
    assert!(good.split('.').all(|part| !shown.contains(part)), "{shown}");
}

#[tokio::test]
async fn a_token_that_was_accepted_is_known_again_only_to_the_byte() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, _) = verifier([issuer.issuer()]);
    let good = token(&issuer, &k1);
    verifier.verify(&good).await.unwrap();
    // Another signature that is right: it is one more token.
    verifier.verify(&token(&issuer, &k1)).await.unwrap();
    assert_eq!(verifier.0.accepted.len(), 2);
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let shorter = format!("{}{}", &good[..at], &good[at + 1..]);
        for other in [changed, shorter] {
            assert!(verifier.verify(&other).await.is_err(), "{other}");
        }
    }
    for more in [".", "=", "A", ".A"] {
        assert!(verifier.verify(&format!("{good}{more}")).await.is_err(), "{more}");
        assert!(verifier.verify(&format!("{more}{good}")).await.is_err(), "{more}");
    }
    verifier.verify(&good).await.unwrap();
    assert_eq!(verifier.0.accepted.len(), 2);
}

#[tokio::test]
async fn a_token_that_was_accepted_still_expires() {
    let k1 = Signer::es256("k1");
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, clock) = verifier([issuer.issuer()]);
    let mut claims = claims(&issuer);
    claims["exp"] = (NOW + 60).into();
    claims["nbf"] = NOW.into();
    let token = k1.token(&header(&k1).to_string(), &claims.to_string());
    let expired = Unverifiable::from(Rejection::Expired);
    let not_yet = Unverifiable::from(Rejection::NotYet);
    for (at, expected) in [
        (0, Ok(())),
        (59, Ok(())),
        // The leeway of verification, the first time or not.
        (64, Ok(())),
        (65, Err(expired)),
        (3600, Err(expired)),
        // A clock that is set back is believed, too.
        (30, Ok(())),
        (-3600, Err(not_yet)),
    ] {
        clock.set((NOW + at) * 1000);
        assert_eq!(verifier.verify(&token).await.map(|_| ()), expected, "{at}");
    }
}

#[tokio::test]
async fn a_token_that_was_accepted_is_not_when_its_key_is_another_of_the_same_name() {
    let (k1, new_k1) = (Signer::es256("k1"), Signer::es256("k1"));
    let issuer = Publisher::start(Answer::keys(&[&k1])).await;
    let (verifier, clock) = verifier([issuer.issuer()]);
    let token = token(&issuer, &k1);
    verifier.verify(&token).await.unwrap();
    issuer.answers(Answer::keys(&[&new_k1]));
    clock.advance(HOUR);
    assert_eq!(verifier.verify(&token).await.unwrap_err(), Rejection::Signature.into());
}
