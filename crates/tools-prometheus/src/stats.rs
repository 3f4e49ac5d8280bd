//! What one series looks like, in a dozen figures and a sparkline.
//!
//! The definitions, so that anyone can compute the same figures:
//! - `n`: samples in the series, `nan` of them NaN; `first` and `last`: the first and last sample as they are
//! - `min`, `max`, `avg` (arithmetic mean), `p95`: over the samples that are not NaN; `p95` interpolates
//!   linearly at rank `0.95 × (count − 1)`, as Prometheus' `quantile_over_time` does
//! - `slope`: least squares over the finite samples, per second
//! - `gaps`: points of the query's grid (start, start + step, … ≤ end) without a sample
//! - a figure that does not exist (no samples, a slope of one point) is NaN

use crate::window::Window;

/// Cells a sparkline is gathered in; it is shown in as many or fewer.
pub(crate) const CELLS: usize = 24;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The figures of one series.
#[derive(Debug, Clone)]
pub(crate) struct Stats {
    pub(crate) n: usize,
    pub(crate) nan: usize,
    pub(crate) first: f64,
    pub(crate) last: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) avg: f64,
    pub(crate) p95: f64,
    /// Per second.
    pub(crate) slope: f64,
    /// `None` when the query has no grid (raw samples of an instant query).
    pub(crate) gaps: Option<u64>,
    cells: Cells,
}

impl Stats {
    /// The figures of the samples `values` at `times` (Unix milliseconds, ascending; as many as
    /// values). The order of `values` is lost.
    pub(crate) fn of(times: &[i64], values: &mut [f64], window: Option<&Window>) -> Self {
        let sums = Sums::of(times, values);
        let (slope, cells) = sums.slope_and_cells(times, values, window);
        let (first, last) = (ends(values.first()), ends(values.last()));
        Self {
            n: values.len(),
            nan: values.len() - sums.count,
            first,
            last,
            min: sums.min,
            max: sums.max,
            avg: sums.total / sums.count as f64,
            p95: p95(values, sums.count),
            slope,
            gaps: window.map(|window| window.points().saturating_sub(values.len() as u64)),
            cells,
        }
    }

    /// The mean of each of at most `width` equal parts of the window as a block, lowest to
    /// highest mean; `·` where a part has no finite sample.
    pub(crate) fn sparkline(&self, width: usize) -> String {
        let means = self.cells.means(width);
        let finite = || means.iter().copied().filter(|mean| mean.is_finite());
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        let block = |mean: &f64| {
            if !mean.is_finite() {
                return '·';
            }
            let share = if high > low { (mean - low) / (high - low) } else { 0.0 };
            BLOCKS[((share * 8.0) as usize).min(7)]
        };
        means.iter().map(block).collect()
    }
}

fn ends(value: Option<&f64>) -> f64 {
    value.copied().unwrap_or(f64::NAN)
}

/// What one pass over the samples tells. A matrix has tens of thousands of them, so there are two
/// passes in all, and the selection for `p95`.
struct Sums {
    /// Of what is not NaN.
    count: usize,
    total: f64,
    min: f64,
    max: f64,
    /// Of what is finite, in seconds from the first sample.
    finite: usize,
    time_total: f64,
    finite_total: f64,
    origin: i64,
}

impl Sums {
    fn of(times: &[i64], values: &[f64]) -> Self {
        let origin = times.first().copied().unwrap_or(0);
        // NaN gives way to the first number in `f64::min` and `f64::max`.
        let (min, max) = (f64::NAN, f64::NAN);
        let mut sums = Self {
            count: 0,
            total: 0.0,
            min,
            max,
            finite: 0,
            time_total: 0.0,
            finite_total: 0.0,
            origin,
        };
        for (at, value) in times.iter().zip(values) {
            if value.is_nan() {
                continue;
            }
            sums.count += 1;
            sums.total += value;
            sums.min = sums.min.min(*value);
            sums.max = sums.max.max(*value);
            if value.is_finite() {
                sums.finite += 1;
                sums.time_total += sums.seconds(*at);
                sums.finite_total += value;
            }
        }
        sums
    }

    fn seconds(&self, at: i64) -> f64 {
        (at - self.origin) as f64 / 1e3
    }

