use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderName;
use proptest::prelude::*;
use serde_json::{Value, json};
use service_kit::clock::ManualClock;

use super::*;
use crate::caller::CallerKind;
use crate::key_set::KeySet;
use crate::profile::{Issuer, Profile};
use crate::signer::Signer;

/// When it is, in seconds since 1970.
const NOW: i64 = 1_795_191_000;
const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
const SIGV4: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/eu-west-1/execute-api/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature=00";

/// An issuer's key, and what takes its tokens; without `known` nobody can have the key.
fn issued(known: bool) -> (Signer, Verifier) {
    let signer = Signer::es256("k1");
    let keys = json!({ "keys": [signer.jwk()] }).to_string();
    let issuer = Issuer {
        url: "https://as.example.com".to_owned(),
        profile: Profile::AccessToken,
        audience: "https://mcp.example.com/mcp".to_owned(),
        clients: vec![],
        // Nothing listens there.
        jwks_uri: "http://127.0.0.1:1/jwks".parse().unwrap(),
        known_keys: known.then(|| KeySet::parse(keys.as_bytes()).unwrap()),
        tenant_claim: None,
        tenants: BTreeMap::new(),
        tenant: None,
        scopes: None,
        check_grants: false,
    };
    (signer, Verifier::new(vec![issuer], Arc::new(ManualClock::new(NOW * 1000))))
}

fn token(signer: &Signer) -> String {
    let claims = json!({
        "iss": "https://as.example.com", "aud": "https://mcp.example.com/mcp", "sub": "ada",
        "client_id": "c1", "scope": "cases/read", "iat": NOW - 60, "exp": NOW + 600,
    });
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k1" });
    signer.token(&header.to_string(), &claims.to_string())
}

fn principals() -> IamAccess {
    IamAccess { scopes: Registry::PROJECT.all(), tenants: BTreeMap::new() }
}

/// The doors of the modes `jwt`, `iam` and `jwt+iam`, and a token that the first and the last take.
fn doors() -> ([Door; 3], String) {
    let (signer, tokens) = issued(true);
    let door = |tokens, principals| Door::new(tokens, principals, Registry::PROJECT);
    let doors = [
        door(Some(tokens.clone()), None),
        door(None, Some(principals())),
        door(Some(tokens), Some(principals())),
    ];
    (doors, token(&signer))
}

fn headers(values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
}

/// The context of a request that a principal signed.
fn signed() -> Value {
    json!({ "identity": {
        "accessKey": "ASIAEXAMPLE", "accountId": "123456789012", "caller": "AROAEXAMPLE:s",
        "user": "AROAEXAMPLE:s", "userArn": "arn:aws:sts::123456789012:assumed-role/agent/s",
        "cognitoIdentityId": null, "sourceIp": "203.0.113.10",
    } })
}

/// Status, challenge and body, for a door of tokens.
fn told(refusal: &Refusal) -> String {
    let response = refusal.response(Some(METADATA), &"mcp/invoke".parse().unwrap());
    let header = response.headers().get(header::WWW_AUTHENTICATE);
    let header = header.map_or("", |header| header.to_str().unwrap());
    format!("{} {header} {}", response.status().as_u16(), response.body())
}

const BARE: &str = "401 Bearer resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\", \
                    scope=\"mcp/invoke\" {\"error\":\"unauthorized\"}";

#[tokio::test]
async fn a_token_or_a_signature_is_let_in_where_it_counts() {
    let ([jwt, iam, both], token) = doors();
    let bearer = headers(&[&format!("Bearer {token}")]);
    let context = signed().to_string();
    for door in [&jwt, &both] {
        let caller = door.admit(&bearer, None, None).await.unwrap();
        assert_eq!((caller.subject.as_str(), caller.kind), ("ada", CallerKind::Person));
        assert_eq!(caller.scopes.to_string(), "cases/read mcp/invoke");
    }
    for door in [&iam, &both] {
        let caller = door.admit(&headers(&[SIGV4]), None, Some(context.as_bytes())).await.unwrap();
        assert_eq!(caller.kind, CallerKind::Iam);
    }
    assert_eq!(iam.admit(&bearer, None, None).await, Err(Refusal::Missing));
    // Where no token counts, one more header makes no difference.
    let caller = iam.admit(&bearer, None, Some(context.as_bytes())).await.unwrap();
    assert_eq!(caller.kind, CallerKind::Iam);
}

