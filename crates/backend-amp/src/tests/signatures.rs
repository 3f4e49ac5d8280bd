//! What is signed is what is sent, as an independent implementation sees it.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use bytes::Bytes;
use http::Request;
use proptest::prelude::*;
use scratchstack_aws_signature::principal::User;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS,
    SignatureOptions, service_for_signing_key_fn, sigv4_validate_request,
};
use service_kit::clock::{ManualClock, from_unix_ms};
use sigv4::{Kept, Signer};

use super::server::{Reply, Server};
use super::{NOTHING, NOW_MS, SECRET, UP, aws, credentials, default_target, soon};
use crate::query::ApiCall;
use crate::{
    BoxError, Error, InstantQuery, LabelName, LabelValues, MaxSamples, Prometheus, Settings, Target,
};

async fn signing_key(asked: GetSigningKeyRequest) -> Result<GetSigningKeyResponse, BoxError> {
    assert_eq!(asked.access_key(), "AKIDEXAMPLE");
    let secret: KSecretKey = SECRET.parse()?;
    let key = secret.to_ksigning(asked.request_date(), asked.region(), asked.service());
    let user = User::new("aws", "123456789012", "/", "tests")?;
    let mut response = GetSigningKeyResponse::builder();
    Ok(response.principal(user).signing_key(key).build()?)
}

async fn verify(request: Request<Bytes>) -> Result<(), BoxError> {
    let mut keys = service_for_signing_key_fn(signing_key);
    sigv4_validate_request(
        request,
        "us-east-1",
        "aps",
        &mut keys,
        "2026-10-14T17:46:40Z".parse()?,
        &NO_ADDITIONAL_SIGNED_HEADERS,
        SignatureOptions::default(),
    )
    .await?;
    Ok(())
}

async fn signed_at(url: &str) -> (Prometheus, Target) {
    let settings =
        Settings { url: Some(url.parse().unwrap()), sigv4: Some(true), ..Settings::default() };
    let (prometheus, _) = aws(settings, url);
    let target = default_target(&prometheus).await.unwrap();
    (prometheus, target)
}

#[tokio::test]
async fn what_arrives_is_what_was_signed() {
    let server = Server::start(|_, _| Reply::ok(NOTHING)).await;
    let url = format!("{}/workspaces/ws-1", server.url);
    let (prometheus, target) = signed_at(&url).await;
    let query =
        r#"label_replace(up{instance=~"http://.*", a="b c+d%20é"},"x","${1}","job","(.*)")"#;
    let query = InstantQuery { query, time_ms: Some(NOW_MS) };
    prometheus.query(&target, &query, soon()).await.unwrap();
    let values = LabelValues {
        label: &LabelName::metric(),
        matchers: &[r#"{a="b c+d%20é&match[]=x"}"#, "{z=\"~*'()!\"}"],
        start_ms: Some(0),
        end_ms: None,
    };
    prometheus.label_values(&target, &values, soon()).await.unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.headers()["x-amz-security-token"], "session");
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.contains("x-amz-security-token"), "{authorization}");
        verify(request.clone()).await.unwrap();

        let (parts, body) = request.into_parts();
        let tampered = [&body[..], b"&query=1"].concat();
        assert!(verify(Request::from_parts(parts, tampered.into())).await.is_err());
    }
}

#[tokio::test]
async fn each_try_is_signed_anew() {
    let server = Server::start(|_, before| match before {
        0 => Reply::of(503, ""),
        _ => Reply::ok(NOTHING),
    })
    .await;
    let (prometheus, target) = signed_at(&server.url).await;
    prometheus.query(&target, &UP, soon()).await.unwrap();
    for request in server.requests() {
        verify(request).await.unwrap();
    }
}

async fn signed(call: &ApiCall, base: &str) -> Request<Bytes> {
    let credentials = Kept::new(credentials(), Arc::new(ManualClock::new(NOW_MS)));
    let signer = Signer::new(credentials, "aps");
    let request = call.request(&base.parse().unwrap()).unwrap();
    let mut request = signer.sign(request, "us-east-1").await.unwrap();
    // hyper adds it on the way out.
    let host = request.uri().authority().unwrap().as_str().to_owned();
    request.headers_mut().insert("host", host.parse().unwrap());
    request
}

