//! Binary operators and vector matching.

use std::collections::{HashMap, HashSet};

use promql_parser::parser::token::{
    T_ADD, T_ATAN2, T_DIV, T_EQLC, T_GTE, T_GTR, T_LAND, T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MOD,
    T_MUL, T_NEQ, T_POW, T_SUB, TokenType,
};
use promql_parser::parser::{BinModifier, BinaryExpr, LabelModifier, VectorMatchCardinality};

use crate::eval::{Evaluator, Steps};
use crate::track::{Track, merge};
use crate::{Error, Labels, METRIC_NAME};

pub(crate) fn evaluate(ev: &Evaluator<'_>, expr: &BinaryExpr) -> Result<Steps, Error> {
    let modifier = expr.modifier.clone().unwrap_or_default();
    if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
        return Err(Error::Unsupported("the `fill` modifiers are not supported".into()));
    }
    let op = Op::new(expr.op, modifier.return_bool)?;
    match (ev.eval(&expr.lhs)?, ev.eval(&expr.rhs)?) {
        (Steps::Scalar(left), Steps::Scalar(right)) => {
            let pairs = left.into_iter().zip(right);
            Ok(Steps::Scalar(pairs.map(|(l, r)| op.on_scalars(l, r)).collect()))
        }
        (Steps::Vector(tracks), Steps::Scalar(right)) => {
            with_scalar(&op, tracks, |step, value| op.apply(value, right[step], value))
        }
        (Steps::Scalar(left), Steps::Vector(tracks)) => {
            with_scalar(&op, tracks, |step, value| op.apply(left[step], value, value))
        }
        (Steps::Vector(left), Steps::Vector(right)) => {
            let matching = Matching::new(&modifier);
            let tracks = match op.kind {
                Kind::Set(set) => combine_sets(set, &matching, left, right),
                _ => match_one_side(&op, &matching, left, right, ev.grid.len)?,
            };
            merge(tracks).map(Steps::Vector)
        }
        (Steps::Text(_), _) | (_, Steps::Text(_)) => Err(crate::parse::invalid(
            "binary expression must contain only scalar and instant vector types".into(),
        )),
    }
}

#[derive(Clone, Copy)]
enum Set {
    And,
    Or,
    Unless,
}

#[derive(Clone, Copy)]
enum Kind {
    Arithmetic(fn(f64, f64) -> f64),
    Comparison(fn(&f64, &f64) -> bool),
    Set(Set),
}

/// An operator with what its modifiers make of it.
struct Op {
    kind: Kind,
    /// A comparison answers 0 or 1 instead of filtering.
    as_bool: bool,
    drops_name: bool,
}

impl Op {
    fn new(token: TokenType, as_bool: bool) -> Result<Self, Error> {
        let kind = match token.id() {
            T_ADD => Kind::Arithmetic(|l, r| l + r),
            T_SUB => Kind::Arithmetic(|l, r| l - r),
            T_MUL => Kind::Arithmetic(|l, r| l * r),
            T_DIV => Kind::Arithmetic(|l, r| l / r),
            T_MOD => Kind::Arithmetic(|l, r| l % r),
            T_POW => Kind::Arithmetic(f64::powf),
            T_ATAN2 => Kind::Arithmetic(f64::atan2),
            T_EQLC => Kind::Comparison(f64::eq),
            T_NEQ => Kind::Comparison(f64::ne),
            T_GTR => Kind::Comparison(f64::gt),
            T_LSS => Kind::Comparison(f64::lt),
            T_GTE => Kind::Comparison(f64::ge),
            T_LTE => Kind::Comparison(f64::le),
            T_LAND => Kind::Set(Set::And),
            T_LOR => Kind::Set(Set::Or),
            T_LUNLESS => Kind::Set(Set::Unless),
            _ => {
                return Err(Error::Unsupported(format!("operator {token} is not supported")));
            }
        };
        // Prometheus 2 forgets to drop the name for atan2.
        let arithmetic = matches!(kind, Kind::Arithmetic(_)) && token.id() != T_ATAN2;
        Ok(Self { kind, as_bool, drops_name: as_bool || arithmetic })
    }

