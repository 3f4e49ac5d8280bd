//! One of the two servers, asked over plain HTTP.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use service_kit::env::{Env as _, Process};
use tokio::net::TcpStream;

/// Where everything is made.
pub(super) const REGION: &str = "us-east-1";

/// A server that plays AWS.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) url: Arc<str>,
}

impl Server {
    /// <https://pypi.org/project/ministack>
    pub(super) fn ministack() -> Option<Self> {
        Self::named("MINISTACK_URL")
    }

    /// <https://pypi.org/project/moto>
    pub(super) fn moto() -> Option<Self> {
        Self::named("MOTO_URL")
    }

    /// The server that `variable` names; `None`, and said so, when it names none.
    fn named(variable: &str) -> Option<Self> {
        let Some(url) = Process.get(variable) else {
            println!("SKIPPED: {variable} is not set, `cargo xtask stand-ins` sets it");
            return None;
        };
        Some(Self { url: url.to_str().expect("a URL").into() })
    }

    /// One operation of an API that speaks JSON; `target` is how the API calls it.
    pub(super) async fn api(&self, service: &str, target: &str, body: &Value) -> Value {
        let request = Request::post(format!("{}/", self.url))
            .header(CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            // Neither checks it; both read the region and the service in it.
            .header(
                AUTHORIZATION,
                format!(
                    "AWS4-HMAC-SHA256 Credential=test/20261120/{REGION}/{service}/aws4_request, \
                     SignedHeaders=host, Signature=0"
                ),
            )
            .body(Full::from(body.to_string()))
            .expect("a request");
        let response = self.send(request).await;
        let answer = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), StatusCode::OK, "{target}: {answer}");
        if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer).expect("JSON") }
    }

    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> Response<Bytes> {
        let address = self.url.strip_prefix("http://").expect("plain HTTP").to_owned();
        let socket = TcpStream::connect(&address).await.expect("the server listens");
        let io = TokioIo::new(socket);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(io).await.expect("HTTP");
        tokio::spawn(connection);
        let path = request.uri().path_and_query().expect("a path").as_str().parse();
        *request.uri_mut() = path.expect("a path");
        request.headers_mut().insert(HOST, address.parse().expect("a host"));
        let (head, body) = sender.send_request(request).await.expect("an answer").into_parts();
        Response::from_parts(head, body.collect().await.expect("a body").to_bytes())
    }
}

/// What our own clients sign with; either server takes any.
pub(super) fn credentials() -> SharedCredentialsProvider {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SharedCredentialsProvider::new(credentials)
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
