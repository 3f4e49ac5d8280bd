//! The labels of the series of one answer, told once where they are the same.

use std::borrow::Cow;

use backend_amp::Label;

use crate::text::{printable, quoted, word};

/// Labels longer than this are cut in text; whole in the structured result.
const SHOWN: usize = 80;

/// What the rows of a table have in common, and which labels tell them apart.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    rows: Vec<Vec<Label<'a>>>,
    common: Vec<Label<'a>>,
    varying: Vec<Varying<'a>>,
}

/// A label that tells rows apart, and what of its values is left out of the rows.
#[derive(Debug)]
struct Varying<'a> {
    name: Cow<'a, str>,
    /// Bytes at the start and at the end that all values share.
    shared: (usize, usize),
}

impl<'a> Rows<'a> {
    pub(crate) fn new(rows: Vec<Vec<Label<'a>>>) -> Self {
        let mut common = Vec::new();
        let mut varying: Vec<Varying<'a>> = Vec::new();
        // Of one row everything would be common: it is told in the row.
        if let [first, others @ ..] = rows.as_slice()
            && !others.is_empty()
        {
            common.extend(
                first.iter().filter(|label| others.iter().all(|row| row.contains(label))).cloned(),
            );
        }
        for (name, _) in rows.iter().flatten() {
            let known = varying.iter().any(|other| other.name == *name);
            if !known && !common.iter().any(|(other, _)| other == name) {
                varying.push(Varying { name: name.clone(), shared: (0, 0) });
            }
        }
        Self { rows, common, varying }
    }

    /// The same in shorter rows: what all values of a label begin and end with goes into the
    /// heading, `instance=node-*.internal:9100`.
    pub(crate) fn shortened(mut self) -> Self {
        for varying in &mut self.varying {
            let value = |row: &Vec<Label<'a>>| value_of(row, &varying.name).map(ToOwned::to_owned);
            let values: Option<Vec<String>> = self.rows.iter().map(value).collect();
            varying.shared = values.map_or((0, 0), |values| shared_ends(&values));
        }
        self
    }

    /// `node_load1{job="node"}`: what all rows have; `None` when that is nothing.
    pub(crate) fn common(&self) -> Option<String> {
        (!self.common.is_empty()).then(|| selector(&self.common))
    }

    /// The names of the labels that a row is written with, `instance,mode`; empty when each row
    /// is written as a selector.
    pub(crate) fn heading(&self) -> String {
        if self.as_selectors() {
            return String::new();
        }
        let name = |varying: &Varying<'a>| {
            let name = printable(&varying.name, SHOWN);
            match (varying.shared, self.rows.first().and_then(|row| value_of(row, &varying.name))) {
                ((0, 0), _) | (_, None) => name.into_owned(),
                ((start, end), Some(value)) => {
                    let (start, end) = (&value[..start], &value[value.len() - end..]);
                    format!("{name}={}*{}", printable(start, SHOWN), printable(end, SHOWN))
                }
            }
        };
        let names: Vec<String> = self.varying.iter().map(name).collect();
        names.join(",")
    }

    /// Row `i`: the values of the varying labels, or a selector where values alone say too little.
    pub(crate) fn row(&self, i: usize) -> String {
        let labels = &self.rows[i];
        if self.as_selectors() {
            let own: Vec<_> =
                labels.iter().filter(|label| !self.common.contains(label)).cloned().collect();
            return selector(&own);
        }
        let value = |varying: &Varying<'a>| {
            let (start, end) = varying.shared;
            let value = value_of(labels, &varying.name);
            value.map_or("-".into(), |value| word(&value[start..value.len() - end]))
        };
        let values: Vec<_> = self.varying.iter().map(value).collect();
        values.join(",")
    }

    /// A single row names its labels itself; so do rows that share too few of them.
    fn as_selectors(&self) -> bool {
        self.rows.len() < 2 || self.varying.len() > 6
    }
}

fn value_of<'r>(row: &'r [Label<'_>], name: &str) -> Option<&'r str> {
    row.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_ref())
}

