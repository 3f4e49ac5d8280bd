//! Functions, but for those over range vectors.

use promql_parser::parser::{Call, Expr};
use regex::Regex;

use crate::eval::{Evaluator, Steps};
use crate::parse::{selector_matchers, without_parens};
use crate::track::{Track, merge};
use crate::{Error, Labels, METRIC_NAME, MatchOp, calendar, histogram, natural, over_time};

/// Calls a function. The parser has checked the number and the types of the arguments.
pub(crate) fn call(ev: &Evaluator<'_>, call: &Call) -> Result<Steps, Error> {
    let args: Vec<&Expr> = call.args.args.iter().map(|arg| &**arg).collect();
    let name = call.func.name;
    let tracks = match (name, args.as_slice()) {
        ("time", []) => return Ok(Steps::Scalar(seconds(ev))),
        ("pi", []) => return Ok(Steps::Scalar(vec![std::f64::consts::PI; ev.grid.len])),
        ("scalar", [vector]) => return Ok(Steps::Scalar(scalar(ev, vector)?)),
        ("vector", [value]) => vec![unlabelled(ev.scalar(value)?)],
        ("absent", [vector]) => {
            let present = ev.vector(vector)?;
            merge(vec![absent_where_missing(ev, vector, &present)])?
        }
        ("timestamp", [vector]) => merge(timestamp(ev, vector)?)?,
        ("histogram_quantile", [rank, buckets]) => {
            let ranks = ev.scalar(rank)?;
            merge(histogram::quantiles(ev.vector(buckets)?, &ranks))?
        }
        ("clamp", [vector, min, max]) => clamp(ev, vector, Some(min), Some(max))?,
        ("clamp_min", [vector, min]) => clamp(ev, vector, Some(min), None)?,
        ("clamp_max", [vector, max]) => clamp(ev, vector, None, Some(max))?,
        ("round", [vector]) => round(ev, vector, None)?,
        ("round", [vector, to]) => round(ev, vector, Some(to))?,
        ("sort", [vector]) => sort(ev.vector(vector)?, |a, b| a.total_cmp(b)),
        ("sort_desc", [vector]) => sort(ev.vector(vector)?, |a, b| b.total_cmp(a)),
        ("sort_by_label" | "sort_by_label_desc", [vector, labels @ ..]) => {
            let labels = texts(ev, labels)?;
            let mut tracks = ev.vector(vector)?;
            tracks.sort_by(|a, b| natural::compare_by(&a.labels, &b.labels, &labels));
            if name == "sort_by_label_desc" {
                tracks.reverse();
            }
            tracks
        }
        ("label_replace", [vector, texts @ ..]) => label_replace(ev, vector, texts)?,
        ("label_join", [vector, texts @ ..]) => label_join(ev, vector, texts)?,
        (_, args) => {
            if let (Some(part), [] | [_]) = (calendar::part(name), args) {
                let times = match args {
                    [vector] => ev.vector(vector)?,
                    _ => vec![unlabelled(seconds(ev))],
                };
                mapped(times, part)?
            } else if let (Some(function), [vector]) = (elementwise(name), args) {
                mapped(ev.vector(vector)?, function)?
            } else if let Some(steps) = over_time::call(ev, call)? {
                return Ok(steps);
            } else {
                return Err(Error::Unsupported(format!("the function {name} is not supported")));
            }
        }
    };
    Ok(Steps::Vector(tracks))
}

fn elementwise(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "deg" => |radians| radians * 180.0 / std::f64::consts::PI,
        "rad" => |degrees| degrees * std::f64::consts::PI / 180.0,
        // Zero and NaN stay what they are.
        "sgn" => |v| {
            if v == 0.0 || v.is_nan() { v } else { v.signum() }
        },
        _ => return None,
    })
}

fn mapped(tracks: Vec<Track>, function: impl Fn(f64) -> f64) -> Result<Vec<Track>, Error> {
    merge(tracks.into_iter().map(|t| t.without_metric_name().map(&function)).collect())
}

/// The time of each step in seconds.
fn seconds(ev: &Evaluator<'_>) -> Vec<f64> {
    ev.grid.times().map(|time| time as f64 / 1000.0).collect()
}

fn unlabelled(values: Vec<f64>) -> Track {
    Track { labels: Labels::default(), values: values.into_iter().map(Some).collect() }
}

fn scalar(ev: &Evaluator<'_>, vector: &Expr) -> Result<Vec<f64>, Error> {
    let tracks = ev.vector(vector)?;
    let only = |step: usize| {
        let mut values = tracks.iter().filter_map(|track| track.values[step]);
        match (values.next(), values.next()) {
            (Some(value), None) => value,
            _ => f64::NAN,
        }
    };
    Ok((0..ev.grid.len).map(only).collect())
}

/// One, at each step at which no track has a value; with the labels that the selector demands.
pub(crate) fn absent_where_missing(ev: &Evaluator<'_>, expr: &Expr, present: &[Track]) -> Track {
    let missing = |step: usize| present.iter().all(|track| track.values[step].is_none());
    let values = (0..ev.grid.len).map(|step| missing(step).then_some(1.0)).collect();
    Track { labels: demanded_labels(expr), values }
}

