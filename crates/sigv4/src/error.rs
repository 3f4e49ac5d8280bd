//! Why a request is not signed.

use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;

/// Any error that is kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request is not signed. Cheap to clone: all who wait for credentials are told.
///
/// What the provider of the credentials says, with names of roles and accounts perhaps, is in the
/// sources only.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are no credentials, and another try gives the same.
    #[error("no AWS credentials could be loaded")]
    Credentials(#[source] Arc<CredentialsError>),
    /// There are none at the moment: another try may succeed.
    #[error("AWS credentials cannot be had at the moment")]
    Unavailable(#[source] Arc<CredentialsError>),
    /// Nothing that can be signed.
    #[error("the request could not be signed")]
    Unsignable(#[source] Arc<BoxError>),
}

impl Error {
    pub(crate) fn unsignable(err: impl Into<BoxError>) -> Self {
        Self::Unsignable(Arc::new(err.into()))
    }
}

impl From<CredentialsError> for Error {
    fn from(err: CredentialsError) -> Self {
        use CredentialsError::{ProviderError, ProviderTimedOut};
        match err {
            err @ (ProviderError(_) | ProviderTimedOut(_)) => Self::Unavailable(Arc::new(err)),
            err => Self::Credentials(Arc::new(err)),
        }
    }
}

/// For an SDK client, which asks a provider.
impl From<Error> for CredentialsError {
    fn from(err: Error) -> Self {
        match err {
            Error::Unavailable(_) => Self::provider_error(err),
            err => Self::invalid_configuration(err),
        }
    }
}
