use std::collections::BTreeMap;

use promql::{Labels, Storage};
use regex::Regex;

use super::clockwork::{DAY, INCIDENT, KILLED, STARTED};
use super::*;

fn equal(name: &str, value: &str) -> Matcher {
    Matcher { name: name.into(), op: MatchOp::Equal(value.into()) }
}

/// Unix milliseconds of a clock time (seconds after midnight) on the third day.
fn on_the_third_day(clock: f64) -> i64 {
    (STARTED + 2.0 * DAY + clock) as i64 * 1_000
}

/// Growth of the series with such labels from one moment to another, summed; they do not reset.
fn increase(matchers: &[Matcher], start_ms: i64, end_ms: i64) -> f64 {
    let metrics = SampleMetrics::new();
    let window = metrics.between(start_ms, end_ms);
    let grown = |series: &promql::Series| {
        Some(series.samples.last()?.value - series.samples.first()?.value)
    };
    window.select(matchers, start_ms, end_ms).iter().filter_map(grown).sum()
}

#[test]
fn there_are_about_800_names_and_each_is_documented() {
    let metrics = SampleMetrics::new();
    let names = metrics.by_name.len();
    assert!((720..=820).contains(&names), "{names}");
    for name in metrics.by_name.keys() {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let known = |name: &str| metrics.metadata().get(name);
        let metadata = known(name).or_else(|| known(base?));
        assert!(metadata.is_some_and(|metadata| metadata.help.ends_with('.')), "{name}");
    }
    for family in ["node_", "http_", "go_", "process_", "prometheus_", "container_", "kube_"] {
        assert!(metrics.by_name.keys().any(|name| name.starts_with(family)), "{family}");
    }
}

#[test]
fn no_two_series_have_the_same_labels() {
    let metrics = SampleMetrics::new();
    let mut seen: Vec<&Labels> = metrics.series.iter().map(|series| &series.labels).collect();
    seen.sort();
    let twice: Vec<_> = seen.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn counters_grow_and_every_value_survives_its_text() {
    let metrics = SampleMetrics::new();
    let (start, end) = (INCIDENT.0 - 120.0, INCIDENT.1 + 120.0);
    let window = metrics.between(on_the_third_day(start), on_the_third_day(end));
    for series in window.select(&[], i64::MIN / 2, i64::MAX / 2) {
        let name = series.labels.metric_name().unwrap();
        let counts = ["_total", "_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end));
        let gauge = metrics.metadata().get(name).is_some_and(|known| known.kind == Kind::Gauge);
        let restarted = series.labels.iter().any(|(_, value)| value.contains("x2x7k"));
        let mut before = f64::NEG_INFINITY;
        for sample in series.samples {
            let text = promql::format_value(sample.value);
            assert_eq!(text.parse::<f64>().unwrap(), sample.value, "{}", series.labels);
            assert!(sample.value.is_finite() && sample.value >= 0.0, "{} {text}", series.labels);
            if counts && !gauge && !restarted {
                assert!(sample.value >= before, "{} {before} {text}", series.labels);
                before = sample.value;
            }
        }
    }
}

#[test]
fn buckets_are_cumulative_and_the_last_one_is_the_count() {
    let metrics = SampleMetrics::new();
    let now = on_the_third_day(INCIDENT.0 + 600.0);
    let window = metrics.between(now - SCRAPE_INTERVAL_MS + 1, now);
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for series in window.select(&[], i64::MIN / 2, i64::MAX / 2) {
        let Some(sample) = series.samples.first() else {
            continue;
        };
        let name = series.labels.metric_name().unwrap();
        if let Some(name) = name.strip_suffix("_bucket") {
            let le = series.labels.get("le").unwrap().parse().unwrap();
            let key = series.labels.with("le", "").with(METRIC_NAME, name);
            histograms.entry(key).or_default().push((le, sample.value));
        } else if let Some(name) = name.strip_suffix("_count") {
            counts.insert(series.labels.with(METRIC_NAME, name), sample.value);
        }
    }
    assert!(histograms.len() > 40);
    for (labels, mut buckets) in histograms {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{labels} {buckets:?}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, counts[&labels])), "{labels}");
    }
}

