//! Summaries of cases as a model is given them, and how many go into one prompt.

use crate::answer::Table;
use crate::days::day_of;
use crate::model::tokens;
use crate::text::{printable, without_addresses};

/// The most characters of a summary.
pub(super) const LONGEST: usize = 700;
/// A summary is cut at a sentence where that keeps so much of it.
const KEPT: usize = LONGEST * 7 / 10;
/// A summary of no more says nothing.
pub(super) const LEAST: usize = 10;

/// A case, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) number: String,
    pub(super) service: String,
    pub(super) severity: String,
    pub(super) category: String,
    pub(super) lifecycle: String,
    /// `2026-11-30`.
    pub(super) date: String,
    pub(super) text: String,
    /// Whether the text is not all of it.
    pub(super) shortened: bool,
}

impl Summary {
    pub(super) fn of(table: &Table, row: &[Option<String>]) -> Option<Self> {
        let cell = |name: &str| table.cell(row, name).unwrap_or_default();
        let word = |name: &str| printable(cell(name), 60).into_owned();
        let whole = cell("case_summary").trim();
        if whole.chars().count() <= LEAST {
            return None;
        }
        let (text, shortened) = cut(whole);
        Some(Self {
            number: word("case_number"),
            service: word("servicecode"),
            severity: word("severitycode"),
            category: word("rca_category"),
            lifecycle: word("lifecycle_category"),
            date: day_of(cell("timecreated")),
            text: without_addresses(&text).into_owned(),
            shortened,
        })
    }

    /// As a model reads it.
    pub(super) fn written(&self) -> String {
        let Self { number, service, severity, category, lifecycle, date, text, .. } = self;
        format!(
            "case {number}; service {service}; severity {severity}; cause {category}; practice \
             {lifecycle}; opened {date}\n{text}\n\n"
        )
    }
}

/// In one line of at most [`LONGEST`] characters, and whether there was more.
fn cut(whole: &str) -> (String, bool) {
    let begin: String = whole.chars().take(LONGEST).collect();
    if begin.len() == whole.len() {
        return (printable(whole, LONGEST).into_owned(), false);
    }
    let sentence = begin.char_indices().rfind(|(_, c)| ".!?。！？".contains(*c));
    let end = sentence.map_or(0, |(at, c)| at + c.len_utf8());
    let text = match begin[..end].chars().count() >= KEPT {
        true => begin[..end].to_owned(),
        false => format!("{}…", begin.trim_end()),
    };
    (printable(&text, LONGEST + 1).into_owned(), true)
}

/// Written summaries, put together so that each part is at most so many tokens; and how many of
/// them are in it.
pub(super) fn parts(summaries: &[Summary], most: usize) -> Vec<(String, usize)> {
    let mut parts: Vec<(String, usize)> = Vec::new();
    let mut size = 0;
    for summary in summaries {
        let written = summary.written();
        let cost = tokens(&written);
        match parts.last_mut() {
            Some((part, count)) if size + cost <= most => {
                part.push_str(&written);
                *count += 1;
                size += cost;
            }
            _ => {
                parts.push((written, 1));
                size = cost;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_summary_ends_at_a_sentence_where_that_keeps_enough() {
        let sentence = format!("{}.", "a".repeat(599));
        assert_eq!(cut("Short."), ("Short.".into(), false));
        assert_eq!(cut(&"b".repeat(700)), ("b".repeat(700), false));
        assert_eq!(cut(&format!("{sentence} {}", "b".repeat(200))), (sentence, true));
        let early = format!("A. {}", "b".repeat(900));
        let (text, shortened) = cut(&early);
        assert!(shortened && text.chars().count() == 701 && text.ends_with("b…"), "{text}");
        let foreign = "本".repeat(499) + "。" + &"番".repeat(400);
        assert_eq!(cut(&foreign).0.chars().count(), 500);
    }

    fn summary() -> impl Strategy<Value = Summary> {
        "[a-z本]{11,900}".prop_map(|text| {
            let (text, shortened) = cut(&text);
            let empty = String::new();
            Summary {
                number: "1".into(),
                service: empty.clone(),
                severity: empty.clone(),
                category: empty.clone(),
                lifecycle: empty.clone(),
                date: empty,
                text,
                shortened,
            }
        })
    }

    proptest! {
        #[test]
        fn every_summary_is_in_one_part_and_no_part_is_too_big(
            summaries in prop::collection::vec(summary(), 0..30),
        ) {
            let parts = parts(&summaries, 1_000);
            prop_assert_eq!(parts.iter().map(|(_, count)| count).sum::<usize>(), summaries.len());
            let all: String = parts.iter().map(|(part, _)| part.as_str()).collect();
            prop_assert_eq!(all, summaries.iter().map(Summary::written).collect::<String>());
            for (part, count) in parts {
                prop_assert!(count == 1 || tokens(&part) <= 1_000 + count, "{}", tokens(&part));
            }
        }
    }
}
