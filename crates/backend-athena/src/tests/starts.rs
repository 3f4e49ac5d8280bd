//! Beginning and stopping a query.

use std::time::{Duration, Instant};

use serde_json::json;

use super::server::{Server, refused, started};
use super::{ID, athena, soon};
use crate::{Query, Stats, text};

#[tokio::test]
async fn a_query_is_begun_in_its_work_group_and_database_with_its_parameters() {
    let server = Server::start(|_, _| started()).await;
    let query = Query {
        parameters: vec![text("it's"), text("2026-11-01")],
        reuse: Some(Duration::from_secs(3600)),
        ..Query::new("SELECT 1 WHERE a = ? AND b >= ?")
    };
    let mut stats = Stats::default();
    let held = athena(&server.url).start(query, soon(), &mut stats).await.unwrap();
    assert_eq!(held.release().as_str(), ID);
    assert_eq!(stats.http_calls, 1);

    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert_eq!(asked.operation, "AmazonAthena.StartQueryExecution");
    assert!(asked.signed);
    let mut body = asked.body.clone();
    let token = body.as_object_mut().unwrap().remove("ClientRequestToken").unwrap();
    assert!((32..=128).contains(&token.as_str().unwrap().len()), "{token}");
    assert_eq!(
        body,
        json!({
            "QueryString": "SELECT 1 WHERE a = ? AND b >= ?",
            "QueryExecutionContext": {"Database": "case_insights_x-y"},
            "WorkGroup": "CaseInsights-x",
            "ExecutionParameters": ["'it''s'", "'2026-11-01'"],
            "ResultReuseConfiguration": {
                "ResultReuseByAgeConfiguration": {"Enabled": true, "MaxAgeInMinutes": 60}
            },
        })
    );
}

#[tokio::test]
async fn a_query_that_is_tried_again_is_the_same_to_athena() {
    let server = Server::start(|_, before| match before {
        0 => (1, json!(null)),
        1 => refused("TooManyRequestsException", "Rate exceeded"),
        _ => started(),
    })
    .await;
    let athena = athena(&server.url);
    for _ in 0..2 {
        athena
            .start(Query::new("SELECT 1"), soon(), &mut Stats::default())
            .await
            .unwrap()
            .release();
    }
    let asked = server.asked();
    let tokens: Vec<_> = asked.iter().map(|asked| &asked.body["ClientRequestToken"]).collect();
    let [first, second, third, other] = tokens[..] else { panic!("{asked:?}") };
    assert!(first == second && second == third && third != other);
    assert_eq!(asked[0].body.get("ExecutionParameters"), None, "an empty list is refused");
}

#[tokio::test]
async fn a_query_that_nobody_holds_is_stopped() {
    let server = Server::start(|_, _| started()).await;
    let held =
        athena(&server.url).start(Query::new("SELECT 1"), soon(), &mut Stats::default()).await;
    drop(held.unwrap());
    assert!(server.was_asked("AmazonAthena.StopQueryExecution").await);
    assert_eq!(server.asked()[1].body, json!({"QueryExecutionId": ID}));
}

/// The request may be on its way already: its answer is waited for, and what began is stopped.
#[tokio::test]
async fn a_start_that_is_abandoned_half_way_is_stopped() {
    let server = Server::start(|_, before| match before {
        // Long enough to be abandoned.
        0 => refused("ThrottlingException", "slow down"),
        _ => started(),
    })
    .await;
    let (athena, mut stats) = (athena(&server.url), Stats::default());
    let start = athena.start(Query::new("SELECT 1"), soon(), &mut stats);
    let waited = tokio::time::timeout(Duration::from_millis(50), start).await;
    assert!(waited.is_err(), "it should not have begun yet");
    assert!(server.was_asked("AmazonAthena.StopQueryExecution").await);
}

#[tokio::test]
async fn a_start_that_hangs_ends_at_the_deadline() {
    let server = Server::start(|_, _| (0, json!(null))).await;
    let deadline = Instant::now() + Duration::from_millis(50);
    let (athena, mut stats) = (athena(&server.url), Stats::default());
    let begun = athena.start(Query::new("SELECT 1"), deadline, &mut stats).await;
    assert_eq!(begun.unwrap_err().kind(), "timeout");
}
