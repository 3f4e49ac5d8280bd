//! Why something could not be kept or found.

use oauth::StoreError;
use service_kit::random::RandomError;

/// Why something could not be kept or found. The store's callers see it as the source of a
/// [`StoreError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// DynamoDB refuses, throttles or does not answer: another try may succeed.
    #[error("DynamoDB does not do {operation}")]
    Unavailable {
        /// Which operation of the store.
        operation: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item is not what this version writes.
    #[error("an item {kind} has no good {attribute}")]
    Malformed {
        /// What its key begins with.
        kind: &'static str,
        /// The attribute that is missing or malformed.
        attribute: &'static str,
    },
    /// A random id or hash is there already.
    #[error("{0} is there already")]
    Taken(&'static str),
    /// There is no randomness for request tokens.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl Error {
    pub(crate) fn unavailable(
        operation: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Unavailable { operation, source: source.into() }
    }
}

impl From<Error> for StoreError {
    fn from(err: Error) -> Self {
        Self(err.into())
    }
}
