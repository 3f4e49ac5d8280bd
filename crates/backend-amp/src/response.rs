//! Answers: kept as the bytes that came, and parsed in place.

use std::borrow::Cow;
use std::fmt;
use std::ops::Add;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::{BoxError, Error, Series, matrix};

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
        let body = text(&self.body)?;
        if let Some(series) = matrix::cut(body) {
            return Ok(QueryResult {
                data: Data::Matrix(series),
                warnings: Vec::new(),
                infos: Vec::new(),
            });
        }
        let envelope: Envelope<'_, Data<'_>> = parse(body)?;
        let (data, warnings, infos) = envelope.open()?;
        Ok(QueryResult { data, warnings, infos })
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
        let envelope: Envelope<'_, &RawValue> = parse(text(&self.body)?)?;
        let (json, warnings, infos) = envelope.open()?;
        let values = match plain_texts(json.get()) {
            Some(values) => values,
            None => parse::<Texts<'_>>(json.get())?.0,
        };
        Ok(LabelResult { values, json, warnings, infos })
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
    /// The same as they came, to be passed on.
    pub json: &'a RawValue,
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
            _ => Err(Error::unexpected(format!("no data, status {:?}", self.status))),
        }
    }
}

/// Checked once for all, which is cheaper than text by text.
fn text(body: &[u8]) -> Result<&str, Error> {
    str::from_utf8(body).map_err(unexpected)
}

pub(crate) fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(unexpected)
}

fn unexpected(err: impl Into<BoxError>) -> Error {
    Error::UnexpectedReply {
        message: "not the JSON of a Prometheus server".to_owned(),
        source: Some(err.into()),
    }
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
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// The texts of an array that is valid JSON, if it is written as servers write it: without blanks,
/// and without escapes, which metric names cannot have. Six times cheaper than parsing each.
fn plain_texts(array: &str) -> Option<Vec<Cow<'_, str>>> {
    let inside = array.strip_prefix("[\"")?.strip_suffix("\"]")?;
    if memchr::memchr(b'\\', inside.as_bytes()).is_some() {
        return None;
    }
    let mut texts = Vec::with_capacity(inside.len() / 32 + 1);
    let mut start = 0;
    let mut quotes = memchr::memchr_iter(b'"', inside.as_bytes());
    while let Some(end) = quotes.next() {
        // A quote that ends a text is followed by a comma and the quote that begins the next.
        if quotes.next() != Some(end + 2) {
            return None;
        }
        texts.push(Cow::Borrowed(inside.get(start..end)?));
        start = end + 3;
    }
    texts.push(Cow::Borrowed(inside.get(start..)?));
    Some(texts)
}

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
