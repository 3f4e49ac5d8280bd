//! The loop against a Runtime API of a few lines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use api_gateway::{
    BoxError, Error, Invocation, Mode, RuntimeApi, report_init_error, run, run_events,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::service_fn;

const EVENT: &str = include_str!("fixtures/rest-v1.json");

/// Hands out `events`, one invocation each, and then answers 500, which ends the loop. Returns what
/// was posted: the head and the decoded body of each request.
async fn serve(mode: Mode, events: &[&str]) -> Vec<(String, String)> {
    exchange(events, async move |api| run(&api, mode, service_fn(service)).await).await
}

/// The same for any loop.
async fn exchange<F: Future<Output = Result<(), Error>> + Send + 'static>(
    events: &[&str],
    run: impl FnOnce(RuntimeApi) -> F,
) -> Vec<(String, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let runtime = tokio::spawn(run(listener.local_addr().unwrap().to_string().parse().unwrap()));
    let mut posted = Vec::new();
    let (mut stream, _) = listener.accept().await.unwrap();
    for event in events {
        let (head, _) = read_request(&mut stream).await;
        assert!(head.starts_with("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"), "{head}");
        let next = format!(
            "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: id-{}\r\n\
             lambda-runtime-deadline-ms: 1795191030000\r\ncontent-length: {}\r\n\r\n{event}",
            posted.len(),
            event.len()
        );
        stream.write_all(next.as_bytes()).await.unwrap();
        posted.push(read_request(&mut stream).await);
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    }
    read_request(&mut stream).await;
    stream.write_all(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let err = runtime.await.unwrap().unwrap_err();
    assert!(matches!(err, Error::Refused(status) if status == 500), "{err}");
    posted
}

/// One request: its head, and its body without the framing of chunks.
async fn read_request(stream: &mut TcpStream) -> (String, String) {
    let mut raw = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&raw).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .split_once("content-length: ")
                .map(|(_, rest)| rest.lines().next().unwrap().parse::<usize>().unwrap());
            let chunked = head.contains("transfer-encoding: chunked");
            if chunked
                && (body.ends_with("0\r\n\r\n")
                    || (body.contains("\r\n0\r\n") && body.ends_with("\r\n\r\n")))
            {
                return (
                    text.split_once("\r\n\r\n").unwrap().0.to_owned() + "\r\n",
                    body.to_owned(),
                );
            }
            if !chunked && body.len() >= length.unwrap_or(0) {
                return (
                    text.split_once("\r\n\r\n").unwrap().0.to_owned() + "\r\n",
                    body.to_owned(),
                );
            }
        }
        assert_ne!(stream.read_buf(&mut raw).await.unwrap(), 0, "closed after {text:?}");
    }
}

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// Does what the path says.
async fn service(request: Request<Full<Bytes>>) -> Result<Answer, BoxError> {
    let text = |text: &'static str| {
        Full::new(Bytes::from_static(text.as_bytes()))
            .map_err(|never: Infallible| match never {})
            .boxed_unsync()
    };
    let body = match request.uri().path() {
        "/panic" => panic!("at the disco"),
        "/fail" => return Err("no luck".into()),
        "/broken" => Broken::Error.boxed_unsync(),
        "/broken/panic" => Broken::Panic.boxed_unsync(),
        "/huge" => Full::new(Bytes::from(vec![b'x'; 7 << 20]))
            .map_err(|never: Infallible| match never {})
            .boxed_unsync(),
        _ => {
            let invocation: &Invocation = request.extensions().get().unwrap();
            assert!(invocation.request_id.starts_with("id-"));
            text("{\"ok\":\"yes\"}")
        }
    };
    Ok(Response::builder().header("content-type", "application/json").body(body).unwrap())
}

/// A body that begins well.
enum Broken {
    Error,
    Panic,
    Begun(Box<Broken>),
}

impl Body for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match std::mem::replace(&mut *self, Broken::Error) {
            Broken::Begun(broken) => match *broken {
                Broken::Panic => panic!("half way"),
                _ => Poll::Ready(Some(Err("half way".into()))),
            },
            begins => {
                *self = Broken::Begun(Box::new(begins));
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"begun")))))
            }
        }
    }
}

fn event(path: &str) -> String {
    EVENT.replacen("\"path\": \"/mcp\"", &format!("\"path\": {path:?}"), 1)
}

#[tokio::test]
async fn a_buffered_answer_is_one_json_object() {
    let posted = serve(Mode::Buffered, &[EVENT, EVENT]).await;
    for (n, (head, body)) in posted.iter().enumerate() {
        let line = format!("POST /2018-06-01/runtime/invocation/id-{n}/response HTTP/1.1\r\n");
        assert!(head.starts_with(&line), "{head}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(body, @r#"{"statusCode":200,"multiValueHeaders":{"content-type":["application/json"]},"body":"{\"ok\":\"yes\"}"}"#);
        }
    }
}

