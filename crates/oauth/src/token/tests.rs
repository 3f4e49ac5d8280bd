use super::*;
use crate::access_token::Verified;
use crate::access_token::tests::{ISSUER, NOW, RESOURCE, issuer, look_into};
use crate::client::{AuthMethod, ClientId, Secrets};
use crate::grant::{Code, CodeState};
use crate::keys::SigningKey;
use crate::memory::MemoryStore;
use crate::secret::SecretHash;
use proptest::prelude::*;
use std::sync::Arc;
use tokio::task::JoinSet;

mod client_credentials;
mod code;
pub(crate) mod faults;
mod refresh;

pub(crate) use client_credentials::machine;

// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:33418/";
pub(crate) const SCOPES: &str = "offline_access openid prometheus-mcp-server/write";

/// A server with a client that has a code for a person's grant.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) keys: KeyRing,
    resource: Resource,
    lifetimes: Lifetimes,
    pub(crate) client: Client,
    pub(crate) grant: GrantId,
    pub(crate) code: Secret,
}

pub(crate) fn client(id: &str, grant_types: &[GrantType]) -> Client {
    Client {
        id: id.parse().unwrap(),
        origin: ClientOrigin::Registered,
        name: None,
        redirect_uris: Vec::new(),
        grant_types: grant_types.to_vec(),
        auth_method: AuthMethod::None,
        scopes: SCOPES.parse().unwrap(),
        tenant: None,
        created_at: NOW,
        expires_at: Some(NOW.after(DAY)),
        registration_token: None,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let world = Self {
            store: Arc::default(),
            keys: KeyRing::new(SigningKey::generate().unwrap()),
            resource: RESOURCE.parse().unwrap(),
            lifetimes: Lifetimes::default(),
            client: client("c_one", &[GrantType::AuthorizationCode, GrantType::RefreshToken]),
            grant: GrantId("g-1".to_owned()),
            code: Secret::random().unwrap(),
        };
        assert!(world.store.add_client(&world.client).await.unwrap());
        let grant = Grant {
            id: world.grant.clone(),
            client: world.client.id.clone(),
            subject: "ada".to_owned(),
            tenant: Some("acme".parse().unwrap()),
            scopes: SCOPES.parse().unwrap(),
            resource: RESOURCE.to_owned(),
            authenticated_at: Time(NOW.0 - 30),
            status: GrantStatus::Active,
            expires_at: NOW.after(world.lifetimes.grant),
        };
        let code = Code {
            hash: world.code.hash(),
            grant: grant.id.clone(),
            client: world.client.id.clone(),
            redirect_uri: REDIRECT.to_owned(),
            challenge: CHALLENGE.parse().unwrap(),
            scopes: SCOPES.parse().unwrap(),
            resource: RESOURCE.to_owned(),
            nonce: None,
            state: CodeState::New,
            expires_at: NOW.after(world.lifetimes.code),
        };
        world.store.add_grant(&grant, &code).await.unwrap();
        world
    }

    pub(crate) async fn ask_at(
        &self,
        now: Time,
        client: &Client,
        form: &str,
    ) -> Result<TokenResponse, Failure> {
        let endpoint = TokenEndpoint {
            store: &*self.store,
            keys: &self.keys,
            issuer: ISSUER,
            resource: &self.resource,
            registry: Registry::PROJECT,
            lifetimes: &self.lifetimes,
        };
        let form = Form::parse(form).unwrap();
        endpoint.answer(client, &form, FreshToken::random().unwrap(), now).await
    }

    pub(crate) async fn ask(&self, form: &str) -> Result<TokenResponse, Failure> {
        self.ask_at(NOW, &self.client, form).await
    }

    /// What a good request for the code says.
    pub(crate) fn code_form(&self) -> String {
        let code = self.code.expose();
        format!(
            "grant_type=authorization_code&code={code}&code_verifier={VERIFIER}\
             &redirect_uri={REDIRECT}&resource={RESOURCE}"
        )
    }

    /// The first refresh token.
    async fn login(&self) -> String {
        self.ask(&self.code_form()).await.unwrap().refresh_token.unwrap()
    }

    pub(crate) async fn grant_holds(&self) -> bool {
        let grant = self.store.grant(&self.grant).await.unwrap();
        grant.is_some_and(|grant| grant.status == GrantStatus::Active)
    }
}

pub(crate) fn refresh_form(token: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={token}")
}

