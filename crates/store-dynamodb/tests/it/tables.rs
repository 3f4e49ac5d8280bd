//! DynamoDB on a loopback port, with our tables.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use dynoxide::Database;
use serde_json::Value;
use service_kit::clock::SystemClock;
use store_dynamodb::{DynamoStore, Settings, Tables};
use tokio::net::TcpListener;

pub(crate) struct Local {
    pub(crate) address: String,
    database: Database,
}

impl Local {
    pub(crate) async fn start() -> Self {
        let database = Database::memory().unwrap();
        for (table, key) in
            [("clients", "clientId"), ("codes", "code"), ("refresh", "refreshToken")]
        {
            let request = serde_json::json!({
                "TableName": table,
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            });
            database.create_table(serde_json::from_value(request).unwrap()).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        Self { address, database }
    }

    pub(crate) fn store(&self) -> DynamoStore {
        store_at(&self.address)
    }

    /// All items of a table, as DynamoDB shows them.
    pub(crate) fn items(&self, table: &str) -> Vec<Value> {
        let request = serde_json::json!({ "TableName": table });
        let found = self.database.scan(serde_json::from_value(request).unwrap()).unwrap();
        let found = serde_json::to_value(found).unwrap();
        assert!(found.get("LastEvaluatedKey").is_none(), "there is more");
        found["Items"].as_array().unwrap().clone()
    }

    pub(crate) fn delete(&self, table: &str, key_name: &str, key: &str) {
        let request = serde_json::json!({ "TableName": table, "Key": { key_name: { "S": key } } });
        self.database.delete_item(serde_json::from_value(request).unwrap()).unwrap();
    }
}

pub(crate) fn store_at(endpoint: &str) -> DynamoStore {
    let settings = Settings {
        region: "eu-west-1".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        tables: Tables {
            clients: "clients".to_owned(),
            codes: "codes".to_owned(),
            refresh_tokens: "refresh".to_owned(),
        },
    };
    let credentials = Credentials::new("AKIDEXAMPLE", "a secret", None, None, "test");
    DynamoStore::new(
        settings,
        &https::Client::new(https::Settings::default()),
        SharedCredentialsProvider::new(credentials),
        Arc::new(SystemClock),
    )
}
