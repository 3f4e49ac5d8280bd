//! The emulator itself, around a function that does what its path says.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tests::emulator::{Emulator, Front, Mode, Settings};
use tokio::net::TcpStream;

/// A front door, and how answers travel through it.
pub(crate) type Door = (Front, Mode);

/// The front doors there are.
pub(crate) const DOORS: [Door; 3] = [
    (Front::RestV1, Mode::Buffered),
    (Front::RestV1, Mode::Streaming),
    (Front::HttpV2, Mode::Buffered),
];

/// A request builder's answer, its body still to be read.
pub(crate) async fn send(emulator: &Emulator, request: Request<Full<Bytes>>) -> Response<Incoming> {
    let address = emulator.url.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender.send_request(request).await.unwrap()
}

pub(crate) async fn call(
    emulator: &Emulator,
    method: &str,
    target: &str,
) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::builder().method(method).uri(target).header("host", "mcp.example.com");
    let response = send(emulator, request.body(Full::default()).unwrap()).await;
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

fn settings(front: Front, mode: Mode) -> Settings {
    Settings::new(env!("CARGO_BIN_EXE_probe-function"), front, mode)
}

async fn start(front: Front, mode: Mode) -> Emulator {
    Emulator::start(settings(front, mode)).await.unwrap()
}

fn values<'a>(seen: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = seen["headers"].as_array().unwrap().iter();
    headers.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_through_each_front_door() {
    for (front, mode) in DOORS {
        let emulator = start(front, mode).await;
        for body in [&b"{\"text\":\"\xc3\xbc\"}"[..], b"\0\xff", b""] {
            let request = Request::put("/mcp/a%20b?q=a%20b&q=%C3%BC&empty=")
                .header("host", "mcp.example.com")
                .header("authorization", "Bearer first")
                .header("authorization", "Bearer second")
                .header("cookie", "a=1; b=2")
                .header("content-type", "application/json")
                .body(Full::new(Bytes::copy_from_slice(body)))
                .unwrap();
            let response = send(&emulator, request).await;
            assert_eq!(response.status(), 200, "{front:?} {mode:?}: {}", emulator.log());
            let seen = response.into_body().collect().await.unwrap().to_bytes();
            let seen: Value = serde_json::from_slice(&seen).unwrap();
            assert_eq!(seen["method"], "PUT");
            let (uri, authorization) = match front {
                // A REST API orders parameters by name; ours do not depend on it.
                Front::RestV1 => {
                    ("/mcp/a%20b?empty=&q=a%20b&q=%C3%BC", &["Bearer first", "Bearer second"][..])
                }
                Front::HttpV2 => {
                    ("/mcp/a%20b?q=a%20b&q=%C3%BC&empty=", &["Bearer first,Bearer second"][..])
                }
            };
            assert_eq!(seen["uri"], uri, "{front:?}");
            assert_eq!(values(&seen, "authorization"), authorization, "{front:?}");
            assert_eq!(values(&seen, "cookie"), ["a=1; b=2"], "{front:?}");
            assert_eq!(values(&seen, "host"), ["mcp.example.com"]);
            assert_eq!(seen["body"], BASE64_STANDARD.encode(body));
        }
        assert!(emulator.log().contains("probe started\n"));
    }
}

#[tokio::test]
async fn a_rest_api_renames_the_challenge_and_an_http_api_does_not() {
    for (front, mode) in DOORS {
        let emulator = start(front, mode).await;
        let (status, headers, _) = call(&emulator, "GET", "/challenge").await;
        assert_eq!(status, 401);
        let (name, other) = match front {
            Front::RestV1 => ("x-amzn-remapped-www-authenticate", "www-authenticate"),
            Front::HttpV2 => ("www-authenticate", "x-amzn-remapped-www-authenticate"),
        };
        assert_eq!(headers[name], "Bearer", "{front:?}");
        assert!(!headers.contains_key(other));
        let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        let vary: Vec<_> = headers.get_all("vary").iter().map(|v| v.to_str().unwrap()).collect();
        assert_eq!(vary.join(", "), "Origin, Accept");
    }
}

#[tokio::test]
async fn a_binary_answer_arrives_as_it_was_sent() {
    for (front, mode) in DOORS {
        let emulator = start(front, mode).await;
        assert_eq!(&call(&emulator, "GET", "/binary").await.2[..], b"\0\xff\xfe");
    }
}

