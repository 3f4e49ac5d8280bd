//! Queries that outlive their call: as tasks, by a handle, and those that nobody waits for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::upstream::Outcome;
use crate::{Client, Upstream, server, text};

fn after(looks: usize) -> Outcome {
    Outcome::Rows { columns: vec!["n"], rows: vec![vec![json!(1)]], looks }
}

fn select() -> Value {
    json!({"query": "SELECT n FROM t"})
}

#[tokio::test]
async fn a_call_tells_its_progress_in_growing_numbers() {
    let upstream = Upstream::start(|_| after(3)).await;
    let (told, result) = Client::of(&server(&upstream)).watched("query_athena", select()).await;
    Client::data(&result);
    let progress: Vec<_> =
        told.iter().map(|told| told["params"]["progress"].as_f64().unwrap()).collect();
    assert!(progress.len() >= 3 && progress.is_sorted(), "{told:?}");
    assert!(
        told[0]["params"]["message"]
            .as_str()
            .unwrap()
            .starts_with("RUNNING: queued 0 ms, read 1.0 MB")
    );
}

#[tokio::test]
async fn a_query_that_takes_longer_is_fetched_by_its_handle_and_by_nobody_else() {
    let upstream = Upstream::start(|_| after(8)).await;
    let server = server(&upstream);
    let client = Client::of(&server).with_patience(Duration::from_secs(1));
    let result = client.call("query_athena", select()).await;
    let data = Client::data(&result);
    assert_eq!((&data["status"], &data["row_count"]), (&json!("running"), &json!(0)));
    let handle = data["handle"].as_str().unwrap().to_owned();
    assert!(text(&result).contains(&handle));
    assert!(upstream.asked("StopQueryExecution").is_empty(), "it goes on");

    let stranger = Client::of(&server).with_subject("eve");
    let refused = stranger.call("get_query_results", json!({"handle": handle})).await;
    assert!(text(&refused).contains("code: bad_handle"), "{}", text(&refused));

    let later = Client::of(&server).call("get_query_results", json!({"handle": handle})).await;
    assert_eq!(Client::data(&later)["rows"], json!([{"n": "1"}]));
    assert_eq!(upstream.asked("StartQueryExecution").len(), 1);
}

#[tokio::test]
async fn an_analysis_that_takes_longer_has_its_own_shape_and_a_handle() {
    let upstream = Upstream::start(|_| Outcome::Runs).await;
    let client = Client::of(&server(&upstream)).with_patience(Duration::from_millis(500));
    let arguments = json!({"start_date": "2026-11-01", "end_date": "2026-11-30"});
    let result = client.call("analyze_case_summaries", arguments).await;
    let data = Client::data(&result);
    assert_eq!((&data["status"], &data["model_used"]), (&json!("running"), &json!(null)));
    assert!(data["handle"].is_string());
}

#[tokio::test]
async fn a_client_with_tasks_is_given_one_and_nothing_is_kept() {
    let upstream = Upstream::start(|_| after(14)).await;
    let client = Client::of(&server(&upstream)).with_tasks();
    let params = json!({"name": "query_athena", "arguments": select()});
    let task = client.ask("tools/call", params).await.unwrap();
    assert_eq!((&task["resultType"], &task["status"]), (&json!("task"), &json!("working")));
    // Another instance knows it as well.
    let other = Client::of(&server(&upstream)).with_tasks();
    let id = json!({"taskId": task["taskId"]});
    let mut state = json!({});
    for _ in 0..10 {
        state = other.ask("tasks/get", id.clone()).await.unwrap();
        if state["status"] == "completed" {
            break;
        }
    }
    assert_eq!(state["result"]["structuredContent"]["rows"], json!([{"n": "1"}]), "{state}");
    assert!(upstream.asked("StopQueryExecution").is_empty());
}

#[tokio::test]
async fn a_task_that_is_cancelled_is_stopped() {
    let upstream = Upstream::start(|_| Outcome::Runs).await;
    let client = Client::of(&server(&upstream)).with_tasks();
    let params = json!({"name": "query_athena", "arguments": select()});
    let task = client.ask("tools/call", params).await.unwrap();
    client.ask("tasks/cancel", json!({"taskId": task["taskId"]})).await.unwrap();
    assert_eq!(upstream.asked("StopQueryExecution"), [json!({"QueryExecutionId": "query-0"})]);
}

#[tokio::test]
async fn a_call_that_is_cancelled_stops_its_query_within_a_second() {
    let upstream = Upstream::start(|_| Outcome::Runs).await;
    let client = Client::of(&server(&upstream));
    let params = json!({"name": "query_athena", "arguments": select()});
    let (request, exchange) = client.request("tools/call", params);
    let token = exchange.cancellation.clone();
    let cancelled = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        token.cancel();
        Instant::now()
    };
    let (result, at) = tokio::join!(client.dispatch(request, exchange), cancelled);
    assert!(at.elapsed() < Duration::from_secs(1), "{:?}", at.elapsed());
    assert!(text(&result.unwrap()).contains("code: cancelled"));
    assert_eq!(upstream.asked("StopQueryExecution").len(), 1);
}

#[tokio::test]
async fn a_client_that_goes_away_stops_its_query() {
    let upstream = Upstream::start(|_| Outcome::Runs).await;
    let client = Client::of(&server(&upstream));
    let call = client.call("query_athena", select());
    assert!(tokio::time::timeout(Duration::from_millis(500), call).await.is_err());
    assert!(upstream.was_asked("StopQueryExecution").await);
}
