//! What an answer of the token endpoint asks of DynamoDB.

use auth::Registry;
use oauth::contract::{NOW, client_id, grant_and_code};
use oauth::{
    AuthMethod, Client, ClientOrigin, Code, Form, FreshToken, GrantType, KeyRing, Lifetimes,
    Secret, SigningKey, Store, TokenEndpoint,
};

use crate::proxy::Proxy;

// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test]
async fn a_redemption_and_a_refresh_ask_seven_and_six_times() {
    let proxy = Proxy::start().await;
    let store = &proxy.store;
    let id = client_id().unwrap();
    let (grant, code) = grant_and_code(id.clone()).unwrap();
    let secret = Secret::random().unwrap();
    let challenge = CHALLENGE.parse().unwrap();
    let code = Code { hash: secret.hash(), challenge, ..code };
    let client = Client {
        id: id.clone(),
        origin: ClientOrigin::Registered,
        name: None,
        redirect_uris: Vec::new(),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        auth_method: AuthMethod::None,
        scopes: grant.scopes.clone(),
        tenant: None,
        created_at: NOW,
        expires_at: Some(NOW),
        registration_token: None,
    };
    assert!(store.add_client(&client).await.unwrap());
    store.add_grant(&grant, &code).await.unwrap();

    let endpoint = TokenEndpoint {
        store,
        keys: &KeyRing::new(SigningKey::generate().unwrap()),
        issuer: "https://mcp.example",
        resource: &grant.resource.parse().unwrap(),
        registry: Registry::PROJECT,
        lifetimes: &Lifetimes::default(),
    };
    let ask = async |form: String| {
        proxy.asked();
        let client = store.client(&id).await.unwrap().unwrap();
        let fresh = FreshToken::random().unwrap();
        endpoint.answer(&client, &Form::parse(&form).unwrap(), fresh, NOW).await.unwrap()
    };
    let answer = ask(format!(
        "grant_type=authorization_code&code={}&code_verifier={VERIFIER}&redirect_uri={}",
        secret.expose(),
        code.redirect_uri
    ))
    .await;
    assert_eq!(
        proxy.asked(),
        // client, code, grant and its client; the client's end; the client, and all at once
        ["GetItem", "GetItem", "GetItem", "GetItem", "UpdateItem", "GetItem", "TransactWriteItems"]
    );
    let token = answer.refresh_token.unwrap();
    ask(format!("grant_type=refresh_token&refresh_token={token}")).await;
    assert_eq!(
        proxy.asked(),
        // client, refresh token, grant and its client; the client, and all at once
        ["GetItem", "GetItem", "GetItem", "GetItem", "GetItem", "TransactWriteItems"]
    );
}
