//! A server on loopback that speaks TLS, with a certificate of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{Client, Settings};

pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Its certificate, in PEM.
    pub(super) pem: String,
    /// The name that each connection was for, what was sent over it, and how it ended.
    connections: Arc<Mutex<Vec<Connection>>>,
    folder: TempDir,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) name: String,
    pub(super) request: String,
    pub(super) is_closed: bool,
}

impl Server {
    /// One whose certificate is for `name`, and that says `answer` to every request.
    pub(super) async fn start(name: &str, answer: impl Into<String>) -> Self {
        let issued = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = issued.signing_key.serialize_der().try_into().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, answer) = (listener.local_addr().unwrap(), answer.into());
        let connections: Arc<Mutex<Vec<_>>> = Arc::default();
        let seen = Arc::clone(&connections);
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let at = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(Connection { name, request, is_closed: false });
                    seen.len() - 1
                };
                // A client that stops reading is what some tests want.
                let _ = stream.write_all(answer.as_bytes()).await;
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    while !matches!(stream.read(&mut [0; 64]).await, Ok(0) | Err(_)) {}
                    seen.lock().unwrap()[at].is_closed = true;
                });
            }
        });
        Self { address, pem: issued.cert.pem(), connections, folder: tempfile::tempdir().unwrap() }
    }

    /// A client that trusts the authorities in a file of this text.
    pub(super) fn client_trusting(&self, pem: &str) -> Client {
        let path: PathBuf = self.folder.path().join("ca.pem");
        std::fs::write(&path, pem).unwrap();
        Client::new(Settings { ca_file: Some(path), ..Settings::default() })
    }

    pub(super) fn connections(&self) -> Vec<Connection> {
        self.connections.lock().unwrap().clone()
    }
}
