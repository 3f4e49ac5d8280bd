//! `VALUES 1, 2`, which the parser reads in parentheses only.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// What may come after a list of values.
const AFTER: [&str; 8] =
    ["EXCEPT", "FETCH", "INTERSECT", "LIMIT", "OFFSET", "ORDER", "UNION", "WINDOW"];

/// Puts each row of a single value into parentheses.
pub(crate) fn in_parentheses(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut put = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let begins = is_word(&token.token, &["VALUES"]);
        put.push(token);
        if !begins {
            continue;
        }
        loop {
            while let Some(space) = rest.next_if(is_space) {
                put.push(space);
            }
            let Some(first) = rest.peek() else { break };
            let (span, bare) = (first.span, first.token != Token::LParen);
            let wrapped = |token| TokenWithSpan { token, span };
            if bare {
                put.push(wrapped(Token::LParen));
            }
            let mut depth = 0_i32;
            let row = std::iter::from_fn(|| {
                rest.next_if(|next| {
                    let ends = depth == 0
                        && (matches!(
                            next.token,
                            Token::Comma | Token::RParen | Token::SemiColon | Token::EOF
                        ) || is_word(&next.token, &AFTER));
                    match next.token {
                        Token::LParen => depth += 1,
                        Token::RParen => depth -= 1,
                        _ => {}
                    }
                    !ends
                })
            });
            put.extend(row);
            if bare {
                put.push(wrapped(Token::RParen));
            }
            match rest.next_if(|next| next.token == Token::Comma) {
                Some(comma) => put.push(comma),
                None => break,
            }
        }
    }
    put
}

fn is_space(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn is_word(token: &Token, words: &[&str]) -> bool {
    match token {
        Token::Word(word) => {
            word.quote_style.is_none() && words.iter().any(|w| w.eq_ignore_ascii_case(&word.value))
        }
        _ => false,
    }
}
