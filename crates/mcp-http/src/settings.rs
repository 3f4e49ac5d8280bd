//! What a host decides, once for the service and once for each request.

use std::time::{Duration, Instant};

use crate::origin::Origins;

/// How the service behaves. The defaults suit a buffered host that only local pages may call.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which web pages may call.
    pub origins: Origins,
    /// The longest body that is read, in bytes; 1 MiB by default.
    pub body_limit: usize,
    /// Whether the host sends a body while it is written. If not, a reply with notifications is
    /// sent whole when the call is over.
    pub streaming: bool,
    /// How long a stream may be silent before it is kept alive by a comment, and how long a call
    /// may be silent before its reply becomes a stream; 15 seconds by default.
    pub keep_alive: Duration,
    /// How long a call may take when the host gives no [`Deadline`]; for ever by default.
    pub timeout: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            origins: Origins::default(),
            body_limit: 1 << 20,
            streaming: false,
            keep_alive: Duration::from_secs(15),
            timeout: None,
        }
    }
}

/// A request extension: when the reply must be ready. A call that is not done by then is cancelled
/// and answered with an error that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

/// A request extension: the host's own name for the request, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRequestId(pub String);
