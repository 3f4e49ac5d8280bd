//! From rows to series.

use std::collections::BTreeMap;

use promql::{Labels, METRIC_NAME};

use super::Metadata;
use super::clockwork::{hashed, seed};
use super::fleet::Entity;
use super::row::{Kind, Measure, Row};
use super::shape::{self, Fate, Shape};

/// Bounds of buckets, for what is counted: times of requests, shorter times, and large numbers.
const TIMES: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const SHORT: [f64; 11] = [
    0.000_001, 0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.01,
    0.1,
];
const LARGE: [f64; 11] =
    [10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 100_000.0];
/// The quantiles of summaries.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];
/// How much counters swing over the day.
const SWING: f64 = 0.4;

/// A series: who it is, and what its value is at any time.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) labels: Labels,
    pub(super) offset: i64,
    shape: Shape,
    seed: u64,
    fate: Fate,
}

impl Definition {
    /// The value at `t` (whole Unix seconds), if there is a sample.
    pub(super) fn at(&self, t: i64) -> Option<f64> {
        self.shape.at(t as f64, self.seed, self.fate)
    }
}

/// Collects series and what is known about their metrics.
#[derive(Debug, Default)]
pub(super) struct Builder {
    pub(super) series: Vec<Definition>,
    pub(super) metadata: BTreeMap<&'static str, Metadata>,
}

impl Builder {
    /// Adds the series of `rows` for `entity`, each with a size of its own.
    pub(super) fn rows(&mut self, rows: &[Row], entity: &Entity) {
        for row in rows {
            let seed = seed(row.labels.iter().map(|(_, value)| *value)) ^ entity.seed(row.name);
            let size = 0.8 + 0.4 * hashed(seed, 0);
            match row.measure {
                Measure::Single(kind, shape) => {
                    let shape = sized(shape, size);
                    self.series(row.name, kind, row.help, entity, row.labels, shape, seed);
                }
                Measure::States(label, states) => {
                    for (n, state) in states.iter().enumerate() {
                        let shape = Shape::Fixed(if n == 0 { 1.0 } else { 0.0 });
                        let entity = entity.with([(label, *state)]);
                        self.series(
                            row.name,
                            Kind::Gauge,
                            row.help,
                            &entity,
                            row.labels,
                            shape,
                            seed,
                        );
                    }
                }
                Measure::Histogram { median, rate, during } => {
                    let entity = entity.with(row.labels.iter().copied());
                    self.histogram(
                        (row.name, row.help),
                        &entity,
                        (rate * size, median, during),
                        seed,
                    );
                }
                Measure::Summary { median, rate } => {
                    self.summary(row, entity, rate * size, median, seed);
                }
            }
        }
    }

    /// Adds one series.
    #[expect(clippy::too_many_arguments, reason = "one call is one line of a table")]
    pub(super) fn series(
        &mut self,
        name: &'static str,
        kind: Kind,
        help: &'static str,
        entity: &Entity,
        labels: &[(&str, &str)],
        shape: Shape,
        seed: u64,
    ) {
        self.metadata.entry(name).or_insert(Metadata { kind, help });
        self.push(name, entity, labels, shape, seed);
    }

    /// Adds the buckets, sum and count of times around a median: `rate` a second, and the median
    /// when calm and when the incident touches them.
    pub(super) fn histogram(
        &mut self,
        (name, help): (&'static str, &'static str),
        entity: &Entity,
        (rate, calm, touched): (f64, f64, f64),
        seed: u64,
    ) {
        self.metadata.entry(name).or_insert(Metadata { kind: Kind::Histogram, help });
        let bounds = match calm {
            ..0.002 => &SHORT,
            0.002..5.0 => &TIMES,
            _ => &LARGE,
        };
        let parts = |calm: f64, touched: f64, whole: bool| Shape::Counter {
            rate: rate * calm,
            during: rate * touched,
            swing: SWING,
            whole,
        };
        let bucket = format!("{name}_bucket");
        for &bound in bounds.iter().chain([&f64::INFINITY]) {
            let within = |median: f64| shape::share_within(bound, median);
            let le = promql::format_value(bound);
            let shape = parts(within(calm), within(touched), true);
            self.push(&bucket, entity, &[("le", &le)], shape, seed);
        }
        let sum = parts(shape::mean(calm), shape::mean(touched), false);
        self.push(&format!("{name}_sum"), entity, &[], sum, seed);
        self.push(&format!("{name}_count"), entity, &[], parts(1.0, 1.0, true), seed);
    }

    fn summary(&mut self, row: &Row, entity: &Entity, rate: f64, median: f64, seed: u64) {
        let Row { name, help, .. } = *row;
        self.metadata.entry(name).or_insert(Metadata { kind: Kind::Summary, help });
        for quantile in QUANTILES {
            let base = shape::quantile(quantile, median);
            let shape = Shape::Gauge { base, during: 1.0, whole: false };
            let label = promql::format_value(quantile);
            self.push(name, entity, &[("quantile", &label)], shape, seed);
        }
        let parts = |each: f64, whole: bool| Shape::Counter {
            rate: rate * each,
            during: rate * each,
            swing: SWING,
            whole,
        };
        self.push(&format!("{name}_sum"), entity, &[], parts(shape::mean(median), false), seed);
        self.push(&format!("{name}_count"), entity, &[], parts(1.0, true), seed);
    }

    fn push(
        &mut self,
        name: &str,
        entity: &Entity,
        labels: &[(&str, &str)],
        shape: Shape,
        seed: u64,
    ) {
        let own = entity.labels.iter().map(|(name, value)| (*name, value.as_str()));
        let labels = own.chain(labels.iter().copied()).chain([(METRIC_NAME, name)]);
        self.series.push(Definition {
            labels: Labels::new(labels),
            offset: entity.offset,
            shape,
            seed,
            fate: entity.fate,
        });
    }
}

/// The same shape, `size` times as much of it.
fn sized(shape: Shape, size: f64) -> Shape {
    match shape {
        Shape::Gauge { base, during, whole } => Shape::Gauge { base: base * size, during, whole },
        Shape::Counter { rate, during, swing, whole } => {
            Shape::Counter { rate: rate * size, during: during * size, swing, whole }
        }
        other => other,
    }
}
