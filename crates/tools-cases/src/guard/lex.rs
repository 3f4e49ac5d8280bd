//! Tokens: which there may be, and how they are written again.

use std::fmt::Write as _;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use super::keyword;
use super::refusal::Refusal;
use super::trino::Trino;

/// The longest statement, in bytes.
const MAX_BYTES: usize = 100_000;
/// The most tokens that can nest: a chain of them is a tree as deep as it is long.
const MAX_OPERATORS: usize = 1_500;

pub(super) type Tokens = [TokenWithSpan];

/// The tokens of a statement, without spaces, comments and a semicolon at the end.
pub(super) fn read(sql: &str) -> Result<Vec<TokenWithSpan>, Refusal> {
    if sql.len() > MAX_BYTES {
        return Err(Refusal::new(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let mut tokens = tokens_of(sql, false)?;
    if tokens
        .first()
        .is_some_and(|first| ["SHOW", "DESCRIBE", "DESC"].contains(&keyword(first).as_str()))
    {
        tokens = tokens_of(sql, true)?;
    }
    if matches!(tokens.last(), Some(TokenWithSpan { token: Token::SemiColon, .. })) {
        tokens.pop();
    }
    tokens.iter().try_for_each(known)?;
    if tokens.iter().filter(|token| nests(&token.token)).count() > MAX_OPERATORS {
        return Err(Refusal::new(format!(
            "it has more than {MAX_OPERATORS} operators and keywords: write a list with IN (…) instead"
        )));
    }
    Ok(tokens)
}

fn tokens_of(sql: &str, backticks: bool) -> Result<Vec<TokenWithSpan>, Refusal> {
    let mut tokens = Tokenizer::new(&Trino::reading(backticks), sql).tokenize_with_location()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    Ok(tokens)
}

/// Refuses what Trino has no such token for, or a token of another meaning.
fn known(token: &TokenWithSpan) -> Result<(), Refusal> {
    let refused = |reason: &str| Err(Refusal::at(token, reason));
    match &token.token {
        Token::Word(_)
        | Token::Number(_, false)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::LBracket
        | Token::RBracket
        | Token::LBrace
        | Token::RBrace
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::Arrow
        | Token::RArrow
        | Token::Pipe
        | Token::Caret => Ok(()),
        Token::SemiColon => refused("only one statement runs at a time"),
        Token::Placeholder(_) | Token::Question => {
            refused("there are no parameters to bind: write the values into the statement")
        }
        Token::Char('`') => refused("Athena quotes names in queries with \", not with `"),
        Token::DoubleColon => refused("Athena casts with CAST(… AS …)"),
        other => refused(&format!("{} is not Athena's SQL", shown(other))),
    }
}

fn shown(token: &Token) -> String {
    token.to_string().chars().take(40).collect()
}

/// Whether a token can be a level of the tree.
fn nests(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_none() && word.keyword != Keyword::NoKeyword,
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Comma | Token::RParen => false,
        _ => true,
    }
}

/// The text of tokens. It is read again and compared: what runs is what was checked.
pub(super) fn write(tokens: &Tokens) -> Result<String, Refusal> {
    let mut text = String::new();
    let mut before: Option<&Token> = None;
    for TokenWithSpan { token, .. } in tokens {
        if before.is_some_and(|before| spaced(before, token)) {
            text.push(' ');
        }
        let _ = match token {
            Token::SingleQuotedString(value) => write!(text, "'{}'", value.replace('\'', "''")),
            Token::Word(word) if word.quote_style.is_some() => {
                write!(text, "\"{}\"", word.value.replace('"', "\"\""))
            }
            other => write!(text, "{other}"),
        };
        before = Some(token);
    }
    let again = Tokenizer::new(&Trino::reading(false), &text).tokenize()?;
    let again = again.iter().filter(|token| !matches!(token, Token::Whitespace(Whitespace::Space)));
    if again.eq(tokens.iter().map(|token| &token.token)) {
        Ok(text)
    } else {
        Err(Refusal::new("it could not be written again as it was read"))
    }
}

fn spaced(before: &Token, token: &Token) -> bool {
    use Token::{Comma, LBracket, LParen, Period, RBracket, RParen, Word};
    match (before, token) {
        (_, Comma | RParen | RBracket | Period | LBracket) | (LParen | LBracket | Period, _) => {
            false
        }
        // A call: `count(`; but `IN (`, `AS (`.
        (Word(word), LParen) => word.quote_style.is_none() && RESERVED.contains(&word.keyword),
        _ => true,
    }
}

/// Words before a parenthesis that call nothing.
const RESERVED: [Keyword; 20] = [
    Keyword::AND,
    Keyword::AS,
    Keyword::BY,
    Keyword::ELSE,
    Keyword::EXCEPT,
    Keyword::FROM,
    Keyword::IN,
    Keyword::INTERSECT,
    Keyword::JOIN,
    Keyword::LATERAL,
    Keyword::NOT,
    Keyword::ON,
    Keyword::OR,
    Keyword::OVER,
    Keyword::SELECT,
    Keyword::THEN,
    Keyword::UNION,
    Keyword::VALUES,
    Keyword::WHEN,
    Keyword::WHERE,
];
