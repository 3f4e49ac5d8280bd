//! `SHOW …` and `DESCRIBE`: what Athena asks its catalog, in the lines that Hive writes.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::database::Table;
use crate::{Answer, Column, Error, Statement};

/// What is asked of the catalog; `None` where the statement is another one.
pub(crate) fn answer(
    tokens: &[TokenWithSpan],
    database: &str,
    tables: &[Table],
) -> Option<Result<Answer, Error>> {
    let words: Vec<&Token> = tokens
        .iter()
        .map(|token| &token.token)
        .filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF | Token::SemiColon))
        .collect();
    let (first, rest) = words.split_first()?;
    match word(first)?.to_ascii_uppercase().as_str() {
        "SHOW" => Some(show(rest, database, tables)),
        "DESCRIBE" | "DESC" => Some(describe(rest, database, tables)),
        _ => None,
    }
}

fn show(words: &[&Token], database: &str, tables: &[Table]) -> Result<Answer, Error> {
    let kinds = ["CREATE", "COLUMNS", "DATABASES", "PARTITIONS", "SCHEMAS", "TABLES"];
    let (first, rest) = words.split_first().ok_or_else(|| unknown("<EOF>", &kinds))?;
    let kind = word(first).map(str::to_ascii_uppercase).unwrap_or_default();
    let of_tables = |statement, column: &str, lines: fn(&Table) -> Vec<String>| {
        let table = find(rest, database, tables)?;
        Ok(listed(statement, column, lines(table)))
    };
    match kind.as_str() {
        "TABLES" => {
            let (of, pattern) = in_and_like(rest);
            if let Some(other) = of.filter(|of| !of.eq_ignore_ascii_case(database)) {
                return Err(no_schema(&other));
            }
            let names = tables.iter().map(|table| table.name.clone());
            let names = names.filter(|name| matches(pattern.as_deref(), name)).collect();
            Ok(listed(Statement::ShowTables, "tab_name", names))
        }
        "DATABASES" | "SCHEMAS" => {
            let pattern = in_and_like(rest).1;
            let names = ["default", database].map(str::to_owned).into_iter();
            let names = names.filter(|name| matches(pattern.as_deref(), name)).collect();
            Ok(listed(Statement::ShowDatabases, "database_name", names))
        }
        "COLUMNS" => of_tables(Statement::ShowColumns, "field", |table| {
            table.columns.iter().map(|column| padded(&column.name)).collect()
        }),
        "PARTITIONS" => of_tables(Statement::ShowPartitions, "partition", partitions),
        "CREATE" => of_tables(Statement::ShowCreateTable, "createtab_stmt", ddl),
        other => Err(unknown(other, &kinds)),
    }
}

fn describe(words: &[&Token], database: &str, tables: &[Table]) -> Result<Answer, Error> {
    let table = find(words, database, tables)?;
    let line = |column: &Column| {
        format!("{}\t{}\t{}", padded(&column.name), padded(hive(&column.kind)), " ".repeat(20))
    };
    let mut lines: Vec<String> = table.columns.iter().map(line).collect();
    let partitions: Vec<&Column> = table.columns.iter().filter(|column| column.partition).collect();
    if !partitions.is_empty() {
        lines.push("\t \t ".to_owned());
        lines.push("# Partition Information\t \t ".to_owned());
        lines.push("# col_name            \tdata_type           \tcomment             ".to_owned());
        lines.push("\t \t ".to_owned());
        lines.extend(partitions.into_iter().map(line));
    }
    let rows = lines.into_iter().map(|line| vec![Some(line)]).collect();
    // Three columns are told, and each row is one line with tabs: so Athena passes on what Hive says.
    let columns = ["col_name", "data_type", "comment"].map(|name| Column::new(name, "string"));
    Ok(Answer { statement: Statement::Describe, columns: columns.into(), rows, read_bytes: 0 })
}

