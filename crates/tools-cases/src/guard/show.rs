//! `SHOW`, `DESCRIBE`, and what stands before the query of `EXPLAIN`.
//!
//! Athena hands the first two to Hive, which quotes names with backticks.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::lex::Tokens;
use super::refusal::Refusal;
use super::{begins_with, keyword};

/// What can be shown, and what may follow.
const SHOWN: [(&[&str], After); 11] = [
    (&["CREATE", "TABLE"], After::Name),
    (&["CREATE", "VIEW"], After::Name),
    (&["TABLES"], After::Place),
    (&["VIEWS"], After::Place),
    (&["DATABASES"], After::Pattern),
    (&["SCHEMAS"], After::Pattern),
    (&["FUNCTIONS"], After::Pattern),
    (&["CATALOGS"], After::Pattern),
    (&["COLUMNS"], After::Places),
    (&["PARTITIONS"], After::Name),
    (&["TBLPROPERTIES"], After::Property),
];

/// What follows a word of [`SHOWN`].
#[derive(Clone, Copy)]
enum After {
    /// A name.
    Name,
    /// A name, and one property in parentheses or none.
    Property,
    /// A pattern or nothing.
    Pattern,
    /// `IN` a database or not, then a pattern or nothing.
    Place,
    /// `IN` a table, and `IN` a database or not.
    Places,
}

/// A `SHOW` statement, written again.
pub(super) fn show(tokens: &Tokens) -> Result<String, Refusal> {
    let mut text = Text::new(tokens, "SHOW");
    let shown = SHOWN.iter().find(|(words, _)| text.has_words(words));
    let Some((words, after)) = shown else {
        let choices: Vec<_> = SHOWN.iter().map(|(words, _)| words.join(" ")).collect();
        return Err(text.refused(&format!("SHOW knows {}", choices.join(", "))));
    };
    words.iter().for_each(|word| text.word(word));
    match after {
        After::Name => text.name()?,
        After::Property => {
            text.name()?;
            if text.takes(&Token::LParen) {
                text.push("(");
                text.string()?;
                text.expect(&Token::RParen, ")")?;
            }
        }
        After::Pattern => text.pattern()?,
        After::Place => {
            text.place()?;
            text.pattern()?;
        }
        After::Places => {
            if !text.place()? {
                return Err(text.refused("SHOW COLUMNS IN names a table"));
            }
            text.place()?;
        }
    }
    text.end()
}

/// A `DESCRIBE` statement, written again.
pub(super) fn describe(tokens: &Tokens) -> Result<String, Refusal> {
    let mut text = Text::new(tokens, "DESCRIBE");
    if let Some(word) = begins_with(text.rest, &["EXTENDED", "FORMATTED"]) {
        text.word(&word);
    }
    text.name()?;
    if begins_with(text.rest, &["PARTITION"]).is_some() {
        text.word("PARTITION");
        text.expect(&Token::LParen, " (")?;
        loop {
            text.identifier()?;
            text.expect(&Token::Eq, " = ")?;
            text.string()?;
            if !text.takes(&Token::Comma) {
                break;
            }
            text.push(", ");
        }
        text.expect(&Token::RParen, ")")?;
    }
    if !text.rest.is_empty() {
        text.push(" ");
        text.path()?;
    }
    text.end()
}

/// `EXPLAIN` and its options, written again; and what is explained.
pub(super) fn explain(tokens: Vec<TokenWithSpan>) -> Result<(String, Vec<TokenWithSpan>), Refusal> {
    const OPTIONS: [(&str, &[&str]); 2] = [
        ("FORMAT", &["TEXT", "GRAPHVIZ", "JSON"]),
        ("TYPE", &["LOGICAL", "DISTRIBUTED", "VALIDATE", "IO"]),
    ];
    let mut text = Text::new(&tokens, "EXPLAIN");
    if begins_with(text.rest, &["ANALYZE"]).is_some() {
        return Err(text.refused("EXPLAIN ANALYZE is refused: it runs the query; EXPLAIN does not"));
    }
    let option = |tokens: &Tokens| {
        let (name, values) =
            OPTIONS.iter().find(|(name, _)| begins_with(tokens, &[name]).is_some())?;
        Some((*name, begins_with(tokens.get(1..)?, values)?))
    };
    if text.rest.get(1..).and_then(option).is_some() && text.takes(&Token::LParen) {
        text.push(" (");
        loop {
            let Some((name, value)) = option(text.rest) else {
                return Err(text.refused("EXPLAIN has the options FORMAT and TYPE"));
            };
            text.push(&format!("{name} {value}"));
            text.rest = &text.rest[2..];
            if !text.takes(&Token::Comma) {
                break;
            }
            text.push(", ");
        }
        text.expect(&Token::RParen, ")")?;
    }
    if begins_with(text.rest, &["SELECT", "WITH", "VALUES", "("]).is_none() {
        return Err(text.refused("only queries are explained"));
    }
    let rest = text.rest.to_vec();
    Ok((text.text, rest))
}

