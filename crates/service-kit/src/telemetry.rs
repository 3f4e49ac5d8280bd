//! Logs: one JSON line an event on Lambda, lines for people on a terminal.

mod lines;

use std::io::{self, IsTerminal as _};

use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing::{Level, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Registry, fmt};

/// An event that is a metric too: CloudWatch reads its JSON line as one (embedded metric format,
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The event's name (`name:` of the tracing macros).
    pub event: &'static str,
    /// The field that is measured.
    pub field: &'static str,
    /// Its unit, in CloudWatch's words.
    pub unit: &'static str,
    /// Fields by which it is told apart: a set for each entry. A set counts only for events that
    /// have all its fields. Each value of a field costs: none may be a caller's to choose.
    pub dimensions: &'static [&'static [&'static str]],
}

/// What is logged: a level (`info`) or levels for targets (`warn,backend_amp=debug`).
///
/// Parses without regular expressions, which keeps a cold start cheap.
pub use tracing_subscriber::filter::Targets as Filter;

/// Logs events of this process as JSON, one line each, to standard output, where Lambda collects
/// them: `timestamp` (RFC 3339, UTC), `level`, the event's fields, `target`, and `spans` (outermost
/// first: `name` and fields). An error is told with all its causes. Those of `metrics` carry `_aws`.
///
/// # Errors
/// When logging was initialised before.
pub fn init_json(filter: Filter, metrics: &'static [Metric]) -> Result<(), SetGlobalDefaultError> {
    set_global_default(json(filter, metrics, io::stdout))
}

/// Logs events of this process for people, to standard error, in colour on a terminal.
///
/// # Errors
/// When logging was initialised before.
pub fn init_human(filter: Filter) -> Result<(), SetGlobalDefaultError> {
    let layer = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    set_global_default(Registry::default().with(layer).with(without_contents(filter)))
}

/// At this level the SDK of AWS tells what it sent and got, whole: items of tables with what people
/// and clients gave us in confidence. That is in no log, whatever is asked for.
fn without_contents(filter: Filter) -> Filter {
    const TELLS: &str = "aws_smithy_runtime";
    match filter.would_enable(TELLS, &Level::TRACE) {
        true => filter.with_target(TELLS, Level::DEBUG),
        false => filter,
    }
}

fn json<W>(filter: Filter, metrics: &'static [Metric], writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer()
        .fmt_fields(lines::Members)
        .event_format(lines::Lines { metrics })
        .with_writer(writer);
    Registry::default().with(layer).with(without_contents(filter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};

    const METRICS: &[Metric] = &[Metric {
        event: "call",
        field: "duration_ms",
        unit: "Milliseconds",
        dimensions: &[&["outcome"], &["tool.name", "outcome"]],
    }];

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, events: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = json(filter.parse().unwrap(), METRICS, move || writer.clone());
        tracing::subscriber::with_default(subscriber, events);
        let lines = lines.0.lock().unwrap();
        str::from_utf8(&lines)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn an_event_is_one_json_line_with_its_fields_and_spans() {
        let lines = logged("info", || {
            let call = tracing::info_span!("tool.call", tool.name = "ExecuteQuery");
            let _inside = call.entered();
            tracing::info!(duration_ms = 12, "answered\nat once");
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        let mut line = line.clone();
        let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        let timestamp = timestamp.as_str().unwrap();
        assert_eq!((&timestamp[10..11], &timestamp[26..]), ("T", "Z"), "{timestamp}");
        assert_eq!(
            line,
            json!({
                "level": "INFO",
                "target": "service_kit::telemetry::tests",
                "message": "answered\nat once",
                "duration_ms": 12,
                "spans": [{"name": "tool.call", "tool.name": "ExecuteQuery"}],
            })
        );
    }

    #[test]
    fn an_event_that_is_a_metric_says_so_to_cloudwatch() {
        let lines = logged("info", || {
            tracing::info!(name: "call", duration_ms = 1.5, outcome = "ok", "done");
            let odd = "\"tool.name\":";
            tracing::info!(name: "call", duration_ms = 2, outcome = "ok", odd, "done");
            tracing::info!(name: "call", duration_ms = 3, outcome = "ok", tool.name = "T", "done");
        });
        let directive = |line: &Value| line["_aws"]["CloudWatchMetrics"][0].clone();
        assert_eq!(
            directive(&lines[0]),
            json!({
                "Namespace": "lambda-mcp",
                "Dimensions": [["outcome"]],
                "Metrics": [{"Name": "duration_ms", "Unit": "Milliseconds"}],
            })
        );
        assert!(lines[0]["_aws"]["Timestamp"].is_u64());
        assert_eq!(lines[0]["duration_ms"], 1.5);
        assert_eq!(directive(&lines[1])["Dimensions"], json!([["outcome"]]));
        assert_eq!(
            directive(&lines[2])["Dimensions"],
            json!([["outcome"], ["tool.name", "outcome"]])
        );
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_odd_text_is_escaped() {
        #[derive(Debug, thiserror::Error)]
        #[error("no answer")]
        struct NoAnswer(#[source] io::Error);

        let err = NoAnswer(io::Error::other("line \"1\"\r\u{1b}[0m"));
        let lines = logged("info", || {
            let span =
                tracing::info_span!("call", id = "a\\b", n = -1, late = tracing::field::Empty);
            let _inside = span.entered();
            tracing::error!(error = &err as &dyn std::error::Error, f = f64::NAN, ok = true, "é");
        });
        assert_eq!(lines[0]["error"], "no answer: line \"1\"\r\u{1b}[0m");
        assert_eq!((&lines[0]["f"], &lines[0]["ok"]), (&json!("NaN"), &json!(true)));
        assert_eq!(lines[0]["message"], "é");
        assert_eq!(lines[0]["spans"], json!([{"name": "call", "id": "a\\b", "n": -1}]));
    }

    #[test]
    fn a_field_recorded_later_joins_the_others() {
        let lines = logged("info", || {
            let span = tracing::info_span!("call", status = tracing::field::Empty, a = 1);
            span.record("status", 200);
            span.in_scope(|| tracing::info!("done"));
            tracing::info!("outside");
        });
        assert_eq!(lines[0]["spans"], json!([{"name": "call", "a": 1, "status": 200}]));
        assert_eq!(lines[1].get("spans"), None);
    }

    #[test]
    fn what_was_sent_and_got_is_in_no_log_whatever_is_asked_for() {
        for filter in ["trace", "info,aws_smithy_runtime=trace"] {
            let lines = logged(filter, || {
                tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", "an item");
                tracing::debug!(target: "aws_smithy_runtime::client::orchestrator", "a step");
            });
            assert_eq!(lines.len(), 1, "{filter}: {lines:?}");
        }
        let quiet = logged("info", || {
            tracing::debug!(target: "aws_smithy_runtime::client::orchestrator", "a step");
        });
        assert!(quiet.is_empty());
    }

    #[test]
    fn the_filter_takes_a_level_or_levels_for_targets() {
        let events = || {
            tracing::debug!("one");
            tracing::debug!(target: "loud", "two");
            tracing::warn!("three");
        };
        assert_eq!(logged("off", events).len(), 0);
        assert_eq!(logged("warn", events).len(), 1);
        assert_eq!(logged("warn,loud=debug", events).len(), 2);
        assert_eq!(logged("debug", events).len(), 3);
        assert!("a=b=c".parse::<Filter>().is_err());
    }
}
