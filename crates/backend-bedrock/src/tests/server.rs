//! A Bedrock that says what it is told, and remembers what it was asked.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) signed: bool,
}

/// An answer: its status, the name of its exception and its body.
pub(super) type Said = (u16, &'static str, Value);

pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// `script` is given each request and how many to its path came before it.
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
}

async fn answer<S: Fn(&Asked, usize) -> Said>(
    request: Request<Incoming>,
    script: Arc<S>,
    seen: Arc<Mutex<Vec<Asked>>>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("content-type"), Some("application/json"));
    let asked = Asked {
        path: parts.uri.path().to_owned(),
        body: serde_json::from_slice(&body).unwrap(),
        signed: header("authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256")),
    };
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.clone());
        seen.iter().filter(|earlier| earlier.path == asked.path).count() - 1
    };
    let (status, code, body) = script(&asked, before);
    let mut response = Response::builder().status(status);
    if !code.is_empty() {
        response = response.header("x-amzn-errortype", code);
    }
    Ok(response.body(Full::from(body.to_string())).unwrap())
}

/// What a model says.
pub(super) fn said(text: &str) -> Said {
    let body = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1_000_000, "outputTokens": 10, "totalTokens": 1_000_010},
        "metrics": {"latencyMs": 5},
    });
    (200, "", body)
}

/// A refusal by this exception.
pub(super) fn refused(status: u16, code: &'static str, message: &str) -> Said {
    (status, code, json!({"message": message}))
}
