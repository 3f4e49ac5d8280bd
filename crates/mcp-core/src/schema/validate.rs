//! Whether a value fits a schema of 2020-12. The schema is read as it stands, nothing is made of
//! it beforehand: the schemas of tools are small, and most are held against a few values only.
//!
//! `format` and `content*` are annotations, as the specification has them by default.

mod equal;
mod evaluated;
mod number;

use std::cell::Cell;
use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::document::Document;
use equal::{Exact, equal};
pub(super) use number::is_count;
use number::{compare, count, is_integer, is_multiple};

/// How many schemas are applied to one set of arguments; that of a usual tool takes ten or so.
const MAX_STEPS: u32 = 1_000_000;
/// How many schemas may be under way, one within the other. They are on the stack.
const MAX_UNDER_WAY: u32 = 512;

/// There is no verdict.
#[derive(Debug, thiserror::Error)]
#[error("they cannot be validated: it takes too much work")]
pub(super) struct Exhausted;

/// One set of arguments held against one schema.
pub(super) struct Validation<'d> {
    document: &'d Document,
    steps: Cell<u32>,
    depth: Cell<u32>,
}

impl<'d> Validation<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, steps: Cell::new(MAX_STEPS), depth: Cell::new(0) }
    }

    pub(super) fn verdict(&self, arguments: &Value) -> Result<bool, Exhausted> {
        let valid = self.valid(self.document.root(), arguments);
        if self.exhausted() { Err(Exhausted) } else { Ok(valid) }
    }

    /// Whether the limits were met: then no answer means anything any more.
    pub(super) fn exhausted(&self) -> bool {
        self.steps.get() == 0
    }

    pub(super) fn valid(&self, schema: &Value, instance: &Value) -> bool {
        let members = match schema {
            Value::Object(members) => members,
            other => return other == &Value::Bool(true),
        };
        if !self.enter() {
            return false;
        }
        let valid =
            members.iter().all(|(keyword, value)| self.keyword(members, keyword, value, instance));
        self.leave();
        valid
    }

    /// Begins with a schema, within those under way, unless that is beyond the limits.
    pub(super) fn enter(&self) -> bool {
        let (steps, depth) = (self.steps.get(), self.depth.get());
        let within = steps > 0 && depth < MAX_UNDER_WAY;
        self.steps.set(if within { steps - 1 } else { 0 });
        self.depth.set(depth + u32::from(within));
        within
    }

    pub(super) fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// One keyword of the schema `members`, with the neighbours it takes into account.
    pub(super) fn keyword(
        &self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        instance: &Value,
    ) -> bool {
        match keyword {
            "type" => is_of(value, instance),
            "enum" => list(value).iter().any(|option| equal(option, instance)),
            "const" => equal(value, instance),
            "$ref" | "$dynamicRef" => {
                self.target(value).is_some_and(|target| self.valid(target, instance))
            }
            "allOf" => list(value).iter().all(|schema| self.valid(schema, instance)),
            "anyOf" => list(value).iter().any(|schema| self.valid(schema, instance)),
            "oneOf" => {
                let fitting = list(value).iter().filter(|schema| self.valid(schema, instance));
                fitting.take(2).count() == 1
            }
            "not" => !self.valid(value, instance),
            "if" => {
                let branch = self.branch(members, value, instance);
                branch.is_none_or(|schema| self.valid(schema, instance))
            }
            _ => match instance {
                Value::Null | Value::Bool(_) => true,
                Value::Number(number) => number_fits(keyword, value, number),
                Value::String(text) => self.string(keyword, value, text),
                Value::Array(items) => self.array(members, keyword, value, items, instance),
                Value::Object(object) => self.object(members, keyword, value, object, instance),
            },
        }
    }

    fn string(&self, keyword: &str, value: &Value, text: &str) -> bool {
        match keyword {
            "minLength" => text.chars().count() >= count(value),
            "maxLength" => text.chars().count() <= count(value),
            "pattern" => value.as_str().is_some_and(|pattern| self.matches(pattern, text)),
            _ => true,
        }
    }

    fn array(
        &self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        items: &[Value],
        instance: &Value,
    ) -> bool {
        match keyword {
            "minItems" => items.len() >= count(value),
            "maxItems" => items.len() <= count(value),
            "uniqueItems" => value != &Value::Bool(true) || all_differ(items),
            "prefixItems" => {
                items.iter().zip(list(value)).all(|(item, schema)| self.valid(schema, item))
            }
            "items" => items.iter().skip(prefix(members)).all(|item| self.valid(value, item)),
            "contains" => {
                let found = items.iter().filter(|item| self.valid(value, item)).count();
                found >= members.get("minContains").map_or(1, count)
                    && found <= members.get("maxContains").map_or(usize::MAX, count)
            }
            "unevaluatedItems" => {
                let evaluated = self.evaluated(members, keyword, instance);
                items.iter().zip(evaluated).all(|(item, done)| done || self.valid(value, item))
            }
            _ => true,
        }
    }

    fn object(
        &self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        object: &Map<String, Value>,
        instance: &Value,
    ) -> bool {
        match keyword {
            "minProperties" => object.len() >= count(value),
            "maxProperties" => object.len() <= count(value),
            "required" => missing(value, object).next().is_none(),
            "properties" => object.iter().all(|(name, property)| {
                value.get(name).is_none_or(|schema| self.valid(schema, property))
            }),
            "patternProperties" => each(value).all(|(pattern, schema)| {
                let mut named = object.iter().filter(|(name, _)| self.matches(pattern, name));
                named.all(|(_, property)| self.valid(schema, property))
            }),
            "additionalProperties" => object
                .iter()
                .all(|(name, property)| self.named(members, name) || self.valid(value, property)),
            "propertyNames" => {
                object.keys().all(|name| self.valid(value, &Value::String(name.clone())))
            }
            "dependentRequired" => each(value).all(|(name, names)| {
                !object.contains_key(name) || missing(names, object).next().is_none()
            }),
            "dependentSchemas" => each(value)
                .all(|(name, schema)| !object.contains_key(name) || self.valid(schema, instance)),
            "unevaluatedProperties" => {
                let evaluated = self.evaluated(members, keyword, instance);
                let mut properties = object.values().zip(evaluated);
                properties.all(|(property, done)| done || self.valid(value, property))
            }
            _ => true,
        }
    }

    /// The schema that a `$ref` means.
    pub(super) fn target(&self, reference: &Value) -> Option<&'d Value> {
        self.document.target(reference.as_str()?)
    }

    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        self.document.matches(pattern, text)
    }

    /// `then` or `else`, as `condition` has it.
    pub(super) fn branch<'s>(
        &self,
        members: &'s Map<String, Value>,
        condition: &Value,
        instance: &Value,
    ) -> Option<&'s Value> {
        members.get(if self.valid(condition, instance) { "then" } else { "else" })
    }

    /// Whether `properties` or `patternProperties` of the schema `members` know the name.
    pub(super) fn named(&self, members: &Map<String, Value>, name: &str) -> bool {
        members.get("properties").is_some_and(|properties| properties.get(name).is_some())
            || members.get("patternProperties").is_some_and(|patterns| {
                each(patterns).any(|(pattern, _)| self.matches(pattern, name))
            })
    }
}

