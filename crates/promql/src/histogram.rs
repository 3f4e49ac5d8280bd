//! `histogram_quantile` over classic buckets.

use std::collections::HashMap;

use crate::track::Track;
use crate::{Labels, METRIC_NAME};

/// The label with the upper bound of a bucket.
const BUCKET_LABEL: &str = "le";

/// The φ-quantile of each histogram; `ranks` has φ for each step.
pub(crate) fn quantiles(buckets: Vec<Track>, ranks: &[f64]) -> Vec<Track> {
    let histograms = histograms(buckets).into_iter().map(|(labels, buckets)| {
        let values = ranks.iter().enumerate().map(|(step, &rank)| {
            let present = buckets.iter().filter_map(|(upper_bound, track)| {
                Some(Bucket { upper_bound: *upper_bound, count: track.values[step]? })
            });
            let present: Vec<Bucket> = present.collect();
            (!present.is_empty()).then(|| bucket_quantile(rank, present))
        });
        Track { labels, values: values.collect() }
    });
    histograms.collect()
}

/// The buckets of each histogram, in the order in which the histograms are first seen. Series
/// without a readable bound are no buckets.
fn histograms(buckets: Vec<Track>) -> Vec<(Labels, Vec<(f64, Track)>)> {
    let mut histograms: Vec<(Labels, Vec<(f64, Track)>)> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for track in buckets {
        let Some(upper_bound) = track.labels.get(BUCKET_LABEL).and_then(|le| le.parse().ok())
        else {
            continue;
        };
        let labels = track.labels.filter(|name| name != BUCKET_LABEL && name != METRIC_NAME);
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            histograms.push((labels.clone(), Vec::new()));
            histograms.len() - 1
        });
        histograms[place].1.push((upper_bound, track));
    }
    histograms
}

#[derive(Clone, Copy)]
struct Bucket {
    upper_bound: f64,
    /// How many observations are at most the bound.
    count: f64,
}

fn bucket_quantile(rank: f64, mut buckets: Vec<Bucket>) -> f64 {
    if rank.is_nan() {
        return f64::NAN;
    }
    if rank < 0.0 {
        return f64::NEG_INFINITY;
    }
    if rank > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|a, b| a.upper_bound.total_cmp(&b.upper_bound));
    if buckets.last().is_none_or(|last| last.upper_bound != f64::INFINITY) {
        return f64::NAN;
    }
    // Buckets whose bounds are written differently but are the same number are one.
    buckets.dedup_by(|later, earlier| {
        let same = later.upper_bound == earlier.upper_bound;
        if same {
            earlier.count += later.count;
        }
        same
    });
    // Scrapes are not atomic: a count may be below the one of a smaller bucket.
    let mut highest = f64::NEG_INFINITY;
    for bucket in &mut buckets {
        highest = highest.max(bucket.count);
        bucket.count = highest;
    }
    let [.., below_last, last] = buckets[..] else {
        return f64::NAN;
    };
    if last.count == 0.0 {
        return f64::NAN;
    }
    let wanted = rank * last.count;
    let finite = &buckets[..buckets.len() - 1];
    let index = finite.partition_point(|bucket| bucket.count < wanted);
    let Some(bucket) = finite.get(index) else {
        return below_last.upper_bound;
    };
    if index == 0 && bucket.upper_bound <= 0.0 {
        return bucket.upper_bound;
    }
    let (start, before) = match index {
        0 => (0.0, 0.0),
        _ => (finite[index - 1].upper_bound, finite[index - 1].count),
    };
    start + (bucket.upper_bound - start) * ((wanted - before) / (bucket.count - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_inside_a_bucket() {
        let ordinary = [(1.0, 10.0), (2.0, 20.0), (f64::INFINITY, 20.0)];
        let uneven = [(1.0, 10.0), (2.0, 8.0), (f64::INFINITY, 20.0)];
        let no_top = [(1.0, 10.0), (2.0, 20.0)];
        let only_top = [(f64::INFINITY, 20.0)];
        let empty = [(1.0, 0.0), (f64::INFINITY, 0.0)];
        let negative = [(-1.0, 10.0), (1.0, 20.0), (f64::INFINITY, 20.0)];
        let nan = f64::NAN;
        for (rank, buckets, expected) in [
            (0.25, &ordinary[..], 0.5),
            (0.75, &ordinary[..], 1.5),
            (1.0, &ordinary[..], 2.0),
            (0.75, &uneven[..], 2.0),
            (0.5, &no_top[..], nan),
            (0.5, &only_top[..], nan),
            (0.5, &empty[..], nan),
            (0.2, &negative[..], -1.0),
            (0.75, &negative[..], 0.0),
            (-1.0, &ordinary[..], f64::NEG_INFINITY),
            (2.0, &ordinary[..], f64::INFINITY),
            (nan, &ordinary[..], nan),
        ] {
            let bucket = |&(upper_bound, count): &(f64, f64)| Bucket { upper_bound, count };
            let got = bucket_quantile(rank, buckets.iter().map(bucket).collect());
            assert!(got == expected || got.is_nan() && expected.is_nan(), "{rank} {buckets:?}");
        }
    }
}