/// The code of the refusal.
#[track_caller]
pub(crate) fn refusal(answer: Result<TokenResponse, Failure>) -> &'static str {
    match answer {
        Err(Failure::Refused(error)) => error.code.as_str(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn t11_a_grant_is_named_and_is_one_of_ours() {
    let world = World::new().await;
    for (form, expected) in [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=implicit", "unsupported_grant_type"),
        ("grant_type=AUTHORIZATION_CODE", "unsupported_grant_type"),
        ("grant_type=authorization_code", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
    ] {
        assert_eq!(refusal(world.ask(form).await), expected, "{form}");
    }
}

#[tokio::test]
async fn t36_assertions_of_others_are_not_a_grant_here() {
    let world = World::new().await;
    let form =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=e30.e30.";
    assert_eq!(refusal(world.ask(form).await), "unsupported_grant_type");
}

#[tokio::test]
async fn t12_t24_a_client_uses_only_the_grants_it_is_registered_for() {
    let world = World::new().await;
    let secrets = Secrets { current: SecretHash::of("s"), other: None };
    let confidential = Client { auth_method: AuthMethod::Basic(secrets), ..world.client.clone() };
    let machines = client("c_machine", &[GrantType::ClientCredentials]);
    let (code, credentials) = (world.code_form(), "grant_type=client_credentials");
    let refresh = refresh_form("x");
    for (client, form) in [
        // As whoever registers itself is: with and without a secret.
        (&world.client, credentials),
        (&confidential, credentials),
        // A public one, whatever it is registered for.
        (&machines, credentials),
        (&machines, &*code),
        (&machines, &*refresh),
    ] {
        let answer = world.ask_at(NOW, client, form).await;
        assert_eq!(refusal(answer), "unauthorized_client", "{} {form}", client.id);
    }
    assert!(world.ask(&code).await.is_ok(), "the code was not touched");
}

#[tokio::test]
async fn t34_an_answer_has_what_clients_read() {
    let world = World::new().await;
    let answer = world.ask(&world.code_form()).await.unwrap();
    let mut told = serde_json::to_value(&answer).unwrap();
    let [_, mut claims] = look_into(&answer.access_token);
    claims["jti"] = "(random)".into();
    told["access_token"] = claims;
    told["refresh_token"] = "(random)".into();
    let [_, identity] = look_into(answer.id_token.as_deref().unwrap());
    told["id_token"] = identity;
    insta::assert_json_snapshot!(told, @r#"
    {
      "access_token": {
        "iss": "https://mcp.example.com",
        "sub": "ada",
        "aud": "https://mcp.example.com/mcp",
        "client_id": "c_one",
        "scope": "offline_access openid prometheus-mcp-server/write",
        "iat": 1750000000,
        "exp": 1750000900,
        "jti": "(random)",
        "gid": "g-1",
        "auth_time": 1749999970,
        "tenant_id": "acme"
      },
      "token_type": "Bearer",
      "expires_in": 900,
      "id_token": {
        "iss": "https://mcp.example.com",
        "sub": "ada",
        "aud": "c_one",
        "iat": 1750000000,
        "exp": 1750000900,
        "auth_time": 1749999970
      },
      "refresh_token": "(random)",
      "scope": "offline_access openid prometheus-mcp-server/write"
    }
    "#);
    let shown = format!("{answer:?}");
    assert!(!shown.contains(&answer.access_token), "{shown}");
    assert!(!shown.contains(&answer.refresh_token.unwrap()), "{shown}");
}

#[tokio::test]
async fn what_is_issued_is_good_at_a_resource_server() {
    let world = World::new().await;
    let answer = world.ask(&world.code_form()).await.unwrap();
    let keys = world.keys.key_set().unwrap();
    let verified = Verified::of(&answer.access_token, &keys, &issuer(), NOW).unwrap();
    assert_eq!(verified.claims.tenant, Some("acme".parse().unwrap()));
    assert_eq!(verified.grant, Some(world.grant.clone()));
}

#[tokio::test]
async fn a_registered_client_that_is_used_is_kept_and_others_are_left_alone() {
    let world = World::new().await;
    let end =
        async |client: &ClientId| world.store.client(client).await.unwrap().unwrap().expires_at;
    assert_eq!(refusal(world.ask("grant_type=authorization_code&code=x").await), "invalid_grant");
    assert_eq!(end(&world.client.id).await, Some(NOW.after(DAY)), "nothing was used");
    let token = world.login().await;
    let kept = NOW.after(world.lifetimes.client);
    assert_eq!(end(&world.client.id).await, Some(kept));
    let stored = world.store.client(&world.client.id).await.unwrap().unwrap();
    let later = NOW.after(DAY / 2);
    assert!(world.ask_at(later, &stored, &refresh_form(&token)).await.is_ok());
    assert_eq!(end(&world.client.id).await, Some(kept), "half a day is not worth a write");
}

proptest! {
    #[test]
    fn whatever_a_stranger_sends_is_refused_and_nothing_comes_of_it(
        grant in prop::sample::select(vec!["authorization_code", "refresh_token", "x", ""]),
        parameters in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "code", "code_verifier", "refresh_token", "redirect_uri", "resource", "scope",
                ]),
                "([A-Za-z0-9._~+-]|%[2-7][0-9A-F]){0,50}",
            ),
            0..6,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let parameters = parameters.iter().map(|(name, value)| format!("&{name}={value}"));
            let form = format!("grant_type={grant}{}", parameters.collect::<String>());
            // DEL is a control character, and no part of a form.
            if Form::parse(&form).is_ok() {
                assert!(matches!(world.ask(&form).await, Err(Failure::Refused(_))), "{form}");
            }
            assert!(world.ask(&world.code_form()).await.is_ok());
        });
    }
}
