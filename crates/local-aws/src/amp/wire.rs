//! What goes over the wire: Prometheus' JSON, and the errors of Prometheus and of AWS.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use promql::{Labels, Sample, Series, Value};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::json;
use serde_json::value::RawValue;

use crate::sigv4::Principal;

/// A successful answer of the query API.
#[derive(Debug, Serialize)]
pub(super) struct Success<T> {
    status: &'static str,
    data: T,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

impl<T> Success<T> {
    /// All of `data`.
    pub(super) fn new(data: T) -> Self {
        Self { status: "success", data, warnings: Vec::new() }
    }

    /// `data`, of which something was left out if `truncated`.
    pub(super) fn limited(data: T, truncated: bool) -> Self {
        let mut success = Self::new(data);
        if truncated {
            success.warnings.push("results truncated due to limit");
        }
        success
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json_response(StatusCode::OK, HeaderMap::new(), &self)
    }
}

/// An error of the query API.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    text: String,
}

impl ApiError {
    /// The request is not valid.
    pub(super) fn bad_data(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "bad_data", text: text.into() }
    }

    /// The parameter `name` is not valid.
    pub(super) fn invalid(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::bad_data(format!("invalid parameter \"{name}\": {reason}"))
    }

    /// What the evaluator says about the expression in the parameter `name`.
    pub(super) fn promql(name: &str, error: &promql::Error) -> Self {
        match error {
            promql::Error::Parse { .. } => Self::invalid(name, error),
            error => Self {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                kind: "execution",
                text: error.to_string(),
            },
        }
    }

    /// The server is at fault.
    pub(super) fn internal(text: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, kind: "internal", text: text.into() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"status": "error", "errorType": self.kind, "error": self.text});
        json_response(self.status, HeaderMap::new(), &body)
    }
}

/// An error of AWS, as services with the protocol `restJson1` send it.
#[derive(Debug, Default)]
pub(super) struct AwsError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Members beside `message`.
    pub(super) members: serde_json::Map<String, serde_json::Value>,
}

impl AwsError {
    /// There is no such workspace.
    pub(super) fn no_workspace(id: &str) -> Self {
        let members = json!({"resourceId": id, "resourceType": "workspace"});
        Self {
            status: StatusCode::NOT_FOUND,
            code: "ResourceNotFoundException",
            message: format!("Workspace not found: {id}"),
            members: members.as_object().cloned().unwrap_or_default(),
        }
    }

    /// The caller may not do `action` to `resource`.
    pub(super) fn access_denied(caller: &Principal, action: &str, resource: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: "AccessDeniedException",
            message: format!(
                "User: {} is not authorized to perform: {action} on resource: {resource} because \
                 no identity-based policy allows the {action} action",
                caller.arn
            ),
            ..Self::default()
        }
    }

    /// The parameter `name` is not valid.
    pub(super) fn validation(name: &str, message: &str) -> Self {
        let members = json!({
            "reason": "FIELD_VALIDATION_FAILED",
            "fieldList": [{"name": name, "message": message}],
        });
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "ValidationException",
            message: format!("{name}: {message}"),
            members: members.as_object().cloned().unwrap_or_default(),
        }
    }
}

impl IntoResponse for AwsError {
    fn into_response(mut self) -> Response {
        self.members.insert("message".to_owned(), self.message.into());
        let code = HeaderValue::from_static(self.code);
        let headers = HeaderMap::from_iter([(ERROR_TYPE, code)]);
        json_response(self.status, headers, &self.members)
    }
}

const ERROR_TYPE: http::HeaderName = http::HeaderName::from_static("x-amzn-errortype");