/// A statement as it is read and written.
struct Text<'a> {
    /// What is not read yet.
    rest: &'a Tokens,
    /// What was read.
    text: String,
}

impl<'a> Text<'a> {
    /// After its first word.
    fn new(tokens: &'a Tokens, first: &str) -> Self {
        Self { rest: tokens.get(1..).unwrap_or_default(), text: first.to_owned() }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn has_words(&self, words: &[&str]) -> bool {
        let found = self.rest.iter().map(keyword);
        self.rest.len() >= words.len() && words.iter().copied().eq(found.take(words.len()))
    }

    /// Takes a word that is known to come.
    fn word(&mut self, word: &str) {
        self.text.push(' ');
        self.push(word);
        self.skip();
    }

    fn skip(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    fn takes(&mut self, token: &Token) -> bool {
        let comes = self.rest.first().is_some_and(|next| next.token == *token);
        if comes {
            self.skip();
        }
        comes
    }

    fn expect(&mut self, token: &Token, text: &str) -> Result<(), Refusal> {
        if !self.takes(token) {
            return Err(self.refused(&format!("{token} is expected here")));
        }
        self.push(text);
        Ok(())
    }

    /// `IN name` or `FROM name`, if it comes.
    fn place(&mut self) -> Result<bool, Refusal> {
        let Some(word) = begins_with(self.rest, &["IN", "FROM"]) else { return Ok(false) };
        self.word(&word);
        self.name().map(|()| true)
    }

    /// `'pattern'` or `LIKE 'pattern'`, if it comes.
    fn pattern(&mut self) -> Result<(), Refusal> {
        let like = begins_with(self.rest, &["LIKE"]);
        if let Some(like) = &like {
            self.word(like);
        }
        if like.is_some() || !self.rest.is_empty() {
            self.push(" ");
            self.string()?;
        }
        Ok(())
    }

    /// A space, and a name of one to three parts.
    fn name(&mut self) -> Result<(), Refusal> {
        self.push(" ");
        self.path()
    }

    fn path(&mut self) -> Result<(), Refusal> {
        self.identifier()?;
        while self.takes(&Token::Period) {
            self.push(".");
            self.identifier()?;
        }
        Ok(())
    }

    fn identifier(&mut self) -> Result<(), Refusal> {
        match self.rest.first().map(|next| &next.token) {
            Some(Token::Word(word)) if word.quote_style.is_some() => {
                self.text.extend(["`", &word.value.replace('`', "``"), "`"]);
            }
            Some(Token::Word(word)) => self.text.push_str(&word.value),
            _ => return Err(self.refused("a name is expected here")),
        }
        self.skip();
        Ok(())
    }

    fn string(&mut self) -> Result<(), Refusal> {
        match self.rest.first().map(|next| &next.token) {
            // Hive knows backslashes, Trino does not: a text that both read alike has none.
            Some(Token::SingleQuotedString(value)) if !value.contains(['\'', '\\']) => {
                self.text.extend(["'", value, "'"]);
            }
            _ => return Err(self.refused("a plain text in single quotes is expected here")),
        }
        self.skip();
        Ok(())
    }

    fn refused(&self, reason: &str) -> Refusal {
        self.rest.first().map_or_else(|| Refusal::new(reason), |next| Refusal::at(next, reason))
    }

    fn end(self) -> Result<String, Refusal> {
        match self.rest.first() {
            None => Ok(self.text),
            Some(next) => Err(Refusal::at(next, format!("{} is not expected here", next.token))),
        }
    }
}
