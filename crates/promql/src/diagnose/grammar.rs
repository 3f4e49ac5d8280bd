//! Reads the tokens by the grammar of PromQL, up to the first fault.

use std::ops::Range;

use super::token::{Kind, Token, tokens};
use super::{Fault, meaning};

/// Deeper queries get no diagnosis: reading is recursive.
const MAX_DEPTH: usize = 100;

/// A complete subexpression.
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape,
}

/// What the place of an error in the meaning of a subexpression depends on.
pub(super) enum Shape {
    Call(Vec<Range<usize>>),
    Aggregation(Vec<Range<usize>>),
    Binary { left: Range<usize>, operator: usize, right: Range<usize> },
    Ranged { bracket: usize },
    Other,
}

/// The first fault of a query, if this reading finds one: one in the grammar before one in the
/// meaning.
pub(super) fn first_fault(query: &str) -> Option<Fault> {
    let tokens = tokens(query);
    if matches!(tokens.as_slice(), [Token { kind: Kind::End, .. }]) {
        return Some(Fault { message: "no expression found in input".into(), at: 0 });
    }
    let mut reader = Reader { query, tokens, at: 0, depth: 0, in_aggregation: 0, meaning: None };
    let read = reader.expr(1).and_then(|_| match reader.peek().kind {
        Kind::End => Ok(()),
        _ => Err(reader.unexpected("", "")),
    });
    match read {
        Err(Stop::Fault(fault)) => Some(fault),
        Err(Stop::TooDeep) => None,
        Ok(()) => reader.meaning,
    }
}

enum Stop {
    Fault(Fault),
    TooDeep,
}

type Read<T> = Result<T, Stop>;

struct Reader<'a> {
    query: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    in_aggregation: usize,
    /// The first subexpression that the parser refuses.
    meaning: Option<Fault>,
}

