//! Thousands of metric names in a few lines: their prefixes, with counts.

use std::cmp::Reverse;
use std::ops::Range;

use crate::text::{count, printable};

/// The most prefixes a map shows.
const ENTRIES: usize = 36;

/// A prefix is split into longer ones while it has more than this share of all names.
const SHARE: usize = 24;

/// Names that fit in so many bytes are listed themselves.
const LISTED_BYTES: usize = 1_000;

/// The names, or where they are too many, a map of them. `names` is sorted.
pub(crate) fn overview(names: &[&str]) -> String {
    let bytes: usize = names.iter().map(|name| name.len() + 2).sum();
    if bytes <= LISTED_BYTES {
        let names: Vec<_> = names.iter().map(|name| printable(name, 120)).collect();
        return names.join(", ");
    }
    map(names)
}

/// Names that begin alike: which of the sorted names they are. Nothing is copied, and a group is
/// found by a binary search: this runs over thousands of names in every listing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group<'a> {
    prefix: &'a str,
    names: Range<usize>,
}

/// `node_cpu_* 12, node_disk_* 20, …, and 14 others`.
fn map(names: &[&str]) -> String {
    let mut groups = split(names, 0..names.len(), 0);
    // The largest group is split while the map stays short.
    let mut settled = Vec::new();
    while let Some(largest) = (0..groups.len()).max_by_key(|i| groups[*i].names.len()) {
        let group = groups.swap_remove(largest);
        let parts = split(names, group.names.clone(), group.prefix.len());
        let big = group.names.len() > (names.len() / SHARE).max(8);
        // Parts of a name or two each say nothing that the longer list would not say better.
        let telling = parts.len() * 2 <= group.names.len();
        if big && telling && groups.len() + settled.len() + parts.len() <= ENTRIES * 2 {
            groups.extend(parts);
        } else {
            settled.push(group);
        }
    }
    settled.sort_by_key(|group| (Reverse(group.names.len()), group.names.start));
    let rest = settled.split_off(settled.len().min(ENTRIES));
    settled.sort_by_key(|group| group.names.start);
    let mut shown: Vec<String> = settled
        .iter()
        .map(|Group { prefix, names: members }| match members.len() {
            1 => printable(names[members.start], 120).into_owned(),
            n => format!("{}* {n}", printable(prefix, 120)),
        })
        .collect();
    let others: usize = rest.iter().map(|group| group.names.len()).sum();
    if others > 0 {
        shown.push(format!("and {}", count("other", others)));
    }
    shown.join(", ")
}

/// Groups the names `range` by one word more than the `known` bytes they share. A word ends with
/// the first `_` or `:` after them; a name without one is a group of its own.
fn split<'a>(names: &[&'a str], range: Range<usize>, known: usize) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let name = names[at];
        let border =
            name.as_bytes().iter().skip(known).position(|byte| matches!(byte, b'_' | b':'));
        let (prefix, end) = match border {
            Some(border) => {
                let prefix = &name[..known + border + 1];
                (prefix, at + run(&names[at..range.end], prefix))
            }
            None => (name, at + 1),
        };
        groups.push(Group { prefix, names: at..end });
        at = end;
    }
    groups
}

/// How many of the sorted `names` begin with `prefix`, as the first does. Most runs are short: the
/// end is looked for in doubling steps before it is looked for by halves.
fn run(names: &[&str], prefix: &str) -> usize {
    let mut reach = 1;
    while names.get(reach).is_some_and(|name| name.starts_with(prefix)) {
        reach *= 2;
    }
    let (sure, end) = (reach / 2, reach.min(names.len()));
    sure + names[sure..end].partition_point(|name| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_few_names_are_listed() {
        assert_eq!(overview(&["go_goroutines", "up"]), "go_goroutines, up");
        assert_eq!(overview(&[]), "");
    }

    #[test]
    fn many_names_are_a_map_of_prefixes() {
        let names: Vec<String> = (0..10)
            .map(|i| format!("go_memstats_m{i}_bytes"))
            .chain((0..40).map(|i| format!("node_disk_d{i}_total")))
            .chain((0..50).map(|i| format!("node_netstat_n{i}")))
            .chain(["up".to_owned()])
            .collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        insta::assert_snapshot!(overview(&names), @"go_memstats_* 10, node_disk_* 40, node_netstat_* 50, up");
    }

    proptest! {
        #[test]
        fn every_name_is_counted_once(
            names in proptest::collection::btree_set("[ab]{1,3}(_[cd]{1,2}){0,4}", 0..300)
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let map = map(&names);
            let counted: usize = map
                .split(", ")
                .filter(|entry| !entry.is_empty())
                .map(|entry| match entry.strip_prefix("and ").unwrap_or(entry).split_once(' ') {
                    Some((left, right)) => left.parse().or(right.parse()).unwrap(),
                    None => 1,
                })
                .sum();
            prop_assert_eq!(counted, names.len());
            prop_assert!(map.split(", ").count() <= ENTRIES + 1);
        }
    }
}