    /// The result for one pair; a comparison that holds gives `kept`, one that does not a gap.
    fn apply(&self, left: f64, right: f64, kept: f64) -> Option<f64> {
        match self.kind {
            Kind::Arithmetic(function) => Some(function(left, right)),
            Kind::Comparison(holds) if self.as_bool => Some(f64::from(holds(&left, &right))),
            Kind::Comparison(holds) => holds(&left, &right).then_some(kept),
            Kind::Set(_) => None,
        }
    }

    /// Between scalars a comparison always has `bool`; the parser sees to it.
    fn on_scalars(&self, left: f64, right: f64) -> f64 {
        self.apply(left, right, left).unwrap_or(0.0)
    }
}

fn with_scalar(
    op: &Op,
    tracks: Vec<Track>,
    apply: impl Fn(usize, f64) -> Option<f64>,
) -> Result<Steps, Error> {
    let tracks = tracks.into_iter().map(|track| {
        let track = if op.drops_name { track.without_metric_name() } else { track };
        track.filter_map(&apply)
    });
    merge(tracks.collect()).map(Steps::Vector)
}

/// Which series of the two sides belong together.
struct Matching<'a> {
    labels: Option<&'a LabelModifier>,
    card: &'a VectorMatchCardinality,
}

impl<'a> Matching<'a> {
    fn new(modifier: &'a BinModifier) -> Self {
        Self { labels: modifier.matching.as_ref(), card: &modifier.card }
    }

    /// What of the labels must be equal on both sides.
    fn signature(&self, labels: &Labels) -> Labels {
        match self.labels {
            Some(LabelModifier::Include(on)) => {
                labels.filter(|name| on.labels.iter().any(|label| label == name))
            }
            Some(LabelModifier::Exclude(ignored)) => labels.filter(|name| {
                name != METRIC_NAME && !ignored.labels.iter().any(|label| label == name)
            }),
            None => labels.without_metric_name(),
        }
    }

    /// Gives each series on both sides the number of its match group.
    fn groups(&self, left: &[Track], right: &[Track]) -> (Vec<usize>, Vec<usize>, usize) {
        let mut numbers: HashMap<Labels, usize> = HashMap::new();
        let mut number = |track: &Track| {
            let next = numbers.len();
            *numbers.entry(self.signature(&track.labels)).or_insert(next)
        };
        let left = left.iter().map(&mut number).collect();
        let right = right.iter().map(&mut number).collect();
        (left, right, numbers.len())
    }

    /// The labels of the result of one pair; `many` is the side that keeps its labels.
    fn result_labels(&self, op: &Op, many: &Labels, one: &Labels) -> Labels {
        let named = if op.drops_name { many.without_metric_name() } else { many.clone() };
        match (self.card, self.labels) {
            (VectorMatchCardinality::OneToOne, Some(LabelModifier::Include(on))) => {
                named.filter(|name| on.labels.iter().any(|label| label == name))
            }
            (VectorMatchCardinality::OneToOne, Some(LabelModifier::Exclude(ignored))) => {
                named.filter(|name| !ignored.labels.iter().any(|label| label == name))
            }
            (card, _) => {
                let extra = card.labels().map_or(&[][..], |extra| &extra.labels);
                extra.iter().fold(named, |labels, name| {
                    labels.with(name, one.get(name).unwrap_or_default())
                })
            }
        }
    }
}