impl Reader<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn text(&self) -> &str {
        &self.query[self.peek().span.clone()]
    }

    fn is(&self, text: &str) -> bool {
        let typed = matches!(self.peek().kind, Kind::Text | Kind::Fault(_));
        !typed && self.text().eq_ignore_ascii_case(text)
    }

    fn advance(&mut self) {
        self.at += 1;
    }

    fn take(&mut self, text: &str) -> bool {
        let taken = self.is(text);
        self.at += usize::from(taken);
        taken
    }

    fn start(&self) -> usize {
        self.peek().span.start
    }

    /// The end of the last token.
    fn end(&self) -> usize {
        self.tokens[self.at - 1].span.end
    }

    /// The fault that the next token is.
    fn unexpected(&self, context: &str, expected: &str) -> Stop {
        let token = self.peek();
        let text = &self.query[token.span.clone()];
        let found = match &token.kind {
            Kind::Fault(message) => {
                return Stop::Fault(Fault { message: message.clone(), at: token.span.start });
            }
            Kind::End => "end of input".into(),
            Kind::Name => format!("identifier {text:?}"),
            Kind::MetricName => format!("metric identifier {text:?}"),
            Kind::Text => format!("string {}", shortened(text)),
            Kind::Number => format!("number {}", shortened(text)),
            Kind::Duration => format!("duration {}", shortened(text)),
            Kind::Symbol => format!("{text:?}"),
            Kind::Operator => format!("<op:{text}>"),
            Kind::Aggregator => format!("<aggr:{text}>"),
            Kind::Keyword => format!("<{text}>"),
        };
        let context = match context {
            "" if self.in_aggregation > 0 => " in aggregation".into(),
            "" => String::new(),
            context => format!(" in {context}"),
        };
        let expected =
            if expected.is_empty() { String::new() } else { format!(", expected {expected}") };
        let message = format!("unexpected {found}{context}{expected}");
        Stop::Fault(Fault { message, at: token.span.start })
    }

    fn expect(&mut self, text: &str, context: &str, expected: &str) -> Read<()> {
        if self.take(text) { Ok(()) } else { Err(self.unexpected(context, expected)) }
    }

    /// Ends a subexpression, and asks the parser about it unless a fault is known already.
    fn node(&mut self, start: usize, shape: Shape) -> Node {
        let node = Node { span: start..self.end(), shape };
        if self.meaning.is_none() {
            self.meaning = meaning::fault(self.query, &node);
        }
        node
    }

    fn expr(&mut self, lowest: u8) -> Read<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        let mut left = self.unary()?;
        while let Some((precedence, right_associative)) = self.operator() {
            if precedence < lowest {
                break;
            }
            let operator = self.start();
            self.advance();
            self.modifiers()?;
            let right = self.expr(if right_associative { precedence } else { precedence + 1 })?;
            let start = left.span.start;
            left = self.node(start, Shape::Binary { left: left.span, operator, right: right.span });
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(u8, bool)> {
        if self.peek().kind != Kind::Operator {
            return None;
        }
        Some(match self.text().to_ascii_lowercase().as_str() {
            "or" => (1, false),
            "and" | "unless" => (2, false),
            "==" | "!=" | "<=" | "<" | ">=" | ">" => (3, false),
            "+" | "-" => (4, false),
            "*" | "/" | "%" | "atan2" => (5, false),
            "^" => (6, true),
            _ => return None,
        })
    }

    /// `bool`, `on`, `ignoring`, `group_left` and `group_right` behind an operator.
    fn modifiers(&mut self) -> Read<()> {
        self.take("bool");
        if self.take("on") || self.take("ignoring") {
            self.grouping()?;
            if (self.take("group_left") || self.take("group_right")) && self.is("(") {
                self.grouping()?;
            }
        }
        Ok(())
    }

    fn grouping(&mut self) -> Read<()> {
        let context = "grouping opts";
        self.expect("(", context, "\"(\"")?;
        while !self.take(")") {
            let is_label = matches!(
                self.peek().kind,
                Kind::Name | Kind::Keyword | Kind::Aggregator | Kind::Operator | Kind::Text
            ) && !self.is("@");
            if !is_label {
                return Err(self.unexpected(context, "label"));
            }
            self.advance();
            if !self.take(",") && !self.is(")") {
                return Err(self.unexpected(context, "\",\" or \")\""));
            }
        }
        Ok(())
    }

    fn unary(&mut self) -> Read<Node> {
        let start = self.start();
        if self.take("-") || self.take("+") {
            // A sign binds weaker than a power and stronger than a product.
            self.expr(6)?;
            return Ok(self.node(start, Shape::Other));
        }
        let mut node = self.primary()?;
        loop {
            let bracket = self.start();
            let shape = if self.take("[") {
                self.range()?;
                Shape::Ranged { bracket }
            } else if self.take("offset") {
                let _signed = self.take("-") || self.take("+");
                self.expect_kinds(&[Kind::Duration, Kind::Number], "offset", "duration")?;
                Shape::Other
            } else if self.take("@") {
                self.timestamp()?;
                Shape::Other
            } else {
                return Ok(node);
            };
            node = self.node(start, shape);
        }
    }

    fn expect_kinds(&mut self, kinds: &[Kind], context: &str, expected: &str) -> Read<()> {
        if !kinds.contains(&self.peek().kind) {
            return Err(self.unexpected(context, expected));
        }
        self.advance();
        Ok(())
    }

    fn range(&mut self) -> Read<()> {
        let message = match &self.peek().kind {
            Kind::Duration | Kind::Number => None,
            Kind::Fault(message) if message != "unclosed left bracket" => None,
            Kind::Name => Some(format!("not a valid duration string: {:?}", self.text())),
            _ => Some("missing unit character in duration".into()),
        };
        if let Some(message) = message {
            return Err(Stop::Fault(Fault { message, at: self.start() }));
        }
        self.range_duration("subquery selector", "duration")?;
        if self.take("]") {
            return Ok(());
        }
        self.expect(":", "subquery or range", "\":\" or \"]\"")?;
        if self.take("]") {
            return Ok(());
        }
        self.range_duration("subquery selector", "duration or \"]\"")?;
        self.expect("]", "subquery selector", "\"]\"")
    }

    fn range_duration(&mut self, context: &str, expected: &str) -> Read<()> {
        let span = self.peek().span.clone();
        self.expect_kinds(&[Kind::Duration, Kind::Number], context, expected)?;
        let text = &self.query[span.clone()];
        match promql_parser::util::parse_duration(text) {
            Ok(_) => Ok(()),
            Err(message) => {
                let message = message.replace(&format!(": {text}"), &format!(": {text:?}"));
                Err(Stop::Fault(Fault { message, at: span.start }))
            }
        }
    }

    fn timestamp(&mut self) -> Read<()> {
        if self.take("start") || self.take("end") {
            self.expect("(", "@", "timestamp")?;
            return self.expect(")", "@", "timestamp");
        }
        let _signed = self.take("-") || self.take("+");
        self.expect_kinds(&[Kind::Number, Kind::Duration], "@", "timestamp")
    }

    fn primary(&mut self) -> Read<Node> {
        let start = self.start();
        let kind = self.peek().kind.clone();
        let calls = self.tokens.get(self.at + 1).is_some_and(|next| {
            let text = &self.query[next.span.clone()];
            match kind {
                Kind::Aggregator => {
                    ["(", "by", "without"].iter().any(|word| text.eq_ignore_ascii_case(word))
                }
                _ => text == "(",
            }
        });
        let shape = match kind {
            Kind::Number | Kind::Duration | Kind::Text => {
                self.advance();
                Shape::Other
            }
            Kind::Symbol if self.take("(") => {
                self.expr(1)?;
                self.expect(")", "", "")?;
                Shape::Other
            }
            Kind::Symbol if self.is("{") => {
                self.label_matchers()?;
                Shape::Other
            }
            Kind::Name if calls => {
                self.advance();
                Shape::Call(self.arguments()?)
            }
            Kind::Aggregator if calls => self.aggregation()?,
            _ if self.is_metric_name() => {
                self.advance();
                if self.is("{") {
                    self.label_matchers()?;
                }
                Shape::Other
            }
            _ => return Err(self.unexpected("", "")),
        };
        Ok(self.node(start, shape))
    }

    /// Some words of the language are also names of metrics.
    fn is_metric_name(&self) -> bool {
        match self.peek().kind {
            Kind::Name | Kind::MetricName | Kind::Aggregator => true,
            Kind::Operator => self.is("and") || self.is("or") || self.is("unless"),
            Kind::Keyword => self.is("by") || self.is("without") || self.is("offset"),
            _ => false,
        }
    }

    fn aggregation(&mut self) -> Read<Shape> {
        self.advance();
        self.in_aggregation += 1;
        let grouped = self.take("by") || self.take("without");
        if grouped {
            self.grouping()?;
        }
        let arguments = self.arguments()?;
        if !grouped && (self.take("by") || self.take("without")) {
            self.grouping()?;
        }
        self.in_aggregation -= 1;
        Ok(Shape::Aggregation(arguments))
    }

    fn arguments(&mut self) -> Read<Vec<Range<usize>>> {
        self.expect("(", "", "")?;
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expr(1)?.span);
            let comma = self.start();
            if !self.take(",") {
                self.expect(")", "", "")?;
                return Ok(arguments);
            }
            if self.is(")") {
                let message = "trailing commas not allowed in function call args".into();
                return Err(Stop::Fault(Fault { message, at: comma }));
            }
        }
    }

    fn label_matchers(&mut self) -> Read<()> {
        let context = "label matching";
        self.advance();
        while !self.take("}") {
            let start = self.start();
            if !matches!(self.peek().kind, Kind::Name | Kind::Text) {
                return Err(self.unexpected(context, "identifier or \"}\""));
            }
            self.advance();
            if !["=", "!=", "=~", "!~"].iter().any(|op| self.take(op)) {
                return Err(self.unexpected(context, "label matching operator"));
            }
            self.expect_kinds(&[Kind::Text], context, "string")?;
            if self.meaning.is_none() {
                self.meaning = meaning::regex_fault(&self.query[start..self.end()], start);
            }
            if !self.take(",") && !self.is("}") {
                return Err(self.unexpected(context, "\",\" or \"}\""));
            }
        }
        Ok(())
    }
}

/// A quoted text, cut to ten characters as Prometheus cuts long tokens.
fn shortened(text: &str) -> String {
    if text.len() <= 10 {
        return format!("{text:?}");
    }
    format!("{:?}...", text.chars().take(10).collect::<String>())
}
