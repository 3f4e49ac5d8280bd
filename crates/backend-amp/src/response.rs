//! Answers: kept as the bytes that came, and parsed in place.

use std::borrow::Cow;
use std::fmt;
use std::ops::Add;
use std::time::Duration;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Error, Points};

/// What an answer cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallStats {
    /// HTTP requests made, retries included.
    pub http_calls: u32,
    /// From asking to the last byte of the answer.
    pub elapsed: Duration,
}

impl Add for CallStats {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            http_calls: self.http_calls + other.http_calls,
            elapsed: self.elapsed + other.elapsed,
        }
    }
}

/// The answer to a query, not parsed yet.
#[derive(Debug, Clone)]
pub struct QueryAnswer {
    pub(crate) body: Bytes,
    /// What it cost.
    pub stats: CallStats,
}

impl QueryAnswer {
    /// The answer as it came, `{"status":"success","data":…}`.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Reads the answer in one pass; series stay raw JSON inside the body.
    ///
    /// # Errors
    /// [`Error::UnexpectedReply`] when it is not what Prometheus says.
    pub fn parse(&self) -> Result<QueryResult<'_>, Error> {
        let envelope: Envelope<'_, Data<'_>> = parse(&self.body)?;
        let (data, warnings, infos) = envelope.open()?;
        Ok(QueryResult {
            data,
            warnings,
            infos,
        })
    }
}

/// The answer to [`LabelValues`](crate::LabelValues), not parsed yet.
#[derive(Debug, Clone)]
pub struct LabelAnswer {
    pub(crate) body: Bytes,
    /// What it cost.
    pub stats: CallStats,
}

impl LabelAnswer {
    /// The answer as it came, `{"status":"success","data":[…]}`.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Reads the answer; values without escapes stay in the body.
    ///
    /// # Errors
    /// [`Error::UnexpectedReply`] when it is not what Prometheus says.
    pub fn parse(&self) -> Result<LabelResult<'_>, Error> {
        let envelope: Envelope<'_, Texts<'_>> = parse(&self.body)?;
        let (values, warnings, infos) = envelope.open()?;
        Ok(LabelResult {
            values: values.0,
            warnings,
            infos,
        })
    }
}

/// What a query evaluated to.
#[derive(Debug)]
pub struct QueryResult<'a> {
    /// The values.
    pub data: Data<'a>,
    /// What may be wrong with the values.
    pub warnings: Vec<Cow<'a, str>>,
    /// What may be wrong with the query.
    pub infos: Vec<Cow<'a, str>>,
}

/// The values of a label.
#[derive(Debug)]
pub struct LabelResult<'a> {
    /// In the server's order.
    pub values: Vec<Cow<'a, str>>,
    /// What may be wrong with the values.
    pub warnings: Vec<Cow<'a, str>>,
    /// What may be wrong with the request.
    pub infos: Vec<Cow<'a, str>>,
}

/// The values, by `resultType`.
#[derive(Debug)]
pub enum Data<'a> {
    /// One value a series, all at one moment.
    Vector(Vec<Series<'a>>),
    /// Many values a series.
    Matrix(Vec<Series<'a>>),
    /// One number without labels: raw `[time, "value"]`.
    Scalar(&'a RawValue),
    /// One text without labels: raw `[time, "value"]`.
    String(&'a RawValue),
}

impl<'a> Data<'a> {
    /// Prometheus' word for it.
    pub fn result_type(&self) -> &'static str {
        match self {
            Self::Vector(_) => "vector",
            Self::Matrix(_) => "matrix",
            Self::Scalar(_) => "scalar",
            Self::String(_) => "string",
        }
    }

    /// The series; none for a scalar or a string.
    pub fn series(&self) -> &[Series<'a>] {
        match self {
            Self::Vector(series) | Self::Matrix(series) => series,
            Self::Scalar(_) | Self::String(_) => &[],
        }
    }
}

/// One series, as raw JSON: serialises to what came, spaces and foreign members aside.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub struct Series<'a> {
    /// Its labels: `{"__name__":"up",…}`.
    #[serde(borrow)]
    pub metric: &'a RawValue,
    /// Of a vector: `[time, "value"]`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub value: Option<&'a RawValue>,
    /// Of a matrix: `[[time, "value"], …]`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub values: Option<&'a RawValue>,
    /// Of a vector, a native histogram: `[time, {…}]`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<&'a RawValue>,
    /// Of a matrix, native histograms: `[[time, {…}], …]`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub histograms: Option<&'a RawValue>,
}

impl<'a> Series<'a> {
    /// Its float values in order of time, of a vector or a matrix; nothing is allocated.
    /// Native histograms are not among them.
    pub fn points(&self) -> Points<'a> {
        self.values
            .or(self.value)
            .map_or_else(Points::none, Points::of)
    }

    /// Its labels in the server's order.
    ///
    /// # Errors
    /// [`Error::UnexpectedReply`] when they are not an object of strings.
    pub fn labels(&self) -> Result<Vec<Label<'a>>, Error> {
        let labels: Labels<'a> = parse(self.metric.get().as_bytes())?;
        Ok(labels.0)
    }
}

