//! The server behind the function: the Prometheus API, the one call of the AWS control plane and the
//! grants in DynamoDB, with the same answers each time. It runs on a thread of its own, over HTTP or TLS.

use std::convert::Infallible;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::events::WORKSPACE;
use super::issuer::OWN_CLIENT;
use crate::process::cache;

/// Where it is DynamoDB.
pub(super) const DYNAMODB: &str = "/dynamodb";

/// A running upstream; it lives as long as this process.
pub(super) struct Upstream {
    /// Where it is.
    pub(super) url: String,
    /// The certificate to trust, in PEM, when it speaks TLS.
    pub(super) certificate: Option<PathBuf>,
    requests: Arc<AtomicU64>,
}

impl Upstream {
    /// Over plain HTTP.
    pub(super) fn http() -> Result<Self> {
        Self::start("http", None, None)
    }

    /// Over TLS, with a certificate of its own.
    pub(super) fn https() -> Result<Self> {
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let path = cache().join("bench/upstream.pem");
        fs::create_dir_all(cache().join("bench"))?;
        fs::write(&path, issued.cert.pem())?;
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der());
        let key = key.map_err(anyhow::Error::msg)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)?;
        Self::start("https", Some(TlsAcceptor::from(Arc::new(config))), Some(path))
    }

    /// How many requests it has had.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn start(scheme: &str, tls: Option<TlsAcceptor>, certificate: Option<PathBuf>) -> Result<Self> {
        let requests = Arc::new(AtomicU64::new(0));
        let (counted, (port, bound)) = (Arc::clone(&requests), mpsc::channel());
        let scheme = scheme.to_owned();
        let base = move |port: u16| format!("{scheme}://localhost:{port}");
        let own = base.clone();
        thread::Builder::new().name("upstream".to_owned()).spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async move {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                let number = listener.local_addr()?.port();
                let answers = Arc::new(Answers::new(&own(number)));
                port.send(number)?;
                loop {
                    let (stream, _) = listener.accept().await?;
                    stream.set_nodelay(true)?;
                    let (answers, counted, tls) =
                        (Arc::clone(&answers), Arc::clone(&counted), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            None => serve(stream, answers, counted).await,
                            // A handshake that fails is the function's to report.
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    serve(stream, answers, counted).await;
                                }
                            }
                        }
                    });
                }
            })
        })?;
        let port = bound.recv().context("the upstream cannot start")?;
        Ok(Self { url: base(port), certificate, requests })
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answers: Arc<Answers>,
    counted: Arc<AtomicU64>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let response = answers.to(request.uri().path());
        async move {
            let _ = request.into_body().collect().await;
            Ok::<_, Infallible>(response)
        }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Every answer, rendered once.
struct Answers(Vec<(&'static str, Bytes)>);

impl Answers {
    fn new(base: &str) -> Self {
        let workspace = json!({
            "workspaceId": WORKSPACE,
            "alias": "prod",
            "arn": format!("arn:aws:aps:us-east-1:123456789012:workspace/{WORKSPACE}"),
            "status": {"statusCode": "ACTIVE"},
            "prometheusEndpoint": format!("{base}/workspaces/{WORKSPACE}/"),
            "createdAt": 1_763_600_000,
            "tags": {},
        });
        let active = json!({
            "clientId": {"S": OWN_CLIENT},
            "status": {"S": "active"},
            "expiresAt": {"N": "4102444800"},
        });
        let records = json!({"mcp-clients": [&active], "mcp-refresh-tokens": [&active]});
        let success = |data: Value| json!({"status": "success", "data": data});
        let routes = [
            ("/api/v1/label/__name__/values", success(json!(metric_names()))),
            ("/api/v1/query_range", success(matrix())),
            ("/api/v1/query", success(json!({"resultType": "vector", "result": []}))),
            ("/api/v1/metadata", success(json!({}))),
            ("/workspaces", json!({"workspaces": [&workspace]})),
            (WORKSPACE, json!({"workspace": &workspace})),
            (DYNAMODB, json!({"Responses": records})),
        ];
        Self(routes.map(|(end, answer)| (end, Bytes::from(answer.to_string()))).into())
    }

    fn to(&self, path: &str) -> Response<Full<Bytes>> {
        let found = self.0.iter().find(|(end, _)| path.trim_end_matches('/').ends_with(end));
        let mut response = Response::new(Full::default());
        match found {
            Some((_, answer)) => *response.body_mut() = Full::new(answer.clone()),
            None => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        let json = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, json);
        response
    }
}

/// 748 names, as a cluster has them.
fn metric_names() -> Vec<String> {
    const SUBJECTS: [&str; 30] = [
        "apiserver_admission",
        "apiserver_audit",
        "apiserver_request",
        "apiserver_storage",
        "apiserver_watch",
        "container_cpu",
        "container_fs",
        "container_memory",
        "container_network",
        "container_spec",
        "go_gc",
        "go_goroutines",
        "go_memstats",
        "go_sched",
        "go_threads",
        "http_client",
        "http_connection",
        "http_request",
        "http_response",
        "http_server",
        "kube_daemonset",
        "kube_deployment",
        "kube_job",
        "kube_node",
        "kube_pod",
        "node_cpu",
        "node_disk",
        "node_filesystem",
        "node_memory",
        "node_network",
    ];
    const WHATS: [&str; 5] = ["active", "cache", "duration", "errors", "queue"];
    const UNITS: [&str; 5] = ["bytes", "seconds_bucket", "seconds_count", "seconds_sum", "total"];
    let names = SUBJECTS.iter().flat_map(|subject| {
        WHATS.iter().flat_map(move |what| UNITS.map(|unit| format!("{subject}_{what}_{unit}")))
    });
    names.take(748).collect()
}

/// 20 series of 1000 points: a daily wave with noise, as floats are written.
fn matrix() -> Value {
    let series = |s: u32| {
        let value = |i: u32| {
            let noise = f64::from((i * 7919 + s * 104_729) % 1000) / 1000.0;
            50.0 + 40.0 * (f64::from(i) / 50.0 + f64::from(s)).sin() + noise
        };
        let points =
            (0..1000).map(|i| json!([1_763_600_000 + i * 15, format!("{:.10}", value(i))]));
        json!({
            "metric": {
                "__name__": "http_request_duration_seconds_bucket",
                "instance": format!("10.0.{s}.17:9090"),
                "job": "api",
                "le": "0.25",
                "namespace": "prod",
                "pod": format!("api-7f9c6d5b4-{s:05}"),
            },
            "values": points.collect::<Vec<_>>(),
        })
    };
    json!({"resultType": "matrix", "result": (0..20).map(series).collect::<Vec<_>>()})
}