#[tokio::test]
async fn a_streamed_answer_is_a_prelude_eight_nuls_and_the_body() {
    let posted = serve(Mode::Streaming, &[EVENT]).await;
    let (head, body) = &posted[0];
    for line in [
        "lambda-runtime-function-response-mode: streaming\r\n",
        "content-type: application/vnd.awslambda.http-integration-response\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    insta::assert_snapshot!(body.replace('\0', "0"), @r#"54
{"statusCode":200,"multiValueHeaders":{"content-type":["application/json"]}}00000000
C
{"ok":"yes"}
0"#);
}

#[tokio::test]
async fn a_service_that_fails_or_panics_is_answered_for_and_the_next_request_is_served() {
    let paths = ["/panic", "/fail", "/broken", "/huge"].map(event);
    let mut events: Vec<_> = paths.iter().map(String::as_str).collect();
    events.push(EVENT);
    let posted = serve(Mode::Buffered, &events).await;
    for (head, body) in &posted[..4] {
        assert!(head.contains("/response HTTP"), "{head}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(body, @r#"{"statusCode":500,"multiValueHeaders":{"content-type":["text/plain; charset=utf-8"]},"body":"internal error"}"#);
        }
    }
    assert!(posted[4].1.contains(r#"{"statusCode":200"#), "{}", posted[4].1);
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_lambdas_error_trailers() {
    for path in ["/broken", "/broken/panic"] {
        let posted = serve(Mode::Streaming, &[&event(path), EVENT]).await;
        let (head, body) = &posted[0];
        assert!(head.contains("trailer: lambda-runtime-function-error-type\r\n"), "{head}");
        assert!(body.contains("\r\nbegun\r\n0\r\n"), "{body}");
        assert!(
            body.contains("lambda-runtime-function-error-type: Runtime.StreamError\r\n"),
            "{body}"
        );
        assert!(posted[1].1.contains(r#"{"ok":"yes"}"#));
    }
}

#[tokio::test]
async fn a_bad_request_is_answered_400_and_no_event_at_all_is_a_failed_invocation() {
    let bad = EVENT.replace("\"POST\"", "\"PO ST\"");
    let posted = serve(Mode::Buffered, &[&bad, "{}", "not json"]).await;
    insta::assert_snapshot!(posted[0].1, @r#"{"statusCode":400,"multiValueHeaders":{"content-type":["text/plain; charset=utf-8"]},"body":"the request's method is not valid"}"#);
    assert!(
        posted[1].0.starts_with("POST /2018-06-01/runtime/invocation/id-1/error "),
        "{}",
        posted[1].0
    );
    insta::assert_snapshot!(posted[1].1, @r#"{"errorType":"Runtime.MalformedEvent","errorMessage":"not an API Gateway proxy event: no httpMethod"}"#);
    insta::assert_snapshot!(posted[2].1, @r#"{"errorType":"Runtime.MalformedEvent","errorMessage":"not an API Gateway proxy event: Syntax error at line 1 column 2"}"#);
}

/// Two texts, of which API Gateway must see the first alone.
#[derive(Debug, thiserror::Error)]
#[error("Unauthorized")]
struct Unauthorized(#[source] std::fmt::Error);

/// Does what the event says.
async fn handle(invocation: Invocation, event: Bytes) -> Result<Bytes, Unauthorized> {
    assert!(invocation.request_id.starts_with("id-"));
    match &event[..] {
        b"panic" => panic!("at the disco"),
        b"refuse" => Err(Unauthorized(std::fmt::Error)),
        _ => Ok(event),
    }
}

#[tokio::test]
async fn z01_a_failure_is_told_in_its_own_words_alone_and_a_panic_is_another_one() {
    let events = ["{\"any\": \"json\"}", "refuse", "panic", "7"];
    let posted = exchange(&events, async move |api| run_events(&api, handle).await).await;
    let lines: Vec<_> = posted
        .iter()
        .map(|(head, body)| format!("{} {body}", head.split_whitespace().nth(1).unwrap()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    /2018-06-01/runtime/invocation/id-0/response {"any": "json"}
    /2018-06-01/runtime/invocation/id-1/error {"errorType":"Function.Error","errorMessage":"Unauthorized"}
    /2018-06-01/runtime/invocation/id-2/error {"errorType":"Runtime.Panic","errorMessage":"the handler panicked"}
    /2018-06-01/runtime/invocation/id-3/response 7
    "#);
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api: RuntimeApi = listener.local_addr().unwrap().to_string().parse().unwrap();
    let report = tokio::spawn(async move {
        let err = "x".parse::<Mode>().unwrap_err();
        report_init_error(&api, &err).await
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    let (head, body) = read_request(&mut stream).await;
    stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    report.await.unwrap().unwrap();
    assert!(head.starts_with("POST /2018-06-01/runtime/init/error "), "{head}");
    insta::assert_snapshot!(body, @r#"{"errorType":"Runtime.InitError","errorMessage":"must be buffered or streaming"}"#);
}

#[tokio::test]
async fn a_runtime_api_that_is_not_there_ends_the_function() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api: RuntimeApi = listener.local_addr().unwrap().to_string().parse().unwrap();
    drop(listener);
    let err = run(&api, Mode::Buffered, service_fn(service)).await.unwrap_err();
    assert!(matches!(err, Error::Connect(_)), "{err}");
}

#[test]
fn only_a_host_and_a_port_are_an_address() {
    for (text, ok) in [
        ("127.0.0.1:9001", true),
        ("localhost:9001", true),
        ("[::1]:9001", true),
        ("localhost", false),
        ("", false),
        ("http://localhost:9001", false),
        ("user@localhost:9001", false),
        ("localhost:9001/path", false),
    ] {
        assert_eq!(text.parse::<RuntimeApi>().is_ok(), ok, "{text:?}");
    }
}