/// A label's name and its value.
pub type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

#[derive(Deserialize)]
struct Envelope<'a, T> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    data: Option<T>,
    #[serde(borrow, default)]
    warnings: Texts<'a>,
    #[serde(borrow, default)]
    infos: Texts<'a>,
}

type Opened<'a, T> = (T, Vec<Cow<'a, str>>, Vec<Cow<'a, str>>);

impl<'a, T> Envelope<'a, T> {
    fn open(self) -> Result<Opened<'a, T>, Error> {
        match self.data {
            Some(data) if self.status == "success" => Ok((data, self.warnings.0, self.infos.0)),
            _ => Err(Error::unexpected(format!(
                "no data, status {:?}",
                self.status
            ))),
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|err| Error::UnexpectedReply {
        message: "not the JSON of a Prometheus server".to_owned(),
        source: Some(err.into()),
    })
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ResultType {
    Vector,
    Matrix,
    Scalar,
    String,
}

/// Parses `result` as its type says.
impl<'de> DeserializeSeed<'de> for ResultType {
    type Value = Data<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Data<'de>, D::Error> {
        // Some compatible servers write `null` for "no series".
        let series =
            |json| Option::<Vec<Series<'de>>>::deserialize(json).map(Option::unwrap_or_default);
        match self {
            Self::Vector => series(json).map(Data::Vector),
            Self::Matrix => series(json).map(Data::Matrix),
            Self::Scalar => Deserialize::deserialize(json).map(Data::Scalar),
            Self::String => Deserialize::deserialize(json).map(Data::String),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Data<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with resultType and result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data<'de>, A::Error> {
        use serde::de::Error as _;

        let mut result_type: Option<ResultType> = None;
        let mut data = None;
        let mut early: Option<&'de RawValue> = None;
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match (key.0.as_ref(), result_type) {
                ("resultType", _) => result_type = Some(map.next_value()?),
                ("result", Some(result_type)) => data = Some(map.next_value_seed(result_type)?),
                // JSON has no order: a result before its type waits as raw text.
                ("result", None) => early = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let result_type = result_type.ok_or_else(|| A::Error::missing_field("resultType"))?;
        match (data, early) {
            (Some(data), _) => Ok(data),
            (None, Some(early)) => result_type
                .deserialize(&mut serde_json::Deserializer::from_str(early.get()))
                .map_err(A::Error::custom),
            (None, None) => Err(A::Error::missing_field("result")),
        }
    }
}

/// A text that stays where it is unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Texts, or `null` for none. (serde's own `Vec<Cow<str>>` copies each.)
#[derive(Default)]
struct Texts<'a>(Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = Texts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of strings")
            }

            fn visit_unit<E>(self) -> Result<Texts<'de>, E> {
                Ok(Texts::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Texts<'de>, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element::<Text<'de>>()? {
                    texts.push(text.0);
                }
                Ok(Texts(texts))
            }
        }

        json.deserialize_any(TextsVisitor)
    }
}

