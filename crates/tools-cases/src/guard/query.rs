//! Queries: each part must plainly be a read.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Ident, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit as _, Visitor,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::lex::Tokens;
use super::refusal::{Refusal, place};
use super::trino::Trino;

/// The one catalog there is: others lead to other systems, by functions that anyone may have made.
const CATALOG: &str = "awsdatacatalog";

/// A query that only reads.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) query: Box<Query>,
    pub(super) tables: BTreeSet<String>,
}

/// Parses all of `tokens` as one query; they come back as they were parsed.
pub(super) fn check(tokens: Vec<TokenWithSpan>) -> Result<(Checked, Vec<TokenWithSpan>), Refusal> {
    let tokens = rows_in_parentheses(tokens);
    let dialect = Trino::parsing(tokens.len());
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens.clone());
    let query = parser.parse_query()?;
    let left = parser.next_token();
    if left.token != Token::EOF {
        return Err(Refusal::at(&left, format!("{} is not expected here", left.token)));
    }
    let mut walk = Walk::default();
    match query.visit(&mut walk) {
        ControlFlow::Continue(()) => Ok((Checked { query, tables: walk.tables }, tokens)),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

/// `VALUES 1, 2` as `VALUES (1), (2)`, which is the same and which the parser knows.
fn rows_in_parentheses(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut written: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        let bare = is_keyword(token, &[Keyword::VALUES])
            && written.last().is_none_or(begins_a_query)
            && after.first().is_some_and(|next| next.token != Token::LParen)
            && end_of_row(after) > 0;
        written.push(token.clone());
        rest = if bare { write_rows(after, &mut written) } else { after };
    }
    written
}

/// Writes the rows that `rest` begins with; what comes after them is given back.
fn write_rows<'a>(mut rest: &'a Tokens, written: &mut Vec<TokenWithSpan>) -> &'a Tokens {
    let parenthesis = |token| TokenWithSpan::new(token, Span::empty());
    loop {
        let (row, after) = rest.split_at(end_of_row(rest));
        written.push(parenthesis(Token::LParen));
        written.extend_from_slice(row);
        written.push(parenthesis(Token::RParen));
        match after.split_first() {
            Some((comma, next)) if comma.token == Token::Comma => {
                written.push(comma.clone());
                rest = next;
            }
            _ => return after,
        }
    }
}

/// Whether a query can begin after this token.
fn begins_a_query(token: &TokenWithSpan) -> bool {
    let words =
        [Keyword::ALL, Keyword::DISTINCT, Keyword::EXCEPT, Keyword::INTERSECT, Keyword::UNION];
    matches!(token.token, Token::LParen | Token::RParen) || is_keyword(token, &words)
}

/// Where the row that `tokens` begins with is over.
fn end_of_row(tokens: &Tokens) -> usize {
    let ends = [
        Keyword::ORDER,
        Keyword::OFFSET,
        Keyword::LIMIT,
        Keyword::FETCH,
        Keyword::UNION,
        Keyword::EXCEPT,
        Keyword::INTERSECT,
    ];
    let mut open = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.token {
            Token::LParen | Token::LBracket => open += 1,
            Token::RParen | Token::RBracket if open == 0 => return at,
            Token::RParen | Token::RBracket => open -= 1,
            Token::Comma if open == 0 => return at,
            _ if open == 0 && is_keyword(token, &ends) => return at,
            _ => {}
        }
    }
    tokens.len()
}

pub(super) fn is_keyword(token: &TokenWithSpan, of: &[Keyword]) -> bool {
    matches!(&token.token, Token::Word(word) if of.contains(&word.keyword))
}

#[derive(Default)]
struct Walk {
    tables: BTreeSet<String>,
}

fn refuse(reason: impl Into<String>) -> ControlFlow<Refusal> {
    ControlFlow::Break(Refusal::new(reason))
}

impl Visitor for Walk {
    type Break = Refusal;

    fn pre_visit_statement(&mut self, _: &Statement) -> ControlFlow<Refusal> {
        refuse("a query that writes is refused: only reads run here")
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        let Query { for_clause, locks, settings, format_clause, pipe_operators, .. } = query;
        if for_clause.is_some() || !locks.is_empty() {
            return refuse("FOR is refused: a query here locks nothing");
        }
        if settings.is_some() || format_clause.is_some() || !pipe_operators.is_empty() {
            return refuse("it is not Athena's SQL");
        }
        body(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() {
            return refuse("SELECT INTO is refused: it writes a table");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        match factor {
            TableFactor::Table {
                args: None,
                with_hints,
                partitions,
                json_path,
                index_hints,
                ..
            } if with_hints.is_empty()
                && partitions.is_empty()
                && json_path.is_none()
                && index_hints.is_empty() =>
            {
                ControlFlow::Continue(())
            }
            TableFactor::Table { name, args: Some(_), .. } if is_unnest(name) => {
                ControlFlow::Continue(())
            }
            TableFactor::UNNEST { .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::MatchRecognize { .. } => ControlFlow::Continue(()),
            _ => refuse("a table function is refused: only UNNEST runs here"),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Refusal> {
        let parts: Option<Vec<&Ident>> = relation.0.iter().map(|part| part.as_ident()).collect();
        let Some(parts @ ([_] | [_, _] | [_, _, _])) = parts.as_deref() else {
            return refuse("a table's name has one to three parts");
        };
        match parts {
            [catalog, _, _] if !catalog.value.eq_ignore_ascii_case(CATALOG) => {
                ControlFlow::Break(Refusal {
                    reason:
                        "another catalog is refused: only tables of AwsDataCatalog are read here"
                            .to_owned(),
                    place: place(catalog.span.start),
                })
            }
            _ => {
                self.tables.extend(parts.last().map(|name| name.value.to_ascii_lowercase()));
                ControlFlow::Continue(())
            }
        }
    }
}

/// Queries within a statement of another kind are no queries.
fn body(mut body: &SetExpr) -> ControlFlow<Refusal> {
    loop {
        match body {
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => {
                return ControlFlow::Continue(());
            }
            SetExpr::SetOperation { left, right, .. } => {
                self::body(right)?;
                body = left;
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                return refuse("a query that writes is refused: only reads run here");
            }
            SetExpr::Table(_) => return refuse("TABLE is refused: write SELECT * FROM"),
        }
    }
}

fn is_unnest(name: &ObjectName) -> bool {
    matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(|ident| ident.value.eq_ignore_ascii_case("unnest")))
}
