//! Walks the syntax tree. Each node is evaluated once for all steps of the query, so that labels
//! are worked on once per series and not once per step.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use promql_parser::parser::{
    AtModifier, Expr, MatrixSelector, Offset, SubqueryExpr, UnaryExpr, VectorSelector,
};

use crate::parse::{selector_matchers, type_name};
use crate::track::{Track, merge};
use crate::{Error, Labels, Sample, Series, Storage, Windows, aggregate, binary, functions};

/// How far an instant selector looks back for the latest sample.
const LOOKBACK_MS: i64 = 5 * 60 * 1000;
/// The step of a subquery that names none: the default evaluation interval of Prometheus.
const DEFAULT_SUBQUERY_STEP_MS: i64 = 60 * 1000;
/// Prometheus' default limit on the samples of a query.
const MAX_SAMPLES: usize = 50_000_000;

/// The times a query is evaluated at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) start_ms: i64,
    pub(crate) step_ms: i64,
    pub(crate) len: usize,
}

impl Grid {
    /// From `start_ms` to at most `end_ms`; no step at all when the end is before the start.
    pub(crate) fn new(start_ms: i64, end_ms: i64, step_ms: i64) -> Result<Self, Error> {
        let steps = (i128::from(end_ms) - i128::from(start_ms)).div_euclid(step_ms.into()) + 1;
        let len = usize::try_from(steps.max(0)).unwrap_or(usize::MAX);
        check_size(len, 1)?;
        Ok(Self { start_ms, step_ms, len })
    }

    pub(crate) fn times(self) -> impl Iterator<Item = i64> {
        (0..self.len).map(move |step| self.start_ms + step as i64 * self.step_ms)
    }
}

/// The value of an expression at every step.
pub(crate) enum Steps {
    Scalar(Vec<f64>),
    Text(String),
    Vector(Vec<Track>),
}

impl Steps {
    /// The samples of each series; those of a scalar have no labels.
    fn into_tracks(self) -> Vec<Track> {
        match self {
            Self::Vector(tracks) => tracks,
            Self::Scalar(values) => {
                let values = values.into_iter().map(Some).collect();
                vec![Track { labels: Labels::default(), values }]
            }
            Self::Text(_) => Vec::new(),
        }
    }

    /// The samples of each series at the times of `grid`, sorted by labels.
    pub(crate) fn into_series(self, grid: Grid) -> Vec<Series> {
        let mut series: Vec<Series> = self
            .into_tracks()
            .into_iter()
            .map(|track| {
                let samples = grid.times().zip(track.values).filter_map(|(timestamp_ms, value)| {
                    Some(Sample { timestamp_ms, value: value? })
                });
                Series { labels: track.labels, samples: samples.collect() }
            })
            .filter(|series| !series.samples.is_empty())
            .collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        series
    }
}

/// Series with a window on them for every step.
pub(crate) struct RangeVector {
    pub(crate) series: Vec<Series>,
    /// The end of the window at each step, Unix milliseconds.
    pub(crate) ends: Vec<i64>,
    pub(crate) range_ms: i64,
}

/// Evaluates expressions over one grid of times.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) storage: &'a dyn Storage,
    pub(crate) windows: Windows,
    pub(crate) grid: Grid,
    /// What `@ start()` and `@ end()` mean: the bounds of the whole query, in subqueries too.
    pub(crate) query_bounds: (i64, i64),
}

