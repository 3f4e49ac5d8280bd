//! Why a statement does not run.

use std::fmt;

use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Location, TokenWithSpan, TokenizerError};

/// Why a statement does not run, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// What is wrong, and what to do instead.
    pub reason: String,
    /// Line and column, both from 1.
    pub place: Option<(u64, u64)>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match self.place {
            Some((line, column)) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

impl Refusal {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: None }
    }

    pub(super) fn at(token: &TokenWithSpan, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: place(token.span.start) }
    }

    /// A statement of a kind that does not run.
    pub(super) fn statement(kind: &str, first: &TokenWithSpan) -> Self {
        let kind: String = kind.chars().take(40).collect();
        Self::at(
            first,
            format!(
                "{kind} is refused: only SELECT, WITH, VALUES, SHOW, DESCRIBE and EXPLAIN SELECT run here"
            ),
        )
    }
}

pub(super) fn place(at: Location) -> Option<(u64, u64)> {
    (at.line > 0).then_some((at.line, at.column))
}

impl From<TokenizerError> for Refusal {
    fn from(err: TokenizerError) -> Self {
        Self { reason: err.message, place: place(err.location) }
    }
}

/// The parser writes the place behind its words.
impl From<ParserError> for Refusal {
    fn from(err: ParserError) -> Self {
        let said = match err {
            ParserError::TokenizerError(said) | ParserError::ParserError(said) => said,
            ParserError::RecursionLimitExceeded => {
                return Self::new("it is nested too deeply: write it flatter");
            }
        };
        let number = |text: &str| text.trim().parse().ok();
        let told = said.rsplit_once(" at Line: ").and_then(|(words, place)| {
            let (line, column) = place.split_once(", Column: ")?;
            Some((words.to_owned(), Some((number(line)?, number(column)?))))
        });
        let (words, place) = told.unwrap_or((said, None));
        Self { reason: format!("it does not parse: {words}"), place }
    }
}
