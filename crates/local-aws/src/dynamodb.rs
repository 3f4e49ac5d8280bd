//! Amazon DynamoDB: the operations on items and tables, on the engine of `dynoxide`, in memory or in
//! a file.
//!
//! The protocol is JSON 1.0: the operation is in `x-amz-target`. Requests must be signed. Not played:
//! streams, backups, PartiQL.
//! See <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use service_kit::clock::Clock;

use crate::sigv4::Verifier;

/// What the operation's name comes after, in `x-amz-target`.
pub(crate) const TARGET: &str = "DynamoDB_20120810.";
/// Largest body of a request, in bytes.
const MAX_BODY: usize = 16 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// A table that is there from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its partition key, a string.
    pub key: String,
}

/// What the service answers from.
pub(crate) struct DynamoDb {
    pub(crate) verifier: Verifier,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) database: Database,
}

/// The database, with `tables` in it: in the file at `path`, or in memory.
pub(crate) fn open(path: Option<&Path>, tables: &[Table]) -> Result<Database, DynoxideError> {
    let database = match path {
        Some(path) => Database::new(&path.to_string_lossy())?,
        None => Database::memory()?,
    };
    for Table { name, key } in tables {
        if database.get_table_metadata(name)?.is_some() {
            continue;
        }
        let wanted = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        });
        let ends = json!({
            "TableName": name,
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true},
        });
        database.create_table(read(&wanted.to_string())?)?;
        database.update_time_to_live(read(&ends.to_string())?)?;
    }
    // What ended while nothing ran.
    database.sweep_ttl()?;
    Ok(database)
}

impl DynamoDb {
    /// Answers a request with [`TARGET`].
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
            let text = format!("A request may have {MAX_BODY} bytes.");
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &text);
        };
        if let Err(err) = self.verifier.verify(&parts, &body, self.clock.unix_ms()) {
            return refusal(StatusCode::BAD_REQUEST, err.code(), &err.to_string());
        }
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.strip_prefix(TARGET)).unwrap_or_default();
        match str::from_utf8(&body).ok().map(|body| self.run(operation, body)) {
            Some(Ok(Some(answer))) => json_1_0(StatusCode::OK, answer),
            Some(Ok(None)) => {
                let text = format!("{operation} is not part of the local DynamoDB.");
                refusal(StatusCode::BAD_REQUEST, "UnknownOperationException", &text)
            }
            Some(Err(err)) => {
                let status = StatusCode::from_u16(err.status_code());
                json_1_0(status.unwrap_or(StatusCode::BAD_REQUEST), err.to_json())
            }
            None => refusal(StatusCode::BAD_REQUEST, "SerializationException", "not UTF-8"),
        }
    }

    /// The answer; `None` when there is no such operation.
    fn run(&self, operation: &str, body: &str) -> Result<Option<String>, DynoxideError> {
        let db = &self.database;
        let answer = match operation {
            "GetItem" => write(&db.get_item(read(body)?)?),
            "PutItem" => write(&db.put_item(read(body)?)?),
            "UpdateItem" => write(&db.update_item(read(body)?)?),
            "DeleteItem" => write(&db.delete_item(read(body)?)?),
            "BatchGetItem" => write(&db.batch_get_item(read(body)?)?),
            "BatchWriteItem" => write(&db.batch_write_item(read(body)?)?),
            "TransactGetItems" => write(&db.transact_get_items(read(body)?)?),
            "TransactWriteItems" => write(&db.transact_write_items(read(body)?)?),
            "Query" => write(&db.query(read(body)?)?),
            "Scan" => write(&db.scan(read(body)?)?),
            "CreateTable" => write(&db.create_table(read(body)?)?),
            "DeleteTable" => write(&db.delete_table(read(body)?)?),
            "DescribeTable" => write(&db.describe_table(read(body)?)?),
            "ListTables" => write(&db.list_tables(read(body)?)?),
            "UpdateTimeToLive" => write(&db.update_time_to_live(read(body)?)?),
            "DescribeTimeToLive" => write(&db.describe_time_to_live(read(body)?)?),
            _ => return Ok(None),
        };
        answer.map(Some)
    }
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|err| {
        let text = err.to_string();
        // What breaks a rule of the API is found while reading, and marked so.
        match text.strip_prefix("VALIDATION:") {
            Some(broken) => DynoxideError::ValidationException(broken.to_owned()),
            None => DynoxideError::SerializationException(text),
        }
    })
}

fn write(answer: &impl Serialize) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|err| DynoxideError::InternalServerError(err.to_string()))
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({"__type": format!("com.amazon.coral.service#{code}"), "message": message});
    json_1_0(status, body.to_string())
}

fn json_1_0(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], Body::from(body)).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use oauth::{Store as _, contract};
    use service_kit::clock::SystemClock;
    use store_dynamodb::{DynamoStore, Settings, Tables};

    use super::*;
    use crate::{Config, LocalAws};

    async fn start(data: Option<&Path>) -> LocalAws {
        let table = |name: &str, key: &str| Table { name: name.to_owned(), key: key.to_owned() };
        let tables = vec![
            table("clients", "clientId"),
            table("codes", "code"),
            table("tokens", "refreshToken"),
        ];
        let data = data.map(Path::to_owned);
        LocalAws::start(Config { tables, data, ..Config::default() }).await.unwrap()
    }

    fn store(aws: &LocalAws, secret: &str) -> Arc<DynamoStore> {
        let settings = Settings {
            region: aws.region().to_owned(),
            endpoint: Some(aws.base_url()),
            tables: Tables {
                clients: "clients".to_owned(),
                codes: "codes".to_owned(),
                refresh_tokens: "tokens".to_owned(),
            },
        };
        let id = aws.credentials().access_key_id.clone();
        let credentials = Credentials::new(id, secret, None, None, "test");
        let credentials = SharedCredentialsProvider::new(credentials);
        let https = https::Client::new(https::Settings::default());
        Arc::new(DynamoStore::new(settings, &https, credentials, Arc::new(SystemClock)))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn t02_the_store_of_the_authorization_server_holds_its_contract_here() {
        let aws = start(None).await;
        let secret = aws.credentials().secret_access_key.clone();
        contract::holds(&store(&aws, &secret)).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_has_another_key_reads_nothing() {
        let aws = start(None).await;
        let err = store(&aws, "another").client(&"c_1".parse().unwrap()).await.unwrap_err();
        assert!(format!("{err:?}").contains("InvalidSignature"), "{err:?}");
    }

    #[tokio::test]
    async fn what_is_in_a_file_is_there_after_a_start_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dynamodb.sqlite");
        let (grant, code) = contract::grant_and_code("c_1".parse().unwrap()).unwrap();
        for first in [true, false] {
            let aws = start(Some(&file)).await;
            let store = store(&aws, &aws.credentials().secret_access_key.clone());
            if first {
                store.add_grant(&grant, &code).await.unwrap();
            }
            assert_eq!(store.grant(&grant.id).await.unwrap().as_ref(), Some(&grant));
            aws.stop().await.unwrap();
        }
    }
}
