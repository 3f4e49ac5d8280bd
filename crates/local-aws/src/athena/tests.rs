//! Through the client of production, over a socket; and what that client never sends, by hand.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use backend_athena::{Athena, Error, Query, Settings, State, Stats, Watched};
use service_kit::clock::{Clock as _, ManualClock, SystemClock};

use crate::{Config, LocalAws};

async fn start() -> LocalAws {
    LocalAws::start(Config::default()).await.unwrap()
}

fn settings(aws: &LocalAws) -> Settings {
    Settings {
        region: aws.region().to_owned(),
        work_group: "CaseInsights-local".to_owned(),
        database: "case_insights_local".to_owned(),
        max_bytes: None,
        usd_per_terabyte: 5.0,
        endpoint: Some(aws.base_url()),
        glue_endpoint: Some(aws.base_url()),
    }
}

fn client(aws: &LocalAws, settings: Settings) -> Athena {
    let keys = aws.credentials();
    let credentials =
        AwsCredentials::new(&keys.access_key_id, &keys.secret_access_key, None, None, "test");
    let https = https::Client::new(https::Settings::default());
    let credentials = SharedCredentialsProvider::new(credentials);
    Athena::new(settings, https, credentials, Arc::new(SystemClock))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// The rows of a query, as texts with `|` between.
async fn rows(athena: &Athena, query: Query, limit: usize) -> Result<(Vec<String>, bool), Error> {
    let mut stats = Stats::default();
    let held = athena.start(query, soon(), &mut stats).await?;
    let Watched::Succeeded(execution) = athena.watch(held.id(), soon(), &mut stats, |_| {}).await?
    else {
        panic!("it still runs");
    };
    held.release();
    let rows = athena.rows(&execution, limit, soon(), &mut stats).await?;
    let cell = |cell: Option<String>| cell.unwrap_or_else(|| "~".to_owned());
    let line = |row: Vec<Option<String>>| row.into_iter().map(cell).collect::<Vec<_>>().join("|");
    Ok((rows.rows.into_iter().map(line).collect(), rows.more))
}

#[tokio::test]
async fn queries_run_and_their_rows_come_in_pages() {
    let aws = start().await;
    let athena = client(&aws, settings(&aws));
    for (sql, expected) in [
        ("SELECT 1", "1"),
        ("SHOW TABLES", "case_summary"),
        ("VALUES 'a'", "a"),
        ("SELECT count(DISTINCT account_number) FROM case_summary", "12"),
    ] {
        assert_eq!(rows(&athena, Query::new(sql), 10).await.unwrap().0, [expected], "{sql}");
    }
    let sql = "SELECT case_number FROM case_summary";
    for (limit, count, more) in
        [(10, 10, true), (999, 999, true), (1_500, 1_500, true), (9_999, 2_001, false)]
    {
        let (rows, is_more) = rows(&athena, Query::new(sql), limit).await.unwrap();
        assert_eq!((rows.len(), is_more), (count, more));
    }
    let parameters = vec!["'critical'".to_owned()];
    let sql = "SELECT count(*) > 50 FROM case_summary WHERE severitycode = ?";
    let bound = Query { parameters, ..Query::new(sql) };
    assert_eq!(rows(&athena, bound, 1).await.unwrap().0, ["true"]);
    let described = rows(&athena, Query::new("DESCRIBE case_summary"), 1).await.unwrap().0;
    assert_eq!(described, ["caseid|string|"]);
}

#[tokio::test]
async fn what_is_wrong_is_refused_at_once_or_fails_later() {
    let aws = start().await;
    let athena = client(&aws, settings(&aws));
    for (sql, kind, words) in [
        ("SELEC 1", "rejected", "mismatched input"),
        ("DROP TABLE case_summary", "rejected", "Only statements that read"),
        ("SELECT x FROM case_summary", "failed", "COLUMN_NOT_FOUND"),
        ("SELECT * FROM nothing", "failed", "does not exist"),
    ] {
        let err = rows(&athena, Query::new(sql), 1).await.unwrap_err();
        assert_eq!(err.kind(), kind, "{sql}: {err}");
        assert!(err.to_string().contains(words), "{sql}: {err}");
    }
    let elsewhere = Settings { database: "elsewhere".to_owned(), ..settings(&aws) };
    let err = rows(&client(&aws, elsewhere), Query::new("SELECT 1"), 1).await.unwrap_err();
    assert!(err.to_string().contains("SCHEMA_NOT_FOUND"), "{err}");
    let other = Settings { work_group: "other".to_owned(), ..settings(&aws) };
    let err = rows(&client(&aws, other), Query::new("SELECT 1"), 1).await.unwrap_err();
    assert!(err.to_string().contains("WorkGroup other is not found"), "{err}");
}

#[tokio::test]
async fn a_slow_query_is_watched_and_stopped() {
    let aws = start().await;
    aws.athena().slow_queries(Duration::from_secs(60));
    let athena = client(&aws, settings(&aws));
    let mut stats = Stats::default();
    let held = athena.start(Query::new("SELECT 1"), soon(), &mut stats).await.unwrap();
    let until = Instant::now() + Duration::from_millis(300);
    let watched = athena.watch(held.id(), until, &mut stats, |_| {}).await.unwrap();
    assert!(matches!(watched, Watched::Running(_)), "{watched:?}");
    let id = held.release();
    athena.stop(&id).await.unwrap();
    athena.stop(&id).await.unwrap();
    assert_eq!(aws.athena().stops(), 1, "what has ended is not stopped again");
    let ended = athena.execution(&id, soon(), &mut stats).await.unwrap();
    assert!(matches!(&ended.state, State::Cancelled { reason } if reason.contains("by user")));
}

#[tokio::test]
async fn faults_come_on_demand() {
    let aws = start().await;
    let athena = client(&aws, settings(&aws));
    let ask = || rows(&athena, Query::new("SELECT count(*) FROM case_summary"), 1);
    aws.athena().throttle(1);
    assert!(ask().await.is_ok(), "the client tries again");
    aws.athena().deny(1);
    let err = ask().await.unwrap_err();
    assert!(matches!(&err, Error::Denied { action, .. } if action == "athena:StartQueryExecution"));
    assert_eq!(athena.work_group(soon()).await.unwrap().cutoff_bytes, None);
    aws.athena().stop_above(1_000);
    let err = ask().await.unwrap_err();
    assert!(err.to_string().contains("Bytes scanned limit"), "{err}");
    let again = client(&aws, settings(&aws));
    assert_eq!(again.work_group(soon()).await.unwrap().cutoff_bytes, Some(1_000));
}

#[tokio::test]
async fn an_earlier_result_is_taken_while_it_is_young_enough() {
    let clock = Arc::new(ManualClock::new(SystemClock.unix_ms()));
    let config = Config { clock: clock.clone(), ..Config::default() };
    let aws = LocalAws::start(config).await.unwrap();
    let keys = aws.credentials();
    let credentials =
        AwsCredentials::new(&keys.access_key_id, &keys.secret_access_key, None, None, "test");
    let https = https::Client::new(https::Settings::default());
    let athena = Athena::new(
        settings(&aws),
        https,
        SharedCredentialsProvider::new(credentials),
        clock.clone(),
    );
    let reused = async || {
        let mut stats = Stats::default();
        let sql = "SELECT count(*) FROM case_summary";
        let query = Query { reuse: Some(Duration::from_secs(3_600)), ..Query::new(sql) };
        let held = athena.start(query, soon(), &mut stats).await.unwrap();
        match athena.watch(&held.release(), soon(), &mut stats, |_| {}).await.unwrap() {
            Watched::Succeeded(execution) => (execution.reused, execution.scanned_bytes > 0),
            Watched::Running(_) => panic!("it still runs"),
        }
    };
    assert_eq!(reused().await, (false, true));
    assert_eq!(reused().await, (true, false));
    clock.advance(Duration::from_secs(3_601));
    assert_eq!(reused().await, (false, true));
}

#[tokio::test]
async fn the_catalog_has_the_table() {
    let aws = start().await;
    let athena = client(&aws, settings(&aws));
    let table = athena.table("case_summary", soon()).await.unwrap();
    assert_eq!(table.partitioned_by, ["account_number", "case_number"]);
    assert!(table.has("case_summary") && !table.has("status"));
    let err = athena.table("nothing", soon()).await.unwrap_err();
    assert_eq!(err.to_string(), "Table nothing not found. does not exist");
}

#[tokio::test]
async fn a_query_is_begun_once_with_a_token_and_each_member_is_checked() {
    use super::*;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let athena = Athena::new(
        Verifier {
            keys: crate::sigv4::Credentials::default().into(),
            region: "us-east-1".to_owned(),
            service: "athena",
        },
        clock,
        Arc::new(Lake::new(crate::cases::CasesConfig::default())),
        Arc::default(),
    );
    let run = |operation: &str, body: serde_json::Value| {
        athena.run(operation, body.to_string().as_bytes())
    };
    let start = |sql: &str, token: &str| {
        run(
            "StartQueryExecution",
            json!({"QueryString": sql, "ClientRequestToken": token, "WorkGroup": "CaseInsights-local"}),
        )
    };
    let first = start("SELECT 1", "a-token-of-32-characters-or-more").unwrap();
    assert_eq!(start("SELECT 1", "a-token-of-32-characters-or-more").unwrap(), first);
    assert_ne!(start("SELECT 1", "another-token-of-32-characters-1").unwrap(), first);
    let other = start("SELECT 2", "a-token-of-32-characters-or-more").unwrap_err();
    assert!(other.message.contains("Idempotent parameters"), "{other:?}");
    assert_eq!(athena.control.starts(), 2);

    let id = &first["QueryExecutionId"];
    for (operation, body, words) in [
        ("GetQueryExecution", json!({"QueryExecutionId": "x"}), "QueryExecution x was not found"),
        ("GetQueryResults", json!({"QueryExecutionId": id}), "has not yet finished"),
        ("GetQueryExecution", json!({}), "missing field `QueryExecutionId`"),
        (
            "StartQueryExecution",
            json!({"QueryString": "SELECT 1"}),
            "WorkGroup primary is not found",
        ),
        ("GetWorkGroup", json!({"WorkGroup": "x"}), "WorkGroup x is not found"),
        ("DeleteWorkGroup", json!({}), "DeleteWorkGroup is not part"),
    ] {
        let err = run(operation, body).unwrap_err();
        assert!(err.message.contains(words), "{operation}: {err:?}");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    for (member, value, words) in [
        ("MaxResults", json!(1_001), "MaxResults"),
        ("MaxResults", json!(0), "MaxResults"),
        ("NextToken", json!("another#1"), "NextToken"),
    ] {
        let mut body = json!({"QueryExecutionId": id});
        body[member] = value;
        let err = run("GetQueryResults", body).unwrap_err();
        assert!(err.message.contains(words), "{member}: {err:?}");
    }
    let statistics = run("GetQueryRuntimeStatistics", json!({"QueryExecutionId": id})).unwrap();
    assert_eq!(statistics["QueryRuntimeStatistics"]["Rows"]["OutputRows"], 1);
    let mut told = run("GetQueryExecution", json!({"QueryExecutionId": id})).unwrap();
    let execution = &mut told["QueryExecution"];
    execution["QueryExecutionId"] = json!("ID");
    execution["ResultConfiguration"]["OutputLocation"] = json!("s3://…");
    for moment in ["SubmissionDateTime", "CompletionDateTime"] {
        execution["Status"][moment] = json!(0);
    }
    for millis in ["EngineExecutionTimeInMillis", "TotalExecutionTimeInMillis"] {
        execution["Statistics"][millis] = json!(0);
    }
    insta::assert_json_snapshot!(told);
    let page = json!({"QueryExecutionId": id, "MaxResults": 1});
    insta::assert_json_snapshot!(run("GetQueryResults", page).unwrap()["ResultSet"]);
}
