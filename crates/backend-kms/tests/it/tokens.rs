//! What is asked of KMS, and the tokens that come of it.

use std::collections::BTreeMap;

use auth::{Issuer, Profile};
use backend_kms::{Error, MAX_MESSAGE};
use insta::assert_snapshot;
use oauth::{AccessToken, Signer as _, Time, Verified};
use serde_json::json;

use crate::server::{ARN, Answer, Server, alias, causes, described};

const ISSUER: &str = "https://mcp.example";
const NOW: Time = Time(1_800_000_000);
/// Made by OpenSSL.
const RSA_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3eZ9jqVKDuQ9+lPiAtgjQN2pdv7GxKAy\
    FVCT1O4BRjH2ydwhYA4uglfzCQCsKWtm7Glm0dIdVtsfN/Qp7Sob+k3cIINZQobKE0C2KBKqtixIpQ1noyjWj8XpFLqpEF\
    0b/6INxBgdoP8B0cG2hdoWvu5YDwiQp7/Gfiy4CJNZfWKkIfT3GScNqPFtUubejk4BIkh5IISs8iYx//MYGZk4CWmCP21o\
    yABkrQ2x6fbyfAYQ9KL8cYgvoEBo0c5AzbpoCAdLkXkuI8D+eebgmApVK6Je8HVC1Doq7VD703Gu8Om3GEL85eRVzP5JGQ\
    I2Do4b+2cHmql0lkm5ZS7Dme3IbQIDAQAB";

fn rsa() -> Answer {
    Answer::Say(200, described(RSA_KEY, "RSA_2048", "SIGN_VERIFY"))
}

#[tokio::test]
async fn a_token_that_kms_signed_is_taken_by_our_resource_server() {
    let server = Server::start().await;
    let ring = server.kms.key_ring(&alias(), &[]).await.unwrap();
    let (client, scopes) = ("c_2yjU0sUuC3".parse().unwrap(), "mcp/invoke".parse().unwrap());
    let token = AccessToken {
        issuer: ISSUER,
        resource: ISSUER,
        subject: "ada",
        client: &client,
        scopes: &scopes,
        grant: None,
        authenticated_at: None,
        tenant: None,
        id: "t-1",
        issued_at: NOW,
        expires_at: Time(NOW.0 + 900),
    };
    let issuer = Issuer {
        url: ISSUER.to_owned(),
        profile: Profile::AccessToken,
        audience: ISSUER.to_owned(),
        clients: Vec::new(),
        jwks_uri: format!("{ISSUER}/oauth/jwks").parse().unwrap(),
        known_keys: None,
        check_grants: false,
        tenant_claim: None,
        tenants: BTreeMap::new(),
        tenant: None,
        scopes: None,
    };
    // Signatures in DER are of several lengths.
    for _ in 0..20 {
        let signed = token.sign(&ring).await.unwrap();
        let verified = Verified::of(&signed, &ring.key_set().unwrap(), &issuer, NOW).unwrap();
        assert_eq!(verified.claims.subject, "ada");
    }
}

#[tokio::test]
async fn a_key_is_looked_up_once_and_then_asked_by_its_arn_for_the_raw_message() {
    let server = Server::start().await;
    assert_eq!(server.asked(), [], "nothing before it is needed");
    let key = server.kms.key(&alias()).await.unwrap();
    key.sign(b"header.claims").await.unwrap();
    server.plan([rsa(), Answer::Say(200, json!({"KeyId": ARN, "Signature": "c2lnbmVk"}))]);
    let rsa = server.kms.key(&ARN.parse().unwrap()).await.unwrap();
    assert_eq!(rsa.sign(b"header.claims").await.unwrap(), b"signed");
    let asked = server.asked().into_iter().map(|(operation, body)| format!("{operation} {body}"));
    assert_snapshot!(asked.collect::<Vec<_>>().join("\n"), @r#"
    GetPublicKey {"KeyId":"alias/tokens"}
    Sign {"KeyId":"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab","Message":"aGVhZGVyLmNsYWltcw==","MessageType":"RAW","SigningAlgorithm":"ECDSA_SHA_256"}
    GetPublicKey {"KeyId":"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
    Sign {"KeyId":"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab","Message":"aGVhZGVyLmNsYWltcw==","MessageType":"RAW","SigningAlgorithm":"RSASSA_PKCS1_V1_5_SHA_256"}
    "#);
}

#[tokio::test]
async fn the_longest_message_is_signed_and_a_longer_one_is_not_sent() {
    let server = Server::start().await;
    let key = server.kms.key(&alias()).await.unwrap();
    assert_eq!(key.sign(&[b'a'; MAX_MESSAGE]).await.unwrap().len(), 64);
    server.asked();
    let err = key.sign(&[b'a'; MAX_MESSAGE + 1]).await.unwrap_err();
    assert_eq!(
        causes(&err),
        "a token could not be signed: a token with 4097 bytes to sign is too long: KMS takes 4096"
    );
    assert_eq!(server.asked(), []);
}

#[tokio::test]
async fn keys_before_and_after_the_active_one_are_published_with_it() {
    let server = Server::start().await;
    let (active, other) = (alias(), "alias/other".parse().unwrap());
    server.plan([Answer::Good, rsa()]);
    let ring = server.kms.key_ring(&active, &[other, active.clone()]).await.unwrap();
    let kids: Vec<_> = ring.published().keys.iter().map(|key| key.kid()).collect();
    assert_eq!(kids, [ring.active(), "BY-bJTOh3EoiqVWTix6vb2sHGMOCuOAB4VZCU0pimuw"]);
    assert_eq!(ring.published().keys[0].algorithm(), "ES256");
    assert_eq!(ring.published().keys[1].algorithm(), "RS256");
    assert!(ring.key_set().is_ok());
}

#[tokio::test]
async fn a_key_that_is_for_something_else_signs_nothing() {
    let server = Server::start().await;
    let p384 = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEiKztXxH89eeQj4hUJO/QPMhcjvgsdVTCyiOR8OBB/TF4n5IMEooe\
        W3UsPyGQmGXzy3komPHstPSv8vY5uwlg4wEhPU6eYW0SCb9sUwy3AR4liDrfmCZ6psmd3oTdrqjk";
    for (info, spec, usage) in [
        (RSA_KEY, "RSA_2048", "ENCRYPT_DECRYPT"),
        (p384, "ECC_NIST_P384", "SIGN_VERIFY"),
        ("AAAA", "ML_DSA_44", "SIGN_VERIFY"),
    ] {
        server.plan([Answer::Say(200, described(info, spec, usage))]);
        let err = server.kms.key(&alias()).await.unwrap_err();
        assert!(matches!(err, Error::WrongKind { .. }));
        let told = format!(
            "alias/tokens signs no tokens: it is {spec} for {usage}, not RSA or ECC_NIST_P256 for \
             SIGN_VERIFY"
        );
        assert_eq!(causes(&err), told);
    }
}
