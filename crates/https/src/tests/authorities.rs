use std::path::PathBuf;

use bytes::Bytes;
use http::Request;

use super::server::Server;
use crate::{Client, Error, Settings};

/// Asks a server with a certificate of its own, with `ca_file` for the authorities; `{}` in it
/// stands for the server's certificate.
async fn ask(ca_file: Option<&str>) -> Result<Bytes, Error> {
    let server = Server::start("localhost", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let client = match ca_file {
        Some(text) => server.client_trusting(&text.replace("{}", &server.pem)),
        None => Client::new(Settings::default()),
    };
    let url = format!("https://localhost:{}/", server.address.port());
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
