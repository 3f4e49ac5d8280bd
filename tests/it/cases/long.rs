//! A query that takes longer than the gateway waits: its answer comes by each of three ways, and who
//! no longer wants it stops it. The function runs as on Lambda, in processes of its own.

use std::time::{Duration, Instant};

use http::Request;
use http_body_util::{BodyExt as _, Full};
use local_aws::LocalAws;
use serde_json::{Value, json};
use service_kit::env::{Env as _, Process};
use tests::binary;
use tests::emulator::{Emulator, Front, Mode, Settings};
use tokio::time::sleep;

use super::site::variables;
use crate::lambda::send;

/// Longer than the 29 seconds of the gateway. 95 with `LONG_QUERY_SECONDS=95`, as a slow query is.
fn slow() -> Duration {
    let seconds = Process.get("LONG_QUERY_SECONDS").and_then(|text| text.to_str()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(35))
}

const QUERY: &str = "SELECT count(*) AS cases FROM case_summary";

/// The function behind a REST API, twice, so that no process may remember anything.
async fn function(aws: &LocalAws, mode: Mode) -> Emulator {
    let program = binary::build("fn-mcp").unwrap();
    let mut settings = Settings::new(program, Front::RestV1, mode)
        .with_env("MCP_STATE_KEY", "5e".repeat(32))
        .with_env("IAM_SCOPES", "cases/read");
    for (name, value) in variables(aws) {
        settings = settings.with_env(name, value);
    }
    settings.function_timeout = Duration::from_secs(900);
    Emulator::start(settings).await.unwrap()
}

async fn aws() -> LocalAws {
    let aws = LocalAws::start(local_aws::Config::default()).await.unwrap();
    aws.athena().slow_queries(slow());
    aws
}

/// The text of the answer to a request of this revision's client.
async fn ask(emulator: &Emulator, frame: Value, headers: &[(&str, &str)]) -> String {
    let mut request = Request::post("/mcp")
        .header("host", "mcp.example.com")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(frame.to_string().into())).unwrap();
    let response = send(emulator, request).await;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(status, 200, "{text}\n{}", emulator.log());
    text
}

async fn rest(emulator: &Emulator, tool: &str, arguments: Value) -> Value {
    let request = Request::post(format!("/tools/{tool}"))
        .header("host", "mcp.example.com")
        .header("content-type", "application/json")
        .body(Full::new(arguments.to_string().into()))
        .unwrap();
    let response = send(emulator, request).await;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let value: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 200, "{value}\n{}", emulator.log());
    value
}

/// A request of a client of 2026-07-28 that has tasks.
async fn modern(emulator: &Emulator, method: &str, name: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {
            "extensions": {"io.modelcontextprotocol/tasks": {}},
        },
    });
    let frame = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let headers =
        [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method), ("mcp-name", name)];
    let text = ask(emulator, frame, &headers).await;
    let mut reply: Value = serde_json::from_str(&text).unwrap();
    assert!(reply["error"].is_null(), "{reply}");
    reply["result"].take()
}

async fn begin_task(emulator: &Emulator) -> String {
    let call = json!({"name": "query_athena", "arguments": {"query": QUERY}});
    let begun = modern(emulator, "tools/call", "query_athena", call).await;
    assert_eq!(begun["resultType"], "task", "{begun}");
    begun["taskId"].as_str().unwrap().to_owned()
}

async fn by_stream(emulator: &Emulator) -> Value {
    let frame = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "query_athena", "arguments": {"query": QUERY}, "_meta": {"progressToken": "p"},
    }});
    let text = ask(emulator, frame, &[("mcp-protocol-version", "2025-11-25")]).await;
    let frames: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok())
        .collect();
    let progress = frames.iter().filter(|frame| frame["method"] == "notifications/progress");
    assert!(progress.count() > 3, "{text}");
    frames.last().unwrap()["result"]["structuredContent"].clone()
}

async fn by_task(emulator: &Emulator) -> Value {
    let id = begin_task(emulator).await;
    loop {
        let task = modern(emulator, "tasks/get", &id, json!({"taskId": id})).await;
        match task["status"].as_str().unwrap() {
            "working" => sleep(Duration::from_secs(1)).await,
            "completed" => return task["result"]["structuredContent"].clone(),
            other => panic!("{other}: {task}"),
        }
    }
}

async fn by_handle(emulator: &Emulator) -> Value {
    let mut answer = rest(emulator, "query_athena", json!({"query": QUERY})).await;
    let mut asked = 1;
    while answer["status"] == "running" {
        let handle = answer["handle"].as_str().unwrap().to_owned();
        answer = rest(emulator, "get_query_results", json!({"handle": handle})).await;
        asked += 1;
    }
    assert!(asked >= 2, "{answer}");
    answer
}

#[tokio::test]
async fn a_query_that_outlasts_the_gateway_is_answered_by_stream_by_task_and_by_handle() {
    let aws = aws().await;
    let streaming = function(&aws, Mode::Streaming).await;
    let buffered = function(&aws, Mode::Buffered).await;
    let also = function(&aws, Mode::Buffered).await;
    let started = Instant::now();
    let (stream, task, handle) =
        tokio::join!(by_stream(&streaming), by_task(&buffered), by_handle(&also));
    assert!(started.elapsed() >= slow());
    for answer in [stream, task, handle] {
        assert_eq!(answer["row_count"], 1, "{answer}");
        assert!(answer["rows"][0]["cases"].as_str().unwrap().parse::<u32>().unwrap() > 1_000);
    }
    assert_eq!(aws.athena().starts(), 3, "no query was begun twice");
    assert_eq!(aws.athena().stops(), 0);
}

#[tokio::test]
async fn a_task_that_is_cancelled_at_five_seconds_is_stopped_within_one() {
    let aws = aws().await;
    let emulator = function(&aws, Mode::Buffered).await;
    let id = begin_task(&emulator).await;
    assert_eq!(aws.athena().stops(), 0);
    let cancelled = Instant::now();
    modern(&emulator, "tasks/cancel", &id, json!({"taskId": id})).await;
    assert_eq!(aws.athena().stops(), 1);
    assert!(cancelled.elapsed() < Duration::from_secs(1));
}
