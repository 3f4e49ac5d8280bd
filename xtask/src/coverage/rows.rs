//! The list of attacks, `docs/security/rows.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// The lists that attacks are numbered in.
const LISTS: &str = "JZXAKTDUS";

/// One attack: the letter of its list and a number of two digits, `J09`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RowId(String);

impl FromStr for RowId {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.as_bytes() {
            [list, tens, ones]
                if LISTS.as_bytes().contains(list)
                    && tens.is_ascii_digit()
                    && ones.is_ascii_digit() =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => bail!("{text:?} is no row: a letter of {LISTS} and two digits"),
        }
    }
}

impl TryFrom<String> for RowId {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is tried, and what of it waits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) case: String,
    /// Why nothing shows it yet.
    pub(super) later: Option<String>,
    /// What of a covered row is still to come.
    pub(super) remaining: Option<String>,
}

/// Every row, by its id.
pub(super) type Rows = BTreeMap<RowId, Row>;

/// The rows of a TOML text.
pub(super) fn parse(text: &str) -> Result<Rows> {
    toml::from_str(text).context("the list of attacks cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_letter_of_a_list_and_two_digits() {
        for (text, ok) in [
            ("J09", true),
            ("Z14", true),
            ("j09", false),
            ("J9", false),
            ("J009", false),
            ("B01", false),
            ("", false),
            ("Jé", false),
        ] {
            assert_eq!(text.parse::<RowId>().is_ok(), ok, "{text:?}");
        }
    }

    #[test]
    fn a_list_with_a_wrong_id_or_field_is_refused() {
        let rows = parse("[J02]\ncase = \"b\"\nlater = \"c\"\n[J01]\ncase = \"a\"").unwrap();
        let ids: Vec<_> = rows.keys().map(ToString::to_string).collect();
        assert_eq!(ids, ["J01", "J02"]);
        for wrong in ["[j01]\ncase = \"a\"", "[J01]", "[J01]\ncase = \"a\"\nother = 1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_committed_list_is_complete_for_the_doors() {
        let rows = parse(include_str!("../../../docs/security/rows.toml")).unwrap();
        for (list, last) in [("J", 42), ("Z", 14), ("X", 13)] {
            for number in 1..=last {
                let id: RowId = format!("{list}{number:02}").parse().unwrap();
                assert!(rows.contains_key(&id), "{id}");
            }
        }
    }
}