struct Labels<'a>(Vec<Label<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct LabelsVisitor;

        impl<'de> Visitor<'de> for LabelsVisitor {
            type Value = Labels<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels<'de>, A::Error> {
                let mut labels = Vec::new();
                while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
                    labels.push((name.0, value.0));
                }
                Ok(Labels(labels))
            }
        }

        json.deserialize_map(LabelsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;
    use proptest::prelude::*;

    fn answer(body: &str) -> QueryAnswer {
        QueryAnswer {
            body: Bytes::copy_from_slice(body.as_bytes()),
            stats: CallStats::default(),
        }
    }

    fn success(data: &str) -> QueryAnswer {
        answer(&format!(r#"{{"status":"success","data":{data}}}"#))
    }

    #[test]
    fn a_matrix_passes_through_unchanged_and_its_numbers_are_read() {
        let result = r#"[{"metric":{"__name__":"up","job":"a\"b"},"values":[[1435781430.781,"1"],[1435781445.781,"NaN"]]},{"metric":{},"values":[]}]"#;
        let answer = success(&format!(r#"{{"resultType":"matrix","result":{result}}}"#));
        let parsed = answer.parse().unwrap();
        assert_eq!(parsed.data.result_type(), "matrix");
        let [first, second] = parsed.data.series() else {
            panic!("two series")
        };
        let points: Vec<Point> = first.points().map(Result::unwrap).collect();
        assert_eq!(
            points[0],
            Point {
                time: 1_435_781_430.781,
                value: 1.0
            }
        );
        assert!(points[1].value.is_nan());
        assert_eq!(second.points().count(), 0);
        let labels = first.labels().unwrap();
        assert_eq!(
            labels,
            [
                ("__name__".into(), "up".into()),
                ("job".into(), "a\"b".into())
            ]
        );
        assert!(matches!(labels[0].1, Cow::Borrowed("up")));
        assert_eq!(serde_json::to_string(parsed.data.series()).unwrap(), result);
    }

    #[test]
    fn each_result_type_is_read_whatever_the_order_of_members() {
        for (kind, result, series) in [
            ("vector", r#"[{"metric":{"a":"b"},"value":[1,"2"]}]"#, 1),
            (
                "vector",
                r#"[{"metric":{},"histogram":[1,{"count":"3"}]}]"#,
                1,
            ),
            (
                "matrix",
                r#"[{"metric":{},"histograms":[[1,{"count":"3"}]]}]"#,
                1,
            ),
            ("matrix", "null", 0),
            ("scalar", r#"[1,"2"]"#, 0),
            ("string", r#"[1,"two"]"#, 0),
        ] {
            for data in [
                format!(r#"{{"resultType":"{kind}","result":{result},"stats":{{}}}}"#),
                format!(r#"{{"result":{result},"resultType":"{kind}"}}"#),
            ] {
                let answer = success(&data);
                let parsed = answer.parse().unwrap();
                assert_eq!(parsed.data.result_type(), kind);
                assert_eq!(parsed.data.series().len(), series);
                match &parsed.data {
                    Data::Scalar(raw) | Data::String(raw) => assert_eq!(raw.get(), result),
                    Data::Vector(series) | Data::Matrix(series) if !series.is_empty() => {
                        assert_eq!(serde_json::to_string(series).unwrap(), result);
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn warnings_and_infos_are_kept() {
        let answer = answer(
            r#"{"status":"success","warnings":["slow"],"infos":["\u0041 counter?"],
                "data":{"resultType":"vector","result":[]}}"#,
        );
        let parsed = answer.parse().unwrap();
        assert_eq!(
            (&parsed.warnings[..], &parsed.infos[..]),
            (&["slow".into()][..], &["A counter?".into()][..])
        );
    }

    #[test]
    fn label_values_are_borrowed_where_they_can_be() {
        let values = |body: &'static str| LabelAnswer {
            body: Bytes::from_static(body.as_bytes()),
            stats: CallStats::default(),
        };
        let answer = values(r#"{"status":"success","data":["up","a\nb"],"warnings":null}"#);
        let parsed = answer.parse().unwrap();
        assert_eq!(parsed.values, ["up", "a\nb"]);
        assert!(matches!(parsed.values[0], Cow::Borrowed(_)));
        for body in [
            "",
            "{}",
            r#"{"status":"success"}"#,
            r#"{"status":"success","data":[1]}"#,
        ] {
            assert_eq!(
                values(body).parse().unwrap_err().kind(),
                "unexpected_reply",
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_no_answer_is_unexpected() {
        for body in [
            "",
            "<html>",
            "[]",
            r#"{"status":"success"}"#,
            r#"{"status":"success","data":{}}"#,
            r#"{"status":"success","data":{"resultType":"vector"}}"#,
            r#"{"status":"success","data":{"result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"other","result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{}]}}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[1]}}"#,
            r#"{"status":"error","data":{"resultType":"vector","result":[]}}"#,
        ] {
            assert_eq!(
                answer(body).parse().unwrap_err().kind(),
                "unexpected_reply",
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in any::<Vec<u8>>()) {
            let answer = QueryAnswer { body: body.into(), stats: CallStats::default() };
            let _ = answer.parse();
        }

        #[test]
        fn no_result_panics(kind in "vector|matrix|scalar|string|x", metric in "\\{\\}|\\{\"a\":(1|\"b\")\\}|1", values in "[\\[\\]0-9,\". NaInf+-]{0,40}") {
            let answer = success(&format!(
                r#"{{"resultType":"{kind}","result":[{{"metric":{metric},"values":[{values}],"value":[{values}]}}]}}"#
            ));
            if let Ok(parsed) = answer.parse() {
                for series in parsed.data.series() {
                    let _ = series.labels();
                    let _ = series.points().count();
                }
            }
        }
    }
}
