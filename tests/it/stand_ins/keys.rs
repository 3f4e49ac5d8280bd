//! Tokens that are signed in their KMS.

use std::collections::BTreeMap;
use std::sync::Arc;

use auth::{Issuer, Profile, Registry};
use backend_kms::{Error, KeyId, Kms, Settings};
use oauth::{
    AuthMethod, Client, ClientOrigin, Form, FreshToken, GrantType, KeyRing, Lifetimes, MemoryStore,
    Secret, Secrets, Signer as _, Time, TokenEndpoint,
};
use serde_json::{Value, json};
use service_kit::clock::{Clock as _, SystemClock};

use super::server::{REGION, Server, credentials, text};

const ISSUER: &str = "https://mcp.example.com";
const RESOURCE: &str = "https://mcp.example.com/mcp";
/// What signs, and the algorithm of its tokens.
const SPECS: [(&str, &str); 3] =
    [("RSA_2048", "RS256"), ("RSA_4096", "RS256"), ("ECC_NIST_P256", "ES256")];

fn servers() -> impl Iterator<Item = Server> {
    [Server::ministack(), Server::moto()].into_iter().flatten()
}

fn kms(server: &Server) -> Kms {
    let settings = Settings { region: REGION.to_owned(), endpoint: Some(server.url.to_string()) };
    let https = https::Client::new(https::Settings::default());
    Kms::new(settings, &https, credentials(), Arc::new(SystemClock))
}

async fn ask(server: &Server, operation: &str, body: Value) -> Value {
    server.api("kms", &format!("TrentService.{operation}"), &body).await
}

/// A new key; its id and its ARN.
async fn create(server: &Server, spec: &str, usage: &str) -> [String; 2] {
    let created = ask(server, "CreateKey", json!({"KeySpec": spec, "KeyUsage": usage})).await;
    ["KeyId", "Arn"].map(|name| text(&created["KeyMetadata"][name]))
}

async fn create_signing(server: &Server, spec: &str) -> KeyId {
    let [id, _] = create(server, spec, "SIGN_VERIFY").await;
    id.parse().expect("the id of a key")
}

/// What a machine gets at the token endpoint.
async fn token(keys: &KeyRing) -> String {
    let hash = Secret::random().expect("randomness").hash();
    let client = Client {
        id: "machine".parse().expect("an id"),
        origin: ClientOrigin::Configured,
        name: None,
        redirect_uris: Vec::new(),
        grant_types: vec![GrantType::ClientCredentials],
        auth_method: AuthMethod::Basic(Secrets { current: hash, other: None }),
        scopes: "mcp/invoke".parse().expect("scopes"),
        tenant: None,
        created_at: Time(0),
        expires_at: None,
        registration_token: None,
    };
    let endpoint = TokenEndpoint {
        store: &MemoryStore::default(),
        keys,
        issuer: ISSUER,
        resource: &RESOURCE.parse().expect("a resource"),
        registry: Registry::PROJECT,
        lifetimes: &Lifetimes::default(),
    };
    let form = Form::parse("grant_type=client_credentials").expect("a form");
    let (fresh, now) = (FreshToken::random().expect("randomness"), Time::of(SystemClock.now()));
    endpoint.answer(&client, &form, fresh, now).await.expect("a token").access_token
}

fn taken_by_us(keys: &KeyRing, token: &str) {
    let issuer = Issuer {
        url: ISSUER.to_owned(),
        profile: Profile::AccessToken,
        audience: RESOURCE.to_owned(),
        clients: Vec::new(),
        jwks_uri: format!("{ISSUER}/oauth/jwks").parse().expect("a URI"),
        known_keys: None,
        check_grants: false,
        tenant_claim: None,
        tenants: BTreeMap::new(),
        tenant: None,
        scopes: None,
    };
    let keys = keys.key_set().expect("a key set");
    let claims = auth::verify(token, &keys, &issuer, SystemClock.now()).expect("a good token");
    assert_eq!(
        (claims.subject.as_str(), claims.scopes.to_string().as_str()),
        ("machine", "mcp/invoke")
    );
}

