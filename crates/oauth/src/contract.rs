//! What every [`Store`] does, whatever it keeps its records in: the tests of each run [`holds`].
//!
//! All names are random, so that it may run more than once against the same tables.

mod races;
mod samples;

use std::sync::Arc;
use std::time::Duration;

pub use self::samples::{client_id, grant_and_code, refresh_token};
use self::samples::{clients, hash, random, scopes, steps, transaction};
use crate::client::Client;
use crate::grant::{
    Code, CodeState, Consent, ConsentKey, Grant, GrantStatus, RefreshState, RefreshToken,
};
use crate::store::{Redeemed, Rotated, Store, StoreError};
use crate::time::Time;
use crate::transaction::{Session, Transaction, TransactionState};

/// The present, wherever it matters.
pub const NOW: Time = Time(1_800_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Runs the whole contract.
///
/// # Errors
/// When the store does not answer.
///
/// # Panics
/// When the store breaks the contract.
pub async fn holds<S: Store>(store: &Arc<S>) -> Result<(), StoreError> {
    holds_for_one_caller(&**store).await?;
    races::of_fifty_redemptions_at_a_time_one_succeeds(store).await?;
    races::of_twenty_rotations_at_a_time_one_succeeds(store).await?;
    races::of_twenty_answers_to_a_transaction_one_counts(store).await?;
    races::counts_at_a_time_are_all_counted(store).await
}

/// Runs what the contract says of one caller at a time: all of it but the races. For a database that
/// is only played, by something that mixes up callers at the same time.
///
/// # Errors
/// When the store does not answer.
///
/// # Panics
/// When the store breaks the contract.
pub async fn holds_for_one_caller<S: Store>(store: &S) -> Result<(), StoreError> {
    what_is_kept_comes_back_as_it_was(store).await?;
    what_was_never_kept_is_not_there(store).await?;
    a_client_is_added_once_and_extended_while_it_is_there(store).await?;
    a_transaction_is_taken_further_only_from_the_expected_step(store).await?;
    a_grant_and_its_code_are_kept_together_or_not_at_all(store).await?;
    a_code_is_used_once_in_its_time(store).await?;
    a_refresh_token_is_used_only_in_the_state_that_is_expected(store).await?;
    nothing_comes_of_a_revoked_grant(store).await?;
    a_deleted_client_takes_its_grants_along(store).await?;
    a_token_is_good_while_its_grant_holds_and_its_client_is_not_deleted(store).await?;
    events_are_counted_by_key_and_window(store).await
}

async fn what_is_kept_comes_back_as_it_was<S: Store>(store: &S) -> Result<(), StoreError> {
    for client in clients()? {
        assert!(store.add_client(&client).await?);
        assert_eq!(store.client(&client.id).await?.as_ref(), Some(&client));
    }
    for step in steps()? {
        let transaction = transaction(step)?;
        store.add_transaction(&transaction).await?;
        assert_eq!(store.transaction(transaction.hash).await?.as_ref(), Some(&transaction));
        assert!(store.add_transaction(&transaction).await.is_err(), "its hash is taken");
    }

    let bare = Session {
        hash: hash()?,
        subject: "a#person".to_owned(),
        name: None,
        tenant: None,
        authenticated_at: NOW,
        used_at: NOW,
        expires_at: NOW.after(HOUR),
    };
    store.put_session(&bare).await?;
    assert_eq!(store.session(bare.hash).await?.as_ref(), Some(&bare));
    let named = Session {
        name: Some("Åsa \"A\"".to_owned()),
        tenant: Some("tenant-1".parse().map_err(samples::failed)?),
        used_at: NOW.after(MINUTE),
        ..bare
    };
    store.put_session(&named).await?;
    assert_eq!(store.session(named.hash).await?.as_ref(), Some(&named));
    let elsewhere = Session { hash: hash()?, ..named.clone() };
    store.put_session(&elsewhere).await?;
    store.delete_session(named.hash).await?;
    assert_eq!(store.session(named.hash).await?, None);
    assert_eq!(store.session(elsewhere.hash).await?, Some(elsewhere), "only the one");

    let (grant, code) = granted(store).await?;
    assert_eq!(store.grant(&grant.id).await?.as_ref(), Some(&grant));
    assert_eq!(store.code(code.hash).await?.as_ref(), Some(&code));
    let token = refresh_token(&grant)?;
    assert_eq!(store.redeem_code(&code, Some(&token), NOW).await?, Redeemed::Now);
    assert_eq!(store.refresh_token(token.hash).await?.as_ref(), Some(&token));

    let key =
        ConsentKey { subject: random()?, client: grant.client, redirect_uri: code.redirect_uri };
    let consent =
        Consent { scopes: scopes("a b")?, resource: grant.resource, expires_at: NOW.after(HOUR) };
    store.put_consent(&key, &Consent { scopes: scopes("a")?, ..consent.clone() }).await?;
    store.put_consent(&key, &consent).await?;
    assert_eq!(store.consent(&key).await?, Some(consent), "the last one");
    let elsewhere = ConsentKey { redirect_uri: "https://elsewhere.example/".to_owned(), ..key };
    assert_eq!(store.consent(&elsewhere).await?, None);
    Ok(())
}

async fn what_was_never_kept_is_not_there<S: Store>(store: &S) -> Result<(), StoreError> {
    let (grant, code) = grant_and_code(client_id()?)?;
    let step = TransactionState::Done;
    assert_eq!(store.client(&grant.client).await?, None);
    assert_eq!(store.transaction(hash()?).await?, None);
    assert!(!store.advance_transaction(hash()?, &step, &step).await?);
    assert_eq!(store.session(hash()?).await?, None);
    assert_eq!(store.grant(&grant.id).await?, None);
    assert_eq!(store.code(code.hash).await?, None);
    assert_eq!(store.redeem_code(&code, None, NOW).await?, Redeemed::Not);
    assert_eq!(store.refresh_token(hash()?).await?, None);
    let used = refresh_token(&grant)?;
    assert_eq!(rotate(store, &used, &refresh_token(&grant)?).await?, Rotated::Not);
    store.extend_client(&grant.client, None).await?;
    store.delete_session(hash()?).await?;
    store.revoke_grant(&grant.id).await?;
    assert_eq!(store.client(&grant.client).await?, None, "extending made none");
    assert_eq!(store.grant(&grant.id).await?, None, "revoking made none");
    Ok(())
}

async fn a_client_is_added_once_and_extended_while_it_is_there<S: Store>(
    store: &S,
) -> Result<(), StoreError> {
    for client in clients()? {
        assert!(store.add_client(&client).await?);
        let other = Client { name: Some("another".to_owned()), ..client.clone() };
        assert!(!store.add_client(&other).await?);
        for expires_at in [Some(NOW.after(HOUR)), None, Some(NOW.after(MINUTE))] {
            store.extend_client(&client.id, expires_at).await?;
            let extended = Client { expires_at, ..client.clone() };
            assert_eq!(store.client(&client.id).await?, Some(extended));
        }
        store.delete_client(&client.id, NOW).await?;
        store.extend_client(&client.id, Some(NOW.after(HOUR))).await?;
        assert_eq!(store.client(&client.id).await?, None);
        assert!(!store.add_client(&client).await?, "a deleted id is not given again");
    }
    Ok(())
}

async fn a_transaction_is_taken_further_only_from_the_expected_step<S: Store>(
    store: &S,
) -> Result<(), StoreError> {
    let steps = steps()?;
    for from in &steps {
        let transaction = transaction(from.clone())?;
        store.add_transaction(&transaction).await?;
        for other in steps.iter().filter(|other| *other != from) {
            assert!(!store.advance_transaction(transaction.hash, other, from).await?);
            assert_eq!(store.transaction(transaction.hash).await?.as_ref(), Some(&transaction));
        }
        for to in &steps {
            let transaction = Transaction { hash: hash()?, ..transaction.clone() };
            store.add_transaction(&transaction).await?;
            assert!(store.advance_transaction(transaction.hash, from, to).await?);
            let further = Transaction { step: to.clone(), ..transaction };
            assert_eq!(store.transaction(further.hash).await?, Some(further));
        }
    }
    Ok(())
}

async fn a_grant_and_its_code_are_kept_together_or_not_at_all<S: Store>(
    store: &S,
) -> Result<(), StoreError> {
    let (grant, code) = granted(store).await?;
    let (other, fresh) = grant_and_code(client_id()?)?;
    let stolen = Code { grant: other.id.clone(), ..code.clone() };
    assert!(store.add_grant(&other, &stolen).await.is_err(), "the code's hash is taken");
    assert_eq!(store.grant(&other.id).await?, None);
    let usurped = Grant { id: grant.id.clone(), ..other };
    assert!(store.add_grant(&usurped, &fresh).await.is_err(), "the grant's id is taken");
    assert_eq!(store.code(fresh.hash).await?, None);
    assert_eq!(store.code(code.hash).await?, Some(code));
    assert_eq!(store.grant(&grant.id).await?, Some(grant));
    Ok(())
}

async fn a_code_is_used_once_in_its_time<S: Store>(store: &S) -> Result<(), StoreError> {
    let (grant, code) = granted(store).await?;
    let token = refresh_token(&grant)?;
    for late in [code.expires_at, code.expires_at.after(MINUTE)] {
        assert_eq!(store.redeem_code(&code, Some(&token), late).await?, Redeemed::Not);
    }
    assert_eq!(store.code(code.hash).await?.as_ref(), Some(&code), "nothing was changed");
    assert_eq!(store.refresh_token(token.hash).await?, None, "nothing was changed");
    assert_eq!(store.redeem_code(&code, None, NOW).await?, Redeemed::Now);
    let used = Code { state: CodeState::Used, ..code.clone() };
    assert_eq!(
        store.code(code.hash).await?.as_ref(),
        Some(&used),
        "it is known when it comes again"
    );
    assert_eq!(store.redeem_code(&code, Some(&token), NOW).await?, Redeemed::Not);
    assert_eq!(store.redeem_code(&used, Some(&token), NOW).await?, Redeemed::Not);
    assert_eq!(store.refresh_token(token.hash).await?, None);
    Ok(())
}

async fn a_refresh_token_is_used_only_in_the_state_that_is_expected<S: Store>(
    store: &S,
) -> Result<(), StoreError> {
    let (grant, token) = refreshable(store).await?;
    let rotated = |token: &RefreshToken, graces| RefreshToken {
        state: RefreshState::Rotated { at: NOW, graces },
        ..token.clone()
    };
    let states = [token.clone(), rotated(&token, 0), rotated(&token, 1), rotated(&token, 2)];
    for pair in states.windows(2) {
        let [used, after] = pair else { continue };
        let successor = refresh_token(&grant)?;
        for wrong in states.iter().filter(|state| *state != used) {
            assert_eq!(store.rotate(wrong, after, &successor).await?, Rotated::Not);
            assert_eq!(store.refresh_token(token.hash).await?.as_ref(), Some(used));
            assert_eq!(store.refresh_token(successor.hash).await?, None);
        }
        assert_eq!(store.rotate(used, after, &successor).await?, Rotated::Now);
        assert_eq!(store.refresh_token(token.hash).await?.as_ref(), Some(after));
        assert_eq!(store.refresh_token(successor.hash).await?.as_ref(), Some(&successor));
    }
    let moved = RefreshToken {
        state: RefreshState::Rotated { at: NOW.after(MINUTE), graces: 2 },
        ..token.clone()
    };
    assert_eq!(rotate(store, &moved, &refresh_token(&grant)?).await?, Rotated::Not);
    Ok(())
}

async fn nothing_comes_of_a_revoked_grant<S: Store>(store: &S) -> Result<(), StoreError> {
    let (grant, code) = granted(store).await?;
    let (refreshed, token) = refreshable(store).await?;
    for grant in [&grant, &refreshed] {
        store.revoke_grant(&grant.id).await?;
        store.revoke_grant(&grant.id).await?;
        let revoked = Grant { status: GrantStatus::Revoked, ..grant.clone() };
        assert_eq!(store.grant(&grant.id).await?, Some(revoked));
    }
    nothing_comes_of(store, &grant, &code, &token).await
}

async fn a_deleted_client_takes_its_grants_along<S: Store>(store: &S) -> Result<(), StoreError> {
    let [client, other, _] = clients()?;
    assert!(store.add_client(&client).await? && store.add_client(&other).await?);
    let (grant, code) = grant_and_code(client.id.clone())?;
    let (refreshed, first) = grant_and_code(client.id.clone())?;
    let (untouched, good) = grant_and_code(other.id.clone())?;
    let (late, late_code) = grant_and_code(client.id.clone())?;
    store.add_grant(&grant, &code).await?;
    store.add_grant(&refreshed, &first).await?;
    store.add_grant(&untouched, &good).await?;
    let token = refresh_token(&refreshed)?;
    assert_eq!(store.redeem_code(&first, Some(&token), NOW).await?, Redeemed::Now);

    store.delete_client(&client.id, NOW).await?;
    store.delete_client(&client.id, NOW).await?;
    assert_eq!(store.client(&client.id).await?, None);
    store.add_grant(&late, &late_code).await?;
    for grant in [&grant, &refreshed, &late] {
        let kept = store.grant(&grant.id).await?;
        assert_eq!(kept.map(|grant| grant.status), Some(GrantStatus::Revoked));
    }
    nothing_comes_of(store, &grant, &code, &token).await?;
    nothing_comes_of(store, &late, &late_code, &token).await?;
    assert_eq!(store.client(&other.id).await?, Some(other));
    assert_eq!(store.redeem_code(&good, None, NOW).await?, Redeemed::Now);
    Ok(())
}

async fn a_token_is_good_while_its_grant_holds_and_its_client_is_not_deleted<S: Store>(
    store: &S,
) -> Result<(), StoreError> {
    let [stays, ends, _] = clients()?;
    for client in [&stays, &ends] {
        // Not every client is kept: some are configured, some are known by their documents.
        assert!(store.holds(None, &client.id, NOW).await?, "it is not kept");
        assert!(store.add_client(client).await?);
        assert!(store.holds(None, &client.id, NOW).await?);
    }
    assert!(store.holds(None, &stays.id, NOW.after(HOUR)).await?);
    assert!(!store.holds(None, &ends.id, NOW.after(HOUR)).await?, "it has ended");

    let (grant, code) = grant_and_code(stays.id.clone())?;
    let holds = async |client, now| store.holds(Some(&grant.id), client, now).await;
    assert!(!holds(&stays.id, NOW).await?, "it is not known");
    store.add_grant(&grant, &code).await?;
    assert!(holds(&stays.id, NOW).await?);
    assert!(!holds(&ends.id, NOW).await?, "it is another's");
    assert!(!holds(&stays.id, grant.expires_at).await?, "it has ended");
    let (of_document, _) = granted(store).await?;
    assert!(store.holds(Some(&of_document.id), &of_document.client, NOW).await?);
    store.revoke_grant(&of_document.id).await?;
    assert!(!store.holds(Some(&of_document.id), &of_document.client, NOW).await?);

    store.delete_client(&stays.id, NOW).await?;
    assert!(!holds(&stays.id, NOW).await?, "it went with its client");
    assert!(!store.holds(None, &stays.id, NOW).await?);
    assert!(store.holds(None, &ends.id, NOW).await?);
    Ok(())
}

async fn nothing_comes_of<S: Store>(
    store: &S,
    grant: &Grant,
    code: &Code,
    token: &RefreshToken,
) -> Result<(), StoreError> {
    let new = refresh_token(grant)?;
    assert_eq!(store.redeem_code(code, Some(&new), NOW).await?, Redeemed::Not);
    assert_eq!(store.redeem_code(code, None, NOW).await?, Redeemed::Not);
    assert_eq!(rotate(store, token, &new).await?, Rotated::Not);
    assert_eq!(store.code(code.hash).await?.as_ref(), Some(code), "nothing was changed");
    assert_eq!(store.refresh_token(token.hash).await?.as_ref(), Some(token), "nothing was changed");
    assert_eq!(store.refresh_token(new.hash).await?, None);
    Ok(())
}

async fn events_are_counted_by_key_and_window<S: Store>(store: &S) -> Result<(), StoreError> {
    let (key, other) = (random()?, random()?);
    for expected in 1..=3 {
        assert_eq!(store.count(&key, NOW).await?, expected);
    }
    assert_eq!(store.count(&other, NOW).await?, 1);
    assert_eq!(store.count(&key, NOW.after(MINUTE)).await?, 1);
    assert_eq!(store.count(&key, NOW).await?, 4);
    let long = key.repeat(100);
    assert_eq!(store.count(&long, NOW).await?, 1, "a key may be long");
    Ok(())
}

async fn rotate<S: Store>(
    store: &S,
    used: &RefreshToken,
    successor: &RefreshToken,
) -> Result<Rotated, StoreError> {
    let after =
        RefreshToken { state: RefreshState::Rotated { at: NOW, graces: 0 }, ..used.clone() };
    store.rotate(used, &after, successor).await
}

async fn granted<S: Store>(store: &S) -> Result<(Grant, Code), StoreError> {
    let (grant, code) = grant_and_code(client_id()?)?;
    store.add_grant(&grant, &code).await?;
    Ok((grant, code))
}

async fn refreshable<S: Store>(store: &S) -> Result<(Grant, RefreshToken), StoreError> {
    let (grant, code) = granted(store).await?;
    let token = refresh_token(&grant)?;
    assert_eq!(store.redeem_code(&code, Some(&token), NOW).await?, Redeemed::Now);
    Ok((grant, token))
}
