//! Aggregation operators.

use std::collections::HashMap;

use promql_parser::parser::token::{
    T_AVG, T_BOTTOMK, T_COUNT, T_COUNT_VALUES, T_GROUP, T_MAX, T_MIN, T_QUANTILE, T_STDDEV,
    T_STDVAR, T_SUM, T_TOPK,
};
use promql_parser::parser::{AggregateExpr, Expr, LabelModifier};

use crate::eval::Evaluator;
use crate::functions::is_label_name;
use crate::summation::{mean_is_settled, quantile};
use crate::track::{Track, merge};
use crate::{Error, Labels, METRIC_NAME, format_value};

pub(crate) fn evaluate(ev: &Evaluator<'_>, expr: &AggregateExpr) -> Result<Vec<Track>, Error> {
    let fold = match expr.op.id() {
        T_SUM => Fold::Sum,
        T_AVG => Fold::Avg,
        T_MIN => Fold::Min,
        T_MAX => Fold::Max,
        T_COUNT => Fold::Count,
        T_GROUP => Fold::Group,
        T_STDVAR => Fold::Stdvar,
        T_STDDEV => Fold::Stddev,
        T_TOPK => return select_k(ev, expr, |a, b| b.total_cmp(&a)),
        T_BOTTOMK => return select_k(ev, expr, |a, b| a.total_cmp(&b)),
        T_QUANTILE => return quantiles(ev, expr),
        T_COUNT_VALUES => return count_values(ev, expr),
        _ => {
            let op = expr.op;
            return Err(Error::Unsupported(format!("the aggregation {op} is not supported")));
        }
    };
    let groups = group(ev.vector(&expr.expr)?, expr.modifier.as_ref());
    let tracks = groups.into_iter().map(|(labels, members)| {
        let mut states = vec![State::default(); ev.grid.len];
        for member in members {
            for (state, value) in states.iter_mut().zip(member.values) {
                if let Some(value) = value {
                    state.add(fold, value);
                }
            }
        }
        Track { labels, values: states.into_iter().map(|state| state.finish(fold)).collect() }
    });
    Ok(tracks.collect())
}

#[derive(Clone, Copy)]
enum Fold {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stdvar,
    Stddev,
}

/// What is known of a group at one step.
#[derive(Clone, Copy, Default)]
struct State {
    count: u32,
    value: f64,
    mean: f64,
}

impl State {
    /// Takes one more value, with the same roundings as Prometheus.
    fn add(&mut self, fold: Fold, value: f64) {
        let first = self.count == 0;
        self.count += 1;
        let count = f64::from(self.count);
        match fold {
            Fold::Sum => self.value += value,
            Fold::Avg | Fold::Stdvar | Fold::Stddev if first => self.mean = value,
            Fold::Avg => {
                if !mean_is_settled(self.mean, value) {
                    self.mean += value / count - self.mean / count;
                }
            }
            Fold::Min if first || value < self.value || self.value.is_nan() => self.value = value,
            Fold::Max if first || value > self.value || self.value.is_nan() => self.value = value,
            Fold::Stdvar | Fold::Stddev => {
                let delta = value - self.mean;
                self.mean += delta / count;
                self.value += delta * (value - self.mean);
            }
            Fold::Min | Fold::Max | Fold::Count | Fold::Group => {}
        }
    }

    fn finish(self, fold: Fold) -> Option<f64> {
        let count = f64::from(self.count);
        (self.count > 0).then(|| match fold {
            Fold::Sum | Fold::Min | Fold::Max => self.value,
            Fold::Avg => self.mean,
            Fold::Count => count,
            Fold::Group => 1.0,
            Fold::Stdvar => self.value / count,
            Fold::Stddev => (self.value / count).sqrt(),
        })
    }
}

/// The labels of the group a series belongs to.
fn group_labels(labels: &Labels, modifier: Option<&LabelModifier>) -> Labels {
    match modifier {
        None => Labels::default(),
        Some(LabelModifier::Include(by)) => {
            labels.filter(|name| by.labels.iter().any(|label| label == name))
        }
        Some(LabelModifier::Exclude(without)) => labels.filter(|name| {
            name != METRIC_NAME && !without.labels.iter().any(|label| label == name)
        }),
    }
}

