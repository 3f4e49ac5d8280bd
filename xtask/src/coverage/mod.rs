//! `docs/security/coverage.md`: each attack of `docs/security/rows.toml`, and the tests that show what it gets.

mod rows;
mod scan;

use std::fs;

use anyhow::{Context as _, Result};

use crate::process::root;
use rows::{RowId, Rows};
use scan::Test;

const HEAD: &str = "# Attacks, and the tests that show what each gets\n
Written by `cargo xtask docs` from [`rows.toml`](rows.toml) and the names of the tests: one whose name begins with `j09_` \
shows row J09. A row with neither a test nor a reason why it has none fails `cargo xtask test`.\n
| row | case | shown by |
| --- | --- | --- |\n";

/// The table, and what is wrong with it.
pub(crate) struct Coverage {
    /// As Markdown.
    pub(crate) document: String,
    /// Rows that nothing shows, tests that name no row.
    pub(crate) faults: Vec<String>,
}

/// The coverage of the tree as it is.
pub(crate) fn of_the_tree() -> Result<Coverage> {
    let path = root().join("docs/security/rows.toml");
    let text = fs::read_to_string(&path).context("cannot read docs/security/rows.toml")?;
    Ok(coverage(&rows::parse(&text)?, &scan::workspace()?))
}

fn coverage(rows: &Rows, tests: &[Test]) -> Coverage {
    let of = |id: &RowId| tests.iter().filter(|test| test.rows.contains(id)).collect::<Vec<_>>();
    let mut faults = Vec::new();
    let mut missing = Vec::new();
    let mut lines = Vec::new();
    for (id, row) in rows {
        let tests = of(id);
        let shown = match (&row.later, &tests[..]) {
            (None, []) => {
                missing.push(id.to_string());
                "**nothing**".to_owned()
            }
            (Some(later), []) => format!("later: {later}"),
            (later, tests) => {
                if later.is_some() {
                    faults.push(format!("{id} has tests, but rows.toml says that it comes later"));
                }
                let names = tests.iter().map(|test| format!("`{}`", test.path));
                let remaining = row.remaining.iter().map(|what| format!("later: {what}"));
                names.chain(remaining).collect::<Vec<_>>().join("<br>")
            }
        };
        // Not padded: a new test changes one line.
        lines.push(format!("| {id} | {} | {shown} |\n", row.case));
    }
    if !missing.is_empty() {
        faults.insert(0, format!("no test shows {}", missing.join(", ")));
    }
    for test in tests {
        for id in test.rows.iter().filter(|id| !rows.contains_key(id)) {
            faults.push(format!("{} names {id}, which rows.toml does not have", test.path));
        }
    }
    Coverage { document: HEAD.to_owned() + &lines.concat(), faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "[J01]\ncase = \"none\"\n[J37]\ncase = \"revoked\"\nlater = \"part 3\"\n\
                        [X06]\ncase = \"cors\"\nremaining = \"part 3\"";

    fn faults(tests: &[(&str, &[&str])]) -> (String, Vec<String>) {
        let test = |(path, rows): &(&str, &[&str])| Test {
            path: (*path).to_owned(),
            rows: rows.iter().map(|row| row.parse().unwrap()).collect(),
        };
        let tests: Vec<_> = tests.iter().map(test).collect();
        let Coverage { document, faults } = coverage(&rows::parse(ROWS).unwrap(), &tests);
        (document, faults)
    }

    #[test]
    fn a_row_without_a_test_or_a_reason_is_a_fault() {
        let (document, found) = faults(&[("a::x06_b", &["X06"])]);
        assert_eq!(found, ["no test shows J01"]);
        assert!(document.contains("**nothing**"), "{document}");
        let (_, found) = faults(&[]);
        assert_eq!(found, ["no test shows J01, X06"]);
    }

    #[test]
    fn a_reason_beside_a_test_and_a_row_that_is_not_there_are_faults() {
        let (_, found) = faults(&[("a::j01_x06_b", &["J01", "X06"]), ("a::j37_b", &["J37"])]);
        assert_eq!(found, ["J37 has tests, but rows.toml says that it comes later"]);
        let (_, found) = faults(&[("a::j01_x06_j99_b", &["J01", "X06", "J99"])]);
        assert_eq!(found, ["a::j01_x06_j99_b names J99, which rows.toml does not have"]);
    }

    #[test]
    fn the_table_names_every_test_of_a_row_and_what_remains() {
        let (document, found) =
            faults(&[("a::j01_b", &["J01"]), ("c::j01_x06_d", &["J01", "X06"])]);
        assert_eq!(found, [""; 0]);
        let cells = |id: &str| {
            let line = document.lines().find(|line| line.starts_with(&format!("| {id} "))).unwrap();
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).nth(2).unwrap()
        };
        assert_eq!(cells("J01"), "`a::j01_b`<br>`c::j01_x06_d`");
        assert_eq!(cells("J37"), "later: part 3");
        assert_eq!(cells("X06"), "`c::j01_x06_d`<br>later: part 3");
    }
}
