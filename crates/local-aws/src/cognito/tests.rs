use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, StatusCode, header};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use service_kit::clock::ManualClock;
use tower::ServiceExt as _;

use super::*;

mod sign_in;

const NOW: i64 = 1_795_000_000_000;
const POOL: &str = "/us-east-1_LocalPool1";
const FORM: &str = "application/x-www-form-urlencoded";

/// A pool with the clients `local-client` (`s3cret`) and `acme`, which has a tenant.
fn cognito() -> Arc<Cognito> {
    let local = Client { secret: Some(ClientSecret::new("s3cret")), ..Client::default() };
    let acme = Client {
        id: "acme-client".to_owned(),
        tenant: Some("acme".to_owned()),
        lifetime: Duration::from_secs(300),
        ..local.clone()
    };
    let config = CognitoConfig { clients: vec![local, acme], ..CognitoConfig::default() };
    let clock = Arc::new(ManualClock::new(NOW));
    Arc::new(Cognito::new(config, "http://127.0.0.1:4566".to_owned(), clock).unwrap())
}

async fn send(cognito: &Arc<Cognito>, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let answer = router(Arc::clone(cognito)).oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn get(cognito: &Arc<Cognito>, path: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(format!("{POOL}/.well-known/{path}")).body(Body::empty());
    send(cognito, request.unwrap()).await
}

/// Asks for a token, with Basic authentication when there is a pair.
async fn ask(cognito: &Arc<Cognito>, basic: Option<&str>, form: &str) -> (StatusCode, Value) {
    ask_at("/oauth2/token", cognito, basic, form).await
}

async fn ask_at(
    path: &str,
    cognito: &Arc<Cognito>,
    basic: Option<&str>,
    form: &str,
) -> (StatusCode, Value) {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, FORM);
    if let Some(pair) = basic {
        let pair = format!("Basic {}", BASE64_STANDARD.encode(pair));
        request = request.header(header::AUTHORIZATION, pair);
    }
    let request = request.body(Body::from(form.to_owned())).unwrap();
    let (status, headers, body) = send(cognito, request).await;
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    (status, serde_json::from_str(&body).unwrap())
}

fn part(token: &str, place: usize) -> Value {
    let part = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap();
    serde_json::from_slice(&part).unwrap()
}

async fn keys(cognito: &Arc<Cognito>) -> Vec<Value> {
    let (status, _, body) = get(cognito, "jwks.json").await;
    assert_eq!(status, 200);
    let set: Value = serde_json::from_str(&body).unwrap();
    set["keys"].as_array().unwrap().clone()
}

/// Whether the key that the token names is published and has signed it.
async fn is_verified(cognito: &Arc<Cognito>, token: &str) -> bool {
    let kid = &part(token, 0)["kid"];
    let Some(key) = keys(cognito).await.into_iter().find(|key| key["kid"] == *kid) else {
        return false;
    };
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let number = |name: &str| bytes(key[name].as_str().unwrap());
    let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    let (signed, signature) = token.rsplit_once('.').unwrap();
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &bytes(signature)).is_ok()
}

