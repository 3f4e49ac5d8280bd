//! What does not read never reaches AWS; what reads does.

use serde_json::json;

use super::site::Site;

#[tokio::test]
async fn what_writes_is_refused_with_a_reason_and_no_call_upstream() {
    let site = Site::start().await;
    for sql in [
        "DROP TABLE case_summary",
        "INSERT INTO case_summary VALUES (1)",
        "CREATE TABLE x AS SELECT * FROM case_summary",
        "UNLOAD (SELECT * FROM case_summary) TO 's3://elsewhere/' WITH (format = 'JSON')",
        "MSCK REPAIR TABLE case_summary",
        "SELECT 1; DROP TABLE case_summary",
        "SELECT/**/1;/**/DROP TABLE case_summary",
        "EXPLAIN ANALYZE SELECT * FROM case_summary",
        "USING EXTERNAL FUNCTION f(x VARCHAR) RETURNS VARCHAR LAMBDA 'f' SELECT f('a')",
        "EXECUTE stolen",
        "PREPARE p FROM SELECT 1",
        "VACUUM case_summary",
        "OPTIMIZE case_summary REWRITE DATA USING BIN_PACK",
        "SELECT * FROM TABLE(system.query(query => 'DROP TABLE x'))",
        "DELETE FROM case_summary",
        "UPDATE case_summary SET subject = ''",
        "MERGE INTO case_summary USING x ON true WHEN MATCHED THEN DELETE",
        "ALTER TABLE case_summary ADD COLUMNS (x string)",
        "GRANT ALL ON case_summary TO PUBLIC",
        "not SQL at all",
        "",
    ] {
        let (status, body) = site.rest("query_athena", json!({"query": sql})).await;
        assert_eq!(status, 422, "{sql}: {body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("code: sql_refused"), "{sql}: {message}");
        assert!(!body["error"]["hint"].as_str().unwrap().is_empty(), "{sql}");
    }
    assert_eq!(site.aws.athena().requests(), 0);
}

#[tokio::test]
async fn what_reads_is_answered_in_each_form_of_statement() {
    let site = Site::start().await;
    for (sql, first) in [
        ("SELECT 1", "1"),
        ("WITH x AS (SELECT 2 AS n) SELECT n FROM x", "2"),
        ("VALUES 3, 4", "3"),
        ("(SELECT 5) UNION (SELECT 5)", "5"),
        ("SELECT 6 UNION ALL SELECT 6", "6"),
        ("-- how many?\nSELECT 7", "7"),
        ("SELECT table_name FROM information_schema.tables", "case_summary"),
        ("SELECT count(*) FROM case_summary WHERE subject LIKE '%no such text%'", "0"),
        ("SELECT replace('subject', 'sub', 'ob')", "object"),
        ("SELECT '--'", "--"),
        ("SELECT \"create\" FROM (SELECT 'quoted' AS \"create\") x", "quoted"),
        ("SHOW TABLES", "case_summary"),
    ] {
        let result = site.ok("query_athena", json!({"query": sql})).await;
        let column = result["columns"][0].as_str().unwrap().to_owned();
        assert_eq!(result["rows"][0][&column], first, "{sql}: {result}");
        assert_eq!(result["row_count"], result["rows"].as_array().unwrap().len(), "{sql}");
        assert!(result["execution_id"].as_str().is_some_and(|id| !id.is_empty()), "{sql}");
    }
    for sql in ["DESCRIBE case_summary", "EXPLAIN SELECT 1", "SHOW COLUMNS IN case_summary"] {
        let result = site.ok("query_athena", json!({"query": sql})).await;
        assert!(result["row_count"].as_u64() > Some(0), "{sql}: {result}");
    }
}

/// The original counted the header among the rows, and knew one page only.
#[tokio::test]
async fn as_many_rows_come_as_were_asked_for_over_many_pages() {
    let site = Site::start().await;
    for most in [1, 99, 100, 1_000, 1_500] {
        let sql = "SELECT case_number, case_summary FROM case_summary";
        let result = site.ok("query_athena", json!({"query": sql, "max_results": most})).await;
        assert_eq!(result["rows"].as_array().unwrap().len(), most);
        assert_eq!(result["row_count"], most);
    }
    let nulls = "SELECT case_summary FROM case_summary WHERE case_summary IS NULL LIMIT 1";
    let result = site.ok("query_athena", json!({"query": nulls})).await;
    assert!(result["rows"][0]["case_summary"].is_null(), "{result}");
}

#[tokio::test]
async fn what_athena_refuses_is_told_in_its_words_with_a_hint() {
    let site = Site::start().await;
    for (sql, words, hint) in [
        ("SELECT x FROM case_summary", "COLUMN_NOT_FOUND", "cases://schema"),
        ("SELECT * FROM nothing", "does not exist", "SHOW TABLES"),
        ("SELECT nothing(1)", "FUNCTION_NOT_FOUND", "Trino"),
    ] {
        let (status, body) = site.rest("query_athena", json!({"query": sql})).await;
        assert_eq!(status, 422, "{sql}: {body}");
        let told = body["error"].to_string();
        assert!(told.contains(words) && told.contains(hint), "{sql}: {told}");
        let result = site.mcp("query_athena", json!({"query": sql})).await;
        assert_eq!(result["isError"], true, "{sql}");
    }
}
