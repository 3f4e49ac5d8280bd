//! What goes wrong on the way burns nothing.

use oauth::contract::{NOW, client_id, grant_and_code, refresh_token};
use oauth::{Code, CodeState, Grant, Redeemed, RefreshState, RefreshToken, Rotated, Store};

use crate::proxy::{Fault, Proxy, causes};

const CONFLICT: Fault = Fault::Say(
    400,
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled",
    "CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"ongoing"}]}"#,
);
const IN_PROGRESS: Fault = Fault::Say(
    400,
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionInProgressException","Message":"ongoing"}"#,
);
const THROTTLED_INSIDE: Fault = Fault::Say(
    400,
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled",
    "CancellationReasons":[{"Code":"ThrottlingError","Message":"slow down"},{"Code":"None"}]}"#,
);
const THROTTLED: Fault = Fault::Say(
    400,
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#,
);
const BROKEN: Fault =
    Fault::Say(500, r#"{"__type":"com.amazon.coral.service#InternalServerError","message":"oh"}"#);

async fn granted(proxy: &Proxy) -> (Grant, Code, RefreshToken) {
    let (grant, code) = grant_and_code(client_id().unwrap()).unwrap();
    proxy.store.add_grant(&grant, &code).await.unwrap();
    proxy.asked();
    let token = refresh_token(&grant).unwrap();
    (grant, code, token)
}

fn rotated(token: &RefreshToken) -> RefreshToken {
    RefreshToken { state: RefreshState::Rotated { at: NOW, graces: 0 }, ..token.clone() }
}

#[tokio::test]
async fn t32_a_lost_answer_burns_no_code_and_no_refresh_token() {
    let proxy = Proxy::start().await;
    let (grant, code, token) = granted(&proxy).await;
    for fault in [Fault::AnswerLost, BROKEN, THROTTLED, THROTTLED_INSIDE, CONFLICT, IN_PROGRESS] {
        let (_, code, token) = granted(&proxy).await;
        proxy.plan([Fault::None, fault.clone()]);
        let redeemed = proxy.store.redeem_code(&code, Some(&token), NOW).await.unwrap();
        assert_eq!(redeemed, Redeemed::Now, "{fault:?}");
        assert_eq!(proxy.asked(), ["GetItem", "TransactWriteItems", "TransactWriteItems"]);

        let successor = RefreshToken { hash: refresh_token(&grant).unwrap().hash, ..token.clone() };
        proxy.plan([Fault::None, fault.clone()]);
        let outcome = proxy.store.rotate(&token, &rotated(&token), &successor).await.unwrap();
        assert_eq!(outcome, Rotated::Now, "{fault:?}");
    }
    let first = proxy.store.redeem_code(&code, Some(&token), NOW).await.unwrap();
    let second = proxy.store.redeem_code(&code, Some(&token), NOW).await.unwrap();
    assert_eq!((first, second), (Redeemed::Now, Redeemed::Not), "a call is no try of another");
}

#[tokio::test]
async fn a_lost_answer_is_not_taken_for_somebody_elses_write() {
    let proxy = Proxy::start().await;
    let (grant, code) = grant_and_code(client_id().unwrap()).unwrap();
    proxy.plan([Fault::AnswerLost]);
    proxy.store.add_grant(&grant, &code).await.unwrap();
    assert_eq!(proxy.store.grant(&grant.id).await.unwrap(), Some(grant));
}

#[tokio::test]
async fn t32_what_lasts_is_an_error_that_burns_nothing() {
    let proxy = Proxy::start().await;
    for (fault, cause, tries) in [
        (THROTTLED, "ProvisionedThroughputExceeded", 3),
        (BROKEN, "InternalServerError", 3),
        (THROTTLED_INSIDE, "TransactionCanceled", 8),
        (CONFLICT, "TransactionCanceled", 8),
        // The SDK tries this one again too, in each of our tries.
        (IN_PROGRESS, "TransactionInProgress", 24),
    ] {
        let (_, code, token) = granted(&proxy).await;
        let all = std::iter::repeat_n(fault.clone(), 40);
        proxy.plan([Fault::None].into_iter().chain(all));
        let err = proxy.store.redeem_code(&code, Some(&token), NOW).await.unwrap_err();
        assert_eq!(proxy.asked().len(), 1 + tries, "{fault:?}");
        let told = causes(&err);
        assert!(told.contains("does not do redeem_code") && told.contains(cause), "{told}");
        assert!(!told.contains(&code.hash.to_text()), "{told}");

        proxy.plan([]);
        let kept = proxy.store.code(code.hash).await.unwrap().unwrap();
        assert_eq!(kept.state, CodeState::New);
        let again = proxy.store.redeem_code(&code, Some(&token), NOW).await.unwrap();
        assert_eq!(again, Redeemed::Now);
    }
}

#[tokio::test]
async fn a_malformed_item_is_an_error_that_names_its_kind() {
    let proxy = Proxy::start().await;
    let (grant, code, token) = granted(&proxy).await;
    for item in [
        r#"{"Item":{}}"#,
        r#"{"Item":{"clientId":{"N":"1"},"status":{"N":"1"},"gid":{"S":"g"},"step":{"S":""}}}"#,
        r#"{"Item":{"clientId":{"S":"c"},"status":{"S":"other"},"gid":{"S":"g"},"sub":{"BOOL":true}}}"#,
    ] {
        let store = &proxy.store;
        let once = || proxy.plan([Fault::Say(200, item)]);
        let mut told = Vec::new();
        once();
        told.push(("client", store.client(&grant.client).await.unwrap_err()));
        once();
        told.push(("TX#", store.transaction(code.hash).await.unwrap_err()));
        once();
        told.push(("S#", store.session(code.hash).await.unwrap_err()));
        once();
        told.push(("G#", store.grant(&grant.id).await.unwrap_err()));
        once();
        told.push(("H# (code)", store.code(code.hash).await.unwrap_err()));
        once();
        told.push(("H# (refresh token)", store.refresh_token(token.hash).await.unwrap_err()));
        once();
        told.push(("client", store.redeem_code(&code, None, NOW).await.unwrap_err()));
        for (kind, err) in told {
            let told = causes(&err);
            assert!(told.contains(&format!("an item {kind} has no good")), "{told}");
        }
    }
}

#[tokio::test]
async fn whether_a_grant_holds_is_asked_again_and_never_guessed() {
    const PARTLY: Fault = Fault::Say(200, r#"{"Responses":{},"UnprocessedKeys":{"refresh":{}}}"#);
    let proxy = Proxy::start().await;
    let (grant, _, _) = granted(&proxy).await;
    let holds = async || proxy.store.holds(Some(&grant.id), &grant.client, NOW).await;
    for fault in [Fault::AnswerLost, BROKEN, THROTTLED, PARTLY] {
        proxy.plan([fault.clone()]);
        assert!(holds().await.unwrap(), "{fault:?}");
        assert_eq!(proxy.asked(), ["BatchGetItem", "BatchGetItem"], "{fault:?}");
        proxy.plan(std::iter::repeat_n(fault.clone(), 3));
        let told = causes(&holds().await.unwrap_err());
        assert!(told.contains("does not do holds"), "{told}");
        assert_eq!(proxy.asked().len(), 3, "{fault:?}");
    }
    proxy.plan([Fault::Say(200, r#"{"Responses":{"refresh":[{"status":{"S":"active"}}]}}"#)]);
    assert!(causes(&holds().await.unwrap_err()).contains("unexpected reply"), "a record in part");
}

#[tokio::test]
async fn each_operation_asks_as_little_as_this() {
    let proxy = Proxy::start().await;
    let (grant, code, token) = granted(&proxy).await;
    let store = &proxy.store;

    assert_eq!(store.code(code.hash).await.unwrap(), Some(code.clone()));
    assert_eq!(proxy.asked(), ["GetItem"]);
    assert_eq!(store.grant(&grant.id).await.unwrap(), Some(grant.clone()));
    assert_eq!(
        proxy.asked(),
        ["GetItem", "GetItem"],
        "the grant, and whether its client is deleted"
    );
    assert!(store.holds(Some(&grant.id), &grant.client, NOW).await.unwrap());
    assert_eq!(proxy.asked(), ["BatchGetItem"]);
    let redeemed = store.redeem_code(&code, Some(&token), NOW).await.unwrap();
    assert_eq!(redeemed, Redeemed::Now);
    assert_eq!(proxy.asked(), ["GetItem", "TransactWriteItems"]);

    assert_eq!(store.refresh_token(token.hash).await.unwrap(), Some(token.clone()));
    assert_eq!(proxy.asked(), ["GetItem"]);
    let successor = refresh_token(&grant).unwrap();
    let outcome = store.rotate(&token, &rotated(&token), &successor).await.unwrap();
    assert_eq!(outcome, Rotated::Now);
    assert_eq!(proxy.asked(), ["GetItem", "TransactWriteItems"]);

    assert_eq!(store.count("key", NOW).await.unwrap(), 1);
    assert_eq!(proxy.asked(), ["UpdateItem"]);
}
