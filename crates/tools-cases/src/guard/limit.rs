//! The row limit: the smaller one of what a query has and what it may have.

use sqlparser::ast::{Expr, LimitClause, Query, Value};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::query::is_keyword;
use super::refusal::Refusal;

/// Puts `limit` on the outermost query. Where it has `FETCH FIRST` instead, nothing can be added.
pub(super) fn put(
    query: &Query,
    mut tokens: Vec<TokenWithSpan>,
    limit: u64,
) -> Result<Vec<TokenWithSpan>, Refusal> {
    if query.fetch.is_some() {
        return Ok(tokens);
    }
    let had = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit: Some(had), .. }) => Some(had),
        _ => None,
    };
    // In Trino's grammar LIMIT comes last.
    let at = tokens.len().saturating_sub(2);
    let last = tokens.get(at).is_some_and(|token| is_keyword(token, &[Keyword::LIMIT]));
    let number =
        |limit: u64| TokenWithSpan::new(Token::Number(limit.to_string(), false), Span::empty());
    match had {
        None if last => {
            // LIMIT ALL.
            tokens.truncate(at + 1);
            tokens.push(number(limit));
        }
        None => {
            tokens.push(TokenWithSpan::new(Token::make_keyword("LIMIT"), Span::empty()));
            tokens.push(number(limit));
        }
        Some(had) if last => {
            let smaller = rows(had).is_some_and(|rows| rows <= limit);
            if !smaller {
                tokens.truncate(at + 1);
                tokens.push(number(limit));
            }
        }
        Some(_) => {
            return Err(Refusal::new("LIMIT takes a number and comes last, after OFFSET"));
        }
    }
    Ok(tokens)
}

fn rows(limit: &Expr) -> Option<u64> {
    match limit {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, false) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