    /// Least squares per second, and the sparkline. Both axes are taken from their means, so that
    /// a small slope on a large value is not lost.
    fn slope_and_cells(
        &self,
        times: &[i64],
        values: &[f64],
        window: Option<&Window>,
    ) -> (f64, Cells) {
        let finite = self.finite as f64;
        let (mean_time, mean) = (self.time_total / finite, self.finite_total / finite);
        let mut cells = Cells::new(times, window);
        let (mut along, mut across) = (0.0, 0.0);
        for (at, value) in times.iter().zip(values) {
            if value.is_finite() {
                let x = self.seconds(*at) - mean_time;
                along += x * x;
                across += x * (value - mean);
                cells.add(*at, *value);
            }
        }
        (if along > 0.0 { across / along } else { f64::NAN }, cells)
    }
}

/// `count` of the values are not NaN.
fn p95(values: &mut [f64], count: usize) -> f64 {
    // `total_cmp` puts NaN at either end by its sign, so NaN is moved out of the way first.
    if count < values.len() {
        let mut kept = 0;
        for at in 0..values.len() {
            if !values[at].is_nan() {
                values.swap(kept, at);
                kept += 1;
            }
        }
    }
    let values = &mut values[..count];
    if values.is_empty() {
        return f64::NAN;
    }
    let rank = 0.95 * (values.len() - 1) as f64;
    let (_, lower, above) = values.select_nth_unstable_by(rank as usize, f64::total_cmp);
    let lower = *lower;
    let upper = above.iter().copied().fold(f64::NAN, f64::min);
    // Nothing above: the rank is the last sample. Equal: infinities have no difference.
    if upper.is_nan() || upper == lower { lower } else { lower + (upper - lower) * rank.fract() }
}

/// Sums of the finite samples in equal parts of the window.
#[derive(Debug, Clone)]
struct Cells {
    parts: [(f64, u32); CELLS],
    used: usize,
    start: i64,
    step: u64,
    points: u64,
}

impl Cells {
    fn new(times: &[i64], window: Option<&Window>) -> Self {
        let (start, step, points) = match (window, times) {
            (Some(window), _) => (window.start.0, window.step.0, window.points()),
            // Raw samples: the series' own span, in milliseconds.
            (None, [first, .., last]) => (*first, 1, (last - first).max(0) as u64 + 1),
            (None, _) => (times.first().copied().unwrap_or(0), 1, 1),
        };
        // With a grid every point has its own place; raw samples share their span.
        let places = window.map_or(times.len() as u64, |_| points);
        let used = places.clamp(1, CELLS as u64) as usize;
        Self { parts: [(0.0, 0); CELLS], used, start, step, points }
    }

    fn add(&mut self, at: i64, value: f64) {
        let point = (at - self.start).max(0) as u64 / self.step;
        let part = (point * self.used as u64 / self.points).min(self.used as u64 - 1) as usize;
        self.parts[part].0 += value;
        self.parts[part].1 += 1;
    }

