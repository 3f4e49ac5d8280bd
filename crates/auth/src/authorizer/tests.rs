use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use service_kit::clock::ManualClock;

use super::*;
use crate::key_set::KeySet;
use crate::profile::{Issuer, Profile};
use crate::signer::Signer;
use crate::verify::Rejection;

const REST: &str = include_str!("fixtures/rest-v1.json");
const REST_BASE64: &str = include_str!("fixtures/rest-v1-base64.json");
const REST_MULTI: &str = include_str!("fixtures/rest-v1-multi-value-only.json");
const HTTP: &str = include_str!("fixtures/http-v2.json");
const HTTP_V1: &str = include_str!("fixtures/http-v1.json");
const ALB: &str = include_str!("fixtures/alb.json");
const TOKEN: &str = include_str!("fixtures/token.json");

/// When it is, in seconds since 1970.
const NOW: i64 = 1_795_191_000;

/// An issuer with one key, known beforehand, and an authorizer that takes its tokens.
struct Issued {
    signer: Signer,
    clock: Arc<ManualClock>,
    tokens: Verifier,
    authorizer: Authorizer,
}

impl Issued {
    fn new(format: ResponseFormat) -> Self {
        let signer = Signer::es256("k1");
        let keys = json!({ "keys": [signer.jwk()] }).to_string();
        let issuer = Issuer {
            url: "https://as.example.com".to_owned(),
            profile: Profile::AccessToken,
            audience: "https://mcp.example.com/mcp".to_owned(),
            clients: vec![],
            // Nothing listens there: who needs more keys than are known cannot have them.
            jwks_uri: "http://127.0.0.1:1/jwks".parse().unwrap(),
            known_keys: Some(KeySet::parse(keys.as_bytes()).unwrap()),
            tenant_claim: Some("tenant".to_owned()),
            tenants: BTreeMap::new(),
            tenant: None,
            scopes: None,
            check_grants: false,
        };
        let clock = Arc::new(ManualClock::new(NOW * 1000));
        let tokens = Verifier::new(vec![issuer], clock.clone());
        let authorizer = Authorizer::new(tokens.clone(), Registry::PROJECT, format);
        Self { signer, clock, tokens, authorizer }
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({
            "iss": "https://as.example.com", "aud": "https://mcp.example.com/mcp",
            "sub": "ada", "client_id": "c1", "scope": "prometheus-mcp-server/read",
            "tenant": "acme", "jti": "jti-1", "iat": NOW - 60, "exp": NOW + 600,
        });
        change(&mut claims);
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k1" });
        self.signer.token(&header.to_string(), &claims.to_string())
    }

    /// The answer to `event` with `token` in it.
    async fn decide(&self, event: &str, token: &str) -> Result<Value, AuthorizerError> {
        let event = event.replace("TOKEN\"", &format!("{token}\""));
        let allowed = self.authorizer.decide(event.as_bytes()).await?;
        Ok(serde_json::from_slice(&allowed.response).unwrap())
    }
}

fn resources(policy: &Value) -> Vec<&str> {
    let resources = policy["policyDocument"]["Statement"][0]["Resource"].as_array().unwrap();
    resources.iter().map(|resource| resource.as_str().unwrap()).collect()
}

#[track_caller]
fn unauthorized(answer: Result<Value, AuthorizerError>) {
    // Byte for byte what API Gateway answers 401 to.
    assert_eq!(answer.unwrap_err().to_string(), "Unauthorized");
}

#[tokio::test]
async fn z11_every_form_of_event_is_understood() {
    let issued = Issued::new(ResponseFormat::Iam);
    let token = issued.token(|_| ());
    for (event, first) in [
        (REST, "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/mcp"),
        (REST_BASE64, "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/mcp"),
        (REST_MULTI, "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/mcp"),
        (HTTP, "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/$default/POST/mcp"),
        (HTTP_V1, "arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3d4e5/$default/POST/mcp"),
    ] {
        let policy = issued.decide(event, &token).await.unwrap();
        assert_eq!(resources(&policy)[0], first);
        assert_eq!(policy["principalId"], "ada");
        assert_eq!(policy["context"]["tenantId"], "acme");
    }
}

