//! The Prometheus tools over a real Prometheus, which plays a workspace of AMP.

mod amp;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use backend_amp::Settings;
use jsonschema::Validator;
use local_aws::sigv4::Credentials;
use mcp_core::jsonrpc::{Params, Request as RpcRequest};
use mcp_core::{Exchange, Id, Implementation, Server};
use serde_json::{Value, json};
use service_kit::clock::{SystemClock, from_unix_ms};
use tools_prometheus::{
    ExecuteQuery, ExecuteRangeQuery, GetAvailableWorkspaces, GetServerInfo, ListMetrics,
};

use self::amp::Amp;

const REVISION: &str = "2025-11-25";
const WORKSPACE: &str = "ws-real";
/// 2026-11-19T14:30:00Z, within the incident of the sample data.
const NOW_MS: i64 = 1_795_098_600_000;
/// The samples that Prometheus has.
const HISTORY_MS: i64 = 30 * 60 * 1_000;

/// A client that holds every reply to the schema of its revision, and every structured result to
/// what the tool's `outputSchema` promises.
struct Tools {
    server: Server,
    promised: HashMap<String, Validator>,
}

impl Tools {
    async fn over(amp: &Amp) -> Self {
        let Credentials { access_key_id, secret_access_key, .. } = Credentials::default();
        let credentials =
            AwsCredentials::new(access_key_id, secret_access_key, None, None, "tests");
        let settings = Settings {
            workspace: WORKSPACE.parse().ok(),
            region: "eu-central-1".parse().ok(),
            control_plane_endpoint: Some(amp.url.clone()),
            ..Settings::default()
        };
        let credentials = Some(SharedCredentialsProvider::new(credentials));
        // Signatures are of the present, as the SDK's own are; questions are of the samples' time.
        let prometheus = backend_amp::Prometheus::new(settings, credentials, Arc::new(SystemClock));
        let server = Server::builder(Implementation::new("tests", "0"))
            .tool(ExecuteQuery(prometheus.clone()))
            .tool(ExecuteRangeQuery(prometheus.clone()))
            .tool(ListMetrics(prometheus.clone()))
            .tool(GetServerInfo(prometheus.clone()))
            .tool(GetAvailableWorkspaces(prometheus))
            .clock(|| from_unix_ms(NOW_MS))
            .build()
            .expect("the tools are legal");
        Self::new(server).await
    }

    async fn new(server: Server) -> Self {
        let mut tools = Self { server, promised: HashMap::new() };
        let list = tools.request("tools/list", json!({})).await;
        for tool in list["tools"].as_array().expect("tools") {
            let name = tool["name"].as_str().expect("a name").to_owned();
            let schema = jsonschema::validator_for(&tool["outputSchema"]).expect("a schema");
            tools.promised.insert(name, schema);
        }
        assert_eq!(tools.promised.len(), 5);
        tools
    }

    async fn request(&self, method: &str, params: Value) -> Value {
        let request = RpcRequest {
            id: Id::Number(1.into()),
            method: method.to_owned(),
            params: Params::from_json(params.to_string().into()),
        };
        let exchange = Exchange::new(REVISION.parse().expect("a revision"));
        let result = self.server.dispatch(request, exchange).await.expect("a result");
        let result: Value = serde_json::from_slice(&result).expect("JSON");
        let frame = json!({"jsonrpc": "2.0", "id": 1, "result": result});
        tests::schema::check(REVISION, method, &frame);
        result
    }

    async fn call(&self, name: &str, arguments: Value) -> Value {
        let result =
            self.request("tools/call", json!({"name": name, "arguments": arguments})).await;
        if result["isError"] != true {
            let kept = self.promised[name].validate(&result["structuredContent"]);
            assert!(kept.is_ok(), "{name} {arguments}: {kept:?}");
        }
        result
    }

    /// The structured result of a call that must not fail.
    async fn structured(&self, name: &str, arguments: Value) -> Value {
        let mut result = self.call(name, arguments).await;
        assert_ne!(result["isError"], true, "{}", text(&result));
        result["structuredContent"].take()
    }
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().expect("a text")
}