#[test]
fn the_incident_shows_as_errors_slow_answers_and_a_restart() {
    let requests = |code: &str, start: f64, end: f64| {
        let code = Matcher {
            name: "code".into(),
            op: MatchOp::Regex(Regex::new(&format!("^(?:{code})$")).unwrap()),
        };
        // The second pod: it is not killed.
        let matchers =
            [equal("__name__", "http_requests_total"), equal("instance", "10.0.2.42:8080"), code];
        increase(&matchers, on_the_third_day(start), on_the_third_day(end))
    };
    let ratio = |start: f64, end: f64| requests("5..", start, end) / requests(".*", start, end);
    let (calm, hot) = (ratio(INCIDENT.0 - 1_800.0, INCIDENT.0), ratio(INCIDENT.0, INCIDENT.1));
    assert!(calm < 0.01, "{calm}");
    assert!((0.1..0.25).contains(&hot), "{hot}");

    let slow = |start: f64, end: f64| {
        let within = |le: &str| {
            let matchers = [
                equal("__name__", "http_request_duration_seconds_bucket"),
                equal("instance", "10.0.2.42:8080"),
                equal("le", le),
            ];
            increase(&matchers, on_the_third_day(start), on_the_third_day(end))
        };
        1.0 - within("0.5") / within("+Inf")
    };
    assert!(slow(INCIDENT.0 - 1_800.0, INCIDENT.0) < 0.01);
    assert!(slow(INCIDENT.0, INCIDENT.1) > 0.2);

    let restarts = [equal("__name__", "kube_pod_container_status_restarts_total")];
    let (before, after) = (KILLED - 300.0, KILLED + 300.0);
    assert_eq!(increase(&restarts, on_the_third_day(before), on_the_third_day(after)), 1.0);
}

#[test]
fn a_window_holds_its_ends_and_nothing_beyond() {
    let metrics = SampleMetrics::new();
    let up = [equal("__name__", "up"), equal("job", "prometheus")];
    let whole = metrics.between(on_the_third_day(0.0), on_the_third_day(300.0));
    let times = |start: i64, end: i64| -> Vec<i64> {
        let series = whole.select(&up, start, end);
        series[0].samples.iter().map(|sample| sample.timestamp_ms).collect()
    };
    let all = times(0, i64::MAX);
    assert_eq!(all.len(), 10);
    assert_eq!(times(all[2], all[5]), all[2..=5]);
    assert_eq!(times(all[2] + 1, all[5] - 1), all[3..=4]);
    assert!(times(all[5], all[2]).is_empty());
}

#[test]
fn before_the_first_day_there_is_nothing() {
    let metrics = SampleMetrics::new();
    let window = metrics.until(STARTED as i64 * 1_000 - 1);
    assert_eq!(window.series(&[]).count(), 0);
    assert!(window.select(&[], 0, i64::MAX).iter().all(|series| series.samples.is_empty()));
}

#[test]
fn labels_are_listed_for_what_matches() {
    let metrics = SampleMetrics::new();
    let window = metrics.until(on_the_third_day(0.0));
    let requests = [equal("__name__", "http_requests_total"), equal("job", "checkout")];
    insta::assert_compact_debug_snapshot!(window.label_names(&requests), @r#"{"__name__", "code", "handler", "instance", "job", "method", "namespace", "pod"}"#);
    insta::assert_compact_debug_snapshot!(window.label_values("code", &requests), @r#"{"200", "400", "404", "500", "503"}"#);
    assert_eq!(window.label_values("code", &[equal("job", "nobody")]).len(), 0);
    let jobs = window.label_values("job", &[]);
    insta::assert_compact_debug_snapshot!(jobs, @r#"{"cadvisor", "cart", "catalog", "checkout", "frontend", "kube-state-metrics", "node", "payments", "prometheus"}"#);
}

#[test]
fn openmetrics_text_has_one_line_a_sample() {
    let metrics = SampleMetrics::new();
    let mut text = Vec::new();
    let window = metrics.between(on_the_third_day(0.0), on_the_third_day(59.0));
    window.write_openmetrics(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().count(), 2 * metrics.series.len() + 1);
    assert!(text.ends_with("\n# EOF\n"));
    let line = text.lines().find(|line| line.starts_with("up{")).unwrap();
    insta::assert_snapshot!(line, @r#"up{instance="10.0.1.11:9100",job="node",node="node-1"} 1 1767398406"#);
}
