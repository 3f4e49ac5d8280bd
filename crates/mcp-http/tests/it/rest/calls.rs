//! Calls that take long, end early, or are told of in the log.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mcp_core::Caller;
use mcp_http::rest::{RestService, RestSettings};
use mcp_http::{Deadline, HostRequestId, Settings};
use serde_json::{Value, json};
use tokio::time::timeout;
use tracing_subscriber::fmt::MakeWriter;

use super::fixture::{Ask, forecasts, service, with};
use crate::fixture::server;

#[tokio::test(start_paused = true)]
async fn a_call_beyond_its_deadline_is_cancelled_and_says_so() {
    let (server, mut fates) = server();
    let service = RestService::new(server, RestSettings::default());
    let deadline = Deadline(tokio::time::Instant::now().into_std() + Duration::from_secs(3));
    let said = Ask::call("hangs", json!({})).extension(deadline).send(&service).await;
    assert_eq!(said.fault(), (504, "timed_out".to_owned()));
    assert!(said.json()["error"]["message"].as_str().unwrap().contains("within 3000 ms"));
    let ends = [fates.recv().await, fates.recv().await];
    assert!(ends.contains(&Some("cancelled")) && ends.contains(&Some("dropped")), "{ends:?}");

    let limited = with(Settings { timeout: Some(Duration::from_secs(2)), ..Settings::default() });
    let said = Ask::call("hangs", json!({})).send(&limited).await;
    assert_eq!(said.fault(), (504, "timed_out".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_cancels_its_call() {
    let (server, mut fates) = server();
    let service = RestService::new(server, RestSettings::default());
    let asked = Ask::call("hangs", json!({})).send(&service);
    assert!(timeout(Duration::from_secs(1), asked).await.is_err());
    let ends = [fates.recv().await, fates.recv().await];
    assert!(ends.contains(&Some("cancelled")) && ends.contains(&Some("dropped")), "{ends:?}");
}

#[tokio::test]
async fn a_call_without_a_body_is_one_without_arguments() {
    for ask in [
        Ask::post("/tools/map", ""),
        Ask::post("/tools/map", "").without("content-type"),
        Ask::call("map", json!({})),
    ] {
        assert_eq!(ask.send(&forecasts()).await.status, 200);
    }
    let bare = Ask::post("/tools/echo", "").send(&service()).await;
    assert_eq!(bare.fault(), (400, "invalid_arguments".to_owned()));
    let untold = Ask::call("map", json!({})).without("content-type").send(&forecasts()).await;
    assert_eq!(untold.fault(), (415, "unsupported_media_type".to_owned()));
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The fields of each line about a request, but for the time.
async fn logged(ask: Ask) -> Vec<Value> {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().json().with_writer(lines.clone()).without_time().finish();
    let guard = tracing::subscriber::set_default(subscriber);
    ask.send(&service()).await;
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let about = lines.filter(|line| line["fields"]["message"] == "mcp request");
    let fields = about.map(|mut line| {
        let fields = line["fields"].as_object_mut().unwrap();
        assert!(fields.remove("duration_ms").is_some_and(|ms| ms.is_number()));
        line["fields"].take()
    });
    fields.collect()
}

#[tokio::test]
async fn each_request_that_is_let_in_leaves_one_line_like_those_of_mcp() {
    let caller = Caller { subject: Some("ada".to_owned()), ..Caller::default() };
    let call = Ask::call("echo", json!({"text": "a secret"}))
        .extension(caller)
        .extension(HostRequestId("r-1".to_owned()))
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(
        logged(call).await,
        [json!({
            "message": "mcp request",
            "rpc.method": "POST /tools/{name}",
            "tool.name": "echo",
            "mcp.era": "rest",
            "caller.subject": "ada",
            "outcome": "ok",
            "http.status": 200,
            "request_id": "r-1",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        })]
    );
    assert_eq!(
        logged(Ask::call("made_up", json!({}))).await,
        [json!({
            "message": "mcp request",
            "rpc.method": "POST /tools/{name}",
            "mcp.era": "rest",
            "outcome": "error",
            "error.kind": "unknown_tool",
            "http.status": 404,
        })]
    );
    assert_eq!(logged(Ask::get("/tools")).await[0]["rpc.method"], "GET /tools");
    assert_eq!(logged(Ask::get("/")).await, [] as [Value; 0]);
}

#[test]
fn a_deadline_that_has_passed_is_no_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let past = Deadline(Instant::now().checked_sub(Duration::from_secs(1)).unwrap());
    let said = runtime
        .block_on(async { Ask::call("hangs", json!({})).extension(past).send(&service()).await });
    assert_eq!(said.fault().0, 504);
}