// One test, because loading the samples takes longer than all questions.
#[tokio::test]
async fn the_tools_answer_over_a_real_prometheus_behind_sigv4() {
    let amp = Amp::start().await;
    let tools = Tools::over(&amp).await;
    let now = NOW_MS / 1_000;

    // Two requests while the workspace is unknown, one from then on; the answer is Prometheus' own.
    let direct = amp.directly(&format!("query?query=up&time={now}")).await;
    for requests in [2, 1] {
        let before = amp.requests.load(Ordering::Relaxed);
        let result = tools.call("ExecuteQuery", json!({"query": "up"})).await;
        assert_eq!(result["structuredContent"]["result"], direct["data"], "{}", text(&result));
        assert_eq!(amp.requests.load(Ordering::Relaxed) - before, requests);
    }

    all_valid_promql_passes(&tools).await;
    refusals_are_one_request_and_a_caret(&amp, &tools).await;
    metrics_are_whole(&amp, &tools).await;
    a_range_of_60_series_is_told_in_5_kb(&amp, &tools).await;

    a_refusal_is_quick(&tools).await;
    the_server_and_its_workspaces_are_known(&amp, &tools).await;
    metrics_are_chosen_by_prefix_and_pattern(&amp, &tools).await;
    pages_have_each_series_exactly_once(&amp, &tools).await;
    columns_are_the_samples_of_prometheus(&amp, &tools).await;
    an_automatic_step_is_one_that_prometheus_takes(&amp, &tools).await;
}

/// The best of three, so that a busy machine has no say.
async fn a_refusal_is_quick(tools: &Tools) {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let asked = Instant::now();
        let result = tools.call("ExecuteQuery", json!({"query": "sum(("})).await;
        best = best.min(asked.elapsed());
        assert_eq!(result["isError"], true);
    }
    assert!(best < Duration::from_millis(300), "{best:?}");
}

async fn the_server_and_its_workspaces_are_known(amp: &Amp, tools: &Tools) {
    let url = format!("{}/workspaces/{WORKSPACE}", amp.url);
    let info = tools.structured("GetServerInfo", json!({})).await;
    assert_eq!(info["prometheus_url"], url);
    assert_eq!(info["aws_region"], "eu-central-1");

    let listing = tools.structured("GetAvailableWorkspaces", json!({})).await["result"].take();
    assert_eq!(listing["count"], 1);
    assert_eq!(listing["configured_workspace_id"], WORKSPACE);
    let workspace = &listing["workspaces"][0];
    assert_eq!(workspace["workspace_id"], WORKSPACE);
    assert_eq!(workspace["status"], "ACTIVE");
    assert_eq!(workspace["prometheus_url"], url);
    assert_eq!(workspace["is_configured"], true);
}

async fn metrics_are_chosen_by_prefix_and_pattern(amp: &Amp, tools: &Tools) {
    let arguments = json!({"prefix": "node_", "match": "_(bytes|seconds)_total$"});
    let chosen = tools.structured("ListMetrics", arguments).await["metrics"].take();
    let all = amp.directly("label/__name__/values").await["data"].take();
    let all = all.as_array().expect("names");
    let wanted = |name: &&Value| {
        let name = name.as_str().expect("a name");
        let ends = name.ends_with("_bytes_total") || name.ends_with("_seconds_total");
        name.starts_with("node_") && ends
    };
    let expected: Vec<&Value> = all.iter().filter(wanted).collect();
    assert!(!expected.is_empty());
    assert_eq!(chosen, json!(expected));
}