#[tokio::test]
async fn z11_the_header_is_found_in_whatever_letters() {
    let issued = Issued::new(ResponseFormat::Iam);
    let token = issued.token(|_| ());
    for name in ["Authorization", "authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"] {
        let event = REST_BASE64.replace("Authorization", name);
        assert!(issued.decide(&event, &token).await.is_ok(), "{name}");
    }
    let scheme = REST.replace("Bearer", "bEARER");
    assert!(issued.decide(&scheme, &token).await.is_ok());
    let escaped = REST_BASE64.replace("Bearer ", "Bearer\\u0020");
    assert!(issued.decide(&escaped, &token).await.is_ok());
}

#[tokio::test]
async fn z11_an_event_of_something_else_or_with_pieces_missing_is_unauthorized() {
    let issued = Issued::new(ResponseFormat::Iam);
    let token = issued.token(|_| ());
    let arn =
        "\"methodArn\": \"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/mcp\",";
    let method_arn = "\"methodArn\": \"arn:aws:lambda:eu-west-1:123456789012:function:f\",";
    let no_headers =
        r#"{"type":"REQUEST","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1/p/GET/x"}"#;
    for event in [
        ALB,
        TOKEN,
        no_headers,
        "",
        "null",
        "[]",
        "{}",
        "{",
        "\u{0}",
        &REST.replace(arn, ""),
        &REST.replace(arn, method_arn),
        &REST.replace("\"REQUEST\"", "7"),
        &REST_BASE64.replace("\"Bearer TOKEN\"", "7"),
        &REST_BASE64.replace("\"Bearer TOKEN\"", "null"),
        &REST_BASE64.replace("\"Bearer TOKEN\"", "[]"),
        &REST_BASE64.replace("\"Bearer TOKEN\"", "{}"),
        &REST_BASE64.replace("Bearer TOKEN", "Bearer TOKEN\\n"),
        &REST_BASE64.replace("Bearer TOKEN", "Bearer TOKEN\\u0000"),
        &REST_BASE64.replace("\"Authorization\"", "\"X-Authorization\""),
        &HTTP.replace("routeArn", "methodArn"),
    ] {
        let answer = issued.decide(event, &token).await;
        assert_eq!(answer.unwrap_err().to_string(), "Unauthorized", "{event}");
    }
}

#[tokio::test]
async fn z01_z03_a_bad_token_is_unauthorized_and_nobody_is_denied() {
    let issued = Issued::new(ResponseFormat::Iam);
    let simple = Issued::new(ResponseFormat::Simple);
    for change in [
        |claims: &mut Value| claims["exp"] = json!(NOW - 30),
        |claims: &mut Value| claims["aud"] = json!("https://other.example.com/mcp"),
        |claims: &mut Value| claims["iss"] = json!("https://evil.example.com"),
        |claims: &mut Value| claims["sub"] = json!(7),
        |claims: &mut Value| claims["tenant"] = json!("no tenant"),
    ] {
        let (one, other) = (issued.token(change), simple.token(change));
        for event in [REST, HTTP, HTTP_V1] {
            unauthorized(issued.decide(event, &one).await);
            unauthorized(simple.decide(event, &other).await);
        }
    }
    // Of another issuer's key, of no scheme, of no form.
    let foreign = simple.token(|_| ());
    for token in [foreign.as_str(), "", "a.b.c", "TOKEN", &"x".repeat(9000)] {
        unauthorized(issued.decide(REST, token).await);
    }
    for scheme in ["Basic", "Digest", "AWS4-HMAC-SHA256", "Bearer "] {
        let event = REST.replace("Bearer ", &format!("{scheme} "));
        unauthorized(issued.decide(&event, &issued.token(|_| ())).await);
    }
}

#[tokio::test]
async fn j02_z03_a_request_without_a_token_is_unauthorized_and_never_denied() {
    let issued = Issued::new(ResponseFormat::Simple);
    for event in [REST, HTTP, HTTP_V1] {
        let mut event: Value = serde_json::from_str(event).unwrap();
        event["headers"] = json!({});
        event["multiValueHeaders"] = Value::Null;
        unauthorized(issued.decide(&event.to_string(), "").await);
    }
}