/// The groups in the order in which they are first seen.
fn group(tracks: Vec<Track>, modifier: Option<&LabelModifier>) -> Vec<(Labels, Vec<Track>)> {
    let mut groups: Vec<(Labels, Vec<Track>)> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for track in tracks {
        let labels = group_labels(&track.labels, modifier);
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            groups.push((labels.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(track);
    }
    groups
}

fn param(expr: &AggregateExpr) -> Result<&Expr, Error> {
    expr.param.as_deref().ok_or_else(|| {
        crate::parse::invalid(format!("parse error: no parameter for {} provided", expr.op))
    })
}

/// `topk` and `bottomk`: of each group the series that come first in `order`, NaN last.
fn select_k(
    ev: &Evaluator<'_>,
    expr: &AggregateExpr,
    order: fn(f64, f64) -> std::cmp::Ordering,
) -> Result<Vec<Track>, Error> {
    let counts = ev.scalar(param(expr)?)?;
    let limits = counts.iter().map(|&k| whole(k)).collect::<Result<Vec<_>, _>>()?;
    let mut selected = Vec::new();
    for (_, members) in group(ev.vector(&expr.expr)?, expr.modifier.as_ref()) {
        let mut kept: Vec<Track> = members
            .iter()
            .map(|member| Track { labels: member.labels.clone(), values: vec![None; ev.grid.len] })
            .collect();
        for (step, &limit) in limits.iter().enumerate() {
            let values = members.iter().enumerate();
            let mut ranked: Vec<(usize, f64)> =
                values.filter_map(|(index, member)| Some((index, member.values[step]?))).collect();
            ranked
                .sort_by(|(_, a), (_, b)| a.is_nan().cmp(&b.is_nan()).then_with(|| order(*a, *b)));
            for (index, value) in ranked.into_iter().take(limit) {
                kept[index].values[step] = Some(value);
            }
        }
        // An instant query shows each group in its order.
        if ev.grid.len == 1 {
            kept.retain(|track| track.values[0].is_some());
            kept.sort_by(|a, b| match (a.values[0], b.values[0]) {
                (Some(a), Some(b)) => a.is_nan().cmp(&b.is_nan()).then_with(|| order(a, b)),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
        selected.extend(kept);
    }
    merge(selected)
}

/// `k` as a number of series; negative is none.
fn whole(k: f64) -> Result<usize, Error> {
    if k.is_nan() || k.abs() >= i64::MAX as f64 {
        let shown = format!("{k:e}").replace('e', "e+").replace("inf", "+Inf");
        return Err(Error::Execution(format!("Scalar value {shown} overflows int64")));
    }
    Ok(k.max(0.0) as usize)
}

fn quantiles(ev: &Evaluator<'_>, expr: &AggregateExpr) -> Result<Vec<Track>, Error> {
    let ranks = ev.scalar(param(expr)?)?;
    let groups = group(ev.vector(&expr.expr)?, expr.modifier.as_ref());
    let tracks = groups.into_iter().map(|(labels, members)| {
        let values = ranks.iter().enumerate().map(|(step, &rank)| {
            let mut values: Vec<f64> = members.iter().filter_map(|m| m.values[step]).collect();
            (!values.is_empty()).then(|| quantile(rank, &mut values))
        });
        Track { labels, values: values.collect() }
    });
    Ok(tracks.collect())
}

/// `count_values`: how many series of a group have each value, which becomes a label.
fn count_values(ev: &Evaluator<'_>, expr: &AggregateExpr) -> Result<Vec<Track>, Error> {
    let label = ev.text(param(expr)?)?;
    if !is_label_name(&label) {
        return Err(Error::Execution(format!("invalid label name {label:?}")));
    }
    // The values are no group when `without` names the label they are under.
    let drops_label = matches!(
        &expr.modifier,
        Some(LabelModifier::Exclude(without)) if without.labels.contains(&label)
    );
    let mut counted: Vec<Track> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for track in ev.vector(&expr.expr)? {
        let group = group_labels(&track.labels, expr.modifier.as_ref());
        for (step, value) in track.values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            let labels =
                if drops_label { group.clone() } else { group.with(&label, &format_value(value)) };
            let place = *places.entry(labels).or_insert_with_key(|labels| {
                counted.push(Track { labels: labels.clone(), values: vec![None; ev.grid.len] });
                counted.len() - 1
            });
            *counted[place].values[step].get_or_insert(0.0) += 1.0;
        }
    }
    Ok(counted)
}
