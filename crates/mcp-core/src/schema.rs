//! JSON Schema 2020-12: made of types, checked when a server is built, held against arguments.

use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use crate::jsonrpc::shown;

/// How deep a schema may nest. Deeper ones cost more to check than any real one needs.
const MAX_DEPTH: usize = 48;
/// How many faults of one set of arguments are told; an agent mends these first.
const MAX_FAULTS: usize = 5;
const HEADER_KEYWORD: &str = "x-mcp-header";

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

/// An argument that a client mirrors in an HTTP header, `Mcp-Param-<header>` (specification
/// 2026-07-28, Streamable HTTP).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderParam {
    /// The name after `Mcp-Param-`, as the schema spells it.
    pub header: String,
    /// Where the value is, from the root of the arguments.
    pub path: Vec<String>,
    /// How it is compared.
    pub kind: HeaderKind,
}

/// The types an argument in a header may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderKind {
    /// Compared as text.
    String,
    /// Compared as a number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

/// An input schema: what is listed, and what arguments are held against.
#[derive(Debug)]
pub(crate) struct InputSchema {
    pub(crate) json: Value,
    pub(crate) headers: Vec<HeaderParam>,
    // Compiling costs more than a call, and most tools of a server are not called in one sandbox.
    validator: OnceLock<Validator>,
}

impl InputSchema {
    /// A schema made of a type, which needs no more than the checks a type does not imply.
    pub(crate) fn generated(schema: Schema) -> Result<Self, SchemaError> {
        let mut json = schema.to_value();
        normalize(&mut json);
        Self::checked(json)
    }

    /// A schema that somebody wrote, which is compiled at once to see that it is one.
    pub(crate) fn written(json: Value) -> Result<Self, SchemaError> {
        let schema = Self::checked(json)?;
        let validator = compile(&schema.json).map_err(SchemaError::Illegal)?;
        Ok(Self { validator: OnceLock::from(validator), ..schema })
    }

    fn checked(json: Value) -> Result<Self, SchemaError> {
        if json.get("type").and_then(Value::as_str) != Some("object") {
            return Err(SchemaError::RootIsNotAnObject);
        }
        let mut headers = Vec::new();
        Walk { headers: &mut headers }.schema(&json, &mut Vec::new(), true, 0)?;
        Ok(Self { json, headers, validator: OnceLock::new() })
    }

    /// Holds arguments against the schema; an error is one line a fault, for the agent.
    pub(crate) fn validate(&self, arguments: &Value) -> Result<(), String> {
        let validator = match self.validator.get() {
            Some(validator) => validator,
            None => {
                let compiled = compile(&self.json)?;
                self.validator.get_or_init(|| compiled)
            }
        };
        let mut errors = validator.iter_errors(arguments).peekable();
        if errors.peek().is_none() {
            return Ok(());
        }
        let faults: Vec<_> = errors.by_ref().take(MAX_FAULTS).map(|err| describe(&err)).collect();
        let more = errors.count();
        let tail = if more == 0 { String::new() } else { format!("\nand {more} more") };
        Err(format!("{}{tail}", faults.join("\n")))
    }
}

fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::draft202012::options().build(schema).map_err(|err| err.to_string())
}

/// An output schema is listed and never compiled: what it promises is held in tests.
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

struct Walk<'a> {
    headers: &'a mut Vec<HeaderParam>,
}

impl Walk<'_> {
    /// `reachable`: the place can be reached from the root through `properties` alone.
    fn schema(
        &mut self,
        schema: &Value,
        path: &mut Vec<String>,
        reachable: bool,
        depth: usize,
    ) -> Result<(), SchemaError> {
        if depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep);
        }
        match schema {
            Value::Object(members) => self.members(members, path, reachable, depth),
            Value::Array(items) => {
                items.iter().try_for_each(|item| self.schema(item, path, false, depth + 1))
            }
            _ => Ok(()),
        }
    }

    fn members(
        &mut self,
        members: &Map<String, Value>,
        path: &mut Vec<String>,
        reachable: bool,
        depth: usize,
    ) -> Result<(), SchemaError> {
        for (keyword, value) in members {
            match (keyword.as_str(), value) {
                ("$ref" | "$dynamicRef", Value::String(to)) if !to.starts_with('#') => {
                    return Err(SchemaError::ExternalReference(to.clone()));
                }
                ("$schema", Value::String(dialect)) if !is_2020_12(dialect) => {
                    return Err(SchemaError::Dialect(dialect.clone()));
                }
                (HEADER_KEYWORD, name) => self.header(members, name, path, reachable)?,
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        path.push(name.clone());
                        self.schema(property, path, reachable, depth + 1)?;
                        path.pop();
                    }
                }
                // These hold data, not schemas.
                ("default" | "const" | "enum" | "examples", _) => {}
                (_, value) => self.schema(value, path, false, depth + 1)?,
            }
        }
        Ok(())
    }

    fn header(
        &mut self,
        property: &Map<String, Value>,
        name: &Value,
        path: &[String],
        reachable: bool,
    ) -> Result<(), SchemaError> {
        let fault = |fault| Err(SchemaError::Header { at: format!("/{}", path.join("/")), fault });
        let Some(header) = name.as_str().filter(|name| is_token(name)) else {
            return fault("it must be a token (RFC 9110, section 5.6.2)");
        };
        if !reachable || path.is_empty() {
            return fault("it must be reachable through properties alone");
        }
        let kind = match property.get("type").and_then(Value::as_str) {
            Some("string") => HeaderKind::String,
            Some("integer") => HeaderKind::Integer,
            Some("boolean") => HeaderKind::Boolean,
            _ => return fault("its type must be string, integer or boolean"),
        };
        if self.headers.iter().any(|other| other.header.eq_ignore_ascii_case(header)) {
            return fault("another argument has the same header");
        }
        self.headers.push(HeaderParam { header: header.to_owned(), path: path.to_vec(), kind });
        Ok(())
    }
}

