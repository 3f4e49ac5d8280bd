//! Functions that look at how a series changes inside a window: rates, slopes, forecasts.

use crate::Sample;
use crate::summation::Sum;

/// One window and the time it is evaluated for.
pub(crate) struct Window<'a> {
    /// The samples, oldest first; at least one.
    pub(crate) samples: &'a [Sample],
    pub(crate) end_ms: i64,
    pub(crate) range_ms: i64,
    /// The time of the step; differs from the end by `offset` and `@`.
    pub(crate) step_ms: i64,
}

impl<'a> Window<'a> {
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> + 'a {
        self.samples.iter().map(|sample| sample.value)
    }

    /// Each pair of neighbours.
    fn steps(&self) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.samples.windows(2).map(|pair| (pair[0].value, pair[1].value))
    }

    fn first_and_last(&self) -> Option<(Sample, Sample)> {
        match self.samples {
            [first, .., last] => Some((*first, *last)),
            _ => None,
        }
    }

    /// `delta`: the change over the window, extrapolated to its ends.
    pub(crate) fn delta(&self) -> Option<f64> {
        let (first, last) = self.first_and_last()?;
        Some((last.value - first.value) * self.extrapolation(None))
    }

    /// `increase`: the growth of a counter over the window, extrapolated to its ends.
    pub(crate) fn increase(&self) -> Option<f64> {
        let growth = self.counted()?;
        Some(growth * self.extrapolation(Some(growth)))
    }

    /// `rate`: the growth of a counter per second.
    pub(crate) fn rate(&self) -> Option<f64> {
        let growth = self.counted()?;
        let range = self.range_ms as f64 / 1000.0;
        Some(growth * (self.extrapolation(Some(growth)) / range))
    }

    /// The growth of a counter from the first to the last sample; a fall is a restart from zero.
    fn counted(&self) -> Option<f64> {
        let (first, last) = self.first_and_last()?;
        let lost = self.steps().filter(|(a, b)| b < a).map(|(a, _)| a);
        Some(lost.fold(last.value - first.value, |growth, value| growth + value))
    }

    /// By how much the change between first and last sample is stretched to cover the window. An
    /// end of the window is covered when a sample may be expected there, else by half an interval;
    /// a counter (`growth`) is not followed below zero.
    fn extrapolation(&self, growth: Option<f64>) -> f64 {
        let Some((first, last)) = self.first_and_last() else {
            return 1.0;
        };
        let seconds = |from_ms: i64, to_ms: i64| (to_ms - from_ms) as f64 / 1000.0;
        let sampled = seconds(first.timestamp_ms, last.timestamp_ms);
        let interval = sampled / (self.samples.len() - 1) as f64;
        let mut to_start = seconds(self.end_ms.saturating_sub(self.range_ms), first.timestamp_ms);
        let to_end = seconds(last.timestamp_ms, self.end_ms);
        if let Some(growth) = growth
            && growth > 0.0
            && first.value >= 0.0
        {
            let to_zero = sampled * (first.value / growth);
            if to_zero < to_start {
                to_start = to_zero;
            }
        }
        let mut covered = sampled;
        for distance in [to_start, to_end] {
            covered += if distance < interval * 1.1 { distance } else { interval / 2.0 };
        }
        covered / sampled
    }

    /// `idelta`: the difference of the last two samples.
    pub(crate) fn idelta(&self) -> Option<f64> {
        let (before, last) = self.last_two()?;
        Some(last.value - before.value)
    }

    /// `irate`: the growth per second between the last two samples of a counter.
    pub(crate) fn irate(&self) -> Option<f64> {
        let (before, last) = self.last_two()?;
        let restarted = last.value < before.value;
        let growth = if restarted { last.value } else { last.value - before.value };
        Some(growth / ((last.timestamp_ms - before.timestamp_ms) as f64 / 1000.0))
    }

    fn last_two(&self) -> Option<(Sample, Sample)> {
        match self.samples {
            [.., before, last] if before.timestamp_ms < last.timestamp_ms => Some((*before, *last)),
            _ => None,
        }
    }

    /// `deriv`: the slope per second of the regression line.
    pub(crate) fn deriv(&self) -> Option<f64> {
        let (first, _) = self.first_and_last()?;
        Some(self.regression(first.timestamp_ms).0)
    }

    /// `predict_linear`: where the regression line will be this many seconds after the step.
    pub(crate) fn predict_linear(&self, seconds: f64) -> Option<f64> {
        self.first_and_last()?;
        let (slope, intercept) = self.regression(self.step_ms);
        Some(slope * seconds + intercept)
    }

    /// Slope per second, and value at a time, of the least squares line.
    fn regression(&self, zero_ms: i64) -> (f64, f64) {
        let first = self.samples[0].value;
        if self.values().all(|value| value == first) {
            return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
        }
        let n = self.samples.len() as f64;
        let [mut x, mut y, mut xy, mut xx] = [Sum::default(); 4];
        for sample in self.samples {
            let at = (sample.timestamp_ms - zero_ms) as f64 / 1000.0;
            x.add(at);
            y.add(sample.value);
            xy.add(at * sample.value);
            xx.add(at * at);
        }
        let [x, y, xy, xx] = [x, y, xy, xx].map(Sum::total);
        let covariance = xy - x * y / n;
        let variance = xx - x * x / n;
        let slope = covariance / variance;
        (slope, y / n - slope * x / n)
    }

    /// `holt_winters` (`double_exponential_smoothing`): the last value after smoothing the level
    /// and the trend.
    pub(crate) fn double_exponential_smoothing(&self, level: f64, trend: f64) -> Option<f64> {
        let [first, second, ..] = self.samples else {
            return None;
        };
        let (mut before, mut smoothed) = (0.0, first.value);
        let mut slope = second.value - first.value;
        for (index, value) in self.values().skip(1).enumerate() {
            if index > 0 {
                slope = trend * (smoothed - before) + (1.0 - trend) * slope;
            }
            let next = level * value + (1.0 - level) * (smoothed + slope);
            (before, smoothed) = (smoothed, next);
        }
        Some(smoothed)
    }

    /// `changes`: how often the value is another one than before.
    pub(crate) fn changes(&self) -> f64 {
        self.steps().filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count() as f64
    }

    /// `resets`: how often the value falls.
    pub(crate) fn resets(&self) -> f64 {
        self.steps().filter(|(a, b)| b < a).count() as f64
    }
}
