//! The names that an issuer has no key for.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use super::cache::within;

/// How many are remembered.
const CAPACITY: usize = 256;
/// How long one is.
const HOLD: Duration = Duration::from_secs(5 * 60);

/// Names that were asked for in vain, the least recently used first: their number is bounded, and a
/// flood of others forgets them before those that come again and again.
#[derive(Debug, Default)]
pub(super) struct Absent(VecDeque<(Box<str>, SystemTime)>);

impl Absent {
    /// Whether `kid` was asked for in vain, not too long ago.
    pub(super) fn has(&mut self, kid: &str, now: SystemTime) -> bool {
        let Some(found) = self.take(kid) else { return false };
        let holds = within(found.1, now, HOLD);
        if holds {
            self.0.push_back(found);
        }
        holds
    }

    /// Remembers that `kid` was asked for in vain.
    pub(super) fn note(&mut self, kid: &str, now: SystemTime) {
        self.take(kid);
        if self.0.len() == CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back((kid.into(), now));
    }

    fn take(&mut self, kid: &str) -> Option<(Box<str>, SystemTime)> {
        let at = self.0.iter().position(|(absent, _)| **absent == *kid)?;
        self.0.remove(at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_name_is_remembered_for_five_minutes_from_when_it_was_noted() {
        let mut absent = Absent::default();
        absent.note("k", UNIX_EPOCH);
        for (seconds, expected) in [(0, true), (299, true), (300, false), (0, false)] {
            let now = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(absent.has("k", now), expected, "{seconds}");
        }
    }

    #[test]
    fn what_comes_again_outlives_a_flood() {
        let mut absent = Absent::default();
        absent.note("again", UNIX_EPOCH);
        absent.note("once", UNIX_EPOCH);
        for n in 0..1000 {
            absent.note(&format!("flood-{n}"), UNIX_EPOCH);
            assert!(absent.has("again", UNIX_EPOCH));
        }
        assert!(!absent.has("once", UNIX_EPOCH));
        assert_eq!(absent.0.len(), CAPACITY);
    }
}
