//! The REST façade in OpenAPI 3.1, made of what the tools say of themselves.
//!
//! Source: <https://spec.openapis.org/oas/v3.1.0>, whose schemas are JSON Schema 2020-12, like those
//! of MCP.

use mcp_core::{Caller, OfferedTool, Server};
use serde_json::{Map, Value, json};

use super::RestSettings;

/// The description of what `caller` is shown.
pub(super) fn document(server: &Server, caller: &Caller, settings: &RestSettings) -> Value {
    let info = server.info();
    let mut paths = Map::new();
    let mut schemas = own_schemas();
    let listing = || server.required_scopes("tools/list", None).map(str::to_owned).collect();
    let reading = |summary: &str, schema: Value| {
        let mut operation = json!({
            "summary": summary,
            "responses": responses(settings, &json!({"schema": schema}), &[]),
        });
        secure(&mut operation, settings, listing());
        json!({"get": operation})
    };
    paths.insert("/".to_owned(), root());
    paths.insert(
        "/tools".to_owned(),
        reading(
            "The tools, each parameter in words",
            json!({"$ref": "#/components/schemas/Tools"}),
        ),
    );
    paths
        .insert("/openapi.json".to_owned(), reading("This description", json!({"type": "object"})));
    for tool in server.tools(caller) {
        paths.insert(format!("/tools/{}", tool.spec.name), json!({"post": call(&tool, settings)}));
        let embedded =
            [Some(("arguments", tool.input_schema)), tool.output_schema.map(|it| ("result", it))];
        for (part, schema) in embedded.into_iter().flatten() {
            let name = component(&tool, part);
            let mut schema = schema.clone();
            rebase(&mut schema, &format!("#/components/schemas/{name}"));
            schemas.insert(name, schema);
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": info.title.as_deref().unwrap_or(&info.name),
            "version": info.version,
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": own_responses(),
        },
    });
    if let Some(text) = server.instructions() {
        document["info"]["description"] = json!(text);
    }
    if let Some(url) = &settings.base_url {
        document["servers"] = json!([{"url": url}]);
    }
    let schemes = schemes(settings);
    if !schemes.is_empty() {
        document["components"]["securitySchemes"] = Value::Object(schemes);
    }
    document
}

/// The name of a schema: no two are the same, since no part has a dot.
fn component(tool: &OfferedTool<'_>, part: &str) -> String {
    format!("{}.{part}", tool.spec.name)
}

/// What everyone may ask.
fn root() -> Value {
    json!({"get": {
        "summary": "What this is, and where the rest is",
        "security": [],
        "responses": {
            "200": {
                "description": "Done",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Greeting"}}},
            },
            "default": {"$ref": "#/components/responses/Error"},
        },
    }})
}

fn call(tool: &OfferedTool<'_>, settings: &RestSettings) -> Value {
    let of = |part| json!({"$ref": format!("#/components/schemas/{}", component(tool, part))});
    let mut body = json!({"schema": of("arguments")});
    let example = tool.spec.example.and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(example) = example {
        body["example"] = example;
    }
    let required = tool.input_schema["required"].as_array().is_some_and(|names| !names.is_empty());
    let result = if tool.output_schema.is_some() { of("result") } else { json!({}) };
    let more = [
        ("404", "There is no such tool", "Error"),
        ("413", "The body is too large", "Refused"),
        ("415", "The body is not said to be JSON", "Error"),
        ("422", "The tool failed, and the message says how", "Error"),
        ("502", "What the tool asks failed", "Refused"),
        ("503", "What the tool asks is away, or has too much to do", "Unavailable"),
        ("504", "It took too long", "Refused"),
    ];
    let mut operation = json!({
        "operationId": tool.spec.name,
        "description": tool.spec.description,
        "requestBody": {"required": required, "content": {"application/json": body}},
        "responses": responses(settings, &json!({"schema": result}), &more),
    });
    if let Some(title) = &tool.spec.title {
        operation["summary"] = json!(title);
    }
    secure(&mut operation, settings, tool.scopes.iter().map(ToString::to_string).collect());
    operation
}

/// The answers of a route that is not for everyone; `more` are a status, its meaning and its form.
fn responses(settings: &RestSettings, result: &Value, more: &[(&str, &str, &str)]) -> Value {
    let done = json!({"description": "The result", "content": {"application/json": result}});
    let mut all = Map::from_iter([("200".to_owned(), done)]);
    let mut answer = |status: &str, description: &str, form: &str| {
        let form = format!("#/components/responses/{form}");
        all.insert(status.to_owned(), json!({"$ref": form, "description": description}));
    };
    answer("400", "The request, or its arguments, are not as they must be", "Error");
    if settings.tokens || settings.signatures {
        answer("401", "The caller has not shown who it is", "Refused");
    }
    answer("403", "The caller, or the page that calls, may not", "Refused");
    more.iter().for_each(|(status, description, form)| answer(status, description, form));
    answer("500", "A fault of the server", "Refused");
    answer("default", "Another answer that is no result", "Refused");
    Value::Object(all)
}