#[expect(clippy::disallowed_methods, reason = "here jsonwebtoken is what we are compared with")]
fn taken_by_a_foreign_library(keys: &KeyRing, token: &str, algorithm: &str) {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};

    let published = serde_json::to_value(keys.published()).expect("JSON");
    let published: JwkSet = serde_json::from_value(published).expect("a key set");
    let header = decode_header(token).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let mut rules = Validation::new(algorithm.parse().expect("an algorithm"));
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[RESOURCE]);
    rules.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
    let key = published.find(&header.kid.expect("a name")).expect("its key");
    let key = DecodingKey::from_jwk(key).expect("a key");
    let claims = decode::<Value>(token, &key, &rules).expect("a good token").claims;
    assert_eq!(claims["sub"], "machine");
}

#[tokio::test]
async fn a_token_of_each_kind_of_key_is_taken_by_us_and_by_a_foreign_library() {
    for server in servers() {
        for (spec, algorithm) in SPECS {
            let key = create_signing(&server, spec).await;
            let keys = kms(&server).key_ring(&key, &[]).await.expect("a key");
            // Signatures in DER are of several lengths.
            for _ in 0..10 {
                let token = token(&keys).await;
                taken_by_us(&keys, &token);
                taken_by_a_foreign_library(&keys, &token, algorithm);
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_the_same_by_each_of_its_names() {
    for server in servers() {
        let [id, arn] = create(&server, "ECC_NIST_P256", "SIGN_VERIFY").await;
        let alias = format!("alias/{id}");
        ask(&server, "CreateAlias", json!({"AliasName": alias, "TargetKeyId": id})).await;
        let alias_arn = arn.replace("key/", "alias/");
        let mut kids = Vec::new();
        for name in [id, arn, alias, alias_arn] {
            let name = name.parse().expect("the name of a key");
            let key = kms(&server).key(&name).await.expect("a key");
            assert_eq!(key.sign(b"header.claims").await.expect("a signature").len(), 64);
            kids.push(key.public().kid().to_owned());
        }
        kids.dedup();
        assert_eq!(kids.len(), 1);
    }
}

#[tokio::test]
async fn an_alias_that_moves_rotates_when_keys_are_looked_up_anew() {
    for server in servers() {
        let [old, new] = [
            create_signing(&server, "RSA_2048").await,
            create_signing(&server, "ECC_NIST_P256").await,
        ];
        let alias: KeyId = format!("alias/{old}").parse().expect("an alias");
        let target =
            |key: &KeyId| json!({"AliasName": alias.as_str(), "TargetKeyId": key.as_str()});
        ask(&server, "CreateAlias", target(&old)).await;
        let kms = kms(&server);
        let before = kms.key_ring(&alias, std::slice::from_ref(&new)).await.expect("keys");
        let first = token(&before).await;
        ask(&server, "UpdateAlias", target(&new)).await;
        let second = token(&before).await;
        let after = kms.key_ring(&alias, &[old]).await.expect("keys");
        assert_ne!(before.active(), after.active());
        let third = token(&after).await;
        for keys in [&before, &after] {
            taken_by_us(keys, &first);
            taken_by_us(keys, &second);
            taken_by_us(keys, &third);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_for_this_is_refused() {
    for server in servers() {
        for (spec, usage) in [
            ("RSA_2048", "ENCRYPT_DECRYPT"),
            ("ECC_NIST_P384", "SIGN_VERIFY"),
            ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ] {
            let [id, _] = create(&server, spec, usage).await;
            let err = kms(&server).key(&id.parse().expect("an id")).await.err();
            let refused = matches!(err, Some(Error::WrongKind { .. } | Error::Unusable { .. }));
            assert!(refused, "{spec}: {err:?}");
        }
        let unknown = "alias/nobody".parse().expect("an alias");
        let err = kms(&server).key(&unknown).await.err();
        assert!(matches!(err, Some(Error::Unusable { .. })), "{err:?}");
    }
}

/// moto 5.2.5 signs with a key that is disabled, so this is asked of MiniStack only.
#[tokio::test]
async fn a_key_that_is_disabled_does_not_sign() {
    let Some(server) = Server::ministack() else { return };
    let id = create_signing(&server, "ECC_NIST_P256").await;
    let key = kms(&server).key(&id).await.expect("a key");
    ask(&server, "DisableKey", json!({"KeyId": id.as_str()})).await;
    let err = key.sign(b"header.claims").await.expect_err("it is disabled");
    let err = err.0.downcast::<Error>().expect("an error of KMS");
    assert!(matches!(*err, Error::Unusable { .. }), "{err:?}");
    ask(&server, "EnableKey", json!({"KeyId": id.as_str()})).await;
    key.sign(b"header.claims").await.expect("it is enabled");
}
