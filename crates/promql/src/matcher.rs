//! Label matchers: what is between the braces of a selector.

use regex::Regex;

use crate::Labels;

/// A condition on one label. A missing label counts as an empty value.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label, `__name__` for the metric name.
    pub name: String,
    /// The condition on its value.
    pub op: MatchOp,
}

/// The four kinds of condition. Regular expressions are anchored at both ends already.
#[derive(Clone, Debug)]
pub enum MatchOp {
    /// `=`
    Equal(String),
    /// `!=`
    NotEqual(String),
    /// `=~`
    Regex(Regex),
    /// `!~`
    NotRegex(Regex),
}

impl Matcher {
    /// Whether these labels fulfil the condition.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.name).unwrap_or_default())
    }

    /// Whether a value of this label fulfils the condition; empty stands for a missing label.
    pub fn matches_value(&self, value: &str) -> bool {
        match &self.op {
            MatchOp::Equal(wanted) => wanted == value,
            MatchOp::NotEqual(unwanted) => unwanted != value,
            MatchOp::Regex(regex) => regex.is_match(value),
            MatchOp::NotRegex(regex) => !regex.is_match(value),
        }
    }
}
