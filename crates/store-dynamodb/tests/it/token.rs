//! What an answer of the token endpoint asks of DynamoDB, and what comes of items that are deleted.

use auth::Registry;
use oauth::contract::{NOW, client_id, grant_and_code};
use oauth::{
    AuthMethod, Client, ClientOrigin, Code, ErrorCode, Failure, Form, FreshToken, Grant, GrantType,
    KeyRing, Lifetimes, Secret, SigningKey, Store as _, TokenEndpoint, TokenResponse,
};
use store_dynamodb::DynamoStore;

use crate::proxy::Proxy;
use crate::tables::Local;

// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Somebody has allowed a client something.
struct Allowed<'a> {
    store: &'a DynamoStore,
    keys: KeyRing,
    grant: Grant,
    /// The form that redeems the code.
    code: String,
}

impl<'a> Allowed<'a> {
    async fn by(store: &'a DynamoStore) -> Self {
        let id = client_id().unwrap();
        let (grant, code) = grant_and_code(id.clone()).unwrap();
        let secret = Secret::random().unwrap();
        let code = Code { hash: secret.hash(), challenge: CHALLENGE.parse().unwrap(), ..code };
        let client = Client {
            id,
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
        let code = format!(
            "grant_type=authorization_code&code={}&code_verifier={VERIFIER}&redirect_uri={}",
            secret.expose(),
            code.redirect_uri
        );
        Self { store, keys: KeyRing::new(SigningKey::generate().unwrap()), grant, code }
    }

    async fn ask(&self, form: &str) -> Result<TokenResponse, Failure> {
        let endpoint = TokenEndpoint {
            store: self.store,
            keys: &self.keys,
            issuer: "https://mcp.example",
            resource: &self.grant.resource.parse().unwrap(),
            registry: Registry::PROJECT,
            lifetimes: &Lifetimes::default(),
        };
        let client = self.store.client(&self.grant.client).await.unwrap().unwrap();
        let fresh = FreshToken::random().unwrap();
        endpoint.answer(&client, &Form::parse(form).unwrap(), fresh, NOW).await
    }
}

fn refresh(answer: &TokenResponse) -> String {
    format!("grant_type=refresh_token&refresh_token={}", answer.refresh_token.as_ref().unwrap())
}

#[tokio::test]
async fn a_redemption_and_a_refresh_ask_seven_and_six_times() {
    let proxy = Proxy::start().await;
    let allowed = Allowed::by(&proxy.store).await;
    proxy.asked();
    let answer = allowed.ask(&allowed.code).await.unwrap();
    assert_eq!(
        proxy.asked(),
        // client, code, grant and its client; the client's end; the client, and all at once
        ["GetItem", "GetItem", "GetItem", "GetItem", "UpdateItem", "GetItem", "TransactWriteItems"]
    );
    allowed.ask(&refresh(&answer)).await.unwrap();
    assert_eq!(
        proxy.asked(),
        // client, refresh token, grant and its client; the client, and all at once
        ["GetItem", "GetItem", "GetItem", "GetItem", "GetItem", "TransactWriteItems"]
    );
}

/// What docs/security/authorization-server.md tells an operator to do.
#[tokio::test]
async fn j38_t30_when_a_persons_items_are_deleted_their_tokens_are_refreshed_no_more() {
    let local = Local::start().await;
    let store = local.store();
    let [left, stays] = [Allowed::by(&store).await, Allowed::by(&store).await];
    let [of_left, of_stays] =
        [left.ask(&left.code).await.unwrap(), stays.ask(&stays.code).await.unwrap()];
    let key = format!("G#{}", left.grant.id.0);
    let of_person = |item: &&serde_json::Value| item["sub"]["S"] == left.grant.subject.as_str();
    let items = local.items("refresh");
    assert!(items.iter().filter(of_person).any(|item| item["refreshToken"]["S"] == key.as_str()));
    local.delete("refresh", "refreshToken", &key);
    assert!(!store.holds(Some(&left.grant.id), &left.grant.client, NOW).await.unwrap());
    let refused = left.ask(&refresh(&of_left)).await.unwrap_err();
    assert!(
        matches!(&refused, Failure::Refused(error) if error.code == ErrorCode::InvalidGrant),
        "{refused:?}"
    );
    stays.ask(&refresh(&of_stays)).await.unwrap();
}
