//! Moments, to the second, as stores keep them.

use std::time::{Duration, SystemTime};

use service_kit::clock::unix_ms;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// The second that `time` is in.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        Self(unix_ms(time).div_euclid(1000))
    }

    /// So much later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX)))
    }

    /// Whether the moment has come, when it is `now`.
    #[must_use]
    pub fn has_come(self, now: Self) -> bool {
        self <= now
    }
}
