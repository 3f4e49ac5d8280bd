//! The store against DynamoDB's wire protocol, as dynoxide speaks it, over HTTP.
#![cfg(test)]

mod faults;
mod proxy;
mod tables;
mod token;

use std::sync::Arc;

use oauth::contract;

use crate::tables::Local;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t02_the_contract_holds() {
    let local = Local::start().await;
    contract::holds(&Arc::new(local.store())).await.unwrap();
}

#[tokio::test]
async fn everything_ends_and_has_a_typed_key() {
    let local = Local::start().await;
    contract::holds(&Arc::new(local.store())).await.unwrap();
    for (table, key, kinds) in [
        ("codes", "code", &["H#", "TX#", "S#", "N#"][..]),
        ("refresh", "refreshToken", &["H#", "G#", "C#"]),
        ("clients", "clientId", &[""]),
    ] {
        let items = local.items(table);
        for item in &items {
            let key = item[key]["S"].as_str().unwrap();
            assert!(kinds.iter().any(|kind| key.starts_with(kind)), "{key}");
            let ends = item["ttl"]["N"].as_str().map(|ttl| ttl.parse::<i64>().unwrap());
            let stays = table == "clients" && item.get("expiresAt").is_none();
            let deleted = item["status"]["S"] == "deleted";
            assert_eq!(ends.is_none(), stays && !deleted, "{item}");
            assert!(ends.is_none_or(|ends| ends > contract::NOW.0), "{item}");
        }
        for kind in kinds {
            let of_kind =
                |item: &&serde_json::Value| item[key]["S"].as_str().unwrap().starts_with(kind);
            assert!(items.iter().filter(of_kind).count() > 0, "the contract keeps some {kind}");
        }
    }
}
