//! The port to what is kept: each operation is one atomic step.
//!
//! Records are found by id or by hash and compared with the clock by the caller: a store may forget
//! what has ended late, or never.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use crate::client::{Client, ClientId};
use crate::grant::{Code, Consent, ConsentKey, Grant, GrantId, RefreshToken};
use crate::secret::SecretHash;
use crate::time::Time;
use crate::transaction::{Session, Transaction, TransactionState};

/// How long a code is kept after it has ended, so that it is known when it is used again: longer
/// than any access token that was made of it.
pub const CODE_KEPT: Duration = Duration::from_secs(2 * 60 * 60);
/// How long a deleted client's grants are known not to hold. No grant may last longer.
pub const DELETED_KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// How long a count is kept after its window began. No window may be longer.
pub const COUNT_KEPT: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// The store cannot answer now. Nothing is known to have been done.
#[derive(Debug, thiserror::Error)]
#[error("the store does not answer")]
pub struct StoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// What became of a code that was to be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// It was new, is used now, and the refresh token is kept.
    Now,
    /// Somebody was faster, it has ended, or its grant no longer holds. Nothing was changed.
    Not,
}

/// What became of a refresh token that was to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// It was in the state that was expected; its successor is kept.
    Now,
    /// It was in another, or its grant no longer holds. Nothing was changed.
    Not,
}

/// Where clients, transactions, sessions, codes, grants, refresh tokens and consents are kept.
///
/// Every reading operation sees all that was done before it (DynamoDB: consistent reads of base
/// tables, never of an index).
pub trait Store: Send + Sync + 'static {
    /// Keeps a new client. `false` when there is one of this id, or was one that was deleted.
    fn add_client(&self, client: &Client) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The client of this id.
    fn client(
        &self,
        id: &ClientId,
    ) -> impl Future<Output = Result<Option<Client>, StoreError>> + Send;

    /// Moves the moment when a client is forgotten. Nothing happens when there is none.
    fn extend_client(
        &self,
        id: &ClientId,
        expires_at: Option<Time>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets a client, and revokes all its grants, even those that are still on their way: for
    /// [`DELETED_KEPT`] from `now` on, no grant of this client holds.
    fn delete_client(
        &self,
        id: &ClientId,
        now: Time,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps a new transaction; one with the same hash is an error.
    fn add_transaction(
        &self,
        transaction: &Transaction,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The transaction of this hash.
    fn transaction(
        &self,
        hash: SecretHash,
    ) -> impl Future<Output = Result<Option<Transaction>, StoreError>> + Send;

    /// Takes a transaction a step further, if it is still at `from`. `false` when it is not.
    fn advance_transaction(
        &self,
        hash: SecretHash,
        from: &TransactionState,
        to: &TransactionState,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Keeps a session, in the place of one with the same hash.
    fn put_session(&self, session: &Session)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The session of this hash.
    fn session(
        &self,
        hash: SecretHash,
    ) -> impl Future<Output = Result<Option<Session>, StoreError>> + Send;

    /// Forgets a session.
    fn delete_session(
        &self,
        hash: SecretHash,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps a new grant and its first code, both or neither; one with the same id or hash is an
    /// error.
    fn add_grant(
        &self,
        grant: &Grant,
        code: &Code,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The grant of this id; [`GrantStatus::Revoked`](crate::GrantStatus) too when its client was
    /// deleted.
    fn grant(&self, id: &GrantId)
    -> impl Future<Output = Result<Option<Grant>, StoreError>> + Send;

    /// Takes a grant back, with everything that was given out for it. Nothing happens when there is
    /// none, or it was taken back before.
    fn revoke_grant(&self, id: &GrantId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether a token that `client` has of `grant` is still good at `now`: the grant is this
    /// client's, was not taken back and has not ended, and the client was not deleted. Without a
    /// grant the client acts on its own behalf: it was not deleted, and has not ended if it is kept.
    fn holds(
        &self,
        grant: Option<&GrantId>,
        client: &ClientId,
        now: Time,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The code of this hash, used or not.
    fn code(
        &self,
        hash: SecretHash,
    ) -> impl Future<Output = Result<Option<Code>, StoreError>> + Send;

    /// Uses a code, as it was read: if it is still new and has not ended at `now`, and its grant
    /// holds, it is marked as used and `refresh` is kept; all or nothing. Of any number at a time
    /// one is [`Redeemed::Now`].
    fn redeem_code(
        &self,
        code: &Code,
        refresh: Option<&RefreshToken>,
        now: Time,
    ) -> impl Future<Output = Result<Redeemed, StoreError>> + Send;

    /// The refresh token of this hash, used or not.
    fn refresh_token(
        &self,
        hash: SecretHash,
    ) -> impl Future<Output = Result<Option<RefreshToken>, StoreError>> + Send;

    /// Uses a refresh token: if it is still `used` (all of its state) and its grant holds, it gets
    /// the state of `after`, and `successor` is kept; all or nothing.
    fn rotate(
        &self,
        used: &RefreshToken,
        after: &RefreshToken,
        successor: &RefreshToken,
    ) -> impl Future<Output = Result<Rotated, StoreError>> + Send;

    /// What was agreed to before.
    fn consent(
        &self,
        key: &ConsentKey,
    ) -> impl Future<Output = Result<Option<Consent>, StoreError>> + Send;

    /// Remembers what was agreed to.
    fn put_consent(
        &self,
        key: &ConsentKey,
        consent: &Consent,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Counts one more event under `key` in the window that begins at `window`, and tells how many
    /// there are now. What is counted is forgotten some time after the window.
    fn count(
        &self,
        key: &str,
        window: Time,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;
}
