//! Why a query could not be answered.

/// Why a query could not be answered. The texts are those of Prometheus where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The query is not valid PromQL (`bad_data` in the HTTP API).
    #[error("{}{message}", place(*position))]
    Parse {
        /// What is wrong, without the place.
        message: String,
        /// Line and column, both from 1, where it is wrong; the column counts bytes, as in
        /// Prometheus.
        position: Option<(usize, usize)>,
    },
    /// The query is valid, but these samples do not allow it (`execution` in the HTTP API), such
    /// as a many-to-many match.
    #[error("{0}")]
    Execution(String),
    /// Valid PromQL that this evaluator does not implement.
    #[error("{0}")]
    Unsupported(String),
}

fn place(position: Option<(usize, usize)>) -> String {
    position.map_or_else(String::new, |(line, column)| format!("{line}:{column}: parse error: "))
}
