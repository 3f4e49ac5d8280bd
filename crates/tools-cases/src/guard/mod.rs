//! What SQL runs: statements that read, one at a time, and nothing that is not known to.
//!
//! Three fences stand behind each other. Tokens must be of kinds that Trino knows, so that no
//! other quoting or commenting rule can hide anything. A query must parse whole, and each part of it
//! that is not plainly a read is refused; `SHOW`, `DESCRIBE` and `EXPLAIN` have a small grammar of
//! their own. And what runs is written from the tokens that were parsed, not from the text that
//! was given. What is not understood is refused, with its place.

mod lex;
mod limit;
mod query;
mod refusal;
mod show;
mod trino;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::thread;

use sqlparser::tokenizer::{Token, TokenWithSpan};

pub use refusal::Refusal;

/// A tree is walked and dropped level by level: this is room for the deepest that is let in, of
/// which the system gives what is used.
const STACK: usize = 64 << 20;

/// A statement that may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// What runs: what was given, without comments, and with the row limit.
    pub sql: String,
    /// What it is.
    pub kind: Kind,
    /// The tables it names, in lower case and without their databases; names that it defines
    /// itself may be among them.
    pub tables: BTreeSet<String>,
}

/// The kinds of statements that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `SELECT`, `WITH`, `VALUES`.
    Query,
    /// `EXPLAIN`, which plans and does not run.
    Explain,
    /// `SHOW`.
    Show,
    /// `DESCRIBE`.
    Describe,
}

/// Lets `sql` pass if it only reads; a query gives at most `limit` rows.
///
/// # Errors
/// [`Refusal`] that says why, and where.
pub fn guard(sql: &str, limit: u64) -> Result<Guarded, Refusal> {
    let sql = sql.to_owned();
    let apart = thread::Builder::new().stack_size(STACK).spawn(move || check(&sql, limit));
    let ended = apart.ok().and_then(|thread| thread.join().ok());
    ended.unwrap_or_else(|| Err(Refusal::new("it could not be checked")))
}

fn check(sql: &str, limit: u64) -> Result<Guarded, Refusal> {
    let tokens = lex::read(sql)?;
    let first = tokens.first().ok_or_else(|| Refusal::new("there is no statement"))?;
    let made = |sql, kind| Guarded { sql, kind, tables: BTreeSet::new() };
    match keyword(first).as_str() {
        "SELECT" | "WITH" | "VALUES" | "(" => {
            let (parsed, tokens) = query::check(tokens)?;
            let tokens = limit::put(&parsed.query, tokens, limit)?;
            Ok(Guarded { tables: parsed.tables, ..made(lex::write(&tokens)?, Kind::Query) })
        }
        "EXPLAIN" => {
            let (head, rest) = show::explain(tokens)?;
            let (parsed, rest) = query::check(rest)?;
            let sql = format!("{head} {}", lex::write(&rest)?);
            Ok(Guarded { tables: parsed.tables, ..made(sql, Kind::Explain) })
        }
        "SHOW" => Ok(made(show::show(&tokens)?, Kind::Show)),
        "DESCRIBE" | "DESC" => Ok(made(show::describe(&tokens)?, Kind::Describe)),
        other => Err(Refusal::statement(other, first)),
    }
}

/// A word in upper case, `(` and the like as they are.
fn keyword(token: &TokenWithSpan) -> String {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        other => other.to_string(),
    }
}

/// The first of these words that `tokens` begins with, if it does.
fn begins_with(tokens: &[TokenWithSpan], words: &[&str]) -> Option<String> {
    let first = tokens.first().map(keyword)?;
    words.contains(&first.as_str()).then_some(first)
}
