//! A store in memory that is watched, fails when it is told to, and lets others go first.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use oauth::{
    Client, ClientId, Code, Consent, ConsentKey, Grant, GrantId, MemoryStore, Redeemed,
    RefreshToken, Rotated, SecretHash, Session, Store, StoreError, Time, Transaction,
    TransactionState,
};

/// What only we know of a failure.
pub(crate) const OURS: &str = "account 123456789012";

/// Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Watched(Arc<Inner>);

#[derive(Default)]
struct Inner {
    store: MemoryStore,
    /// The call that will fail: 0 is none, 1 the next.
    failing: AtomicUsize,
    down: AtomicBool,
    calls: Mutex<Vec<&'static str>>,
}

impl Watched {
    /// The next call after `good` ones fails, before it does anything.
    pub(crate) fn fail_after(&self, good: usize) {
        self.0.failing.store(good + 1, Ordering::Relaxed);
    }

    /// Whether that call was not made yet.
    pub(crate) fn is_to_fail(&self) -> bool {
        self.0.failing.swap(0, Ordering::Relaxed) > 0
    }

    /// Fails every call, or none.
    pub(crate) fn fail_all(&self, down: bool) {
        self.0.down.store(down, Ordering::Relaxed);
    }

    /// How often something was asked of it.
    pub(crate) fn calls(&self, name: &str) -> usize {
        self.0.calls.lock().unwrap().iter().filter(|own| **own == name).count()
    }

    /// All that is kept, as text.
    pub(crate) fn kept(&self) -> String {
        format!("{:?}", self.0.store)
    }

    async fn call(&self, name: &'static str) -> Result<&MemoryStore, StoreError> {
        // Whoever else is here comes as far as this.
        tokio::task::yield_now().await;
        self.0.calls.lock().unwrap().push(name);
        let left = |left: usize| left.checked_sub(1);
        let fails =
            self.0.failing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left) == Ok(1);
        if fails || self.0.down.load(Ordering::Relaxed) {
            return Err(StoreError(format!("throttled in {OURS}").into()));
        }
        Ok(&self.0.store)
    }
}

macro_rules! calls {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {$(
        async fn $name(&self, $($arg: $kind),*) -> Result<$answer, StoreError> {
            self.call(stringify!($name)).await?.$name($($arg),*).await
        }
    )*};
}

impl Store for Watched {
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