    /// The means in `width` parts, or in as many as there are; NaN for an empty part.
    fn means(&self, width: usize) -> Vec<f64> {
        let width = width.clamp(1, self.used);
        let mut merged = vec![(0.0, 0_u32); width];
        for (i, (sum, count)) in self.parts[..self.used].iter().enumerate() {
            let into = &mut merged[i * width / self.used];
            into.0 += sum;
            into.1 += count;
        }
        merged.into_iter().map(|(sum, count)| sum / f64::from(count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Millis, UnixMillis};
    use proptest::prelude::*;

    fn window(points: u64) -> Window {
        let end = UnixMillis((points as i64 - 1) * 15_000);
        Window { start: UnixMillis(0), end, step: Millis(15_000), auto: false }
    }

    fn stats(points: &[(i64, f64)], grid: u64) -> Stats {
        let times: Vec<i64> = points.iter().map(|(at, _)| at * 15_000).collect();
        let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        Stats::of(&times, &mut values, Some(&window(grid)))
    }

    #[test]
    fn a_straight_line_has_its_slope_per_second() {
        let points: Vec<_> = (0..41).map(|i| (i, 1e9 + 3.0 * i as f64)).collect();
        let stats = stats(&points, 41);
        assert!((stats.slope - 0.2).abs() < 1e-9);
        assert_eq!((stats.n, stats.nan, stats.gaps), (41, 0, Some(0)));
        assert_eq!((stats.first, stats.last, stats.p95), (1e9, 1e9 + 120.0, 1e9 + 114.0));
    }

    #[test]
    fn missing_steps_nan_and_infinities_are_told_apart() {
        let points = [(0, 1.0), (1, f64::NAN), (2, f64::INFINITY), (5, 3.0)];
        let stats = stats(&points, 8);
        assert_eq!((stats.n, stats.nan, stats.gaps), (4, 1, Some(4)));
        assert_eq!((stats.min, stats.max, stats.avg), (1.0, f64::INFINITY, f64::INFINITY));
        assert!((stats.slope - 2.0 / 75.0).abs() < 1e-12);
        assert_eq!(stats.sparkline(24), "▁····█··");
    }

    #[test]
    fn figures_that_do_not_exist_are_nan() {
        let none = stats(&[], 4);
        assert!(none.first.is_nan() && none.min.is_nan() && none.avg.is_nan());
        assert!(none.p95.is_nan() && none.slope.is_nan());
        assert_eq!((none.gaps, none.sparkline(24).as_str()), (Some(4), "····"));
        let one = stats(&[(0, 7.0)], 1);
        assert_eq!((one.p95, one.sparkline(24).as_str()), (7.0, "▁"));
        assert!(one.slope.is_nan());
        assert!(stats(&[(0, f64::NAN), (1, -f64::NAN)], 2).max.is_nan());
    }

    #[test]
    fn a_sparkline_shows_bucket_means_in_the_width_asked_for() {
        let points: Vec<_> = (0..48).map(|i| (i, (i / 12) as f64)).collect();
        let stats = stats(&points, 48);
        assert_eq!(stats.sparkline(4), "▁▃▆█");
        assert_eq!(stats.sparkline(24), "▁▁▁▁▁▁▃▃▃▃▃▃▆▆▆▆▆▆██████");
        assert_eq!(stats.sparkline(100).chars().count(), CELLS);
    }

    #[test]
    fn raw_samples_have_no_gaps_and_their_own_span() {
        let stats = Stats::of(&[1_000, 16_020, 31_000], &mut [1.0, 2.0, 3.0], None);
        assert_eq!((stats.gaps, stats.sparkline(24).as_str()), (None, "▁▅█"));
    }

    /// The definitions of the module's documentation, word by word and slowly.
    fn slowly(points: &[(i64, f64)]) -> [f64; 5] {
        let mut kept: Vec<f64> = points.iter().map(|p| p.1).filter(|v| !v.is_nan()).collect();
        kept.sort_by(f64::total_cmp);
        let count = kept.len() as f64;
        let rank = 0.95 * (count - 1.0);
        let (low, high) = (kept[rank.floor() as usize], kept[rank.ceil() as usize]);
        let p95 = low + (high - low) * (rank - rank.floor());
        let xy: Vec<_> =
            points.iter().filter(|p| p.1.is_finite()).map(|p| (p.0 as f64 * 15.0, p.1)).collect();
        let (sx, sy) = xy.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
        let sxy: f64 = xy.iter().map(|p| p.0 * p.1).sum();
        let sxx: f64 = xy.iter().map(|p| p.0 * p.0).sum();
        let m = xy.len() as f64;
        let slope = (m * sxy - sx * sy) / (m * sxx - sx * sx);
        [kept[0], kept[kept.len() - 1], kept.iter().sum::<f64>() / count, p95, slope]
    }

    proptest! {
        #[test]
        fn figures_equal_an_independent_computation(
            values in proptest::collection::vec(
                prop_oneof![9 => -1e6..1e6_f64, 1 => Just(f64::NAN)], 2..200)
        ) {
            let points: Vec<(i64, f64)> =
                values.iter().enumerate().map(|(i, v)| (i as i64, *v)).collect();
            prop_assume!(values.iter().filter(|v| !v.is_nan()).count() >= 2);
            let stats = stats(&points, values.len() as u64);
            let figures = [stats.min, stats.max, stats.avg, stats.p95, stats.slope];
            for (ours, theirs) in figures.into_iter().zip(slowly(&points)) {
                prop_assert!((ours - theirs).abs() <= 1e-6 * theirs.abs().max(1.0));
            }
        }
    }
}
