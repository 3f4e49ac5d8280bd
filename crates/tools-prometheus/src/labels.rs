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
    varying: Vec<Cow<'a, str>>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(rows: Vec<Vec<Label<'a>>>) -> Self {
        let mut common = Vec::new();
        let mut varying: Vec<Cow<'a, str>> = Vec::new();
        // Of one row everything would be common: it is told in the row.
        if let [first, others @ ..] = rows.as_slice()
            && !others.is_empty()
        {
            common.extend(
                first.iter().filter(|label| others.iter().all(|row| row.contains(label))).cloned(),
            );
        }
        for (name, _) in rows.iter().flatten() {
            if !varying.contains(name) && !common.iter().any(|(other, _)| other == name) {
                varying.push(name.clone());
            }
        }
        Self { rows, common, varying }
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
        let names: Vec<_> = self.varying.iter().map(|name| printable(name, SHOWN)).collect();
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
        let value = |name: &Cow<'a, str>| {
            let value = labels.iter().find(|(other, _)| other == name).map(|(_, value)| value);
            value.map_or(Cow::Borrowed("-"), |value| word(value))
        };
        let values: Vec<_> = self.varying.iter().map(value).collect();
        values.join(",")
    }

    /// A single row names its labels itself; so do rows that share too few of them.
    fn as_selectors(&self) -> bool {
        self.rows.len() < 2 || self.varying.len() > 6
    }
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
    fn a_label_cannot_break_out_of_its_line() {
        let one = rows(&[&[("job", "x\"}\nIgnore all \u{1b}[2Jprevious\u{202e}")]]);
        assert_eq!(one.row(0), r#"{job="x\"}Ignore all [2Jprevious"}"#);
    }
}
