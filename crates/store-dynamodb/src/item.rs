//! Items of DynamoDB, written and read strictly.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use oauth::{SecretHash, Time};

use crate::Error;

pub(crate) type Attributes = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> AttributeValue {
    AttributeValue::L(values.into_iter().map(text).collect())
}

/// The attributes that have a value.
pub(crate) fn attributes<const N: usize>(
    values: [(&'static str, Option<AttributeValue>); N],
) -> Attributes {
    let present = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present.collect()
}

/// An item, or a map in one, that is read.
pub(crate) struct Item {
    /// What its key begins with.
    kind: &'static str,
    attributes: Attributes,
}

impl Item {
    pub(crate) fn new(kind: &'static str, attributes: Attributes) -> Self {
        Self { kind, attributes }
    }

    pub(crate) fn malformed(&self, attribute: &'static str) -> Error {
        Error::Malformed { kind: self.kind, attribute }
    }

    fn required<T>(&self, name: &'static str, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| self.malformed(name))
    }

    pub(crate) fn maybe_text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.attributes.remove(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(self.malformed(name)),
        }
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<String, Error> {
        let text = self.maybe_text(name)?;
        self.required(name, text)
    }

    pub(crate) fn maybe_parsed<T: FromStr>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Error> {
        let text = self.maybe_text(name)?;
        text.map(|text| text.parse().map_err(|_| self.malformed(name))).transpose()
    }

    pub(crate) fn parsed<T: FromStr>(&mut self, name: &'static str) -> Result<T, Error> {
        let parsed = self.maybe_parsed(name)?;
        self.required(name, parsed)
    }

    pub(crate) fn maybe_number<T: FromStr>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Error> {
        match self.attributes.remove(name) {
            None => Ok(None),
            Some(AttributeValue::N(number)) => {
                number.parse().map(Some).map_err(|_| self.malformed(name))
            }
            Some(_) => Err(self.malformed(name)),
        }
    }

    pub(crate) fn number<T: FromStr>(&mut self, name: &'static str) -> Result<T, Error> {
        let number = self.maybe_number(name)?;
        self.required(name, number)
    }

    pub(crate) fn time(&mut self, name: &'static str) -> Result<Time, Error> {
        self.number(name).map(Time)
    }

    pub(crate) fn maybe_hash(&mut self, name: &'static str) -> Result<Option<SecretHash>, Error> {
        let text = self.maybe_text(name)?;
        text.map(|text| SecretHash::from_text(&text).ok_or_else(|| self.malformed(name)))
            .transpose()
    }

    pub(crate) fn hash(&mut self, name: &'static str) -> Result<SecretHash, Error> {
        let hash = self.maybe_hash(name)?;
        self.required(name, hash)
    }

    /// Each text of a list, read by `read`.
    pub(crate) fn list<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let list = match self.attributes.remove(name) {
            Some(AttributeValue::L(list)) => {
                list.iter().map(|value| read(value.as_s().ok()?)).collect()
            }
            _ => None,
        };
        self.required(name, list)
    }

    pub(crate) fn map(&mut self, name: &'static str) -> Result<Self, Error> {
        match self.attributes.remove(name) {
            Some(AttributeValue::M(map)) => Ok(Self::new(self.kind, map)),
            _ => Err(self.malformed(name)),
        }
    }
}