fn is_2020_12(dialect: &str) -> bool {
    dialect.trim_end_matches('#') == "https://json-schema.org/draft/2020-12/schema"
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// One fault, as an agent can mend it: which argument, what was expected, what came.
fn describe(error: &ValidationError<'_>) -> String {
    let path = error.instance_path().as_str().trim_start_matches('/').replace('/', ".");
    let got = || came(error.instance());
    let (name, expected) = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let name = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            return format!("{name}: is required");
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let names: Vec<_> = unexpected.iter().map(|name| shown(name)).collect();
            let owner = if path.is_empty() { "arguments".to_owned() } else { path };
            return format!("{owner}: no such argument: {}", names.join(", "));
        }
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => (path, kind.to_string()),
        ValidationErrorKind::Type { kind: TypeKind::Multiple(kinds) } => {
            let kinds: Vec<_> = kinds.iter().map(|kind| kind.to_string()).collect();
            (path, kinds.join(" or "))
        }
        ValidationErrorKind::Enum { options } => (path, format!("one of {options}")),
        ValidationErrorKind::Constant { expected_value } => (path, expected_value.to_string()),
        ValidationErrorKind::AnyOf { context } => (path, alternatives(context)),
        // The rest say what they want; the value is masked, since it may be long or private.
        _ => (path, error.masked_with("value").to_string()),
    };
    let name = if name.is_empty() { "arguments".to_owned() } else { name };
    format!("{name}: expected {expected}, got {}", got())
}

/// `anyOf` of plain types, as in `string or null`, else its own words.
fn alternatives(context: &[Vec<ValidationError<'static>>]) -> String {
    let kinds: Option<Vec<_>> = context
        .iter()
        .map(|errors| match errors.first()?.kind() {
            ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => Some(kind.to_string()),
            _ => None,
        })
        .collect();
    kinds.map_or_else(|| "a value that fits one of its schemas".to_owned(), |k| k.join(" or "))
}

fn came(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::String(text) => format!("the string {:?}", shown(text)),
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bad_argument_is_named_with_what_was_expected_and_what_came() {
        let schema = InputSchema::written(json!({
            "type": "object",
            "properties": {
                "query": {"type": "string"},
                "limit": {"type": "integer", "minimum": 1},
                "region": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "output": {"enum": ["auto", "full"]},
                "nested": {"type": "object", "required": ["a"]}
            },
            "required": ["query"],
            "additionalProperties": false
        }))
        .unwrap();
        for (arguments, text) in [
            (json!({}), "query: is required"),
            (json!({"query": 5}), "query: expected string, got 5"),
            (json!({"query": "up", "limit": "x"}), "limit: expected integer, got the string \"x\""),
            (json!({"query": "up", "region": 7}), "region: expected string or null, got 7"),
            (
                json!({"query": "up", "output": "all"}),
                "output: expected one of [\"auto\",\"full\"], got the string \"all\"",
            ),
            (json!({"query": "up", "nested": {}}), "nested.a: is required"),
            (json!({"query": "up", "qurey": 1}), "arguments: no such argument: qurey"),
        ] {
            assert_eq!(schema.validate(&arguments), Err(text.to_owned()));
        }
        let below = schema.validate(&json!({"query": "up", "limit": 0})).unwrap_err();
        assert!(below.starts_with("limit: expected"), "{below}");
        assert_eq!(schema.validate(&json!({"query": "up", "region": null})), Ok(()));
    }

    #[test]
    fn a_schema_that_cannot_be_offered_is_refused() {
        use SchemaError::{Dialect, ExternalReference, RootIsNotAnObject, TooDeep};
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
                json!({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}),
                Dialect("http://json-schema.org/draft-07/schema#".into()),
            ),
        ] {
            assert_eq!(InputSchema::written(schema.clone()).unwrap_err(), error, "{schema}");
        }
        let illegal = json!({"type": "object", "properties": {"a": {"type": "strin"}}});
        assert!(matches!(InputSchema::written(illegal), Err(SchemaError::Illegal(_))));
    }

    #[test]
    fn h10_a_header_is_taken_only_where_every_client_can_find_it() {
        let with = |properties: Value| {
            InputSchema::written(json!({"type": "object", "properties": properties}))
        };
        let headers = with(json!({
            "region": {"type": "string", "x-mcp-header": "Region"},
            "page": {"type": "object", "properties": {
                "size": {"type": "integer", "x-mcp-header": "Page-Size"}}}
        }))
        .unwrap()
        .headers;
        assert_eq!(headers[1].path, ["page", "size"]);
        assert_eq!(headers[1].kind, HeaderKind::Integer);
        for bad in [
            json!({"a": {"type": "string", "x-mcp-header": ""}}),
            json!({"a": {"type": "string", "x-mcp-header": "a b"}}),
            json!({"a": {"type": "number", "x-mcp-header": "A"}}),
            json!({"a": {"x-mcp-header": "A"}}),
            json!({"a": {"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}}),
            json!({"a": {"anyOf": [{"type": "string", "x-mcp-header": "A"}]}}),
            json!({"a": {"type": "string", "x-mcp-header": "A"},
                   "b": {"type": "string", "x-mcp-header": "a"}}),
        ] {
            assert!(matches!(with(bad.clone()), Err(SchemaError::Header { .. })), "{bad}");
        }
    }
}
