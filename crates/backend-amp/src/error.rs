//! What can go wrong, told apart by what the caller can do about it.

use std::time::Duration;

use crate::{Region, Workspace, WorkspaceId, WorkspaceStatus};

/// Any error that is kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a workspace id: nothing was called.
    #[error("{given:?} is not a workspace id: it looks like ws-0123abcd-…")]
    InvalidWorkspaceId {
        /// What was given.
        given: String,
    },
    /// Not an AWS region: nothing was called.
    #[error("{given:?} is not an AWS region: it looks like us-east-1")]
    InvalidRegion {
        /// What was given.
        given: String,
    },
    /// Not the address of a Prometheus server.
    #[error("{given:?} is not the address of a Prometheus server: {reason}")]
    InvalidUrl {
        /// What was given.
        given: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a label name: nothing was called.
    #[error("{given:?} is not a label name")]
    InvalidLabelName {
        /// What was given.
        given: String,
    },
    /// AWS is needed, but this server was given no AWS credentials.
    #[error("{wanted} needs AWS, and no AWS credentials are configured")]
    NoAws {
        /// What was asked for, as a phrase: `workspace ws-1`.
        wanted: String,
    },
    /// No region was given, configured, or named by the configured URL.
    #[error("no AWS region is given or configured")]
    NoRegion,
    /// The caller belongs to no tenant, and only tenants may ask.
    #[error("this server is for the callers of tenants, and this caller belongs to none")]
    NoTenant,
    /// Nothing is configured for the caller's tenant.
    #[error("no workspace is configured for the tenant of this caller")]
    TenantUnknown,
    /// The caller's tenant may not ask it, whether there is such a thing or not: nothing was called.
    #[error("{asked} is not open to the tenant of this caller")]
    NotOpen {
        /// What was asked for, as a phrase: `workspace ws-1`, `region us-east-1`.
        asked: String,
    },
    /// The region has no workspace at all.
    #[error("there are no workspaces in {region}")]
    NoWorkspaces {
        /// Where none was found.
        region: Region,
    },
    /// No workspace was named, and there is not exactly one that is active: the user chooses.
    #[error("no workspace was chosen, and {region} has {}", listed(choices))]
    WorkspaceUnknown {
        /// Where they are.
        region: Region,
        /// All workspaces of the region, in the API's order; their URLs are not looked up.
        choices: Vec<Workspace>,
    },
    /// There is no such workspace.
    #[error("there is no workspace {workspace} in {region}")]
    WorkspaceNotFound {
        /// The one that was asked for.
        workspace: WorkspaceId,
        /// Where it was looked for.
        region: Region,
    },
    /// The workspace exists, but cannot be queried.
    #[error("workspace {workspace} cannot be queried: it is {status}")]
    WorkspaceNotReady {
        /// The one that was asked for.
        workspace: WorkspaceId,
        /// What it is doing.
        status: WorkspaceStatus,
    },
    /// The request was understood and refused: the caller's to mend. Retrying gives the same.
    #[error("{error_type}: {message}")]
    Rejected {
        /// Prometheus' `errorType` (`bad_data`, `execution`, `timeout`, `canceled`, `not_found`),
        /// or the name of an AWS exception (`ValidationException`).
        error_type: String,
        /// The server's own words.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// Too many requests, after the retries that fit. Trying again later may work.
    #[error("throttled: {message}")]
    Throttled {
        /// The server's own words.
        message: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The server failed or cannot be reached, after the retries that fit.
    #[error("the metrics server is unavailable: {message}")]
    Unavailable {
        /// The server's own words, or what could not be done.
        message: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// The network's failure, if it was one.
        #[source]
        source: Option<BoxError>,
    },
    /// The deadline came first.
    #[error("no answer within {} ms", after.as_millis())]
    Timeout {
        /// How long the call was allowed to take.
        after: Duration,
    },
    /// AWS does not allow it: the role needs `action`.
    #[error("access denied, {action} is needed: {message}")]
    Denied {
        /// The IAM action, as in `aps:QueryMetrics`.
        action: &'static str,
        /// AWS' own words.
        message: String,
    },
    /// A server that is not AWS wants a login or forbids the request.
    #[error("the metrics server refuses access: {message}")]
    Unauthorized {
        /// The server's own words.
        message: String,
    },
    /// There are no usable AWS credentials, or AWS does not accept them.
    #[error("no usable AWS credentials: {message}")]
    Credentials {
        /// What is wrong with them, without a name of a role or an account.
        message: String,
        /// The provider's failure, if it was one.
        #[source]
        source: Option<BoxError>,
    },
    /// The answer is bigger than allowed: ask for less.
    #[error("the answer is bigger than {limit} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// Not what a Prometheus server says.
    #[error("unexpected reply: {message}")]
    UnexpectedReply {
        /// What came instead.
        message: String,
        /// The parser's complaint, if it was one.
        #[source]
        source: Option<BoxError>,
    },
}

impl Error {
    /// Whether the same call may succeed a little later, unchanged.
    pub fn is_retryable(&self) -> bool {
        self.is_transient() || matches!(self, Self::Timeout { .. })
    }

    /// Whether this crate itself tries again.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. })
    }

    /// How long the server asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// A word for logs and metrics, without anything of the request.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidWorkspaceId { .. } => "invalid_workspace_id",
            Self::InvalidRegion { .. } => "invalid_region",
            Self::InvalidUrl { .. } => "invalid_url",
            Self::InvalidLabelName { .. } => "invalid_label_name",
            Self::NoAws { .. } => "no_aws",
            Self::NoRegion => "no_region",
            Self::NoTenant => "no_tenant",
            Self::TenantUnknown => "tenant_unknown",
            Self::NotOpen { .. } => "not_open",
            Self::NoWorkspaces { .. } => "no_workspaces",
            Self::WorkspaceUnknown { .. } => "workspace_unknown",
            Self::WorkspaceNotFound { .. } => "workspace_not_found",
            Self::WorkspaceNotReady { .. } => "workspace_not_ready",
            Self::Rejected { .. } => "rejected",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable { .. } => "unavailable",
            Self::Timeout { .. } => "timeout",
            Self::Denied { .. } => "denied",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Credentials { .. } => "credentials",
            Self::TooLarge { .. } => "too_large",
            Self::UnexpectedReply { .. } => "unexpected_reply",
        }
    }

    /// The error for the log with its causes, unless its text repeats what was asked.
    pub(crate) fn for_log(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable { .. }
            | Self::Credentials { .. }
            | Self::Denied { .. }
            | Self::UnexpectedReply { .. } => Some(self),
            _ => None,
        }
    }

    pub(crate) fn unreachable(message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Unavailable {
            message: message.into(),
            retry_after: None,
            source: Some(source.into()),
        }
    }

    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::UnexpectedReply { message: message.into(), source: None }
    }
}

impl From<https::Error> for Error {
    fn from(err: https::Error) -> Self {
        match err {
            https::Error::TooLarge { limit } => Self::TooLarge { limit },
            https::Error::Unreachable { what, source } => Self::unreachable(what, source),
            other => Self::unreachable("no answer", other),
        }
    }
}

/// The words of whoever gives out credentials name roles and accounts: they stay in the source, for
/// the log.
impl From<sigv4::Error> for Error {
    fn from(err: sigv4::Error) -> Self {
        let message = match err {
            sigv4::Error::Unavailable(_) => {
                return Self::unreachable("AWS credentials cannot be had at the moment", err);
            }
            sigv4::Error::Unsignable(_) => "the request could not be signed",
            _ => "none could be loaded",
        };
        Self::Credentials { message: message.to_owned(), source: Some(err.into()) }
    }
}

fn listed(workspaces: &[Workspace]) -> String {
    let names: Vec<String> = workspaces.iter().map(ToString::to_string).collect();
    names.join(", ")
}