/// The labels that a selector fixes with `=`. A label with a second matcher is not fixed.
fn demanded_labels(expr: &Expr) -> Labels {
    let selector = match without_parens(expr) {
        Expr::VectorSelector(selector) => selector,
        Expr::MatrixSelector(selector) => &selector.vs,
        _ => return Labels::default(),
    };
    let matchers = selector_matchers(selector).unwrap_or_default();
    let fixed = matchers.iter().filter_map(|matcher| match &matcher.op {
        MatchOp::Equal(value) => Some((matcher.name.as_str(), value.as_str())),
        _ => None,
    });
    let only_once = |name: &str| matchers.iter().filter(|m| m.name == name).count() == 1;
    fixed.filter(|(name, _)| *name != METRIC_NAME && only_once(name)).collect()
}

/// The time of the sample that a selector picks, else the time of the step.
fn timestamp(ev: &Evaluator<'_>, vector: &Expr) -> Result<Vec<Track>, Error> {
    let tracks = if let Expr::VectorSelector(selector) = without_parens(vector) {
        ev.instant_selector(selector, |sample| sample.timestamp_ms as f64 / 1000.0)?
    } else {
        let times = seconds(ev);
        let tracks = ev.vector(vector)?.into_iter();
        tracks.map(|track| track.filter_map(|step, _| Some(times[step]))).collect()
    };
    Ok(tracks.into_iter().map(Track::without_metric_name).collect())
}

fn clamp(
    ev: &Evaluator<'_>,
    vector: &Expr,
    min: Option<&Expr>,
    max: Option<&Expr>,
) -> Result<Vec<Track>, Error> {
    let bound = |expr: Option<&Expr>, missing: f64| match expr {
        Some(expr) => ev.scalar(expr),
        None => Ok(vec![missing; ev.grid.len]),
    };
    let min = bound(min, f64::NEG_INFINITY)?;
    let max = bound(max, f64::INFINITY)?;
    let limit = |step: usize, value: f64| {
        let (min, max) = (min[step], max[step]);
        // As Go's `math.Max` and `math.Min`, and unlike Rust's, any NaN gives NaN.
        let clamped = if min.is_nan() || max.is_nan() || value.is_nan() {
            f64::NAN
        } else {
            value.min(max).max(min)
        };
        // An empty interval selects nothing.
        if max < min { None } else { Some(clamped) }
    };
    let tracks = ev.vector(vector)?.into_iter();
    merge(tracks.map(|track| track.without_metric_name().filter_map(limit)).collect())
}

fn round(ev: &Evaluator<'_>, vector: &Expr, to: Option<&Expr>) -> Result<Vec<Track>, Error> {
    let to = match to {
        Some(to) => ev.scalar(to)?,
        None => vec![1.0; ev.grid.len],
    };
    let rounded = |step: usize, value: f64| {
        // The inverse avoids the rounding errors of dividing by 0.1.
        let inverse = 1.0 / to[step];
        Some((value * inverse + 0.5).floor() / inverse)
    };
    let tracks = ev.vector(vector)?.into_iter();
    merge(tracks.map(|track| track.without_metric_name().filter_map(rounded)).collect())
}

/// Sorts by value, NaN last. Only an instant query has an order.
fn sort(mut tracks: Vec<Track>, order: fn(&f64, &f64) -> std::cmp::Ordering) -> Vec<Track> {
    if tracks.iter().any(|track| track.values.len() != 1) {
        return tracks;
    }
    let value = |track: &Track| track.values.first().copied().flatten().unwrap_or(f64::NAN);
    tracks.sort_by(|a, b| {
        let (a, b) = (value(a), value(b));
        a.is_nan().cmp(&b.is_nan()).then_with(|| order(&a, &b))
    });
    tracks
}

fn texts(ev: &Evaluator<'_>, exprs: &[&Expr]) -> Result<Vec<String>, Error> {
    exprs.iter().map(|expr| ev.text(expr)).collect()
}

fn label_replace(ev: &Evaluator<'_>, vector: &Expr, args: &[&Expr]) -> Result<Vec<Track>, Error> {
    let texts = texts(ev, args)?;
    let [target, replacement, source, pattern] = texts.as_slice() else {
        return Err(crate::parse::invalid("label_replace needs four strings".into()));
    };
    let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|_| {
        Error::Execution(format!("invalid regular expression in label_replace(): {pattern}"))
    })?;
    check_target("label_replace", target)?;
    let tracks = ev.vector(vector)?.into_iter().map(|mut track| {
        let value = track.labels.get(source).unwrap_or_default();
        if let Some(captures) = regex.captures(value) {
            let mut replaced = String::new();
            captures.expand(replacement, &mut replaced);
            track.labels = track.labels.with(target, &replaced);
        }
        track
    });
    merge(tracks.collect())
}

fn label_join(ev: &Evaluator<'_>, vector: &Expr, args: &[&Expr]) -> Result<Vec<Track>, Error> {
    let texts = texts(ev, args)?;
    let [target, separator, sources @ ..] = texts.as_slice() else {
        return Err(crate::parse::invalid("label_join needs at least two strings".into()));
    };
    if let Some(source) = sources.iter().find(|source| !is_label_name(source)) {
        return Err(Error::Execution(format!(
            "invalid source label name in label_join(): {source}"
        )));
    }
    check_target("label_join", target)?;
    let tracks = ev.vector(vector)?.into_iter().map(|mut track| {
        let values: Vec<&str> =
            sources.iter().map(|name| track.labels.get(name).unwrap_or_default()).collect();
        track.labels = track.labels.with(target, &values.join(separator));
        track
    });
    merge(tracks.collect())
}

fn check_target(function: &str, name: &str) -> Result<(), Error> {
    if is_label_name(name) {
        return Ok(());
    }
    Err(Error::Execution(format!("invalid destination label name in {function}(): {name}")))
}

/// Whether a text is a label name: a letter or underscore, then also digits.
pub(crate) fn is_label_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
