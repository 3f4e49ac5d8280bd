//! What is wrong with arguments, for the agent that is to mend them: one line a fault, with which
//! argument, what was expected, and what came.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::document::Document;
use super::validate::{Validation, each, is_of, list, missing, prefix};
use crate::jsonrpc::shown;

/// How many faults of one set of arguments are told; an agent mends these first.
const MAX_FAULTS: usize = 5;
/// What is said when the search for the faults takes too much work.
pub(super) const UNKNOWN: &str = "arguments: they do not fit the schema";

/// The faults of arguments that do not fit.
pub(super) fn faults(document: &Document, arguments: &Value) -> String {
    let mut report = Report {
        validation: Validation::new(document),
        path: Vec::new(),
        lines: Vec::new(),
        more: 0,
    };
    report.schema(document.root(), arguments);
    let Report { mut lines, more, .. } = report;
    if lines.is_empty() {
        lines.push(UNKNOWN.to_owned());
    }
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

/// Asks again, keyword by keyword, and follows those that fail down to what they fail for.
struct Report<'d> {
    validation: Validation<'d>,
    /// Where in the arguments.
    path: Vec<String>,
    lines: Vec<String>,
    more: usize,
}

impl Report<'_> {
    fn schema(&mut self, schema: &Value, instance: &Value) {
        match schema {
            Value::Bool(false) => self.fault(|name| format!("{name}: no value is allowed here")),
            Value::Object(members) if self.validation.enter() => {
                for (keyword, value) in members {
                    let holds = self.validation.keyword(members, keyword, value, instance);
                    if !holds && !self.validation.exhausted() {
                        self.keyword(members, keyword, value, instance);
                    }
                }
                self.validation.leave();
            }
            _ => {}
        }
    }

    /// One keyword that fails.
    fn keyword(
        &mut self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        instance: &Value,
    ) {
        match (keyword, instance) {
            ("$ref" | "$dynamicRef", _) => {
                if let Some(target) = self.validation.target(value) {
                    self.schema(target, instance);
                }
            }
            ("allOf", _) => list(value).iter().for_each(|schema| self.schema(schema, instance)),
            ("anyOf" | "oneOf", _) => self.alternatives(list(value), instance),
            ("if", _) => {
                if let Some(branch) = self.validation.branch(members, value, instance) {
                    self.schema(branch, instance);
                }
            }
            (_, Value::Array(items)) => self.array(members, keyword, value, items, instance),
            (_, Value::Object(object)) => self.object(members, keyword, value, object, instance),
            _ => self.expected(&constraint(keyword, value), instance),
        }
    }

    fn array(
        &mut self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        items: &[Value],
        instance: &Value,
    ) {
        match keyword {
            "prefixItems" => {
                for (index, (item, schema)) in items.iter().zip(list(value)).enumerate() {
                    self.at(&index.to_string(), |report| report.schema(schema, item));
                }
            }
            "items" => {
                for (index, item) in items.iter().enumerate().skip(prefix(members)) {
                    self.at(&index.to_string(), |report| report.schema(value, item));
                }
            }
            "unevaluatedItems" => {
                let evaluated = self.validation.evaluated(members, keyword, instance);
                let rest = items.iter().enumerate().zip(evaluated).filter(|(_, done)| !done);
                rest.for_each(|((index, item), _)| {
                    self.at(&index.to_string(), |report| report.schema(value, item));
                });
            }
            "contains" => {
                let least = members.get("minContains").map_or("1".to_owned(), Value::to_string);
                let most = members.get("maxContains").map(|most| format!(" and at most {most}"));
                let most = most.unwrap_or_default();
                let text = format!("at least {least}{most} of its items to fit {}", brief(value));
                self.expected(&text, instance);
            }
            _ => self.expected(&constraint(keyword, value), instance),
        }
    }

    fn object(
        &mut self,
        members: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        object: &Map<String, Value>,
        instance: &Value,
    ) {
        match keyword {
            "required" => missing(value, object).for_each(|name| self.required(name, "")),
            "dependentRequired" => {
                for (given, names) in each(value).filter(|(name, _)| object.contains_key(*name)) {
                    let when = format!(" with {given}");
                    missing(names, object).for_each(|name| self.required(name, &when));
                }
            }
            "dependentSchemas" => {
                let given = each(value).filter(|(name, _)| object.contains_key(*name));
                given.for_each(|(_, schema)| self.schema(schema, instance));
            }
            "properties" => {
                for (name, schema) in each(value) {
                    if let Some(property) = object.get(name) {
                        self.at(name, |report| report.schema(schema, property));
                    }
                }
            }
            "patternProperties" => {
                for (pattern, schema) in each(value) {
                    let matches = |name: &str| self.validation.matches(pattern, name);
                    let named: Vec<_> = object.iter().filter(|(name, _)| matches(name)).collect();
                    self.properties(schema, named);
                }
            }
            "additionalProperties" => {
                let known = |name: &str| self.validation.named(members, name);
                let unknown = object.iter().filter(|(name, _)| !known(name)).collect();
                self.unknown(value, unknown);
            }
            "unevaluatedProperties" => {
                let evaluated = self.validation.evaluated(members, keyword, instance);
                let rest = object.iter().zip(evaluated).filter(|(_, done)| !done);
                self.unknown(value, rest.map(|(property, _)| property).collect());
            }
            "propertyNames" => {
                for name in object.keys() {
                    let name = Value::String(name.clone());
                    self.at("(a name)", |report| report.schema(value, &name));
                }
            }
            _ => self.expected(&constraint(keyword, value), instance),
        }
    }

    /// Properties that nothing else in the schema knows.
    fn unknown(&mut self, schema: &Value, properties: Vec<(&String, &Value)>) {
        if schema != &Value::Bool(false) {
            return self.properties(schema, properties);
        }
        let mut names: Vec<_> =
            properties.iter().take(MAX_FAULTS).map(|(name, _)| shown(name)).collect();
        if properties.len() > MAX_FAULTS {
            names.push(format!("and {} more", properties.len() - MAX_FAULTS));
        }
        self.fault(|owner| format!("{owner}: no such argument: {}", names.join(", ")));
    }

    fn properties(&mut self, schema: &Value, properties: Vec<(&String, &Value)>) {
        for (name, property) in properties {
            self.at(name, |report| report.schema(schema, property));
        }
    }

    /// `anyOf` and `oneOf`. Where the type leaves one alternative, it is that which was meant.
    fn alternatives(&mut self, schemas: &[Value], instance: &Value) {
        if schemas.iter().any(|schema| self.validation.valid(schema, instance)) {
            return self.expected("a value that fits only one of its schemas", instance);
        }
        let meant = |schema: &&Value| match self.behind(schema).get("type") {
            Some(kinds) => is_of(kinds, instance),
            None => schema != &&Value::Bool(false),
        };
        let mut candidates = schemas.iter().filter(meant);
        if let (Some(only), None) = (candidates.next(), candidates.next()) {
            return self.schema(only, instance);
        }
        let plain = |schema| {
            let schema = self.behind(schema);
            match (schema.get("const"), schema.get("enum"), schema.get("type")) {
                (Some(value), _, _) => Some(constraint("const", value)),
                (_, Some(values), _) => Some(constraint("enum", values)),
                (_, _, Some(kinds)) => (!is_of(kinds, instance)).then(|| constraint("type", kinds)),
                (None, None, None) => None,
            }
        };
        match schemas.iter().map(plain).collect::<Option<Vec<_>>>() {
            Some(plain) => self.expected(&plain.join(" or "), instance),
            None => self.expected("a value that fits one of its schemas", instance),
        }
    }

    /// The schema behind a `$ref` that says nothing else of interest.
    fn behind<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let target = schema.get("$ref").and_then(|reference| self.validation.target(reference));
        target.unwrap_or(schema)
    }

    fn at(&mut self, step: &str, describe: impl FnOnce(&mut Self)) {
        self.path.push(shown(step));
        describe(self);
        self.path.pop();
    }

    fn required(&mut self, name: &str, when: &str) {
        self.at(name, |report| report.fault(|name| format!("{name}: is required{when}")));
    }

    fn expected(&mut self, expected: &str, instance: &Value) {
        self.fault(|name| format!("{name}: expected {expected}, got {}", came(instance)));
    }

    fn fault(&mut self, line: impl FnOnce(&str) -> String) {
        if self.lines.len() == MAX_FAULTS {
            self.more += 1;
        } else if self.path.is_empty() {
            self.lines.push(line("arguments"));
        } else {
            self.lines.push(line(&self.path.join(".")));
        }
    }
}

