//! Why a resource or a prompt gave nothing.

use crate::input::Interrupt;
use crate::tool::BoxError;

/// Why a resource could not be read or a prompt not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// What was asked for makes no sense; the text goes to the caller.
    #[error("{0}")]
    Invalid(String),
    /// It does not end here; see [`Interrupt`].
    #[error("interrupted")]
    Interrupted(Interrupt),
    /// A fault of the server. The cause goes to the log; the caller learns only that.
    #[error("the handler failed")]
    Internal(#[source] BoxError),
}

impl HandlerError {
    /// A fault of the server.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<Interrupt> for HandlerError {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupted(interrupt)
    }
}
