//! The issuer changes its keys while calls run.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::issuer::{Issuer, reading};
use crate::running::{Running, call, list, with};

/// Calls until it is told to stop, with `bearer` and with tokens of the key that signs meanwhile.
async fn call_on(program: &Running, issuer: &Issuer, bearer: &str, stop: &AtomicBool) -> usize {
    let mut calls = 0;
    while !stop.load(Ordering::Relaxed) {
        program.send(with(call(), bearer)).await.assert_result("of the first key");
        let newest = issuer.bearer(&reading()).await;
        program.send(with(list(), &newest)).await.assert_result("of the newest key");
        calls += 2;
    }
    calls
}

#[tokio::test]
async fn j31_whoever_runs_the_server_rotates_its_keys_and_no_token_is_lost() {
    let program = Running::start(&[]);
    let old = program.token();
    program.send(with(call(), &format!("Bearer {old}"))).await.assert_result("before");
    program.told(&["rotate"]);
    let new = program.token();
    let header = |token: &str| token.split('.').next().unwrap().to_owned();
    assert_ne!(header(&new), header(&old), "they name their keys");
    for token in [&new, &old] {
        program.send(with(call(), &format!("Bearer {token}"))).await.assert_result("after");
    }
}

#[tokio::test]
async fn j31_j33_no_call_fails_while_keys_are_rotated_retired_and_out_of_reach() {
    let issuer = Issuer::start().await;
    for gateway in ["rest", "none"] {
        let program = issuer.guard(&["--gateway", gateway], &[]);
        let first = issuer.good().await;
        let (stop, steps) = (AtomicBool::new(false), AtomicUsize::new(0));
        let rotate = async {
            let step = || async {
                steps.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            };
            step().await;
            issuer.pool().rotate().await.unwrap();
            step().await;
            issuer.pool().retire().await.unwrap();
            step().await;
            let fault = local_aws::cognito::Fault::Status(http::StatusCode::BAD_GATEWAY);
            issuer.pool().set_fault(Some(fault));
            step().await;
            issuer.pool().set_fault(None);
            stop.store(true, Ordering::Relaxed);
        };
        let callers = (0..4).map(|_| call_on(&program, &issuer, &first, &stop));
        let (calls, ()) = tokio::join!(futures_util::future::join_all(callers), rotate);
        let calls: usize = calls.iter().sum();
        assert!(calls >= 8 && steps.into_inner() == 4, "{calls}");
    }
}
