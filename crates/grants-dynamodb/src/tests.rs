//! What is sent, and what is made of the answers. Against the records of a store: its contract, in
//! `store-dynamodb`.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use auth::Grants as _;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use service_kit::clock::{ManualClock, from_unix_ms};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::answer::{holds, refusal};
use crate::grants::Question;
use crate::{DynamoGrants, Error, Settings};

const NOW: i64 = 1_800_000_000;
const OF_PERSON: Question<'_> = Question { grant: Some("g-1"), client: "c_one" };
const OF_MACHINE: Question<'_> = Question { grant: None, client: "c_one" };

fn settings(endpoint: Option<&str>) -> Settings {
    Settings {
        region: "eu-west-1".to_owned(),
        endpoint: endpoint.map(str::to_owned),
        clients: "clients".to_owned(),
        refresh_tokens: "refresh".to_owned(),
    }
}

fn grants(endpoint: &str) -> DynamoGrants {
    let credentials = Credentials::new("AKIDEXAMPLE", "hunter2", None, None, "tests");
    DynamoGrants::new(
        settings(Some(endpoint)),
        https::Client::new(https::Settings::default()),
        SharedCredentialsProvider::new(credentials),
        Arc::new(ManualClock::new(NOW * 1000)),
    )
}

#[test]
fn both_records_are_asked_for_at_once_and_no_more_of_them_than_is_needed() {
    let request = |question, endpoint| {
        let request = settings(endpoint).request(question).unwrap();
        let body = str::from_utf8(request.body()).unwrap();
        let target = request.headers()["x-amz-target"].to_str().unwrap();
        format!("{} {target}\n{body}", request.uri())
    };
    let person = request(OF_PERSON, None);
    let quoted = Question { client: "https://a.example/\"c\"", ..OF_MACHINE };
    let machine = request(quoted, Some("http://127.0.0.1:8000/"));
    insta::assert_snapshot!(format!("{person}\n{machine}"), @r##"
    https://dynamodb.eu-west-1.amazonaws.com/ DynamoDB_20120810.BatchGetItem
    {"RequestItems":{"clients":{"Keys":[{"clientId":{"S":"c_one"}}],"ConsistentRead":true,"ProjectionExpression":"clientId, #status, expiresAt","ExpressionAttributeNames":{"#status":"status"}},"refresh":{"Keys":[{"refreshToken":{"S":"G#g-1"}}],"ConsistentRead":true,"ProjectionExpression":"clientId, #status, expiresAt","ExpressionAttributeNames":{"#status":"status"}}}}
    http://127.0.0.1:8000/ DynamoDB_20120810.BatchGetItem
    {"RequestItems":{"clients":{"Keys":[{"clientId":{"S":"https://a.example/\"c\""}}],"ConsistentRead":true,"ProjectionExpression":"clientId, #status, expiresAt","ExpressionAttributeNames":{"#status":"status"}}}}
    "##);
}

#[test]
fn a_grant_holds_while_it_is_active_and_its_clients_and_the_client_was_not_deleted() {
    let told = |question, grant: &str, client: &str| {
        let json = format!(r#"{{"Responses":{{"refresh":[{grant}],"clients":[{client}]}}}}"#);
        holds(json.as_bytes(), question, &settings(None), NOW).unwrap()
    };
    let record = |status: &str, client: &str, end: i64| {
        format!(
            r#"{{"clientId":{{"S":"{client}"}},"status":{{"S":"{status}"}},"expiresAt":{{"N":"{end}"}}}}"#
        )
    };
    let endless = r#"{"clientId":{"S":"c_one"},"status":{"S":"active"}}"#;
    let deleted = r#"{"clientId":{"S":"c_one"},"status":{"S":"deleted"}}"#;
    let good = record("active", "c_one", NOW + 1);
    let ended = record("active", "c_one", NOW);
    for (grant, client, expected) in [
        (&*good, &*good, true),
        (&good, endless, true),
        (&good, "", true),
        // What it may still do when it has ended by itself, its grants say.
        (&good, &ended, true),
        (&good, deleted, false),
        ("", &good, false),
        ("", "", false),
        (&ended, &good, false),
        (&record("revoked", "c_one", NOW + 1), &good, false),
        (&record("active", "c_two", NOW + 1), &good, false),
        (endless, &good, false),
    ] {
        assert_eq!(told(OF_PERSON, grant, client), expected, "{grant} {client}");
    }
    for (client, expected) in
        [(&*good, true), (endless, true), ("", true), (&ended, false), (deleted, false)]
    {
        assert_eq!(told(OF_MACHINE, "", client), expected, "{client}");
    }
}

#[test]
fn an_answer_that_is_odd_or_not_whole_tells_nothing() {
    for (json, unavailable) in [
        ("", false),
        ("{}", false),
        (r#"{"Responses":{"clients":[{}]}}"#, false),
        (r#"{"Responses":{"clients":[{"clientId":{"S":"c"},"status":{"S":"new"}}]}}"#, false),
        (r#"{"Responses":{"clients":[{"clientId":{"S":"c"},"status":{"N":"1"}}]}}"#, false),
        (
            r#"{"Responses":{"clients":[{"clientId":{"S":"c"},"status":{"S":"active"},"expiresAt":{"N":"x"}}]}}"#,
            false,
        ),
        (r#"{"Responses":{},"UnprocessedKeys":{"clients":{"Keys":[]}}}"#, true),
    ] {
        let err = holds(json.as_bytes(), OF_PERSON, &settings(None), NOW).unwrap_err();
        assert_eq!(matches!(err, Error::Unavailable { .. }), unavailable, "{json}: {err}");
    }
}

#[test]
fn a_refusal_says_whether_it_is_worth_to_ask_again() {
    let mut told = String::new();
    for (status, body) in [
        (
            400,
            r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: x is not authorized"}"#,
        ),
        (
            400,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no table"}"#,
        ),
        (
            400,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#,
        ),
        (
            400,
            r#"{"__type":"com.amazon.coral.availability#ThrottlingException","message":"slow down"}"#,
        ),
        (
            500,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"oh"}"#,
        ),
        (503, "<html>"),
        (302, ""),
    ] {
        let answer = Response::builder().status(status).body(Bytes::from(body)).unwrap();
        told += &format!("{}\n", refusal(&answer));
    }
    insta::assert_snapshot!(told, @r"
    DynamoDB refuses dynamodb:BatchGetItem: AccessDeniedException: User: x is not authorized
    DynamoDB refuses dynamodb:BatchGetItem: ResourceNotFoundException: no table
    DynamoDB is unavailable: ProvisionedThroughputExceededException: slow down
    DynamoDB is unavailable: ThrottlingException: slow down
    DynamoDB is unavailable: InternalServerError: oh
    DynamoDB is unavailable: 503 Service Unavailable
    unexpected reply of DynamoDB: 302 Found
    ");
}

/// A server that says these, one after the other, and the last to everyone later; and how often it
/// was asked.
async fn saying(answers: &'static [&'static str]) -> (DynamoGrants, Arc<AtomicU32>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let nth = counted.fetch_add(1, Ordering::Relaxed) as usize;
            let _ = stream.read(&mut [0; 8192]).await;
            let answer = answers[nth.min(answers.len() - 1)];
            let length = answer.split_once(' ').map_or(0, |(_, body)| body.len());
            let (status, body) = answer.split_once(' ').unwrap_or((answer, ""));
            let head = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            let _ = stream.write_all((head + body).as_bytes()).await;
        }
    });
    (grants(&url), asked)
}

const GOOD: &str =
    r#"200 {"Responses":{"clients":[{"clientId":{"S":"c_one"},"status":{"S":"active"}}]}}"#;
const PARTLY: &str = r#"200 {"Responses":{},"UnprocessedKeys":{"clients":{}}}"#;
const FORBIDDEN: &str = r#"400 {"__type":"x#AccessDeniedException","message":"no"}"#;

#[tokio::test]
async fn what_passes_is_not_seen_and_what_lasts_is_told_after_three_tries() {
    for (answers, tries, told) in [
        (&[GOOD][..], 1, Some(true)),
        (&["503", PARTLY, GOOD], 3, Some(true)),
        (&["503"], 3, None),
        (&[PARTLY], 3, None),
        (&[FORBIDDEN], 1, None),
        (&["200 <html>"], 1, None),
    ] {
        let (grants, asked) = saying(answers).await;
        let holds = grants.hold(None, "c_one", from_unix_ms(NOW * 1000)).await;
        assert_eq!(holds.ok(), told, "{answers:?}");
        assert_eq!(asked.load(Ordering::Relaxed), tries, "{answers:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_with_its_cause_and_without_a_secret() {
    let grants = grants("http://127.0.0.1:1");
    let err = grants.ask(Some("g-1"), "c_one", from_unix_ms(0)).await.unwrap_err();
    assert!(matches!(err, Error::Unavailable { .. }) && err.source().is_some(), "{err:?}");
    let shown = format!("{grants:?} {err:?}");
    assert!(shown.contains("refresh") && !shown.contains("hunter2"), "{shown}");
}

proptest! {
    #[test]
    fn no_answer_panics(status in 100_u16..600, text in r#"(\{|\}|"Responses"|:|"clients"|\[|\]|.){0,16}"#) {
        let _ = holds(text.as_bytes(), OF_PERSON, &settings(None), NOW);
        let _ = refusal(&Response::builder().status(status).body(Bytes::from(text)).unwrap());
    }
}
