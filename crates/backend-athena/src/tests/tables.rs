//! What is read once: the work group and the columns.

use std::time::Duration;

use serde_json::json;

use super::server::{Server, refused};
use super::{athena, athena_with, settings, soon};
use crate::Error;

#[tokio::test]
async fn a_table_is_read_once_in_ten_minutes() {
    let server = Server::start(|_, _| {
        let column =
            |name: &str| json!({"Name": name, "Type": "string", "Comment": "from deserializer"});
        let table = json!({
            "Name": "case_summary",
            "StorageDescriptor": {"Columns": [column("caseid"), column("subject")]},
            "PartitionKeys": [column("account_number")],
            "Parameters": {"sizeKey": "4194304", "recordCount": "2000"},
            "UpdateTime": 1796126400.0,
        });
        (200, json!({"Table": table}))
    })
    .await;
    let (athena, clock) = athena_with(settings(&server.url));
    for _ in 0..3 {
        let table = athena.table("case_summary", soon()).await.unwrap();
        let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["caseid", "subject", "account_number"]);
        assert_eq!(table.partitioned_by, ["account_number"]);
        assert_eq!(table.size_bytes, Some(4_194_304));
        assert!(table.updated_at.is_some() && table.has("subject") && !table.has("status"));
    }
    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert_eq!(asked.operation, "AWSGlue.GetTable");
    assert_eq!(asked.body, json!({"DatabaseName": "case_insights_x-y", "Name": "case_summary"}));
    clock.advance(Duration::from_secs(601));
    athena.table("case_summary", soon()).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_told() {
    let server = Server::start(|_, _| refused("EntityNotFoundException", "Entity Not Found")).await;
    let told = athena(&server.url).table("other", soon()).await;
    assert!(matches!(told, Err(Error::NotFound { .. })), "{told:?}");
}

#[tokio::test]
async fn the_cutoff_of_the_work_group_is_read_once() {
    let server = Server::start(|_, before| match before {
        0 => refused("AccessDeniedException", "no"),
        _ => {
            let configuration = json!({"BytesScannedCutoffPerQuery": 10_000_000, "EnforceWorkGroupConfiguration": true});
            (200, json!({"WorkGroup": {"Name": "CaseInsights-x", "Configuration": configuration}}))
        }
    })
    .await;
    let athena = athena(&server.url);
    athena.work_group(soon()).await.unwrap_err();
    for _ in 0..3 {
        assert_eq!(athena.work_group(soon()).await.unwrap().cutoff_bytes, Some(10_000_000));
    }
    assert_eq!(server.asked().len(), 2);
    assert_eq!(server.asked()[1].body, json!({"WorkGroup": "CaseInsights-x"}));
}
