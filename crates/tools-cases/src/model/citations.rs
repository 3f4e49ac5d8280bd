//! Whether the cases that an answer cites are those it was given.

use std::collections::BTreeSet;

use serde::Serialize;

/// A number of fewer digits is a count or a year, not a case.
const CASE: usize = 5;
/// A number of so many digits is a case, even where it is not called one.
const LONG: usize = 9;
/// A line of fewer characters is a heading, not a claim.
const CLAIM: usize = 80;
/// What stands behind a number that is no case.
const UNKNOWN: &str = " (unknown case)";

/// What an answer cites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Citations {
    /// How many cases of the input.
    pub(crate) cases_cited: usize,
    /// Numbers that are none of them: what is said of them is made up.
    pub(crate) unknown: Vec<String>,
    /// Lines that say something and cite no case.
    pub(crate) uncited_lines: usize,
}

/// Holds an answer against the cases it was given: unknown numbers are marked in the text.
/// `is_in_input` says whether a number stands anywhere in the input.
pub(crate) fn checked(
    text: &str,
    known: &BTreeSet<&str>,
    is_in_input: impl Fn(&str) -> bool,
) -> (String, Citations) {
    let (mut out, mut told) = (String::with_capacity(text.len()), Citations::default());
    let (mut cited, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let (mut cites, mut rest, mut listed) = (false, line, false);
        while let Some(begin) = rest.find(|c: char| c.is_ascii_digit()) {
            let length = rest[begin..].find(|c: char| !c.is_ascii_digit());
            let end = length.map_or(rest.len(), |length| begin + length);
            let (before, number) = (&rest[..begin], &rest[begin..end]);
            out.push_str(&rest[..end]);
            listed = is_called_case(before) || (listed && is_joint(before));
            if let Some(number) = known.get(number) {
                cites = true;
                cited.insert(*number);
            } else if is_part_of_word(before, &rest[end..]) {
                // A name, an address, a decimal.
            } else if (listed && number.len() >= CASE)
                || (number.len() >= LONG && !is_in_input(number))
            {
                out.push_str(UNKNOWN);
                unknown.insert(number.to_owned());
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        let claims = line.chars().count() >= CLAIM && !line.trim_start().starts_with('#');
        told.uncited_lines += usize::from(claims && !cites);
    }
    told.cases_cited = cited.len();
    told.unknown = unknown.into_iter().collect();
    (out, told)
}

/// Whether the text ends as what comes before a case number does: `case`, `Case #`, `[case: `.
fn is_called_case(before: &str) -> bool {
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || "#:*[(`\"'=_-".contains(c));
    let before = before.to_ascii_lowercase();
    let noun = ["number", "numbers", "no.", "no", "id", "ids", "nr", "nr."];
    let before = noun
        .iter()
        .find_map(|noun| before.strip_suffix(noun))
        .map_or(before.as_str(), |before| before.trim_end_matches([' ', '_', '-']));
    before.ends_with("case") || before.ends_with("cases") || before.ends_with("case(s)")
}

/// Whether the text only joins two numbers of a list.
fn is_joint(between: &str) -> bool {
    let word = between.trim_matches(|c: char| c.is_whitespace() || ",;&/[]()#*".contains(c));
    matches!(word, "" | "and" | "or" | "(unknown case)")
}

fn is_part_of_word(before: &str, after: &str) -> bool {
    let sticks = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '/';
    before.chars().next_back().is_some_and(|c| sticks(c) || c == '.')
        || after.chars().next().is_some_and(sticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 2] = ["170000000001", "170000000002"];

    fn check(text: &str) -> (String, Citations) {
        checked(text, &KNOWN.into(), |number| number == "555555555555")
    }

    #[test]
    fn cases_that_were_not_given_are_marked() {
        for (text, cited, unknown) in [
            ("[case 170000000001] and [case 170000000002]", 2, &[][..]),
            (
                "cases 170000000001, 170000000009 and 170000000008",
                1,
                &["170000000008", "170000000009"],
            ),
            ("Case #999999999999999 is the root cause", 0, &["999999999999999"]),
            ("case number: 12345", 0, &["12345"]),
            ("see 888888888888", 0, &["888888888888"]),
            ("error 555555555555, in 2026, of 12000 requests", 0, &[]),
            ("in 3 cases of 2026", 0, &[]),
            ("request-123456789012 and i-0123456789", 0, &[]),
        ] {
            let (marked, told) = check(text);
            assert_eq!(
                (told.cases_cited, &told.unknown[..]),
                (cited, &unknown.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..]),
                "{text}"
            );
            assert_eq!(marked.matches(UNKNOWN).count(), unknown.len(), "{marked}");
        }
        assert_eq!(check("case 99999: x").0, "case 99999 (unknown case): x");
    }

    #[test]
    fn claims_without_a_case_are_counted() {
        let claim = "The most frequent problem is throttling of one function by its concurrency limit of the account.";
        let text = format!(
            "# Top issues of this quarter, in the order of how many cases there are of each of them\n{claim}\n{claim} [case 170000000001]\nShort."
        );
        assert_eq!(check(&text).1.uncited_lines, 1);
    }

    proptest! {
        #[test]
        fn nothing_but_marks_is_added(text in "[ a-z0-9#,\\[\\]\n]{0,80}|(case [0-9]{3,13}[ ,]){0,4}") {
            prop_assert_eq!(check(&text).0.replace(UNKNOWN, ""), text);
        }
    }
}
