use std::error::Error as _;

use super::*;
use crate::publisher::{Answer, Publisher};
use crate::signer::Signer;

const TOO_BIG: &str = "there is no answer: the answer is bigger than 65536 bytes";

async fn fetch(publisher: &Publisher) -> Result<KeySet, FetchError> {
    Fetcher::new().get(&publisher.issuer().jwks_uri).await
}

#[tokio::test]
async fn a_key_set_is_one_get() {
    let signer = Signer::es256("k1");
    let publisher = Publisher::start(Answer::keys(&[&signer])).await;
    let keys = fetch(&publisher).await.unwrap();
    assert!(keys.get("k1").is_some());
    let host = publisher.url.strip_prefix("http://").unwrap();
    assert_eq!(
        publisher.requests(),
        [format!("GET /jwks HTTP/1.1\r\naccept: application/json\r\nhost: {host}\r\n\r\n")]
    );
}

/// Whatever else an answer is, it is an error that says what, and there is no second request.
#[tokio::test]
async fn j36_an_answer_that_is_no_key_set_is_an_error() {
    let elsewhere = Publisher::start(Answer::keys(&[&Signer::es256("k1")])).await;
    let there = format!("Location: {}/jwks\r\n", elsewhere.url);
    let metadata = "Location: http://169.254.169.254/latest/meta-data\r\n";
    let keys = crate::publisher::jwks(&[&Signer::es256("k1")]);
    let ten_megabytes = " ".repeat(10 << 20);
    let padded = |length: usize| format!("{keys}{}", " ".repeat(length - keys.len()));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{ten_megabytes}");
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{keys}");
    let html = "<!doctype html><title>Sign in</title>";
    for (answer, expected) in [
        (Answer::of("301 Moved", &there, &keys), "the answer is 301 Moved Permanently"),
        (Answer::of("302 Found", metadata, &keys), "the answer is 302 Found"),
        (Answer::of("307 Temporary", metadata, &keys), "the answer is 307 Temporary Redirect"),
        (Answer::of("308 Permanent", &there, &keys), "the answer is 308 Permanent Redirect"),
        (Answer::of("500 Oh", "", &keys), "the answer is 500 Internal Server Error"),
        (Answer::of("201 Created", "", &keys), "the answer is 201 Created"),
        (Answer::of("404 No", "", ""), "the answer is 404 Not Found"),
        (Answer::ok(&ten_megabytes), TOO_BIG),
        (Answer::ok(&padded(MAX_BYTES + 1)), TOO_BIG),
        (Answer::Say(endless), TOO_BIG),
        (Answer::Say(cut), "there is no answer: the connection broke"),
        (
            Answer::of("200 OK", "Content-Type: text/html\r\n", html),
            "the answer is of no use: not a key set",
        ),
        (Answer::ok(""), "the answer is of no use: not a key set"),
        (Answer::ok(r#"{"keys":[]}"#), "the answer is of no use: a key set without a usable key"),
        (
            Answer::ok(r#"{"keys":[{"kty":"oct","k":"AAAA","kid":"k1"}]}"#),
            "the answer is of no use: a key set without a usable key",
        ),
        (Answer::Say("SSH-2.0-OpenSSH\r\n".to_owned()), "there is no answer: the connection broke"),
        (Answer::Say(String::new()), "there is no answer: the connection broke"),
    ] {
        let publisher = Publisher::start(answer).await;
        let err = fetch(&publisher).await.unwrap_err();
        let cause = err.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        assert_eq!(format!("{err}{cause}"), expected);
        assert_eq!(publisher.fetches(), 1, "{expected}");
    }
    assert_eq!(elsewhere.connections(), 0, "no redirect is followed");

    let publisher = Publisher::start(Answer::ok(&padded(MAX_BYTES))).await;
    fetch(&publisher).await.expect("64 KiB are not too many");
}

/// 60 seconds or for ever: the server has said nothing, half a head or half a body when time runs on.
#[tokio::test]
async fn j36_a_slow_answer_is_given_up() {
    for said in
        ["", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"]
    {
        let publisher = Publisher::start(Answer::Hang(said.to_owned())).await;
        let err = fetch(&publisher).await.unwrap_err();
        assert!(matches!(err, FetchError::TimedOut), "{said:?}: {err:?}");
        assert_eq!(publisher.fetches(), 1, "{said:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_with_its_cause() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    drop(listener);
    let err = Fetcher::new().get(&url.parse().unwrap()).await.unwrap_err();
    assert!(matches!(err, FetchError::NoAnswer(_)), "{err:?}");
    assert!(err.source().is_some());
}

#[tokio::test]
async fn https_is_not_spoken_to_in_the_clear() {
    let publisher = Publisher::start(Answer::keys(&[&Signer::es256("k1")])).await;
    let uri = publisher.url.replace("http://", "https://").parse().unwrap();
    let fetcher = Fetcher::new();
    // The server waits for a line that never comes.
    let (err, ()) = tokio::join!(fetcher.get(&uri), async {
        while publisher.connections() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::pause();
    });
    assert!(err.is_err());
    assert_eq!(publisher.fetches(), 0);
}
