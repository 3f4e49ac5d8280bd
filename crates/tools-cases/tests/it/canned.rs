//! The canned queries: what they ask, and what they say when nothing matches.

use serde_json::{Value, json};

use crate::upstream::Outcome;
use crate::{Client, Upstream, server, text};

/// What the query that looks for a reason finds: cases of lambda and of dynamodb.
fn kinds() -> Outcome {
    let columns = [
        "in_time",
        "named",
        "account_number",
        "service",
        "severity",
        "rca",
        "lifecycle",
        "cases",
        "first",
        "last",
    ];
    let kind = |service: &str, rca: &str| {
        [
            json!(1),
            json!(0),
            json!("012345678901"),
            json!(service),
            json!("low"),
            json!(rca),
            json!(""),
            json!(5),
            json!("2025-10-02T00:00:00Z"),
            json!("2026-11-29T00:00:00Z"),
        ]
        .to_vec()
    };
    Outcome::rows(&columns, vec![kind("aws-lambda", "throttling"), kind("amazon-dynamodb", "")])
}

fn parameters(upstream: &Upstream, query: usize) -> Value {
    upstream.asked("StartQueryExecution")[query]["ExecutionParameters"].clone()
}

#[tokio::test]
async fn a_summary_has_true_totals_shares_and_the_codes_of_an_alias() {
    let upstream = Upstream::start(|_| {
        let columns = ["rca_category", "category_count", "accounts", "services", "newest"];
        let row = |name: Value, count: u64| {
            vec![name, json!(count), json!(2), json!(1), json!("2026-11-29T01:02:03Z")]
        };
        let rows =
            vec![row(json!(null), 8), row(json!("Limit reached"), 6), row(json!("Throttling"), 2)];
        Outcome::rows(&columns, rows)
    })
    .await;
    let client = Client::of(&server(&upstream));
    let arguments =
        json!({"account_number": "12345678901", "service_code": "EC2", "days_back": 30});
    let result = client.call("get_case_summary", arguments).await;
    let data = Client::data(&result);
    assert_eq!(data["totals"], json!({"cases": 8, "accounts": 2, "services": 1}));
    assert_eq!(
        data["rows"][0],
        json!({
            "rca_category": "Limit reached", "category_count": "6", "share_percent": "75.0",
            "total_cases": "8", "unique_accounts": "2", "unique_services": "1",
        })
    );
    assert_eq!(
        data["service_codes_used"],
        json!(["amazon-elastic-compute-cloud-linux", "amazon-elastic-compute-cloud-windows"])
    );
    assert_eq!(
        parameters(&upstream, 0),
        json!([
            "'2026-11-01'",
            "'2026-12-02'",
            "'012345678901'",
            "'amazon-elastic-compute-cloud-linux'",
            "'amazon-elastic-compute-cloud-windows'",
        ])
    );
    let started = &upstream.asked("StartQueryExecution")[0];
    assert_eq!(
        started["ResultReuseConfiguration"]["ResultReuseByAgeConfiguration"],
        json!({"Enabled": true, "MaxAgeInMinutes": 60})
    );
    assert_eq!(data["provenance"]["freshness"]["newest_case"], "2026-11-29T01:02:03Z");
}

#[tokio::test]
async fn no_text_of_a_caller_is_in_the_statement() {
    let hostile = "'; DROP TABLE case_summary; --";
    let upstream = Upstream::start(|sql| match sql.contains("in_time") {
        true => kinds(),
        false => Outcome::rows(&["rca_category"], Vec::new()),
    })
    .await;
    let client = Client::of(&server(&upstream));
    for (tool, arguments) in [
        ("get_case_summary", json!({"service_code": hostile})),
        ("get_rca_analysis", json!({"rca_category": hostile})),
        (
            "analyze_case_summaries",
            json!({
                "start_date": "2026-11-01", "end_date": "2026-11-30", "service_code": hostile,
                "case_id": hostile, "rca_category": hostile, "lifecycle_category": hostile,
            }),
        ),
    ] {
        Client::data(&client.call(tool, arguments).await);
    }
    for started in upstream.asked("StartQueryExecution") {
        let sql = started["QueryString"].as_str().unwrap();
        assert!(!sql.contains("DROP") && !sql.contains("--"), "{sql}");
    }
    let bound = parameters(&upstream, 0);
    assert_eq!(bound[2], "'''; drop table case_summary; --'");
    let refused = client.call("get_case_summary", json!({"account_number": hostile})).await;
    assert!(text(&refused).contains("code: bad_account"));
}

