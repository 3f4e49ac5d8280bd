//! A schema that was found to be one: each keyword holds what it may, and each `$ref` leads to a
//! schema. What is held against arguments later relies on this and checks no more.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ptr;

use percent_encoding::percent_decode_str;
use regex_lite::Regex;
use serde_json::Value;

use super::validate::{all_differ, each, is_count, is_kind_name, list};
use super::{MAX_DEPTH, SchemaError};

/// How many schemas may apply to one value, one leading to the next. More is a circle.
const MAX_CHAIN: usize = 100;

/// A schema, with what its words stand for.
#[derive(Debug)]
pub(super) struct Document {
    root: Value,
    /// Regular expressions, by their text.
    patterns: BTreeMap<String, Regex>,
    /// The JSON pointers that references stand for, by their text.
    targets: BTreeMap<String, String>,
}

impl Document {
    /// Checks a schema. That of a usual tool takes 20,000 instructions; a pattern takes more than
    /// that, since it is compiled.
    pub(super) fn new(root: Value) -> Result<Self, SchemaError> {
        let mut survey = Survey::default();
        survey.schema(&root, 0)?;
        let targets = survey.targets(&root)?;
        let document = Self { patterns: survey.patterns, targets, root };
        let mut settled = HashSet::new();
        for reference in document.targets.keys() {
            let target = document.target(reference);
            if !target.is_some_and(|target| document.settles(target, 0, &mut settled)) {
                let fault = "leads back to itself";
                return Err(SchemaError::Reference { reference: reference.clone(), fault });
            }
        }
        Ok(document)
    }

    pub(super) fn root(&self) -> &Value {
        &self.root
    }

    /// The schema that a `$ref` or `$dynamicRef` of this document means. They are the same here:
    /// in a single document, the first `$dynamicAnchor` in scope is the only one.
    pub(super) fn target(&self, reference: &str) -> Option<&Value> {
        self.root.pointer(self.targets.get(reference)?)
    }

    /// A `pattern` of this document, or a name under its `patternProperties`.
    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        self.patterns.get(pattern).is_some_and(|pattern| pattern.is_match(text))
    }

    /// Whether `schema` applies without applying itself to the same value.
    fn settles<'d>(
        &'d self,
        schema: &'d Value,
        chain: usize,
        settled: &mut HashSet<*const Value>,
    ) -> bool {
        if chain > MAX_CHAIN {
            return false;
        }
        let Value::Object(members) = schema else {
            return true;
        };
        if settled.contains(&ptr::from_ref(schema)) {
            return true;
        }
        let settles = members.iter().all(|(keyword, value)| {
            let next: Vec<&Value> = match keyword.as_str() {
                "$ref" | "$dynamicRef" => {
                    value.as_str().and_then(|to| self.target(to)).into_iter().collect()
                }
                "not" | "if" | "then" | "else" => vec![value],
                "allOf" | "anyOf" | "oneOf" => list(value).iter().collect(),
                "dependentSchemas" => each(value).map(|(_, schema)| schema).collect(),
                _ => return true,
            };
            next.into_iter().all(|schema| self.settles(schema, chain + 1, settled))
        });
        settled.insert(ptr::from_ref(schema));
        settles
    }
}

/// One walk over all schemas of a document.
#[derive(Default)]
struct Survey<'s> {
    /// Where the walk is.
    path: Vec<Cow<'s, str>>,
    schemas: Vec<&'s Value>,
    references: Vec<&'s str>,
    /// The JSON pointer of each.
    anchors: BTreeMap<&'s str, String>,
    patterns: BTreeMap<String, Regex>,
}

