use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::net::{TcpSocket, TcpStream};

use crate::{Client, Error, Settings};

/// A full backlog answers no more: it drops what it has no place for.
#[tokio::test]
async fn an_address_that_never_answers_is_given_up_after_the_connect_timeout() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let _first = TcpStream::connect(address).await.unwrap();
    let blocked = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address));
    assert!(blocked.await.is_err(), "the backlog has room for more");

    let connect_timeout = Duration::from_millis(50);
    let client = Client::new(Settings { connect_timeout, ..Settings::default() });
    let request = Request::get(format!("http://{address}/")).body(Bytes::new());
    let sent = client.send(request.unwrap(), 1024);
    // The system itself gives up after two minutes.
    let ended = tokio::time::timeout(Duration::from_secs(60), sent).await;
    assert!(matches!(ended, Ok(Err(Error::Unreachable { .. }))), "{ended:?}");
}
