//! Cuts a query into tokens, as the lexer of Prometheus does.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Name,
    MetricName,
    Text,
    Number,
    Duration,
    Symbol,
    Operator,
    Aggregator,
    Keyword,
    End,
    /// What is not a token at all, with the message for it.
    Fault(String),
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// The tokens of a query; the last one is an end or a fault.
pub(super) fn tokens(query: &str) -> Vec<Token> {
    let mut lexer = Lexer { query, at: 0, parens: 0, braces: false, brackets: false, colon: false };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next();
        let last = matches!(token.kind, Kind::End | Kind::Fault(_));
        tokens.push(token);
        if last {
            return tokens;
        }
    }
}

struct Lexer<'a> {
    query: &'a str,
    at: usize,
    parens: usize,
    braces: bool,
    brackets: bool,
    /// Whether the open brackets have a colon.
    colon: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.query[self.at..]
    }

    /// Moves over all that `accept` accepts.
    fn run(&mut self, accept: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !accept(c)).unwrap_or(rest.len());
    }

    fn accept(&mut self, chars: &str) -> bool {
        let next = self.rest().chars().next();
        let accepted = next.is_some_and(|c| chars.contains(c));
        self.at += usize::from(accepted);
        accepted
    }

    fn skip_blanks(&mut self) {
        loop {
            self.run(|c| c.is_ascii_whitespace());
            if !self.rest().starts_with('#') {
                return;
            }
            self.run(|c| c != '\n' && c != '\r');
        }
    }

    fn next(&mut self) -> Token {
        self.skip_blanks();
        let start = self.at;
        let kind = match self.rest().chars().next() {
            Some(first) => self.scan(first),
            None if self.braces => Kind::Fault("unexpected end of input inside braces".into()),
            None if self.brackets => Kind::Fault("unclosed left bracket".into()),
            None if self.parens > 0 => Kind::Fault("unclosed left parenthesis".into()),
            None => Kind::End,
        };
        let span = match &kind {
            // A closing parenthesis too many is only noticed behind it.
            Kind::Fault(message) if message.contains("right parenthesis") => start + 1..start + 1,
            Kind::Fault(_) => start..start,
            _ => start..self.at,
        };
        Token { kind, span }
    }

    fn scan(&mut self, first: char) -> Kind {
        match first {
            '"' | '\'' | '`' => self.string(first),
            '0'..='9' if !self.braces => self.number(),
            '.' if !self.braces && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                self.number()
            }
            c if is_letter(c) || (c == ':' && !self.brackets && !self.braces) => self.word(),
            _ => self.symbol(first),
        }
    }

    fn symbol(&mut self, first: char) -> Kind {
        let operators: &[&str] = if self.braces {
            &["=~", "!~", "!="]
        } else {
            &["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "^", "@"]
        };
        if let Some(operator) = operators.iter().find(|op| self.rest().starts_with(**op)) {
            self.at += operator.len();
            return Kind::Operator;
        }
        if first == '!' {
            // Go shows the end of the input as the replacement character.
            let next = self.rest()[1..].chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
            let place = if self.braces { " inside braces" } else { "" };
            return Kind::Fault(format!("unexpected character after '!'{place}: {next:?}"));
        }
        if self.rest().starts_with("=~") {
            return Kind::Fault("unexpected character after '=': '~'".into());
        }
        match (first, self.braces, self.brackets) {
            ('(', false, false) => self.parens += 1,
            (')', false, false) if self.parens == 0 => {
                return Kind::Fault("unexpected right parenthesis ')'".into());
            }
            (')', false, false) => self.parens -= 1,
            // The parser, not the lexer, refuses a parenthesis in brackets.
            ('(' | ')', false, true) => {}
            ('{', false, _) => self.braces = true,
            ('{', true, _) => {
                return Kind::Fault("unexpected left brace '{' inside braces".into());
            }
            ('}', true, _) => self.braces = false,
            ('[', false, false) => (self.brackets, self.colon) = (true, false),
            (']', false, true) => self.brackets = false,
            (']', false, false) => return Kind::Fault("unexpected right bracket ']'".into()),
            (':', false, true) if self.colon => {
                return Kind::Fault("unexpected colon ':'".into());
            }
            (':', false, true) => self.colon = true,
            (',', _, _) | ('=', _, _) => {}
            (other, true, _) => {
                return Kind::Fault(format!("unexpected character inside braces: {other:?}"));
            }
            (other, false, _) => return Kind::Fault(format!("unexpected character: {other:?}")),
        }
        self.at += first.len_utf8();
        Kind::Symbol
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        let metric = !self.braces;
        self.run(|c| is_letter(c) || c.is_ascii_digit() || (metric && c == ':'));
        let word = self.query[start..self.at].to_ascii_lowercase();
        if self.braces {
            return Kind::Name;
        }
        match word.as_str() {
            "and" | "or" | "unless" | "atan2" => Kind::Operator,
            "sum" | "avg" | "count" | "min" | "max" | "group" | "stddev" | "stdvar" | "topk"
            | "bottomk" | "count_values" | "quantile" | "limitk" | "limit_ratio" => {
                Kind::Aggregator
            }
            "offset" | "by" | "without" | "on" | "ignoring" | "group_left" | "group_right"
            | "bool" => Kind::Keyword,
            "inf" | "nan" => Kind::Number,
            word if word.contains(':') => Kind::MetricName,
            _ => Kind::Name,
        }
    }

    fn string(&mut self, quote: char) -> Kind {
        let mut escaped = false;
        let end = self.rest().char_indices().skip(1).find(|&(_, c)| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped && quote != '`';
            closes
        });
        match end {
            Some((index, _)) => {
                self.at += index + 1;
                Kind::Text
            }
            None if quote == '`' => Kind::Fault("unterminated raw string".into()),
            None => Kind::Fault("unterminated quoted string".into()),
        }
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        let hex = self.accept("0") && self.accept("xX");
        let is_digit = move |c: char| {
            if hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() }
        };
        self.run(is_digit);
        if self.accept(".") {
            self.run(is_digit);
        }
        if self.accept("eE") {
            self.accept("+-");
            self.run(|c| c.is_ascii_digit());
        }
        if !self.rest().starts_with(|c: char| is_letter(c) || c == '.') {
            return Kind::Number;
        }
        if self.duration() {
            return Kind::Duration;
        }
        let scanned = &self.query[start..self.at];
        let expected = if self.brackets { "duration" } else { "number or duration" };
        Kind::Fault(format!("bad {expected} syntax: {scanned:?}"))
    }

    /// The rest of a duration behind its first number.
    fn duration(&mut self) -> bool {
        if !self.accept("smhdwy") {
            return false;
        }
        self.accept("s");
        while self.rest().starts_with(|c: char| c.is_ascii_digit()) {
            self.run(|c| c.is_ascii_digit());
            if !self.accept("smhdw") {
                return false;
            }
            self.accept("s");
        }
        !self.rest().starts_with(is_letter)
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}
