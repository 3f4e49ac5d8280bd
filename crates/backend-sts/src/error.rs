//! Why there are no credentials.

use aws_credential_types::provider::error::CredentialsError;

use crate::RoleArn;

/// Any error that is kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not the ARN of a role.
    #[error(
        "{given:?} is not the ARN of a role: it looks like arn:aws:iam::123456789012:role/NAME"
    )]
    InvalidRoleArn {
        /// What was given.
        given: String,
    },
    /// The role may not be assumed: its trust policy and the policy of who asks must allow it.
    #[error("sts:AssumeRole and sts:TagSession on {role} are needed: {message}")]
    Denied {
        /// The role.
        role: RoleArn,
        /// AWS' own words.
        message: String,
    },
    /// STS understood the request and refused it. Asking again gives the same.
    #[error("{role} cannot be assumed: {code}: {message}")]
    Rejected {
        /// The role.
        role: RoleArn,
        /// The name of the exception.
        code: String,
        /// AWS' own words.
        message: String,
    },
    /// There are no credentials to ask with.
    #[error("no credentials to assume {role} with")]
    Unsigned {
        /// The role.
        role: RoleArn,
        /// Why there are none.
        #[source]
        source: sigv4::Error,
    },
    /// STS failed or cannot be reached: asking later may work.
    #[error("STS is unavailable: {message}")]
    Unavailable {
        /// AWS' own words, or what could not be done.
        message: String,
        /// The network's failure, if it was one.
        #[source]
        source: Option<BoxError>,
    },
    /// Not what STS says.
    #[error("unexpected reply of STS: {0}")]
    UnexpectedReply(&'static str),
}

impl Error {
    /// A word for logs, without anything of the request.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidRoleArn { .. } => "invalid_role_arn",
            Self::Denied { .. } => "denied",
            Self::Rejected { .. } => "rejected",
            Self::Unsigned { .. } => "unsigned",
            Self::Unavailable { .. } => "unavailable",
            Self::UnexpectedReply(_) => "unexpected_reply",
        }
    }
}

impl From<Error> for CredentialsError {
    fn from(err: Error) -> Self {
        match err {
            Error::Unavailable { .. }
            | Error::Unsigned { source: sigv4::Error::Unavailable(_), .. } => {
                Self::provider_error(err)
            }
            Error::UnexpectedReply(_) => Self::unhandled(err),
            err => Self::invalid_configuration(err),
        }
    }
}
