//! Statements made by chance.

use std::ops::ControlFlow;

use proptest::prelude::*;
use sqlparser::ast::{Select, Statement, Visit as _, Visitor};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::super::trino::Trino;
use super::super::{Kind, guard};
use super::{LIMIT, parsed};

/// Breaks at a statement within a query, and at a table that a query makes. A column may well be
/// called `update`.
struct Writes;

impl Visitor for Writes {
    type Break = ();

    fn pre_visit_statement(&mut self, _: &Statement) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Whether a statement that the parser knows, of any dialect, is nothing but a read.
fn reads(statement: &Statement) -> bool {
    match statement {
        Statement::Query(query) => query.visit(&mut Writes).is_continue(),
        Statement::Explain { analyze, statement, .. } => !analyze && reads(statement),
        Statement::ShowTables { .. }
        | Statement::ShowColumns { .. }
        | Statement::ShowCreate { .. }
        | Statement::ShowDatabases { .. }
        | Statement::ShowSchemas { .. }
        | Statement::ShowViews { .. }
        | Statement::ShowFunctions { .. }
        | Statement::ShowVariable { .. }
        | Statement::ExplainTable { .. } => true,
        _ => false,
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "SELECT",
        "1",
        "a",
        "FROM",
        "t",
        "WHERE",
        "(",
        ")",
        ",",
        ";",
        "WITH",
        "c AS (",
        "INSERT INTO",
        "VALUES",
        "DELETE FROM",
        "UPDATE",
        "SET",
        "MERGE INTO",
        "DROP TABLE",
        "CREATE TABLE",
        "AS",
        "UNION",
        "ALL",
        "EXPLAIN",
        "ANALYZE",
        "SHOW",
        "TABLES",
        "DESCRIBE",
        "TABLE",
        "UNLOAD",
        "TO 's3://b'",
        "INTO",
        "--",
        "/*",
        "*/",
        "\n",
        "'",
        "''",
        "\"",
        "`",
        "\\",
        "LIMIT",
        "5",
        "OFFSET",
        "IN",
        "EXISTS (",
        "USING",
        "EXTERNAL FUNCTION",
        "CALL",
        "*",
        "=",
        "ORDER BY",
        "GROUP BY",
        "FETCH FIRST 1 ROWS ONLY",
        "JOIN",
        "ON",
        "->",
        "[",
        "]",
        "FOR UPDATE",
        "|>",
        "$$",
        "E'",
        "?",
    ])
}

/// A statement that writes, and something around it.
fn write() -> impl Strategy<Value = String> {
    let writes = prop::sample::select(vec![
        "INSERT INTO t SELECT 1",
        "INSERT INTO t VALUES (1)",
        "DELETE FROM t",
        "UPDATE t SET a = 1",
        "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE",
        "DROP TABLE t",
        "CREATE TABLE t AS SELECT 1",
        "SELECT 1 INTO t",
        "ALTER TABLE t DROP COLUMN a",
        "TRUNCATE TABLE t",
        "GRANT SELECT ON t TO u",
    ]);
    let around = prop::sample::select(vec![
        "{}",
        "({})",
        "WITH c AS ({}) SELECT 1",
        "WITH c AS (SELECT 1) {}",
        "SELECT * FROM ({}) x",
        "SELECT ({})",
        "SELECT 1 WHERE EXISTS ({})",
        "SELECT 1 UNION ({})",
        "({}) UNION SELECT 1",
        "SELECT a IN ({}) FROM t",
        "SELECT 1; {}",
        "EXPLAIN {}",
        "EXPLAIN (TYPE IO) {}",
        "/* */ {}",
        "-- x\n{}",
        "SELECT CASE WHEN 1 = ({}) THEN 2 END",
        "SELECT f(({}))",
        "SELECT 1 ORDER BY ({})",
        "VALUES ({})",
        "SELECT 1 FROM t JOIN ({}) x ON 1 = 1",
        "SELECT 1 LIMIT ({})",
        "SELECT ARRAY[({})]",
    ]);
    (
        writes,
        around,
        prop::option::of(prop::sample::select(vec!["({})", "WITH d AS (SELECT 1) {}"])),
    )
        .prop_map(|(write, around, outer)| {
            let inner = around.replace("{}", write);
            outer.map_or_else(|| inner.clone(), |outer| outer.replace("{}", &inner))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_statement_that_writes_passes(sql in write()) {
        prop_assert!(guard(&sql, LIMIT).is_err(), "{}", sql);
    }

    /// Whatever the pieces make: what passes is a read for the parser of all dialects too, and
    /// parses back to itself.
    #[test]
    fn what_passes_only_reads_and_parses_back(pieces in prop::collection::vec(piece(), 1..14)) {
        let sql = pieces.join(" ");
        if let Ok(ran) = guard(&sql, LIMIT) {
            let again = guard(&ran.sql, LIMIT).map_err(|err| TestCaseError::fail(format!("{}: {err}", ran.sql)))?;
            prop_assert_eq!(&again.sql, &ran.sql);
            if let Ok(statements) = Parser::parse_sql(&GenericDialect, &ran.sql) {
                prop_assert!(statements.len() == 1 && statements.iter().all(reads), "{}", ran.sql);
            }
            if ran.kind == Kind::Query {
                let dialect = Trino::parsing(sql.len());
                let given = Parser::new(&dialect).try_with_sql(&sql).and_then(|mut p| p.parse_query());
                // The parser does not know rows of VALUES without parentheses.
                if let Ok(mut given) = given {
                    let mut sent = parsed(&ran.sql);
                    (given.limit_clause, sent.limit_clause) = (None, None);
                    prop_assert_eq!(sent, given);
                }
            }
        }
    }

    #[test]
    fn no_text_panics(sql in ".{0,60}", at in 0_usize..40) {
        let _ = guard(&sql, LIMIT);
        let mut mixed = "SELECT a, 'b' FROM \"t\" WHERE c IN (1, 2)".to_owned();
        mixed.insert_str(at, &sql);
        if let Ok(ran) = guard(&mixed, LIMIT) {
            prop_assert!(guard(&ran.sql, LIMIT).is_ok(), "{}", ran.sql);
        }
    }

    #[test]
    fn a_text_in_quotes_stays_that_text(text in ".{0,40}") {
        let quoted = text.replace('\'', "''");
        let ran = guard(&format!("SELECT '{quoted}' AS x"), LIMIT).map_err(|err| TestCaseError::fail(err.to_string()))?;
        prop_assert_eq!(ran.sql, format!("SELECT '{quoted}' AS x LIMIT 101"));
    }
}
