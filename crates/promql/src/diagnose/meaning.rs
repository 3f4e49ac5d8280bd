//! Finds the subexpression that does not type, and translates what the parser says of it.

use std::ops::Range;

use promql_parser::parser::parse;

use super::Fault;
use super::grammar::{Node, Shape};
use crate::parse::type_name;

/// The fault of a subexpression whose own subexpressions are right.
pub(super) fn fault(query: &str, node: &Node) -> Option<Fault> {
    let message = parse(&query[node.span.clone()]).err()?;
    // The text of the language is quoted with double quotes in Prometheus.
    let quoted = message.replace('\'', "\"");
    let named = rename_types(&quoted);
    let start = node.span.start;
    let (message, at) = match &node.shape {
        Shape::Call(arguments) => (named, mistyped(query, arguments, &message).unwrap_or(start)),
        Shape::Aggregation(arguments) if message.starts_with("expected type vector") => {
            (named, arguments.last().map_or(start, |last| last.start))
        }
        Shape::Aggregation(arguments) if message.starts_with("expected type") => (
            named.replace("aggregation expression", "aggregation parameter"),
            arguments.first().map_or(start, |first| first.start),
        ),
        Shape::Aggregation(_) if message.starts_with("no arguments") => {
            ("no arguments for aggregate expression provided".into(), start)
        }
        Shape::Binary { operator, .. }
            if message.to_lowercase().contains("bool modifier")
                || message.starts_with("label ") =>
        {
            (quoted, *operator)
        }
        Shape::Binary { left, right, .. } if message.starts_with("binary expression must") => {
            let left_is_right = matches!(type_of(query, left), Some("scalar" | "instant vector"));
            (message, if left_is_right { right.start } else { left.start })
        }
        Shape::Ranged { .. } if message.starts_with("subquery") => {
            (message.replace("on vector", "on instant vector"), start)
        }
        Shape::Ranged { bracket } => (named, *bracket),
        Shape::Aggregation(_) | Shape::Binary { .. } => (quoted, start),
        Shape::Other if message.contains("got: ") => {
            let (rule, got) = named.split_once(", got: ")?;
            let got = if got == "matrix" { "range vector" } else { got };
            (format!("{}, got {got:?}", rule.replace("or vector", "or instant vector")), start)
        }
        Shape::Other if message.starts_with("ParseFloatError") => {
            let number = &query[node.span.clone()];
            let cause = format!("strconv.ParseFloat: parsing {number:?}: invalid syntax");
            (format!("error parsing number: {cause}"), start)
        }
        Shape::Other => (
            named.replace(
                "by an vector selector or matrix",
                "by an instant vector selector or range vector",
            ),
            start,
        ),
    };
    Some(Fault { message, at })
}

/// The fault of one label matcher, `job=~"("`, that starts at a byte of the query.
pub(super) fn regex_fault(matcher: &str, at: usize) -> Option<Fault> {
    let message = parse(&format!("{{{matcher},_=\"_\"}}")).err()?;
    let pattern = message.strip_prefix("illegal regex for ")?;
    let anchored = format!("^(?:{pattern})$");
    let reason = regex::Regex::new(&anchored).err()?.to_string();
    let reason = reason.lines().last()?.trim_start_matches("error: ").to_owned();
    Some(Fault { message: format!("error parsing regexp: {reason}: `{anchored}`"), at })
}

/// Where the first argument is whose type the parser's message complains of.
fn mistyped(query: &str, arguments: &[Range<usize>], message: &str) -> Option<usize> {
    let got = rename_types(message.strip_prefix("expected type ")?);
    let got = got.rsplit("got ").next()?.to_owned();
    let wanted = rename_types(message).strip_prefix("expected type ")?.to_owned();
    let suspects = arguments.iter().filter(|argument| {
        type_of(query, argument).is_some_and(|found| found == got && !wanted.starts_with(found))
    });
    suspects.map(|argument| argument.start).next()
}

fn type_of(query: &str, span: &Range<usize>) -> Option<&'static str> {
    Some(type_name(parse(&query[span.clone()]).ok()?.value_type()))
}

/// The parser's names of types, where they are not those of Prometheus.
fn rename_types(message: &str) -> String {
    message
        .replace("type vector", "type instant vector")
        .replace("type matrix", "type range vector")
        .replace("got vector", "got instant vector")
        .replace("got matrix", "got range vector")
}
