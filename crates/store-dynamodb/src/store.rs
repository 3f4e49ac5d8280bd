//! The store: each operation, on its items.

use std::sync::Arc;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::ReturnValue;
use grants_dynamodb::DynamoGrants;
use oauth::{
    COUNT_KEPT, Client, ClientId, Code, Consent, ConsentKey, DELETED_KEPT, Grant, GrantId,
    GrantStatus, Redeemed, RefreshToken, Rotated, SecretHash, Session, Store, StoreError, Time,
    TransactionState,
};
use service_kit::clock::{Clock, from_unix_ms};

use crate::client::{Lazy, Settings, Tables};
use crate::error::Error;
use crate::item::{Attributes, Item, number, text};
use crate::records::{self, ACTIVE, CLIENT_ID, CODE, NEW, REFRESH_TOKEN, REVOKED, USED};
use crate::transaction::{Expected, Place, Transaction};

/// Keeps everything in three tables of DynamoDB; clones share a client.
#[derive(Debug, Clone)]
pub struct DynamoStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Lazy,
    tables: Tables,
    grants: DynamoGrants,
}

impl DynamoStore {
    /// Does no I/O; the tables must be there when they are first used.
    #[must_use]
    pub fn new(
        settings: Settings,
        https: &https::Client,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let tables = settings.tables.clone();
        let of_grants = grants_dynamodb::Settings {
            region: settings.region.clone(),
            endpoint: settings.endpoint.clone(),
            clients: tables.clients.clone(),
            refresh_tokens: tables.refresh_tokens.clone(),
        };
        let grants =
            DynamoGrants::new(of_grants, https.clone(), credentials.clone(), Arc::clone(&clock));
        let client = Lazy::new(&settings, https, credentials, clock);
        Self(Arc::new(Inner { client, tables, grants }))
    }
}

impl Inner {
    fn client(&self, id: &ClientId) -> Place<'_> {
        Place { table: &self.tables.clients, key_name: CLIENT_ID, key: id.as_str().to_owned() }
    }

    fn code(&self, key: String) -> Place<'_> {
        Place { table: &self.tables.codes, key_name: CODE, key }
    }

    fn refresh_token(&self, key: String) -> Place<'_> {
        Place { table: &self.tables.refresh_tokens, key_name: REFRESH_TOKEN, key }
    }

    async fn get(
        &self,
        operation: &'static str,
        place: Place<'_>,
    ) -> Result<Option<Attributes>, Error> {
        let request = self.client.get().get_item().table_name(place.table);
        let request = request.key(place.key_name, text(place.key)).consistent_read(true);
        let got = request.send().await.map_err(|err| Error::unavailable(operation, err))?;
        Ok(got.item)
    }

    async fn put(
        &self,
        operation: &'static str,
        table: &str,
        item: Attributes,
    ) -> Result<(), Error> {
        let request = self.client.get().put_item().table_name(table).set_item(Some(item));
        request.send().await.map_err(|err| Error::unavailable(operation, err))?;
        Ok(())
    }

    async fn commit(&self, transaction: Transaction) -> Result<bool, Error> {
        transaction.commit(self.client.get()).await
    }

    /// Keeps a new item; one with the same key is an error.
    async fn add(
        &self,
        operation: &'static str,
        place: (&str, &'static str),
        item: Attributes,
    ) -> Result<bool, Error> {
        let (table, key_name) = place;
        self.commit(Transaction::new(operation).put_new(table, key_name, item)?).await
    }

    /// A transaction that is committed only while the grant holds but for its client, which is
    /// looked at before: as it may be that of many people, a condition on it would be in the way of
    /// their transactions. Who is deleted between the two was deleted after.
    async fn while_granted(
        &self,
        operation: &'static str,
        grant: &GrantId,
        client: &ClientId,
    ) -> Result<Option<Transaction>, Error> {
        if self.is_deleted(operation, client).await? {
            return Ok(None);
        }
        let active = Expected { attribute: "status", value: text(ACTIVE) };
        let place = self.refresh_token(records::grant_key(grant));
        Transaction::new(operation).check(place, active).map(Some)
    }

    async fn is_deleted(&self, operation: &'static str, id: &ClientId) -> Result<bool, Error> {
        let item = self.get(operation, self.client(id)).await?;
        item.map_or(Ok(false), records::is_deleted)
    }
}

