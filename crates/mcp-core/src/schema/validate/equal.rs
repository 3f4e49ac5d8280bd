//! When two JSON values are the same (JSON Schema Core 2020-12, section 4.2.2): numbers by their
//! mathematical value, objects whatever the order of their members.

use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::number;

pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number::compare(left, right).is_eq(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        (left, right) => left == right,
    }
}

/// A value that is hashed and compared as [`equal`] does.
pub(super) struct Exact<'v>(pub(super) &'v Value);

impl PartialEq for Exact<'_> {
    fn eq(&self, other: &Self) -> bool {
        equal(self.0, other.0)
    }
}

impl Eq for Exact<'_> {}

impl Hash for Exact<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Value::Null => state.write_u8(0),
            Value::Bool(bool) => bool.hash(state),
            Value::Number(number) => number::hash(number, state),
            Value::String(text) => text.hash(state),
            Value::Array(items) => {
                state.write_usize(items.len());
                items.iter().for_each(|item| Exact(item).hash(state));
            }
            Value::Object(object) => {
                let mut members: Vec<_> = object.iter().collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                for (name, value) in members {
                    name.hash(state);
                    Exact(value).hash(state);
                }
            }
        }
    }
}
