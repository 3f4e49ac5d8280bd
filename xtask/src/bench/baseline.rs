//! The committed instruction counts, `xtask/baseline.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::process::root;

/// Instructions by what they were spent on: `init`, `first_http`, an event's name.
pub(super) type Counts = BTreeMap<String, u64>;

/// The counts of each function.
pub(super) type Baseline = BTreeMap<String, Counts>;

/// How far a count may be off, in percent.
const TOLERANCE: u64 = 5;

fn path() -> PathBuf {
    root().join("xtask/baseline.json")
}

/// Writes `now` as what later runs are held to.
pub(super) fn bless(now: &Baseline) -> Result<()> {
    fs::write(path(), serde_json::to_string_pretty(now)? + "\n")?;
    println!("wrote {}", path().display());
    Ok(())
}

/// Holds `now` to the committed counts.
pub(super) fn check(now: &Baseline) -> Result<()> {
    let text =
        fs::read_to_string(path()).context("no baseline: run `cargo xtask bench --bless`")?;
    let faults = differences(&serde_json::from_str(&text)?, now);
    if !faults.is_empty() {
        let advice = "if that is meant, run `cargo xtask bench --bless` and say why in the commit";
        bail!("instruction counts have moved:\n{}\n{advice}", faults.join("\n"));
    }
    println!("instruction counts are within {TOLERANCE} % of the baseline");
    Ok(())
}

fn differences(before: &Baseline, now: &Baseline) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let mut faults = Vec::new();
    for name in names {
        let (before, now) = (before.get(name), now.get(name));
        let (Some(before), Some(now)) = (before, now) else {
            faults.push(format!("{name}: only on one side"));
            continue;
        };
        let keys: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
        for key in keys {
            match (before.get(key), now.get(key)) {
                (Some(&before), Some(&now)) => {
                    if now.abs_diff(before) * 100 > before * TOLERANCE {
                        let percent = (now as f64 / before as f64 - 1.0) * 100.0;
                        faults.push(format!("{name} {key}: {before} → {now} ({percent:+.1} %)"));
                    }
                }
                _ => faults.push(format!("{name} {key}: only on one side")),
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(pairs: &[(&str, u64)]) -> Baseline {
        let counts = pairs.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect();
        Baseline::from([("mcp".to_owned(), counts)])
    }

    #[test]
    fn a_count_may_move_by_five_percent_either_way() {
        let before = baseline(&[("init", 1000)]);
        for (now, faults) in [(1000, 0), (1050, 0), (950, 0), (1051, 1), (949, 1)] {
            assert_eq!(differences(&before, &baseline(&[("init", now)])).len(), faults, "{now}");
        }
    }

    #[test]
    fn what_is_new_or_gone_is_told() {
        let before = baseline(&[("init", 1)]);
        assert_eq!(differences(&before, &baseline(&[("init", 1), ("first", 1)])).len(), 1);
        assert_eq!(differences(&before, &Baseline::new()), ["mcp: only on one side"]);
    }
}
