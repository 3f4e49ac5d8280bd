//! Sample metrics: a small web shop, its machines and its cluster, as pure functions of time.
//!
//! Nothing is stored. The value of a series at a moment depends on its labels and the moment
//! alone, so there is always fresh data, the same on every machine. Each day from 14:05 to 14:35
//! UTC the `checkout` service has an incident: its database connections run out, answers become
//! slow, about a sixth of them are server errors, processors are busy, and at 14:12 one of its
//! pods is killed and started anew.
//!
//! Samples are taken every 30 seconds from 2026-01-01 on, at whole seconds. Values are whole
//! numbers or have at most three decimals, so that text holds them exactly.

mod build;
mod catalogue;
mod clockwork;
mod fleet;
mod row;
mod shape;
mod window;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use promql::MatchOp;
use promql::{METRIC_NAME, Matcher};

use build::Definition;
pub use row::Kind;
pub use window::Window;

/// Milliseconds between two samples of a series.
pub const SCRAPE_INTERVAL_MS: i64 = clockwork::SCRAPE as i64 * 1_000;
/// How far back a server shows samples: two days, in milliseconds. So the last 24 hours are whole
/// also for what looks back itself, as `rate` and `offset 1d` do.
pub const RETENTION_MS: i64 = 2 * 24 * 3_600 * 1_000;

/// What an exporter declares about a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Its type.
    pub kind: Kind,
    /// What it is.
    pub help: &'static str,
}

/// The sample metrics: about 800 metric names, 5,000 series.
#[derive(Debug)]
pub struct SampleMetrics {
    /// Sorted by metric name.
    series: Vec<Definition>,
    by_name: HashMap<String, Range<usize>>,
    metadata: BTreeMap<&'static str, Metadata>,
}

impl Default for SampleMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl SampleMetrics {
    /// Builds the catalogue of series; no sample is computed yet.
    pub fn new() -> Self {
        let build::Builder { mut series, metadata } = catalogue::build();
        series.sort_by(|a, b| name(a).cmp(name(b)));
        let mut by_name: HashMap<String, Range<usize>> = HashMap::new();
        for (n, definition) in series.iter().enumerate() {
            let range = by_name.entry(name(definition).to_owned()).or_insert(n..n);
            range.end = n + 1;
        }
        Self { series, by_name, metadata }
    }

    /// The samples from `start_ms` to `end_ms` (Unix milliseconds), both included.
    pub fn between(&self, start_ms: i64, end_ms: i64) -> Window<'_> {
        Window::new(self, start_ms, end_ms)
    }

    /// The samples that a server shows at `now_ms`: those of the last [`RETENTION_MS`].
    pub fn until(&self, now_ms: i64) -> Window<'_> {
        self.between(now_ms.saturating_sub(RETENTION_MS), now_ms)
    }

    /// What is known about each metric, sorted by name. Histograms and summaries have one entry,
    /// without `_bucket`, `_sum` and `_count`.
    pub fn metadata(&self) -> &BTreeMap<&'static str, Metadata> {
        &self.metadata
    }

    /// The series that fulfil all matchers.
    fn matching(&self, matchers: &[Matcher]) -> impl Iterator<Item = &Definition> {
        let (names, others): (Vec<_>, Vec<_>) =
            matchers.iter().partition(|matcher| matcher.name == METRIC_NAME);
        self.ranges(&names)
            .into_iter()
            .flat_map(|range| &self.series[range])
            .filter(move |series| others.iter().all(|matcher| matcher.matches(&series.labels)))
    }

    /// Where the series with such names are.
    fn ranges(&self, names: &[&Matcher]) -> Vec<Range<usize>> {
        let fits = |name: &str| names.iter().all(|matcher| matcher.matches_value(name));
        let exact = names.iter().find_map(|matcher| match &matcher.op {
            MatchOp::Equal(name) => Some(name),
            _ => None,
        });
        let mut ranges: Vec<_> = match exact {
            Some(name) => self.by_name.get_key_value(name).into_iter().collect(),
            None => self.by_name.iter().collect(),
        };
        ranges.retain(|(name, _)| fits(name));
        ranges.sort_by_key(|(_, range)| range.start);
        ranges.into_iter().map(|(_, range)| range.clone()).collect()
    }
}

fn name(definition: &Definition) -> &str {
    definition.labels.metric_name().unwrap_or_default()
}

#[cfg(test)]
mod tests;
