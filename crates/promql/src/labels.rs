//! The identity of a series: a sorted set of label names and values.

use std::fmt;
use std::sync::Arc;

/// The label that holds the metric name.
pub const METRIC_NAME: &str = "__name__";

/// A sorted set of labels without empty values; cheap to clone.
///
/// As in Prometheus, a label with an empty value is the same as no label at all, so it is never
/// kept. The order of two label sets is the one in which Prometheus sorts a matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<[(String, String)]>);

impl Labels {
    /// Labels from pairs in any order. Of two pairs with the same name the last one counts.
    pub fn new<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut pairs: Vec<(String, String)> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        // A stable sort keeps the later of two equal names behind the earlier one.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        pairs.retain(|(_, value)| !value.is_empty());
        Self(pairs.into())
    }

    /// The value of a label, or nothing when the series does not have it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let index = self.0.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        Some(&self.0[index].1)
    }

    /// The metric name (`__name__`), if there is one.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Names and values in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The number of labels, the metric name included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same labels with one of them set, or removed when `value` is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        Self::new(self.iter().chain([(name, value)]))
    }

    /// Only the labels whose name `keep` accepts.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        if self.0.iter().all(|(name, _)| keep(name)) {
            return self.clone();
        }
        Self(self.0.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// The same labels without the metric name.
    #[must_use]
    pub fn without_metric_name(&self) -> Self {
        self.filter(|name| name != METRIC_NAME)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self::new(pairs)
    }
}

/// `{__name__="up", job="api"}`, the way Prometheus prints labels in its messages.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_and_empty_values_are_dropped() {
        let labels = Labels::new([("job", "api"), ("__name__", "up"), ("env", ""), ("job", "web")]);
        assert_eq!(labels.to_string(), r#"{__name__="up", job="web"}"#);
        assert_eq!((labels.len(), labels.get("env"), labels.get("job")), (2, None, Some("web")));
    }

    #[test]
    fn a_label_is_replaced_added_or_removed() {
        let labels = Labels::new([("a", "1"), ("b", "2")]);
        assert_eq!(labels.with("b", "3"), Labels::new([("a", "1"), ("b", "3")]));
        assert_eq!(labels.with("c", "3").len(), 3);
        assert_eq!(labels.with("a", ""), Labels::new([("b", "2")]));
        assert_eq!(labels.filter(|name| name == "a"), Labels::new([("a", "1")]));
    }
}
