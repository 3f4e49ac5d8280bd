use crate::schema::InputSchema;
use serde_json::{Value, json};

fn fault(properties: &Value, arguments: &Value) -> String {
    let schema = json!({"type": "object", "properties": properties});
    InputSchema::written(schema).unwrap().validate(arguments).unwrap_err()
}

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
        (json!({"query": "up", "limit": 0}), "limit: expected a number of at least 1, got 0"),
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
    assert_eq!(schema.validate(&json!({"query": "up", "region": null})), Ok(()));
}

#[test]
fn every_keyword_says_what_it_wants() {
    for (property, value, text) in [
        (json!({"type": ["integer", "null"]}), json!(1.5), "expected integer or null, got 1.5"),
        (json!({"const": "a"}), json!({}), "expected \"a\", got an object"),
        (json!({"maximum": 5}), json!(6), "expected a number of at most 5, got 6"),
        (json!({"exclusiveMinimum": 0}), json!(0), "expected a number above 0, got 0"),
        (json!({"exclusiveMaximum": 1}), json!(1), "expected a number below 1, got 1"),
        (json!({"multipleOf": 15}), json!(7), "expected a multiple of 15, got 7"),
        (json!({"minLength": 1}), json!(""), "expected at least 1 character, got the string \"\""),
        (
            json!({"maxLength": 2}),
            json!("abc"),
            "expected at most 2 characters, got the string \"abc\"",
        ),
        (
            json!({"pattern": "^a$"}),
            json!("b"),
            "expected text that matches ^a$, got the string \"b\"",
        ),
        (json!({"minItems": 2}), json!([]), "expected at least 2 items, got an array"),
        (json!({"maxItems": 1}), json!([1, 2]), "expected at most 1 item, got an array"),
        (
            json!({"uniqueItems": true}),
            json!([1, 1.0]),
            "expected items that all differ, got an array",
        ),
        (
            json!({"contains": {"const": 1}, "maxContains": 2}),
            json!([]),
            "expected at least 1 and at most 2 of its items to fit {\"const\":1}, got an array",
        ),
        (json!({"minProperties": 1}), json!({}), "expected at least 1 member, got an object"),
        (json!({"maxProperties": 0}), json!({"b": 1}), "expected at most 0 members, got an object"),
        (
            json!({"not": {"type": "null"}}),
            json!(null),
            "expected a value that does not fit {\"type\":\"null\"}, got null",
        ),
        (json!(false), json!(1), "no value is allowed here"),
    ] {
        let arguments = json!({"a": value});
        assert_eq!(fault(&json!({"a": property}), &arguments), format!("a: {text}"));
    }
}

#[test]
fn a_fault_within_is_named_by_the_way_to_it() {
    let member = json!({"properties": {"b": {"type": "string"}}});
    for (property, value, text) in [
        (json!({"items": {"type": "string"}}), json!(["x", 1]), "a.1: expected string, got 1"),
        (
            json!({"prefixItems": [true], "items": false}),
            json!([1, 2]),
            "a.1: no value is allowed here",
        ),
        (json!({"prefixItems": [{"type": "null"}]}), json!([1]), "a.0: expected null, got 1"),
        (
            json!({"contains": {"const": 1}, "unevaluatedItems": {"type": "string"}}),
            json!([1, 2]),
            "a.1: expected string, got 2",
        ),
        (
            json!({"additionalProperties": {"type": "string"}}),
            json!({"b": 1}),
            "a.b: expected string, got 1",
        ),
        (
            json!({"patternProperties": {"^b": {"type": "string"}}}),
            json!({"b": 1}),
            "a.b: expected string, got 1",
        ),
        (
            json!({"allOf": [member], "unevaluatedProperties": false}),
            json!({"c": 1}),
            "a: no such argument: c",
        ),
        (
            json!({"propertyNames": {"maxLength": 1}}),
            json!({"bb": 1}),
            "a.(a name): expected at most 1 character, got the string \"bb\"",
        ),
        (json!({"dependentRequired": {"b": ["c"]}}), json!({"b": 1}), "a.c: is required with b"),
        (
            json!({"dependentSchemas": {"b": member}}),
            json!({"b": 1}),
            "a.b: expected string, got 1",
        ),
        (
            json!({"if": {"required": ["b"]}, "then": member}),
            json!({"b": 1}),
            "a.b: expected string, got 1",
        ),
        (json!({"allOf": [member]}), json!({"b": 1}), "a.b: expected string, got 1"),
        (
            json!({"$ref": "#/properties/z", "default": 1}),
            json!("x"),
            "a: expected integer, got the string \"x\"",
        ),
        // The alternative that has the type is the one that was meant.
        (
            json!({"anyOf": [member, {"type": "null"}]}),
            json!({"b": 1}),
            "a.b: expected string, got 1",
        ),
        (
            json!({"anyOf": [{"$ref": "#/properties/z"}, {"type": "null"}]}),
            json!(0),
            "a: expected a number of at least 1, got 0",
        ),
        (
            json!({"anyOf": [{"$ref": "#/properties/z"}, {"type": "null"}]}),
            json!("x"),
            "a: expected integer or null, got the string \"x\"",
        ),
        (
            json!({"oneOf": [{"const": "x"}, {"const": "y"}]}),
            json!("z"),
            "a: expected \"x\" or \"y\", got the string \"z\"",
        ),
        (
            json!({"anyOf": [{"minimum": 1}, {"maximum": -1}]}),
            json!(0),
            "a: expected a value that fits one of its schemas, got 0",
        ),
        (
            json!({"oneOf": [{"minimum": 1}, {"maximum": 3}]}),
            json!(2),
            "a: expected a value that fits only one of its schemas, got 2",
        ),
    ] {
        let properties = json!({"a": property, "z": {"type": "integer", "minimum": 1}});
        assert_eq!(fault(&properties, &json!({"a": value})), text);
    }
}

#[test]
fn faults_are_few_short_and_without_control_characters() {
    let strings = json!({"a": {"items": {"type": "string"}}});
    let eight = fault(&strings, &json!({"a": [1, 2, 3, 4, 5, 6, 7, 8]}));
    assert_eq!(eight.lines().count(), 6);
    assert!(eight.ends_with("a.4: expected string, got 5\nand 3 more"), "{eight}");
    let long = fault(&json!({"a": {"maxLength": 1}}), &json!({"a": "\u{1b}\n".repeat(500)}));
    assert!(long.len() < 500 && !long.contains(char::is_control), "{long}");
    let closed = json!({"a": {"additionalProperties": false}});
    let unknown =
        fault(&closed, &json!({"a": {"b\n": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1}}));
    assert_eq!(unknown, "a: no such argument: b\u{fffd}, c, d, e, f, and 2 more");
    let name =
        fault(&json!({"a": {"additionalProperties": {"type": "null"}}}), &json!({"a": {"b\n": 1}}));
    assert_eq!(name, "a.b\u{fffd}: expected null, got 1");
}
