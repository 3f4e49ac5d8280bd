//! The entry points: a query and its times to a result.

use promql_parser::parser::Expr;
use promql_parser::parser::token::{T_BOTTOMK, T_TOPK};
use promql_parser::parser::value::ValueType;

use crate::eval::{Evaluator, Grid, Steps};
use crate::parse::{invalid, parse, type_name, without_parens};
use crate::{Error, Sample, Series, Storage, Value};

/// Whether a range selector includes the sample at its far end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Windows {
    /// Both ends belong to the window, as in Prometheus 2.
    #[default]
    Closed,
    /// The far end does not, as in Prometheus 3 and Amazon Managed Service for Prometheus.
    LeftOpen,
}

/// The settings of an evaluation. [`instant()`] and [`range()`] use the default ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine {
    /// The rule for the far end of windows.
    pub windows: Windows,
}

impl Engine {
    /// Evaluates a query at one time, Unix milliseconds.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn instant(
        &self,
        storage: &dyn Storage,
        query: &str,
        time_ms: i64,
    ) -> Result<Value, Error> {
        let expr = parse(query)?;
        let grid = Grid { start_ms: time_ms, step_ms: 1, len: 1 };
        let ev =
            Evaluator { storage, windows: self.windows, grid, query_bounds: (time_ms, time_ms) };
        if expr.value_type() == ValueType::Matrix {
            return raw_samples(&ev, &expr).map(Value::Matrix);
        }
        Ok(match ev.eval(&expr)? {
            Steps::Scalar(values) => Value::Scalar(Sample {
                timestamp_ms: time_ms,
                value: values.first().copied().unwrap_or(f64::NAN),
            }),
            Steps::Text(value) => Value::String { timestamp_ms: time_ms, value },
            Steps::Vector(tracks) => {
                let present = tracks.into_iter().filter_map(|track| {
                    let value = track.values.first().copied().flatten()?;
                    Some((track.labels, Sample { timestamp_ms: time_ms, value }))
                });
                let mut vector: Vec<_> = present.collect();
                if !has_order(&expr) {
                    vector.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                Value::Vector(vector)
            }
        })
    }

    /// Evaluates a query at each step from `start_ms` to `end_ms`, Unix milliseconds. The result
    /// is always a matrix, sorted by labels, also for a scalar expression.
    ///
    /// # Errors
    /// See [`Error`]; a step below one millisecond and an end before the start are refused too.
    pub fn range(
        &self,
        storage: &dyn Storage,
        query: &str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Result<Value, Error> {
        if end_ms < start_ms {
            return Err(invalid("end timestamp must not be before start time".into()));
        }
        if step_ms < 1 {
            return Err(invalid(
                "zero or negative query resolution step widths are not accepted. Try a positive \
                 integer"
                    .into(),
            ));
        }
        let expr = parse(query)?;
        let value_type = expr.value_type();
        if matches!(value_type, ValueType::Matrix | ValueType::String) {
            let got = type_name(value_type);
            return Err(invalid(format!(
                "invalid expression type \"{got}\" for range query, must be Scalar or instant \
                 Vector"
            )));
        }
        let grid = Grid::new(start_ms, end_ms, step_ms)?;
        let query_bounds = (start_ms, end_ms);
        let ev = Evaluator { storage, windows: self.windows, grid, query_bounds };
        let steps = ev.eval(&expr)?;
        Ok(Value::Matrix(steps.into_series(grid)))
    }
}

/// The samples a range selector or subquery sees, as they are.
fn raw_samples(ev: &Evaluator<'_>, expr: &Expr) -> Result<Vec<Series>, Error> {
    let range = ev.range_vector(expr)?;
    let Some(&end_ms) = range.ends.first() else {
        return Ok(Vec::new());
    };
    let series = range.series.into_iter().filter_map(|Series { labels, samples }| {
        let samples = ev.windows.over(&samples, range.range_ms).at(end_ms).to_vec();
        (!samples.is_empty()).then_some(Series { labels, samples })
    });
    let mut series: Vec<Series> = series.collect();
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(series)
}

/// Whether the outermost expression gives its result an order.
fn has_order(expr: &Expr) -> bool {
    match without_parens(expr) {
        Expr::Call(call) => call.func.name.starts_with("sort"),
        Expr::Aggregate(expr) => matches!(expr.op.id(), T_TOPK | T_BOTTOMK),
        _ => false,
    }
}

/// Evaluates a query at one time, Unix milliseconds, by the rules of Prometheus 2.
///
/// # Errors
/// See [`Error`].
pub fn instant(storage: &dyn Storage, query: &str, time_ms: i64) -> Result<Value, Error> {
    Engine::default().instant(storage, query, time_ms)
}

/// Evaluates a query at each step of a window by the rules of Prometheus 2; see
/// [`Engine::range`].
///
/// # Errors
/// See [`Engine::range`].
pub fn range(
    storage: &dyn Storage,
    query: &str,
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
) -> Result<Value, Error> {
    Engine::default().range(storage, query, start_ms, end_ms, step_ms)
}