#[tokio::test]
async fn j25_a_signature_and_a_token_are_two_sets_of_credentials() {
    let ([.., both], token) = doors();
    let context = signed().to_string();
    let good = format!("Bearer {token}");
    for values in [&[good.as_str()][..], &["Bearer x"], &["Bearer"], &[SIGV4, &good]] {
        let admitted = both.admit(&headers(values), None, Some(context.as_bytes())).await;
        assert_eq!(admitted, Err(Refusal::InvalidRequest), "{} values", values.len());
    }
    for values in [&[][..], &[SIGV4], &["Basic dXNlcjpwYXNz"]] {
        let caller = both.admit(&headers(values), None, Some(context.as_bytes())).await.unwrap();
        assert_eq!(caller.kind, CallerKind::Iam);
    }
}

#[tokio::test]
async fn j01_without_credentials_the_challenge_is_bare() {
    let ([jwt, _, both], _) = doors();
    for door in [jwt, both] {
        let refusal = door.admit(&HeaderMap::new(), None, Some(b"{}")).await.unwrap_err();
        assert_eq!(told(&refusal), BARE);
    }
}

#[tokio::test]
async fn j03_credentials_of_another_kind_are_none() {
    let ([jwt, _, both], token) = doors();
    for value in ["Basic dXNlcjpwYXNz", "Digest username=\"a\"", SIGV4, &token, "Bearerx y"] {
        for door in [&jwt, &both] {
            let refusal = door.admit(&headers(&[value]), None, None).await.unwrap_err();
            assert_eq!(told(&refusal), BARE, "{value}");
        }
    }
}

#[tokio::test]
async fn j25_two_sets_of_credentials_are_a_bad_request_whichever_is_good() {
    let ([jwt, ..], token) = doors();
    let good = format!("Bearer {token}");
    for values in [
        &[good.as_str(), "Bearer x"][..],
        &["Bearer x", &good],
        &[&good, &good],
        &["Basic dXNlcjpwYXNz", &good],
        &[&format!("{good}, Bearer x")],
        &[&format!("Bearer x,{good}")],
    ] {
        let refusal = jwt.admit(&headers(values), None, None).await.unwrap_err();
        assert_eq!(refusal, Refusal::InvalidRequest, "{} values", values.len());
        assert!(told(&refusal).starts_with("400 Bearer error=\"invalid_request\""));
    }
}

#[tokio::test]
async fn j26_a_token_in_the_query_is_none_and_beside_another_one_too_many() {
    let ([jwt, ..], token) = doors();
    let query = format!("access_token={token}");
    let refusal = jwt.admit(&HeaderMap::new(), Some(&query), None).await.unwrap_err();
    assert_eq!(told(&refusal), BARE);
    let bearer = headers(&[&format!("Bearer {token}")]);
    for query in [query.as_str(), "a=b&access_token=x", "access_token"] {
        let refusal = jwt.admit(&bearer, Some(query), None).await.unwrap_err();
        assert_eq!(refusal, Refusal::InvalidRequest);
    }
    assert!(jwt.admit(&bearer, Some("a=access_token"), None).await.is_ok());
}

#[tokio::test]
async fn j34_keys_that_cannot_be_had_are_a_503_and_no_verdict() {
    let (signer, tokens) = issued(false);
    let door = Door::new(Some(tokens), None, Registry::PROJECT);
    let bearer = headers(&[&format!("Bearer {}", token(&signer))]);
    let refusal = door.admit(&bearer, None, None).await.unwrap_err();
    let response = refusal.response(Some(METADATA), &Scopes::default());
    assert_eq!(response.status(), 503);
    assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    let seconds: u64 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=3600).contains(&seconds), "{seconds}");
    assert_eq!(*response.body(), r#"{"error":"temporarily_unavailable"}"#);
}