/// Says what a caller must bring: one of the schemes, with these scopes.
fn secure(operation: &mut Value, settings: &RestSettings, scopes: Vec<String>) {
    let mut ways = Vec::new();
    if settings.tokens {
        ways.push(json!({"token": scopes}));
    }
    if settings.signatures {
        ways.push(json!({"signature": []}));
    }
    if !ways.is_empty() {
        operation["security"] = Value::Array(ways);
    }
}

fn schemes(settings: &RestSettings) -> Map<String, Value> {
    let mut schemes = Map::new();
    if settings.tokens {
        let token = json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An OAuth 2.1 access token. /.well-known/oauth-protected-resource says who gives them out.",
        });
        schemes.insert("token".to_owned(), token);
    }
    if settings.signatures {
        let signature = json!({
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "AWS Signature Version 4, for the service execute-api.",
            // As API Gateway itself says it when it exports an API.
            "x-amazon-apigateway-authtype": "awsSigv4",
        });
        schemes.insert("signature".to_owned(), signature);
    }
    schemes
}

fn own_schemas() -> Map<String, Value> {
    let text = json!({"type": "string"});
    let schemas = json!({
        "Greeting": {
            "type": "object",
            "required": ["message", "version", "protocols", "endpoints"],
            "properties": {
                "message": text,
                "version": text,
                "protocols": {"type": "array", "items": text},
                "endpoints": {"type": "object", "additionalProperties": text},
            },
        },
        "Tools": {
            "type": "object",
            "required": ["tools"],
            "properties": {"tools": {"type": "array", "items": {
                "type": "object",
                "required": ["name", "description", "parameters"],
                "properties": {
                    "name": text,
                    "description": text,
                    "parameters": {"type": "object", "additionalProperties": text},
                },
            }}},
        },
        "Error": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {
                "type": "object",
                "required": ["code", "message", "hint"],
                "properties": {
                    "code": {"type": "string", "description": "For programs"},
                    "message": {"type": "string", "description": "What is wrong"},
                    "hint": {"type": "string", "description": "What to do"},
                },
            }},
        },
        "GatewayError": {
            "type": "object",
            "description": "What API Gateway says itself",
            "required": ["message"],
            "properties": {"message": {"type": ["string", "null"]}},
        },
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

fn own_responses() -> Value {
    let error = json!({"$ref": "#/components/schemas/Error"});
    let either = json!({"anyOf": [error, {"$ref": "#/components/schemas/GatewayError"}]});
    let response = |description: &str, schema: &Value| json!({"description": description, "content": {"application/json": {"schema": schema}}});
    let mut unavailable = response("Not now", &either);
    unavailable["headers"] = json!({"Retry-After": {
        "description": "Seconds to wait, where that is known",
        "schema": {"type": "integer", "minimum": 1},
    }});
    json!({
        "Error": response("No result", &error),
        "Refused": response("No result, from this server or the API Gateway before it", &either),
        "Unavailable": unavailable,
    })
}

/// Points the references of a schema, which are from its own root, to where it has become a part.
/// One with an `$id` is a root wherever it is.
fn rebase(schema: &mut Value, root: &str) {
    match schema {
        Value::Object(members) if !members.contains_key("$id") => {
            for (key, value) in members {
                match (key.as_str(), &mut *value) {
                    ("$ref", Value::String(target)) => {
                        if let Some(pointer) = target.strip_prefix('#')
                            && (pointer.is_empty() || pointer.starts_with('/'))
                        {
                            *target = format!("{root}{pointer}");
                        }
                    }
                    // Data, in which nothing is a reference.
                    ("const" | "enum" | "default" | "example" | "examples", _) => {}
                    _ => rebase(value, root),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rebase(item, root)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_follow_their_schema() {
        let mut schema = json!({
            "type": "object",
            "properties": {
                "a": {"$ref": "#/$defs/A"},
                "again": {"items": [{"$ref": "#"}]},
                "named": {"$ref": "#anchor"},
                "$ref": {"type": "string"},
                "data": {"const": {"$ref": "#/x"}},
                "own": {"$id": "urn:own", "$ref": "#/y"},
            },
        });
        rebase(&mut schema, "#/components/schemas/t.arguments");
        assert_eq!(
            schema["properties"],
            json!({
                "a": {"$ref": "#/components/schemas/t.arguments/$defs/A"},
                "again": {"items": [{"$ref": "#/components/schemas/t.arguments"}]},
                "named": {"$ref": "#anchor"},
                "$ref": {"type": "string"},
                "data": {"const": {"$ref": "#/x"}},
                "own": {"$id": "urn:own", "$ref": "#/y"},
            })
        );
    }
}
