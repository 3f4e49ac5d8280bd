//! Samples and results in the notation of Prometheus' own tests.

use promql::{Engine, Error, Labels, METRIC_NAME, Matcher, Sample, Series, Storage, Value};
use promql::{format_value, matchers};

/// Series in memory.
#[derive(Default)]
pub(crate) struct Memory(Vec<Series>);

impl Storage for Memory {
    fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64) -> Vec<Series> {
        let chosen = self.0.iter().filter(|s| matchers.iter().all(|m| m.matches(&s.labels)));
        let in_window = |s: &&Sample| (start_ms..=end_ms).contains(&s.timestamp_ms);
        chosen
            .map(|s| Series {
                labels: s.labels.clone(),
                samples: s.samples.iter().filter(in_window).copied().collect(),
            })
            .collect()
    }
}

/// Reads series, one a line: a selector and values `step_ms` apart from time zero on. `0+10x3`
/// stands for `0 10 20 30`, `5x2` for `5 5 5`, `_` for a missing sample, `_x2` for two.
pub(crate) fn load(step_ms: i64, lines: &str) -> Memory {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    Memory(lines.map(|line| series(step_ms, line)).collect())
}

fn series(step_ms: i64, line: &str) -> Series {
    let end = line.find('}').map_or_else(|| line.find(' ').unwrap(), |brace| brace + 1);
    let (selector, values) = line.split_at(end);
    let labels = matchers(selector).unwrap().into_iter().map(|matcher| match matcher.op {
        promql::MatchOp::Equal(value) => (matcher.name, value),
        _ => panic!("{selector} is not a series"),
    });
    let slots = values.split_whitespace().flat_map(expand).enumerate();
    let samples = slots.filter_map(|(index, value)| {
        Some(Sample { timestamp_ms: index as i64 * step_ms, value: value? })
    });
    Series { labels: labels.collect(), samples: samples.collect() }
}

fn expand(item: &str) -> Vec<Option<f64>> {
    let (first, times) = match item.split_once('x') {
        Some((first, times)) => (first, times.parse::<usize>().unwrap()),
        None => (item, 0),
    };
    if first == "_" {
        return vec![None; times.max(1)];
    }
    let sign = first.char_indices().skip(1).find(|&(_, c)| c == '+' || c == '-');
    let (start, step) = first.split_at(sign.map_or(first.len(), |(index, _)| index));
    let start: f64 = start.parse().unwrap();
    let step: f64 = if step.is_empty() { 0.0 } else { step.parse().unwrap() };
    (0..=times).map(|index| Some(start + step * index as f64)).collect()
}

/// A result as text: `up{job="a"} 1; up{job="b"} 0`, matrices as `up 1@0 2@60` with seconds.
pub(crate) fn show(result: &Result<Value, Error>) -> String {
    let at = |s: &Sample| format!(" {}@{}", format_value(s.value), s.timestamp_ms as f64 / 1e3);
    match result {
        Err(error) => format!("error: {error}"),
        Ok(Value::Scalar(sample)) => format_value(sample.value),
        Ok(Value::String { value, .. }) => format!("{value:?}"),
        Ok(Value::Vector(vector)) => {
            let line = |(labels, s): &(Labels, Sample)| {
                format!("{} {}", name(labels), format_value(s.value))
            };
            vector.iter().map(line).collect::<Vec<_>>().join("; ")
        }
        Ok(Value::Matrix(matrix)) => {
            let line = |s: &Series| name(&s.labels) + &s.samples.iter().map(at).collect::<String>();
            matrix.iter().map(line).collect::<Vec<_>>().join("; ")
        }
    }
}

fn name(labels: &Labels) -> String {
    let others = labels.without_metric_name();
    match labels.get(METRIC_NAME) {
        Some(name) if others.is_empty() => name.into(),
        name => format!("{}{others}", name.unwrap_or_default()),
    }
}

/// Compares instant queries at a time in seconds with their results.
#[track_caller]
pub(crate) fn check(storage: &Memory, seconds: i64, cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        let result = promql::instant(storage, query, seconds * 1000);
        assert_eq!(show(&result), *expected, "{query}");
    }
}

/// Compares range queries, `start..end` by `step` seconds, with their results.
#[track_caller]
pub(crate) fn check_range(storage: &Memory, times: (i64, i64, i64), cases: &[(&str, &str)]) {
    let (start, end, step) = times;
    for (query, expected) in cases {
        let engine = Engine::default();
        let result = engine.range(storage, query, start * 1000, end * 1000, step * 1000);
        assert_eq!(show(&result), *expected, "{query}");
    }
}
