//! What can be asked, and how it is written into a request.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Error, PrometheusUrl};

/// A query at one moment: `/api/v1/query`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstantQuery<'a> {
    /// PromQL, sent as it is.
    pub query: &'a str,
    /// The moment, in milliseconds since the Unix epoch; the server's present when `None`.
    pub time_ms: Option<i64>,
}

/// A query at evenly spaced moments: `/api/v1/query_range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeQuery<'a> {
    /// PromQL, sent as it is.
    pub query: &'a str,
    /// The first moment, in milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// No moment is after this one, in milliseconds since the Unix epoch.
    pub end_ms: i64,
    /// The distance between two moments; parts of a millisecond are dropped.
    pub step: Duration,
}

/// The values a label has: `/api/v1/label/NAME/values`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelValues<'a> {
    /// The label.
    pub label: &'a LabelName,
    /// Series selectors, of which a series must match one; all series when empty.
    pub matchers: &'a [&'a str],
    /// Only series with samples at or after it, in milliseconds since the Unix epoch.
    pub start_ms: Option<i64>,
    /// Only series with samples at or before it, in milliseconds since the Unix epoch.
    pub end_ms: Option<i64>,
}

/// The name of a label: `[a-zA-Z_][a-zA-Z0-9_]*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LabelName(String);

impl LabelName {
    /// `__name__`: its values are the names of the metrics.
    pub fn metric() -> Self {
        Self("__name__".to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LabelName {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let legal = given.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && given.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if legal {
            Ok(Self(given.to_owned()))
        } else {
            Err(Error::InvalidLabelName { given: given.to_owned() })
        }
    }
}

impl fmt::Display for LabelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which samples AMP may process for one query: its `max_samples_processed_*_threshold`.
/// Other servers are not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaxSamples {
    /// Above it the answer has a warning.
    pub warning: Option<u64>,
    /// Above it the query is refused, and not billed.
    pub error: Option<u64>,
}

/// One request to the data plane, not yet addressed to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiCall {
    /// For spans.
    pub(crate) operation: &'static str,
    /// The IAM action that allows it.
    pub(crate) action: &'static str,
    /// From `/api/v1/` on; nothing in it needs encoding.
    pub(crate) path: String,
    /// For the URL; may be empty.
    pub(crate) query: Form,
    /// For the body of a POST; a GET when `None`.
    pub(crate) form: Option<Form>,
}

impl ApiCall {
    /// The request. Nothing of a URL or a form is encoded after this.
    pub(crate) fn request(&self, base: &PrometheusUrl) -> Result<Request<Bytes>, Error> {
        let separator = if self.query.as_str().is_empty() { "" } else { "?" };
        let uri = format!("{base}{}{separator}{}", self.path, self.query.as_str());
        let request = match self.form {
            Some(_) => Request::post(uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded"),
            None => Request::get(uri),
        };
        // An address of more than 64 KB, say.
        let form = self.form.as_ref().map_or("", Form::as_str);
        request.body(Bytes::copy_from_slice(form.as_bytes())).map_err(|err| Error::Rejected {
            error_type: "bad_data".to_owned(),
            message: format!("the request cannot be written: {err}"),
            status: 414,
        })
    }
}

/// PromQL goes by POST, always: one way for short and long queries, and it stays out of access logs.
impl InstantQuery<'_> {
    pub(crate) fn call(&self, thresholds: MaxSamples) -> ApiCall {
        let mut form = Form::default();
        form.push("query", self.query);
        if let Some(time) = self.time_ms {
            form.push("time", &seconds(time));
        }
        ApiCall {
            operation: "query",
            action: "aps:QueryMetrics",
            path: "/api/v1/query".to_owned(),
            query: thresholds.parameters(),
            form: Some(form),
        }
    }
}

impl RangeQuery<'_> {
    pub(crate) fn call(&self, thresholds: MaxSamples) -> ApiCall {
        let step = i64::try_from(self.step.as_millis()).unwrap_or(i64::MAX);
        let mut form = Form::default();
        form.push("query", self.query);
        form.push("start", &seconds(self.start_ms));
        form.push("end", &seconds(self.end_ms));
        form.push("step", &seconds(step));
        ApiCall {
            operation: "query_range",
            action: "aps:QueryMetrics",
            path: "/api/v1/query_range".to_owned(),
            query: thresholds.parameters(),
            form: Some(form),
        }
    }
}

