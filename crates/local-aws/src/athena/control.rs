//! What a test makes the service do, and what it learns of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::json_service::Exception;

/// Has Athena be slow, refuse, or stop what reads too much; and counts what it was asked.
#[derive(Debug, Default)]
pub struct Control {
    requests: AtomicU64,
    starts: AtomicU64,
    stops: AtomicU64,
    slow_ms: AtomicU64,
    throttles: AtomicU64,
    denials: AtomicU64,
    /// 0 for none.
    cutoff: AtomicU64,
}

impl Control {
    /// From now on each query takes this long.
    pub fn slow_queries(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.slow_ms.store(millis, Ordering::Relaxed);
    }

    /// The next so many queries are not begun, as if there were too many.
    pub fn throttle(&self, times: u64) {
        self.throttles.store(times, Ordering::Relaxed);
    }

    /// The next so many queries are not begun, as if the role lacked the permission.
    pub fn deny(&self, times: u64) {
        self.denials.store(times, Ordering::Relaxed);
    }

    /// The work group stops queries that read more than so many bytes.
    pub fn stop_above(&self, bytes: u64) {
        self.cutoff.store(bytes, Ordering::Relaxed);
    }

    /// Requests that were signed, of any operation.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Queries that were begun.
    pub fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Queries that were stopped while they ran.
    pub fn stops(&self) -> u64 {
        self.stops.load(Ordering::Relaxed)
    }

    pub(super) fn asked(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn started(&self) {
        self.starts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stopped(&self) {
        self.stops.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn slowness(&self) -> Duration {
        Duration::from_millis(self.slow_ms.load(Ordering::Relaxed))
    }

    pub(super) fn cutoff(&self) -> Option<u64> {
        Some(self.cutoff.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    pub(super) fn refuse_start(&self) -> Result<(), Exception> {
        if take(&self.throttles) {
            let text = "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account.";
            return Err(Exception::new("TooManyRequestsException", text));
        }
        if take(&self.denials) {
            let text = "User: arn:aws:iam::000000000000:user/local is not authorized to perform: athena:StartQueryExecution on resource: arn:aws:athena:us-east-1:000000000000:workgroup/CaseInsights-local because no identity-based policy allows the athena:StartQueryExecution action";
            return Err(Exception::new("AccessDeniedException", text));
        }
        Ok(())
    }
}

/// Whether one of so many was left.
fn take(left: &AtomicU64) -> bool {
    let less = |left: u64| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}
