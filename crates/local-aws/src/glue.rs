//! AWS Glue: the table of the support cases, as the catalog has it.
//!
//! The protocol is JSON 1.1; requests must be signed. `GetTable` and `GetDatabase` are there.
//! See <https://docs.aws.amazon.com/glue/latest/webapi/API_GetTable.html>.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use service_kit::clock::Clock;

use crate::athena::Lake;
use crate::cases::{self, COLUMNS};
use crate::json_service::{self, Exception};
use crate::sigv4::Verifier;

/// What the operation's name comes after, in `x-amz-target`.
pub(crate) const TARGET: &str = "AWSGlue.";

/// What the service answers from.
#[derive(Debug)]
pub(crate) struct Glue {
    pub(crate) verifier: Verifier,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lake: Arc<Lake>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfTable {
    database_name: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfDatabase {
    name: String,
}

impl Glue {
    /// Answers a request with [`TARGET`].
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let now_ms = self.clock.unix_ms();
        let answer = match json_service::read(request, TARGET, &self.verifier, now_ms).await {
            Ok((operation, body)) => self.run(&operation, &body),
            Err(refusal) => Err(refusal),
        };
        json_service::respond(answer)
    }

    fn run(&self, operation: &str, body: &[u8]) -> Result<Value, Exception> {
        match operation {
            "GetDatabase" => {
                let OfDatabase { name } = json_service::parse(body)?;
                self.check_database(&name)?;
                Ok(json!({"Database": {"Name": self.lake.config.database}}))
            }
            "GetTable" => {
                let OfTable { database_name, name } = json_service::parse(body)?;
                self.check_database(&database_name)?;
                if !name.eq_ignore_ascii_case(&self.lake.config.table) {
                    return Err(not_found(&format!("Table {name} not found.")));
                }
                Ok(json!({"Table": self.table()}))
            }
            other => Err(Exception::new(
                "UnknownOperationException",
                format!("{other} is not part of the local Glue."),
            )),
        }
    }

    fn check_database(&self, name: &str) -> Result<(), Exception> {
        if name.eq_ignore_ascii_case(&self.lake.config.database) {
            Ok(())
        } else {
            Err(not_found(&format!("Database {name} not found.")))
        }
    }

    fn table(&self) -> Value {
        let config = &self.lake.config;
        let fetched = cases::fetched_on(self.clock.now()).at(2, 10, 0, 0);
        let fetched = fetched.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_second());
        let column = |name: &&str| json!({"Name": name, "Type": "string"});
        let (columns, partitions) = COLUMNS.split_at(COLUMNS.len() - 2);
        json!({
            "Name": config.table,
            "DatabaseName": config.database,
            "TableType": "EXTERNAL_TABLE",
            "CreateTime": 1_760_000_000,
            "UpdateTime": fetched,
            "StorageDescriptor": {
                "Columns": columns.iter().map(column).collect::<Vec<_>>(),
                "Location": config.data(),
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
            },
            "PartitionKeys": partitions.iter().map(column).collect::<Vec<_>>(),
            "Parameters": {"classification": "json", "recordCount": "2001", "sizeKey": "2100000"},
        })
    }
}

fn not_found(message: &str) -> Exception {
    Exception::new("EntityNotFoundException", message)
}
