//! From text to a syntax tree that is safe to walk.

use std::sync::Once;

use promql_parser::label::{MatchOp as ParsedOp, Matchers};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{Expr, Function, VectorSelector, register_extra_functions};

use crate::{Error, METRIC_NAME, MatchOp, Matcher, diagnose};

/// Longer queries are refused, so that no tree is too deep to walk.
const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Deeper trees are refused: evaluation is recursive.
const MAX_DEPTH: usize = 250;

/// Parses a query.
pub(crate) fn parse(query: &str) -> Result<Expr, Error> {
    static OLD_NAMES: Once = Once::new();
    OLD_NAMES.call_once(|| {
        // The parser only knows the name of Prometheus 3. It refuses nothing but a clash with a
        // function of its own, which would then do as well.
        let matrix_and_factors = vec![ValueType::Matrix, ValueType::Scalar, ValueType::Scalar];
        let old = Function::new("holt_winters", matrix_and_factors, 0, ValueType::Vector, false);
        let _ = register_extra_functions(vec![old]);
    });
    if query.len() > MAX_QUERY_BYTES {
        return Err(invalid(format!("the query is longer than {MAX_QUERY_BYTES} bytes")));
    }
    let expr = promql_parser::parser::parse(query)
        .map_err(|message| diagnose::diagnose(query, message))?;
    if depth(&expr) > MAX_DEPTH {
        return Err(invalid(format!("the query is nested deeper than {MAX_DEPTH} levels")));
    }
    Ok(expr)
}

/// The matchers of a series selector such as `up{job="api"}`, as in the `match[]` parameters of
/// the HTTP API. A metric name becomes a matcher on `__name__`.
///
/// # Errors
/// [`Error::Parse`] when it is not a plain vector selector.
pub fn matchers(selector: &str) -> Result<Vec<Matcher>, Error> {
    match parse(selector)? {
        Expr::VectorSelector(selector) if selector.offset.is_none() && selector.at.is_none() => {
            selector_matchers(&selector)
        }
        _ => Err(invalid("a series selector is expected, such as up{job=\"api\"}".into())),
    }
}

/// The matchers of a parsed selector, the one for its name included.
pub(crate) fn selector_matchers(selector: &VectorSelector) -> Result<Vec<Matcher>, Error> {
    let Matchers { matchers, or_matchers } = &selector.matchers;
    if !or_matchers.is_empty() {
        return Err(Error::Unsupported("`or` between label matchers is not supported".into()));
    }
    let name = selector
        .name
        .iter()
        .map(|name| Matcher { name: METRIC_NAME.into(), op: MatchOp::Equal(name.clone()) });
    let others = matchers.iter().map(|matcher| Matcher {
        name: matcher.name.clone(),
        op: match &matcher.op {
            ParsedOp::Equal => MatchOp::Equal(matcher.value.clone()),
            ParsedOp::NotEqual => MatchOp::NotEqual(matcher.value.clone()),
            ParsedOp::Re(regex) => MatchOp::Regex(regex.clone()),
            ParsedOp::NotRe(regex) => MatchOp::NotRegex(regex.clone()),
        },
    });
    Ok(name.chain(others).collect())
}

/// The expression inside any parentheses around it.
pub(crate) fn without_parens(mut expr: &Expr) -> &Expr {
    while let Expr::Paren(paren) = expr {
        expr = &paren.expr;
    }
    expr
}

/// A fault of the query that has no place in its text.
pub(crate) fn invalid(message: String) -> Error {
    Error::Parse { message, position: None }
}

/// The name of a type in messages.
pub(crate) fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Vector => "instant vector",
        ValueType::Matrix => "range vector",
        ValueType::Scalar => "scalar",
        ValueType::String => "string",
    }
}

fn depth(expr: &Expr) -> usize {
    let deepest = match expr {
        Expr::Aggregate(e) => depth(&e.expr).max(e.param.as_deref().map_or(0, depth)),
        Expr::Unary(e) => depth(&e.expr),
        Expr::Binary(e) => depth(&e.lhs).max(depth(&e.rhs)),
        Expr::Paren(e) => depth(&e.expr),
        Expr::Subquery(e) => depth(&e.expr),
        Expr::Call(e) => e.args.args.iter().map(|arg| depth(arg)).max().unwrap_or(0),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => 0,
    };
    deepest + 1
}