#[tokio::test]
async fn j39_where_signatures_count_there_is_no_bearer_challenge() {
    let ([_, iam, _], token) = doors();
    // API Gateway answers 403 to all of them; one that comes here has gone around it.
    let bearer = format!("Bearer {token}");
    for values in [&[][..], &[SIGV4], &[bearer.as_str()], &[SIGV4, SIGV4]] {
        let refusal = iam.admit(&headers(values), None, Some(b"{}")).await.unwrap_err();
        let response = refusal.response(None, &Scopes::default());
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "AWS4-HMAC-SHA256");
        assert_eq!(*response.body(), r#"{"error":"unauthorized"}"#);
    }
}

#[tokio::test]
async fn j40_a_forged_context_lets_nobody_in() {
    let ([jwt, iam, both], _) = doors();
    let authorizer = json!({ "authorizer": {
        "principalId": "admin", "sub": "admin", "scope": "mcp/invoke", "tenantId": "acme",
        "claims": { "sub": "admin" }, "iam": signed()["identity"],
    } });
    let spoofed =
        ["x-amzn-oidc-identity", "x-amzn-requestid", "x-amz-user-arn", "x-forwarded-user"];
    let spoofed = spoofed.map(|name| (HeaderName::from_static(name), "admin".parse().unwrap()));
    let spoofed = HeaderMap::from_iter(spoofed);
    for door in [&jwt, &iam, &both] {
        let context = authorizer.to_string();
        let admitted = door.admit(&spoofed, None, Some(context.as_bytes())).await;
        assert_eq!(admitted, Err(Refusal::Missing));
    }
    // An identity is believed only where signatures count.
    let context = signed().to_string();
    let admitted = jwt.admit(&spoofed, None, Some(context.as_bytes())).await;
    assert_eq!(admitted, Err(Refusal::Missing));
}

#[tokio::test]
async fn j41_a_refusal_tells_the_caller_nothing_of_what_was_wrong() {
    let ([jwt, ..], good) = doors();
    let (stranger, _) = issued(true);
    let (foreign, cut) = (token(&stranger), &good[..good.len() - 3]);
    let mut all = Vec::new();
    for token in [&foreign, cut, "a.b.c", "x", ""] {
        let bearer = headers(&[&format!("Bearer {token}")]);
        let refusal = jwt.admit(&bearer, None, None).await.unwrap_err();
        let (shown, debug) = (told(&refusal), format!("{refusal:?} {refusal}"));
        assert!(token.len() < 9 || !format!("{shown}{debug}").contains(token), "{shown} {debug}");
        all.push(shown);
    }
    all.dedup();
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0].starts_with("401 Bearer error=\"invalid_token\""), "{}", all[0]);
}

proptest! {
    #[test]
    fn x13_no_header_query_or_context_panics_or_lets_anybody_in(
        values in proptest::collection::vec("(Bearer )?[ -~]{0,60}|\\PC{0,20}", 0..3),
        query in proptest::option::of("\\PC{0,30}|access_token=[a-z.]{0,9}"),
        context in "\\PC{0,60}|\\{\"identity\":\\{\"userArn\":\"[a-z:]{0,20}\"\\}\\}",
    ) {
        let values = values.iter().filter_map(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
        let headers: HeaderMap = values.map(|value| (header::AUTHORIZATION, value)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for door in doors().0 {
            let admitted = door.admit(&headers, query.as_deref(), Some(context.as_bytes()));
            let refusal = runtime.block_on(admitted).unwrap_err();
            let status = refusal.response(Some(METADATA), &Scopes::default()).status();
            prop_assert!(status.is_client_error(), "{}", status);
        }
    }
}
