//! Sliding windows over the samples of one series.

use crate::{Sample, Windows};

impl Windows {
    /// Windows of `range_ms` over `samples`, to be asked for in the order of time.
    pub(crate) fn over(self, samples: &[Sample], range_ms: i64) -> Sliding<'_> {
        Sliding { samples, range_ms, rule: self, from: 0, to: 0 }
    }
}

/// A window that only moves forward, so that a query touches each sample twice at most.
pub(crate) struct Sliding<'a> {
    samples: &'a [Sample],
    range_ms: i64,
    rule: Windows,
    from: usize,
    to: usize,
}

impl<'a> Sliding<'a> {
    /// The samples in the window that ends at `end_ms`, which must not be before the last one.
    pub(crate) fn at(&mut self, end_ms: i64) -> &'a [Sample] {
        let start_ms = end_ms.saturating_sub(self.range_ms);
        let too_old = |time: i64| match self.rule {
            Windows::Closed => time < start_ms,
            Windows::LeftOpen => time <= start_ms,
        };
        while self.samples.get(self.to).is_some_and(|s| s.timestamp_ms <= end_ms) {
            self.to += 1;
        }
        while self.from < self.to && too_old(self.samples[self.from].timestamp_ms) {
            self.from += 1;
        }
        &self.samples[self.from..self.to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_far_end_of_a_window_depends_on_the_rule() {
        let samples = [0, 10, 20, 30].map(|timestamp_ms| Sample { timestamp_ms, value: 0.0 });
        for (rule, end, expected) in [
            (Windows::Closed, 20, vec![0, 10, 20]),
            (Windows::LeftOpen, 20, vec![10, 20]),
            (Windows::Closed, 25, vec![10, 20]),
            (Windows::LeftOpen, 25, vec![10, 20]),
            (Windows::Closed, 51, vec![]),
            (Windows::Closed, -1, vec![]),
        ] {
            let seen: Vec<i64> =
                rule.over(&samples, 20).at(end).iter().map(|s| s.timestamp_ms).collect();
            assert_eq!(seen, expected, "{rule:?} {end}");
        }
    }

    #[test]
    fn a_window_slides() {
        let samples = [0, 10, 20, 30].map(|timestamp_ms| Sample { timestamp_ms, value: 0.0 });
        let mut windows = Windows::Closed.over(&samples, 10);
        let lengths: Vec<usize> = [0, 5, 10, 30, 100].map(|end| windows.at(end).len()).into();
        assert_eq!(lengths, [1, 1, 2, 2, 0]);
    }
}
