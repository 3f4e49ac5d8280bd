//! JSON lines, written straight: a line is paid for by every request.

use std::error::Error;
use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::Metric;
use crate::clock::{Clock, SystemClock};

/// Where CloudWatch keeps the metrics.
const NAMESPACE: &str = "lambda-mcp";

/// Formats an event as a line.
pub(super) struct Lines {
    pub(super) metrics: &'static [Metric],
}

impl<S> FormatEvent<S, Members> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, Members>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = String::with_capacity(512);
        line.push_str("{\"timestamp\":\"");
        SystemTime.format_time(&mut Writer::new(&mut line))?;
        write!(line, "\",\"level\":\"{}\"", metadata.level())?;
        let mut members = MemberWriter::new(&mut line, false);
        event.record(&mut members);
        let seen = members.finish()?;
        line.push_str(",\"target\":");
        push_string(&mut line, metadata.target());
        if let Some(scope) = cx.event_scope() {
            line.push_str(",\"spans\":[");
            for (n, span) in scope.from_root().enumerate() {
                line.push_str(if n == 0 { "{\"name\":" } else { ",{\"name\":" });
                push_string(&mut line, span.name());
                if let Some(fields) = span.extensions().get::<FormattedFields<Members>>()
                    && !fields.is_empty()
                {
                    line.push(',');
                    line.push_str(fields);
                }
                line.push('}');
            }
            line.push(']');
        }
        if let Some(metric) = self.metrics.iter().find(|m| m.event == metadata.name()) {
            push_directive(&mut line, metric, &seen)?;
        }
        line.push_str("}\n");
        writer.write_str(&line)
    }
}

/// Formats fields as JSON members, without the braces around them.
pub(super) struct Members;

impl<'w> FormatFields<'w> for Members {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        write_members(&mut writer, fields, true)
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        let first = current.fields.is_empty();
        write_members(&mut current.as_writer(), fields, first)
    }
}

fn write_members(writer: &mut Writer<'_>, fields: impl RecordFields, first: bool) -> fmt::Result {
    let mut out = String::new();
    let mut members = MemberWriter::new(&mut out, first);
    fields.record(&mut members);
    members.finish()?;
    writer.write_str(&out)
}

struct MemberWriter<'a> {
    out: &'a mut String,
    first: bool,
    /// The names that were written.
    seen: Vec<&'static str>,
    result: fmt::Result,
}

impl<'a> MemberWriter<'a> {
    fn new(out: &'a mut String, first: bool) -> Self {
        Self { out, first, seen: Vec::new(), result: Ok(()) }
    }

    fn finish(self) -> Result<Vec<&'static str>, fmt::Error> {
        self.result.map(|()| self.seen)
    }

    fn name(&mut self, field: &Field) {
        self.seen.push(field.name());
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        push_string(self.out, field.name());
        self.out.push(':');
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        self.result = self.result.and(write!(self.out, "{value}"));
    }

    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.name(field);
        self.out.push('"');
        self.result = self.result.and(Escaped(self.out).write_fmt(value));
        self.out.push('"');
    }
}

impl Visit for MemberWriter<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no NaN and no infinities.
        if value.is_finite() {
            self.plain(field, value);
        } else {
            self.text(field, format_args!("{value}"));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        push_string(self.out, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.name(field);
        self.out.push('"');
        let mut escaped = Escaped(self.out);
        let mut told = write!(escaped, "{value}");
        for cause in std::iter::successors(value.source(), |cause| (*cause).source()) {
            told = told.and(write!(escaped, ": {cause}"));
        }
        self.result = self.result.and(told);
        self.out.push('"');
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format_args!("{value:?}"));
    }
}

/// Escapes what is written to it for the inside of a JSON string.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|b| b < b' ' || b == b'"' || b == b'\\') {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            match special.as_bytes()[0] {
                b'"' => self.0.push_str("\\\""),
                b'\\' => self.0.push_str("\\\\"),
                b'\n' => self.0.push_str("\\n"),
                control => write!(self.0, "\\u{control:04x}")?,
            }
            rest = &special[1..];
        }
        self.0.push_str(rest);
        Ok(())
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    // Writing to a String cannot fail.
    let _ = Escaped(out).write_str(text);
    out.push('"');
}

/// The member `_aws`, by which CloudWatch reads the line as a metric. Sets of dimensions that were
/// not all `seen` in the event are left out.
fn push_directive(line: &mut String, metric: &Metric, seen: &[&str]) -> fmt::Result {
    let Metric { field, unit, dimensions, .. } = metric;
    let sets = dimensions.iter().filter(|set| set.iter().all(|field| seen.contains(field)));
    write!(
        line,
        ",\"_aws\":{{\"Timestamp\":{},\"CloudWatchMetrics\":[{{\"Namespace\":\"{NAMESPACE}\",\"Dimensions\":[",
        SystemClock.unix_ms()
    )?;
    for (n, set) in sets.enumerate() {
        line.push_str(if n == 0 { "[" } else { ",[" });
        for (n, field) in set.iter().enumerate() {
            line.push_str(if n == 0 { "" } else { "," });
            push_string(line, field);
        }
        line.push(']');
    }
    write!(line, "],\"Metrics\":[{{\"Name\":\"{field}\",\"Unit\":\"{unit}\"}}]}}]}}")
}
