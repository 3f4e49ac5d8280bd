//! Why it cannot be told.

/// Any error that is kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why it cannot be told whether a grant holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are no credentials to ask with.
    #[error("there are no credentials to ask DynamoDB with")]
    Unsigned(#[source] sigv4::Error),
    /// DynamoDB refuses; asking again gives the same. `dynamodb:BatchGetItem` on both tables is
    /// needed.
    #[error("DynamoDB refuses dynamodb:BatchGetItem: {code}: {message}")]
    Rejected {
        /// The name of the exception.
        code: String,
        /// AWS' own words.
        message: String,
    },
    /// DynamoDB fails, throttles or cannot be reached: asking later may work.
    #[error("DynamoDB is unavailable: {message}")]
    Unavailable {
        /// AWS' own words, or what could not be done.
        message: String,
        /// The network's failure, if it was one.
        #[source]
        source: Option<BoxError>,
    },
    /// Not what DynamoDB says, or a record that this version does not write.
    #[error("unexpected reply of DynamoDB: {0}")]
    UnexpectedReply(String),
}

impl Error {
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), source: None }
    }
}