impl LabelValues<'_> {
    /// A GET: Prometheus has no other.
    pub(crate) fn call(&self) -> ApiCall {
        let mut query = Form::default();
        for matcher in self.matchers {
            query.push("match[]", matcher);
        }
        for (name, time) in [("start", self.start_ms), ("end", self.end_ms)] {
            if let Some(time) = time {
                query.push(name, &seconds(time));
            }
        }
        ApiCall {
            operation: "label_values",
            action: "aps:GetLabels",
            path: format!("/api/v1/label/{}/values", self.label),
            query,
            form: None,
        }
    }
}

impl MaxSamples {
    /// They are documented as parts of the URL, so they stay there when the query is in the body.
    fn parameters(self) -> Form {
        let mut query = Form::default();
        for (name, limit) in [
            ("max_samples_processed_warning_threshold", self.warning),
            ("max_samples_processed_error_threshold", self.error),
        ] {
            if let Some(limit) = limit {
                query.push(name, &limit.to_string());
            }
        }
        query
    }
}

/// Names and values, each percent-encoded exactly once, as SigV4's canonical form wants it:
/// everything but RFC 3986's unreserved characters, a space as `%20`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(String);

impl Form {
    const ENCODED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

    fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(name, Self::ENCODED));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, Self::ENCODED));
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Milliseconds as decimal seconds, exactly: `1500` → `1.5`, `-250` → `-0.25`.
fn seconds(ms: i64) -> String {
    let (whole, part) = (ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000);
    let mut text = String::new();
    if ms < 0 {
        text.push('-');
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "{whole}");
    if part > 0 {
        let _ = write!(text, ".{part:03}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_decimal_seconds() {
        for (ms, text) in [
            (0, "0"),
            (1, "0.001"),
            (1500, "1.5"),
            (-250, "-0.25"),
            (10_000, "10"),
            (1_435_781_430_781, "1435781430.781"),
            (i64::MIN, "-9223372036854775.808"),
        ] {
            assert_eq!(seconds(ms), text);
        }
    }

    #[test]
    fn a_label_name_cannot_leave_its_path_segment() {
        for (given, legal) in [
            ("__name__", true),
            ("job", true),
            ("", false),
            ("..", false),
            ("a/b", false),
            ("1a", false),
            ("a?b", false),
            ("é", false),
        ] {
            assert_eq!(given.parse::<LabelName>().is_ok(), legal, "{given:?}");
        }
    }

    #[test]
    fn a_query_is_a_form() {
        let query = InstantQuery {
            query: "label_replace(up, \"x\", \"${1}\", \"job\", \"(.*)\") + 1",
            time_ms: Some(1_435_781_430_781),
        };
        let call = query.call(MaxSamples { warning: Some(5), error: None });
        insta::assert_snapshot!(call.form.unwrap().as_str(), @"query=label_replace%28up%2C%20%22x%22%2C%20%22%24%7B1%7D%22%2C%20%22job%22%2C%20%22%28.%2A%29%22%29%20%2B%201&time=1435781430.781");
        insta::assert_snapshot!(call.query.as_str(), @"max_samples_processed_warning_threshold=5");
    }

    proptest! {
        #[test]
        fn what_is_sent_decodes_to_what_was_asked(
            query in any::<String>(), start_ms: i64, matchers in proptest::collection::vec(any::<String>(), 0..4),
        ) {
            let range = RangeQuery { query: &query, start_ms, end_ms: 1500, step: Duration::from_millis(250) };
            let sent = range.call(MaxSamples::default()).form.unwrap();
            prop_assert_eq!(decoded(sent.as_str()), vec![
                ("query".to_owned(), query.clone()),
                ("start".to_owned(), seconds(start_ms)),
                ("end".to_owned(), "1.5".to_owned()),
                ("step".to_owned(), "0.25".to_owned()),
            ]);

            let matchers: Vec<&str> = matchers.iter().map(String::as_str).collect();
            let label = LabelName::metric();
            let sent = LabelValues { label: &label, matchers: &matchers, start_ms: None, end_ms: None }.call();
            let expected: Vec<_> = matchers.iter().map(|m| ("match[]".to_owned(), (*m).to_owned())).collect();
            prop_assert_eq!(decoded(sent.query.as_str()), expected);
        }
    }

    fn decoded(form: &str) -> Vec<(String, String)> {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
        };
        form.split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (decode(name), decode(value)))
            .collect()
    }
}
