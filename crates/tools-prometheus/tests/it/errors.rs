//! What an agent reads when a call fails, and what it costs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backend_amp::Settings;
use serde_json::{Value, json};

use crate::{Answer, Tools, Upstream};

fn refusal(error_type: &str, message: &str) -> String {
    json!({"status": "error", "errorType": error_type, "error": message}).to_string()
}

#[tokio::test]
async fn a_parse_error_is_one_call_and_a_caret() {
    let message = "invalid parameter \"query\": 1:6: parse error: unclosed left parenthesis";
    let upstream = Upstream::start(move |_| (400, refusal("bad_data", message))).await;
    let answer = upstream.tools().call("ExecuteQuery", json!({"query": "sum(("})).await;
    insta::assert_snapshot!(answer.error(), @r"
    bad_data: unclosed left parenthesis
      sum((
           ^
    hint: close each ( with a )
    retryable: no
    ");
    assert_eq!(upstream.calls().len(), 1);
}

#[tokio::test]
async fn other_refusals_are_one_call_too() {
    for (status, error_type, message) in [
        (422, "execution", "multiple matches for labels: many-to-one matching must be explicit"),
        (403, "forbidden", "no"),
        (404, "not_found", "no such place"),
    ] {
        let upstream = Upstream::start(move |_| (status, refusal(error_type, message))).await;
        let answer = upstream.tools().call("ExecuteQuery", json!({"query": "a/b"})).await;
        assert!(answer.error().ends_with("retryable: no"), "{}", answer.error());
        assert_eq!(upstream.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_recovers_is_asked_again() {
    let tries = AtomicUsize::new(0);
    let success =
        json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "2"]}});
    let upstream = Upstream::start(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
        0 => (503, "busy".to_owned()),
        _ => (200, success.to_string()),
    })
    .await;
    let answer = upstream.tools().call("ExecuteQuery", json!({"query": "2"})).await;
    assert_eq!(answer.structured()["provenance"]["http_calls"], 2);
}

#[tokio::test]
async fn a_server_that_hangs_is_left_at_the_deadline() {
    let upstream = Upstream::start(|_| (0, String::new())).await;
    let params = json!({"name": "ExecuteQuery", "arguments": {"query": "up"}});
    let wait = Some(Duration::from_millis(100));
    let answer = Answer(upstream.tools().dispatch("tools/call", params, Value::Null, wait).await);
    assert!(answer.error().starts_with("no answer within "), "{}", answer.error());
    assert!(answer.error().ends_with("retryable: yes"), "{}", answer.error());
}

#[tokio::test]
async fn what_can_be_refused_here_makes_no_call() {
    let range = |start: &str, end: &str, step: &str| {
        ("ExecuteRangeQuery", json!({"query": "up", "start": start, "end": end, "step": step}))
    };
    for ((tool, arguments), said) in [
        (
            ("ExecuteQuery", json!({"query": "up", "time": "yesterday"})),
            "time: `yesterday` is not a time",
        ),
        (range("now-7d", "now", "1s"), "use step 1m or auto"),
        (range("now", "now-1h", "1m"), "swap start and end"),
        (range("now-1h", "now", "fast"), "`fast` is not a step"),
        (
            ("ExecuteQuery", json!({"query": "up", "workspace_id": "prod/../x"})),
            "is not a workspace id",
        ),
        (("ExecuteQuery", json!({"query": "up", "region": "mars"})), "is not an AWS region"),
        (
            ("ExecuteQuery", json!({"query": "up", "cursor": "AAAA"})),
            "cursor: it was not issued here",
        ),
        (
            ("ListMetrics", json!({"match": "node_("})),
            "match: `node_(` is not a regular expression",
        ),
    ] {
        let upstream = Upstream::of(json!({})).await;
        let answer = upstream.tools().call(tool, arguments).await;
        assert!(answer.error().contains(said), "{}", answer.error());
        assert!(answer.error().ends_with("retryable: no"), "{}", answer.error());
        assert_eq!(upstream.calls().len(), 0);
    }
}

#[tokio::test]
async fn an_answer_of_something_else_is_an_error() {
    for body in [
        "<html>",
        "{}",
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}"#,
    ] {
        let upstream = Upstream::start(move |_| (200, body.to_owned())).await;
        let answer = upstream.tools().call("ExecuteQuery", json!({"query": "up"})).await;
        assert!(answer.error().starts_with("unexpected reply: "), "{}", answer.error());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_retryable() {
    // A port that was just given back.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = Settings { url: url.parse().ok(), ..Settings::default() };
    let tools = Tools::without_aws(settings);
    let answer = tools.call("ExecuteQuery", json!({"query": "up"})).await;
    assert!(answer.error().ends_with("retryable: yes"), "{}", answer.error());
}