#[tokio::test]
async fn a_streamed_chunk_arrives_before_the_next_one_is_written() {
    let emulator = start(Front::RestV1, Mode::Streaming).await;
    let go = tempfile::tempdir().unwrap().keep().join("go");
    let request =
        Request::get("/stream").header("host", "h").header("x-wait-for", go.to_str().unwrap());
    let request = request.body(Full::default()).unwrap();
    let mut body = send(&emulator, request).await.into_body();
    let first = tokio::time::timeout(Duration::from_secs(60), body.frame()).await;
    let first = first.expect("nothing arrives before the end").unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "one");
    std::fs::write(&go, "").unwrap();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "two");
}

#[tokio::test]
async fn a_stream_that_breaks_is_not_taken_for_a_whole_one() {
    let emulator = start(Front::RestV1, Mode::Streaming).await;
    let request = Request::get("/broken").header("host", "h").body(Full::default()).unwrap();
    let mut body = send(&emulator, request).await.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "begun");
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test]
async fn a_stream_that_lambda_cuts_off_is_not_taken_for_a_whole_one() {
    let settings = settings(Front::RestV1, Mode::Streaming);
    let settings = Settings { function_timeout: Duration::from_secs(2), ..settings };
    let emulator = Emulator::start(settings).await.unwrap();
    assert_eq!(call(&emulator, "GET", "/").await.0, 200); // it has started
    let request = Request::get("/stream").header("host", "h").header("x-wait-for", "/nowhere");
    let response = send(&emulator, request.body(Full::default()).unwrap()).await;
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_process_that_ends_is_a_bad_gateway_and_a_new_one_takes_over() {
    for (front, mode) in DOORS {
        let emulator = start(front, mode).await;
        let (status, _, body) = call(&emulator, "GET", "/exit").await;
        let expected = if front == Front::RestV1 { 502 } else { 500 };
        assert_eq!(status, expected, "{front:?}: {body:?}");
        assert_eq!(call(&emulator, "GET", "/").await.0, 200);
    }
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_given_up() {
    for (front, expected) in [(Front::RestV1, 504), (Front::HttpV2, 503)] {
        let settings = settings(front, Mode::Buffered);
        let settings = Settings { gateway_timeout: Duration::from_millis(50), ..settings };
        let emulator = Emulator::start(settings).await.unwrap();
        assert_eq!(call(&emulator, "GET", "/slow").await.0, expected);
    }
    let settings = settings(Front::RestV1, Mode::Buffered);
    let settings = Settings { function_timeout: Duration::from_millis(50), ..settings };
    let emulator = Emulator::start(settings).await.unwrap();
    assert_eq!(call(&emulator, "GET", "/slow").await.0, 502, "Lambda's own limit");
}

#[tokio::test]
async fn a_function_and_an_integration_that_disagree_fail_as_on_aws() {
    let wrong = settings(Front::RestV1, Mode::Streaming).with_env("RESPONSE_MODE", "buffered");
    let emulator = Emulator::start(wrong).await.unwrap();
    assert_eq!(call(&emulator, "GET", "/").await.0, 502);
    let wrong = settings(Front::RestV1, Mode::Buffered).with_env("RESPONSE_MODE", "streaming");
    let emulator = Emulator::start(wrong).await.unwrap();
    let (status, _, body) = call(&emulator, "GET", "/").await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0), "status and headers, but no body");
}

#[tokio::test]
async fn a_body_beyond_the_limits_is_refused() {
    let emulator = start(Front::RestV1, Mode::Buffered).await;
    for (megabytes, expected) in [(1, 200), (7, 413), (11, 413)] {
        let body = Full::new(Bytes::from(vec![b'x'; megabytes << 20]));
        let request = Request::post("/").header("host", "h").body(body).unwrap();
        assert_eq!(send(&emulator, request).await.status(), expected, "{megabytes} MB");
    }
}

#[tokio::test]
async fn one_process_serves_one_request_after_the_other_and_no_more_than_allowed_run() {
    let settings = settings(Front::RestV1, Mode::Buffered);
    let emulator = Emulator::start(Settings { processes: 1, ..settings }).await.unwrap();
    let processes = futures_util::future::join_all((0..4).map(|_| async {
        let seen: Value = serde_json::from_slice(&call(&emulator, "GET", "/").await.2).unwrap();
        seen["process"].as_u64().unwrap()
    }));
    let processes = processes.await;
    assert!(processes.iter().all(|process| *process == processes[0]), "{processes:?}");
}

#[tokio::test]
async fn an_http_api_cannot_be_asked_to_stream() {
    assert!(Emulator::start(settings(Front::HttpV2, Mode::Streaming)).await.is_err());
}
