//! A complaint of Prometheus' parser, shown where it arose, with what may mend it.

use promql_parser::parser;

use crate::text::printable;

/// Characters of the query shown on each side of the caret.
const AROUND: usize = 60;

/// A complaint, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explained {
    /// Prometheus' own words, without the position.
    pub(crate) complaint: String,
    /// The line of the query and a caret under the place, two lines.
    pub(crate) place: Option<String>,
    /// The query as it was probably meant: it parses.
    pub(crate) corrected: Option<String>,
}

/// Explains `message` (`invalid parameter "query": 1:6: parse error: unclosed left parenthesis`)
/// about `query`.
pub(crate) fn explain(query: &str, message: &str) -> Explained {
    let Some((before, complaint)) = message.split_once(": parse error: ") else {
        let complaint = message.strip_prefix("invalid parameter \"query\": ").unwrap_or(message);
        return Explained { complaint: complaint.to_owned(), place: None, corrected: None };
    };
    let at = offset(query, before);
    Explained {
        complaint: complaint.to_owned(),
        place: at.map(|at| place(query, at)),
        corrected: corrected(query, at.unwrap_or(query.len()), complaint),
    }
}

/// The byte that `…1:6` points at. Prometheus counts lines and the bytes of a line from 1.
fn offset(query: &str, position: &str) -> Option<usize> {
    let mut numbers = position.rsplit(|c: char| !c.is_ascii_digit());
    let column: usize = numbers.next()?.parse().ok()?;
    let line: usize = numbers.next()?.parse().ok()?;
    let start: usize = query.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let at = (start + column.checked_sub(1)?).min(query.len());
    (0..=at).rev().find(|at| query.is_char_boundary(*at))
}

fn place(query: &str, at: usize) -> String {
    let (before, after) = query.split_at(at);
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default();
    // Each character takes one cell, so that the caret stands where it should.
    let flat = |text: &str| -> String {
        text.chars()
            .map(|c| if printable(c.encode_utf8(&mut [0; 4]), 1).is_empty() { ' ' } else { c })
            .collect()
    };
    let before: Vec<char> = flat(before).chars().collect();
    let cut = before.len().saturating_sub(AROUND);
    let before: String = before[cut..].iter().collect();
    let after: String = flat(after).chars().take(AROUND).collect();
    let (lead, margin) = if cut > 0 { ("…", 1) } else { ("", 0) };
    let column = before.chars().count() + margin;
    format!("  {lead}{before}{after}\n  {:column$}^", "")
}

/// The first of the likely corrections that parses.
fn corrected(query: &str, at: usize, complaint: &str) -> Option<String> {
    let candidates: Vec<String> = if complaint.contains("unclosed left")
        || complaint.contains("unexpected end of input")
        || complaint.contains("unterminated")
    {
        vec![closed(query)]
    } else if complaint.contains("expected type range vector") {
        let end = end_of_argument(query, at);
        ["[5m]", "[5m:]"].map(|range| with(query, end..end, range)).into()
    } else if complaint.contains("unknown function") {
        let word = word_at(query, at);
        let name = query.get(word.clone()).unwrap_or_default();
        similar_functions(name).into_iter().map(|name| with(query, word.clone(), name)).collect()
    } else if complaint.contains("unexpected right") || complaint.contains("unexpected \")\"") {
        // Prometheus 2 points behind it, Prometheus 3 at it.
        [at, at.saturating_sub(1)].map(|at| with(query, at..query.len().min(at + 1), "")).into()
    } else if complaint.contains("label matching") {
        let word = word_at(query, at);
        let quoted = format!("\"{}\"", query.get(word.clone())?);
        vec![with(query, word, &quoted), with(query, at..query.len().min(at + 1), "")]
    } else if query.contains('[') {
        vec![with_durations(query)]
    } else {
        Vec::new()
    };
    candidates.into_iter().find(|candidate| candidate != query && parser::parse(candidate).is_ok())
}

/// `query` with `new` in place of the bytes `at`, which lie on character borders or nothing changes.
fn with(query: &str, at: std::ops::Range<usize>, new: &str) -> String {
    match (query.get(..at.start), query.get(at.end..)) {
        (Some(before), Some(after)) => format!("{before}{new}{after}"),
        _ => query.to_owned(),
    }
}

