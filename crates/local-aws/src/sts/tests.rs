use axum::Router;
use axum::routing::post;
use std::time::Duration;

use aws_credential_types::Credentials as SdkCredentials;
use aws_sdk_sts::config::{
    BehaviorVersion, Region, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_sts::error::ProvideErrorMetadata as _;
use aws_sdk_sts::types::Tag;
use axum::body::Body;
use http::{StatusCode, header};
use service_kit::clock::{ManualClock, SystemClock};
use tower::ServiceExt as _;

use super::*;
use crate::amp::{self, Amp, Status, Workspace};
use crate::in_process;
use crate::sample::SampleMetrics;
use crate::sigv4::tests::{NOW, Signer, signed};
use crate::sigv4::{Credentials, Keyring};

const ROLE: &str = "arn:aws:iam::000000000000:role/tenants/reader";
const URL: &str = "http://127.0.0.1:4566";

/// STS and AMP with the same keys. `ws-acme` and `ws-other` belong to tenants, `ws-shared` to none.
fn aws(clock: Arc<dyn Clock>) -> (Router, Keyring) {
    let keys = Keyring::from(Credentials::default());
    let verifier =
        |service| Verifier { keys: keys.clone(), region: "eu-west-1".to_owned(), service };
    let workspace = |id: &str, tenant: Option<&str>| Workspace {
        id: id.to_owned(),
        alias: None,
        status: Status::Active,
        tenant: tenant.map(str::to_owned),
    };
    let amp = Amp {
        base_url: URL.to_owned(),
        verifier: verifier("aps"),
        workspaces: vec![
            workspace("ws-acme", Some("acme")),
            workspace("ws-other", Some("other")),
            workspace("ws-shared", None),
        ],
        metrics: SampleMetrics::new(),
        clock: Arc::clone(&clock),
    };
    let sts = Sts { verifier: verifier("sts"), clock };
    let sts = Arc::new(sts);
    let answer = move |request| {
        let sts = Arc::clone(&sts);
        async move { sts.answer(request).await }
    };
    (amp::router(Arc::new(amp)).route("/", post(answer)), keys)
}

/// Sends a form that is signed for STS.
async fn send(form: &str) -> (StatusCode, String) {
    let (aws, _) = aws(Arc::new(ManualClock::new(NOW)));
    let request = signed(&Signer::of("sts"), "POST", "/", form.as_bytes());
    answer_of(aws, http::Request::from_parts(request, Body::from(form.to_owned()))).await
}

async fn answer_of(aws: Router, request: http::Request<Body>) -> (StatusCode, String) {
    let (parts, body) = aws.oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, String::from_utf8(body.to_vec()).unwrap())
}

/// The content of the first element with this name.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).expect(name);
    rest.split_once(&format!("</{name}>")).expect(name).0
}

fn assume(more: &str) -> String {
    format!("Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=s-1{more}")
}

