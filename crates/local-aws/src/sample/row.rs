//! The rows of the catalogue's tables: a metric, and what it does.

use super::shape::Shape;

/// The type of a metric, as its exporter declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until its process starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets (`_bucket` with `le`), `_sum` and `_count`.
    Histogram,
    /// Quantiles (`quantile`), `_sum` and `_count`.
    Summary,
}

impl Kind {
    /// The word of the exposition format: `counter`, `gauge`, `histogram`, `summary`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}

/// Labels that are written in a table.
pub(super) type Fixed = &'static [(&'static str, &'static str)];

/// One line of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) labels: Fixed,
    pub(super) measure: Measure,
}

/// What a row measures.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measure {
    /// One series.
    Single(Kind, Shape),
    /// Times around a median (seconds), in buckets.
    Histogram { median: f64, rate: f64, during: f64 },
    /// Times around a median (seconds), as quantiles.
    Summary { median: f64, rate: f64 },
    /// One series a state; the first one is 1, the others are 0.
    States(&'static str, &'static [&'static str]),
}

/// A value that moves around `base`; a `base` without decimals means whole numbers.
pub(super) const fn gauge(name: &'static str, base: f64, help: &'static str) -> Row {
    let whole = base as i64 as f64 == base;
    single(name, help, Kind::Gauge, Shape::Gauge { base, during: 1.0, whole })
}

/// A value that stays.
pub(super) const fn fixed(name: &'static str, value: f64, help: &'static str) -> Row {
    single(name, help, Kind::Gauge, Shape::Fixed(value))
}

/// A series that is always 1 and speaks by its labels.
pub(super) const fn info(name: &'static str, labels: Fixed, help: &'static str) -> Row {
    fixed(name, 1.0, help).with(labels)
}

/// A count that grows by `rate` a second; seconds have decimals, everything else has none.
pub(super) const fn counter(name: &'static str, rate: f64, help: &'static str) -> Row {
    let shape = Shape::Counter { rate, during: rate, swing: 0.4, whole: true };
    single(name, help, Kind::Counter, shape)
}

/// A count of seconds: as [`counter`], with decimals.
pub(super) const fn seconds(name: &'static str, rate: f64, help: &'static str) -> Row {
    let shape = Shape::Counter { rate, during: rate, swing: 0.4, whole: false };
    single(name, help, Kind::Counter, shape)
}

/// A count of what never happens.
pub(super) const fn never(name: &'static str, help: &'static str) -> Row {
    single(name, help, Kind::Counter, Shape::Fixed(0.0))
}

/// Times around `median` seconds, `rate` of them a second, in buckets.
pub(super) const fn histogram(
    name: &'static str,
    median: f64,
    rate: f64,
    help: &'static str,
) -> Row {
    let measure = Measure::Histogram { median, rate, during: median };
    Row { name, help, labels: &[], measure }
}

/// Times around `median` seconds, `rate` of them a second, as quantiles.
pub(super) const fn summary(name: &'static str, median: f64, rate: f64, help: &'static str) -> Row {
    Row { name, help, labels: &[], measure: Measure::Summary { median, rate } }
}

/// One series for each state in `label`: 1 for the first, 0 for the others.
pub(super) const fn states(
    name: &'static str,
    label: &'static str,
    states: &'static [&'static str],
    help: &'static str,
) -> Row {
    Row { name, help, labels: &[], measure: Measure::States(label, states) }
}

/// A row with a shape of its own.
pub(super) const fn single(
    name: &'static str,
    help: &'static str,
    kind: Kind,
    shape: Shape,
) -> Row {
    Row { name, help, labels: &[], measure: Measure::Single(kind, shape) }
}

impl Row {
    /// The same with labels of its own.
    pub(super) const fn with(mut self, labels: Fixed) -> Self {
        self.labels = labels;
        self
    }

    /// The same, `factor` times as much (or as slow) while the incident touches it.
    pub(super) const fn during(mut self, factor: f64) -> Self {
        match &mut self.measure {
            Measure::Single(_, Shape::Gauge { during, .. }) | Measure::Histogram { during, .. } => {
                *during *= factor
            }
            Measure::Single(_, Shape::Counter { during, .. }) => *during *= factor,
            Measure::Single(..) | Measure::Summary { .. } | Measure::States(..) => {}
        }
        self
    }
}
