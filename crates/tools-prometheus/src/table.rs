//! The series of an answer as text: a line each, within a few kilobytes.

use std::fmt::Write as _;

use backend_amp::{Error, Series};

use crate::budget::largest_first;
use crate::labels::Rows;
use crate::stats::{CELLS, Stats};
use crate::text::{count, figure, short_figure};

/// Series that may have a line; no more would fit in any text.
const MOST_LINES: usize = 150;

/// Sparklines are at least this wide, unless lines are left out; fewer cells show no shape.
const NARROWEST: usize = 5;

/// Lines about the series of a matrix.
pub(crate) struct Table<'a, 's> {
    rows: Rows<'a>,
    stats: Vec<&'s Stats>,
    /// `n 41, gaps 0, NaN 0` when that is so of each series, of those without a line too.
    uniform: Option<String>,
    /// Series that cannot have a line.
    beyond: usize,
}

impl<'a, 's> Table<'a, 's> {
    /// A table of the series `shown`, in their order; of very many, those with the largest max.
    ///
    /// # Errors
    /// [`Error::UnexpectedReply`] when labels are not text.
    pub(crate) fn new(
        series: &[Series<'a>],
        stats: &'s [Stats],
        shown: &[usize],
    ) -> Result<Self, Error> {
        let max = |i: usize| stats[shown[i]].max;
        let mut kept = largest_first(shown.len(), max);
        kept.truncate(MOST_LINES);
        kept.sort_unstable();
        let kept = || kept.iter().map(|i| shown[*i]);
        let rows: Result<Vec<_>, Error> = kept().map(|i| series[i].labels()).collect();
        let stats_of = |i: usize| &stats[i];
        Ok(Self {
            rows: Rows::new(rows?),
            stats: kept().map(stats_of).collect(),
            uniform: uniform(shown.iter().map(|i| &stats[*i])),
            beyond: shown.len().saturating_sub(MOST_LINES),
        })
    }

    /// What the series share, a heading, and a line each, in about `room` bytes. Where that is
    /// not enough, labels and figures get shorter, and then the series with the smallest max are
    /// left out, which is said.
    pub(crate) fn write(mut self, out: &mut String, room: usize) {
        let mut layout = self.layout(figure);
        if !layout.fits(NARROWEST, room) {
            self.rows = self.rows.shortened();
            layout = self.layout(figure);
        }
        if !layout.fits(NARROWEST, room) {
            layout = self.layout(short_figure);
        }
        let width =
            [CELLS, 20, 16, 12, 10, 8, 6].into_iter().find(|width| layout.fits(*width, room));
        let width = width.unwrap_or(NARROWEST);
        let mut left = room.saturating_sub(layout.head.len());
        let fits = |i: &usize| {
            let needed = bytes(&layout.lines[*i], width);
            let fits = needed <= left;
            left = left.saturating_sub(needed);
            fits
        };
        let by_max = largest_first(self.stats.len(), |i| self.stats[i].max);
        let fitting = by_max.iter().copied().take_while(fits).count().max(1);
        let mut rows: Vec<usize> = by_max.into_iter().take(fitting).collect();
        rows.sort_unstable();

        out.push_str(&layout.head);
        for i in &rows {
            let _ = writeln!(out, "{} {}", layout.lines[*i], self.stats[*i].sparkline(width));
        }
        let left_out = self.beyond + self.stats.len() - rows.len();
        if left_out > 0 {
            let _ =
                writeln!(out, "and {} of smaller max, without a line", count("series", left_out));
        }
    }

    fn layout(&self, figure: fn(f64) -> String) -> Layout {
        let mut head = String::new();
        if let Some(common) = self.rows.common() {
            let _ = writeln!(head, "all: {common}");
        }
        if let Some(each) = &self.uniform {
            let _ = writeln!(head, "each: {each}");
        }
        let heading = self.rows.heading();
        let label = if heading.is_empty() { "series" } else { &heading };
        let own = if self.uniform.is_some() { "" } else { " n/gaps/NaN" };
        let _ = writeln!(head, "{label}{own} first last min avg p95 max slope/h trend");
        Layout { head, lines: (0..self.stats.len()).map(|i| self.line(i, figure)).collect() }
    }

    fn line(&self, i: usize, figure: fn(f64) -> String) -> String {
        let stats = self.stats[i];
        let mut line = self.rows.row(i);
        if self.uniform.is_none() {
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

/// What is written, sparklines aside.
struct Layout {
    head: String,
    lines: Vec<String>,
}

impl Layout {
    fn fits(&self, width: usize, room: usize) -> bool {
        let lines: usize = self.lines.iter().map(|line| bytes(line, width)).sum();
        self.head.len() + lines <= room
    }
}

/// What a line takes with its sparkline: a block is three bytes of UTF-8; the space and the line
/// end are two more.
fn bytes(line: &str, width: usize) -> usize {
    line.len() + 3 * width + 2
}

fn uniform<'s>(mut stats: impl Iterator<Item = &'s Stats>) -> Option<String> {
    let key = |stats: &Stats| (stats.n, stats.gaps, stats.nan);
    let (n, gaps, nan) = key(stats.next()?);
    stats.all(|stats| key(stats) == (n, gaps, nan)).then(|| match gaps {
        Some(gaps) => format!("n {n}, gaps {gaps}, NaN {nan}"),
        None => format!("n {n}, NaN {nan}"),
    })
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