proptest! {
    #[test]
    fn any_question_verifies(text: String, port in 1024_u16..) {
        let base = format!("https://a.example:{port}/workspaces/ws-1");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let query = InstantQuery { query: &text, time_ms: None };
            let limits = MaxSamples { warning: Some(1), error: Some(2) };
            verify(signed(&query.call(limits), &base).await).await.unwrap();
            let values = LabelValues {
                label: &LabelName::metric(),
                matchers: &[&text, "up"],
                start_ms: None,
                end_ms: None,
            };
            verify(signed(&values.call(), &base).await).await.unwrap();
        });
    }
}

/// Gives credentials that are good for an hour, and counts.
#[derive(Debug, Default)]
struct Counting(Arc<AtomicUsize>);

impl ProvideCredentials for Counting {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        self.0.fetch_add(1, Ordering::Relaxed);
        let expiry = from_unix_ms(NOW_MS) + Duration::from_secs(3600);
        Provided::ready(Ok(Credentials::new("A", "s", None, Some(expiry), "tests")))
    }
}

#[derive(Debug)]
struct Broken;

impl ProvideCredentials for Broken {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::ready(Err(CredentialsError::not_loaded("no keys here")))
    }
}

#[tokio::test]
async fn credentials_are_kept_until_they_expire_or_are_refused() {
    let server = Server::start(|_, before| match before {
        2 => Reply::with(403, &[("x-amzn-errortype", "ExpiredTokenException")], "{}"),
        _ => Reply::ok(NOTHING),
    })
    .await;
    let settings = Settings {
        url: Some(server.url.parse().unwrap()),
        sigv4: Some(true),
        region: Some("us-east-1".parse().unwrap()),
        ..Settings::default()
    };
    let loads = Arc::new(AtomicUsize::new(0));
    let provider = SharedCredentialsProvider::new(Counting(loads.clone()));
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let prometheus = Prometheus::new(settings, Some(provider), clock.clone());
    let target = default_target(&prometheus).await.unwrap();

    for (minutes, refused, expected) in [
        (0, false, 1),
        (54, false, 1),
        // The server refuses these, so the next are new.
        (54, true, 1),
        (54, false, 2),
        // Five minutes before they expire.
        (55, false, 3),
    ] {
        clock.set(NOW_MS + minutes * 60_000);
        let answer = prometheus.query(&target, &UP, soon()).await;
        assert_eq!(answer.is_err(), refused, "{minutes}");
        assert_eq!(loads.load(Ordering::Relaxed), expected, "{minutes}");
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_loaded_are_named_on_both_planes() {
    let server = Server::start(|_, _| Reply::ok(NOTHING)).await;
    let settings = Settings {
        url: Some(server.url.parse().unwrap()),
        sigv4: Some(true),
        region: Some("us-east-1".parse().unwrap()),
        control_plane_endpoint: Some(server.url.clone()),
        ..Settings::default()
    };
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let provider = SharedCredentialsProvider::new(Broken);
    let prometheus = Prometheus::new(settings, Some(provider), clock);
    let target = default_target(&prometheus).await.unwrap();
    let data = prometheus.query(&target, &UP, soon()).await.map(|_| ());
    let control = prometheus.workspaces(None, soon()).await.map(|_| ());
    for result in [data, control] {
        let err = result.unwrap_err();
        assert!(matches!(err, Error::Credentials { .. }), "{err:?}");
        // The provider's own words are for the log.
        assert_eq!(err.to_string(), "no usable AWS credentials: none could be loaded");
        let mut cause = err.source();
        while let Some(next) = cause.and_then(|cause| cause.source()) {
            cause = Some(next);
        }
        assert_eq!(cause.unwrap().to_string(), "no keys here", "{err:?}");
    }
    assert!(server.requests().is_empty());
}
