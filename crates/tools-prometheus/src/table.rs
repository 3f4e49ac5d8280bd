//! The series of an answer as text: a line each, within a few kilobytes.

use std::fmt::Write as _;

use backend_amp::{Error, Series};

use crate::labels::Rows;
use crate::stats::{CELLS, Stats};
use crate::text::{count, figure};

/// Bytes of text that the lines of series may take, heading and notes aside.
const LINES_BYTES: usize = 4_200;

/// Sparklines are at least this wide, unless lines are left out; fewer cells show no shape.
const NARROWEST: usize = 6;

/// Lines about `series`, which are in the order of `shown`: the first of them, or all.
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

    /// What the series share, a heading, and a line each; says how many lines are left out.
    pub(crate) fn write(&self, out: &mut String) {
        if let Some(common) = self.rows.common() {
            let _ = writeln!(out, "all: {common}");
        }
        let uniform = self.uniform();
        if let Some(all) = &uniform {
            let _ = writeln!(out, "each: {all}");
        }
        let lines: Vec<String> = (0..self.stats.len()).map(|i| self.line(i, &uniform)).collect();
        let heading = self.rows.heading();
        let label = if heading.is_empty() { "series" } else { &heading };
        let own = if uniform.is_some() { "" } else { " n/gaps/NaN" };
        let _ = writeln!(out, "{label}{own} first last min avg p95 max slope/h trend");

        let bytes = |width: usize, rows: usize| -> usize {
            // A block is three bytes of UTF-8; the space and the line end are two more.
            lines[..rows].iter().map(|line| line.len() + 3 * width + 2).sum()
        };
        let width = [CELLS, 20, 16, 12, 10, 8, NARROWEST]
            .into_iter()
            .find(|width| bytes(*width, lines.len()) <= LINES_BYTES)
            .unwrap_or(NARROWEST);
        let rows = (1..=lines.len()).take_while(|n| bytes(width, *n) <= LINES_BYTES).count();
        let rows = rows.max(1).min(lines.len());
        for (line, stats) in lines.iter().zip(&self.stats).take(rows) {
            let _ = writeln!(out, "{line} {}", stats.sparkline(width));
        }
        if rows < lines.len() {
            let _ =
                writeln!(out, "and {} without a line here", count("series", lines.len() - rows));
        }
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

/// Lines about the series of a vector: labels and value. `values` is as long as `series`.
///
/// # Errors
/// [`Error::UnexpectedReply`] when labels are not text.
pub(crate) fn write_vector(
    out: &mut String,
    series: &[Series<'_>],
    values: &[f64],
    shown: &[usize],
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
        if row > 0 && out.len() - start + line.len() > LINES_BYTES {
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