#[tokio::test]
async fn z02_keys_that_cannot_be_had_are_a_failure_and_no_verdict() {
    let issuer = Issuer {
        url: "https://as.example.com".to_owned(),
        profile: Profile::AccessToken,
        audience: "https://mcp.example.com/mcp".to_owned(),
        clients: vec![],
        jwks_uri: "http://127.0.0.1:1/jwks".parse().unwrap(),
        known_keys: None,
        tenant_claim: None,
        tenants: BTreeMap::new(),
        tenant: None,
        scopes: None,
        check_grants: false,
    };
    let tokens = Verifier::new(vec![issuer], Arc::new(ManualClock::new(NOW * 1000)));
    let cold = Authorizer::new(tokens, Registry::PROJECT, ResponseFormat::Iam);
    let token = Issued::new(ResponseFormat::Iam).token(|_| ());
    let err = cold.decide(REST.replace("TOKEN", &token).as_bytes()).await.unwrap_err();
    assert!(matches!(err, AuthorizerError::Unavailable), "{err:?}");
    assert_ne!(err.to_string(), "Unauthorized");
}

#[tokio::test]
async fn j25_two_sets_of_credentials_are_unauthorized_whichever_is_good() {
    let issued = Issued::new(ResponseFormat::Iam);
    let token = issued.token(|_| ());
    for event in [
        REST.replace("[\"Bearer TOKEN\"]", "[\"Bearer TOKEN\", \"Bearer x\"]"),
        REST.replace("[\"Bearer TOKEN\"]", "[\"Bearer x\", \"Bearer TOKEN\"]"),
        REST.replace("[\"Bearer TOKEN\"]", "[\"Bearer TOKEN\", \"Bearer TOKEN\"]"),
        REST.replace("\"Accept\": [", "\"authorization\": [\"Bearer TOKEN\"], \"Accept\": ["),
        HTTP.replace(
            "\"Bearer TOKEN\",\n    \"content",
            "\"Bearer x, Bearer TOKEN\",\n    \"content",
        ),
        HTTP.replace(
            "\"Bearer TOKEN\",\n    \"content",
            "\"Bearer TOKEN,Bearer x\",\n    \"content",
        ),
        HTTP.replace("\"accept\":", "\"Authorization\": \"Bearer TOKEN\", \"accept\":"),
    ] {
        unauthorized(issued.decide(&event, &token).await);
    }
}

#[tokio::test]
async fn j26_a_token_in_the_query_counts_for_nothing() {
    let issued = Issued::new(ResponseFormat::Iam);
    let token = issued.token(|_| ());
    let query = format!("\"queryStringParameters\": {{\"access_token\": \"{token}\"}}");
    let event = REST.replace("Bearer TOKEN", "").replace("\"queryStringParameters\": {}", &query);
    unauthorized(issued.decide(&event, "").await);
}

#[tokio::test]
async fn j40_what_an_event_says_of_its_caller_counts_for_nothing() {
    let issued = Issued::new(ResponseFormat::Iam);
    let mut event: Value = serde_json::from_str(REST).unwrap();
    event["headers"] = json!({ "x-amzn-oidc-identity": "admin" });
    event["multiValueHeaders"] = Value::Null;
    event["requestContext"]["authorizer"] =
        json!({ "principalId": "admin", "scope": "mcp/invoke" });
    event["requestContext"]["identity"] = json!({
        "accessKey": "ASIAEXAMPLE", "accountId": "123456789012", "caller": "c", "user": "u",
        "userArn": "arn:aws:iam::123456789012:user/admin"
    });
    unauthorized(issued.decide(&event.to_string(), "").await);
}

