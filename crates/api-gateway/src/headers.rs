use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON string, borrowed from the event unless it holds escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// `headers` (a string each) or `multiValueHeaders` (a list each), read straight into a map.
#[derive(Default)]
pub(crate) struct Headers {
    pub(crate) map: HeaderMap,
    /// Whether a name or a value is none in HTTP; such a header is left out of `map`.
    pub(crate) invalid: bool,
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Headers, A::Error> {
                let mut headers = Headers { map: HeaderMap::with_capacity(24), invalid: false };
                while let Some(Text(name)) = fields.next_key()? {
                    let name = HeaderName::from_bytes(name.as_bytes()).ok();
                    fields.next_value_seed(Values { headers: &mut headers, name })?;
                }
                Ok(headers)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// The values of one header.
struct Values<'h> {
    headers: &'h mut Headers,
    name: Option<HeaderName>,
}

impl Values<'_> {
    fn append(&mut self, value: &str) {
        match (&self.name, HeaderValue::from_bytes(value.as_bytes())) {
            (Some(name), Ok(value)) => {
                self.headers.map.append(name.clone(), value);
            }
            _ => self.headers.invalid = true,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header's value or list of values")
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.append(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<(), A::Error> {
        while let Some(Text(value)) = values.next_element()? {
            self.append(&value);
        }
        Ok(())
    }
}