#[tokio::test]
async fn a_session_has_credentials_an_identity_and_an_end() {
    let (status, xml) = send(&assume("&DurationSeconds=900")).await;
    assert_eq!(status, 200, "{xml}");
    let arn = "arn:aws:sts::000000000000:assumed-role/reader/s-1";
    assert_eq!(element(&xml, "Arn"), arn);
    let id = element(&xml, "AssumedRoleId");
    assert!(id.starts_with("AROA") && id.ends_with(":s-1"), "{id}");
    assert_eq!(id.len(), 21 + ":s-1".len());
    assert_eq!(element(&xml, "Expiration"), "2026-11-18T11:21:40Z");
    assert_eq!(element(&xml, "AccessKeyId").len(), 20);
    assert_eq!(element(&xml, "SecretAccessKey").len(), 40);
    assert!(xml.starts_with(
        r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>"#
    ));
    let (_, other) = send(&assume("")).await;
    assert_eq!(element(&other, "Expiration"), "2026-11-18T12:06:40Z");
    assert_ne!(element(&other, "AccessKeyId"), element(&xml, "AccessKeyId"));
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_in_words_of_aws() {
    let tags = |count: usize| -> String {
        (1..=count).map(|n| format!("&Tags.member.{n}.Key=k{n}&Tags.member.{n}.Value=v")).collect()
    };
    for (form, code, text) in [
        (assume("&DurationSeconds=899"), "ValidationError", "greater than or equal to 900"),
        (assume("&DurationSeconds=3601"), "ValidationError", "exceeds the MaxSessionDuration"),
        (assume("&DurationSeconds=x"), "ValidationError", "must be an integer"),
        (assume("&RoleSessionName=a%20b"), "ValidationError", "'roleSessionName'"),
        (assume("&RoleSessionName=a"), "ValidationError", "'roleSessionName'"),
        (assume("&RoleArn=reader"), "ValidationError", "reader is invalid"),
        (
            assume("&RoleArn=arn:aws:iam::111111111111:role/reader"),
            "AccessDenied",
            "User: arn:aws:iam::000000000000:user/local is not authorized to perform: \
             sts:AssumeRole on resource: arn:aws:iam::111111111111:role/reader",
        ),
        (assume("&Policy=%7B%7D"), "ValidationError", "does not know Policy"),
        (assume("&Tags.member.x.Key=a"), "ValidationError", "does not know Tags.member.x.Key"),
        (assume("&Tags.member.1.Value=a"), "ValidationError", "'tags.1.member'"),
        (
            assume("&Tags.member.1.Key=tenant_id&Tags.member.1.Value=a%3Cb"),
            "ValidationError",
            "Value 'tenant_id=a&lt;b' at 'tags.1.member'",
        ),
        (
            assume("&Tags.member.1.Key=a&Tags.member.2.Key=A"),
            "ValidationError",
            "Duplicate tag keys found",
        ),
        (assume(&tags(51)), "ValidationError", "'tags'"),
        ("Action=GetUser&Version=2011-06-15".to_owned(), "InvalidAction", "operation GetUser"),
        ("Action=AssumeRole&Version=1".to_owned(), "InvalidAction", "for version 1"),
        (String::new(), "InvalidAction", "Could not find"),
    ] {
        let (status, xml) = send(&form).await;
        assert!(status.is_client_error(), "{form}: {xml}");
        assert_eq!(element(&xml, "Code"), code, "{form}");
        assert!(element(&xml, "Message").contains(text), "{form}: {xml}");
    }
    assert_eq!(send(&assume(&tags(50))).await.0, 200);
}

#[tokio::test]
async fn a_signature_for_another_service_or_none_gives_no_session() {
    let form = assume("");
    let (aws, _) = aws(Arc::new(ManualClock::new(NOW)));
    let request = signed(&Signer::of("aps"), "POST", "/", form.as_bytes());
    let request = http::Request::from_parts(request, Body::from(form.clone()));
    let (status, xml) = answer_of(aws.clone(), request).await;
    assert_eq!((status.as_u16(), element(&xml, "Code")), (403, "SignatureDoesNotMatch"));
    let request = http::Request::post("/").header(header::HOST, "x").body(Body::from(form));
    let (status, xml) = answer_of(aws, request.unwrap()).await;
    assert_eq!((status.as_u16(), element(&xml, "Code")), (403, "MissingAuthenticationToken"));
}

/// The SDK of STS, which takes the time from the system.
fn sts_client(aws: &Router) -> aws_sdk_sts::Client {
    let Credentials { access_key_id, secret_access_key, .. } = Credentials::default();
    let credentials = SdkCredentials::new(access_key_id, secret_access_key, None, None, "test");
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(URL)
        .credentials_provider(credentials)
        .http_client(in_process::http_client(aws.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    aws_sdk_sts::Client::from_conf(config.build())
}

#[tokio::test]
async fn the_sdk_assumes_a_role_and_understands_a_refusal() {
    let (aws, _) = aws(Arc::new(SystemClock));
    let sts = sts_client(&aws);
    let tag = Tag::builder().key("tenant_id").value("acme & söhne".replace('&', "+")).build();
    let assumed = sts.assume_role().role_arn(ROLE).role_session_name("s-1").tags(tag.unwrap());
    let answer = assumed.clone().duration_seconds(900).send().await.unwrap();
    let credentials = answer.credentials.unwrap();
    assert!(credentials.access_key_id.starts_with("ASIA"));
    let now_s = SystemClock.unix_ms() / 1_000;
    assert!((now_s..=now_s + 900).contains(&credentials.expiration.secs()));
    let user = answer.assumed_role_user.unwrap();
    assert_eq!(user.arn, "arn:aws:sts::000000000000:assumed-role/reader/s-1");

    let refused = assumed.duration_seconds(60).send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ValidationError"));
    let message = refused.message().unwrap();
    assert!(message.ends_with("Member must have value greater than or equal to 900"), "{message}");
}

/// A session of this tenant, and a client of AMP that signs with it at [`NOW`].
async fn session(aws: &Router, tenant: &str) -> Signer {
    let form = assume(&format!("&Tags.member.1.Key=tenant_id&Tags.member.1.Value={tenant}"));
    let request = signed(&Signer::of("sts"), "POST", "/", form.as_bytes());
    let request = http::Request::from_parts(request, Body::from(form));
    let (_, xml) = answer_of(aws.clone(), request).await;
    let credentials = Credentials {
        access_key_id: element(&xml, "AccessKeyId").to_owned(),
        secret_access_key: element(&xml, "SecretAccessKey").to_owned(),
        session_token: Some(element(&xml, "SessionToken").to_owned()),
    };
    Signer { credentials, ..Signer::of("aps") }
}

async fn get(aws: &Router, client: &Signer, target: &str) -> (StatusCode, String) {
    let request = signed(client, "GET", target, b"");
    answer_of(aws.clone(), http::Request::from_parts(request, Body::empty())).await
}

#[tokio::test]
async fn a_session_of_a_tenant_sees_its_own_workspaces_and_those_of_nobody() {
    let (aws, _) = aws(Arc::new(ManualClock::new(NOW)));
    let acme = session(&aws, "acme").await;
    let (status, listed) = get(&aws, &acme, "/workspaces").await;
    assert_eq!(status, 200, "{listed}");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let ids = |listed: &serde_json::Value| -> Vec<String> {
        let all = listed["workspaces"].as_array().unwrap().iter();
        all.map(|w| w["workspaceId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&listed), ["ws-acme", "ws-shared"]);
    assert_eq!(listed["workspaces"][0]["tags"]["tenant_id"], "acme");

    let query = "/api/v1/query?query=up";
    for (target, action) in [
        ("/workspaces/ws-other".to_owned(), "aps:DescribeWorkspace"),
        (format!("/workspaces/ws-other{query}"), "aps:QueryMetrics"),
        ("/workspaces/ws-other/api/v1/labels".to_owned(), "aps:GetLabels"),
        ("/workspaces/ws-other/api/v1/label/job/values".to_owned(), "aps:GetLabels"),
        ("/workspaces/ws-other/api/v1/series?match%5B%5D=up".to_owned(), "aps:GetSeries"),
        ("/workspaces/ws-other/api/v1/metadata".to_owned(), "aps:GetMetricMetadata"),
    ] {
        let (status, body) = get(&aws, &acme, &target).await;
        let message = format!(
            "User: arn:aws:sts::000000000000:assumed-role/reader/s-1 is not authorized to \
             perform: {action} on resource: \
             arn:aws:aps:eu-west-1:000000000000:workspace/ws-other because no identity-based \
             policy allows the {action} action"
        );
        assert_eq!(status, 403, "{target}");
        assert_eq!(body, serde_json::json!({"message": message}).to_string());
    }
    for id in ["ws-acme", "ws-shared"] {
        let (status, body) = get(&aws, &acme, &format!("/workspaces/{id}{query}")).await;
        assert_eq!(status, 200, "{id}: {body}");
    }
    // The user of the account is bound to no tenant.
    let (_, listed) = get(&aws, &Signer::of("aps"), "/workspaces").await;
    assert_eq!(ids(&serde_json::from_str(&listed).unwrap()).len(), 3);
}

#[tokio::test]
async fn a_session_ends_when_it_was_said_to() {
    let clock = Arc::new(ManualClock::new(NOW));
    let (aws, keys) = aws(clock.clone());
    let mut acme = session(&aws, "acme").await;
    assert_eq!(format!("{keys:?}"), "Keyring(2)");
    let hour = Duration::from_secs(3_600);
    clock.advance(hour - Duration::from_millis(1));
    acme.time_ms = clock.unix_ms();
    assert_eq!(get(&aws, &acme, "/workspaces").await.0, 200);
    clock.advance(Duration::from_millis(1));
    let (status, body) = get(&aws, &acme, "/workspaces").await;
    assert_eq!(status, 403);
    assert_eq!(body, r#"{"message":"The security token included in the request is expired"}"#);
}
