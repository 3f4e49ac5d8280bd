//! An issuer's web server on loopback, for tests: publishes keys, or misbehaves as it is told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::key_set::KeySet;
use crate::profile::{Issuer, Profile};
use crate::signer::Signer;

pub(crate) const RESOURCE: &str = "https://mcp.example.com/mcp";

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Answer {
    Say(String),
    /// Says this much and no more. tokio's time is paused then, and so runs on to the next timeout.
    Hang(String),
    /// Waits for a permit, and says this.
    Hold(Arc<Semaphore>, String),
}

impl Answer {
    pub(crate) fn ok(body: &str) -> Self {
        Self::of("200 OK", "", body)
    }

    /// `headers` end in a line break each.
    pub(crate) fn of(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Say(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"))
    }

    pub(crate) fn keys(signers: &[&Signer]) -> Self {
        Self::ok(&jwks(signers))
    }

    /// The same, once `gate` has a permit.
    pub(crate) fn behind(self, gate: &Arc<Semaphore>) -> Self {
        match self {
            Self::Say(text) => Self::Hold(Arc::clone(gate), text),
            other => other,
        }
    }
}

pub(crate) fn jwks(signers: &[&Signer]) -> String {
    let keys: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

pub(crate) struct Publisher {
    /// Without a slash at the end.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Mutex<Answer>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

impl Publisher {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(socket, Arc::clone(&accepting)));
            }
        });
        Self { url, shared }
    }

    /// From now on.
    pub(crate) fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub(crate) fn fetches(&self) -> usize {
        self.requests().len()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many requests have come.
    pub(crate) async fn fetched(&self, times: usize) {
        while self.fetches() < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The issuer whose keys are here.
    pub(crate) fn issuer(&self) -> Issuer {
        Issuer {
            url: self.url.clone(),
            profile: Profile::AccessToken,
            audience: RESOURCE.to_owned(),
            clients: Vec::new(),
            jwks_uri: format!("{}/jwks", self.url).parse().unwrap(),
            known_keys: None,
            tenant_claim: None,
            tenants: BTreeMap::new(),
            tenant: None,
            scopes: None,
            check_grants: false,
        }
    }

    /// The issuer, with keys that are configured.
    pub(crate) fn issuer_knowing(&self, signers: &[&Signer]) -> Issuer {
        let known: KeySet = jwks(signers).parse().unwrap();
        Issuer { known_keys: Some(known), ..self.issuer() }
    }
}

async fn serve(mut socket: TcpStream, shared: Arc<Shared>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let answer = shared.answer.lock().unwrap().clone();
    shared.requests.lock().unwrap().push(String::from_utf8(head).unwrap());
    // A client that stops reading is what some tests want.
    match answer {
        Answer::Say(text) => {
            let _ = socket.write_all(text.as_bytes()).await;
        }
        Answer::Hold(gate, text) => {
            gate.acquire().await.unwrap().forget();
            let _ = socket.write_all(text.as_bytes()).await;
        }
        Answer::Hang(text) => {
            let _ = socket.write_all(text.as_bytes()).await;
            tokio::time::pause();
            std::future::pending::<()>().await;
        }
    }
}
