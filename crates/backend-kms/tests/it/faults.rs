//! KMS that refuses, throttles, breaks, or says nothing.

use std::time::Duration;

use backend_kms::Error;
use oauth::Signer as _;
use serde_json::json;
use tokio::time::Instant;

use crate::server::{ARN, Answer, Server, alias, causes, exception};

#[tokio::test]
async fn what_passes_is_tried_again() {
    let server = Server::start().await;
    for answer in [
        exception(400, "ThrottlingException"),
        exception(500, "KMSInternalException"),
        exception(503, "DependencyTimeoutException"),
        exception(500, "KeyUnavailableException"),
        Answer::Cut,
    ] {
        server.plan([answer.clone(), Answer::Good, answer.clone(), answer.clone()]);
        let key = server.kms.key(&alias()).await.unwrap();
        assert_eq!(key.sign(b"header.claims").await.unwrap().len(), 64, "{answer:?}");
        assert_eq!(server.asked().len(), 5, "{answer:?}");
    }
}

#[tokio::test]
async fn what_lasts_is_an_error_after_three_tries() {
    let server = Server::start().await;
    let key = server.kms.key(&alias()).await.unwrap();
    server.asked();
    for (answer, cause) in [
        (exception(400, "ThrottlingException"), "the words of ThrottlingException"),
        (exception(500, "KMSInternalException"), "the words of KMSInternalException"),
        (Answer::Cut, "dispatch failure"),
    ] {
        server.plan(std::iter::repeat_n(answer.clone(), 20));
        let err = key.sign(b"header.claims").await.unwrap_err();
        assert_eq!(server.asked().len(), 3, "{answer:?}");
        let told = causes(&err);
        let ours = "a token could not be signed: KMS does not do kms:Sign on alias/tokens: ";
        assert!(told.starts_with(ours) && told.contains(cause), "{told}");
        let err = server.kms.key(&alias()).await.unwrap_err();
        assert!(matches!(err, Error::Unavailable { action: "kms:GetPublicKey", .. }), "{err:?}");
        server.asked();
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_waited_out_for_five_seconds() {
    let server = Server::start().await;
    server.plan(std::iter::repeat_n(Answer::Silence, 20));
    let started = Instant::now();
    let err = server.kms.key(&alias()).await.unwrap_err();
    assert!(matches!(err, Error::Unavailable { .. }), "{err:?}");
    assert!(started.elapsed() <= Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_denial_names_the_action_and_the_key_and_keeps_the_words_of_aws() {
    let server = Server::start().await;
    let key = server.kms.key(&alias()).await.unwrap();
    server.asked();
    let denied = exception(400, "AccessDeniedException");
    server.plan([denied.clone(), denied]);
    let signing = key.sign(b"header.claims").await.unwrap_err();
    let reading = server.kms.key_ring(&alias(), &[]).await.unwrap_err();
    assert_eq!(server.asked().len(), 2, "another try is denied too");
    assert!(matches!(reading, Error::Denied { action: "kms:GetPublicKey", .. }));
    insta::assert_snapshot!(format!("{}\n{}", causes(&signing), causes(&reading)), @r#"
    a token could not be signed: kms:Sign on alias/tokens is needed: service error: unhandled error (AccessDeniedException): Error { code: "AccessDeniedException", message: "the words of AccessDeniedException" }
    kms:GetPublicKey on alias/tokens is needed: service error: unhandled error (AccessDeniedException): Error { code: "AccessDeniedException", message: "the words of AccessDeniedException" }
    "#);
}

#[tokio::test]
async fn a_key_that_is_gone_is_asked_once_and_named() {
    let server = Server::start().await;
    let key = server.kms.key(&alias()).await.unwrap();
    server.asked();
    for name in ["NotFoundException", "DisabledException", "KMSInvalidStateException"] {
        server.plan([exception(400, name), exception(400, name)]);
        let err = key.sign(b"header.claims").await.unwrap_err();
        let told = causes(&err);
        let ours = "a token could not be signed: alias/tokens cannot be used: ";
        assert!(told.starts_with(ours) && told.contains(&format!("the words of {name}")), "{told}");
        let err = server.kms.key(&alias()).await.unwrap_err();
        assert!(matches!(err, Error::Unusable { .. }), "{err:?}");
        assert_eq!(server.asked().len(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_published_is_not_left_out() {
    let server = Server::start().await;
    server.plan([Answer::Good, exception(400, "NotFoundException")]);
    let retiring = "alias/retiring".parse().unwrap();
    let err = server.kms.key_ring(&alias(), &[retiring]).await.unwrap_err();
    assert_eq!(err.to_string(), "alias/retiring cannot be used");
}

#[tokio::test]
async fn a_reply_that_makes_no_sense_is_an_error() {
    let server = Server::start().await;
    let key = server.kms.key(&alias()).await.unwrap();
    for (reply, what) in [
        (json!({"KeyId": ARN}), "no signature"),
        (json!({"KeyId": ARN, "Signature": "AAAA"}), "no signature in DER"),
    ] {
        server.plan([Answer::Say(200, reply)]);
        let told = causes(&key.sign(b"header.claims").await.unwrap_err());
        let ours = "a token could not be signed: unexpected reply of KMS on alias/tokens: ";
        assert_eq!(told, format!("{ours}{what}"));
    }
    server.plan([Answer::Say(200, json!({"KeyId": ARN}))]);
    let err = server.kms.key(&alias()).await.unwrap_err();
    assert_eq!(err.to_string(), "unexpected reply of KMS on alias/tokens: no public key");
}