/// A JSON answer.
pub(super) fn json_response(
    status: StatusCode,
    mut headers: HeaderMap,
    body: &impl Serialize,
) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
            (status, headers, body).into_response()
        }
        Err(err) => {
            tracing::error!(%err, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The result of a query, as `data` has it.
#[derive(Debug)]
pub(super) struct QueryData(pub(super) Value);

impl QueryData {
    /// Keeps at most `limit` series; whether some were left out.
    pub(super) fn limit(&mut self, limit: usize) -> bool {
        let before = match &mut self.0 {
            Value::Vector(series) => (series.len(), series.truncate(limit)).0,
            Value::Matrix(series) => (series.len(), series.truncate(limit)).0,
            Value::Scalar(_) | Value::String { .. } => 0,
        };
        before > limit
    }
}

impl Serialize for QueryData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_map(Some(2))?;
        match &self.0 {
            Value::Scalar(sample) => {
                let text = promql::format_value(sample.value);
                data.serialize_entry("resultType", "scalar")?;
                data.serialize_entry("result", &(Time(sample.timestamp_ms), text))?;
            }
            Value::String { timestamp_ms, value } => {
                data.serialize_entry("resultType", "string")?;
                data.serialize_entry("result", &(Time(*timestamp_ms), value))?;
            }
            Value::Vector(vector) => {
                data.serialize_entry("resultType", "vector")?;
                data.serialize_entry("result", &Vector(vector))?;
            }
            Value::Matrix(series) => {
                data.serialize_entry("resultType", "matrix")?;
                data.serialize_entry("result", &Matrix(series))?;
            }
        }
        data.end()
    }
}

struct Vector<'a>(&'a [(Labels, Sample)]);

impl Serialize for Vector<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Item<'a> {
            metric: Metric<'a>,
            value: Point,
        }
        serializer.collect_seq(
            self.0
                .iter()
                .map(|(labels, sample)| Item { metric: Metric(labels), value: Point(*sample) }),
        )
    }
}

struct Matrix<'a>(&'a [Series]);

impl Serialize for Matrix<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Item<'a> {
            metric: Metric<'a>,
            values: Vec<Point>,
        }
        serializer.collect_seq(self.0.iter().map(|series| Item {
            metric: Metric(&series.labels),
            values: series.samples.iter().copied().map(Point).collect(),
        }))
    }
}

/// Labels as an object.
pub(super) struct Metric<'a>(pub(super) &'a Labels);

impl Serialize for Metric<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

/// `[time, "value"]`
struct Point(Sample);

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_seq(Some(2))?;
        pair.serialize_element(&Time(self.0.timestamp_ms))?;
        pair.serialize_element(&value_text(self.0.value))?;
        pair.end()
    }
}

/// Unix milliseconds, written as seconds: whole ones without decimals, others with three.
struct Time(i64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (seconds, ms) = (self.0 / 1_000, (self.0 % 1_000).abs());
        if ms == 0 {
            return serializer.serialize_i64(seconds);
        }
        let sign = if self.0 < 0 && seconds == 0 { "-" } else { "" };
        let number = RawValue::from_string(format!("{sign}{seconds}.{ms:03}"));
        number.map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// A value of a series: Go's `e` format for the very small and the very large.
fn value_text(value: f64) -> String {
    let size = value.abs();
    if size.is_finite() && size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        if let Some((digits, exponent)) = text.split_once('e') {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            return format!("{digits}e{sign}{exponent:0>2}");
        }
    }
    promql::format_value(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_http_api_does() {
        for (value, text) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (1e-7, "1e-07"),
            (-2.5e-12, "-2.5e-12"),
            (1e-6, "0.000001"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(value_text(value), text);
        }
    }

    #[test]
    fn times_are_written_as_seconds() {
        for (ms, text) in [
            (1_700_000_000_000, "1700000000"),
            (1_700_000_000_100, "1700000000.100"),
            (1_700_000_000_007, "1700000000.007"),
            (-500, "-0.500"),
            (-1_500, "-1.500"),
        ] {
            assert_eq!(serde_json::to_string(&Time(ms)).unwrap(), text);
        }
    }

    #[test]
    fn each_kind_of_result_has_its_form() {
        let labels = Labels::new([("__name__", "up"), ("job", "a\"b")]);
        let sample = Sample { timestamp_ms: 1_500, value: 1.0 };
        let json = |value| serde_json::to_string(&Success::new(QueryData(value))).unwrap();
        insta::assert_snapshot!(json(Value::Scalar(sample)), @r#"{"status":"success","data":{"resultType":"scalar","result":[1.500,"1"]}}"#);
        insta::assert_snapshot!(json(Value::String { timestamp_ms: 0, value: "x".into() }), @r#"{"status":"success","data":{"resultType":"string","result":[0,"x"]}}"#);
        insta::assert_snapshot!(json(Value::Vector(vec![(labels.clone(), sample)])), @r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a\"b"},"value":[1.500,"1"]}]}}"#);
        let series = Series { labels, samples: vec![sample] };
        insta::assert_snapshot!(json(Value::Matrix(vec![series])), @r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a\"b"},"values":[[1.500,"1"]]}]}}"#);
    }
}
