//! What the neighbours of `unevaluatedItems` and `unevaluatedProperties` have looked at already
//! (JSON Schema Core 2020-12, section 11). Only a schema with these keywords pays for it: the
//! others collect nothing while they are held against a value.

use serde_json::{Map, Value};

use super::{Validation, each, list, prefix};

impl Validation<'_> {
    /// Which items or properties of `instance` the schema `members` evaluates without its keyword
    /// `except`: a mark for each, in their order.
    pub(in crate::schema) fn evaluated(
        &self,
        members: &Map<String, Value>,
        except: &str,
        instance: &Value,
    ) -> Vec<bool> {
        let mut marks = match instance {
            Value::Array(items) => vec![false; items.len()],
            Value::Object(object) => vec![false; object.len()],
            _ => Vec::new(),
        };
        for (keyword, value) in members.iter().filter(|(keyword, _)| *keyword != except) {
            self.mark(members, keyword, value, instance, &mut marks);
        }
        marks
    }

    /// Marks what one keyword evaluates. Where it may not fit, it is asked whether it does; where
    /// it must, the schema is refused in any case if it does not.
    fn mark(
        &self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        instance: &Value,
        marks: &mut [bool],
    ) {
        match keyword {
            "$ref" | "$dynamicRef" => {
                if let Some(target) = self.target(value) {
                    self.mark_schema(target, instance, marks);
                }
            }
            "allOf" => {
                list(value).iter().for_each(|schema| self.mark_schema(schema, instance, marks));
            }
            "anyOf" | "oneOf" => {
                for schema in list(value).iter().filter(|schema| self.valid(schema, instance)) {
                    self.mark_schema(schema, instance, marks);
                }
            }
            "if" => {
                if self.valid(value, instance) {
                    self.mark_schema(value, instance, marks);
                }
                if let Some(branch) = self.branch(members, value, instance) {
                    self.mark_schema(branch, instance, marks);
                }
            }
            _ => match instance {
                Value::Array(items) => self.mark_items(members, keyword, value, items, marks),
                Value::Object(object) => {
                    self.mark_properties(members, keyword, value, object, marks);
                    if keyword == "dependentSchemas" {
                        let given = each(value).filter(|(name, _)| object.contains_key(*name));
                        given.for_each(|(_, schema)| self.mark_schema(schema, instance, marks));
                    }
                }
                _ => {}
            },
        }
    }

    fn mark_schema(&self, schema: &Value, instance: &Value, marks: &mut [bool]) {
        if let Value::Object(members) = schema
            && self.enter()
        {
            for (keyword, value) in members {
                self.mark(members, keyword, value, instance, marks);
            }
            self.leave();
        }
    }

    fn mark_items(
        &self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        items: &[Value],
        marks: &mut [bool],
    ) {
        match keyword {
            "prefixItems" => marks.iter_mut().take(prefix(members)).for_each(|mark| *mark = true),
            "items" | "unevaluatedItems" => marks.fill(true),
            "contains" => {
                for (mark, item) in marks.iter_mut().zip(items) {
                    *mark |= self.valid(value, item);
                }
            }
            _ => {}
        }
    }

    fn mark_properties(
        &self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        object: &Map<String, Value>,
        marks: &mut [bool],
    ) {
        let mut mark = |known: &dyn Fn(&str) -> bool| {
            for (mark, name) in marks.iter_mut().zip(object.keys()) {
                *mark |= known(name);
            }
        };
        match keyword {
            "properties" => mark(&|name| value.get(name).is_some()),
            "patternProperties" => mark(&|name| self.named(members, name)),
            "additionalProperties" | "unevaluatedProperties" => marks.fill(true),
            _ => {}
        }
    }
}
