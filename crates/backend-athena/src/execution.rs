//! A query as Athena has it.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// The name that Athena gave a query: letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExecutionId(String);

/// The text is not the name of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a query execution")]
pub struct NotAnExecutionId;

impl ExecutionId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExecutionId {
    type Err = NotAnExecutionId;

    fn from_str(text: &str) -> Result<Self, NotAnExecutionId> {
        let legal = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if legal { Ok(Self(text.to_owned())) } else { Err(NotAnExecutionId) }
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of statement a query is, which decides how its result looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// `SELECT` and its like: the first row of the result are the names of the columns.
    Dml,
    /// `EXPLAIN`, whose result has such a row too.
    Explain,
    /// `SHOW`, `DESCRIBE` and all that is not a query: no such row, and no price.
    Other,
}

/// How far a query has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits for its turn.
    Queued,
    /// It runs.
    Running,
    /// Its result can be read.
    Succeeded,
    /// It failed.
    Failed {
        /// Athena's own words.
        reason: String,
        /// Whether the same query may succeed later.
        retryable: bool,
    },
    /// It was stopped.
    Cancelled {
        /// Athena's own words.
        reason: String,
    },
}

impl State {
    /// Athena's word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed { .. } => "FAILED",
            Self::Cancelled { .. } => "CANCELLED",
        }
    }
}

/// A query as it stands.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Its name.
    pub id: ExecutionId,
    /// What runs.
    pub sql: String,
    /// What is bound to its parameters.
    pub parameters: Vec<String>,
    /// What kind of statement it is.
    pub statement: Statement,
    /// How far it has come.
    pub state: State,
    /// When Athena was given it.
    pub submitted_at: Option<SystemTime>,
    /// When it ended.
    pub completed_at: Option<SystemTime>,
    /// How long it has waited for its turn.
    pub queued: Duration,
    /// How long it has taken in all, as Athena counts.
    pub elapsed: Duration,
    /// What it has read, in bytes.
    pub scanned_bytes: u64,
    /// Whether its result is that of an earlier query.
    pub reused: bool,
    /// Where its result is.
    pub output: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_nothing_that_could_be_anything_else() {
        for (text, legal) in [
            ("a7b1c2d3-0000-4000-8000-000000000001", true),
            ("", false),
            ("a/b", false),
            ("a b", false),
            ("a\n", false),
            ("ä", false),
        ] {
            assert_eq!(text.parse::<ExecutionId>().is_ok(), legal, "{text:?}");
        }
        assert!("a".repeat(129).parse::<ExecutionId>().is_err());
    }
}
