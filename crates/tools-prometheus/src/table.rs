//! The series of an answer as text: a line each, within a few kilobytes.

use std::fmt::Write as _;

use backend_amp::{Error, Series};

use crate::labels::Rows;
use crate::stats::{CELLS, Stats};
use crate::text::{count, figure};

/// Sparklines are at least this wide, unless lines are left out; fewer cells show no shape.
const NARROWEST: usize = 6;

/// Lines about some series, in their order.
pub(crate) struct Table<'a, 's> {
    rows: Rows<'a>,
    stats: Vec<&'s Stats>,
}

impl<'a, 's> Table<'a, 's> {
    /// A table of the series `shown`, with their figures.
    ///
    /// # Errors
    /// [`Error::UnexpectedReply`] when labels are not text.
    pub(crate) fn new(
        series: &[Series<'a>],
        stats: &'s [Stats],
        shown: &[usize],
    ) -> Result<Self, Error> {
        let rows: Result<Vec<_>, Error> = shown.iter().map(|i| series[*i].labels()).collect();
        Ok(Self { rows: Rows::new(rows?), stats: shown.iter().map(|i| &stats[*i]).collect() })
    }

    /// What the series share, a heading, and a line each, in about `room` bytes; says how many
    /// lines are left out.
    pub(crate) fn write(self, out: &mut String, room: usize) {
        let uniform = self.uniform();
        let mut table = self;
        let mut lines = table.lines(&uniform);
        let mut head = table.head(&uniform);
        if fitting(&lines, NARROWEST, room.saturating_sub(head.len())) < lines.len() {
            table.rows = table.rows.shortened();
            lines = table.lines(&uniform);
            head = table.head(&uniform);
        }
        let room = room.saturating_sub(head.len());
        let width = [CELLS, 20, 16, 12, 10, 8]
            .into_iter()
            .find(|width| fitting(&lines, *width, room) == lines.len())
            .unwrap_or(NARROWEST);
        let rows = fitting(&lines, width, room).max(1).min(lines.len());
        out.push_str(&head);
        for (line, stats) in lines.iter().zip(&table.stats).take(rows) {
            let _ = writeln!(out, "{line} {}", stats.sparkline(width));
        }
        if rows < lines.len() {
            let _ =
                writeln!(out, "and {} without a line here", count("series", lines.len() - rows));
        }
    }

    fn head(&self, uniform: &Option<String>) -> String {
        let mut head = String::new();
        if let Some(common) = self.rows.common() {
            let _ = writeln!(head, "all: {common}");
        }
        if let Some(all) = uniform {
            let _ = writeln!(head, "each: {all}");
        }
        let heading = self.rows.heading();
        let label = if heading.is_empty() { "series" } else { &heading };
        let own = if uniform.is_some() { "" } else { " n/gaps/NaN" };
        let _ = writeln!(head, "{label}{own} first last min avg p95 max slope/h trend");
        head
    }

    fn lines(&self, uniform: &Option<String>) -> Vec<String> {
        (0..self.stats.len()).map(|i| self.line(i, uniform)).collect()
    }

    /// `n 41, gaps 0, NaN 0` when that is so of each series.
    fn uniform(&self) -> Option<String> {
        let key = |stats: &&Stats| (stats.n, stats.gaps, stats.nan);
        let first = self.stats.first().map(key)?;
        self.stats.iter().all(|stats| key(stats) == first).then(|| {
            let (n, gaps, nan) = first;
            match gaps {
                Some(gaps) => format!("n {n}, gaps {gaps}, NaN {nan}"),
                None => format!("n {n}, NaN {nan}"),
            }
        })
    }

    fn line(&self, i: usize, uniform: &Option<String>) -> String {
        let stats = self.stats[i];
        let mut line = self.rows.row(i);
        if uniform.is_none() {
            let gaps = stats.gaps.map_or("-".to_owned(), |gaps| gaps.to_string());
            let _ = write!(line, " {}/{gaps}/{}", stats.n, stats.nan);
        }
        let Stats { first, last, min, avg, p95, max, slope, .. } = stats;
        for value in [*first, *last, *min, *avg, *p95, *max, slope * 3600.0] {
            line.push(' ');
            line.push_str(&figure(value));
        }
        line
    }
}

/// How many of `lines` fit in `room` bytes with a sparkline of `width` cells each.
fn fitting(lines: &[String], width: usize, room: usize) -> usize {
    let mut spent = 0;
    let fits = |line: &&String| {
        // A block is three bytes of UTF-8; the space and the line end are two more.
        spent += line.len() + 3 * width + 2;
        spent <= room
    };
    lines.iter().take_while(fits).count()
}

/// Lines about the series of a vector, labels and value, in about `room` bytes. `values` is as
/// long as `series`.
///
/// # Errors
/// [`Error::UnexpectedReply`] when labels are not text.
pub(crate) fn write_vector(
    out: &mut String,
    series: &[Series<'_>],
    values: &[f64],
    shown: &[usize],
    room: usize,
) -> Result<(), Error> {
    let rows: Result<Vec<_>, Error> = shown.iter().map(|i| series[*i].labels()).collect();
    let rows = Rows::new(rows?);
    if let Some(common) = rows.common() {
        let _ = writeln!(out, "all: {common}");
    }
    let heading = rows.heading();
    if !heading.is_empty() {
        let _ = writeln!(out, "{heading} value");
    }
    let start = out.len();
    for (row, i) in shown.iter().enumerate() {
        let value = match series[*i].histogram {
            Some(_) => "(native histogram)".to_owned(),
            None => exact(values[*i]),
        };
        let line = format!("{} {value}\n", rows.row(row));
        if row > 0 && out.len() - start + line.len() > room {
            let _ = writeln!(out, "and {} without a line here", count("series", shown.len() - row));
            break;
        }
        out.push_str(&line);
    }
    Ok(())
}

/// All digits of a value, as Prometheus writes what is not a number.
pub(crate) fn exact(value: f64) -> String {
    if value.is_finite() && (value == 0.0 || (1e-6..1e15).contains(&value.abs())) {
        format!("{value}")
    } else if value.is_finite() {
        format!("{value:e}")
    } else {
        figure(value)
    }
}