impl<'s> Survey<'s> {
    fn schema(&mut self, schema: &'s Value, depth: usize) -> Result<(), SchemaError> {
        if depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep);
        }
        self.schemas.push(schema);
        match schema {
            Value::Bool(_) => Ok(()),
            Value::Object(members) => members
                .iter()
                .try_for_each(|(keyword, value)| self.keyword(keyword, value, depth + 1)),
            _ => self.illegal("a schema"),
        }
    }

    fn keyword(
        &mut self,
        keyword: &'s str,
        value: &'s Value,
        depth: usize,
    ) -> Result<(), SchemaError> {
        let anchor = matches!(keyword, "$anchor" | "$dynamicAnchor").then(|| self.pointer());
        self.path.push(Cow::Borrowed(keyword));
        match (keyword, value) {
            (
                "additionalProperties"
                | "contains"
                | "contentSchema"
                | "else"
                | "if"
                | "items"
                | "not"
                | "propertyNames"
                | "then"
                | "unevaluatedItems"
                | "unevaluatedProperties",
                _,
            ) => self.schema(value, depth)?,
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas))
                if !schemas.is_empty() =>
            {
                for (index, schema) in schemas.iter().enumerate() {
                    self.path.push(Cow::Owned(index.to_string()));
                    self.schema(schema, depth)?;
                    self.path.pop();
                }
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", _) => {
                self.illegal("an array of schemas")?;
            }
            (
                "$defs" | "definitions" | "dependentSchemas" | "patternProperties" | "properties",
                Value::Object(schemas),
            ) => {
                for (name, schema) in schemas {
                    self.path.push(Cow::Borrowed(name));
                    if keyword == "patternProperties" {
                        self.pattern(name)?;
                    }
                    self.schema(schema, depth)?;
                    self.path.pop();
                }
            }
            (
                "$defs" | "definitions" | "dependentSchemas" | "patternProperties" | "properties",
                _,
            ) => self.illegal("an object of schemas")?,
            ("pattern", Value::String(pattern)) => self.pattern(pattern)?,
            ("$ref" | "$dynamicRef", Value::String(to)) => self.references.push(to),
            ("$anchor" | "$dynamicAnchor", Value::String(name)) => {
                let pointer = anchor.unwrap_or_default();
                if !is_anchor(name) || self.anchors.insert(name, pointer).is_some() {
                    self.illegal("a name that no other has")?;
                }
            }
            ("$id", Value::String(id)) if self.path.len() > 1 => {
                return Err(SchemaError::EmbeddedDocument(id.clone()));
            }
            ("$schema", Value::String(dialect)) if !is_2020_12(dialect) => {
                return Err(SchemaError::Dialect(dialect.clone()));
            }
            _ => self.data(keyword, value)?,
        }
        self.path.pop();
        Ok(())
    }

    /// The keywords whose values are no schemas.
    fn data(&self, keyword: &str, value: &Value) -> Result<(), SchemaError> {
        let (fits, expected) = match keyword {
            "$anchor" | "$comment" | "$dynamicAnchor" | "$dynamicRef" | "$id" | "$ref"
            | "$schema" | "contentEncoding" | "contentMediaType" | "description" | "format"
            | "pattern" | "title" => (value.is_string(), "a string"),
            "deprecated" | "readOnly" | "uniqueItems" | "writeOnly" => {
                (value.is_boolean(), "true or false")
            }
            "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" => {
                (value.is_number(), "a number")
            }
            "multipleOf" => (value.as_f64().is_some_and(|of| of > 0.0), "a number above 0"),
            "maxContains" | "maxItems" | "maxLength" | "maxProperties" | "minContains"
            | "minItems" | "minLength" | "minProperties" => (is_count(value), "a whole number"),
            "enum" | "examples" => (value.is_array(), "an array"),
            "required" => (is_names(value), "an array of names"),
            "dependentRequired" => {
                let fits = value.as_object().is_some_and(|by| by.values().all(is_names));
                (fits, "an object of arrays of names")
            }
            "type" => {
                let is_kind = |kind: &Value| kind.as_str().is_some_and(is_kind_name);
                let kinds = list(value);
                let some = !kinds.is_empty() && kinds.iter().all(is_kind) && all_differ(kinds);
                (is_kind(value) || some, "names of types")
            }
            _ => return Ok(()),
        };
        if fits { Ok(()) } else { self.illegal(expected) }
    }

    fn pattern(&mut self, text: &str) -> Result<(), SchemaError> {
        if !self.patterns.contains_key(text) {
            let pattern = Regex::new(text)
                .map_err(|err| SchemaError::Illegal(format!("{}: {err}", self.pointer())))?;
            self.patterns.insert(text.to_owned(), pattern);
        }
        Ok(())
    }

    /// What each reference stands for.
    fn targets(&self, root: &Value) -> Result<BTreeMap<String, String>, SchemaError> {
        let target = |&reference: &&str| {
            let Some(fragment) = reference.strip_prefix('#') else {
                return Err(SchemaError::ExternalReference(reference.to_owned()));
            };
            let place = percent_decode_str(fragment).decode_utf8_lossy();
            let pointer = match self.anchors.get(&*place) {
                Some(pointer) => pointer.clone(),
                None => place.into_owned(),
            };
            let is_schema =
                |place: &Value| self.schemas.iter().any(|schema| ptr::eq(*schema, place));
            if root.pointer(&pointer).is_some_and(is_schema) {
                return Ok((reference.to_owned(), pointer));
            }
            let fault = "leads to no schema";
            Err(SchemaError::Reference { reference: reference.to_owned(), fault })
        };
        self.references.iter().map(target).collect()
    }

    fn pointer(&self) -> String {
        let escaped = |step: &Cow<'_, str>| step.replace('~', "~0").replace('/', "~1");
        self.path.iter().map(|step| format!("/{}", escaped(step))).collect()
    }

    fn illegal(&self, expected: &str) -> Result<(), SchemaError> {
        Err(SchemaError::Illegal(format!("{}: expected {expected}", self.pointer())))
    }
}

