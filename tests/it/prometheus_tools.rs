//! The Prometheus tools over a real Prometheus, which plays a workspace of AMP behind a proxy that
//! checks signatures and counts requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use backend_amp::Settings;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use local_aws::sample::SampleMetrics;
use local_aws::sigv4::{Credentials, Verifier};
use mcp_core::jsonrpc::{Params, Request as RpcRequest};
use mcp_core::{Exchange, Id, Implementation, Server};
use serde_json::{Value, json};
use service_kit::clock::{Clock as _, SystemClock, from_unix_ms};
use tests::prometheus::Prometheus;
use tokio::net::{TcpListener, TcpStream};
use tools_prometheus::{
    ExecuteQuery, ExecuteRangeQuery, GetAvailableWorkspaces, GetServerInfo, ListMetrics,
};

const WORKSPACE: &str = "ws-real";
/// 2026-11-19T14:30:00Z, within the incident of the sample data.
const NOW_MS: i64 = 1_795_098_600_000;
/// The samples that Prometheus has.
const HISTORY_MS: i64 = 30 * 60 * 1_000;

struct Amp {
    prometheus: Prometheus,
    verifier: Verifier,
    /// Where this proxy is.
    url: String,
    requests: AtomicUsize,
}

impl Amp {
    async fn start() -> Arc<Self> {
        let metrics = SampleMetrics::new();
        let mut openmetrics = Vec::new();
        let window = metrics.between(NOW_MS - HISTORY_MS, NOW_MS);
        window.write_openmetrics(&mut openmetrics).expect("memory can be written to");
        let openmetrics = String::from_utf8(openmetrics).expect("OpenMetrics is UTF-8");
        let path = format!("/workspaces/{WORKSPACE}");
        let prometheus = Prometheus::start(&openmetrics, &path).expect("Prometheus starts");

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let credentials = Credentials::default();
        let verifier = Verifier { credentials, region: "eu-central-1".to_owned(), service: "aps" };
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

    /// Refuses what is not signed as AWS wants it, tells of the workspace, passes on the rest.
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
        if parts.uri.path() == format!("/workspaces/{WORKSPACE}") {
            let workspace = json!({
                "workspaceId": WORKSPACE,
                "arn": format!("arn:aws:aps:eu-central-1:000000000000:workspace/{WORKSPACE}"),
                "status": {"statusCode": "ACTIVE"},
                "prometheusEndpoint": format!("{}/workspaces/{WORKSPACE}/", self.url),
                "createdAt": 1.0,
            });
            let body = json!({"workspace": workspace}).to_string();
            return Ok(Response::new(Full::from(body)));
        }
        self.pass_on(Request::from_parts(parts, Full::new(body))).await
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
    async fn directly(&self, path: &str) -> Value {
        let request = Request::get(format!("/workspaces/{WORKSPACE}/api/v1/{path}"))
            .header("host", "localhost")
            .body(Full::default())
            .expect("a request");
        let response = self.pass_on(request).await.expect("Prometheus answers");
        let body = response.into_body().collect().await.expect("a whole body").to_bytes();
        serde_json::from_slice(&body).expect("JSON")
    }

    fn tools(&self) -> Server {
        let Credentials { access_key_id, secret_access_key, .. } = Credentials::default();
        let credentials =
            AwsCredentials::new(access_key_id, secret_access_key, None, None, "tests");
        let settings = Settings {
            workspace: WORKSPACE.parse().ok(),
            region: "eu-central-1".parse().ok(),
            control_plane_endpoint: Some(self.url.clone()),
            ..Settings::default()
        };
        let credentials = Some(SharedCredentialsProvider::new(credentials));
        // Signatures are of the present, as the SDK's own are; questions are of the samples' time.
        let prometheus = backend_amp::Prometheus::new(settings, credentials, Arc::new(SystemClock));
        Server::builder(Implementation::new("tests", "0"))
            .tool(ExecuteQuery(prometheus.clone()))
            .tool(ExecuteRangeQuery(prometheus.clone()))
            .tool(ListMetrics(prometheus.clone()))
            .tool(GetServerInfo(prometheus.clone()))
            .tool(GetAvailableWorkspaces(prometheus))
            .clock(|| from_unix_ms(NOW_MS))
            .build()
            .expect("the tools are legal")
    }
}

async fn call(tools: &Server, name: &str, arguments: Value) -> Value {
    let params = json!({"name": name, "arguments": arguments}).to_string();
    let request = RpcRequest {
        id: Id::Number(1.into()),
        method: "tools/call".to_owned(),
        params: Params::from_json(params.into()),
    };
    let version = "2025-11-25".parse().expect("a revision");
    let result = tools.dispatch(request, Exchange::new(version)).await.expect("a result");
    serde_json::from_slice(&result).expect("JSON")
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().expect("a text")
}

// One test, because loading the samples takes longer than all questions.
#[tokio::test]
async fn the_tools_answer_over_a_real_prometheus_behind_sigv4() {
    let amp = Amp::start().await;
    let tools = amp.tools();
    let now = NOW_MS / 1_000;

    // Two requests while the workspace is unknown, one from then on; the answer is Prometheus' own.
    let direct = amp.directly(&format!("query?query=up&time={now}")).await;
    for requests in [2, 1] {
        let before = amp.requests.load(Ordering::Relaxed);
        let result = call(&tools, "ExecuteQuery", json!({"query": "up"})).await;
        assert_eq!(result["structuredContent"]["result"], direct["data"], "{}", text(&result));
        assert_eq!(amp.requests.load(Ordering::Relaxed) - before, requests);
    }

    all_valid_promql_passes(&tools).await;
    refusals_are_one_request_and_a_caret(&amp, &tools).await;
    metrics_are_whole(&amp, &tools).await;
    a_range_of_60_series_is_told_in_5_kb(&amp, &tools).await;
}

async fn all_valid_promql_passes(tools: &Server) {
    for query in [
        r#"label_replace(up,"x","${1}","job","(.*)")"#,
        r#"up{instance=~"http://.*"}"#,
        "sum by (job) (up) + on (job) group_left count by (job) (up) # a comment; `and` $(this)",
        "'+ %2B & = é'",
    ] {
        let result = call(tools, "ExecuteQuery", json!({"query": query})).await;
        assert_ne!(result["isError"], json!(true), "{query}: {}", text(&result));
    }
}

async fn refusals_are_one_request_and_a_caret(amp: &Amp, tools: &Server) {
    for (query, said) in [
        (
            "sum((",
            "bad_data: unclosed left parenthesis\n  sum((\n       ^\nhint: close each ( with a )\nretryable: no",
        ),
        (
            "rate(node_cpu_seconds_total)",
            "\n  rate(node_cpu_seconds_total)\n       ^\nhint: give the selector a range, as in rate(x[5m])\n\
             try: {\"query\":\"rate(node_cpu_seconds_total[5m])\"}\nretryable: no",
        ),
        ("sum(rate(up[5m])", "try: {\"query\":\"sum(rate(up[5m]))\"}"),
        ("sum(up))", "try: {\"query\":\"sum(up)\"}"),
        ("up{job=api}", "try: {\"query\":\"up{job=\\\"api\\\"}\"}"),
        ("up{job==\"api\"}", "try: {\"query\":\"up{job=\\\"api\\\"}\"}"),
        ("up{job=\"api\"", "try: {\"query\":\"up{job=\\\"api\\\"}\"}"),
        ("rat(up[5m])", "try: {\"query\":\"rate(up[5m])\"}"),
        ("rate(up[5 minutes])", "try: {\"query\":\"rate(up[5m])\"}"),
        ("up + on () up", "execution: "),
    ] {
        let before = amp.requests.load(Ordering::Relaxed);
        let result = call(tools, "ExecuteQuery", json!({"query": query})).await;
        assert_eq!(result["isError"], true, "{query}");
        assert!(text(&result).contains(said), "{query}: {}", text(&result));
        assert_eq!(amp.requests.load(Ordering::Relaxed) - before, 1, "{query}");
    }
}

async fn metrics_are_whole(amp: &Amp, tools: &Server) {
    let direct = amp.directly("label/__name__/values").await;
    let result = call(tools, "ListMetrics", json!({})).await;
    assert_eq!(result["structuredContent"]["metrics"], direct["data"]);
    let count = direct["data"].as_array().map_or(0, Vec::len);
    assert!(count > 700, "{count} metrics");
    assert!(text(&result).starts_with(&format!("{count} metrics\n")), "{}", text(&result));
    assert!(text(&result).len() < 1_500, "{}", text(&result));
}

async fn a_range_of_60_series_is_told_in_5_kb(amp: &Amp, tools: &Server) {
    let query = "sum by (code, handler, instance, method) \
                 (rate(http_requests_total{job=~\"frontend|cart|payments\"}[5m]))";
    let (start, end) = (NOW_MS / 1_000 - 600, NOW_MS / 1_000);
    let arguments = json!({
        "query": query, "start": "now-10m", "end": "now", "step": "15s", "output": "full",
    });
    let result = call(tools, "ExecuteRangeQuery", arguments).await;
    let encoded = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
    let direct =
        amp.directly(&format!("query_range?query={encoded}&start={start}&end={end}&step=15")).await;
    assert_eq!(result["structuredContent"]["result"], direct["data"], "{}", text(&result));

    let text = text(&result);
    assert!(text.len() <= 5_000, "{} bytes", text.len());
    let series = direct["data"]["result"].as_array().expect("series");
    assert_eq!(series.len(), 60);
    let lines: Vec<&str> =
        text.lines().skip_while(|line| !line.ends_with(" trend")).skip(1).collect();
    assert_eq!(lines.len(), 60, "{text}");
    for (line, series) in lines.iter().zip(series) {
        let values: Vec<f64> = series["values"]
            .as_array()
            .expect("values")
            .iter()
            .filter_map(|pair| pair[1].as_str()?.parse().ok())
            .collect();
        assert_eq!(values.len(), 41);
        // From the end of the line, as labels may be any words.
        let words: Vec<&str> = line.rsplit(' ').collect();
        for (word, exact) in words[1..8].iter().rev().zip(figures(&values)) {
            let shown: f64 = word.parse().expect("a number");
            let apart = (shown - exact).abs();
            assert!(apart <= 5.1e-3 * exact.abs() + 1e-9, "{word} for {exact} in {line}");
        }
    }
}

/// first last min avg p95 max slope/h of values 15 s apart, from their definitions.
fn figures(values: &[f64]) -> [f64; 7] {
    let n = values.len() as f64;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let avg = values.iter().sum::<f64>() / n;
    let rank = 0.95 * (n - 1.0);
    let (low, high) = (sorted[rank as usize], sorted[rank.ceil() as usize]);
    let middle = (n - 1.0) / 2.0;
    let across: f64 = values.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - avg)).sum();
    let along: f64 = (0..values.len()).map(|i| (i as f64 - middle).powi(2)).sum();
    [
        values[0],
        values[values.len() - 1],
        sorted[0],
        avg,
        low + (high - low) * rank.fract(),
        sorted[sorted.len() - 1],
        across / along / 15.0 * 3600.0,
    ]
}
