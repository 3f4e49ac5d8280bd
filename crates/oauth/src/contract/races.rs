//! Many callers at a time.

use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::samples::{failed, hash, random, refresh_token, transaction};
use super::{NOW, granted, refreshable, rotate};
use crate::grant::RefreshToken;
use crate::store::{Redeemed, Rotated, Store, StoreError};
use crate::transaction::TransactionState;

pub(super) async fn of_fifty_redemptions_at_a_time_one_succeeds<S: Store>(
    store: &Arc<S>,
) -> Result<(), StoreError> {
    let (grant, code) = granted(&**store).await?;
    let tokens = (0..50).map(|_| refresh_token(&grant)).collect::<Result<Vec<_>, _>>()?;
    let outcomes = at_a_time(tokens.clone().into_iter().map(|token| {
        let (store, code) = (Arc::clone(store), code.clone());
        async move { store.redeem_code(&code, Some(&token), NOW).await }
    }));
    let outcomes = outcomes.await?;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Redeemed::Now).count(), 1);
    assert_eq!(kept(&**store, &tokens).await?, 1);
    Ok(())
}

pub(super) async fn of_twenty_rotations_at_a_time_one_succeeds<S: Store>(
    store: &Arc<S>,
) -> Result<(), StoreError> {
    let (grant, used) = refreshable(&**store).await?;
    let successors = (0..20).map(|_| refresh_token(&grant)).collect::<Result<Vec<_>, _>>()?;
    let outcomes = at_a_time(successors.clone().into_iter().map(|successor| {
        let (store, used) = (Arc::clone(store), used.clone());
        async move { rotate(&*store, &used, &successor).await }
    }));
    let outcomes = outcomes.await?;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Rotated::Now).count(), 1);
    assert_eq!(kept(&**store, &successors).await?, 1);
    Ok(())
}

pub(super) async fn of_twenty_answers_to_a_transaction_one_counts<S: Store>(
    store: &Arc<S>,
) -> Result<(), StoreError> {
    let transaction = transaction(TransactionState::Consent { session: hash()? })?;
    store.add_transaction(&transaction).await?;
    let outcomes = at_a_time((0..20).map(|_| {
        let (store, transaction) = (Arc::clone(store), transaction.clone());
        async move {
            let (hash, from) = (transaction.hash, &transaction.step);
            store.advance_transaction(hash, from, &TransactionState::Done).await
        }
    }));
    assert_eq!(outcomes.await?.into_iter().filter(|advanced| *advanced).count(), 1);
    Ok(())
}

pub(super) async fn counts_at_a_time_are_all_counted<S: Store>(
    store: &Arc<S>,
) -> Result<(), StoreError> {
    let key = random()?;
    let outcomes = at_a_time((0..20).map(|_| {
        let (store, key) = (Arc::clone(store), key.clone());
        async move { store.count(&key, NOW).await }
    }));
    let mut counts = outcomes.await?;
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<u32>>());
    Ok(())
}

async fn at_a_time<T: Send + 'static, F>(
    operations: impl Iterator<Item = F>,
) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let mut running: JoinSet<_> = operations.collect();
    let mut outcomes = Vec::new();
    while let Some(outcome) = running.join_next().await {
        outcomes.push(outcome.map_err(failed)??);
    }
    Ok(outcomes)
}

async fn kept<S: Store>(store: &S, tokens: &[RefreshToken]) -> Result<usize, StoreError> {
    let mut kept = 0;
    for token in tokens {
        kept += usize::from(store.refresh_token(token.hash).await?.is_some());
    }
    Ok(kept)
}
