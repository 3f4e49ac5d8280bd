//! The decision of a REQUEST authorizer of API Gateway.

use crate::verifier::Verifier;

/// Why there is no decision. The text is what API Gateway acts on: exactly `Unauthorized` is a 401,
/// anything else a 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizerError {
    /// There is no valid token.
    #[error("Unauthorized")]
    Unauthorized,
    /// It cannot be told now.
    #[error("tokens cannot be verified now")]
    Unavailable,
}

/// Decides for API Gateway who may pass. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authorizer {
    tokens: Verifier,
}

impl Authorizer {
    /// Decides with the tokens that `tokens` accepts.
    #[must_use]
    pub const fn new(tokens: Verifier) -> Self {
        Self { tokens }
    }

    /// The answer to `event`, a REQUEST event of a REST or an HTTP API, as JSON.
    ///
    /// # Errors
    /// When the answer is an error.
    pub async fn decide(&self, event: &[u8]) -> Result<Vec<u8>, AuthorizerError> {
        let _ = (&self.tokens, event);
        Err(AuthorizerError::Unauthorized)
    }
}
