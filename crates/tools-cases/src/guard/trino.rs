//! Athena's dialect of SQL, which is Trino's, as far as the parser asks.

use std::any::TypeId;
use std::cell::Cell;

use sqlparser::ast::{CastKind, DataType, Expr, ObjectName};
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// How many expressions are begun at most: so many, and so many more a token. The parser tries one
/// thing, then another; without an end, how long that takes doubles with each level.
const STEPS: (usize, usize) = (2_000, 4);
/// How deep types are nested at most.
const DEPTH: u8 = 16;

/// What it does not mention the parser's default refuses.
#[derive(Debug, Default)]
pub(super) struct Trino {
    backticks: bool,
    steps_left: Cell<usize>,
}

impl Trino {
    /// To read text with; whether names may be quoted with backticks too, as Hive has it.
    pub(super) fn reading(backticks: bool) -> Self {
        Self { backticks, ..Self::default() }
    }

    /// To parse this many tokens with.
    pub(super) fn parsing(tokens: usize) -> Self {
        let (some, each) = STEPS;
        Self { steps_left: Cell::new(some + each * tokens), ..Self::default() }
    }
}

impl Dialect for Trino {
    /// Where the parser asks for a dialect by name: the generic one knows `UNNEST`.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"' || (self.backticks && ch == '`')
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_'
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        let Some(left) = self.steps_left.get().checked_sub(1) else {
            // Any other error would only make the parser try the next thing.
            return Some(Err(ParserError::RecursionLimitExceeded));
        };
        self.steps_left.set(left);
        cast(parser)
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_within_after_array_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_subquery_as_function_arg(&self) -> bool {
        true
    }
}

/// `CAST(… AS type)` and `TRY_CAST(… AS type)`: the parser's own types have no `ROW(a bigint)`.
fn cast(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    let kind = match &parser.peek_token_ref().token {
        Token::Word(word) if word.keyword == Keyword::CAST => CastKind::Cast,
        Token::Word(word) if word.keyword == Keyword::TRY_CAST => CastKind::TryCast,
        _ => return None,
    };
    if parser.peek_nth_token_ref(1).token != Token::LParen {
        return None;
    }
    let rest = |parser: &mut Parser<'_>| {
        parser.next_token();
        parser.expect_token(&Token::LParen)?;
        let expr = Box::new(parser.parse_expr()?);
        parser.expect_keyword_is(Keyword::AS)?;
        let mut words = Vec::new();
        data_type(parser, &mut words, 0)?;
        parser.expect_token(&Token::RParen)?;
        let data_type = DataType::Custom(ObjectName(Vec::new()), words);
        Ok(Expr::Cast { kind, expr, data_type, array: false, format: None })
    };
    Some(rest(parser))
}

/// A type, word by word: a name, what is in parentheses, `WITH TIME ZONE`.
fn data_type(
    parser: &mut Parser<'_>,
    words: &mut Vec<String>,
    depth: u8,
) -> Result<(), ParserError> {
    if depth > DEPTH {
        return Err(ParserError::RecursionLimitExceeded);
    }
    words.push(parser.parse_identifier()?.to_string());
    let named = words.last().map(|word| word.to_ascii_uppercase());
    match named.as_deref() {
        Some("DOUBLE") if parser.parse_keyword(Keyword::PRECISION) => {
            words.push("PRECISION".into())
        }
        Some("INTERVAL") => {
            words.push(parser.parse_identifier()?.to_string());
            parser.expect_keyword_is(Keyword::TO)?;
            words.push(parser.parse_identifier()?.to_string());
        }
        _ => {}
    }
    if parser.consume_token(&Token::LParen) {
        words.push("(".into());
        loop {
            if let Token::Number(digits, false) = &parser.peek_token_ref().token {
                words.push(digits.clone());
                parser.next_token();
            } else {
                data_type(parser, words, depth + 1)?;
                // What came was the name of a field.
                if matches!(parser.peek_token_ref().token, Token::Word(_)) {
                    data_type(parser, words, depth + 1)?;
                }
            }
            if !parser.consume_token(&Token::Comma) {
                break;
            }
            words.push(",".into());
        }
        parser.expect_token(&Token::RParen)?;
        words.push(")".into());
    }
    for with in [Keyword::WITH, Keyword::WITHOUT] {
        if parser.parse_keywords(&[with, Keyword::TIME, Keyword::ZONE]) {
            words.push(format!("{with:?} TIME ZONE"));
        }
    }
    Ok(())
}