#[tokio::test]
async fn a_token_has_the_header_and_the_claims_of_cognito_and_the_pools_signature() {
    let cognito = cognito();
    let (status, mut answer) =
        ask(&cognito, Some("local-client:s3cret"), "grant_type=client_credentials").await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap().to_owned();
    answer["access_token"] = "…".into();
    insta::assert_snapshot!(answer, @r#"{"access_token":"…","expires_in":3600,"token_type":"Bearer"}"#);
    assert!(is_verified(&cognito, &token).await);

    let header = part(&token, 0);
    let kid = header["kid"].as_str().unwrap();
    assert_eq!(header.to_string(), format!(r#"{{"kid":"{kid}","alg":"RS256"}}"#));
    let mut claims = part(&token, 1);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
    claims["jti"] = "…".into();
    insta::assert_snapshot!(claims, @r#"{"sub":"local-client","token_use":"access","scope":"mcp/invoke prometheus-mcp-server/read","auth_time":1795000000,"iss":"http://127.0.0.1:4566/us-east-1_LocalPool1","exp":1795003600,"iat":1795000000,"version":2,"jti":"…","client_id":"local-client"}"#);
}

#[tokio::test]
async fn a_client_gets_the_scopes_it_asks_for_its_tenant_its_lifetime_and_a_resource() {
    let cognito = cognito();
    let form = "grant_type=client_credentials&client_id=acme-client&client_secret=s3cret\
                &scope=mcp%2Finvoke+mcp/invoke&resource=https%3A%2F%2Fmcp.example%2Fmcp";
    let (status, answer) = ask(&cognito, None, form).await;
    assert_eq!((status.as_u16(), &answer["expires_in"]), (200, &json!(300)), "{answer}");
    let claims = part(answer["access_token"].as_str().unwrap(), 1);
    for (name, value) in [
        ("scope", json!("mcp/invoke")),
        ("tenant_id", json!("acme")),
        ("exp", json!(1_795_000_300)),
        ("aud", json!("https://mcp.example/mcp")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_in_one_word() {
    let cognito = cognito();
    let grant = "grant_type=client_credentials";
    let good = Some("local-client:s3cret");
    for (basic, form, error) in [
        (good, "".to_owned(), "invalid_request"),
        (good, "grant_type=".to_owned(), "invalid_request"),
        (good, "grant_type=password".to_owned(), "unsupported_grant_type"),
        (good, format!("{grant}&scope=prometheus-mcp-server/write"), "invalid_scope"),
        (good, format!("{grant}&scope=mcp/invoke%20openid"), "invalid_scope"),
        (good, format!("{grant}&scope=a&scope=b"), "invalid_request"),
        (good, format!("{grant}&client_secret=s3cret"), "invalid_request"),
        (good, format!("{grant}&client_id=acme-client"), "invalid_request"),
        (good, format!("{grant}&resource=mcp"), "invalid_request"),
        (good, format!("{grant}&resource=https://a/%23b"), "invalid_request"),
        (Some("local-client:other"), grant.to_owned(), "invalid_client"),
        (Some("nobody:s3cret"), grant.to_owned(), "invalid_client"),
        (Some("local-client"), grant.to_owned(), "invalid_client"),
        (Some(""), grant.to_owned(), "invalid_client"),
        (None, grant.to_owned(), "invalid_request"),
        (None, format!("{grant}&client_id=local-client"), "invalid_client"),
        (None, format!("{grant}&client_id=local-client&client_secret="), "invalid_client"),
    ] {
        let (status, answer) = ask(&cognito, basic, &form).await;
        assert_eq!(answer, json!({"error": error}), "{basic:?} {form}");
        assert_eq!(status, 400);
    }
    // As real clients do: the id in both places, the secret in one.
    assert_eq!(ask(&cognito, good, &format!("{grant}&client_id=local-client")).await.0, 200);

    let json = Request::post("/oauth2/token").header(header::CONTENT_TYPE, "application/json");
    let (status, _, body) = send(&cognito, json.body("{}".into()).unwrap()).await;
    assert_eq!((status.as_u16(), body.as_str()), (400, r#"{"error":"invalid_request"}"#));
}

#[tokio::test]
async fn an_operator_gets_tokens_that_no_client_can_ask_for() {
    let cognito = cognito();
    let operator = Some("local-client:s3cret");
    for (form, claim, expected) in [
        ("", "scope", json!("mcp/invoke prometheus-mcp-server/read")),
        ("scope=a+b", "scope", json!("a b")),
        ("expired=true", "exp", json!(NOW / 1_000 - 60)),
        ("token_use=id", "token_use", json!("id")),
        ("for_client=other", "client_id", json!("other")),
    ] {
        let (status, answer) = ask_at("/local/token", &cognito, operator, form).await;
        assert_eq!(status, 200, "{form}: {answer}");
        let token = answer["access_token"].as_str().unwrap();
        assert!(is_verified(&cognito, token).await, "{form}");
        assert_eq!(part(token, 1)[claim], expected, "{form}");
    }
}

#[tokio::test]
async fn an_operator_has_a_clients_secret() {
    let cognito = cognito();
    let before = keys(&cognito).await.len();
    for (basic, form, error) in [
        (Some("local-client:other"), "", "invalid_client"),
        (None, "client_id=local-client", "invalid_client"),
        (None, "", "invalid_request"),
    ] {
        for path in ["/local/token", "/local/rotate"] {
            let (status, answer) = ask_at(path, &cognito, basic, form).await;
            assert_eq!((status.as_u16(), answer), (400, json!({"error": error})), "{path} {form}");
        }
    }
    assert_eq!(keys(&cognito).await.len(), before);
    let rotate = Request::post("/local/rotate").header(header::CONTENT_TYPE, FORM);
    let form = Body::from("client_id=local-client&client_secret=s3cret");
    assert_eq!(send(&cognito, rotate.body(form).unwrap()).await.0, 204);
    assert_eq!(keys(&cognito).await.len(), before + 1);
}

#[tokio::test]
async fn discovery_tells_what_there_is() {
    let (status, _, body) = get(&cognito(), "openid-configuration").await;
    assert_eq!(status, 200);
    insta::assert_snapshot!(body, @r#"{"authorization_endpoint":"http://127.0.0.1:4566/oauth2/authorize","id_token_signing_alg_values_supported":["RS256"],"issuer":"http://127.0.0.1:4566/us-east-1_LocalPool1","jwks_uri":"http://127.0.0.1:4566/us-east-1_LocalPool1/.well-known/jwks.json","response_types_supported":["code"],"scopes_supported":["openid","email","profile"],"subject_types_supported":["public"],"token_endpoint":"http://127.0.0.1:4566/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"]}"#);
}

#[tokio::test]
async fn tokens_of_both_keys_are_valid_until_the_old_key_is_retired() {
    let cognito = cognito();
    let mint = Mint::access("local-client");
    let old = cognito.mint(&mint).await.unwrap();
    cognito.retire().await.unwrap();
    assert!(is_verified(&cognito, &old).await, "the newest key stays");
    cognito.rotate().await.unwrap();
    let new = cognito.mint(&mint).await.unwrap();
    assert_ne!(part(&old, 0)["kid"], part(&new, 0)["kid"]);
    assert_eq!(keys(&cognito).await.len(), 2);
    assert!(is_verified(&cognito, &old).await && is_verified(&cognito, &new).await);
    cognito.retire().await.unwrap();
    assert_eq!(keys(&cognito).await.len(), 1);
    assert!(!is_verified(&cognito, &old).await && is_verified(&cognito, &new).await);
}

#[tokio::test]
async fn whoever_comes_first_all_wait_for_one_key() {
    let cognito = cognito();
    let asked = (0..8).map(|_| {
        let cognito = Arc::clone(&cognito);
        tokio::spawn(async move { keys(&cognito).await })
    });
    let asked: Vec<_> = asked.collect();
    let mut first = None;
    for keys in asked {
        let keys = keys.await.unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(*first.get_or_insert_with(|| keys.clone()), keys);
    }
    assert_eq!(cognito.jwks_requests(), 8);
}

#[tokio::test]
async fn tokens_of_people_differ_from_those_of_clients_and_from_each_other() {
    let cognito = cognito();
    let access = Mint::access("web").with_user("ada").with_scopes(["openid", "mcp/invoke"]);
    let id = cognito.mint(&Mint::id("web", "ada")).await.unwrap();
    let access = cognito.mint(&access).await.unwrap();
    let names = |token: &str| part(token, 1).as_object().unwrap().keys().cloned().collect();
    let (of_id, of_access): (Vec<String>, Vec<String>) = (names(&id), names(&access));
    assert_eq!(
        of_id,
        [
            "sub",
            "iss",
            "cognito:username",
            "origin_jti",
            "aud",
            "token_use",
            "auth_time",
            "exp",
            "iat",
            "jti"
        ]
    );
    assert_eq!(
        of_access,
        [
            "sub",
            "iss",
            "version",
            "client_id",
            "origin_jti",
            "token_use",
            "scope",
            "auth_time",
            "exp",
            "iat",
            "jti",
            "username"
        ]
    );
    let (id, access) = (part(&id, 1), part(&access, 1));
    assert_eq!((&id["token_use"], &id["aud"]), (&json!("id"), &json!("web")));
    assert_eq!(
        (&access["token_use"], &access["client_id"], &access["scope"]),
        (&json!("access"), &json!("web"), &json!("openid mcp/invoke"))
    );
    assert_eq!(id["sub"], access["sub"], "a person has one subject");
    assert_ne!(id["sub"], "ada");
}

#[tokio::test]
async fn a_test_can_have_any_token_and_its_signature_is_right() {
    let cognito = cognito();
    let mint = Mint::access("acme-client")
        .with_lifetime_s(-30)
        .with_claim("iss", json!(["a", "b"]))
        .without_claim("scope")
        .without_claim("tenant_id")
        .with_header("jku", "https://evil.example/".into())
        .with_header("alg", "none".into());
    let token = cognito.mint(&mint).await.unwrap();
    assert!(is_verified(&cognito, &token).await);
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!((&header["jku"], &header["alg"]), (&json!("https://evil.example/"), &json!("none")));
    assert_eq!((&claims["exp"], &claims["iat"]), (&json!(1_794_999_970), &json!(1_794_996_370)));
    assert_eq!(claims["iss"], json!(["a", "b"]));
    assert_eq!((claims.get("scope"), claims.get("tenant_id")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn jwks_misbehaves_as_it_is_told_and_each_request_is_counted() {
    let cognito = cognito();
    let [good] = &keys(&cognito).await[..] else { panic!("one key") };
    let broken = json!({"kid": good["kid"], "kty": "RSA"});

    cognito.set_fault(Some(Fault::Status(StatusCode::SERVICE_UNAVAILABLE)));
    assert_eq!(get(&cognito, "jwks.json").await.0, 503);
    cognito.set_fault(Some(Fault::Huge(10 << 20)));
    let (status, _, body) = get(&cognito, "jwks.json").await;
    assert_eq!((status.as_u16(), body.len() > 10 << 20), (200, true));
    assert!(serde_json::from_str::<Value>(&body).is_ok());
    cognito.set_fault(Some(Fault::Html));
    let (status, headers, _) = get(&cognito, "jwks.json").await;
    assert_eq!(
        (status.as_u16(), &headers[header::CONTENT_TYPE]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    cognito.set_fault(Some(Fault::Redirect("http://169.254.169.254/".to_owned())));
    let (status, headers, _) = get(&cognito, "jwks.json").await;
    assert_eq!(
        (status.as_u16(), &headers[header::LOCATION]),
        (302, &"http://169.254.169.254/".parse().unwrap())
    );
    cognito.set_fault(Some(Fault::Keys(vec![broken.clone()])));
    assert_eq!(keys(&cognito).await, [broken, good.clone()]);
    let before = tokio::time::Instant::now();
    cognito.set_fault(Some(Fault::Slow(Duration::from_secs(60))));
    assert_eq!(keys(&cognito).await, std::slice::from_ref(good));
    assert_eq!(before.elapsed().as_secs(), 60);

    cognito.set_fault(None);
    assert_eq!(keys(&cognito).await, std::slice::from_ref(good));
    assert_eq!(cognito.jwks_requests(), 8);
}

#[tokio::test]
async fn a_secret_is_made_where_none_is_given_and_is_never_told_by_debug() {
    let clock = Arc::new(ManualClock::new(NOW));
    let made = || Cognito::new(CognitoConfig::default(), String::new(), clock.clone()).unwrap();
    let (one, other) = (made(), made());
    let secret = |cognito: &Cognito| cognito.clients()[0].secret.clone().unwrap();
    assert_eq!(secret(&one).expose().len(), 43);
    assert_ne!(secret(&one), secret(&other));
    let text = format!("{one:?} {:?}", one.clients());
    assert!(text.contains("ClientSecret(..)") && !text.contains(secret(&one).expose()), "{text}");
}
