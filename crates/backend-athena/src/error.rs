//! What can go wrong, told apart by what the caller can do about it.

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Athena does not take the query: it, or a setting, must be changed.
    #[error("the query was refused: {message}")]
    Rejected {
        /// Athena's own words.
        message: String,
    },
    /// The query ran and failed.
    #[error("the query failed: {reason}")]
    Failed {
        /// Athena's own words.
        reason: String,
        /// Whether the same query may succeed later.
        retryable: bool,
    },
    /// The query was stopped, by whom ever.
    #[error("the query was cancelled: {reason}")]
    Cancelled {
        /// Athena's own words.
        reason: String,
    },
    /// It read, or would read, more than it may.
    #[error("the query reads {bytes} bytes, and may read {limit}")]
    TooExpensive {
        /// What it has read, or what there is to read.
        bytes: u64,
        /// What it may read.
        limit: u64,
    },
    /// The role may not do it.
    #[error("access denied, {action} is needed: {message}")]
    Denied {
        /// The IAM action, with where it is needed when that is known:
        /// `s3:GetObject on the results bucket`.
        action: String,
        /// AWS' own words; they name roles and accounts.
        message: String,
    },
    /// There is no such query or table.
    #[error("{what} does not exist")]
    NotFound {
        /// What was asked for, as a phrase.
        what: String,
    },
    /// AWS did not answer, or not as it does.
    #[error(transparent)]
    Service(#[from] aws_json::Error),
}

impl Error {
    /// Whether the same call may succeed a little later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Failed { retryable, .. } => *retryable,
            Self::Service(err) => err.is_retryable(),
            _ => false,
        }
    }

    /// A word for logs and metrics, without anything of the request.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "rejected",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::TooExpensive { .. } => "too_expensive",
            Self::Denied { .. } => "denied",
            Self::NotFound { .. } => "not_found",
            Self::Service(err) => err.kind(),
        }
    }

    /// What an operation that needs `action` means by its refusal.
    pub(crate) fn of_operation(err: aws_json::Error, action: &str) -> Self {
        use aws_json::Error as Aws;
        match err {
            Aws::Denied { message } => Self::denied(message, action),
            // Athena passes on as a bad request what others refused to it.
            Aws::Refused { message, .. } if is_denial(&message) => Self::denied(message, action),
            Aws::Refused { code, message } => match code.as_str() {
                "EntityNotFoundException" | "ResourceNotFoundException" => {
                    Self::NotFound { what: message }
                }
                _ => Self::Rejected { message },
            },
            other => Self::Service(other),
        }
    }

    /// What a query that failed for `reason` means.
    pub(crate) fn of_failure(reason: String, retryable: bool) -> Self {
        if is_denial(&reason) {
            return Self::denied(reason, "s3:GetObject on the bucket of the data");
        }
        Self::Failed { reason, retryable }
    }

    fn denied(message: String, action: &str) -> Self {
        Self::Denied {
            action: missing_action(&message).unwrap_or_else(|| action.to_owned()),
            message,
        }
    }
}

/// Whether somebody was forbidden something.
fn is_denial(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    // It says the same of a column or a table that is not there: "… cannot be resolved or requester
    // is not authorized to access requested resources".
    if words.contains("cannot be resolved") || words.contains("not_found:") {
        return false;
    }
    [
        "access denied",
        "accessdenied",
        "not authorized",
        "permission denied",
        "insufficient permission",
    ]
    .iter()
    .any(|phrase| words.contains(phrase))
}

/// The action that AWS' words name, or that they can only mean.
fn missing_action(words: &str) -> Option<String> {
    let named = |phrase: &str| {
        let (_, rest) = words.split_once(phrase)?;
        let action = rest.split([' ', ',', '\n']).next()?.trim_end_matches(['.', ';']);
        action.contains(':').then(|| action.to_owned())
    };
    let meant = |phrases: &[&str], action: &str| {
        let lower = words.to_ascii_lowercase();
        phrases.iter().all(|phrase| lower.contains(phrase)).then(|| action.to_owned())
    };
    named("not authorized to perform: ")
        .or_else(|| named("Required "))
        .or_else(|| meant(&["when writing output"], "s3:PutObject on the results bucket"))
        .or_else(|| meant(&["output bucket"], "s3:GetBucketLocation on the results bucket"))
        .or_else(|| {
            meant(&["permission denied on s3 path"], "s3:GetObject on the bucket of the data")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_that_is_missing_is_named() {
        for (words, action) in [
            (
                "User: arn:aws:sts::1:assumed-role/r is not authorized to perform: glue:GetTable on resource: arn:aws:glue:x",
                "glue:GetTable",
            ),
            (
                "Insufficient permissions to execute the query. User: x is not authorized to perform: glue:GetPartitions",
                "glue:GetPartitions",
            ),
            (
                "Access denied when writing output to url: s3://b/x.csv",
                "s3:PutObject on the results bucket",
            ),
            (
                "Unable to verify/create output bucket b: Access Denied",
                "s3:GetBucketLocation on the results bucket",
            ),
            (
                "PERMISSION_DENIED: Permission denied on S3 path: s3://b/x",
                "s3:GetObject on the bucket of the data",
            ),
            (
                "com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied",
                "s3:GetObject on the bucket of the data",
            ),
        ] {
            let Error::Denied { action: told, .. } = Error::of_failure(words.to_owned(), false)
            else {
                panic!("{words}");
            };
            assert_eq!(told, action, "{words}");
        }
        for words in [
            "SYNTAX_ERROR: line 1:8: Column 'a' cannot be resolved",
            "COLUMN_NOT_FOUND: line 1:8: Column 'a' cannot be resolved or requester is not authorized to access requested resources",
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.d.t' does not exist",
        ] {
            assert_eq!(Error::of_failure(words.into(), false).kind(), "failed", "{words}");
        }
    }
}
