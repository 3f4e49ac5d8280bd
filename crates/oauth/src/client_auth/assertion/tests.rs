use std::sync::Arc;

use http::{HeaderMap, header};
use serde_json::json;

use super::*;
use crate::client::{AuthMethod, Client, ClientOrigin, GrantType, Secrets};
use crate::client_auth::ClientProof;
use crate::error::Failure;
use crate::form::Form;
use crate::jwks::{Jwk, base64url};
use crate::keys::tests::rsa_pkcs8;
use crate::keys::{Signer as _, SigningKey};
use crate::memory::MemoryStore;
use crate::secret::SecretHash;
use crate::store::Store as _;

const NOW: Time = Time(1_800_000_000);
const ID: &str = "c_2yjU0sUuC3";
const US: AssertionAudience<'static> =
    AssertionAudience { issuer: "https://h", token_endpoint: "https://h/oauth/token" };

fn client(auth_method: AuthMethod) -> Client {
    Client {
        id: ID.parse().unwrap(),
        origin: ClientOrigin::Registered,
        name: None,
        redirect_uris: Vec::new(),
        grant_types: vec![GrantType::ClientCredentials],
        auth_method,
        scopes: "mcp/invoke".parse().unwrap(),
        tenant: None,
        created_at: NOW,
        expires_at: None,
        registration_token: None,
    }
}

/// A client that signs with one of these keys.
fn client_of(keys: &[&SigningKey]) -> Client {
    let keys: Vec<&Jwk> = keys.iter().map(|key| key.public()).collect();
    client(AuthMethod::PrivateKeyJwt(json!({ "keys": keys }).to_string().parse().unwrap()))
}

/// The claims of an assertion that is taken, but for some; `null` takes one away.
fn claims(changes: &[(&str, Value)]) -> Value {
    let mut claims = json!({
        "iss": ID, "sub": ID, "aud": "https://h", "jti": "a-1", "exp": NOW.0 + 60, "iat": NOW.0,
    });
    for (name, value) in changes {
        match value {
            Value::Null => claims.as_object_mut().unwrap().shift_remove(*name),
            value => claims.as_object_mut().unwrap().insert((*name).to_owned(), value.clone()),
        };
    }
    claims
}

/// A token with this header, and the signature of `key`, whatever the header says.
async fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let signed = [header, claims].map(|part| base64url(part.to_string())).join(".");
    let signature = key.sign(signed.as_bytes()).await.unwrap();
    format!("{signed}.{}", base64url(signature))
}

async fn token(key: &SigningKey, changes: &[(&str, Value)]) -> String {
    let header = json!({ "alg": key.public().algorithm(), "kid": key.public().kid() });
    signed(key, &header, &claims(changes)).await
}

fn form(assertion: &str, more: &str) -> String {
    let kind = JWT_BEARER.replace(':', "%3A");
    format!("client_assertion_type={kind}&client_assertion={assertion}{more}")
}

fn proof(headers: &[(header::HeaderName, &str)], form: &str) -> Result<ClientProof, OauthError> {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    ClientProof::of(&headers, &Form::parse(form).unwrap())
}

/// `None` when the client is let in, else the error.
async fn asked(client: &Client, store: &MemoryStore, form: &str) -> Option<OauthError> {
    let proof = match proof(&[], form) {
        Ok(proof) => proof,
        Err(error) => return Some(error),
    };
    let known = Some(client.clone()).filter(|client| client.id == *proof.client_id());
    match proof.prove(known, US, store, NOW).await {
        Ok(proven) => {
            assert_eq!(proven, *client);
            None
        }
        Err(Failure::Refused(error)) => Some(error),
        Err(other) => panic!("{other}"),
    }
}

fn p256() -> SigningKey {
    SigningKey::generate().unwrap()
}

#[tokio::test]
async fn a_client_is_who_has_signed_with_one_of_its_keys() {
    let (one, other, rsa) = (p256(), p256(), SigningKey::from_pkcs8(rsa_pkcs8()).unwrap());
    let (client, store) = (client_of(&[&one, &other, &rsa]), MemoryStore::default());
    for (n, key) in [&one, &other, &rsa].into_iter().enumerate() {
        for (m, aud) in [
            json!("https://h"),
            json!("https://h/oauth/token"),
            json!(["https://h"]),
            json!(["https://h/oauth/token"]),
        ]
        .into_iter()
        .enumerate()
        {
            let assertion = token(key, &[("aud", aud), ("jti", json!(format!("{n}-{m}")))]).await;
            assert_eq!(asked(&client, &store, &form(&assertion, "")).await, None, "{assertion}");
        }
    }
    // With its id beside it, and as late, as early and as long as may be.
    for (n, (exp, iat)) in [(1, -300), (360, 60), (300, 0)].into_iter().enumerate() {
        let changes = [
            ("jti", json!(format!("b-{n}"))),
            ("exp", json!(NOW.0 + exp)),
            ("iat", json!(NOW.0 + iat)),
        ];
        let assertion = token(&one, &changes).await;
        let form = form(&assertion, &format!("&client_id={ID}"));
        assert_eq!(asked(&client, &store, &form).await, None, "{exp} {iat}");
    }
    let least = token(&one, &[("iat", Value::Null), ("jti", json!("c"))]).await;
    assert_eq!(asked(&client, &store, &form(&least, "")).await, None);
}

