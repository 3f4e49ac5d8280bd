//! Holds a description of a REST API to the official schema of OpenAPI 3.1 (`schema/openapi-3.1/schema.json`), and its
//! schemas to JSON Schema 2020-12.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::Value;

/// Panics unless `document` is an OpenAPI 3.1 description whose references all lead somewhere, whose operations have names
/// of their own, and whose examples are what their schemas want.
///
/// # Panics
/// With every violation.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion for tests")]
pub fn check(document: &Value) {
    let found = violations(document);
    if !found.is_empty() {
        panic!("{}\n{document:#}", found.join("\n"));
    }
}

/// What is wrong with `document`; empty when it is valid.
pub fn violations(document: &Value) -> Vec<String> {
    let told = |err: jsonschema::ValidationError<'_>| format!("{}: {err}", err.instance_path());
    let mut found: Vec<String> = SCHEMA.iter_errors(document).map(told).collect();
    let mut names = BTreeSet::new();
    walk(document, "", &mut |at, member, value| {
        if member == "$ref"
            && let Some(target) = value.as_str()
        {
            let reached = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
            if reached.is_none() {
                found.push(format!("{at}: {target} leads nowhere"));
            }
        }
        if member == "operationId" && !names.insert(value.to_string()) {
            found.push(format!("{at}: {value} is there twice"));
        }
        if member == "schema" && !jsonschema::meta::is_valid(value) {
            found.push(format!("{at}: no schema"));
        }
        if let (Some(schema), Some(example)) = (value.get("schema"), value.get("example")) {
            match validator(document, schema) {
                Ok(validator) if validator.is_valid(example) => {}
                Ok(_) => found.push(format!("{at}: the example is not what the schema wants")),
                Err(err) => found.push(format!("{at}: {err}")),
            }
        }
    });
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        if !jsonschema::meta::is_valid(schema) {
            found.push(format!("components.schemas.{name}: no schema"));
        }
    }
    found
}

/// Holds values to `schema`, which is a part of `document` and may refer to others.
///
/// # Errors
/// Why it is no schema.
pub fn validator(document: &Value, schema: &Value) -> Result<Validator, String> {
    let mut root = schema.clone();
    if let (Some(root), Some(components)) = (root.as_object_mut(), document.get("components")) {
        root.insert("components".to_owned(), components.clone());
    }
    jsonschema::options().with_draft(Draft::Draft202012).build(&root).map_err(|err| err.to_string())
}

fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &str, &Value)) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let at = format!("{at}/{name}");
                visit(&at, name, value);
                walk(value, &at, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, at, visit)),
        _ => {}
    }
}

#[expect(clippy::expect_used, reason = "the input is vendored; a fault in it is ours")]
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let source = include_str!("../schema/openapi-3.1/schema.json");
    let schema = serde_json::from_str(source).expect("a vendored schema is JSON");
    let options = jsonschema::options().with_draft(Draft::Draft202012);
    options.build(&schema).expect("a vendored schema is one")
});

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(operation: Value) -> Value {
        json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/": {"get": operation}},
        })
    }

    #[test]
    fn what_is_not_valid_is_found() {
        let fine = json!({"responses": {"200": {"description": "fine"}}});
        assert_eq!(violations(&document(fine)), [""; 0]);
        let schema = |schema: Value| {
            let body = json!({"content": {"application/json": {"schema": schema, "example": 1}}});
            json!({"requestBody": body, "responses": {"200": {"description": "fine"}}})
        };
        assert_eq!(violations(&document(schema(json!({"type": "integer"})))), [""; 0]);
        for bad in [
            json!({"responses": {"200": {}}}),
            json!({"responses": {}}),
            json!({"responses": {"default": {"$ref": "#/components/responses/none"}}}),
            schema(json!({"type": "strang"})),
            schema(json!({"type": "string"})),
        ] {
            assert!(!violations(&document(bad.clone())).is_empty(), "{bad}");
        }
    }
}
