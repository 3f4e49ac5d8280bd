//! Against the local STS, and against servers that are not well.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use local_aws::LocalAws;
use service_kit::clock::{ManualClock, from_unix_ms};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::{Error, Settings, Sts};

/// 2026-11-20T12:00:00Z
const NOW_MS: i64 = 1_795_176_000_000;
const ROLE: &str = "arn:aws:iam::000000000000:role/tenants";

async fn local() -> LocalAws {
    let clock = Arc::new(ManualClock::new(NOW_MS));
    LocalAws::start(local_aws::Config { clock, ..Default::default() }).await.unwrap()
}

fn sts(endpoint: String, role: &str, secret: &str) -> Sts {
    let own = local_aws::sigv4::Credentials::default();
    let credentials = Credentials::new(own.access_key_id, secret, None, None, "tests");
    let settings = Settings {
        role: role.parse().unwrap(),
        region: "us-east-1".to_owned(),
        endpoint: Some(endpoint),
    };
    let https = https::Client::new(https::Settings::default());
    let provider = SharedCredentialsProvider::new(credentials);
    Sts::new(settings, https, provider, Arc::new(ManualClock::new(NOW_MS)))
}

fn secret() -> String {
    local_aws::sigv4::Credentials::default().secret_access_key
}

#[tokio::test]
async fn a_session_lasts_an_hour_and_each_is_new() {
    let aws = local().await;
    let sts = sts(aws.base_url(), ROLE, &secret());
    let longest = "a".repeat(63);
    let mut keys = Vec::new();
    for tenant in ["acme", "acme", "7", &longest] {
        let session = sts.credentials_of(tenant).provide_credentials().await.unwrap();
        assert_eq!(session.expiry(), Some(from_unix_ms(NOW_MS) + Duration::from_secs(3600)));
        assert!(session.session_token().is_some());
        keys.push(session.access_key_id().to_owned());
    }
    keys.dedup();
    assert_eq!(keys.len(), 4);
}

#[tokio::test]
async fn the_action_and_the_role_that_are_missing_are_named() {
    let aws = local().await;
    let elsewhere = "arn:aws:iam::123456789012:role/tenants";
    let mut told = String::new();
    for (role, secret, tenant) in [
        (elsewhere, secret(), "acme"),
        (ROLE, "wrong".to_owned(), "acme"),
        (ROLE, secret(), "a&b"),
        (ROLE, secret(), &"a".repeat(64)),
    ] {
        let err = sts(aws.base_url(), role, &secret).assume(tenant).await.unwrap_err();
        told += &format!("{}: {err}\n", err.kind());
        let err = CredentialsError::from(err);
        assert!(matches!(err, CredentialsError::InvalidConfiguration(_)), "{err:?}");
    }
    insta::assert_snapshot!(told, @r"
    denied: sts:AssumeRole and sts:TagSession on arn:aws:iam::123456789012:role/tenants are needed: User: arn:aws:iam::000000000000:user/local is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/tenants
    rejected: arn:aws:iam::000000000000:role/tenants cannot be assumed: SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.
    rejected: arn:aws:iam::000000000000:role/tenants cannot be assumed: ValidationError: 1 validation error detected: Value '@a&b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]{2,64}
    rejected: arn:aws:iam::000000000000:role/tenants cannot be assumed: ValidationError: 1 validation error detected: Value '@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]{2,64}
    ");
}

/// A server that says this to everyone.
async fn saying(answer: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_may_not() {
    let gone = "http://127.0.0.1:1".to_owned();
    let down = saying("HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\n\r\n").await;
    let page = saying("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>").await;
    let odd = saying("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").await;
    let throttled = saying(
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 82\r\n\r\n\
         <ErrorResponse><Error><Code>Throttling</Code><Message>x</Message></Error></ErrorResponse>",
    )
    .await;
    for (url, kind) in [
        (gone, "unavailable"),
        (down, "unavailable"),
        (throttled, "unavailable"),
        (page, "unexpected_reply"),
        (odd, "unexpected_reply"),
    ] {
        let err = sts(url, ROLE, "s").assume("acme").await.unwrap_err();
        assert_eq!(err.kind(), kind, "{err}");
        let passes = matches!(CredentialsError::from(err), CredentialsError::ProviderError(_));
        assert_eq!(passes, kind == "unavailable");
    }
}

#[tokio::test]
async fn no_secret_is_shown() {
    let sts = sts("http://127.0.0.1:1".to_owned(), ROLE, "hunter2");
    let err: Error = sts.assume("acme").await.unwrap_err();
    let provider = sts.credentials_of("acme");
    let shown = format!("{sts:?} {provider:?} {err:?} {err}");
    assert!(shown.contains(ROLE) && !shown.contains("hunter2"), "{shown}");
}
