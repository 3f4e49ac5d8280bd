//! The lists of the contract, and Trino's grammar.

mod properties;

use sqlparser::ast::Query;
use sqlparser::parser::Parser;

use super::trino::Trino;
use super::{Guarded, Kind, guard};

const LIMIT: u64 = 101;

#[track_caller]
fn passes(sql: &str) -> Guarded {
    guard(sql, LIMIT).unwrap_or_else(|refusal| panic!("{sql}: {refusal}"))
}

#[track_caller]
fn refused(sql: &str) -> String {
    guard(sql, LIMIT).map_or_else(|refusal| refusal.to_string(), |ran| panic!("{sql}: {ran:?}"))
}

#[test]
fn the_statements_of_the_contract_pass() {
    for (sql, kind) in [
        ("SELECT 1", Kind::Query),
        ("WITH c AS (SELECT 1 AS one) SELECT one FROM c", Kind::Query),
        ("VALUES 1,2", Kind::Query),
        ("(SELECT 1) UNION (SELECT 2)", Kind::Query),
        ("SELECT 1 UNION ALL SELECT 2", Kind::Query),
        ("-- a comment\nSELECT 1", Kind::Query),
        ("/* another */ SELECT 1", Kind::Query),
        ("SELECT table_name FROM information_schema.tables", Kind::Query),
        ("SELECT 1 FROM case_summary WHERE subject LIKE '%update%'", Kind::Query),
        ("SELECT replace(subject, 'a', 'b') FROM case_summary", Kind::Query),
        (r#"SELECT "create" FROM case_summary"#, Kind::Query),
        ("SELECT '--'", Kind::Query),
        ("SHOW TABLES", Kind::Show),
        ("SHOW COLUMNS IN case_summary", Kind::Show),
        ("DESCRIBE case_summary", Kind::Describe),
        ("EXPLAIN SELECT 1", Kind::Explain),
        ("SELECT 1;", Kind::Query),
        ("SELECT update, merge FROM t", Kind::Query),
        ("select 1", Kind::Query),
    ] {
        assert_eq!(passes(sql).kind, kind, "{sql}");
    }
}

#[test]
fn the_refused_list_of_the_contract_is_refused_with_a_place() {
    for (sql, said) in [
        ("EXPLAIN ANALYZE SELECT 1", "EXPLAIN ANALYZE is refused: it runs the query"),
        ("DROP TABLE case_summary", "DROP is refused"),
        ("INSERT INTO t SELECT 1", "INSERT is refused"),
        ("CREATE TABLE t AS SELECT 1", "CREATE is refused"),
        ("UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'PARQUET')", "UNLOAD is refused"),
        ("MSCK REPAIR TABLE case_summary", "MSCK is refused"),
        ("SELECT 1; DROP TABLE case_summary", "only one statement"),
        (
            "USING EXTERNAL FUNCTION f(x VARCHAR) RETURNS VARCHAR LAMBDA 'l' SELECT f('x')",
            "USING is refused",
        ),
        ("EXECUTE s", "EXECUTE is refused"),
        ("PREPARE s FROM SELECT 1", "PREPARE is refused"),
        ("VACUUM t", "VACUUM is refused"),
        ("OPTIMIZE t REWRITE DATA USING BIN_PACK", "OPTIMIZE is refused"),
        ("SELECT * FROM TABLE(system.query('x'))", "a table function is refused"),
        ("SELECT/**/1;/**/DROP", "only one statement"),
    ] {
        let told = refused(sql);
        assert!(told.starts_with(said), "{sql}: {told}");
        assert!(told.contains("(line 1, column ") || sql.contains("TABLE("), "{sql}: {told}");
    }
}

/// The other statements of Athena and Trino, and ways to hide one.
#[test]
fn everything_else_is_refused() {
    for sql in [
        "ALTER TABLE t ADD COLUMNS (c int)",
        "ANALYZE t",
        "CALL system.sync_partition_metadata('a', 'b', 'FULL')",
        "COMMENT ON TABLE t IS 'x'",
        "COMMIT",
        "CREATE DATABASE d",
        "CREATE EXTERNAL TABLE t (a string) LOCATION 's3://b/'",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "DEALLOCATE PREPARE s",
        "DELETE FROM t",
        "DENY SELECT ON t TO u",
        "DESCRIBE",
        "EXECUTE IMMEDIATE 'DROP TABLE t'",
        "EXPLAIN (TYPE VALIDATE) DROP TABLE t",
        "EXPLAIN DROP TABLE t",
        "EXPLAIN VERBOSE ANALYZE SELECT 1",
        "GRANT SELECT ON t TO u",
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
        "REFRESH MATERIALIZED VIEW v",
        "RESET SESSION x",
        "REVOKE SELECT ON t FROM u",
        "ROLLBACK",
        "SET SESSION x = 1",
        "SHOW",
        "SHOW GRANTS",
        "SHOW TABLES; DROP TABLE t",
        "START TRANSACTION",
        "TABLE case_summary",
        "TRUNCATE TABLE t",
        "UPDATE t SET a = 1",
        "USE d",
        // A write inside of a read.
        "WITH c AS (INSERT INTO t SELECT 1) SELECT * FROM c",
        "WITH c AS (SELECT 1) INSERT INTO t SELECT * FROM c",
        "WITH c AS (SELECT 1) DELETE FROM t",
        "SELECT * FROM (UPDATE t SET a = 1) x",
        "SELECT (DELETE FROM t)",
        "SELECT a INTO b FROM t",
        "SELECT 1 FOR UPDATE",
        "(SELECT 1) UNION (DELETE FROM t)",
        // Ways out.
        r#"SELECT * FROM "lambda:mine".db.t"#,
        "SELECT * FROM other.db.t",
        "SELECT * FROM a.b.c.d",
        "SELECT * FROM TABLE(sequence(1, 5))",
        "SELECT * FROM my_function(1)",
        "SELECT * FROM t, TABLE(f())",
        // Quoting and comments of other dialects.
        "SELECT `a` FROM t",
        "SELECT $$DROP$$",
        "SELECT E'\\'; DROP TABLE t --'",
        "SELECT '\\'; DROP TABLE t --'",
        "SELECT 1 # DROP",
        "SELECT /* /* */ 1 */",
        "SELECT 1 /* open",
        "SELECT 'open",
        "SELECT ?",
        "SELECT $1",
        "SELECT a::int FROM t",
        "SELECT 1 \\g",
        "",
        ";",
        ";;",
        "-- nothing",
        "1",
        "SELECT",
        "SELECT 1 FROM",
        "SELECT 1 SELECT 2",
        "SELECT 1 LIMIT 5 OFFSET 2",
        "SELECT 1 LIMIT 5, 10",
    ] {
        refused(sql);
    }
}

#[test]
fn what_does_not_parse_says_where() {
    for (sql, told) in [
        ("SELECT a\nFROM t GROUP a", "GROUP is not expected here (line 2, column 8)"),
        ("SELECT f(a\n b) FROM t", "it does not parse: Expected: ), found: b (line 2, column 2)"),
        ("SELECT 1 FROM", "it does not parse: Expected: identifier, found: EOF"),
        ("SELECT 'a", "Unterminated string literal (line 1, column 8)"),
    ] {
        assert_eq!(refused(sql), told);
    }
}

#[test]
fn trinos_queries_pass() {
    for sql in include_str!("trino.sql").split("\n;\n") {
        let ran = passes(sql.trim_end_matches(['\n', ';']));
        assert!(matches!(ran.kind, Kind::Query), "{sql}");
        // As it was read: the same query, with a limit.
        let mut given = parsed(sql.trim_end_matches(['\n', ';']));
        let mut sent = parsed(&ran.sql);
        (given.limit_clause, sent.limit_clause) = (None, None);
        assert_eq!(sent, given, "{sql}");
    }
}

fn parsed(sql: &str) -> Box<Query> {
    let dialect = Trino::parsing(sql.len());
    let parser = Parser::new(&dialect).try_with_sql(sql);
    parser.and_then(|mut parser| parser.parse_query()).unwrap_or_else(|err| panic!("{sql}: {err}"))
}

#[test]
fn statements_are_written_without_comments_and_with_a_limit() {
    for (sql, runs) in [
        ("select a -- why\nfrom t", "select a from t LIMIT 101"),
        ("SELECT 1 LIMIT 5", "SELECT 1 LIMIT 5"),
        ("SELECT 1 LIMIT 101;", "SELECT 1 LIMIT 101"),
        ("SELECT 1 LIMIT 5000", "SELECT 1 LIMIT 101"),
        ("SELECT 1 LIMIT 99999999999999999999999", "SELECT 1 LIMIT 101"),
        ("SELECT 1 LIMIT ALL", "SELECT 1 LIMIT 101"),
        ("SELECT 1 OFFSET 2 LIMIT 500", "SELECT 1 OFFSET 2 LIMIT 101"),
        ("SELECT 1 OFFSET 2", "SELECT 1 OFFSET 2 LIMIT 101"),
        ("SELECT 1 FETCH FIRST 5 ROWS ONLY", "SELECT 1 FETCH FIRST 5 ROWS ONLY"),
        ("(SELECT 1 LIMIT 500)", "(SELECT 1 LIMIT 500) LIMIT 101"),
        ("SELECT \"limit\" FROM t", "SELECT \"limit\" FROM t LIMIT 101"),
        ("SELECT 'limit 5'", "SELECT 'limit 5' LIMIT 101"),
        ("VALUES 1, 2 + 3, (4)", "VALUES (1), (2 + 3), ((4)) LIMIT 101"),
        ("SELECT 'it''s', \"a\"\"b\"", "SELECT 'it''s', \"a\"\"b\" LIMIT 101"),
        ("SELECT 1 - -1", "SELECT 1 - - 1 LIMIT 101"),
        ("EXPLAIN (FORMAT JSON) SELECT 1", "EXPLAIN (FORMAT JSON) SELECT 1"),
        ("EXPLAIN (SELECT 1)", "EXPLAIN (SELECT 1)"),
        ("show tables in \"my-db\" like 'case*'", "SHOW TABLES IN `my-db` LIKE 'case*'"),
        ("SHOW COLUMNS FROM t IN d", "SHOW COLUMNS FROM t IN d"),
        ("desc formatted `my-db`.t", "DESCRIBE FORMATTED `my-db`.t"),
        ("DESCRIBE t PARTITION (a='1',b='2') c", "DESCRIBE t PARTITION (a = '1', b = '2') c"),
        ("SHOW TBLPROPERTIES t ('p')", "SHOW TBLPROPERTIES t('p')"),
        ("SHOW CREATE VIEW v", "SHOW CREATE VIEW v"),
    ] {
        assert_eq!(passes(sql).sql, runs);
    }
}

#[test]
fn the_tables_are_told() {
    let ran = passes(
        "SELECT 1 FROM A.\"Case_Summary\" WHERE x IN (SELECT 1 FROM t) UNION SELECT 2 FROM awsdatacatalog.d.u",
    );
    assert_eq!(ran.tables.into_iter().collect::<Vec<_>>(), ["case_summary", "t", "u"]);
}

/// A tree as deep as a chain is long is walked and dropped on a thread's stack.
#[test]
fn a_long_chain_and_a_deep_nest_end_in_an_answer() {
    passes(&format!("SELECT 1{}", " + 1".repeat(1_490)));
    passes(&format!("SELECT 1{}", " OR a".repeat(1_490)));
    passes(&format!("SELECT 1 WHERE a IN ({}1)", "1, ".repeat(20_000)));
    assert!(refused(&format!("SELECT 1{}", " + 1".repeat(2_000))).contains("operators"));
    refused(&format!("SELECT 1{}", " UNION SELECT 1".repeat(1_000)));
    refused(&format!("SELECT {}1{}", "(".repeat(200), ")".repeat(200)));
    // What a parser that tries one thing after another takes ages for.
    for (open, close) in [
        ("ARRAY[", "]"),
        ("(((SELECT 1 FROM ", ")))"),
        ("SUBSTRING(", " FROM 1)"),
        ("f(x -> (", "))"),
    ] {
        for (depth, within) in [(12, "1 1"), (20, "(")] {
            refused(&format!("SELECT {}{within}{}", open.repeat(depth), close.repeat(depth)));
        }
    }
    refused(&"SELECT ".repeat(20_000));
    refused(&format!("SELECT '{}'", "a".repeat(200_000)));
}
