//! What a statement is, and what it gives.

/// The rows of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub statement: Statement,
    /// What each row has.
    pub columns: Vec<Column>,
    /// The rows, printed; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// The size of the tables that were read, in bytes of the JSON that they would be.
    pub read_bytes: u64,
}

/// A column of a table or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as Athena names it: `varchar`, `bigint`, …
    pub kind: String,
    /// Whether a table is partitioned by it.
    pub partition: bool,
}

impl Column {
    /// One that is no partition.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), partition: false }
    }
}

/// A kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// `SELECT`, `WITH`, `VALUES`.
    Select,
    /// `EXPLAIN`.
    Explain,
    /// `SHOW TABLES`.
    ShowTables,
    /// `SHOW DATABASES`, `SHOW SCHEMAS`.
    ShowDatabases,
    /// `SHOW COLUMNS`.
    ShowColumns,
    /// `SHOW PARTITIONS`.
    ShowPartitions,
    /// `SHOW CREATE TABLE`.
    ShowCreateTable,
    /// `DESCRIBE`.
    Describe,
}

impl Statement {
    /// Athena's `StatementType`: `DML` or `UTILITY`.
    /// See <https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecution.html>.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Select => "DML",
            _ => "UTILITY",
        }
    }

    /// Athena's `SubstatementType`.
    #[must_use]
    pub fn sub(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Explain => "EXPLAIN",
            Self::ShowTables => "SHOW_TABLES",
            Self::ShowDatabases => "SHOW_DATABASES",
            Self::ShowColumns => "SHOW_COLUMNS",
            Self::ShowPartitions => "SHOW_PARTITIONS",
            Self::ShowCreateTable => "SHOW_CREATE_TABLE",
            Self::Describe => "DESCRIBE_TABLE",
        }
    }
}
