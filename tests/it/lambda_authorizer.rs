//! The authorizer's real binary behind each front door, with the tokens and the key set of a local Cognito.

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use local_aws::cognito::{Fault, Mint};
use local_aws::{Config, LocalAws};
use serde_json::{Value, json};
use tests::binary;
use tests::emulator::{AuthorizerSettings, Emulator, Front, Mode, Settings};

use crate::lambda::{DOORS, send};

/// A pool, and the authorizer that takes the tokens of one of its clients.
struct Site {
    aws: LocalAws,
    authorizer: AuthorizerSettings,
}

impl Site {
    async fn new() -> Self {
        let aws = LocalAws::start(Config::default()).await.unwrap();
        let issuers = json!([{
            "issuer": aws.cognito().issuer(), "profile": "cognito", "clients": ["agent"],
            "jwks_uri": aws.cognito().jwks_uri(), "tenants": {"agent": "acme"},
        }]);
        let authorizer = AuthorizerSettings::new(binary::build("fn-authorizer").unwrap())
            .with_env("MCP_RESOURCE", "https://mcp.example.com/mcp")
            .with_env("AUTH_ISSUERS", issuers.to_string());
        Self { aws, authorizer }
    }

    async fn before_a_probe(&self, front: Front, mode: Mode) -> Emulator {
        let settings = Settings::new(env!("CARGO_BIN_EXE_probe-function"), front, mode);
        Emulator::start(settings.with_authorizer(self.authorizer.clone())).await.unwrap()
    }

    async fn token(&self, mint: Mint) -> String {
        self.aws.cognito().mint(&mint).await.unwrap()
    }
}

fn agent() -> Mint {
    Mint::access("agent").with_scopes(["prometheus-mcp-server/read"])
}

/// Status and JSON of the answer to a request with this token.
async fn ask(emulator: &Emulator, route: &str, token: Option<&str>) -> (StatusCode, Value) {
    let (method, path) = route.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path).header("host", "mcp.example.com");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = send(emulator, request.body(Full::default()).unwrap()).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn z01_z03_z06_a_token_opens_the_routes_of_mcp_and_a_bad_one_is_a_401() {
    let site = Site::new().await;
    let good = site.token(agent()).await;
    for (front, mode) in DOORS {
        let emulator = site.before_a_probe(front, mode).await;
        for bad in [
            site.token(agent().with_lifetime_s(-30)).await,
            site.token(Mint::access("stranger").with_scopes(["mcp/invoke"])).await,
            site.token(Mint::id("agent", "ada")).await,
            format!("{good}x"),
            "x".to_owned(),
        ] {
            assert_eq!(ask(&emulator, "POST /mcp", Some(&bad)).await.0, 401, "{front:?}");
        }
        assert_eq!(ask(&emulator, "POST /mcp", None).await.0, 401, "{front:?}");
        assert!(!emulator.log().contains("probe started"), "{front:?}: the function ran");

        // The first answer is kept, and opens all of these routes.
        for route in
            ["POST /mcp", "GET /mcp", "DELETE /mcp", "GET /tools", "POST /tools/ExecuteQuery"]
        {
            let (status, seen) = ask(&emulator, route, Some(&good)).await;
            assert_eq!(status, 200, "{front:?} {mode:?} {route}: {}", emulator.log());
            let context = &seen["context"]["authorizer"];
            let context = if front == Front::HttpV2 { &context["lambda"] } else { context };
            assert_eq!(
                (&context["tenantId"], &context["clientId"]),
                (&"acme".into(), &"agent".into())
            );
        }
        for route in ["DELETE /tools", "DELETE /clients/x", "GET /admin", "PUT /mcp"] {
            assert_eq!(ask(&emulator, route, Some(&good)).await.0, 403, "{front:?} {route}");
        }
        let log = emulator.log();
        assert!(log.contains(r#""decision":"allow""#) && log.contains("it is expired"), "{log}");
        assert!(!log.contains(good.split('.').nth(1).unwrap()), "the log has a token: {log}");
    }
}

#[tokio::test]
async fn z02_j34_keys_that_cannot_be_had_are_a_500_until_they_can() {
    let site = Site::new().await;
    let token = site.token(agent()).await;
    site.aws.cognito().set_fault(Some(Fault::Status(StatusCode::SERVICE_UNAVAILABLE)));
    let emulator = site.before_a_probe(Front::RestV1, Mode::Buffered).await;
    assert_eq!(ask(&emulator, "POST /mcp", Some(&token)).await.0, 500, "{}", emulator.log());
    site.aws.cognito().set_fault(None);
    // A process that has just failed to fetch waits; another one is asked with another.
    let emulator = site.before_a_probe(Front::RestV1, Mode::Buffered).await;
    assert_eq!(ask(&emulator, "POST /mcp", Some(&token)).await.0, 200, "{}", emulator.log());
}

#[tokio::test]
async fn z13_an_http_api_that_wants_a_simple_answer_gets_one() {
    let mut site = Site::new().await;
    let token = site.token(agent()).await;
    site.authorizer.simple_responses = true;
    site.authorizer = site.authorizer.clone().with_env("AUTHORIZER_RESPONSE", "simple");
    let emulator = site.before_a_probe(Front::HttpV2, Mode::Buffered).await;
    let (status, seen) = ask(&emulator, "POST /mcp", Some(&token)).await;
    assert_eq!(status, 200, "{}", emulator.log());
    assert_eq!(
        seen["context"]["authorizer"]["lambda"]["sub"],
        seen["context"]["authorizer"]["lambda"]["clientId"]
    );
    assert_eq!(ask(&emulator, "POST /mcp", Some("x")).await.0, 401);
}
