//! A function that does what its path says, to test what stands around functions.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use api_gateway::{BoxError, RequestContext};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};
use service_kit::env::{Env as _, Process};
use tower::service_fn;

type Body = UnsyncBoxBody<Bytes, BoxError>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let api = read("AWS_LAMBDA_RUNTIME_API").parse()?;
    let mode = read("RESPONSE_MODE").parse()?;
    eprint_line("probe started");
    api_gateway::run(&api, mode, service_fn(answer)).await?;
    Ok(())
}

fn read(name: &str) -> String {
    Process.get(name).and_then(|value| value.into_string().ok()).unwrap_or_default()
}

async fn answer(request: Request<Full<Bytes>>) -> Result<Response<Body>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|never| match never {})?.to_bytes();
    let context = parts.extensions.get::<RequestContext>().map(RequestContext::parse::<Value>);
    let file = parts.headers.get("x-wait-for").and_then(|file| file.to_str().ok());
    let response = Response::builder();
    Ok(match parts.uri.path() {
        "/binary" => response.body(whole(Bytes::from_static(b"\0\xff\xfe")))?,
        "/challenge" => response
            .status(StatusCode::UNAUTHORIZED)
            .header("www-authenticate", "Bearer")
            .header("vary", "Origin")
            .header("vary", "Accept")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .body(whole(Bytes::new()))?,
        "/exit" => std::process::exit(3),
        "/slow" => std::future::pending().await,
        "/stream" => response
            .header("content-type", "text/plain")
            .body(after_file(file.unwrap_or_default().to_owned()))?,
        "/broken" => response.body(UnsyncBoxBody::new(StreamBody::new(stream::iter([
            Ok(Frame::data(Bytes::from_static(b"begun"))),
            Err(BoxError::from("half way")),
        ]))))?,
        _ => {
            let headers: Vec<_> = parts.headers.iter().collect();
            let headers = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().ok()));
            let seen = json!({
                "method": parts.method.as_str(),
                "uri": parts.uri.to_string(),
                "headers": headers.collect::<Vec<_>>(),
                "body": BASE64_STANDARD.encode(&body),
                "context": context.transpose()?,
                "auth_mode": read("AUTH_MODE"),
                "process": std::process::id(),
            });
            let json = response.header("content-type", "application/json");
            json.body(whole(Bytes::from(seen.to_string())))?
        }
    })
}

/// `one` at once, and `two` when there is a file at `path`.
fn after_file(path: String) -> Body {
    let chunks = stream::unfold(0, move |n| {
        let path = path.clone();
        async move {
            if n == 1 {
                while !Path::new(&path).exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            let chunk = ["one", "two"].get(n)?;
            Some((Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))), n + 1))
        }
    });
    UnsyncBoxBody::new(StreamBody::new(chunks))
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync()
}

#[expect(clippy::print_stderr, reason = "that output is captured is tested")]
fn eprint_line(line: &str) {
    eprintln!("{line}");
}
