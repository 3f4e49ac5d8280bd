//! The samples of a stretch of time, as something that PromQL can query.

use std::collections::BTreeSet;
use std::io;

use promql::{Labels, METRIC_NAME, Matcher, Sample, Series, Storage};

use super::build::Definition;
use super::{SCRAPE_INTERVAL_MS, SampleMetrics};

/// The sample metrics between two moments.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    metrics: &'a SampleMetrics,
    start_ms: i64,
    end_ms: i64,
}

impl<'a> Window<'a> {
    pub(super) fn new(metrics: &'a SampleMetrics, start_ms: i64, end_ms: i64) -> Self {
        Self { metrics, start_ms, end_ms }
    }

    /// The part of it from `start_ms` to `end_ms`, both included.
    #[must_use]
    pub fn narrowed(self, start_ms: i64, end_ms: i64) -> Self {
        let (start_ms, end_ms) = (start_ms.max(self.start_ms), end_ms.min(self.end_ms));
        Self { start_ms, end_ms, ..self }
    }

    /// The labels of the series that fulfil all matchers and have a sample in the window, sorted.
    pub fn series(self, matchers: &'a [Matcher]) -> impl Iterator<Item = &'a Labels> {
        self.metrics
            .matching(matchers)
            .filter(move |series| self.samples(series).next().is_some())
            .map(|series| &series.labels)
    }

    /// The names of the labels of such series.
    pub fn label_names(self, matchers: &'a [Matcher]) -> BTreeSet<&'a str> {
        self.series(matchers).flat_map(|labels| labels.iter().map(|(name, _)| name)).collect()
    }

    /// The values of the label `name` of such series.
    pub fn label_values(self, name: &str, matchers: &'a [Matcher]) -> BTreeSet<&'a str> {
        self.series(matchers).filter_map(|labels| labels.get(name)).collect()
    }

    /// Writes all samples as OpenMetrics text, as `promtool tsdb create-blocks-from openmetrics`
    /// reads it.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_openmetrics(self, out: &mut impl io::Write) -> io::Result<()> {
        for series in self.metrics.matching(&[]) {
            let head = openmetrics_head(&series.labels);
            for sample in self.samples(series) {
                // Samples are taken at whole seconds.
                let (value, time) = (sample.value, sample.timestamp_ms / 1_000);
                writeln!(out, "{head} {value} {time}")?;
            }
        }
        writeln!(out, "# EOF")
    }

    fn samples(self, series: &Definition) -> impl Iterator<Item = Sample> {
        let offset_ms = series.offset * 1_000;
        let first = (self.start_ms - offset_ms).div_euclid(SCRAPE_INTERVAL_MS);
        let last = (self.end_ms - offset_ms).div_euclid(SCRAPE_INTERVAL_MS);
        (first..=last)
            .map(move |n| n * SCRAPE_INTERVAL_MS + offset_ms)
            .filter(move |&timestamp_ms| timestamp_ms >= self.start_ms)
            .filter_map(move |timestamp_ms| {
                let value = series.at(timestamp_ms / 1_000)?;
                Some(Sample { timestamp_ms, value })
            })
    }
}

/// `name{label="value",…}`, as OpenMetrics has it.
fn openmetrics_head(labels: &Labels) -> String {
    let pairs: Vec<_> = labels
        .iter()
        .filter(|(name, _)| *name != METRIC_NAME)
        .map(|(name, value)| {
            let value = value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
            format!(r#"{name}="{value}""#)
        })
        .collect();
    let name = labels.metric_name().unwrap_or_default();
    format!("{name}{{{}}}", pairs.join(","))
}

impl Storage for Window<'_> {
    fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64) -> Vec<Series> {
        let window = self.narrowed(start_ms, end_ms);
        self.metrics
            .matching(matchers)
            .map(|series| Series {
                labels: series.labels.clone(),
                samples: window.samples(series).collect(),
            })
            .collect()
    }
}