async fn pages_have_each_series_exactly_once(amp: &Amp, tools: &Tools) {
    let query = "http_requests_total{job=~\"frontend|cart|payments\"}";
    let mut arguments = json!({"query": query, "start": "now-25m", "end": "now", "step": "15s"});
    let mut given: Vec<Value> = Vec::new();
    let mut pages = 0;
    loop {
        let page = tools.structured("ExecuteRangeQuery", arguments.clone()).await;
        given.extend(page["result"]["result"].as_array().expect("series").iter().cloned());
        pages += 1;
        match &page["truncated"]["next"] {
            Value::Null => break,
            next => arguments["cursor"] = next.clone(),
        }
        assert!(pages < 100, "the pages have no end");
    }
    assert!(pages > 1, "{} series fit on one page", given.len());
    let now = NOW_MS / 1_000;
    let direct = amp.range_directly(query, [now - 25 * 60, now], "15").await;
    let sorted = |series: &[Value]| {
        let mut texts: Vec<String> = series.iter().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    assert_eq!(sorted(&given), sorted(direct["result"].as_array().expect("series")));
}

async fn columns_are_the_samples_of_prometheus(amp: &Amp, tools: &Tools) {
    let query = "sum by (job) (rate(http_requests_total[5m]))";
    let arguments = json!({
        "query": query, "start": "now-10m", "end": "now", "step": "60s", "output": "columns",
    });
    let result = tools.structured("ExecuteRangeQuery", arguments).await["result"].take();
    let now = NOW_MS / 1_000;
    let direct = amp.range_directly(query, [now - 600, now], "60").await;
    let (rows, series) = (result["series"].as_array(), direct["result"].as_array());
    let (rows, series) = (rows.expect("rows"), series.expect("series"));
    assert!(!series.is_empty());
    assert_eq!(rows.len(), series.len());
    for (row, series) in rows.iter().zip(series) {
        assert_eq!(row["metric"], series["metric"]);
        let (values, pairs) = (row["values"].as_array(), series["values"].as_array());
        let (values, pairs) = (values.expect("values"), pairs.expect("pairs"));
        assert_eq!(values.len(), pairs.len());
        for (index, (value, pair)) in values.iter().zip(pairs).enumerate() {
            assert_eq!(result["time"][index], pair[0]);
            let exact: f64 = pair[1].as_str().and_then(|text| text.parse().ok()).expect("a number");
            let apart = (value.as_f64().expect("a number") - exact).abs();
            assert!(apart <= 1e-12 * exact.abs(), "{value} for {exact}");
        }
    }
}

async fn an_automatic_step_is_one_that_prometheus_takes(amp: &Amp, tools: &Tools) {
    let query = "sum by (job) (up)";
    let arguments = json!({
        "query": query, "start": "now-25m", "end": "now", "step": "auto", "output": "full",
    });
    let answer = tools.structured("ExecuteRangeQuery", arguments).await;
    let window = &answer["provenance"]["window"];
    assert_eq!(window["step_reason"], "auto: about 250 points");
    let points = window["points"].as_u64().expect("a count");
    assert!((100..=500).contains(&points), "{window}");
    let now = NOW_MS / 1_000;
    let step = window["step"].as_str().expect("a duration");
    let direct = amp.range_directly(query, [now - 25 * 60, now], step).await;
    let first = direct["result"][0]["values"].as_array().map_or(0, Vec::len);
    assert_eq!(first as u64, points);
    assert_eq!(answer["result"], direct);
}

async fn all_valid_promql_passes(tools: &Tools) {
    for query in [
        r#"label_replace(up,"x","${1}","job","(.*)")"#,
        r#"up{instance=~"http://.*"}"#,
        "sum by (job) (up) + on (job) group_left count by (job) (up) # a comment; `and` $(this)",
        "'+ %2B & = é'",
    ] {
        let result = tools.call("ExecuteQuery", json!({"query": query})).await;
        assert_ne!(result["isError"], json!(true), "{query}: {}", text(&result));
    }
}

async fn refusals_are_one_request_and_a_caret(amp: &Amp, tools: &Tools) {
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
        let result = tools.call("ExecuteQuery", json!({"query": query})).await;
        assert_eq!(result["isError"], true, "{query}");
        assert!(text(&result).contains(said), "{query}: {}", text(&result));
        assert_eq!(amp.requests.load(Ordering::Relaxed) - before, 1, "{query}");
    }
}

async fn metrics_are_whole(amp: &Amp, tools: &Tools) {
    let direct = amp.directly("label/__name__/values").await;
    let result = tools.call("ListMetrics", json!({})).await;
    assert_eq!(result["structuredContent"]["metrics"], direct["data"]);
    let count = direct["data"].as_array().map_or(0, Vec::len);
    assert!(count > 700, "{count} metrics");
    assert!(text(&result).starts_with(&format!("{count} metrics\n")), "{}", text(&result));
    assert!(text(&result).len() < 1_500, "{}", text(&result));
}

async fn a_range_of_60_series_is_told_in_5_kb(amp: &Amp, tools: &Tools) {
    let query = "sum by (code, handler, instance, method) \
                 (rate(http_requests_total{job=~\"frontend|cart|payments\"}[5m]))";
    let (start, end) = (NOW_MS / 1_000 - 600, NOW_MS / 1_000);
    let arguments = json!({
        "query": query, "start": "now-10m", "end": "now", "step": "15s", "output": "full",
    });
    let result = tools.call("ExecuteRangeQuery", arguments).await;
    let direct = amp.range_directly(query, [start, end], "15").await;
    assert_eq!(result["structuredContent"]["result"], direct, "{}", text(&result));

    let text = text(&result);
    assert!(text.len() <= 5_000, "{} bytes", text.len());
    let series = direct["result"].as_array().expect("series");
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