fn is_2020_12(dialect: &str) -> bool {
    dialect.trim_end_matches('#') == "https://json-schema.org/draft/2020-12/schema"
}

fn is_anchor(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

fn is_names(value: &Value) -> bool {
    value.as_array().is_some_and(|names| names.iter().all(Value::is_string) && all_differ(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_with_a_schema_is_said_with_its_place() {
        for (schema, text) in [
            (json!(5), ": expected a schema"),
            (
                json!({"properties": {"a": {"type": "strin"}}}),
                "/properties/a/type: expected names of types",
            ),
            (json!({"type": []}), "/type: expected names of types"),
            (json!({"properties": {"a/b": 5}}), "/properties/a~1b: expected a schema"),
            (json!({"properties": []}), "/properties: expected an object of schemas"),
            (json!({"allOf": []}), "/allOf: expected an array of schemas"),
            (json!({"anyOf": [{}, {"minimum": "1"}]}), "/anyOf/1/minimum: expected a number"),
            (json!({"items": [{}]}), "/items: expected a schema"),
            (json!({"required": "a"}), "/required: expected an array of names"),
            (json!({"required": [1]}), "/required: expected an array of names"),
            (
                json!({"dependentRequired": {"a": "b"}}),
                "/dependentRequired: expected an object of arrays of names",
            ),
            (json!({"maxLength": -1}), "/maxLength: expected a whole number"),
            (json!({"maxLength": 1.5}), "/maxLength: expected a whole number"),
            (json!({"multipleOf": 0}), "/multipleOf: expected a number above 0"),
            (json!({"uniqueItems": 1}), "/uniqueItems: expected true or false"),
            (json!({"enum": "a"}), "/enum: expected an array"),
            (json!({"pattern": 1}), "/pattern: expected a string"),
            (json!({"$ref": 1}), "/$ref: expected a string"),
            (
                json!({"allOf": [{"$anchor": "a"}, {"$anchor": "a"}]}),
                "/allOf/1/$anchor: expected a name that no other has",
            ),
        ] {
            let error = Document::new(schema).unwrap_err();
            assert_eq!(error, SchemaError::Illegal(text.to_owned()));
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_compiled_is_refused() {
        for schema in [
            json!({"pattern": "(?=a)b"}),
            json!({"pattern": "("}),
            json!({"pattern": "\\p{Letter}"}),
            json!({"pattern": "(((a{1000}){1000}){1000})"}),
            json!({"patternProperties": {"[": true}}),
        ] {
            let error = Document::new(schema.clone()).unwrap_err();
            assert!(matches!(error, SchemaError::Illegal(_)), "{schema}: {error}");
        }
    }

    #[test]
    fn a_reference_leads_to_a_schema_of_the_document_and_not_in_a_circle() {
        let fault = |schema: Value| match Document::new(schema).unwrap_err() {
            SchemaError::Reference { fault, .. } => fault,
            other => panic!("{other}"),
        };
        for schema in [
            json!({"$ref": "#/$defs/a"}),
            json!({"$ref": "#a"}),
            json!({"$ref": "#/enum/0", "enum": [{}]}),
            json!({"$ref": "#/properties", "properties": {}}),
        ] {
            assert_eq!(fault(schema), "leads to no schema");
        }
        for schema in [
            json!({"$ref": "#"}),
            json!({"allOf": [{"not": {"$ref": "#"}}]}),
            json!({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {
                "b": {"if": {"$dynamicRef": "#c"}},
                "c": {"$dynamicAnchor": "c", "dependentSchemas": {"a": {"$ref": "#/$defs/b"}}}}}),
        ] {
            assert_eq!(fault(schema), "leads back to itself");
        }
        let fine = json!({
            "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#/$defs/c%25~1"}},
            "items": {"allOf": [{"$ref": "#list"}, {"$ref": "#list"}]},
            "$defs": {"c%/": {"$anchor": "list", "items": {"$ref": "#list"}}}
        });
        assert!(Document::new(fine).is_ok());
    }
}
