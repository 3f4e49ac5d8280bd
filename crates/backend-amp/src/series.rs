//! Series, as raw JSON inside an answer.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::response::{Text, parse};
use crate::{Error, Points};

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
    pub values: Option<Values<'a>>,
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
        match (self.values, self.value) {
            (Some(values), _) => Points::of(values.0),
            (None, Some(value)) => Points::of(value.get()),
            (None, None) => Points::of("[]"),
        }
    }

    /// Its labels in the server's order.
    ///
    /// # Errors
    /// [`Error::UnexpectedReply`] when they are not an object of strings.
    pub fn labels(&self) -> Result<Vec<Label<'a>>, Error> {
        let labels: Labels<'a> = parse(self.metric.get())?;
        Ok(labels.0)
    }
}

/// The samples of a matrix' series: raw `[[time, "value"], …]`.
///
/// It is serialised as it came, after a look whether it is JSON.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a>(pub(crate) &'a str);

impl<'a> Values<'a> {
    /// The text as it came.
    pub fn get(self) -> &'a str {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(json).map(|raw| Self(raw.get()))
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(to)
    }
}

/// A label's name and its value.
pub type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

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
