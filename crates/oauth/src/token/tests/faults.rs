//! What happens when the store does not answer, or the key does not sign.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::grant::{Consent, ConsentKey, RefreshToken};
use crate::jwks::Jwk;
use crate::keys::Signer;
use crate::store::{Redeemed, Rotated};
use crate::transaction::{Session, Transaction, TransactionState};

/// A store that fails once, before it does anything, after so many good calls.
pub(crate) struct Failing {
    store: Arc<MemoryStore>,
    good: AtomicUsize,
}

impl Failing {
    /// A store that fails at the first call.
    pub(crate) fn at_once() -> Self {
        Self { store: Arc::default(), good: AtomicUsize::new(0) }
    }

    fn call(&self) -> Result<&MemoryStore, StoreError> {
        match self.good.fetch_sub(1, Ordering::Relaxed) {
            0 => Err(StoreError("throttled".into())),
            _ => Ok(&self.store),
        }
    }
}

/// The calls of a store, each of which may fail.
macro_rules! calls {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {$(
        async fn $name(&self, $($arg: $kind),*) -> Result<$answer, StoreError> {
            self.call()?.$name($($arg),*).await
        }
    )*};
}

impl Store for Failing {
    calls! {
        add_client(client: &Client) -> bool;
        client(id: &ClientId) -> Option<Client>;
        extend_client(id: &ClientId, expires_at: Option<Time>) -> ();
        delete_client(id: &ClientId, now: Time) -> ();
        add_transaction(transaction: &Transaction) -> ();
        transaction(hash: SecretHash) -> Option<Transaction>;
        advance_transaction(hash: SecretHash, from: &TransactionState, to: &TransactionState) -> bool;
        put_session(session: &Session) -> ();
        session(hash: SecretHash) -> Option<Session>;
        delete_session(hash: SecretHash) -> ();
        add_grant(grant: &Grant, code: &Code) -> ();
        grant(id: &GrantId) -> Option<Grant>;
        revoke_grant(id: &GrantId) -> ();
        holds(grant: Option<&GrantId>, client: &ClientId, now: Time) -> bool;
        code(hash: SecretHash) -> Option<Code>;
        redeem_code(code: &Code, refresh: Option<&RefreshToken>, now: Time) -> Redeemed;
        refresh_token(hash: SecretHash) -> Option<RefreshToken>;
        rotate(used: &RefreshToken, after: &RefreshToken, successor: &RefreshToken) -> Rotated;
        consent(key: &ConsentKey) -> Option<Consent>;
        put_consent(key: &ConsentKey, consent: &Consent) -> ();
        count(key: &str, window: Time) -> u32;
    }
}

impl World {
    /// Asks a store that fails after so many good calls, and how many calls there were.
    async fn ask_failing(&self, good: usize, form: &str) -> Result<TokenResponse, Failure> {
        let store = Failing { store: Arc::clone(&self.store), good: AtomicUsize::new(good) };
        let endpoint = TokenEndpoint {
            store: &store,
            keys: &self.keys,
            issuer: ISSUER,
            resource: &self.resource,
            registry: Registry::PROJECT,
            lifetimes: &self.lifetimes,
        };
        let form = Form::parse(form).unwrap();
        endpoint.answer(&self.client, &form, FreshToken::random().unwrap(), NOW).await
    }

    /// Lets every call of the store fail in turn, until all is well; how many calls that were.
    async fn fail_in_turn(&self, form: &str) -> usize {
        for good in 0.. {
            match self.ask_failing(good, form).await {
                Err(failure @ Failure::Store(_)) => {
                    assert_eq!(failure.told().code, ErrorCode::TemporarilyUnavailable);
                }
                answer => {
                    assert!(answer.is_ok(), "after {good}: {answer:?}");
                    return good;
                }
            }
        }
        unreachable!("a request makes a few calls")
    }
}

#[tokio::test]
async fn t32_what_the_store_does_not_answer_burns_nothing() {
    let world = World::new().await;
    assert_eq!(world.fail_in_turn(&world.code_form()).await, 4, "code, grant, client, redeem");
    let world = World::new().await;
    let token = world.login().await;
    assert_eq!(world.fail_in_turn(&refresh_form(&token)).await, 4, "token, grant, client, rotate");
    assert!(world.grant_holds().await);
}

/// A key that is elsewhere, and cannot be reached.
#[derive(Debug)]
struct OutOfReach(SigningKey);

#[async_trait]
impl Signer for OutOfReach {
    fn public(&self) -> &Jwk {
        self.0.public()
    }

    async fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, SigningError> {
        Err(SigningError::because("throttled"))
    }
}

#[tokio::test]
async fn t32_what_the_key_does_not_sign_burns_nothing() {
    let mut world = World::new().await;
    let out_of_reach = || KeyRing::new(OutOfReach(SigningKey::generate().unwrap()));
    let mut form = world.code_form();
    for _ in 0..2 {
        let keys = std::mem::replace(&mut world.keys, out_of_reach());
        let failure = world.ask(&form).await.unwrap_err();
        assert_eq!(failure.told().code, ErrorCode::TemporarilyUnavailable);
        world.keys = keys;
        form = refresh_form(&world.ask(&form).await.unwrap().refresh_token.unwrap());
    }
    assert!(world.grant_holds().await);
}
