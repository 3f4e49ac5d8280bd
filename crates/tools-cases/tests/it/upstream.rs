//! An Athena, a Glue and a Bedrock that say what they are told, and remember what they were asked.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// A request: its operation (`StartQueryExecution`, `GetTable`, `Converse`) and its body.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) body: Value,
}

/// How a query ends.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// With these rows of these columns, after so many looks.
    Rows { columns: Vec<&'static str>, rows: Vec<Vec<Value>>, looks: usize },
    /// Badly, for this reason.
    Fails(&'static str),
    /// Never.
    Runs,
}

impl Outcome {
    pub(crate) fn rows(columns: &[&'static str], rows: Vec<Vec<Value>>) -> Self {
        Self::Rows { columns: columns.to_vec(), rows, looks: 0 }
    }
}

type Script = dyn Fn(&str) -> Outcome + Send + Sync;
type Says = dyn Fn(&str) -> Value + Send + Sync;

struct Inner {
    script: Box<Script>,
    says: Box<Says>,
    asked: Mutex<Vec<Asked>>,
    /// The statements of the queries that were begun, and how often each was looked at.
    queries: Mutex<Vec<(String, usize)>>,
    status_column: AtomicBool,
}

pub(crate) struct Upstream {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

impl Upstream {
    /// `script` decides by its SQL how a query ends.
    pub(crate) async fn start(script: impl Fn(&str) -> Outcome + Send + Sync + 'static) -> Self {
        Self::with_model(script, |_| json!("no model was expected")).await
    }

    /// `says` answers a prompt by its text: a string, or a whole error body with `__status`.
    pub(crate) async fn with_model(
        script: impl Fn(&str) -> Outcome + Send + Sync + 'static,
        says: impl Fn(&str) -> Value + Send + Sync + 'static,
    ) -> Self {
        let inner = Arc::new(Inner {
            script: Box::new(script),
            says: Box::new(says),
            asked: Mutex::default(),
            queries: Mutex::default(),
            status_column: AtomicBool::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&inner);
        let router = Router::new().fallback(move |request: Request| {
            let inner = Arc::clone(&shared);
            async move { inner.answer(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    pub(crate) fn asked(&self, operation: &str) -> Vec<Value> {
        let asked = self.inner.asked.lock().unwrap();
        let asked = asked.iter().filter(|asked| asked.operation == operation);
        asked.map(|asked| asked.body.clone()).collect()
    }

    /// From now on the table has a column `status`.
    pub(crate) fn has_status(&self) {
        self.inner.status_column.store(true, Relaxed);
    }

    pub(crate) fn calls(&self) -> usize {
        self.inner.asked.lock().unwrap().len()
    }

    /// Waits until `operation` was asked for, a second at most.
    pub(crate) async fn was_asked(&self, operation: &str) -> bool {
        for _ in 0..100 {
            if !self.asked(operation).is_empty() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

impl Inner {
    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 16 << 20).await.unwrap_or_else(|_| Bytes::new());
        let body: Value = serde_json::from_slice(&body).unwrap();
        let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let operation = target
            .and_then(|target| target.split_once('.'))
            .map_or("Converse", |(_, operation)| operation)
            .to_owned();
        self.asked.lock().unwrap().push(Asked { operation: operation.clone(), body: body.clone() });
        let reply = match operation.as_str() {
            "Converse" => return self.converse(&body),
            "StartQueryExecution" => {
                let mut queries = self.queries.lock().unwrap();
                let sql = body["QueryString"].as_str().unwrap_or_default().to_owned();
                queries.push((sql, 0));
                json!({"QueryExecutionId": format!("query-{}", queries.len() - 1)})
            }
            "GetQueryExecution" => self.execution(&body),
            "GetQueryResults" => self.results(&body),
            "StopQueryExecution" => json!({}),
            "GetWorkGroup" => json!({"WorkGroup": {"Configuration": {}}}),
            "GetTable" => {
                let columns: &[&str] = if self.status_column.load(Relaxed) {
                    &["caseid", "status"]
                } else {
                    &["caseid", "subject"]
                };
                let column = |name: &&str| json!({"Name": name, "Type": "string"});
                json!({"Table": {
                    "StorageDescriptor": {"Columns": columns.iter().map(column).collect::<Vec<_>>()},
                    "PartitionKeys": [column(&"account_number"), column(&"case_number")],
                    "Parameters": {"sizeKey": "5000000"},
                    "UpdateTime": 1_796_090_400.0,
                }})
            }
            other => panic!("{other}"),
        };
        reply.to_string().into_response()
    }

    fn converse(&self, body: &Value) -> Response {
        let prompt = body["messages"][0]["content"][0]["text"].as_str().unwrap_or_default();
        let said = (self.says)(prompt);
        match said.as_str() {
            Some(text) => json!({
                "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 1000, "outputTokens": 100},
            })
            .to_string()
            .into_response(),
            None => {
                let status = said["__status"].as_u64().unwrap_or(400) as u16;
                (StatusCode::from_u16(status).unwrap(), said.to_string()).into_response()
            }
        }
    }

    fn query(&self, body: &Value) -> (String, Outcome, usize) {
        let id = body["QueryExecutionId"].as_str().unwrap_or_default();
        let number: usize = id.trim_start_matches("query-").parse().unwrap();
        let mut queries = self.queries.lock().unwrap();
        let (sql, looks) = &mut queries[number];
        *looks += 1;
        (sql.clone(), (self.script)(sql), *looks)
    }

    fn execution(&self, body: &Value) -> Value {
        let (sql, outcome, seen) = self.query(body);
        let (state, reason) = match outcome {
            Outcome::Rows { looks, .. } if seen > looks => ("SUCCEEDED", None),
            Outcome::Rows { .. } | Outcome::Runs => ("RUNNING", None),
            Outcome::Fails(reason) => ("FAILED", Some(reason)),
        };
        let kind = if sql.starts_with("SHOW") { "UTILITY" } else { "DML" };
        json!({"QueryExecution": {
            "Query": sql,
            "StatementType": kind,
            "SubstatementType": "SELECT",
            "Status": {"State": state, "StateChangeReason": reason},
            "Statistics": {"DataScannedInBytes": 1_000_000, "TotalExecutionTimeInMillis": 5},
        }})
    }

    fn results(&self, body: &Value) -> Value {
        let (sql, outcome, _) = self.query(body);
        let Outcome::Rows { columns, rows, .. } = outcome else { panic!("no rows of {sql}") };
        let datum = |cell: &Value| match cell {
            Value::Null => json!({}),
            Value::String(text) => json!({"VarCharValue": text}),
            other => json!({"VarCharValue": other.to_string()}),
        };
        let header: Vec<Value> = columns.iter().map(|name| json!(name)).collect();
        let has_header = !sql.starts_with("SHOW");
        let all = has_header.then_some(&header).into_iter().chain(&rows);
        let most = body["MaxResults"].as_u64().unwrap_or(1000) as usize;
        let from: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let count = rows.len() + usize::from(has_header);
        let page: Vec<Value> = all
            .skip(from)
            .take(most)
            .map(|row| json!({"Data": row.iter().map(datum).collect::<Vec<_>>()}))
            .collect();
        let next = (from + most < count).then(|| (from + most).to_string());
        let info = |name: &&str| json!({"Name": name, "Type": "varchar"});
        json!({
            "ResultSet": {
                "Rows": page,
                "ResultSetMetadata": {"ColumnInfo": columns.iter().map(info).collect::<Vec<_>>()},
            },
            "NextToken": next,
        })
    }
}
