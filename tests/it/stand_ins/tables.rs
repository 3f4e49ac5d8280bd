//! The store of the authorization server in tables of theirs.

use std::sync::Arc;

use oauth::contract;
use serde_json::json;
use service_kit::clock::SystemClock;
use store_dynamodb::{DynamoStore, Settings, Tables};

use super::server::{REGION, Server, credentials};

const CLIENTS: &str = "mcp-clients";
const CODES: &str = "mcp-auth-codes";
const REFRESH_TOKENS: &str = "mcp-refresh-tokens";

/// The store, in tables made for one test.
async fn store(server: &Server) -> DynamoStore {
    for (table, key) in [(CLIENTS, "clientId"), (CODES, "code"), (REFRESH_TOKENS, "refreshToken")] {
        let wanted = json!({
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        });
        server.api("dynamodb", "DynamoDB_20120810.CreateTable", &wanted).await;
    }
    let settings = Settings {
        region: REGION.to_owned(),
        endpoint: Some(server.url.to_string()),
        tables: Tables {
            clients: CLIENTS.to_owned(),
            codes: CODES.to_owned(),
            refresh_tokens: REFRESH_TOKENS.to_owned(),
        },
    };
    let https = https::Client::new(https::Settings::default());
    DynamoStore::new(settings, &https, credentials(), Arc::new(SystemClock))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t02_the_contract_holds_in_ministack() {
    let Some(server) = Server::ministack() else { return };
    contract::holds(&Arc::new(store(&server).await)).await.expect("it answers");
}

/// moto 5.2.5 does not lock: a transaction copies the tables before it begins and puts the copies back when it is cancelled,
/// with the writes of everybody else gone, or fails because they change while they are copied; and two updates of one item
/// at a time may both begin with what was there before. So it is right for one caller at a time, and the races are not run.
#[tokio::test]
async fn the_contract_holds_in_moto_for_one_caller() {
    let Some(server) = Server::moto() else { return };
    contract::holds_for_one_caller(&store(&server).await).await.expect("it answers");
}