/// The table that a statement ends with, `d.t`, `t IN d`, `"t"`.
fn find<'t>(words: &[&Token], database: &str, tables: &'t [Table]) -> Result<&'t Table, Error> {
    let skipped = ["TABLE", "IN", "FROM", "EXTENDED", "FORMATTED"];
    let names: Vec<&str> = words.iter().filter_map(|token| word(token)).collect();
    let named = names.iter().filter(|name| !skipped.iter().any(|s| s.eq_ignore_ascii_case(name)));
    let named: Vec<&str> = named.copied().collect();
    let is = |table: &Table, name: &str| table.name.eq_ignore_ascii_case(name);
    let found = tables.iter().find(|table| named.iter().any(|name| is(table, name)));
    found.ok_or_else(|| {
        let name = named.last().copied().unwrap_or("<EOF>");
        let message = format!("Table '{database}.{name}' does not exist");
        Error::failed("TABLE_NOT_FOUND", message)
    })
}

fn partitions(table: &Table) -> Vec<String> {
    let keys: Vec<(usize, &str)> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.partition)
        .map(|(index, column)| (index, column.name.as_str()))
        .collect();
    let line = |row: &Vec<Option<String>>| {
        let value = |index: usize| row.get(index).cloned().flatten().unwrap_or_default();
        let pairs: Vec<_> =
            keys.iter().map(|(index, name)| format!("{name}={}", value(*index))).collect();
        pairs.join("/")
    };
    let mut lines: Vec<String> = table.rows.iter().map(line).collect();
    lines.sort();
    lines.dedup();
    lines
}

fn ddl(table: &Table) -> Vec<String> {
    let columns = |partition: bool| {
        let of = table.columns.iter().filter(move |column| column.partition == partition);
        let lines: Vec<_> = of.map(|c| format!("  `{}` {}", c.name, hive(&c.kind))).collect();
        lines.join(", \n")
    };
    let text = format!(
        "CREATE EXTERNAL TABLE `{}`(\n{})\nPARTITIONED BY ( \n{})\nROW FORMAT SERDE \n  'org.openx.data.jsonserde.JsonSerDe'",
        table.name,
        columns(false),
        columns(true)
    );
    text.lines().map(str::to_owned).collect()
}

/// Hive's name of a type.
fn hive(kind: &str) -> &str {
    if kind == "varchar" { "string" } else { kind }
}

fn padded(name: &str) -> String {
    format!("{name:<20}")
}

fn listed(statement: Statement, column: &str, lines: Vec<String>) -> Answer {
    let rows = lines.into_iter().map(|line| vec![Some(line)]).collect();
    Answer { statement, columns: vec![Column::new(column, "string")], rows, read_bytes: 0 }
}

/// `IN database` and the pattern, with or without LIKE.
fn in_and_like(words: &[&Token]) -> (Option<String>, Option<String>) {
    let mut of = None;
    let mut pattern = None;
    let mut rest = words.iter();
    while let Some(token) = rest.next() {
        match token {
            Token::SingleQuotedString(text) => pattern = Some(text.clone()),
            token => {
                let is = |known: &str| word(token).is_some_and(|w| w.eq_ignore_ascii_case(known));
                if is("IN") || is("FROM") {
                    of = rest.next().and_then(|token| word(token)).map(str::to_owned);
                }
            }
        }
    }
    (of, pattern)
}

/// Hive's patterns: `*` for anything, `|` between choices.
fn matches(pattern: Option<&str>, name: &str) -> bool {
    fn one(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*' | b'%', rest)) => {
                (0..=name.len()).any(|at| one(rest, name.get(at..).unwrap_or_default()))
            }
            Some((b, rest)) => name
                .split_first()
                .is_some_and(|(n, tail)| n.eq_ignore_ascii_case(b) && one(rest, tail)),
        }
    }
    let Some(pattern) = pattern else { return true };
    pattern.split('|').any(|pattern| one(pattern.trim_matches('\'').as_bytes(), name.as_bytes()))
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(&word.value),
        _ => None,
    }
}

fn unknown(found: &str, wanted: &[&str]) -> Error {
    let quoted: Vec<_> = wanted.iter().map(|word| format!("'{word}'")).collect();
    let message = format!("mismatched input '{found}'. Expecting: {}", quoted.join(", "));
    Error::Syntax { line: 1, column: 6, message }
}

fn no_schema(name: &str) -> Error {
    Error::failed("SCHEMA_NOT_FOUND", format!("Schema '{name}' does not exist"))
}
