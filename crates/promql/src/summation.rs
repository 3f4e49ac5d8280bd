//! Sums that keep what plain addition rounds away.

/// A compensated sum after Kahan, in Neumaier's form, with the same roundings as Prometheus.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    sum: f64,
    compensation: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let total = self.sum + value;
        self.compensation += if self.sum.abs() >= value.abs() {
            (self.sum - total) + value
        } else {
            (value - total) + self.sum
        };
        self.sum = total;
    }

    /// The sum without its compensation.
    pub(crate) fn raw(self) -> f64 {
        self.sum
    }

    /// The compensated sum.
    pub(crate) fn total(self) -> f64 {
        // Of infinite sums the compensation is NaN.
        if self.sum.is_infinite() { self.sum } else { self.sum + self.compensation }
    }
}

impl Extend<f64> for Sum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        for value in values {
            self.add(value);
        }
    }
}

/// The mean of the values so far after one more: the step of Prometheus, in which an infinite
/// mean stays what it is unless the opposite infinity or NaN comes.
pub(crate) fn mean_is_settled(mean: f64, value: f64) -> bool {
    mean.is_infinite()
        && (value.is_finite() || (value.is_infinite() && (mean > 0.0) == (value > 0.0)))
}

/// The φ-quantile with linear interpolation; NaN of no values. Sorts the values, NaN first.
pub(crate) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
    let last = values.len() - 1;
    let rank = q * last as f64;
    let lower = rank.floor() as usize;
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[(lower + 1).min(last)] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_survive_large_ones() {
        let mut sum = Sum::default();
        sum.extend([1.0, 1e100, 1.0, -1e100]);
        assert_eq!((sum.total(), sum.raw()), (2.0, 0.0));
        sum.extend([f64::INFINITY]);
        assert_eq!(sum.total(), f64::INFINITY);
    }

    #[test]
    fn quantiles_interpolate_and_reach_infinity_outside_of_0_to_1() {
        for (q, values, expected) in [
            (0.5, vec![3.0, 1.0, 2.0], 2.0),
            (0.75, vec![1.0, 2.0], 1.75),
            (1.0, vec![5.0], 5.0),
            (-0.1, vec![5.0], f64::NEG_INFINITY),
            (1.1, vec![5.0], f64::INFINITY),
        ] {
            assert_eq!(quantile(q, &mut values.clone()), expected, "{q} of {values:?}");
        }
        assert!(quantile(0.5, &mut []).is_nan());
        assert!(quantile(f64::NAN, &mut [1.0]).is_nan());
        assert!(quantile(0.0, &mut [1.0, f64::NAN]).is_nan(), "NaN sorts first");
    }
}