/// What a keyword wants, to be read after "expected".
fn constraint(keyword: &str, value: &Value) -> String {
    let of = |unit: &str| match value.as_f64() {
        Some(1.0) => format!("1 {unit}"),
        _ => format!("{value} {unit}s"),
    };
    match keyword {
        "type" => {
            let kinds = std::slice::from_ref(value).iter().chain(list(value));
            kinds.filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        "enum" => format!("one of {value}"),
        "const" => value.to_string(),
        "not" => format!("a value that does not fit {}", brief(value)),
        "minimum" => format!("a number of at least {value}"),
        "maximum" => format!("a number of at most {value}"),
        "exclusiveMinimum" => format!("a number above {value}"),
        "exclusiveMaximum" => format!("a number below {value}"),
        "multipleOf" => format!("a multiple of {value}"),
        "minLength" => format!("at least {}", of("character")),
        "maxLength" => format!("at most {}", of("character")),
        "pattern" => format!("text that matches {}", value.as_str().unwrap_or_default()),
        "minItems" => format!("at least {}", of("item")),
        "maxItems" => format!("at most {}", of("item")),
        "uniqueItems" => "items that all differ".to_owned(),
        "minProperties" => format!("at least {}", of("member")),
        "maxProperties" => format!("at most {}", of("member")),
        other => format!("a value that fits {other} {}", brief(value)),
    }
}

fn brief(schema: &Value) -> String {
    shown(&schema.to_string())
}

fn came(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::String(text) => format!("the string {:?}", shown(text)),
        scalar => scalar.to_string(),
    }
}
