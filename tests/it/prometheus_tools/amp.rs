//! A workspace of AMP: a real Prometheus behind a proxy that checks signatures and counts requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use local_aws::sample::SampleMetrics;
use local_aws::sigv4::{Credentials, Verifier};
use serde_json::{Value, json};
use service_kit::clock::{Clock as _, SystemClock};
use tests::prometheus::Prometheus;
use tokio::net::{TcpListener, TcpStream};

use super::{HISTORY_MS, NOW_MS, WORKSPACE};

pub(super) struct Amp {
    prometheus: Prometheus,
    verifier: Verifier,
    /// Where this proxy is.
    pub(super) url: String,
    pub(super) requests: AtomicUsize,
}

impl Amp {
    pub(super) async fn start() -> Arc<Self> {
        let metrics = SampleMetrics::new();
        let mut openmetrics = Vec::new();
        let window = metrics.between(NOW_MS - HISTORY_MS, NOW_MS);
        window.write_openmetrics(&mut openmetrics).expect("memory can be written to");
        let openmetrics = String::from_utf8(openmetrics).expect("OpenMetrics is UTF-8");
        let path = format!("/workspaces/{WORKSPACE}");
        let prometheus = Prometheus::start(&openmetrics, &path).expect("Prometheus starts");

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let keys = Credentials::default().into();
        let verifier = Verifier { keys, region: "eu-central-1".to_owned(), service: "aps" };
        let amp = Arc::new(Self { prometheus, verifier, url, requests: AtomicUsize::new(0) });
        let shared = Arc::clone(&amp);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let amp = Arc::clone(&shared);
                let service = hyper::service::service_fn(move |request| {
                    let amp = Arc::clone(&amp);
                    async move { amp.answer(request).await }
                });
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service);
                tokio::spawn(served);
            }
        });
        amp
    }

    /// Refuses what is not signed as AWS wants it, tells of its only workspace, passes on the rest.
    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, anyhow::Error> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        if let Err(refusal) = self.verifier.verify(&parts, &body, SystemClock.unix_ms()) {
            let message = json!({"message": refusal.to_string()}).to_string();
            return Ok(Response::builder()
                .status(StatusCode::FORBIDDEN)
                .header("x-amzn-errortype", refusal.code())
                .body(Full::from(message))?);
        }
        let workspace = json!({
            "workspaceId": WORKSPACE,
            "arn": format!("arn:aws:aps:eu-central-1:000000000000:workspace/{WORKSPACE}"),
            "status": {"statusCode": "ACTIVE"},
            "prometheusEndpoint": format!("{}/workspaces/{WORKSPACE}/", self.url),
            "createdAt": 1.0,
        });
        let said = match parts.uri.path().strip_prefix("/workspaces") {
            Some("") => json!({"workspaces": [workspace]}),
            Some(path) if path.strip_prefix('/') == Some(WORKSPACE) => {
                json!({"workspace": workspace})
            }
            _ => return self.pass_on(Request::from_parts(parts, Full::new(body))).await,
        };
        Ok(Response::new(Full::from(said.to_string())))
    }

    async fn pass_on(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, anyhow::Error> {
        let base = self.prometheus.base_url();
        let address = base.trim_start_matches("http://").split('/').next().unwrap_or_default();
        let socket = TokioIo::new(TcpStream::connect(address).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(socket).await?;
        tokio::spawn(connection);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(parts, Full::new(body)))
    }

    /// What Prometheus itself says, without tools and signatures.
    pub(super) async fn directly(&self, path: &str) -> Value {
        let request = Request::get(format!("/workspaces/{WORKSPACE}/api/v1/{path}"))
            .header("host", "localhost")
            .body(Full::default())
            .expect("a request");
        let response = self.pass_on(request).await.expect("Prometheus answers");
        let body = response.into_body().collect().await.expect("a whole body").to_bytes();
        serde_json::from_slice(&body).expect("JSON")
    }

    /// What Prometheus itself says of a window, as `data`.
    pub(super) async fn range_directly(
        &self,
        query: &str,
        [start, end]: [i64; 2],
        step: &str,
    ) -> Value {
        let query =
            percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("query_range?query={query}&start={start}&end={end}&step={step}");
        self.directly(&path).await["data"].take()
    }
}
