//! Parameters, put where their `?` are: before anything is parsed, so that their order is that of
//! the text.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::Error;
use crate::dialect::Trino;

/// The tokens of `sql` with each `?` replaced by the literal that is bound to it.
pub(crate) fn bound(sql: &str, parameters: &[String]) -> Result<Vec<TokenWithSpan>, Error> {
    let tokens = tokens(sql)?;
    let asked = tokens.iter().filter(|token| is_placeholder(&token.token)).count();
    if asked != parameters.len() {
        let message = format!(
            "Incorrect number of parameters: expected {asked} but found {}",
            parameters.len()
        );
        return Err(Error::failed("INVALID_PARAMETER_USAGE", message));
    }
    let mut parameters = parameters.iter();
    let mut bound = Vec::with_capacity(tokens.len());
    for token in tokens {
        let parameter = is_placeholder(&token.token).then(|| parameters.next()).flatten();
        match parameter {
            Some(literal) => {
                let span = token.span;
                let put = self::literal(literal)?;
                bound.extend(put.into_iter().map(|token| TokenWithSpan { token, span }));
            }
            None => bound.push(token),
        }
    }
    Ok(bound)
}

/// The tokens of a text.
pub(crate) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, Error> {
    let read = Tokenizer::new(&Trino, sql).tokenize_with_location();
    read.map_err(|err| Error::Syntax {
        line: err.location.line,
        column: err.location.column,
        message: err.message,
    })
}

fn is_placeholder(token: &Token) -> bool {
    matches!(token, Token::Placeholder(mark) if mark == "?")
}

/// A parameter is one literal, of text or a number: nothing of it can become a part of the
/// statement.
fn literal(parameter: &str) -> Result<Vec<Token>, Error> {
    let tokens: Vec<Token> = tokens(parameter)?
        .into_iter()
        .map(|token| token.token)
        .filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF))
        .collect();
    let is_word = |token: &Token| match token {
        Token::Word(word) => {
            word.quote_style.is_none()
                && ["NULL", "TRUE", "FALSE"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&word.value))
        }
        _ => false,
    };
    let legal = match tokens.as_slice() {
        [Token::SingleQuotedString(_) | Token::Number(..)] => true,
        [Token::Minus | Token::Plus, Token::Number(..)] => true,
        // `DATE '2026-11-01'`
        [Token::Word(_), Token::SingleQuotedString(_)] => true,
        [word] => is_word(word),
        _ => false,
    };
    if legal {
        Ok(tokens)
    } else {
        let message = format!("Parameter is not a literal: {parameter}");
        Err(Error::failed("INVALID_PARAMETER_USAGE", message))
    }
}