#[tokio::test]
async fn t22_a_signature_that_is_not_the_clients_proves_nothing() {
    let (own, second, foreign) = (p256(), p256(), p256());
    let rsa = SigningKey::from_pkcs8(rsa_pkcs8()).unwrap();
    let (client, store) = (client_of(&[&own]), MemoryStore::default());
    let kid = own.public().kid();
    let header = |alg: &str| json!({ "alg": alg, "kid": kid });
    let claims = claims(&[]);
    let good = signed(&own, &header("ES256"), &claims).await;
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for (assertion, why) in [
        (token(&foreign, &[]).await, "another key"),
        (signed(&foreign, &header("ES256"), &claims).await, "another key of this name"),
        (signed(&rsa, &header("RS256"), &claims).await, "a key of another kind of this name"),
        (signed(&own, &header("RS256"), &claims).await, "another algorithm"),
        (signed(&own, &header("HS256"), &claims).await, "a shared secret"),
        (signed(&own, &header("none"), &claims).await, "no algorithm"),
        (format!("{unsigned}."), "no signature"),
        (unsigned.to_owned(), "no third part"),
        (signed(&foreign, &json!({ "alg": "ES256" }), &claims).await, "no name"),
        (
            signed(&own, &json!({ "alg": "ES256", "kid": kid, "crit": ["x"] }), &claims).await,
            "a header that is refused",
        ),
        ("x".repeat(9000), "too long"),
    ] {
        let form = form(&assertion, &format!("&client_id={ID}"));
        assert_eq!(asked(&client, &store, &form).await, Some(refused()), "{why}");
    }
    assert_eq!(asked(&client, &store, &form(&good, "")).await, None);
    // Which of two keys is meant must be said, which of one need not.
    let unnamed = |jti: &str| self::claims(&[("jti", json!(jti))]);
    let two = client_of(&[&own, &second]);
    let assertion = signed(&own, &json!({ "alg": "ES256" }), &unnamed("n-1")).await;
    assert_eq!(asked(&two, &store, &form(&assertion, "")).await, Some(refused()));
    assert_eq!(asked(&client, &store, &form(&assertion, "")).await, None);
}

#[tokio::test]
async fn what_is_signed_is_from_the_client_for_us_and_of_this_moment() {
    let key = p256();
    let (client, store) = (client_of(&[&key]), MemoryStore::default());
    let n = |seconds| json!(NOW.0 + seconds);
    for (name, value, expected) in [
        ("iss", json!("c_other"), "iss and sub"),
        ("iss", json!([ID]), "iss and sub"),
        ("iss", Value::Null, "iss and sub"),
        ("aud", json!("https://h/"), "aud"),
        ("aud", json!("https://h/oauth/revoke"), "aud"),
        ("aud", json!(["https://h", "https://other"]), "aud"),
        ("aud", json!(["https://h", "https://h"]), "aud"),
        ("aud", json!([]), "aud"),
        ("aud", json!({ "https://h": 1 }), "aud"),
        ("aud", Value::Null, "aud"),
        ("exp", n(0), "exp"),
        ("exp", n(-1), "exp"),
        ("exp", n(361), "exp"),
        ("exp", json!(i64::MAX), "exp"),
        ("exp", json!(1e300), "exp"),
        ("exp", json!("soon"), "exp"),
        ("exp", Value::Null, "exp"),
        ("iat", n(61), "iat"),
        ("iat", json!("now"), "iat"),
        ("nbf", n(61), "iat"),
        ("jti", json!(""), "the assertion needs a jti"),
        ("jti", json!("j".repeat(257)), "the assertion needs a jti"),
        ("jti", json!(7), "the assertion needs a jti"),
        ("jti", Value::Null, "the assertion needs a jti"),
    ] {
        let assertion = token(&key, &[(name, value.clone())]).await;
        let error = asked(&client, &store, &form(&assertion, "")).await.unwrap();
        assert_eq!(error.code, ErrorCode::InvalidClient);
        assert!(error.description.starts_with(expected), "{name}: {value}: {error}");
    }
    // Found by its `sub`, it would be somebody else.
    let other = token(&key, &[("sub", json!("c_other"))]).await;
    let named = form(&other, &format!("&client_id={ID}"));
    assert_ne!(asked(&client, &store, &named).await, None);
    assert_eq!(asked(&client, &store, &form(&other, "")).await, Some(refused()));
}

