//! Thousands of metric names in a few lines: their prefixes, with counts.

use std::collections::BTreeMap;

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

/// `node_cpu_* 12, node_disk_* 20, …, 14 others`.
fn map(names: &[&str]) -> String {
    let mut groups = split(names, "");
    // The largest group is split while the map stays short.
    let mut settled: Vec<(String, Vec<&str>)> = Vec::new();
    while let Some(largest) = (0..groups.len()).max_by_key(|i| groups[*i].1.len()) {
        let (prefix, members) = groups.swap_remove(largest);
        let parts = split(&members, &prefix);
        let big = members.len() > (names.len() / SHARE).max(8);
        // Parts of a name or two each say nothing that the longer list would not say better.
        let telling = parts.len() * 2 <= members.len();
        if big && telling && groups.len() + settled.len() + parts.len() <= ENTRIES * 2 {
            groups.extend(parts);
        } else {
            settled.push((prefix, members));
        }
    }
    settled.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let rest = settled.split_off(settled.len().min(ENTRIES));
    settled.sort();
    let mut shown: Vec<String> = settled
        .iter()
        .map(|(prefix, members)| match members.as_slice() {
            [name] => printable(name, 120).into_owned(),
            _ => format!("{}* {}", printable(prefix, 120), members.len()),
        })
        .collect();
    let others: usize = rest.iter().map(|(_, members)| members.len()).sum();
    if others > 0 {
        shown.push(format!("and {}", count("other", others)));
    }
    shown.join(", ")
}

/// Groups by one word more than `prefix`. A word ends with the first `_` or `:` after it; names
/// without one are groups of their own.
fn split<'a>(names: &[&'a str], prefix: &str) -> Vec<(String, Vec<&'a str>)> {
    let mut groups: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    for name in names {
        let rest = name.get(prefix.len()..).unwrap_or_default();
        let key = match rest.find(['_', ':']) {
            Some(end) => name.get(..prefix.len() + end + 1).unwrap_or(name),
            None => name,
        };
        groups.entry(key).or_default().push(name);
    }
    groups.into_iter().map(|(key, members)| (key.to_owned(), members)).collect()
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
