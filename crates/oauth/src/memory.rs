//! A store in memory: for one process, and for tests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::client::{Client, ClientId};
use crate::grant::{
    Code, CodeState, Consent, ConsentKey, Grant, GrantId, GrantStatus, RefreshToken,
};
use crate::secret::SecretHash;
use crate::store::{CODE_KEPT, COUNT_KEPT, DELETED_KEPT, Redeemed, Rotated, Store, StoreError};
use crate::time::Time;
use crate::transaction::{Session, Transaction, TransactionState};

/// Fewer records than this are not looked through for what has ended.
const FIRST_SWEEP: usize = 1024;

/// Keeps everything in this process.
///
/// What has ended is forgotten whenever the records have doubled, so that callers nobody knows
/// cannot fill it for good. It has no clock: the latest moment that a caller named is the present.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    clients: HashMap<ClientId, Client>,
    /// Until when a deleted client is remembered.
    deleted: HashMap<ClientId, Time>,
    transactions: HashMap<SecretHash, Transaction>,
    sessions: HashMap<SecretHash, Session>,
    grants: HashMap<GrantId, Grant>,
    codes: HashMap<SecretHash, Code>,
    refresh_tokens: HashMap<SecretHash, RefreshToken>,
    consents: HashMap<ConsentKey, Consent>,
    counts: HashMap<(String, Time), u32>,
    latest: Option<Time>,
    sweep_at: usize,
}

impl MemoryStore {
    /// No operation leaves the records half done: they are good even when a thread died with them.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn holds(&self, id: &GrantId) -> bool {
        self.grants.get(id).is_some_and(|grant| {
            grant.status == GrantStatus::Active && !self.deleted.contains_key(&grant.client)
        })
    }

    fn len(&self) -> usize {
        self.clients.len()
            + self.deleted.len()
            + self.transactions.len()
            + self.sessions.len()
            + self.grants.len()
            + self.codes.len()
            + self.refresh_tokens.len()
            + self.consents.len()
            + self.counts.len()
    }

    fn is(&mut self, now: Time) {
        self.latest = self.latest.max(Some(now));
    }

    /// Before something is added: makes room.
    fn forget_ended(&mut self) {
        let Some(now) = self.latest else { return };
        if self.len() < self.sweep_at.max(FIRST_SWEEP) {
            return;
        }
        self.clients.retain(|_, client| client.expires_at.is_none_or(|end| !end.has_come(now)));
        self.deleted.retain(|_, end| !end.has_come(now));
        self.transactions.retain(|_, transaction| !transaction.expires_at.has_come(now));
        self.sessions.retain(|_, session| !session.expires_at.has_come(now));
        self.grants.retain(|_, grant| !grant.expires_at.has_come(now));
        self.codes.retain(|_, code| !code.expires_at.after(CODE_KEPT).has_come(now));
        self.refresh_tokens.retain(|_, token| !token.expires_at.has_come(now));
        self.consents.retain(|_, consent| !consent.expires_at.has_come(now));
        self.counts.retain(|(_, window), _| !window.after(COUNT_KEPT).has_come(now));
        self.sweep_at = 2 * self.len();
    }
}

/// An id or a hash that is random is there already.
fn taken(what: &'static str) -> StoreError {
    StoreError(what.into())
}

impl Store for MemoryStore {
    async fn add_client(&self, client: &Client) -> Result<bool, StoreError> {
        let mut records = self.records();
        records.is(client.created_at);
        records.forget_ended();
        let new =
            !records.clients.contains_key(&client.id) && !records.deleted.contains_key(&client.id);
        if new {
            records.clients.insert(client.id.clone(), client.clone());
        }
        Ok(new)
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        Ok(self.records().clients.get(id).cloned())
    }

    async fn extend_client(
        &self,
        id: &ClientId,
        expires_at: Option<Time>,
    ) -> Result<(), StoreError> {
        if let Some(client) = self.records().clients.get_mut(id) {
            client.expires_at = expires_at;
        }
        Ok(())
    }

    async fn delete_client(&self, id: &ClientId, now: Time) -> Result<(), StoreError> {
        let mut records = self.records();
        records.is(now);
        records.clients.remove(id);
        records.deleted.insert(id.clone(), now.after(DELETED_KEPT));
        Ok(())
    }

    async fn add_transaction(&self, transaction: &Transaction) -> Result<(), StoreError> {
        let mut records = self.records();
        records.forget_ended();
        if records.transactions.contains_key(&transaction.hash) {
            return Err(taken("the transaction is there already"));
        }
        records.transactions.insert(transaction.hash, transaction.clone());
        Ok(())
    }

    async fn transaction(&self, hash: SecretHash) -> Result<Option<Transaction>, StoreError> {
        Ok(self.records().transactions.get(&hash).cloned())
    }

