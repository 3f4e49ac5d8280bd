//! `x-mcp-header`: the arguments that a client mirrors in HTTP headers.

use serde_json::{Map, Value};

use super::{MAX_DEPTH, SchemaError};

const KEYWORD: &str = "x-mcp-header";

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

/// The headers a schema names, each where every client can find it.
pub(super) fn of(schema: &Value) -> Result<Vec<HeaderParam>, SchemaError> {
    let mut walk = Walk { headers: Vec::new(), path: Vec::new() };
    walk.schema(schema, true, 0)?;
    Ok(walk.headers)
}

struct Walk<'s> {
    headers: Vec<HeaderParam>,
    /// The properties down to here.
    path: Vec<&'s str>,
}

impl<'s> Walk<'s> {
    /// `reachable`: the place can be reached from the root through `properties` alone.
    fn schema(
        &mut self,
        schema: &'s Value,
        reachable: bool,
        depth: usize,
    ) -> Result<(), SchemaError> {
        if depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep);
        }
        match schema {
            Value::Object(members) => self.members(members, reachable, depth),
            Value::Array(items) => {
                items.iter().try_for_each(|item| self.schema(item, false, depth + 1))
            }
            _ => Ok(()),
        }
    }

    fn members(
        &mut self,
        members: &'s Map<String, Value>,
        reachable: bool,
        depth: usize,
    ) -> Result<(), SchemaError> {
        for (keyword, value) in members {
            match (keyword.as_str(), value) {
                (KEYWORD, name) => self.header(members, name, reachable)?,
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        self.path.push(name);
                        self.schema(property, reachable, depth + 1)?;
                        self.path.pop();
                    }
                }
                // These hold data, not schemas.
                ("default" | "const" | "enum" | "examples", _) => {}
                (_, value) => self.schema(value, false, depth + 1)?,
            }
        }
        Ok(())
    }

    fn header(
        &mut self,
        property: &Map<String, Value>,
        name: &Value,
        reachable: bool,
    ) -> Result<(), SchemaError> {
        let at = || format!("/{}", self.path.join("/"));
        let fault = |fault| Err(SchemaError::Header { at: at(), fault });
        let Some(header) = name.as_str().filter(|name| is_token(name)) else {
            return fault("it must be a token (RFC 9110, section 5.6.2)");
        };
        if !reachable || self.path.is_empty() {
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
        let path = self.path.iter().map(|&name| name.to_owned()).collect();
        self.headers.push(HeaderParam { header: header.to_owned(), path, kind });
        Ok(())
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn h10_a_header_is_taken_only_where_every_client_can_find_it() {
        let with = |properties: Value| of(&json!({"type": "object", "properties": properties}));
        let headers = with(json!({
            "region": {"type": "string", "x-mcp-header": "Region"},
            "page": {"type": "object", "properties": {
                "size": {"type": "integer", "x-mcp-header": "Page-Size"}}}
        }))
        .unwrap();
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
