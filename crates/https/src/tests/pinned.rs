use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};

use super::server::Server;
use crate::{Client, Error, Settings};

const NAME: &str = "client.example";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).header(header::ACCEPT, "text/plain").body(Bytes::new()).unwrap()
}

/// What `server` answers to who trusts it and connects to where it is.
async fn ask(server: &Server, url: &str) -> Result<Response<Bytes>, Error> {
    server.client_trusting(&server.pem).send_to(server.address, get(url), 1024).await
}

#[tokio::test]
async fn a_request_goes_to_the_address_and_is_for_the_name() {
    let server = Server::start(NAME, OK).await;
    let answer = ask(&server, "https://client.example/a/b?c=d").await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"ok"[..]));
    let [connection] = &server.connections()[..] else { panic!("one connection") };
    assert_eq!(connection.name, NAME);
    assert_eq!(
        connection.request,
        "GET /a/b?c=d HTTP/1.1\r\naccept: text/plain\r\nhost: client.example\r\n\
         connection: close\r\n\r\n"
    );
    let answer = ask(&server, "https://client.example:8443").await.unwrap();
    assert_eq!(answer.status(), 200);
    let request = &server.connections()[1].request;
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("host: client.example:8443\r\n"), "{request}");
}

#[tokio::test]
async fn no_connection_is_used_twice_or_left_open() {
    let server = Server::start(NAME, OK).await;
    let client = server.client_trusting(&server.pem);
    for _ in 0..2 {
        client.send_to(server.address, get("https://client.example/"), 1024).await.unwrap();
    }
    while !server.connections().iter().all(|connection| connection.is_closed) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(server.connections().len(), 2);
}

#[tokio::test]
async fn only_a_certificate_of_the_name_is_taken() {
    let server = Server::start(NAME, OK).await;
    let other = ask(&server, "https://other.example/").await.unwrap_err();
    let nobody = Client::new(Settings::default());
    let unknown =
        nobody.send_to(server.address, get("https://client.example/"), 1024).await.unwrap_err();
    for err in [other, unknown] {
        assert_eq!(err.to_string(), "no connection");
        assert!(err.source().unwrap().to_string().contains("certificate"), "{err:?}");
    }
    assert!(server.connections().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_or_to_a_host_without_a_name() {
    let server = Server::start(NAME, OK).await;
    for url in ["http://client.example/", "/", "https://a..b/", "https://[::1]/"] {
        let err = ask(&server, url).await.unwrap_err();
        assert_eq!(err.to_string(), "not a request that can be sent so", "{url}");
    }
    assert!(server.connections().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_big_is_not_read_to_its_end() {
    let head = "HTTP/1.1 200 OK\r\n";
    let body = "x".repeat(1 << 20);
    let sized = format!("{head}content-length: {}\r\n\r\n", body.len());
    let unsized_ = format!("{head}\r\n{body}");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n100000\r\n{body}");
    for answer in [sized, unsized_, chunked] {
        let server = Server::start(NAME, answer).await;
        let err = ask(&server, "https://client.example/").await.unwrap_err();
        assert!(matches!(err, Error::TooLarge { limit: 1024 }), "{err:?}");
    }
    for head in [format!("{head}x: {body}\r\n\r\n"), format!("{head}{}\r\n", "x: y\r\n".repeat(65))]
    {
        let server = Server::start(NAME, head).await;
        let err = ask(&server, "https://client.example/").await.unwrap_err();
        assert_eq!(err.to_string(), "the connection broke");
    }
}