#[tokio::test]
async fn an_assertion_is_good_once() {
    let key = p256();
    let (client, store) = (client_of(&[&key]), MemoryStore::default());
    let used = asked(&client, &store, &form(&token(&key, &[]).await, "")).await;
    assert_eq!(used, None);
    // Signed anew it is the same assertion: ES256 is never the same text.
    for _ in 0..2 {
        let error = asked(&client, &store, &form(&token(&key, &[]).await, "")).await.unwrap();
        assert_eq!(error, wrong("the assertion was used before"));
    }
    let next = token(&key, &[("jti", json!("a-2"))]).await;
    assert_eq!(asked(&client, &store, &form(&next, "")).await, None);
    // Another client's of the same name is another.
    let other = Client { id: "c_2yjU0sUuC3a".parse().unwrap(), ..client.clone() };
    let id = json!("c_2yjU0sUuC3a");
    let assertion = token(&key, &[("iss", id.clone()), ("sub", id), ("jti", json!("-1"))]).await;
    assert_eq!(asked(&other, &store, &form(&assertion, "")).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_uses_at_a_time_one_counts() {
    let key = p256();
    let (client, store) = (client_of(&[&key]), Arc::new(MemoryStore::default()));
    let form = form(&token(&key, &[]).await, "");
    let uses = (0..50).map(|_| {
        let (client, store, form) = (client.clone(), Arc::clone(&store), form.clone());
        tokio::spawn(async move { asked(&client, &store, &form).await })
    });
    let mut let_in = 0;
    for used in uses.collect::<Vec<_>>() {
        let_in += usize::from(used.await.unwrap().is_none());
    }
    assert_eq!(let_in, 1);
}

#[tokio::test]
async fn an_assertion_that_ends_late_does_not_set_the_stores_clock_ahead() {
    let key = p256();
    let (client, store) = (client_of(&[&key]), MemoryStore::default());
    let AuthMethod::PrivateKeyJwt(keys) = &client.auth_method else { panic!() };
    for exp in [NOW.0 + 1, NOW.0 + 360] {
        let assertion = token(&key, &[("exp", json!(exp))]).await;
        let once = check(&assertion, &client.id, keys, US, NOW).unwrap();
        assert!(once.window <= NOW, "{once:?}");
        assert!(
            once.window.after(crate::store::COUNT_KEPT) > Time(exp),
            "kept as long as it is good"
        );
        assert_eq!(store.count(&once.key, once.window).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn t18_t22_there_is_one_proof_and_it_is_the_registered_one() {
    let key = p256();
    let signs = client_of(&[&key]);
    let secrets = Secrets { current: SecretHash::of("pw"), other: None };
    let store = MemoryStore::default();
    let good = token(&key, &[]).await;
    for method in [AuthMethod::None, AuthMethod::Basic(secrets), AuthMethod::Post(secrets)] {
        let client = client(method);
        assert_eq!(asked(&client, &store, &form(&good, "")).await, Some(refused()), "{client:?}");
    }
    let post = format!("client_id={ID}&client_secret=pw");
    assert_eq!(asked(&signs, &store, &post).await, Some(refused()));
    assert_eq!(asked(&signs, &store, &format!("client_id={ID}")).await, Some(refused()));
    let gone = Client { expires_at: Some(NOW), ..signs.clone() };
    assert_eq!(asked(&gone, &store, &form(&good, "")).await, Some(refused()));
    for kind in ["", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "x"] {
        let form = format!("client_assertion_type={kind}&client_assertion={good}");
        assert_eq!(asked(&signs, &store, &form).await, Some(refused()), "{kind}");
    }
    let basic = [(header::AUTHORIZATION, "Basic YTpi")];
    let and_secret = form(&good, "&client_secret=pw");
    for proven in [proof(&basic, &form(&good, "")), proof(&[], &and_secret)] {
        assert_eq!(proven.unwrap_err().code, ErrorCode::InvalidRequest);
    }
    // Where nothing is kept of what was used, an assertion proves nothing.
    let proof = proof(&[], &form(&good, "")).unwrap();
    assert_eq!(proof.check(Some(signs.clone()), NOW), Err(refused()));
    assert_eq!(asked(&signs, &store, &form(&good, "")).await, None, "none of these has used it up");
}

#[tokio::test]
async fn an_assertion_is_never_shown() {
    let assertion = token(&p256(), &[]).await;
    let proof = proof(&[], &form(&assertion, "")).unwrap();
    assert_eq!(format!("{proof:?}"), format!("ClientProof({ID})"));
}

#[tokio::test]
async fn a_store_that_does_not_answer_lets_nobody_in_and_is_no_fault_of_the_client() {
    use crate::token::tests::faults::Failing;

    let key = p256();
    let proof = proof(&[], &form(&token(&key, &[]).await, "")).unwrap();
    let proven = proof.prove(Some(client_of(&[&key])), US, &Failing::at_once(), NOW).await;
    assert!(matches!(proven, Err(Failure::Store(_))), "{proven:?}");
}