    async fn advance_transaction(
        &self,
        hash: SecretHash,
        from: &TransactionState,
        to: &TransactionState,
    ) -> Result<bool, StoreError> {
        let mut records = self.records();
        let Some(transaction) = records.transactions.get_mut(&hash) else { return Ok(false) };
        let expected = transaction.step == *from;
        if expected {
            transaction.step = to.clone();
        }
        Ok(expected)
    }

    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let mut records = self.records();
        records.is(session.used_at);
        records.forget_ended();
        records.sessions.insert(session.hash, session.clone());
        Ok(())
    }

    async fn session(&self, hash: SecretHash) -> Result<Option<Session>, StoreError> {
        Ok(self.records().sessions.get(&hash).cloned())
    }

    async fn delete_session(&self, hash: SecretHash) -> Result<(), StoreError> {
        self.records().sessions.remove(&hash);
        Ok(())
    }

    async fn add_grant(&self, grant: &Grant, code: &Code) -> Result<(), StoreError> {
        let mut records = self.records();
        records.forget_ended();
        if records.grants.contains_key(&grant.id) || records.codes.contains_key(&code.hash) {
            return Err(taken("the grant or its code is there already"));
        }
        records.grants.insert(grant.id.clone(), grant.clone());
        records.codes.insert(code.hash, code.clone());
        Ok(())
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Grant>, StoreError> {
        let records = self.records();
        Ok(records.grants.get(id).cloned().map(|grant| {
            let status = if records.holds(id) { GrantStatus::Active } else { GrantStatus::Revoked };
            Grant { status, ..grant }
        }))
    }

    async fn revoke_grant(&self, id: &GrantId) -> Result<(), StoreError> {
        if let Some(grant) = self.records().grants.get_mut(id) {
            grant.status = GrantStatus::Revoked;
        }
        Ok(())
    }

    async fn holds(
        &self,
        grant: Option<&GrantId>,
        client: &ClientId,
        now: Time,
    ) -> Result<bool, StoreError> {
        let records = self.records();
        Ok(match grant {
            Some(id) => {
                let is_its_own =
                    |grant: &Grant| grant.client == *client && !grant.expires_at.has_come(now);
                records.holds(id) && records.grants.get(id).is_some_and(is_its_own)
            }
            None => {
                let lasts =
                    |client: &Client| client.expires_at.is_none_or(|end| !end.has_come(now));
                !records.deleted.contains_key(client)
                    && records.clients.get(client).is_none_or(lasts)
            }
        })
    }

    async fn code(&self, hash: SecretHash) -> Result<Option<Code>, StoreError> {
        Ok(self.records().codes.get(&hash).cloned())
    }

    async fn redeem_code(
        &self,
        code: &Code,
        refresh: Option<&RefreshToken>,
        now: Time,
    ) -> Result<Redeemed, StoreError> {
        let mut records = self.records();
        records.is(now);
        let good = records
            .codes
            .get(&code.hash)
            .is_some_and(|kept| kept.state == CodeState::New && !kept.expires_at.has_come(now));
        let taken = refresh.is_some_and(|new| records.refresh_tokens.contains_key(&new.hash));
        if !good || taken || !records.holds(&code.grant) {
            return Ok(Redeemed::Not);
        }
        if let Some(kept) = records.codes.get_mut(&code.hash) {
            kept.state = CodeState::Used;
        }
        if let Some(new) = refresh {
            records.refresh_tokens.insert(new.hash, new.clone());
        }
        Ok(Redeemed::Now)
    }

    async fn refresh_token(&self, hash: SecretHash) -> Result<Option<RefreshToken>, StoreError> {
        Ok(self.records().refresh_tokens.get(&hash).cloned())
    }

    async fn rotate(
        &self,
        used: &RefreshToken,
        after: &RefreshToken,
        successor: &RefreshToken,
    ) -> Result<Rotated, StoreError> {
        let mut records = self.records();
        let expected =
            records.refresh_tokens.get(&used.hash).is_some_and(|kept| kept.state == used.state);
        let taken = records.refresh_tokens.contains_key(&successor.hash);
        if !expected || taken || !records.holds(&used.grant) {
            return Ok(Rotated::Not);
        }
        records.forget_ended();
        if let Some(kept) = records.refresh_tokens.get_mut(&used.hash) {
            kept.state = after.state;
        }
        records.refresh_tokens.insert(successor.hash, successor.clone());
        Ok(Rotated::Now)
    }

    async fn consent(&self, key: &ConsentKey) -> Result<Option<Consent>, StoreError> {
        Ok(self.records().consents.get(key).cloned())
    }

    async fn put_consent(&self, key: &ConsentKey, consent: &Consent) -> Result<(), StoreError> {
        let mut records = self.records();
        records.forget_ended();
        records.consents.insert(key.clone(), consent.clone());
        Ok(())
    }

    async fn count(&self, key: &str, window: Time) -> Result<u32, StoreError> {
        let mut records = self.records();
        records.is(window);
        records.forget_ended();
        let count = records.counts.entry((key.to_owned(), window)).or_default();
        *count = count.saturating_add(1);
        Ok(*count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract;

    #[tokio::test(flavor = "multi_thread")]
    async fn t02_the_contract_holds() {
        contract::holds(&Arc::new(MemoryStore::default())).await.unwrap();
    }

    #[tokio::test]
    async fn what_has_ended_makes_room() {
        let store = MemoryStore::default();
        for n in 0..2 * FIRST_SWEEP {
            store.count(&n.to_string(), Time(0)).await.unwrap();
        }
        assert_eq!(store.records().counts.len(), 2 * FIRST_SWEEP, "none of it has ended");
        let later = Time(0).after(COUNT_KEPT);
        for n in 0..2 * FIRST_SWEEP {
            store.count(&n.to_string(), later).await.unwrap();
        }
        assert_eq!(store.records().counts.len(), 2 * FIRST_SWEEP, "only the new ones are left");
        assert_eq!(store.count("0", later).await.unwrap(), 2);
    }
}
