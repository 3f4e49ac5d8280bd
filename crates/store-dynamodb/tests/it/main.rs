//! The store against DynamoDB's wire protocol, as dynoxide speaks it, over HTTP.
#![cfg(test)]

mod faults;
mod proxy;
mod tables;

use std::sync::Arc;

use oauth::contract;

use crate::tables::Local;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t02_the_contract_holds() {
    let local = Local::start().await;
    contract::holds(&Arc::new(local.store())).await.unwrap();
}
