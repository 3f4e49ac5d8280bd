//! Watching a query to its end, or to the end of patience.

use std::time::{Duration, Instant};

use serde_json::json;

use super::server::{Server, in_state, of_query, refused};
use super::{ID, athena, athena_with, settings, soon};
use crate::{Error, Settings, State, Stats, Watched};

#[tokio::test]
async fn each_look_is_told_and_the_end_is_given_back() {
    let server = Server::start(|_, before| match before {
        0 => of_query(json!({"State": "QUEUED"}), json!({"QueryQueueTimeInMillis": 40})),
        1 => of_query(json!({"State": "RUNNING"}), json!({"DataScannedInBytes": 7})),
        _ => of_query(
            json!({"State": "SUCCEEDED", "SubmissionDateTime": 1796126390.5, "CompletionDateTime": 1796126400.0}),
            json!({
                "DataScannedInBytes": 4_000_000, "TotalExecutionTimeInMillis": 1_500,
                "QueryQueueTimeInMillis": 100,
                "ResultReuseInformation": {"ReusedPreviousResult": true},
            }),
        ),
    })
    .await;
    let (mut told, mut stats) = (Vec::new(), Stats::default());
    let id = ID.parse().unwrap();
    let watched = athena(&server.url)
        .watch(&id, soon(), &mut stats, |look| {
            told.push((look.state.as_str(), look.queued.as_millis(), look.scanned_bytes));
        })
        .await;
    let Watched::Succeeded(execution) = watched.unwrap() else { panic!("it should have ended") };
    assert_eq!(told, [("QUEUED", 40, 0), ("RUNNING", 0, 7), ("SUCCEEDED", 100, 4_000_000)]);
    assert_eq!(stats.http_calls, 3);
    assert!(execution.reused);
    assert_eq!(execution.elapsed, Duration::from_millis(1_500));
    let took = execution.completed_at.unwrap().duration_since(execution.submitted_at.unwrap());
    assert_eq!(took.unwrap(), Duration::from_millis(9_500));
}

#[tokio::test]
async fn what_runs_on_is_given_back_when_patience_ends() {
    let server = Server::start(|_, _| in_state("RUNNING")).await;
    let started = Instant::now();
    let until = started + Duration::from_millis(400);
    let id = ID.parse().unwrap();
    let watched = athena(&server.url).watch(&id, until, &mut Stats::default(), |_| {}).await;
    assert!(matches!(watched.unwrap(), Watched::Running(look) if look.state == State::Running));
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    assert!(server.operations().iter().all(|asked| asked == "AmazonAthena.GetQueryExecution"));
}

#[tokio::test]
async fn a_late_look_is_taken_all_the_same() {
    let server = Server::start(|_, _| in_state("SUCCEEDED")).await;
    let id = ID.parse().unwrap();
    let watched =
        athena(&server.url).watch(&id, Instant::now(), &mut Stats::default(), |_| {}).await;
    assert!(matches!(watched.unwrap(), Watched::Succeeded(_)));
}

#[tokio::test]
async fn failures_are_told_apart() {
    for (status, kind, retryable) in [
        (
            json!({"State": "FAILED", "StateChangeReason": "SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved"}),
            "failed",
            false,
        ),
        (
            json!({"State": "FAILED", "AthenaError": {"ErrorCategory": 1, "Retryable": true, "ErrorMessage": "GENERIC_INTERNAL_ERROR"}}),
            "failed",
            true,
        ),
        (
            json!({"State": "FAILED", "StateChangeReason": "Permission denied on S3 path: s3://b/k"}),
            "denied",
            false,
        ),
        (
            json!({"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit was exceeded"}),
            "cancelled",
            false,
        ),
    ] {
        let said = status.clone();
        let server = Server::start(move |_, _| of_query(said.clone(), json!({}))).await;
        let id = ID.parse().unwrap();
        let ended = athena(&server.url).watch(&id, soon(), &mut Stats::default(), |_| {}).await;
        let err = ended.unwrap_err();
        assert_eq!((err.kind(), err.is_retryable()), (kind, retryable), "{status}");
    }
}

#[tokio::test]
async fn a_query_that_reads_too_much_is_stopped() {
    let server = Server::start(|asked, _| match asked.operation.as_str() {
        "AmazonAthena.StopQueryExecution" => (200, json!({})),
        _ => of_query(json!({"State": "RUNNING"}), json!({"DataScannedInBytes": 1001})),
    })
    .await;
    let (athena, _) = athena_with(Settings { max_bytes: Some(1000), ..settings(&server.url) });
    let id = ID.parse().unwrap();
    let err = athena.watch(&id, soon(), &mut Stats::default(), |_| {}).await.unwrap_err();
    assert!(matches!(err, Error::TooExpensive { bytes: 1001, limit: 1000 }), "{err:?}");
    assert!(server.operations().contains(&"AmazonAthena.StopQueryExecution".to_owned()));
}

#[tokio::test]
async fn a_throttled_look_is_taken_again() {
    let server = Server::start(|_, before| match before {
        0..=3 => refused("ThrottlingException", "Rate exceeded"),
        _ => in_state("SUCCEEDED"),
    })
    .await;
    let (mut stats, id) = (Stats::default(), ID.parse().unwrap());
    athena(&server.url).watch(&id, soon(), &mut stats, |_| {}).await.unwrap();
    assert_eq!(stats.http_calls, 5);
}