/// The characters of `query` outside of strings, and the quote that is open at its end.
fn outside_strings(query: &str) -> (Vec<(usize, char)>, Option<char>) {
    let mut outside = Vec::new();
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (at, c) in query.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(end) if c == end => quote = None,
            Some(end) => escaped = c == '\\' && end != '`',
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None => outside.push((at, c)),
        }
    }
    (outside, quote)
}

/// `query` with the quotes and brackets closed that are open at its end.
fn closed(query: &str) -> String {
    let query = query.trim_end();
    let (outside, quote) = outside_strings(query);
    let mut open = Vec::new();
    for (_, c) in outside {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            _ if open.last() == Some(&c) => drop(open.pop()),
            _ => {}
        }
    }
    query.chars().chain(quote).chain(open.into_iter().rev()).collect()
}

/// Where the argument that begins at `at` ends: before a comma or a closing parenthesis.
fn end_of_argument(query: &str, at: usize) -> usize {
    let mut depth = 0_i32;
    for (i, c) in outside_strings(query).0.into_iter().skip_while(|(i, _)| *i < at) {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | ',' if depth == 0 => return i,
            ')' | '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    query.len()
}

/// The word around or after the byte `at`.
fn word_at(query: &str, at: usize) -> std::ops::Range<usize> {
    let part = |c: char| c.is_alphanumeric() || "_-./:".contains(c);
    let head = query.get(..at).unwrap_or_default();
    let start = head.trim_end_matches(part).len();
    let rest = query.get(start..).unwrap_or_default();
    start..start + rest.len() - rest.trim_start_matches(part).len()
}

/// Durations in brackets written as Prometheus writes them: `[5 minutes]` becomes `[5m]`.
fn with_durations(query: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        ("ms", "ms"),
        ("sec", "s"),
        ("min", "m"),
        ("h", "h"),
        ("day", "d"),
        ("week", "w"),
        ("y", "y"),
    ];
    let mut out = String::new();
    let mut rest = query;
    while let Some((before, inside)) = rest.split_once('[') {
        let Some((range, after)) = inside.split_once(']') else {
            break;
        };
        out.push_str(before);
        out.push('[');
        let compact = range.to_ascii_lowercase().replace(' ', "");
        let mut units = compact.as_str();
        while !units.is_empty() {
            let digits = units.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = units.split_at(digits);
            let letters = tail.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
            let (unit, tail) = tail.split_at(letters);
            out.push_str(number);
            let known =
                WORDS.iter().find(|(word, _)| unit.starts_with(word)).map(|(_, unit)| *unit);
            out.push_str(known.filter(|_| unit.len() > 2).unwrap_or(unit));
            units = match tail.chars().next() {
                Some(other) if digits == 0 && letters == 0 => {
                    out.push(other);
                    &tail[other.len_utf8()..]
                }
                _ => tail,
            };
        }
        out.push(']');
        rest = after;
    }
    out.push_str(rest);
    out
}

/// PromQL's functions and aggregations, for "did you mean".
const FUNCTIONS: &str = "abs absent absent_over_time acos acosh asin asinh atan atanh avg \
avg_over_time bottomk ceil changes clamp clamp_max clamp_min cos cosh count count_over_time \
count_values day_of_month day_of_week day_of_year days_in_month deg delta deriv exp floor group \
histogram_avg histogram_count histogram_fraction histogram_quantile histogram_sum \
holt_winters hour idelta increase irate label_join label_replace last_over_time ln log10 log2 max \
max_over_time min min_over_time minute month pi predict_linear present_over_time quantile \
quantile_over_time rad rate resets round scalar sgn sin sinh sort sort_desc sqrt stddev \
stddev_over_time stdvar stdvar_over_time sum sum_over_time tan tanh time timestamp topk vector year";

/// At most two edits away, the nearest first.
fn similar_functions(name: &str) -> Vec<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut similar: Vec<_> = FUNCTIONS
        .split(' ')
        .map(|known| (distance(&name, known), known))
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len())
        .collect();
    similar.sort_unstable();
    similar.into_iter().map(|(_, known)| known).collect()
}