#[tokio::test]
async fn z13_an_http_api_gets_the_answer_it_is_set_to_and_a_rest_api_always_a_policy() {
    let issued = Issued::new(ResponseFormat::Simple);
    let token = issued.token(|_| ());
    let simple = issued.decide(HTTP, &token).await.unwrap();
    insta::assert_json_snapshot!(simple, @r#"
    {
      "isAuthorized": true,
      "context": {
        "sub": "ada",
        "clientId": "c1",
        "tenantId": "acme",
        "scope": "mcp/invoke prometheus-mcp-server/read",
        "issuer": "https://as.example.com",
        "tokenId": "jti-1"
      }
    }
    "#);
    for event in [REST, HTTP_V1] {
        let policy = issued.decide(event, &token).await.unwrap();
        assert!(policy.get("isAuthorized").is_none());
        assert_eq!(policy["policyDocument"]["Statement"][0]["Effect"], "Allow");
    }
    // `false` would be a 403; the answer is a 401.
    unauthorized(issued.decide(HTTP, "a.b.c").await);
}

#[tokio::test]
async fn z07_the_answer_follows_from_the_header_and_the_stage_alone() {
    let issued = Issued::new(ResponseFormat::Iam);
    let acme = issued.token(|_| ());
    let blue = issued.token(|claims| claims["tenant"] = json!("blue"));
    let kept = issued.decide(REST, &acme).await.unwrap();
    let mut event: Value = serde_json::from_str(REST).unwrap();
    for (name, value) in [("x-tenant-id", "blue"), ("x-amz-tenant-id", "blue"), ("Host", "blue")] {
        event["headers"][name] = json!(value);
        event["multiValueHeaders"][name] = json!([value]);
    }
    event["path"] = json!("/blue/mcp");
    event["queryStringParameters"] = json!({ "tenant": "blue" });
    assert_eq!(issued.decide(&event.to_string(), &acme).await.unwrap(), kept);
    let other = issued.decide(REST, &blue).await.unwrap();
    assert_eq!(
        (&kept["context"]["tenantId"], &other["context"]["tenantId"]),
        (&json!("acme"), &json!("blue"))
    );
}

#[tokio::test]
async fn z08_a_kept_policy_does_not_outlive_the_token_at_the_function() {
    let issued = Issued::new(ResponseFormat::Iam);
    let token = issued.token(|claims| claims["exp"] = json!(NOW + 30));
    let function = Door::new(Some(issued.tokens.clone()), None, Registry::PROJECT);
    let headers = [(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())];
    let headers = HeaderMap::from_iter(headers);
    assert!(issued.decide(REST, &token).await.is_ok());
    assert!(function.admit(&headers, None, None).await.is_ok());
    // API Gateway would not ask the authorizer again before 300 seconds are over.
    issued.clock.advance(Duration::from_secs(60));
    let refused = function.admit(&headers, None, None).await;
    assert_eq!(refused, Err(Refusal::InvalidToken(Some(Rejection::Expired))));
    unauthorized(issued.decide(REST, &token).await);
}

#[tokio::test]
async fn j21_a_token_without_a_scope_gets_as_far_as_the_function() {
    let issued = Issued::new(ResponseFormat::Iam);
    for scope in [json!(null), json!(""), json!(["mcp/invoke"]), json!("other")] {
        let token = issued.token(|claims| claims["scope"] = scope.clone());
        let policy = issued.decide(REST, &token).await.unwrap();
        assert_eq!(
            resources(&policy),
            ["arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/mcp"],
            "{scope}"
        );
    }
}

#[tokio::test]
async fn j41_no_error_tells_the_token_or_what_is_wrong_with_it_to_the_caller() {
    let issued = Issued::new(ResponseFormat::Iam);
    let token = issued.token(|claims| claims["exp"] = json!(NOW - 30));
    let err = issued.decide(REST, &token).await.unwrap_err();
    let told = format!("{err:?}");
    for part in token.split('.') {
        assert!(!told.contains(part), "{told}");
    }
    assert_eq!(err.to_string(), "Unauthorized");
}

proptest! {
    #[test]
    fn z11_no_event_panics(
        json in "\\PC{0,80}",
        value in "(Bearer )?[ -~]{0,40}|\\PC{0,20}",
        (name, other) in ("[Aa]uthorization", "\\PC{0,12}"),
        arn in "arn:aws:execute-api:[a-z0-9-]{1,9}:[0-9]{12}:[a-z0-9]{1,9}/[a-z]{1,5}/.{0,12}|\\PC*",
        version in proptest::option::of("1\\.0|2\\.0|\\PC{0,3}"),
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let issued = Issued::new(ResponseFormat::Simple);
        let event = json!({
            "type": "REQUEST", "version": version, "methodArn": arn, "routeArn": arn,
            "headers": { name.as_str(): value, other.as_str(): [value, 7, null] },
            "multiValueHeaders": { other.as_str(): { "x": value } },
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for event in [json.as_bytes(), event.to_string().as_bytes(), &bytes] {
            let answer = runtime.block_on(issued.authorizer.decide(event));
            prop_assert_eq!(answer.unwrap_err().to_string(), "Unauthorized");
        }
    }
}
