use super::*;

use proptest::prelude::*;

fn database() -> Database {
    let column = |name: &str, partition| Column { partition, ..Column::new(name, "varchar") };
    let cell = |text: &str| (text != "NULL").then(|| text.to_owned());
    let rows = [
        ["1", "cannot launch, 'quoted'", "2026-11-01T10:00:00Z", "Throttling", "012345678901"],
        ["2", "launch\nfailed", "2026-11-02T11:30:15.250Z", "throttling ", "012345678901"],
        ["3", "quota", "2026-10-31T23:59:59Z", "NULL", "222222222222"],
        ["4", "", "2026-12-01T00:00:00Z", "ICE Error", "222222222222"],
    ];
    let table = Table {
        name: "case_summary".to_owned(),
        columns: vec![
            column("number", false),
            column("subject", false),
            column("timecreated", false),
            column("rca_category", false),
            column("account_number", true),
        ],
        rows: rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect(),
    };
    Database::new("case_insights_a-1", vec![table]).unwrap()
}

async fn run(sql: &str, parameters: &[&str]) -> Result<Answer, Error> {
    let parameters: Vec<_> = parameters.iter().map(|text| (*text).to_owned()).collect();
    database().run(sql, &parameters).await
}

/// Rows as `a|b`, NULL as `~`, with `; ` between them.
async fn rows(sql: &str) -> String {
    let answer = run(sql, &[]).await.unwrap_or_else(|err| panic!("{sql}: {err}"));
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "~".to_owned());
    let row = |row: &Vec<Option<String>>| row.iter().map(cell).collect::<Vec<_>>().join("|");
    answer.rows.iter().map(row).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn what_trino_computes_is_computed() {
    for (sql, expected) in [
        ("SELECT 1", "1"),
        ("SELECT 1;", "1"),
        ("VALUES 1, 2", "1; 2"),
        ("VALUES (1, 'a'), (2, 'b')", "1|a; 2|b"),
        ("(SELECT 1) UNION (SELECT 1)", "1"),
        ("SELECT 1 UNION ALL SELECT 1", "1; 1"),
        ("WITH x AS (SELECT 2 AS n) SELECT n + 1 FROM x", "3"),
        ("SELECT count(*) FROM case_summary", "4"),
        ("SELECT COUNT(*) FROM \"case_insights_a-1\".\"case_summary\"", "4"),
        ("SELECT count(*) FROM awsdatacatalog.\"case_insights_a-1\".case_summary", "4"),
        ("SELECT count(rca_category), count(DISTINCT account_number) FROM case_summary", "3|2"),
        ("SELECT number FROM case_summary WHERE rca_category IS NULL", "3"),
        ("SELECT number FROM case_summary ORDER BY number DESC LIMIT 2", "4; 3"),
        ("SELECT number FROM case_summary ORDER BY number OFFSET 1 LIMIT 2", "2; 3"),
        ("SELECT number FROM case_summary ORDER BY 1 FETCH FIRST 1 ROWS ONLY", "1"),
        ("SELECT number FROM case_summary WHERE subject LIKE '%launch%' ORDER BY 1", "1; 2"),
        ("SELECT number FROM case_summary WHERE number IN ('1', '9')", "1"),
        ("SELECT count_if(subject <> '') FROM case_summary", "3"),
        ("SELECT count(*) FILTER (WHERE subject <> '') FROM case_summary", "3"),
        ("SELECT count_if(false) FROM case_summary WHERE false", "0"),
        (
            "SELECT account_number, count(*) FROM case_summary GROUP BY 1 ORDER BY 1",
            "012345678901|2; 222222222222|2",
        ),
        ("SELECT account_number FROM case_summary GROUP BY 1 HAVING count(*) > 2", ""),
        (
            "SELECT account_number AS a, count(*) FROM case_summary GROUP BY GROUPING SETS ((account_number), ()) ORDER BY 2 DESC, 1 LIMIT 1",
            "~|4",
        ),
        (
            "SELECT number, row_number() OVER (PARTITION BY account_number ORDER BY number DESC) FROM case_summary ORDER BY 1",
            "1|2; 2|1; 3|2; 4|1",
        ),
        ("SELECT number, count(*) OVER () FROM case_summary ORDER BY 1 LIMIT 1", "1|4"),
        (
            "SELECT max_by(number, timecreated), min_by(number, timecreated) FROM case_summary",
            "4|3",
        ),
        ("SELECT approx_distinct(account_number) FROM case_summary", "2"),
        ("SELECT array_agg(number ORDER BY number) FROM case_summary", "[1, 2, 3, 4]"),
        ("SELECT array_join(array_agg(number ORDER BY number), '-') FROM case_summary", "1-2-3-4"),
        ("SELECT arbitrary(account_number) FROM case_summary WHERE number = '1'", "012345678901"),
        (
            "SELECT a.number FROM case_summary a JOIN case_summary b ON a.number = b.number WHERE b.number = '2'",
            "2",
        ),
        (
            "SELECT number FROM case_summary WHERE number = (SELECT max(number) FROM case_summary)",
            "4",
        ),
        (
            "SELECT number FROM case_summary c WHERE EXISTS (SELECT 1 FROM case_summary d WHERE d.number > c.number) ORDER BY 1",
            "1; 2; 3",
        ),
        (
            "SELECT word FROM case_summary CROSS JOIN UNNEST(split(subject, ' ')) AS t (word) WHERE number = '1' ORDER BY 1",
            "'quoted'; cannot; launch,",
        ),
        (
            "SELECT c.number, t.word FROM case_summary c CROSS JOIN UNNEST(split(c.subject, ' ')) AS t (word) WHERE c.number = '3'",
            "3|quota",
        ),
        (
            "SELECT n FROM case_summary CROSS JOIN (VALUES 1, 2) AS t (n) WHERE number = '1' ORDER BY 1",
            "1; 2",
        ),
        ("SELECT 'a' || 'b', concat('a', 'b', 'c'), upper('a')", "ab|abc|A"),
        ("SELECT concat('a', NULL)", "~"),
        (
            "SELECT length('häh'), substr('abcdef', 2, 3), strpos('abc', 'c'), reverse('abc')",
            "3|bcd|3|cba",
        ),
        ("SELECT replace('aXa', 'X', 'b'), replace('aXa', 'X'), lpad('7', 3, '0')", "aba|aa|007"),
        (
            "SELECT split_part('a-b', '-', 2), cardinality(split('a-b-c', '-')), element_at(split('a-b', '-'), 1)",
            "b|3|a",
        ),
        (
            "SELECT contains(split('a-b', '-'), 'b'), slice(split('a-b-c', '-'), 2, 2)",
            "true|[b, c]",
        ),
        (
            "SELECT regexp_like('abc', '^a.c$'), regexp_extract('case 42', '\\d+'), regexp_extract('a=b', '(\\w)=(\\w)', 2)",
            "true|42|b",
        ),
        ("SELECT regexp_replace('a1b2', '\\d', '#'), regexp_replace('a1b2', '\\d')", "a#b#|ab"),
        (
            "SELECT if(1 > 2, 'x', 'y'), if(1 > 2, 'x'), nullif('a', 'a'), coalesce(NULL, 'z')",
            "y|~|~|z",
        ),
        (
            "SELECT CASE WHEN true THEN 1 ELSE 2 END, greatest(1, 3), mod(7, 4), 7 / 2, 7 % 4",
            "1|3|3|3|3",
        ),
        (
            "SELECT round(2.567, 1), abs(-3), floor(1.5), ceiling(1.5), power(2, 10), sqrt(16)",
            "2.6|3|1.0|2.0|1024.0|4.0",
        ),
        (
            "SELECT 0.5, CAST(1 AS double), 1e10, 1e-5, CAST('1.5' AS double)",
            "0.5|1.0|1.0E10|1.0E-5|1.5",
        ),
        (
            "SELECT CAST(7 AS varchar) || '!', CAST('7' AS bigint) + 1, TRY_CAST('x' AS bigint)",
            "7!|8|~",
        ),
        (
            "SELECT DATE '2026-11-01', TIMESTAMP '2026-11-01 10:00:00'",
            "2026-11-01|2026-11-01 10:00:00.000",
        ),
        (
            "SELECT from_iso8601_timestamp('2026-11-01T10:00:00Z'), from_iso8601_date('2026-11-01')",
            "2026-11-01 10:00:00.000 UTC|2026-11-01",
        ),
        (
            "SELECT CAST(from_iso8601_timestamp(timecreated) AS date) FROM case_summary WHERE number = '2'",
            "2026-11-02",
        ),
        (
            "SELECT date(from_iso8601_timestamp(timecreated)) FROM case_summary WHERE number = '2'",
            "2026-11-02",
        ),
        (
            "SELECT date_trunc('month', from_iso8601_timestamp(timecreated)) FROM case_summary WHERE number = '2'",
            "2026-11-01 00:00:00.000 UTC",
        ),
        (
            "SELECT date_parse('2026-11-01 10:11', '%Y-%m-%d %H:%i'), date_format(TIMESTAMP '2026-11-01 10:11:12', '%Y/%c/%e %T')",
            "2026-11-01 10:11:00.000|2026/11/1 10:11:12",
        ),
        (
            "SELECT date_diff('day', DATE '2026-10-31', DATE '2026-12-01'), date_diff('month', DATE '2026-01-31', DATE '2026-03-01')",
            "31|1",
        ),
        (
            "SELECT date_add('month', 1, TIMESTAMP '2026-01-31 00:00:00'), date_add('hour', -1, TIMESTAMP '2026-01-31 00:00:00')",
            "2026-02-28 00:00:00.000|2026-01-30 23:00:00.000",
        ),
        ("SELECT TIMESTAMP '2026-11-01 00:00:00' - INTERVAL '1' DAY", "2026-10-31 00:00:00.000"),
        (
            "SELECT year(DATE '2026-11-01'), month(DATE '2026-11-01'), day(DATE '2026-11-01'), day_of_week(DATE '2026-11-01')",
            "2026|11|1|7",
        ),
        (
            "SELECT extract(year FROM DATE '2026-11-01'), hour(TIMESTAMP '2026-11-01 10:00:00')",
            "2026|10",
        ),
        (
            "SELECT CAST(TIMESTAMP '2026-11-01 10:00:00' AS varchar), CAST(DATE '2026-11-01' AS varchar), CAST(true AS varchar)",
            "2026-11-01 10:00:00.000|2026-11-01|true",
        ),
        (
            "SELECT current_date > DATE '2020-01-01', now() > TIMESTAMP '2020-01-01 00:00:00'",
            "true|true",
        ),
        (
            "SELECT json_extract_scalar('{\"a\":{\"b\":[1,\"x\"]}}', '$.a.b[1]'), json_extract_scalar('[]', '$.a')",
            "x|~",
        ),
        ("SELECT json_extract('{\"a\":[1]}', '$.a')", "[1]"),
        (
            "SELECT table_schema, table_name FROM information_schema.tables",
            "case_insights_a-1|case_summary",
        ),
        (
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'case_summary' ORDER BY ordinal_position LIMIT 1",
            "number",
        ),
        ("SELECT \"create\" FROM (SELECT 'q' AS \"create\") x", "q"),
        ("SELECT '--', 'it''s' -- a comment", "--|it's"),
        ("/* a comment */ SELECT 5", "5"),
        ("SELECT try(7 / 2), 1 BETWEEN 0 AND 2, NOT true, 1 <> 2", "3|true|false|true"),
        ("SELECT sequence(1, 3)", "[1, 2, 3]"),
    ] {
        assert_eq!(rows(sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn the_catalog_is_shown_in_lines() {
    for (sql, column, expected) in [
        ("SHOW TABLES", "tab_name", "case_summary"),
        ("show tables in \"case_insights_a-1\"", "tab_name", "case_summary"),
        ("SHOW TABLES 'case*'", "tab_name", "case_summary"),
        ("SHOW TABLES LIKE 'x*'", "tab_name", ""),
        ("SHOW DATABASES", "database_name", "default; case_insights_a-1"),
        ("SHOW SCHEMAS", "database_name", "default; case_insights_a-1"),
        (
            "SHOW PARTITIONS case_summary",
            "partition",
            "account_number=012345678901; account_number=222222222222",
        ),
    ] {
        assert_eq!(rows(sql).await, expected, "{sql}");
        assert_eq!(run(sql, &[]).await.unwrap().columns[0].name, column, "{sql}");
    }
    let columns = rows("SHOW COLUMNS IN case_summary").await;
    assert!(columns.starts_with("number              ; subject"), "{columns}");
    let described = rows("DESCRIBE case_summary").await;
    assert!(described.starts_with("number              \tstring              \t"), "{described}");
    assert!(described.contains("# Partition Information"), "{described}");
    assert!(rows("SHOW CREATE TABLE case_summary").await.contains("PARTITIONED BY"));
    assert!(rows("EXPLAIN SELECT number FROM case_summary").await.contains("TableScan"));
    assert!(rows("EXPLAIN (TYPE LOGICAL) SELECT 1").await.contains("Projection"));
}

#[tokio::test]
async fn an_answer_says_what_it_is_and_what_was_read() {
    let answer =
        run("SELECT number, count(*), 0.5 FROM case_summary GROUP BY 1", &[]).await.unwrap();
    let columns: Vec<_> =
        answer.columns.iter().map(|column| format!("{} {}", column.name, column.kind)).collect();
    assert_eq!(columns, ["number varchar", "_col1 bigint", "_col2 double"]);
    assert!(answer.read_bytes > 300);
    assert_eq!((answer.statement.kind(), answer.statement.sub()), ("DML", "SELECT"));
    let values = run("VALUES 1", &[]).await.unwrap();
    assert_eq!((values.columns[0].name.as_str(), values.read_bytes), ("_col0", 0));
    let shown = run("SHOW TABLES", &[]).await.unwrap();
    assert_eq!((shown.statement.kind(), shown.statement.sub()), ("UTILITY", "SHOW_TABLES"));
    let explained = run("EXPLAIN SELECT 1", &[]).await.unwrap();
    assert_eq!((explained.statement.kind(), explained.statement.sub()), ("UTILITY", "EXPLAIN"));
}

#[tokio::test]
async fn parameters_are_bound_in_order_and_are_data() {
    let sql = "WITH x AS (SELECT * FROM case_summary WHERE timecreated >= ?) \
               SELECT number, ? FROM x WHERE timecreated < ? ORDER BY 1 LIMIT ?";
    let parameters = ["'2026-11-01'", "'it''s ?'", "'2026-12-01'", "9"];
    let answer = run(sql, &parameters).await.unwrap();
    let told: Vec<_> =
        answer.rows.iter().map(|row| row.iter().flatten().cloned().collect::<Vec<_>>()).collect();
    assert_eq!(told, [["1", "it's ?"], ["2", "it's ?"]]);
    for (parameters, words) in [
        (&["'a'"][..], "Incorrect number of parameters"),
        (&["'2026'", "1", "'2026'", "1 UNION SELECT 1"], "not a literal"),
        (&["'2026'", "1", "'2026'", "(SELECT 1)"], "not a literal"),
        (&["'2026'", "1", "'2026'", "number"], "not a literal"),
    ] {
        let told = run(sql, parameters).await.unwrap_err().to_string();
        assert!(told.contains(words), "{parameters:?}: {told}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_in_athenas_words() {
    for (sql, words, refused) in [
        (
            "SELECT x FROM case_summary",
            "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized",
            false,
        ),
        ("SELECT number,\n  y FROM case_summary", "COLUMN_NOT_FOUND: line 2:3: Column 'y'", false),
        ("SELECT c.x FROM case_summary c", "Column 'c.x' cannot be resolved", false),
        (
            "SELECT * FROM nothing",
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.case_insights_a-1.nothing' does not exist",
            false,
        ),
        ("SELECT * FROM d.nothing", "Table 'awsdatacatalog.d.nothing' does not exist", false),
        (
            "SELECT nothing(1)",
            "FUNCTION_NOT_FOUND: line 1:8: Function 'nothing' not registered",
            false,
        ),
        ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero", false),
        ("SELECT CAST('x' AS bigint)", "INVALID_CAST_ARGUMENT", false),
        ("SELECT from_iso8601_timestamp('soon')", "Invalid format: \"soon\"", false),
        ("DESCRIBE nothing", "TABLE_NOT_FOUND", false),
        ("SHOW COLUMNS IN nothing", "TABLE_NOT_FOUND", false),
        ("SHOW TABLES IN nothing", "SCHEMA_NOT_FOUND", false),
        ("FOO", "line 1:1: mismatched input 'FOO'. Expecting: ", true),
        ("SELECT FROM WHERE", "line 1:", true),
        ("SELECT (1", "mismatched input '<EOF>'", true),
        ("SELECT 'open", "line 1:8: ", true),
        ("", "expected one statement", true),
        ("SELECT 1; SELECT 2", "expected one statement", true),
        ("SHOW NOTHING", "Expecting: 'CREATE', 'COLUMNS'", true),
        ("DROP TABLE case_summary", "Only statements that read", true),
        ("INSERT INTO case_summary VALUES (1)", "Only statements that read", true),
        ("DELETE FROM case_summary", "Only statements that read", true),
    ] {
        let err = run(sql, &[]).await.unwrap_err();
        assert!(err.to_string().contains(words), "{sql}: {err}");
        assert_eq!(err.is_refused(), refused, "{sql}: {err}");
    }
}

#[tokio::test]
async fn what_would_take_for_ever_to_plan_is_refused() {
    let sum = format!("SELECT 1{}", " + 1".repeat(400));
    let err = run(&sum, &[]).await.unwrap_err();
    assert!(err.to_string().contains("too deep"), "{err}");
    assert_eq!(rows(&format!("SELECT 1{}", " + 1".repeat(50))).await, "51");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_panics(sql in "(SELECT |SHOW |EXPLAIN |WITH )?[ -~]{0,40}", parameter in ".{0,9}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let parameters = if sql.contains('?') { vec![parameter] } else { Vec::new() };
        let _ = runtime.block_on(database().run(&sql, &parameters));
    }
}