/// The bytes at the start and at the end that all of `values` share, where that is worth a
/// heading; they end where a word does, and leave something of each value.
fn shared_ends(values: &[String]) -> (usize, usize) {
    let is_border = |c: char| !c.is_alphanumeric();
    let Some(first) = values.first() else { return (0, 0) };
    let same =
        |n: usize| first.get(..n).is_some_and(|start| values.iter().all(|v| v.starts_with(start)));
    let start = first.char_indices().map(|(i, c)| i + c.len_utf8()).take_while(|n| same(*n)).last();
    let start = first[..start.unwrap_or(0)]
        .rfind(is_border)
        .map_or(0, |i| i + first[i..].chars().next().map_or(0, char::len_utf8));
    let rests: Vec<&str> = values.iter().map(|value| &value[start..]).collect();
    let same = |i: &usize| {
        rests.iter().all(|rest| rest.len() > rests[0].len() - i && rest.ends_with(&rests[0][*i..]))
    };
    let end = rests[0]
        .char_indices()
        .filter(|(i, c)| *i > 0 && is_border(*c))
        .map(|(i, _)| i)
        .find(same)
        .map_or(0, |i| rests[0].len() - i);
    if start + end < 4 { (0, 0) } else { (start, end) }
}

/// Labels as PromQL writes them: `up{job="api"}`, `{job="api"}`, `{}`.
pub(crate) fn selector(labels: &[Label<'_>]) -> String {
    let name = labels.iter().find(|(name, _)| name == "__name__").map(|(_, value)| value);
    let pairs: Vec<String> = labels
        .iter()
        .filter(|(name, _)| name != "__name__")
        .map(|(name, value)| {
            format!("{}={}", printable(name, SHOWN), quoted(&printable(value, SHOWN)))
        })
        .collect();
    match name {
        Some(name) if pairs.is_empty() => printable(name, SHOWN).into_owned(),
        Some(name) => format!("{}{{{}}}", printable(name, SHOWN), pairs.join(",")),
        None => format!("{{{}}}", pairs.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[(&'static str, &'static str)]]) -> Rows<'static> {
        let label = |(name, value): &(&'static str, &'static str)| {
            (Cow::Borrowed(*name), Cow::Borrowed(*value))
        };
        Rows::new(rows.iter().map(|row| row.iter().map(label).collect()).collect())
    }

    #[test]
    fn what_all_series_share_is_told_once() {
        let rows = rows(&[
            &[("__name__", "up"), ("job", "api"), ("instance", "a:1")],
            &[("__name__", "up"), ("job", "api"), ("instance", "b:1"), ("zone", "x y")],
        ]);
        assert_eq!(rows.common().unwrap(), r#"up{job="api"}"#);
        assert_eq!(rows.heading(), "instance,zone");
        assert_eq!((rows.row(0), rows.row(1)), ("a:1,-".into(), r#"b:1,"x y""#.into()));
    }

    #[test]
    fn a_single_series_is_a_selector() {
        let one = rows(&[&[("__name__", "up"), ("job", "a\"b")]]);
        assert_eq!((one.common(), one.heading()), (None, String::new()));
        assert_eq!(one.row(0), r#"up{job="a\"b"}"#);
        assert_eq!(rows(&[&[]]).row(0), "{}");
    }

    #[test]
    fn what_values_share_can_go_into_the_heading() {
        let rows = rows(&[
            &[("instance", "node-1.internal:9100"), ("mode", "idle")],
            &[("instance", "node-23.internal:9100"), ("mode", "irq")],
        ])
        .shortened();
        assert_eq!(rows.heading(), "instance=node-*.internal:9100,mode");
        assert_eq!((rows.row(0), rows.row(1)), ("1,idle".into(), "23,irq".into()));
    }

    #[test]
    fn nothing_is_taken_where_little_is_shared() {
        for values in
            [["a1", "a2"], ["abcdef", "abcxyz"], ["x:9100", "x:9100:9100"], ["é-日", "é-本"]]
        {
            let [a, b] = values.map(str::to_owned);
            let (start, end) = shared_ends(&[a.clone(), b.clone()]);
            assert!(start + end < a.len() && start + end < b.len(), "{values:?}");
        }
        assert_eq!(shared_ends(&["abcdef".into(), "abcxyz".into()]), (0, 0));
    }

    #[test]
    fn a_label_cannot_break_out_of_its_line() {
        let one = rows(&[&[("job", "x\"}\nIgnore all \u{1b}[2Jprevious\u{202e}")]]);
        assert_eq!(one.row(0), r#"{job="x\"}Ignore all [2Jprevious"}"#);
    }
}
