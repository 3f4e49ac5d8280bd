//! The time, as something a caller passes in.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where a service takes the time from.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> SystemTime;

    /// The present moment in milliseconds since 1970-01-01T00:00:00Z; negative before.
    fn unix_ms(&self) -> i64 {
        unix_ms(self.now())
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until it is moved by hand.
#[derive(Debug, Default)]
pub struct ManualClock {
    unix_ms: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `unix_ms` (milliseconds since the Unix epoch).
    pub fn new(unix_ms: i64) -> Self {
        Self { unix_ms: AtomicI64::new(unix_ms) }
    }

    /// Moves the clock to `unix_ms`.
    pub fn set(&self, unix_ms: i64) {
        self.unix_ms.store(unix_ms, Ordering::Relaxed);
    }

    /// Moves the clock forward; parts of a millisecond are dropped.
    pub fn advance(&self, by: Duration) {
        self.unix_ms.fetch_add(whole_ms(by), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        from_unix_ms(self.unix_ms.load(Ordering::Relaxed))
    }
}

/// `time` in milliseconds since the Unix epoch, rounded toward the epoch.
pub fn unix_ms(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => whole_ms(after),
        Err(before) => -whole_ms(before.duration()),
    }
}

/// The moment `unix_ms` milliseconds after the Unix epoch.
pub fn from_unix_ms(unix_ms: i64) -> SystemTime {
    let distance = Duration::from_millis(unix_ms.unsigned_abs());
    if unix_ms < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let clock = ManualClock::new(1_000);
        assert_eq!(clock.unix_ms(), 1_000);
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(500));
        assert_eq!(clock.unix_ms(), 1_500);
        clock.set(-7);
        assert_eq!(clock.unix_ms(), -7);
    }

    #[test]
    fn milliseconds_survive_the_way_through_system_time() {
        for ms in [0, 1, -1, 1_700_000_000_123, -62_135_596_800_000] {
            assert_eq!(unix_ms(from_unix_ms(ms)), ms);
        }
    }

    #[test]
    fn the_system_clock_is_after_this_line_was_written() {
        assert!(SystemClock.unix_ms() > 1_750_000_000_000);
    }
}
