//! What older clients are told of the server and its tools: names, and a line for each parameter.

use mcp_core::{Caller, Content, Server};
use serde_json::{Map, Value, json};

/// The answer at `/`.
pub(super) fn greeting(server: &Server) -> String {
    let info = server.info();
    json!({
        "message": info.title.as_deref().unwrap_or(&info.name),
        "version": info.version,
        "protocols": ["REST", "MCP"],
        "endpoints": {"mcp": "/mcp", "tools": "/tools", "health": "/health"},
    })
    .to_string()
}

/// The tools that `caller` is shown.
pub(super) fn tools(server: &Server, caller: &Caller) -> String {
    let tools = server.tools(caller).map(|tool| {
        json!({
            "name": tool.spec.name,
            "description": tool.spec.description,
            "parameters": parameters(tool.input_schema),
        })
    });
    json!({"tools": tools.collect::<Vec<_>>()}).to_string()
}

/// What a model would read of a result.
pub(super) fn of_content(content: &[Content]) -> String {
    let texts = content.iter().filter_map(|block| match block {
        Content::Text { text, .. } => Some(&**text),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Each parameter in words: its description, or what it may be.
fn parameters(schema: &Value) -> Map<String, Value> {
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| {
            let mut kind = kind(property, schema, 3);
            if required.iter().any(|required| required == name) {
                kind += ", required";
            }
            if let Some(default) = property.get("default").filter(|default| !default.is_null()) {
                kind += &format!(", default {default}");
            }
            let text = match property["description"].as_str() {
                Some(description) => format!("{description} ({kind})"),
                None => kind,
            };
            (name.clone(), Value::from(text))
        })
        .collect()
}

/// What a value may be, in words. `depth` is how far references and alternatives are followed.
fn kind(schema: &Value, root: &Value, depth: u8) -> String {
    let any = || "anything".to_owned();
    let Some(deeper) = depth.checked_sub(1) else { return any() };
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<_> = values.iter().map(plain).collect();
        return format!("one of {}", values.join(", "));
    }
    if let Some(value) = schema.get("const") {
        return plain(value);
    }
    if let Some(target) = schema["$ref"].as_str() {
        let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.map_or_else(any, |target| kind(target, root, deeper));
    }
    match &schema["type"] {
        Value::String(name) => return name.clone(),
        Value::Array(names) => return names.iter().map(plain).collect::<Vec<_>>().join(" or "),
        _ => {}
    }
    let alternatives = ["anyOf", "oneOf"].into_iter().find_map(|key| schema[key].as_array());
    let Some(alternatives) = alternatives else { return any() };
    let mut kinds: Vec<_> = alternatives.iter().map(|one| kind(one, root, deeper)).collect();
    kinds.dedup();
    kinds.join(" or ")
}

/// A text without its quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_told_by_its_description_or_by_what_it_may_be() {
        let schema = json!({
            "type": "object",
            "required": ["query", "like"],
            "properties": {
                "query": {"type": "string", "description": "What to ask"},
                "limit": {"type": "integer", "default": 100},
                "region": {"type": ["string", "null"], "default": null},
                "output": {"$ref": "#/$defs/Output"},
                "like": {"anyOf": [{"const": "a"}, {"type": "number"}, {"type": "null"}]},
                "free": {},
                "lost": {"$ref": "#/$defs/none"},
                "loop": {"$ref": "#/properties/loop"},
            },
            "$defs": {"Output": {"enum": ["full", "columns", 1]}},
        });
        assert_eq!(
            Value::Object(parameters(&schema)),
            json!({
                "query": "What to ask (string, required)",
                "limit": "integer, default 100",
                "region": "string or null",
                "output": "one of full, columns, 1",
                "like": "a or number or null, required",
                "free": "anything",
                "lost": "anything",
                "loop": "anything",
            })
        );
    }
}
