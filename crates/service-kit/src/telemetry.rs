//! Logs: one JSON line an event on Lambda, lines for people on a terminal.

use std::io::{self, IsTerminal as _};

use tracing::Subscriber;
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Registry, fmt};

/// What is logged: a level (`info`) or levels for targets (`warn,backend_amp=debug`).
///
/// Parses without regular expressions, which keeps a cold start cheap.
pub use tracing_subscriber::filter::Targets as Filter;

/// Logs events of this process as JSON, one line each, to standard output, where Lambda collects
/// them: `timestamp` (RFC 3339, UTC), `level`, `target`, `message`, the event's fields beside
/// them, and `spans` (outermost first: `name` and fields).
///
/// # Errors
/// When logging was initialised before.
pub fn init_json(filter: Filter) -> Result<(), SetGlobalDefaultError> {
    set_global_default(json(filter, io::stdout))
}

/// Logs events of this process for people, to standard error, in colour on a terminal.
///
/// # Errors
/// When logging was initialised before.
pub fn init_human(filter: Filter) -> Result<(), SetGlobalDefaultError> {
    let layer = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    set_global_default(Registry::default().with(layer).with(filter))
}

fn json<W>(filter: Filter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_writer(writer);
    Registry::default().with(layer).with(filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};

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
        let subscriber = json(filter.parse().unwrap(), move || writer.clone());
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
