//! `query_athena` over MiniStack's Athena, with real files in its S3 and a table in its Glue. It runs DuckDB, so that
//! only what both dialects have is asked; and it binds no parameters, without which the canned queries cannot run.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use fn_mcp::{Config, Function, VARS};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use local_aws::cases::{Case, cases};
use serde_json::{Value, json};
use service_kit::clock::{Clock as _, SystemClock};
use service_kit::env::Reader;
use tower::ServiceExt as _;

use super::server::{REGION, Server};

const DATABASE: &str = "case_insights_stand_in";
const BUCKET: &str = "s3-stand-in-caseprocessed";
const RESULTS: &str = "s3-stand-in-athena-results";
const WORK_GROUP: &str = "CaseInsights-stand-in";
const COLUMNS: [&str; 7] = [
    "displayid",
    "servicecode",
    "severitycode",
    "submittedby",
    "timecreated",
    "case_summary",
    "rca_category",
];

/// What the data files of `cases` are: one a case, partitioned by account and case.
async fn upload(server: &Server, cases: &[Case]) {
    for bucket in [BUCKET, RESULTS] {
        put(server, bucket, "", Bytes::new()).await;
    }
    for case in cases {
        let line = json!({
            "displayid": case.case_number,
            "servicecode": case.servicecode,
            "severitycode": case.severitycode,
            "submittedby": case.submittedby,
            "timecreated": case.timecreated,
            "case_summary": case.case_summary,
            "rca_category": case.rca_category,
        });
        let key = format!(
            "account_number={}/case_number={}/data.json",
            case.account_number, case.case_number
        );
        put(server, BUCKET, &key, Bytes::from(line.to_string())).await;
    }
    let column = |name: &&str| json!({"Name": name, "Type": "string"});
    server
        .api("glue", "AWSGlue.CreateDatabase", &json!({"DatabaseInput": {"Name": DATABASE}}))
        .await;
    let columns: Vec<_> = COLUMNS.iter().map(column).collect();
    let partitions: Vec<_> = ["account_number", "case_number"].iter().map(column).collect();
    let table = json!({
        "DatabaseName": DATABASE,
        "TableInput": {
            "Name": "case_summary",
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {
                "Columns": columns,
                "Location": format!("s3://{BUCKET}/"),
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
            },
            "PartitionKeys": partitions,
        },
    });
    server.api("glue", "AWSGlue.CreateTable", &table).await;
    let work_group = json!({"Name": WORK_GROUP, "Configuration": {
        "ResultConfiguration": {"OutputLocation": format!("s3://{RESULTS}/")},
        "BytesScannedCutoffPerQuery": 10_000_000,
    }});
    server.api("athena", "AmazonAthena.CreateWorkGroup", &work_group).await;
}

async fn put(server: &Server, bucket: &str, key: &str, body: Bytes) {
    let request = Request::put(format!("{}/{bucket}/{key}", server.url).trim_end_matches('/'))
        .header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential=test/20261120/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"
            ),
        )
        .body(Full::from(body))
        .unwrap();
    let response = server.send(request).await;
    assert_eq!(response.status(), StatusCode::OK, "{bucket}/{key}: {:?}", response.body());
}

fn function(server: &Server) -> Function {
    let env = BTreeMap::from([
        ("AUTH_MODE", "none"),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", &*server.url),
        ("ATHENA_DATABASE", DATABASE),
        ("ATHENA_WORKGROUP", WORK_GROUP),
    ]);
    let mut reader = Reader::new(&env, VARS);
    let config = Config::read(&mut reader);
    let config = reader.finish(|| config).unwrap();
    fn_mcp::service(&config, Arc::new(SystemClock)).unwrap()
}

async fn query(function: &Function, sql: &str, most: usize) -> (StatusCode, Value) {
    let arguments = json!({"query": sql, "max_results": most});
    let request = Request::post("/tools/query_athena")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(arguments.to_string())))
        .unwrap();
    let response = function.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn cases_are_queried_on_an_athena_that_knows_nothing_of_us() {
    let Some(server) = Server::ministack() else { return };
    let mut cases = cases(SystemClock.now());
    // One of them is there twice, and a partition has one file.
    cases.pop();
    cases.truncate(60);
    upload(&server, &cases).await;
    let function = function(&server);
    let nulls = cases.iter().filter(|case| case.case_summary.is_none()).count();
    let critical = cases.iter().filter(|case| case.severitycode == "critical").count();
    assert!(nulls > 0, "they have what is looked for");
    for (sql, expected) in [
        ("SELECT count(*) AS n FROM case_summary", cases.len()),
        ("SELECT count(*) AS n FROM case_summary WHERE case_summary IS NULL", nulls),
        ("SELECT count(*) AS n FROM case_summary WHERE severitycode = 'critical'", critical),
        (
            "SELECT count(DISTINCT account_number) AS n FROM case_summary WHERE account_number = '012345678901'",
            1,
        ),
        ("WITH t AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT sum(a) AS n FROM t", 3),
    ] {
        let (status, body) = query(&function, sql, 10).await;
        assert_eq!(status, 200, "{sql}: {body}");
        assert_eq!(body["rows"][0]["n"], expected.to_string(), "{sql}: {body}");
    }
    // Over one page of a thousand, without the header among the rows.
    let many = "SELECT a.displayid FROM case_summary a CROSS JOIN case_summary b";
    let (status, body) = query(&function, many, 2_500).await;
    assert_eq!((status, &body["row_count"]), (StatusCode::OK, &json!(2_500)), "{body}");
    let null = "SELECT case_summary FROM case_summary WHERE case_summary IS NULL LIMIT 1";
    let (_, body) = query(&function, null, 1).await;
    assert!(body["rows"][0]["case_summary"].is_null(), "{body}");
    let people = "SELECT submittedby FROM case_summary LIMIT 5";
    let (_, body) = query(&function, people, 5).await;
    assert!(!body.to_string().contains("@example.com"), "{body}");
    let (status, body) = query(&function, "SELECT nothing FROM case_summary", 1).await;
    assert_eq!(status, 422, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("nothing"), "{body}");
    let (status, body) = query(&function, "DROP TABLE case_summary", 1).await;
    assert_eq!(status, 422, "{body}");
}
