//! Why a statement gives nothing, in Athena's words.

use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

/// Why a statement gives nothing. What it displays is what Athena says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is no statement of this dialect: Athena does not begin it.
    #[error("line {line}:{column}: {message}")]
    Syntax {
        /// From 1.
        line: u64,
        /// From 1.
        column: u64,
        /// What is wrong there.
        message: String,
    },
    /// It does more than read.
    #[error("Only statements that read are supported, and {what} does not")]
    Writes {
        /// Its first word.
        what: String,
    },
    /// It was begun and failed.
    #[error("{code}: {message}")]
    Failed {
        /// Trino's name of the error, such as `COLUMN_NOT_FOUND`.
        code: &'static str,
        /// With its place, where that is known.
        message: String,
    },
    /// The tables themselves are at fault.
    #[error("the tables cannot be read: {0}")]
    Tables(String),
}

impl Error {
    /// Whether Athena refuses it at once, and does not begin it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Syntax { .. } | Self::Writes { .. })
    }

    pub(crate) fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into() }
    }

    /// What the parser complains of, in `sql`.
    pub(crate) fn of_parser(error: &ParserError, sql: &str) -> Self {
        let text = match error {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => text.clone(),
            ParserError::RecursionLimitExceeded => "statement is too deep".to_owned(),
        };
        let (words, place) = match text.split_once(" at Line: ") {
            Some((words, place)) => (words.to_owned(), read_place(place)),
            None => (text, None),
        };
        let (line, column) = place.unwrap_or_else(|| end_of(sql));
        let message = match words.strip_prefix("Expected: ").and_then(|w| w.split_once(", found: "))
        {
            Some((wanted, found)) => {
                let found = if found == "EOF" { "<EOF>" } else { found };
                format!("mismatched input '{found}'. Expecting: {wanted}")
            }
            None => words,
        };
        Self::Syntax { line, column, message }
    }

    /// What the planner or a running plan complains of, in `sql`.
    pub(crate) fn of_plan(error: &DataFusionError, sql: &str, database: &str) -> Self {
        let root = error.find_root();
        if let DataFusionError::SchemaError(schema, _) = root {
            return match &**schema {
                SchemaError::FieldNotFound { field, .. } => {
                    let name = field.flat_name();
                    let message = format!(
                        "{}Column '{name}' cannot be resolved or requester is not authorized to access requested resources",
                        placed(sql, &field.name),
                    );
                    Self::failed("COLUMN_NOT_FOUND", message)
                }
                SchemaError::AmbiguousReference { field } => {
                    let message =
                        format!("{}Column '{}' is ambiguous", placed(sql, &field.name), field.name);
                    Self::failed("AMBIGUOUS_NAME", message)
                }
                _ => Self::failed("SYNTAX_ERROR", first_line(&schema.to_string())),
            };
        }
        let words = first_line(&root.strip_backtrace());
        if let Some(table) = between(&words, "table '", "' not found") {
            let name = table.rsplit('.').next().unwrap_or(table);
            let full = match table.matches('.').count() {
                2 => table.to_owned(),
                1 => format!("awsdatacatalog.{table}"),
                _ => format!("awsdatacatalog.{database}.{table}"),
            };
            let message = format!("{}Table '{full}' does not exist", placed(sql, name));
            return Self::failed("TABLE_NOT_FOUND", message);
        }
        if let Some(function) = between(&words, "Invalid function '", "'") {
            let message = format!("{}Function '{function}' not registered", placed(sql, function));
            return Self::failed("FUNCTION_NOT_FOUND", message);
        }
        let lower = words.to_lowercase();
        let code = if lower.contains("divide by zero") {
            return Self::failed("DIVISION_BY_ZERO", "Division by zero");
        } else if lower.contains("cannot cast") || lower.contains("cast error") {
            "INVALID_CAST_ARGUMENT"
        } else if lower.contains("coerce") || lower.contains("type") || lower.contains("signature")
        {
            "TYPE_MISMATCH"
        } else if lower.contains("not implemented") || lower.contains("not supported") {
            "NOT_SUPPORTED"
        } else {
            "GENERIC_USER_ERROR"
        };
        Self::failed(code, words)
    }
}

fn read_place(text: &str) -> Option<(u64, u64)> {
    let (line, column) = text.split_once(", Column: ")?;
    Some((line.trim().parse().ok()?, column.trim().parse().ok()?))
}

fn end_of(sql: &str) -> (u64, u64) {
    let line = sql.matches('\n').count() as u64 + 1;
    let last = sql.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count() as u64 + 1)
}

/// `line 1:8: ` where `name` is first written in `sql`; nothing where it is not.
fn placed(sql: &str, name: &str) -> String {
    let lower = sql.to_ascii_lowercase();
    let Some(at) = lower.find(&name.to_ascii_lowercase()) else { return String::new() };
    let before = lower.get(..at).unwrap_or_default();
    let (line, column) = end_of(before);
    format!("line {line}:{column}: ")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(500).collect()
}