fn combine_sets(
    set: Set,
    matching: &Matching<'_>,
    left: Vec<Track>,
    right: Vec<Track>,
) -> Vec<Track> {
    let (left_groups, right_groups, groups) = matching.groups(&left, &right);
    let presence = |tracks: &[Track], numbers: &[usize]| {
        let mut present: Vec<Vec<bool>> = vec![Vec::new(); groups];
        for (track, &group) in tracks.iter().zip(numbers) {
            present[group].resize(track.values.len(), false);
            for (seen, value) in present[group].iter_mut().zip(&track.values) {
                *seen |= value.is_some();
            }
        }
        present
    };
    let filter = |tracks: Vec<Track>, numbers: &[usize], other: &[Vec<bool>], wanted: bool| {
        let kept = tracks.into_iter().zip(numbers).map(|(track, &group)| {
            track.filter_map(|step, value| {
                let seen = other[group].get(step).copied().unwrap_or(false);
                (seen == wanted).then_some(value)
            })
        });
        kept.collect::<Vec<_>>()
    };
    match set {
        Set::And => filter(left, &left_groups, &presence(&right, &right_groups), true),
        Set::Unless => filter(left, &left_groups, &presence(&right, &right_groups), false),
        Set::Or => {
            let in_left = presence(&left, &left_groups);
            let mut both = left;
            both.extend(filter(right, &right_groups, &in_left, false));
            both
        }
    }
}

/// Arithmetic and comparison between two vectors.
fn match_one_side(
    op: &Op,
    matching: &Matching<'_>,
    left: Vec<Track>,
    right: Vec<Track>,
    steps: usize,
) -> Result<Vec<Track>, Error> {
    let (left_groups, right_groups, groups) = matching.groups(&left, &right);
    let swapped = matches!(matching.card, VectorMatchCardinality::OneToMany(_));
    let one_to_one = matches!(matching.card, VectorMatchCardinality::OneToOne);
    let (many, many_groups, one, one_groups) = if swapped {
        (&right, &right_groups, &left, &left_groups)
    } else {
        (&left, &left_groups, &right, &right_groups)
    };
    let mut results: Vec<Track> = Vec::new();
    // The place in `results` of each pair that has matched before.
    let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for step in 0..steps {
        let present = |tracks: &[Track]| tracks.iter().any(|t| t.values[step].is_some());
        if !present(many) || !present(one) {
            continue;
        }
        let mut singles: Vec<Option<usize>> = vec![None; groups];
        for (index, track) in one.iter().enumerate() {
            if track.values[step].is_none() {
                continue;
            }
            if let Some(other) = singles[one_groups[index]].replace(index) {
                let side = if swapped { "left" } else { "right" };
                return Err(duplicate(matching, side, &track.labels, &one[other].labels));
            }
        }
        let mut matched: HashSet<(usize, usize)> = HashSet::new();
        for (index, track) in many.iter().enumerate() {
            let group = many_groups[index];
            let (Some(many_value), Some(single)) = (track.values[step], singles[group]) else {
                continue;
            };
            let Some(one_value) = one[single].values[step] else {
                continue;
            };
            let (l, r) = if swapped { (one_value, many_value) } else { (many_value, one_value) };
            let Some(value) = op.apply(l, r, l) else {
                continue;
            };
            let place = *pairs.entry((index, single)).or_insert_with(|| {
                let labels = matching.result_labels(op, &track.labels, &one[single].labels);
                *places.entry(labels).or_insert_with_key(|labels| {
                    results.push(Track { labels: labels.clone(), values: vec![None; steps] });
                    results.len() - 1
                })
            });
            let unique_by = if one_to_one { (group, 0) } else { (group, place) };
            if !matched.insert(unique_by) {
                return Err(Error::Execution(if one_to_one {
                    "multiple matches for labels: many-to-one matching must be explicit \
                     (group_left/group_right)"
                        .into()
                } else {
                    "multiple matches for labels: grouping labels must ensure unique matches".into()
                }));
            }
            if results[place].values[step].replace(value).is_some() {
                return Err(Error::Execution(
                    "vector cannot contain metrics with the same labelset".into(),
                ));
            }
        }
    }
    Ok(results)
}

fn duplicate(matching: &Matching<'_>, side: &str, found: &Labels, before: &Labels) -> Error {
    Error::Execution(format!(
        "found duplicate series for the match group {} on the {side} hand-side of the operation: \
         [{found}, {before}];many-to-many matching not allowed: matching labels must be unique on \
         one side",
        matching.signature(found),
    ))
}
