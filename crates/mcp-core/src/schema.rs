//! JSON Schema 2020-12: made of types, checked when a server is built, held against arguments.

mod describe;
mod document;
mod headers;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod suite;
mod validate;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use document::Document;
pub use headers::{HeaderKind, HeaderParam};
use validate::Validation;

/// How deep a schema may nest. Deeper ones cost more to check than any real one needs.
const MAX_DEPTH: usize = 48;

/// The schema of `T`, as short as it can be: 2020-12 is the dialect MCP assumes, so `$schema` goes
/// without saying, and so does the name of a Rust type.
#[must_use]
pub fn of<T: JsonSchema>() -> Schema {
    let mut settings = SchemaSettings::draft2020_12();
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema
}

/// Why a schema cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Arguments are named, so the root of an input schema is an object (specification, Tools).
    #[error("the root must have \"type\": \"object\"")]
    RootIsNotAnObject,
    /// Nested beyond what is checked.
    #[error("it nests more than {MAX_DEPTH} levels")]
    TooDeep,
    /// A `$ref` out of the document: nothing is ever fetched.
    #[error("$ref {0:?} leaves the document")]
    ExternalReference(String),
    /// A `$ref` that leads to no schema, or back to itself.
    #[error("$ref {reference:?} {fault}")]
    Reference {
        /// As the schema spells it.
        reference: String,
        /// What is wrong.
        fault: &'static str,
    },
    /// An `$id` below the root: a second document in the first, which references would have to
    /// tell apart.
    #[error("$id {0:?} is below the root")]
    EmbeddedDocument(String),
    /// A dialect other than 2020-12.
    #[error("dialect {0:?} is not supported")]
    Dialect(String),
    /// `x-mcp-header` where it may not be, or not as it may be.
    #[error("x-mcp-header at {at}: {fault}")]
    Header {
        /// Where in the schema.
        at: String,
        /// What is wrong.
        fault: &'static str,
    },
    /// Not a schema at all.
    #[error("{0}")]
    Illegal(String),
}

/// An input schema: what is listed, and what arguments are held against.
#[derive(Debug)]
pub(crate) struct InputSchema {
    pub(crate) headers: Vec<HeaderParam>,
    document: Document,
}

impl InputSchema {
    /// A schema made of a type.
    pub(crate) fn generated(schema: Schema) -> Result<Self, SchemaError> {
        let mut json = schema.to_value();
        normalize(&mut json);
        Self::written(json)
    }

    /// A schema that somebody wrote.
    pub(crate) fn written(json: Value) -> Result<Self, SchemaError> {
        if json.get("type").and_then(Value::as_str) != Some("object") {
            return Err(SchemaError::RootIsNotAnObject);
        }
        let document = Document::new(json)?;
        Ok(Self { headers: headers::of(document.root())?, document })
    }

    /// As it is listed.
    pub(crate) fn json(&self) -> &Value {
        self.document.root()
    }

    /// Holds arguments against the schema; an error is one line a fault, for the agent.
    pub(crate) fn validate(&self, arguments: &Value) -> Result<(), String> {
        match Validation::new(&self.document).verdict(arguments) {
            Ok(true) => Ok(()),
            Ok(false) => Err(describe::faults(&self.document, arguments)),
            Err(exhausted) => Err(format!("arguments: {exhausted}")),
        }
    }
}

/// An output schema is listed and never checked: what it promises is held in tests.
pub(crate) fn output(schema: Schema) -> Value {
    let mut json = schema.to_value();
    normalize(&mut json);
    json
}

/// Writes what schemars leaves short in the form that older revisions want too: objects for the
/// boolean schemas among `properties`.
fn normalize(schema: &mut Value) {
    let Some(root) = schema.as_object_mut() else {
        return;
    };
    if let Some(properties) = root.get_mut("properties").and_then(Value::as_object_mut) {
        for property in properties.values_mut() {
            if property == &Value::Bool(true) {
                *property = Value::Object(Map::new());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_that_cannot_be_offered_is_refused() {
        use SchemaError::{Dialect, EmbeddedDocument, ExternalReference};
        use SchemaError::{RootIsNotAnObject, TooDeep};
        let mut deep = json!({});
        for _ in 0..60 {
            deep = json!({"not": deep});
        }
        for (schema, error) in [
            (json!({}), RootIsNotAnObject),
            (json!({"type": "array"}), RootIsNotAnObject),
            (json!({"type": "object", "not": deep}), TooDeep),
            (
                json!({"type": "object", "properties": {"a": {"$ref": "http://x/y"}}}),
                ExternalReference("http://x/y".into()),
            ),
            (
                json!({"type": "object", "$defs": {"default": {"$ref": "http://x/y"}}}),
                ExternalReference("http://x/y".into()),
            ),
            (
                json!({"type": "object", "properties": {"a": {"$id": "http://x/y"}}}),
                EmbeddedDocument("http://x/y".into()),
            ),
            (
                json!({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}),
                Dialect("http://json-schema.org/draft-07/schema#".into()),
            ),
        ] {
            assert_eq!(InputSchema::written(schema.clone()).unwrap_err(), error, "{schema}");
        }
    }

    #[test]
    fn arguments_that_take_too_much_work_are_refused_rather_than_worked_on() {
        // Each level doubles the work.
        let mut definitions = json!({"d0": {"type": "array"}});
        for level in 1..=30 {
            let below = format!("#/$defs/d{}", level - 1);
            definitions[format!("d{level}")] = json!({"allOf": [{"$ref": below}, {"$ref": below}]});
        }
        let text = "arguments: they cannot be validated: it takes too much work";
        for a in [
            json!({"$ref": "#/$defs/d30"}),
            json!({"unevaluatedItems": false, "$ref": "#/$defs/d30"}),
        ] {
            let schema = json!({"type": "object", "properties": {"a": a}, "$defs": definitions});
            let schema = InputSchema::written(schema).unwrap();
            assert_eq!(schema.validate(&json!({"a": [1]})), Err(text.to_owned()));
            assert_eq!(schema.validate(&json!({"b": 1})), Ok(()));
        }
    }

    #[test]
    fn deep_arguments_are_refused_before_the_stack_ends() {
        let mut deep = json!({});
        for _ in 0..120 {
            deep = json!({"a": deep});
        }
        let mut chain = json!({"$ref": "#"});
        for _ in 0..10 {
            chain = json!({"allOf": [chain]});
        }
        let schema = json!({"type": "object", "properties": {"a": chain}});
        let fault = InputSchema::written(schema).unwrap().validate(&deep).unwrap_err();
        assert_eq!(fault, "arguments: they cannot be validated: it takes too much work");
        // A fault on top ends the verdict at once, while its description goes further.
        let schema = json!({"type": "object", "required": ["b"], "properties": {"a": chain}});
        let fault = InputSchema::written(schema).unwrap().validate(&deep).unwrap_err();
        assert!(fault.starts_with("b: is required\na.b: is required\n"), "{fault}");
        // As deep as JSON is read, with what schemars makes of an optional type.
        let plain = json!({"type": "object", "properties": {
            "a": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}});
        assert_eq!(InputSchema::written(plain).unwrap().validate(&deep), Ok(()));
    }
}
