//! Functions over range vectors: for each series, one value a window.

use promql_parser::parser::{Call, Expr};

use crate::eval::{Evaluator, Steps};
use crate::rate::Window;
use crate::summation::{Sum, mean_is_settled, quantile};
use crate::track::{Track, merge};
use crate::{Error, functions};

/// What a function makes of a window and its scalar arguments.
type Apply = fn(&Window<'_>, [f64; 2]) -> Option<f64>;

/// Calls a function on a range vector; nothing when there is none of this name.
pub(crate) fn call(ev: &Evaluator<'_>, call: &Call) -> Result<Option<Steps>, Error> {
    let args: Vec<&Expr> = call.args.args.iter().map(|arg| &**arg).collect();
    let name = call.func.name;
    let tracks = match (name, args.as_slice()) {
        ("absent_over_time", [range]) => absent(ev, range)?,
        ("quantile_over_time", [q, range]) => over_windows(ev, range, &[q], |w, [q, _]| {
            Some(quantile(q, &mut w.values().collect::<Vec<_>>()))
        })?,
        ("predict_linear", [range, seconds]) => {
            over_windows(ev, range, &[seconds], |w, [seconds, _]| w.predict_linear(seconds))?
        }
        ("holt_winters" | "double_exponential_smoothing", [range, level, trend]) => {
            let smoothed = over_windows(ev, range, &[level, trend], |w, [level, trend]| {
                w.double_exponential_smoothing(level, trend)
            })?;
            // Prometheus only looks at the factors when there is something to smooth.
            if !smoothed.iter().all(Track::is_gap) {
                check_factor("smoothing", "sf", &ev.scalar(level)?)?;
                check_factor("trend", "tf", &ev.scalar(trend)?)?;
            }
            smoothed
        }
        (_, [range]) => match named(name) {
            Some(apply) => over_windows(ev, range, &[], apply)?,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let keeps_name = matches!(name, "last_over_time" | "first_over_time");
    let tracks = tracks.into_iter();
    let tracks = tracks.map(|track| if keeps_name { track } else { track.without_metric_name() });
    merge(tracks.collect()).map(|tracks| Some(Steps::Vector(tracks)))
}

fn named(name: &str) -> Option<Apply> {
    Some(match name {
        "rate" => |w, _| w.rate(),
        "irate" => |w, _| w.irate(),
        "increase" => |w, _| w.increase(),
        "delta" => |w, _| w.delta(),
        "idelta" => |w, _| w.idelta(),
        "deriv" => |w, _| w.deriv(),
        "changes" => |w, _| Some(w.changes()),
        "resets" => |w, _| Some(w.resets()),
        "avg_over_time" => |w, _| Some(mean(w)),
        "sum_over_time" => |w, _| {
            let mut sum = Sum::default();
            sum.extend(w.values());
            Some(sum.total())
        },
        "min_over_time" => |w, _| w.values().reduce(|a, b| if b < a || a.is_nan() { b } else { a }),
        "max_over_time" => |w, _| w.values().reduce(|a, b| if b > a || a.is_nan() { b } else { a }),
        "count_over_time" => |w, _| Some(w.samples.len() as f64),
        "first_over_time" => |w, _| w.values().next(),
        "last_over_time" => |w, _| w.values().last(),
        "present_over_time" => |_, _| Some(1.0),
        "stdvar_over_time" => |w, _| Some(variance(w)),
        "stddev_over_time" => |w, _| Some(variance(w).sqrt()),
        _ => return None,
    })
}

fn over_windows(
    ev: &Evaluator<'_>,
    range: &Expr,
    params: &[&Expr],
    apply: Apply,
) -> Result<Vec<Track>, Error> {
    let params: Vec<Vec<f64>> =
        params.iter().map(|param| ev.scalar(param)).collect::<Result<_, _>>()?;
    let range = ev.range_vector(range)?;
    ev.check_size(range.series.len())?;
    let tracks = range.series.into_iter().map(|series| {
        let mut windows = ev.windows.over(&series.samples, range.range_ms);
        let steps = ev.grid.times().zip(&range.ends).enumerate();
        let values = steps.map(|(step, (step_ms, &end_ms))| {
            let samples = windows.at(end_ms);
            let param = |index: usize| params.get(index).map_or(0.0, |values| values[step]);
            let window = Window { samples, end_ms, range_ms: range.range_ms, step_ms };
            if samples.is_empty() { None } else { apply(&window, [param(0), param(1)]) }
        });
        Track { values: values.collect(), labels: series.labels }
    });
    Ok(tracks.collect())
}

/// One, at each step at which no series has a sample in its window.
fn absent(ev: &Evaluator<'_>, range: &Expr) -> Result<Vec<Track>, Error> {
    let present = over_windows(ev, range, &[], |_, _| Some(1.0))?;
    Ok(vec![functions::absent_where_missing(ev, range, &present)])
}

fn check_factor(kind: &str, symbol: &str, factors: &[f64]) -> Result<(), Error> {
    match factors.iter().find(|&&factor| !(factor > 0.0 && factor < 1.0)) {
        None => Ok(()),
        Some(factor) => Err(Error::Execution(format!(
            "invalid {kind} factor. Expected: 0 < {symbol} < 1, got: {factor:.6}"
        ))),
    }
}

fn mean(window: &Window<'_>) -> f64 {
    let mut mean = Sum::default();
    for (index, value) in window.values().enumerate() {
        if !mean_is_settled(mean.raw(), value) {
            let count = (index + 1) as f64;
            mean.add(value / count - mean.raw() / count);
        }
    }
    mean.total()
}

/// The population variance.
fn variance(window: &Window<'_>) -> f64 {
    let (mut mean, mut squares) = (Sum::default(), Sum::default());
    for (index, value) in window.values().enumerate() {
        let delta = value - mean.total();
        mean.add(delta / (index + 1) as f64);
        squares.add(delta * (value - mean.total()));
    }
    squares.total() / window.samples.len() as f64
}
