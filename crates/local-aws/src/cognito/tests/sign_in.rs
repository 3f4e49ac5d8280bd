//! Somebody signs in, and a client redeems the code.

use super::*;

const CALLBACK: &str = "https://app.example/cb?from=cognito";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BASIC: Option<&str> = Some("web:s3cret");

fn pool() -> (Arc<Cognito>, Arc<ManualClock>) {
    let web = |id: &str| Client {
        id: id.to_owned(),
        secret: Some(ClientSecret::new("s3cret")),
        callbacks: vec![CALLBACK.to_owned()],
        ..Client::default()
    };
    let ada = User {
        name: "ada".to_owned(),
        password: "pw-1".to_owned(),
        email: Some("ada@example.com".to_owned()),
    };
    let config = CognitoConfig {
        clients: vec![web("web"), web("other"), Client::default()],
        users: vec![ada],
        ..CognitoConfig::default()
    };
    let clock = Arc::new(ManualClock::new(NOW));
    let cognito = Cognito::new(config, "http://127.0.0.1:4566".to_owned(), clock.clone());
    (Arc::new(cognito.unwrap()), clock)
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn asked(changes: &[(&str, &str)]) -> String {
    let mut params = vec![
        ("response_type", "code"),
        ("client_id", "web"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "a \"<state>&"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    params.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    params.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    let pairs = params.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

async fn page(cognito: &Arc<Cognito>, query: &str) -> (StatusCode, String) {
    let request = Request::get(format!("/oauth2/authorize?{query}")).body(Body::empty());
    let (status, _, body) = send(cognito, request.unwrap()).await;
    (status, body)
}

/// The code that ada gets, or the page again.
async fn sign_in(cognito: &Arc<Cognito>, query: &str, password: &str) -> Result<String, String> {
    let form = format!("{query}&username=ada&password={password}");
    let request = Request::post("/login").header(header::CONTENT_TYPE, FORM);
    let (status, headers, body) = send(cognito, request.body(Body::from(form)).unwrap()).await;
    if status != StatusCode::FOUND {
        return Err(body);
    }
    let location = headers[header::LOCATION].to_str().unwrap();
    let rest = location.strip_prefix(&format!("{CALLBACK}&code=")).unwrap();
    let (code, state) = rest.split_once("&state=").unwrap();
    assert_eq!(state, encoded("a \"<state>&"));
    Ok(code.to_owned())
}

fn redeemed(code: &str, verifier: &str) -> String {
    let redirect_uri = encoded(CALLBACK);
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={redirect_uri}&code_verifier={verifier}"
    )
}

#[tokio::test]
async fn a_code_is_good_for_the_tokens_of_who_signed_in() {
    let (cognito, _) = pool();
    let (status, form) = page(&cognito, &asked(&[])).await;
    assert_eq!(status, 200);
    assert!(form.contains(r#"name="state" value="a &quot;&lt;state>&amp;">"#), "{form}");
    let code = sign_in(&cognito, &asked(&[]), "pw-1").await.unwrap();
    let (status, answer) = ask(&cognito, BASIC, &redeemed(&code, VERIFIER)).await;
    assert_eq!((status.as_u16(), &answer["token_type"]), (200, &json!("Bearer")), "{answer}");
    let (access, id) =
        (answer["access_token"].as_str().unwrap(), answer["id_token"].as_str().unwrap());
    assert!(is_verified(&cognito, access).await && is_verified(&cognito, id).await);
    let (access, id) = (part(access, 1), part(id, 1));
    for (name, value) in [
        ("aud", "web"),
        ("token_use", "id"),
        ("nonce", "n-1"),
        ("email", "ada@example.com"),
        ("cognito:username", "ada"),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    assert_eq!((&access["sub"], &access["scope"]), (&id["sub"], &json!("openid email")));
    let code = sign_in(&cognito, &asked(&[("scope", "mcp/invoke")]), "pw-1").await.unwrap();
    let (_, answer) = ask(&cognito, BASIC, &redeemed(&code, VERIFIER)).await;
    assert_eq!(answer.get("id_token"), None, "only `openid` asks for one");
}

#[tokio::test]
async fn nobody_signs_in_with_a_wrong_password_or_for_who_may_not_ask() {
    let (cognito, _) = pool();
    assert!(sign_in(&cognito, &asked(&[]), "pw-2").await.unwrap_err().contains("<form"));
    for change in [
        ("client_id", "nobody"),
        ("client_id", "local-client"),
        ("redirect_uri", "https://app.example/cb"),
        ("redirect_uri", ""),
        ("response_type", "token"),
        ("scope", "openid other"),
        ("code_challenge_method", "plain"),
        ("code_challenge_method", ""),
    ] {
        let query = asked(&[change]);
        assert_eq!(page(&cognito, &query).await.0, 400, "{change:?}");
        assert_eq!(sign_in(&cognito, &query, "pw-1").await, Err(String::new()), "{change:?}");
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_by_its_client_in_time_and_with_its_verifier() {
    let (cognito, clock) = pool();
    let refused = json!({"error": "invalid_grant"});
    let code = async || sign_in(&cognito, &asked(&[]), "pw-1").await.unwrap();
    let used = code().await;
    assert_eq!(ask(&cognito, BASIC, &redeemed(&used, VERIFIER)).await.0, 200);
    assert_eq!(ask(&cognito, BASIC, &redeemed(&used, VERIFIER)).await.1, refused);
    for verifier in [CHALLENGE, ""] {
        assert_eq!(ask(&cognito, BASIC, &redeemed(&code().await, verifier)).await.1, refused);
    }
    let other = Some("other:s3cret");
    assert_eq!(ask(&cognito, other, &redeemed(&code().await, VERIFIER)).await.1, refused);
    let elsewhere = redeemed(&code().await, VERIFIER).replace("cognito", "elsewhere");
    assert_eq!(ask(&cognito, BASIC, &elsewhere).await.1, refused);
    let late = code().await;
    clock.advance(Duration::from_secs(300));
    assert_eq!(ask(&cognito, BASIC, &redeemed(&late, VERIFIER)).await.1, refused);
    let nothing = "grant_type=authorization_code";
    assert_eq!(ask(&cognito, BASIC, nothing).await.1, json!({"error": "invalid_request"}));
    assert!(!format!("{cognito:?}").contains("pw-1"));
}
