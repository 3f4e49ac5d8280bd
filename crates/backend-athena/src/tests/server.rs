//! An Athena that says what it is told, and remembers what it was asked.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A request: its operation and its body.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) operation: String,
    pub(super) body: Value,
    pub(super) signed: bool,
}

/// An answer: its status and body. Status 0 never comes; 1 cuts the connection.
pub(super) type Said = (u16, Value);

pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// `script` is given each request and how many of its operation came before it.
    pub(super) async fn start(
        script: impl Fn(&Asked, usize) -> Said + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (script, seen) = (Arc::new(script), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                let service =
                    service_fn(move |request| answer(request, script.clone(), seen.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
            }
        });
        Self { url, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.operation).collect()
    }

    /// Waits until `operation` was asked for, a second at most.
    pub(super) async fn was_asked(&self, operation: &str) -> bool {
        for _ in 0..100 {
            if self.operations().iter().any(|asked| asked == operation) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

async fn answer<S: Fn(&Asked, usize) -> Said>(
    request: Request<Incoming>,
    script: Arc<S>,
    seen: Arc<Mutex<Vec<Asked>>>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("content-type"), Some("application/x-amz-json-1.1"));
    let asked = Asked {
        operation: header("x-amz-target").unwrap().to_owned(),
        body: serde_json::from_slice(&body).unwrap(),
        signed: header("authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256")),
    };
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.clone());
        seen.iter().filter(|earlier| earlier.operation == asked.operation).count() - 1
    };
    match script(&asked, before) {
        (0, _) => std::future::pending().await,
        (1, _) => Err(io::Error::other("cut")),
        (status, body) => {
            let body = Full::from(body.to_string());
            Ok(Response::builder().status(status).body(body).unwrap())
        }
    }
}

/// What Athena says to a query it has taken.
pub(super) fn started() -> Said {
    (200, json!({"QueryExecutionId": super::ID}))
}

/// A refusal by this exception.
pub(super) fn refused(exception: &str, message: &str) -> Said {
    (400, json!({"__type": exception, "Message": message}))
}

/// A query in this state.
pub(super) fn in_state(state: &str) -> Said {
    of_query(json!({"State": state}), json!({}))
}

pub(super) fn of_query(status: Value, statistics: Value) -> Said {
    let query = json!({
        "QueryExecutionId": super::ID,
        "Query": "SELECT 1",
        "StatementType": "DML",
        "SubstatementType": "SELECT",
        "Status": status,
        "Statistics": statistics,
    });
    (200, json!({"QueryExecution": query}))
}
