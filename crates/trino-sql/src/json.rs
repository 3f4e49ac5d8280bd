//! Paths into JSON: `$.a.b[0]['c']`.

use serde_json::Value;

/// What is at `path` of a JSON text.
pub(crate) fn at(text: &str, path: &str) -> Option<Value> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    let mut rest = path.strip_prefix('$')?;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (key, after) = after.split_at_checked(end)?;
            value = value.as_object_mut()?.remove(key)?;
            rest = after;
        } else {
            let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
            value = match index.trim_matches(['"', '\'']) {
                key if key.len() != index.len() => value.as_object_mut()?.remove(key)?,
                index => {
                    let index: usize = index.parse().ok()?;
                    let items = value.as_array_mut()?;
                    (index < items.len()).then(|| items.swap_remove(index))?
                }
            };
            rest = after;
        }
    }
    Some(value)
}

/// The same as a text, where it is a scalar.
pub(crate) fn scalar_at(text: &str, path: &str) -> Option<String> {
    match at(text, path)? {
        Value::String(text) => Some(text),
        value @ (Value::Bool(_) | Value::Number(_)) => Some(value.to_string()),
        _ => None,
    }
}