impl Store for DynamoStore {
    async fn add_client(&self, client: &Client) -> Result<bool, StoreError> {
        let place = (self.0.tables.clients.as_str(), CLIENT_ID);
        Ok(self.0.add("add_client", place, records::client_item(client)).await?)
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let item = self.0.get("client", self.0.client(id)).await?;
        Ok(item.map(records::client).transpose()?.flatten())
    }

    async fn extend_client(
        &self,
        id: &ClientId,
        expires_at: Option<Time>,
    ) -> Result<(), StoreError> {
        let place = self.0.client(id);
        let request = self.0.client.get().update_item().table_name(place.table);
        let request = request.key(place.key_name, text(place.key));
        let request = match expires_at {
            Some(end) => request
                .update_expression("SET expiresAt = :end, #ttl = :end")
                .expression_attribute_values(":end", number(end.0)),
            None => request.update_expression("REMOVE expiresAt, #ttl"),
        };
        let request = request
            .condition_expression("#status = :active")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":active", text(ACTIVE));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(err))
                if err.err().is_conditional_check_failed_exception() =>
            {
                Ok(())
            }
            Err(err) => Err(Error::unavailable("extend_client", err).into()),
        }
    }

    async fn delete_client(&self, id: &ClientId, now: Time) -> Result<(), StoreError> {
        let item = records::deleted_item(id, now.after(DELETED_KEPT));
        Ok(self.0.put("delete_client", &self.0.tables.clients, item).await?)
    }

    async fn add_transaction(&self, transaction: &oauth::Transaction) -> Result<(), StoreError> {
        let place = (self.0.tables.codes.as_str(), CODE);
        let item = records::transaction_item(transaction);
        if self.0.add("add_transaction", place, item).await? {
            Ok(())
        } else {
            Err(Error::Taken("the transaction").into())
        }
    }

    async fn transaction(
        &self,
        hash: SecretHash,
    ) -> Result<Option<oauth::Transaction>, StoreError> {
        let place = self.0.code(records::transaction_key(hash));
        let item = self.0.get("transaction", place).await?;
        Ok(item.map(|item| records::transaction(hash, item)).transpose()?)
    }

    async fn advance_transaction(
        &self,
        hash: SecretHash,
        from: &TransactionState,
        to: &TransactionState,
    ) -> Result<bool, StoreError> {
        let place = self.0.code(records::transaction_key(hash));
        let from = Expected { attribute: "step", value: records::step_value(from) };
        let to = records::step_value(to);
        let transaction = Transaction::new("advance_transaction").change(place, from, to, None)?;
        Ok(self.0.commit(transaction).await?)
    }

    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let item = records::session_item(session);
        Ok(self.0.put("put_session", &self.0.tables.codes, item).await?)
    }

    async fn session(&self, hash: SecretHash) -> Result<Option<Session>, StoreError> {
        let item = self.0.get("session", self.0.code(records::session_key(hash))).await?;
        Ok(item.map(|item| records::session(hash, item)).transpose()?)
    }

    async fn delete_session(&self, hash: SecretHash) -> Result<(), StoreError> {
        let place = self.0.code(records::session_key(hash));
        let request = self.0.client.get().delete_item().table_name(place.table);
        let deleted = request.key(place.key_name, text(place.key)).send().await;
        deleted.map_err(|err| Error::unavailable("delete_session", err))?;
        Ok(())
    }

    async fn add_grant(&self, grant: &Grant, code: &Code) -> Result<(), StoreError> {
        let tables = &self.0.tables;
        let transaction = Transaction::new("add_grant")
            .put_new(&tables.refresh_tokens, REFRESH_TOKEN, records::grant_item(grant))?
            .put_new(&tables.codes, CODE, records::code_item(code))?;
        if self.0.commit(transaction).await? {
            Ok(())
        } else {
            Err(Error::Taken("the grant or its code").into())
        }
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Grant>, StoreError> {
        let place = self.0.refresh_token(records::grant_key(id));
        let Some(item) = self.0.get("grant", place).await? else { return Ok(None) };
        let mut grant = records::grant(id, item)?;
        if self.0.is_deleted("grant", &grant.client).await? {
            grant.status = GrantStatus::Revoked;
        }
        Ok(Some(grant))
    }

    async fn revoke_grant(&self, id: &GrantId) -> Result<(), StoreError> {
        let place = self.0.refresh_token(records::grant_key(id));
        let active = Expected { attribute: "status", value: text(ACTIVE) };
        let transaction =
            Transaction::new("revoke_grant").change(place, active, text(REVOKED), None)?;
        self.0.commit(transaction).await?;
        Ok(())
    }

    /// In one request, as a resource server does.
    async fn holds(
        &self,
        grant: Option<&GrantId>,
        client: &ClientId,
        now: Time,
    ) -> Result<bool, StoreError> {
        let (grant, now) = (grant.map(|id| &*id.0), from_unix_ms(now.0.saturating_mul(1000)));
        let holds = self.0.grants.ask(grant, client.as_str(), now).await;
        Ok(holds.map_err(|err| Error::unavailable("holds", err))?)
    }

    async fn code(&self, hash: SecretHash) -> Result<Option<Code>, StoreError> {
        let item = self.0.get("code", self.0.code(records::hash_key(hash))).await?;
        Ok(item.map(|item| records::code(hash, item)).transpose()?)
    }

    async fn redeem_code(
        &self,
        code: &Code,
        refresh: Option<&RefreshToken>,
        now: Time,
    ) -> Result<Redeemed, StoreError> {
        let transaction = self.0.while_granted("redeem_code", &code.grant, &code.client).await?;
        let Some(transaction) = transaction else { return Ok(Redeemed::Not) };
        let place = self.0.code(records::hash_key(code.hash));
        let new = Expected { attribute: "state", value: text(NEW) };
        let mut transaction = transaction.change(place, new, text(USED), Some(number(now.0)))?;
        if let Some(token) = refresh {
            let item = records::refresh_token_item(token);
            let table = &self.0.tables.refresh_tokens;
            transaction = transaction.put_new(table, REFRESH_TOKEN, item)?;
        }
        let done = self.0.commit(transaction).await?;
        Ok(if done { Redeemed::Now } else { Redeemed::Not })
    }

    async fn refresh_token(&self, hash: SecretHash) -> Result<Option<RefreshToken>, StoreError> {
        let place = self.0.refresh_token(records::hash_key(hash));
        let item = self.0.get("refresh_token", place).await?;
        Ok(item.map(|item| records::refresh_token(hash, item)).transpose()?)
    }

    async fn rotate(
        &self,
        used: &RefreshToken,
        after: &RefreshToken,
        successor: &RefreshToken,
    ) -> Result<Rotated, StoreError> {
        let transaction = self.0.while_granted("rotate", &used.grant, &used.client).await?;
        let Some(transaction) = transaction else { return Ok(Rotated::Not) };
        let place = self.0.refresh_token(records::hash_key(used.hash));
        let state = records::refresh_state_value;
        let from = Expected { attribute: "state", value: state(used.state) };
        let (table, item) = (&self.0.tables.refresh_tokens, records::refresh_token_item(successor));
        let transaction = transaction.change(place, from, state(after.state), None)?.put_new(
            table,
            REFRESH_TOKEN,
            item,
        )?;
        let done = self.0.commit(transaction).await?;
        Ok(if done { Rotated::Now } else { Rotated::Not })
    }

    async fn consent(&self, key: &ConsentKey) -> Result<Option<Consent>, StoreError> {
        let place = self.0.refresh_token(records::consent_key(key));
        let item = self.0.get("consent", place).await?;
        Ok(item.map(records::consent).transpose()?)
    }

    async fn put_consent(&self, key: &ConsentKey, consent: &Consent) -> Result<(), StoreError> {
        let item = records::consent_item(key, consent);
        Ok(self.0.put("put_consent", &self.0.tables.refresh_tokens, item).await?)
    }

    /// A try whose answer was lost may be counted twice.
    async fn count(&self, key: &str, window: Time) -> Result<u32, StoreError> {
        let place = self.0.code(records::count_key(key, window));
        let request = self.0.client.get().update_item().table_name(place.table);
        let counted = request
            .key(place.key_name, text(place.key))
            .update_expression("SET #ttl = :ttl ADD events :one")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", number(window.after(COUNT_KEPT).0))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(|err| Error::unavailable("count", err))?;
        Ok(Item::new("N#", counted.attributes.unwrap_or_default()).number("events")?)
    }
}
