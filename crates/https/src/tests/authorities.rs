use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{Client, Error, Settings};

/// Asks a server with a certificate of its own, with `ca_file` for the authorities; `{}` in it
/// stands for the server's certificate.
async fn ask(ca_file: Option<&str>) -> Result<Bytes, Error> {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = issued.signing_key.serialize_der().try_into().unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let ca_file = ca_file.map(|text| {
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, text.replace("{}", &issued.cert.pem())).unwrap();
        path
    });
    let client = Client::new(Settings { ca_file, ..Settings::default() });
    let request = Request::get(url).body(Bytes::new()).unwrap();
    client.send(request, 1024).await.map(http::Response::into_body)
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_when_its_file_is_named() {
    assert_eq!(ask(Some("{}")).await.unwrap(), "ok");
    assert!(matches!(ask(None).await, Err(Error::Unreachable { .. })));
    assert!(matches!(ask(Some("")).await, Err(Error::Unreachable { .. })));
}

#[tokio::test]
async fn a_file_of_authorities_that_cannot_be_read_is_said_to_be_so() {
    let ca_file = Some(PathBuf::from("/nowhere/ca.pem"));
    let client = Client::new(Settings { ca_file, ..Settings::default() });
    let request = Request::get("https://localhost/").body(Bytes::new()).unwrap();
    let err = client.send(request, 1024).await.unwrap_err();
    assert!(err.to_string().contains("private authorities"), "{err}");
}