fn number_fits(keyword: &str, value: &Value, number: &Number) -> bool {
    let Value::Number(limit) = value else {
        return true;
    };
    match keyword {
        "minimum" => compare(number, limit).is_ge(),
        "maximum" => compare(number, limit).is_le(),
        "exclusiveMinimum" => compare(number, limit).is_gt(),
        "exclusiveMaximum" => compare(number, limit).is_lt(),
        "multipleOf" => is_multiple(number, limit),
        _ => true,
    }
}

/// Whether an instance has the type, or one of the types, that `type` names.
pub(super) fn is_of(kinds: &Value, instance: &Value) -> bool {
    match kinds {
        Value::String(kind) => has_kind(kind, instance),
        kinds => list(kinds).iter().any(|kind| is_of(kind, instance)),
    }
}

fn has_kind(kind: &str, instance: &Value) -> bool {
    match instance {
        Value::Null => kind == "null",
        Value::Bool(_) => kind == "boolean",
        Value::Number(number) => kind == "number" || kind == "integer" && is_integer(number),
        Value::String(_) => kind == "string",
        Value::Array(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}

/// Whether it is the name of a type.
pub(super) fn is_kind_name(kind: &str) -> bool {
    matches!(kind, "null" | "boolean" | "integer" | "number" | "string" | "array" | "object")
}

pub(super) fn all_differ(items: &[Value]) -> bool {
    let mut seen = HashSet::new();
    items.iter().all(|item| seen.insert(Exact(item)))
}

/// How many items `prefixItems` has schemas for.
pub(super) fn prefix(members: &Map<String, Value>) -> usize {
    members.get("prefixItems").map_or(0, |schemas| list(schemas).len())
}

/// The names that an object lacks.
pub(super) fn missing<'s>(
    names: &'s Value,
    object: &Map<String, Value>,
) -> impl Iterator<Item = &'s str> {
    let names = list(names).iter().filter_map(Value::as_str);
    names.filter(|name| !object.contains_key(*name))
}

/// The items of an array; none of anything else.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The members of an object; none of anything else.
pub(super) fn each(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
