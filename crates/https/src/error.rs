//! Why there is no answer.

/// Any error that is kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing that is said of the request: another try may succeed.
    #[error("{what}")]
    Unreachable {
        /// What could not be done.
        what: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The answer is bigger than allowed.
    #[error("the answer is bigger than {limit} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
}

impl Error {
    pub(crate) fn unreachable(what: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Unreachable { what, source: source.into() }
    }
}