/// Edits (insert, delete, replace) from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse_error(query: &str, position: &str, complaint: &str) -> Explained {
        let message = format!("invalid parameter \"query\": {position}: parse error: {complaint}");
        explain(query, &message)
    }

    #[track_caller]
    fn check(query: &str, position: &str, complaint: &str, expected: Option<&str>) {
        let explained = parse_error(query, position, complaint);
        assert_eq!(explained.corrected.as_deref(), expected, "{query}");
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        let explained = parse_error("sum((", "1:6", "unclosed left parenthesis");
        assert_eq!(explained.complaint, "unclosed left parenthesis");
        assert_eq!(explained.place.unwrap(), "  sum((\n       ^");
        assert_eq!(explained.corrected, None);
    }

    #[test]
    fn the_caret_counts_lines_and_characters() {
        let query = "sum(\n  up{job=\"café\"}}\n)";
        // Byte 19 of the second line: the é takes two.
        let explained = parse_error(query, "2:19", "unexpected right brace");
        assert_eq!(explained.place.unwrap(), "    up{job=\"café\"}}\n                   ^");
    }

    #[test]
    fn a_long_query_is_cut_around_the_caret() {
        let query = format!("{}!{}", "a".repeat(200), "b".repeat(200));
        let shown = parse_error(&query, "1:201", "unexpected character").place.unwrap();
        let (line, caret) = shown.split_once('\n').unwrap();
        assert_eq!(line.chars().count(), 2 + 1 + 120);
        assert_eq!(line.chars().nth(caret.len() - 1), Some('!'));
    }

    #[test]
    fn a_message_without_a_place_is_kept() {
        let explained = explain("up", "query timed out in expression evaluation");
        assert_eq!(explained.complaint, "query timed out in expression evaluation");
        assert_eq!(explained.place, None);
    }

    #[test]
    fn likely_slips_are_corrected_and_the_correction_parses() {
        for (query, position, complaint, expected) in [
            ("sum(rate(x[5m])", "1:16", "unclosed left parenthesis", "sum(rate(x[5m]))"),
            (
                r#"up{job="api""#,
                "1:13",
                "unexpected end of input inside braces",
                r#"up{job="api"}"#,
            ),
            (r#"up{job="api}"#, "1:8", "unterminated quoted string", r#"up{job="api}"}"#),
            (
                "sum(rate(x{a=\"b)\"}))",
                "1:10",
                "expected type range vector in call to function \"rate\", got instant vector",
                "sum(rate(x{a=\"b)\"}[5m]))",
            ),
            (
                "rate(sum(x))",
                "1:6",
                "expected type range vector in call to function \"rate\", got instant vector",
                "rate(sum(x)[5m:])",
            ),
            ("rat(x[5m])", "1:1", "unknown function with name \"rat\"", "rate(x[5m])"),
            ("sum(up))", "1:8", "unexpected right parenthesis ')'", "sum(up)"),
            (
                "up{job=api-1}",
                "1:8",
                "unexpected identifier \"api\" in label matching, expected string",
                "up{job=\"api-1\"}",
            ),
            (
                "up{job==\"api\"}",
                "1:8",
                "unexpected \"=\" in label matching, expected string",
                "up{job=\"api\"}",
            ),
            ("rate(x[5 minutes])", "1:8", "bad number or duration syntax: \"5\"", "rate(x[5m])"),
        ] {
            check(query, position, complaint, Some(expected));
        }
    }

    #[test]
    fn what_cannot_be_guessed_is_not() {
        check("sum((", "1:6", "unclosed left parenthesis", None);
        check("foobarbaz(x)", "1:1", "unknown function with name \"foobarbaz\"", None);
        check("x[1.5h]", "1:3", "bad number or duration syntax: \"1.5h\"", None);
        check("", "1:1", "no expression found in input", None);
    }

    proptest! {
        #[test]
        fn no_query_panics(query in ".{0,40}", line in 0_usize..4, column in 0_usize..50) {
            for complaint in [
                "unclosed left brace",
                "expected type range vector",
                "unknown function",
                "unexpected right",
                "label matching",
                "bad number",
            ] {
                let _ = parse_error(&query, &format!("{line}:{column}"), complaint);
            }
        }
    }
}
