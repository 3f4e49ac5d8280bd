//! Tokens of issuers that are not ours: MiniStack, a whole implementation of Cognito, and moto, which signs tokens but
//! has no OAuth endpoints.

mod cognito;

use std::collections::BTreeMap;
use std::sync::Arc;

use auth::{
    CallerKind, Claims, Issuer, KeySet, Profile, Registry, Rejection, Unverifiable, Verifier,
};
use service_kit::clock::{Clock as _, SystemClock};

use super::server::Server;
use cognito::{Client, Pool, SCOPES, altered};

const RESOURCE: &str = "https://mcp.example.com/mcp";

async fn ministack() -> Option<Pool> {
    Some(Pool::create(Server::ministack()?).await)
}

async fn moto() -> Option<Pool> {
    Some(Pool::create(Server::moto()?).await)
}

fn issuer(pool: &Pool, clients: &[&Client]) -> Issuer {
    Issuer {
        url: pool.issuer(),
        profile: Profile::Cognito,
        audience: RESOURCE.to_owned(),
        clients: clients.iter().map(|client| client.id.clone()).collect(),
        jwks_uri: pool.jwks_uri().parse().expect("a URI"),
        known_keys: None,
        tenant_claim: None,
        tenants: BTreeMap::new(),
        tenant: None,
        scopes: None,
        check_grants: false,
    }
}

/// Verifies with the keys that the pool publishes, fetched by the verifier itself.
async fn verify(pool: &Pool, clients: &[&Client], token: &str) -> Result<Claims, Unverifiable> {
    Verifier::new(vec![issuer(pool, clients)], Arc::new(SystemClock)).verify(token).await
}

#[track_caller]
fn refused(verified: &Result<Claims, Unverifiable>, expected: Rejection) {
    assert_eq!(verified.as_ref().err(), Some(&Unverifiable::Rejected(expected)));
}

#[tokio::test]
async fn a_client_is_known_by_the_token_it_got_with_its_secret() {
    let Some(pool) = ministack().await else { return };
    let machine = pool.machine().await;
    let token = pool.client_credentials(&machine, SCOPES[0]).await;
    let claims = verify(&pool, &[&machine], &token).await.expect("the token is good");
    assert_eq!(claims.issuer, pool.issuer());
    assert_eq!(claims.scopes.to_string(), SCOPES[0]);
    assert!(claims.token_id.is_some());
    let caller = claims.into_caller(Registry::PROJECT);
    assert_eq!((caller.kind, &caller.subject), (CallerKind::Client, &machine.id));
    assert!(caller.scopes.contains("mcp/invoke"));
    assert!(!caller.scopes.contains(SCOPES[1]));
}

#[tokio::test]
async fn a_person_is_known_by_the_token_of_the_code_flow() {
    let Some(pool) = ministack().await else { return };
    let app = pool.app().await;
    let tokens = pool.code_flow(&app, &format!("openid {}", SCOPES[1])).await;
    let claims = verify(&pool, &[&app], &tokens.access).await.expect("the token is good");
    let caller = claims.into_caller(Registry::PROJECT);
    assert_eq!(caller.kind, CallerKind::Person);
    assert_eq!(caller.client_id.as_ref(), Some(&app.id));
    assert_ne!(caller.subject, app.id);
    // `write` implies `read`.
    assert!(SCOPES.iter().all(|scope| caller.scopes.contains(scope)));
}

#[tokio::test]
async fn j18_the_id_token_of_a_real_sign_in_is_refused() {
    let Some(pool) = ministack().await else { return };
    let app = pool.app().await;
    let tokens = pool.code_flow(&app, "openid").await;
    let id_token = tokens.id.expect("`openid` gives an ID token");
    refused(&verify(&pool, &[&app], &id_token).await, Rejection::NotAnAccessToken);
    assert!(verify(&pool, &[&app], &tokens.access).await.is_ok());
}

#[tokio::test]
async fn j17_a_real_token_of_another_client_is_refused() {
    let Some(pool) = ministack().await else { return };
    let (ours, other) = (pool.machine().await, pool.machine().await);
    let token = pool.client_credentials(&other, SCOPES[0]).await;
    refused(&verify(&pool, &[&ours], &token).await, Rejection::Client);
    refused(&verify(&pool, &[], &token).await, Rejection::Client);
    assert!(verify(&pool, &[&ours, &other], &token).await.is_ok());
}

#[tokio::test]
async fn j15_a_real_token_of_another_pool_is_refused() {
    let (Some(ours), Some(other)) = (ministack().await, ministack().await) else { return };
    let machine = other.machine().await;
    let token = other.client_credentials(&machine, SCOPES[0]).await;
    refused(&verify(&ours, &[&machine], &token).await, Rejection::Issuer);
    // Under our issuer's name its key is unknown, for the keys of pools differ.
    let keys = KeySet::parse(&ours.jwks().await).expect("a key set");
    let now = SystemClock.now();
    let verified = auth::verify(&token, &keys, &issuer(&other, &[&machine]), now);
    assert_eq!(verified.err(), Some(Rejection::UnknownKey));
}

#[tokio::test]
async fn j29_a_real_token_with_more_scopes_written_into_it_is_refused() {
    let Some(pool) = ministack().await else { return };
    let machine = pool.machine().await;
    let token = pool.client_credentials(&machine, SCOPES[0]).await;
    let more = altered(&token, SCOPES[0], SCOPES[1]);
    refused(&verify(&pool, &[&machine], &more).await, Rejection::Signature);
}

#[tokio::test]
async fn moto_publishes_the_key_of_its_tokens() {
    let Some(pool) = moto().await else { return };
    KeySet::parse(&pool.jwks().await).expect("a key that can be used");
    let app = pool.app().await;
    let tokens = pool.password_sign_in(&app).await;
    let claims = verify(&pool, &[&app], &tokens.access).await.expect("the token is good");
    assert_eq!(claims.scopes.to_string(), "aws.cognito.signin.user.admin");
    assert_eq!(claims.into_caller(Registry::PROJECT).kind, CallerKind::Person);
}

#[tokio::test]
async fn j17_j18_other_tokens_of_moto_are_refused() {
    let Some(pool) = moto().await else { return };
    let (app, other) = (pool.app().await, pool.app().await);
    let tokens = pool.password_sign_in(&app).await;
    refused(&verify(&pool, &[&other], &tokens.access).await, Rejection::Client);
    let id_token = tokens.id.expect("an ID token");
    refused(&verify(&pool, &[&app], &id_token).await, Rejection::NotAnAccessToken);
}