#[tokio::test]
async fn an_empty_answer_says_which_filter_left_nothing() {
    let upstream = Upstream::start(|sql| match sql.contains("in_time") {
        true => kinds(),
        false => Outcome::rows(&["account_number"], Vec::new()),
    })
    .await;
    let client = Client::of(&server(&upstream));
    let result = client.call("get_rca_analysis", json!({"rca_category": "Throtling"})).await;
    let data = Client::data(&result);
    assert_eq!((&data["row_count"], &data["rows"]), (&json!(0), &json!([])));
    assert_eq!(
        data["hints"],
        json!(["rca_category throtling matches no case; there are throttling"])
    );
    let aside = &data["provenance"]["hints_query"];
    assert_eq!(
        (&aside["execution_id"], &aside["scanned_bytes"]),
        (&json!("query-1"), &json!(1_000_000))
    );
    assert!(text(&result).contains("\n- rca_category throtling"), "{}", text(&result));
    let result = client.call("get_case_summary", json!({"service_code": "lambada"})).await;
    assert!(Client::data(&result)["hints"][0].as_str().unwrap().contains("aws-lambda"));
    assert_eq!(Client::data(&result)["totals"]["cases"], 0);
}

#[tokio::test]
async fn a_merged_category_is_searched_by_both_names() {
    let upstream = Upstream::start(|_| {
        Outcome::rows(
            &["case_number", "timecreated"],
            vec![vec![json!("1"), json!("2026-11-29T00:00:00Z")]; 11],
        )
    })
    .await;
    let client = Client::of(&server(&upstream));
    let result = client.call("get_rca_analysis", json!({"rca_category": "Limit reached"})).await;
    assert_eq!(parameters(&upstream, 0), json!(["'limit reached'", "'quota reached'"]));
    assert_eq!(Client::data(&result)["row_count"], 10);
    assert_eq!(Client::data(&result)["truncated"]["returned"], 10);
}

#[tokio::test]
async fn trends_tell_the_change_since_the_window_before() {
    let upstream = Upstream::start(|_| {
        let row = |service: &str, date: &str, count: u64| {
            vec![json!(service), json!(date), json!(count), json!("Throttling")]
        };
        let rows = vec![
            row("aws-lambda", "2026-11-30", 6),
            row("aws-lambda", "2026-11-24", 3),
            row("aws-lambda", "2026-11-23", 4),
            row("amazon-s3", "2026-11-20", 2),
        ];
        Outcome::rows(&["servicecode", "date", "case_count", "rca_category"], rows)
    })
    .await;
    let client = Client::of(&server(&upstream));
    let result = client.call("get_service_trends", json!({"days_back": 7})).await;
    let data = Client::data(&result);
    assert_eq!(data["row_count"], 2, "only the window's own rows");
    assert_eq!(
        data["change"],
        json!([
            {"servicecode": "aws-lambda", "cases": 9, "cases_before": 4, "change_percent": 125.0},
            {"servicecode": "amazon-s3", "cases": 0, "cases_before": 2, "change_percent": -100.0},
        ])
    );
    assert_eq!(data["window_before"], "2026-11-16 to 2026-11-23");
    assert_eq!(parameters(&upstream, 0), json!(["'2026-11-16'", "'2026-12-02'"]));
    assert!(text(&result).contains("aws-lambda: 9, before 4 (+125 %)"), "{}", text(&result));
}

#[tokio::test]
async fn a_column_that_some_tables_have_is_asked_for_where_it_is() {
    for has_status in [false, true] {
        let upstream = Upstream::start(|_| {
            let row = vec![json!("1"), json!("2026-11-29T00:00:00Z")];
            Outcome::rows(&["case_number", "timecreated"], vec![row])
        })
        .await;
        if has_status {
            upstream.has_status();
        }
        let client = Client::of(&server(&upstream));
        for _ in 0..2 {
            let arguments = json!({"rca_category": "Throttling"});
            Client::data(&client.call("get_rca_analysis", arguments).await);
        }
        let started = &upstream.asked("StartQueryExecution")[0];
        let sql = started["QueryString"].as_str().unwrap();
        assert_eq!(sql.contains("timecreated, status FROM cases"), has_status, "{sql}");
        assert_eq!(upstream.asked("GetTable").len(), 1, "the catalog is read once");
        assert_eq!(upstream.asked("GetWorkGroup").len(), 1, "so is the work group");
    }
}
