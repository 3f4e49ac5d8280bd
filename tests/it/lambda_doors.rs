//! The emulator's doors: authorizers that are functions of their own, IAM, routes and stages.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use local_aws::gateway::{Authorization, IdentitySource, Signers};
use local_aws::sigv4::{Credentials, Verifier};
use serde_json::{Value, json};
use service_kit::clock::ManualClock;
use tests::emulator::{AuthorizerSettings, Emulator, Front, Mode, Settings, principal};

use crate::lambda::{DOORS, call, send};

const NOW: i64 = 1_795_191_000_000;

fn settings(front: Front, mode: Mode) -> Settings {
    Settings::new(env!("CARGO_BIN_EXE_probe-function"), front, mode)
}

fn authorizer() -> AuthorizerSettings {
    let program = env!("CARGO_BIN_EXE_probe-authorizer");
    AuthorizerSettings::new(program).with_env("PROBE_TENANT", "blue")
}

/// Status and JSON of a GET with these headers.
async fn get(emulator: &Emulator, path: &str, headers: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut request = Request::get(path).header("host", "mcp.example.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = send(emulator, request.body(Full::default()).unwrap()).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, serde_json::from_slice(&body).unwrap())
}

async fn with_token(emulator: &Emulator, path: &str, token: &str) -> (StatusCode, Value) {
    get(emulator, path, &[("authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn an_authorizer_in_its_own_process_decides_before_the_function_runs() {
    for (front, mode) in DOORS {
        let settings = settings(front, mode).with_authorizer(authorizer());
        let emulator = Emulator::start(settings).await.unwrap();
        let failed = match front {
            Front::RestV1 => json!({"message": null}),
            Front::HttpV2 => json!({"message": "Internal Server Error"}),
        };
        let denied = match front {
            Front::RestV1 => json!({
                "Message": "User is not authorized to access this resource with an explicit deny",
            }),
            Front::HttpV2 => json!({"message": "Forbidden"}),
        };
        let unauthorized = json!({"message": "Unauthorized"});
        assert_eq!(get(&emulator, "/", &[]).await.1, unauthorized);
        for (token, status, body) in [
            ("bad", 401, &unauthorized),
            ("deny", 403, &denied),
            ("broken", 500, &failed),
            ("exit", 500, &failed),
        ] {
            let got = with_token(&emulator, "/", token).await;
            assert_eq!(got, (StatusCode::from_u16(status).unwrap(), body.clone()), "{token}");
        }
        assert!(!emulator.log().contains("probe started"), "{front:?}: the function ran");
        let (status, seen) = with_token(&emulator, "/", "allow").await;
        assert_eq!(status, 200, "{front:?} {mode:?}: {}", emulator.log());
        let authorizer = &seen["context"]["authorizer"];
        match front {
            Front::RestV1 => {
                assert_eq!(authorizer["principalId"], "prober");
                assert_eq!(authorizer["tenantId"], "blue");
            }
            Front::HttpV2 => assert_eq!(authorizer["lambda"]["tenantId"], "blue"),
        }
    }
}

#[tokio::test]
async fn z04_a_policy_for_one_route_refuses_the_next_from_the_cache() {
    for (ttl, second) in [(Duration::from_secs(300), 403), (Duration::ZERO, 200)] {
        for (front, mode) in DOORS {
            // It allows exactly the route that was asked for.
            let settings = settings(front, mode).with_authorizer(authorizer().with_ttl(ttl));
            let emulator = Emulator::start(settings).await.unwrap();
            assert_eq!(with_token(&emulator, "/a", "allow").await.0, 200);
            assert_eq!(with_token(&emulator, "/b", "allow").await.0, second, "{front:?}");
        }
    }
}

#[tokio::test]
async fn a_cached_answer_is_used_until_its_time_is_over() {
    let clock = Arc::new(ManualClock::new(NOW));
    let settings = settings(Front::RestV1, Mode::Buffered).with_authorizer(authorizer());
    // One process of the authorizer counts; it is the only one that is ever needed here.
    let emulator = Emulator::start(Settings { clock: clock.clone(), ..settings }).await.unwrap();
    let mut asked = Vec::new();
    for wait in [0, 299, 1] {
        clock.advance(Duration::from_secs(wait));
        let (status, seen) = with_token(&emulator, "/", "allow").await;
        assert_eq!(status, 200);
        asked.push(seen["context"]["authorizer"]["asked"].clone());
    }
    assert_eq!(asked, ["1", "1", "2"]);
}

#[tokio::test]
async fn routes_may_be_open_and_identity_sources_several() {
    let sources = ["method.request.header.Authorization", "method.request.header.X-Tenant"];
    let sources: Vec<IdentitySource> = sources.iter().map(|it| it.parse().unwrap()).collect();
    let authorizer = AuthorizerSettings { identity_sources: sources, ..authorizer() };
    let settings = settings(Front::RestV1, Mode::Buffered)
        .with_authorizer(authorizer)
        .with_routes(&[("GET /open", Authorization::None), ("GET /closed", Authorization::Custom)]);
    let emulator = Emulator::start(settings).await.unwrap();
    let (status, seen) = get(&emulator, "/open", &[]).await;
    assert_eq!((status, &seen["context"]["authorizer"]), (StatusCode::OK, &Value::Null));
    assert_eq!(with_token(&emulator, "/closed", "allow").await.0, 401);
    let both = [("authorization", "Bearer allow"), ("x-tenant", "blue")];
    assert_eq!(get(&emulator, "/closed", &both).await.0, 200);
    let (status, body) = with_token(&emulator, "/elsewhere", "allow").await;
    assert_eq!((status.as_u16(), &body["message"]), (403, &json!("Missing Authentication Token")));
}

#[tokio::test]
async fn an_http_apis_authorizer_may_answer_simply() {
    let authorizer = AuthorizerSettings { simple_responses: true, ..authorizer() };
    let settings = settings(Front::HttpV2, Mode::Buffered).with_authorizer(authorizer);
    let emulator = Emulator::start(settings).await.unwrap();
    let (status, seen) = with_token(&emulator, "/a", "simple").await;
    assert_eq!(status, 200, "{}", emulator.log());
    assert_eq!(seen["context"]["authorizer"]["lambda"], json!({"tenantId": "blue"}));
}

#[tokio::test]
async fn without_an_authorizer_each_request_is_an_iam_principals() {
    for (front, mode) in DOORS {
        let emulator = Emulator::start(settings(front, mode)).await.unwrap();
        let (status, seen) = get(&emulator, "/", &[]).await;
        assert_eq!((status, &seen["auth_mode"]), (StatusCode::OK, &json!("iam")));
        let context = &seen["context"];
        let arn = match front {
            Front::RestV1 => &context["identity"]["userArn"],
            Front::HttpV2 => &context["authorizer"]["iam"]["userArn"],
        };
        assert_eq!(arn, &principal().arn);
        let other = settings(front, mode).with_env("AUTH_MODE", "jwt");
        let emulator = Emulator::start(other).await.unwrap();
        assert_eq!(get(&emulator, "/", &[]).await.1["auth_mode"], "jwt");
    }
}

#[tokio::test]
async fn an_unsigned_request_is_refused_where_signatures_are_verified() {
    let verifier = Verifier {
        keys: Credentials::default().into(),
        region: "us-east-1".to_owned(),
        service: "execute-api",
    };
    for (front, body) in [
        (Front::RestV1, json!({"message": "Missing Authentication Token"})),
        (Front::HttpV2, json!({"message": "Forbidden"})),
    ] {
        let signers = Some(Signers::Verified(verifier.clone()));
        let settings = Settings { signers, ..settings(front, Mode::Buffered) };
        let emulator = Emulator::start(settings).await.unwrap();
        assert_eq!(get(&emulator, "/", &[]).await, (StatusCode::FORBIDDEN, body));
    }
}

#[tokio::test]
async fn without_a_custom_domain_the_api_is_below_its_stage() {
    for (front, mode) in DOORS {
        let settings = Settings { domain_name: None, ..settings(front, mode) };
        let emulator = Emulator::start(settings).await.unwrap();
        let (status, seen) = get(&emulator, "/prod/mcp?a=1", &[]).await;
        assert_eq!((status, &seen["uri"]), (StatusCode::OK, &json!("/mcp?a=1")));
        let path = match front {
            Front::RestV1 => &seen["context"]["path"],
            Front::HttpV2 => &seen["context"]["http"]["path"],
        };
        assert_eq!(path, "/prod/mcp");
        let outside = if front == Front::RestV1 { 403 } else { 404 };
        assert_eq!(call(&emulator, "GET", "/mcp").await.0, outside);
    }
}
