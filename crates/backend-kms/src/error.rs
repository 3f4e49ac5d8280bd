//! Why a key does not sign.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use oauth::SigningError;

use crate::{KeyId, MAX_MESSAGE};

/// Any error that is kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a key does not sign. Who asks for a token sees it as the source of a [`SigningError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not what KMS calls a key.
    #[error(
        "{given:?} is no key of KMS: one is 1234abcd-12ab-34cd-56ef-1234567890ab, alias/NAME or the \
         ARN of either"
    )]
    InvalidKeyId {
        /// What was given.
        given: String,
    },
    /// The policy of the key, or that of who asks, must allow the action.
    #[error("{action} on {key} is needed")]
    Denied {
        /// The IAM action.
        action: &'static str,
        /// The key.
        key: KeyId,
        /// AWS' own words.
        #[source]
        source: BoxError,
    },
    /// The key is not there, disabled, or about to be deleted. Asking again gives the same.
    #[error("{key} cannot be used")]
    Unusable {
        /// The key.
        key: KeyId,
        /// AWS' own words.
        #[source]
        source: BoxError,
    },
    /// The key is for something else, or signs what is not RS256 or ES256.
    #[error(
        "{key} signs no tokens: it is {spec} for {usage}, not RSA or ECC_NIST_P256 for SIGN_VERIFY"
    )]
    WrongKind {
        /// The key.
        key: KeyId,
        /// What KMS calls its kind, such as `ECC_NIST_P384`.
        spec: String,
        /// What it is for, such as `ENCRYPT_DECRYPT`.
        usage: String,
    },
    /// Longer than what KMS signs as it is.
    #[error("a token with {bytes} bytes to sign is too long: KMS takes {MAX_MESSAGE}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// KMS throttles, fails or does not answer: another try may succeed.
    #[error("KMS does not do {action} on {key}")]
    Unavailable {
        /// The IAM action.
        action: &'static str,
        /// The key.
        key: KeyId,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// Not what KMS says.
    #[error("unexpected reply of KMS on {key}: {what}")]
    UnexpectedReply {
        /// The key.
        key: KeyId,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Error {
    /// What `err` means for who asked for `action`.
    pub(crate) fn of<E>(action: &'static str, key: &KeyId, err: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let key = key.clone();
        match err.code().map(|code| code.trim_end_matches("Exception")) {
            Some("AccessDenied") => Self::Denied { action, key, source: err.into() },
            Some(
                "Disabled"
                | "InvalidArn"
                | "InvalidKeyUsage"
                | "KMSInvalidState"
                | "NotFound"
                | "UnsupportedOperation"
                | "Validation",
            ) => Self::Unusable { key, source: err.into() },
            _ => Self::Unavailable { action, key, source: err.into() },
        }
    }
}

impl From<Error> for SigningError {
    fn from(err: Error) -> Self {
        Self::because(err)
    }
}