impl Evaluator<'_> {
    pub(crate) fn eval(&self, expr: &Expr) -> Result<Steps, Error> {
        match expr {
            Expr::Paren(paren) => self.eval(&paren.expr),
            Expr::NumberLiteral(number) => Ok(Steps::Scalar(vec![number.val; self.grid.len])),
            Expr::StringLiteral(text) => Ok(Steps::Text(text.val.clone())),
            Expr::VectorSelector(selector) => {
                self.instant_selector(selector, |sample| sample.value).map(Steps::Vector)
            }
            Expr::Unary(unary) => self.negate(unary),
            Expr::Binary(expr) => binary::evaluate(self, expr),
            Expr::Aggregate(expr) => aggregate::evaluate(self, expr).map(Steps::Vector),
            Expr::Call(call) => functions::call(self, call),
            Expr::MatrixSelector(_) | Expr::Subquery(_) => Err(mismatch("instant vector", expr)),
            Expr::Extension(_) => Err(Error::Unsupported("unknown kind of expression".into())),
        }
    }

    pub(crate) fn vector(&self, expr: &Expr) -> Result<Vec<Track>, Error> {
        match self.eval(expr)? {
            Steps::Vector(tracks) => Ok(tracks),
            Steps::Scalar(_) | Steps::Text(_) => Err(mismatch("instant vector", expr)),
        }
    }

    pub(crate) fn scalar(&self, expr: &Expr) -> Result<Vec<f64>, Error> {
        match self.eval(expr)? {
            Steps::Scalar(values) => Ok(values),
            Steps::Vector(_) | Steps::Text(_) => Err(mismatch("scalar", expr)),
        }
    }

    pub(crate) fn text(&self, expr: &Expr) -> Result<String, Error> {
        match self.eval(expr)? {
            Steps::Text(text) => Ok(text),
            Steps::Scalar(_) | Steps::Vector(_) => Err(mismatch("string", expr)),
        }
    }

    pub(crate) fn range_vector(&self, expr: &Expr) -> Result<RangeVector, Error> {
        match expr {
            Expr::Paren(paren) => self.range_vector(&paren.expr),
            Expr::MatrixSelector(selector) => self.range_selector(selector),
            Expr::Subquery(subquery) => self.subquery(subquery),
            _ => Err(mismatch("range vector", expr)),
        }
    }

    /// For each step what `pick` makes of the latest sample that the lookback still reaches.
    pub(crate) fn instant_selector(
        &self,
        selector: &VectorSelector,
        pick: impl Fn(&Sample) -> f64,
    ) -> Result<Vec<Track>, Error> {
        let ends = self.reference_times(selector.at.as_ref(), selector.offset.as_ref());
        let series = self.select(selector, &ends, LOOKBACK_MS)?;
        self.check_size(series.len())?;
        let tracks = series.into_iter().map(|series| {
            let mut windows = self.windows.over(&series.samples, LOOKBACK_MS);
            let values = ends.iter().map(|&end| windows.at(end).last().map(&pick)).collect();
            Track { labels: series.labels, values }
        });
        merge(tracks.collect())
    }

    fn range_selector(&self, selector: &MatrixSelector) -> Result<RangeVector, Error> {
        let range_ms = millis(selector.range);
        let ends = self.reference_times(selector.vs.at.as_ref(), selector.vs.offset.as_ref());
        let series = self.select(&selector.vs, &ends, range_ms)?;
        Ok(RangeVector { series, ends, range_ms })
    }

    /// Evaluates the inner expression on a grid of its own, aligned to multiples of its step.
    fn subquery(&self, subquery: &SubqueryExpr) -> Result<RangeVector, Error> {
        let range_ms = millis(subquery.range);
        let ends = self.reference_times(subquery.at.as_ref(), subquery.offset.as_ref());
        let step_ms = subquery.step.map_or(DEFAULT_SUBQUERY_STEP_MS, millis).max(1);
        let (first, last) = (ends.first().copied(), ends.last().copied());
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(RangeVector { series: Vec::new(), ends, range_ms });
        };
        let earliest = first.saturating_sub(range_ms);
        let past = earliest.rem_euclid(step_ms);
        let aligned = if past == 0 { earliest } else { earliest.saturating_add(step_ms - past) };
        let grid = Grid::new(aligned, last, step_ms)?;
        let inner = Evaluator { grid, ..*self };
        let series = inner.eval(&subquery.expr)?.into_series(grid);
        Ok(RangeVector { series, ends, range_ms })
    }

    /// All samples that windows of this length ending at `ends` can see, series sorted by labels.
    fn select(
        &self,
        selector: &VectorSelector,
        ends: &[i64],
        range_ms: i64,
    ) -> Result<Vec<Series>, Error> {
        let matchers = selector_matchers(selector)?;
        let (Some(&first), Some(&last)) = (ends.first(), ends.last()) else {
            return Ok(Vec::new());
        };
        let mut series = self.storage.select(&matchers, first.saturating_sub(range_ms), last);
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(series)
    }

    /// The time a selector looks at, at each step, after `@` and `offset`. Never falls.
    fn reference_times(&self, at: Option<&AtModifier>, offset: Option<&Offset>) -> Vec<i64> {
        let offset_ms = match offset {
            None => 0,
            Some(Offset::Pos(duration)) => millis(*duration),
            Some(Offset::Neg(duration)) => -millis(*duration),
        };
        let fixed = at.map(|at| match at {
            AtModifier::Start => self.query_bounds.0,
            AtModifier::End => self.query_bounds.1,
            AtModifier::At(time) => unix_millis(*time),
        });
        let times = self.grid.times();
        times.map(|time| fixed.unwrap_or(time).saturating_sub(offset_ms)).collect()
    }

    /// Refuses to lay this many series over the steps when they would not fit in memory.
    pub(crate) fn check_size(&self, series: usize) -> Result<(), Error> {
        check_size(series, self.grid.len)
    }

    fn negate(&self, unary: &UnaryExpr) -> Result<Steps, Error> {
        Ok(match self.eval(&unary.expr)? {
            Steps::Scalar(values) => Steps::Scalar(values.into_iter().map(|v| -v).collect()),
            Steps::Vector(tracks) => Steps::Vector(merge(
                tracks.into_iter().map(|t| t.without_metric_name().map(|v| -v)).collect(),
            )?),
            Steps::Text(_) => return Err(mismatch("scalar or instant vector", &unary.expr)),
        })
    }
}

/// Refuses what would not fit in memory.
fn check_size(series: usize, steps: usize) -> Result<(), Error> {
    if series.saturating_mul(steps) > MAX_SAMPLES {
        return Err(Error::Execution(
            "query processing would load too many samples into memory in query execution".into(),
        ));
    }
    Ok(())
}

fn mismatch(expected: &str, expr: &Expr) -> Error {
    let got = type_name(expr.value_type());
    crate::parse::invalid(format!("parse error: expected type {expected}, got {got}"))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn unix_millis(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}
