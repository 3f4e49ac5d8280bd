//! What is told of a refusal.

use serde_json::json;

use super::server::{Said, Server, refused};
use super::{ID, athena, execution, soon};
use crate::{Error, Query, Stats};

async fn denied(said: Said) -> Vec<String> {
    let server = Server::start(move |_, _| said.clone()).await;
    let (athena, mut stats) = (athena(&server.url), Stats::default());
    let id = ID.parse().unwrap();
    let told = [
        athena.start(Query::new("SELECT 1"), soon(), &mut stats).await.map(|_| ()),
        athena.execution(&id, soon(), &mut stats).await.map(|_| ()),
        athena.rows(&execution(), 1, soon(), &mut stats).await.map(|_| ()),
        athena.stop(&id).await,
        athena.work_group(soon()).await.map(|_| ()),
        athena.table("case_summary", soon()).await.map(|_| ()),
    ];
    let action = |ended: Result<(), Error>| match ended {
        Err(Error::Denied { action, .. }) => action,
        other => panic!("{other:?}"),
    };
    told.into_iter().map(action).collect()
}

#[tokio::test]
async fn each_operation_names_the_action_that_it_lacks() {
    let told = denied(refused("AccessDeniedException", "You are not authorized")).await;
    assert_eq!(
        told,
        [
            "athena:StartQueryExecution",
            "athena:GetQueryExecution",
            "athena:GetQueryResults and s3:GetObject on the results bucket",
            "athena:StopQueryExecution",
            "athena:GetWorkGroup",
            "glue:GetTable",
        ]
    );
}

#[tokio::test]
async fn an_action_that_aws_names_is_the_one_that_is_told() {
    let words = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:Decrypt on resource: arn";
    let told = denied((400, json!({"__type": "AccessDeniedException", "Message": words}))).await;
    assert!(told.iter().all(|action| action == "kms:Decrypt"), "{told:?}");
}

#[tokio::test]
async fn a_statement_that_athena_does_not_take_is_told_in_its_words_and_not_tried_again() {
    let said = refused("InvalidRequestException", "line 1:1: mismatched input 'SELEC'");
    let server = Server::start(move |_, _| said.clone()).await;
    let begun = athena(&server.url).start(Query::new("SELEC"), soon(), &mut Stats::default()).await;
    let err = begun.unwrap_err();
    assert_eq!(err.to_string(), "the query was refused: line 1:1: mismatched input 'SELEC'");
    assert!(!err.is_retryable());
    assert_eq!(server.asked().len(), 1);
}
