//! The parameters of a request: of its query string, and of its form.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use jiff::Timestamp;

use super::wire::ApiError;
use crate::form;

/// Names and values in the order in which they came, those of a form first.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let is_form = form::is_announced(request.headers());
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|err| ApiError::bad_data(err.to_string()))?;
        let form = if is_form { String::from_utf8_lossy(&body) } else { "".into() };
        let mut pairs = form::pairs(&form);
        pairs.extend(form::pairs(&query));
        Ok(Self(pairs))
    }
}

impl Params {
    /// The first value of `name`; `None` when it is missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next().filter(|value| !value.is_empty())
    }

    /// All values of `name`.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The time `name` in Unix milliseconds.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.get(name).map(|text| time(name, text)).transpose()
    }

    /// The time `name`, which must be there.
    pub(super) fn required_time(&self, name: &str) -> Result<i64, ApiError> {
        time(name, self.get(name).unwrap_or_default())
    }

    /// The duration `name` in milliseconds, which must be there.
    pub(super) fn required_duration(&self, name: &str) -> Result<i64, ApiError> {
        let text = self.get(name).unwrap_or_default();
        let parsed = seconds(text).or_else(|| duration(text));
        parsed.ok_or_else(|| {
            ApiError::invalid(name, format!("cannot parse {text:?} to a valid duration"))
        })
    }

    /// The greatest number of items wanted under `name`; none given and 0 mean no limit.
    pub(super) fn limit(&self, name: &str) -> Result<usize, ApiError> {
        let Some(text) = self.get(name) else { return Ok(usize::MAX) };
        match i64::from_str(text) {
            Ok(0) => Ok(usize::MAX),
            Ok(limit @ 1..) => Ok(usize::try_from(limit).unwrap_or(usize::MAX)),
            Ok(_) => Err(ApiError::invalid(name, format!("{name} must be non-negative"))),
            Err(_) => {
                let reason = format!("strconv.Atoi: parsing {text:?}: invalid syntax");
                Err(ApiError::invalid(name, reason))
            }
        }
    }
}

fn time(name: &str, text: &str) -> Result<i64, ApiError> {
    let parsed = seconds(text).or_else(|| {
        let time: Timestamp = text.parse().ok()?;
        Some(time.as_millisecond())
    });
    parsed.ok_or_else(|| {
        ApiError::invalid(name, format!("cannot parse {text:?} to a valid timestamp"))
    })
}

/// Seconds with decimals, in milliseconds.
fn seconds(text: &str) -> Option<i64> {
    let seconds: f64 = text.parse().ok()?;
    let ms = (seconds * 1e3).round();
    (ms.abs() < i64::MAX as f64).then_some(ms as i64)
}

/// A duration in Prometheus' form, such as `1h30m`, in milliseconds: each unit at most once, the
/// larger ones first.
fn duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let (_, ms) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*ms)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_have_prometheus_form() {
        for (text, ms) in [
            ("15s", Some(15_000)),
            ("1h30m", Some(5_400_000)),
            ("1d", Some(86_400_000)),
            ("250ms", Some(250)),
            ("1y2w3d4h5m6s7ms", Some(33_019_506_007)),
            ("", None),
            ("5", None),
            ("m", None),
            ("1m1h", None),
            ("1m1m", None),
            ("-5m", None),
            ("5 m", None),
            ("5x", None),
            ("99999999999999999999s", None),
            ("9999999999999999y", None),
        ] {
            assert_eq!(duration(text), ms, "{text:?}");
        }
    }

    #[test]
    fn times_are_unix_seconds_or_rfc_3339() {
        for (text, ms) in [
            ("1700000000", Some(1_700_000_000_000)),
            ("1700000000.123", Some(1_700_000_000_123)),
            ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
            ("2023-11-14T23:13:20.5+01:00", Some(1_700_000_000_500)),
            ("", None),
            ("now", None),
            ("NaN", None),
            ("Inf", None),
            ("2023-11-14", None),
        ] {
            assert_eq!(time("start", text).ok(), ms, "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_form_comes_before_the_query_string() {
        let request = Request::post("/?query=c&limit=3&x")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body("query=a+b%2B1".into());
        let params = Params::from_request(request.unwrap(), &()).await.unwrap();
        assert_eq!(params.get("query"), Some("a b+1"));
        assert_eq!(params.all("query").count(), 2);
        assert_eq!((params.get("x"), params.get("y")), (None, None));
        assert_eq!(params.limit("limit").ok(), Some(3));
        assert_eq!(params.limit("none").ok(), Some(usize::MAX));
        assert!(params.limit("query").is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".*") {
            let _ = time("t", &text);
            let _ = duration(&text);
        }
    }
}
