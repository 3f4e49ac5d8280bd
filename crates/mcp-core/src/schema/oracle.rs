//! Small schemas and values by chance, held against what the `jsonschema` crate says of them.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::describe;
use super::document::Document;
use super::validate::Validation;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_verdict_is_that_of_the_jsonschema_crate(
        root in schemas(),
        x in schemas(),
        y in schemas(),
        values in vec(values(), 1..8),
    ) {
        let mut schema = root;
        if let Some(members) = schema.as_object_mut() {
            members.insert("$defs".into(), json!({"x": x, "y": y}));
        }
        let document = match Document::new(schema.clone()) {
            Ok(document) => document,
            // Chance makes circles.
            Err(super::SchemaError::Reference { .. }) => return Ok(()),
            Err(err) => panic!("{schema}: {err}"),
        };
        let oracle = jsonschema::draft202012::new(&schema).unwrap();
        for value in &values {
            let verdict = Validation::new(&document).verdict(value).unwrap();
            prop_assert_eq!(verdict, oracle.is_valid(value), "{} {}", schema, value);
            if !verdict {
                let faults = describe::faults(&document, value);
                prop_assert_ne!(faults, describe::UNKNOWN, "{} {}", schema, value);
            }
        }
    }

    #[test]
    fn what_is_no_schema_for_the_jsonschema_crate_is_none_here(schema in nonsense()) {
        if jsonschema::draft202012::new(&schema).is_err() {
            prop_assert!(Document::new(schema.clone()).is_err(), "{}", schema);
        }
    }

    #[test]
    fn nothing_panics(schema in nonsense(), values in vec(values(), 1..4)) {
        if let Ok(document) = Document::new(schema) {
            for value in &values {
                let _verdict = Validation::new(&document).verdict(value);
                let _text = describe::faults(&document, value);
            }
        }
    }
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("ab"), Just("c")].prop_map(str::to_owned)
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3..6_i64).prop_map(Value::from),
        (-6..12_i64).prop_map(|half| json!(half as f64 / 2.0)),
        prop_oneof![Just(u64::MAX), Just(1 << 53), Just((1 << 53) + 1)].prop_map(Value::from),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let scalars = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers(),
        "[abé]{0,3}".prop_map(Value::from),
    ];
    scalars.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((names(), inner), 0..4).prop_map(object),
        ]
    })
}

fn object(members: Vec<(String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

/// A schema of one to four keywords, each with a value it may have. `multipleOf` is not 1.5, by
/// which the oracle divides large integers as floats.
fn schemas() -> impl Strategy<Value = Value> {
    let of = |names: &'static [&'static str], values: BoxedStrategy<Value>| {
        (prop::sample::select(names), values)
            .prop_map(|(keyword, value)| (keyword.to_owned(), value))
            .boxed()
    };
    let kinds = ["null", "boolean", "integer", "number", "string", "array", "object"];
    let kind = prop::sample::select(kinds.to_vec()).prop_map(Value::from);
    let leaf = prop_oneof![
        of(&["type"], kind.clone().boxed()),
        of(
            &["type"],
            prop::sample::subsequence(kinds.to_vec(), 1..4).prop_map(Value::from).boxed()
        ),
        of(&["enum"], vec(values(), 1..4).prop_map(Value::from).boxed()),
        of(&["const"], values().boxed()),
        of(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], numbers().boxed()),
        of(&["multipleOf"], prop_oneof![Just(json!(2)), Just(json!(0.5))].boxed()),
        of(
            &[
                "minLength",
                "maxLength",
                "minItems",
                "maxItems",
                "minProperties",
                "maxProperties",
                "minContains",
                "maxContains",
            ],
            (0..4_u64).prop_map(Value::from).boxed()
        ),
        of(&["uniqueItems"], any::<bool>().prop_map(Value::from).boxed()),
        of(
            &["pattern"],
            prop_oneof![Just("^a"), Just("b$"), Just("^[ab]+$")].prop_map(Value::from).boxed()
        ),
        of(
            &["required"],
            prop::sample::subsequence(vec!["a", "b", "c"], 0..3).prop_map(Value::from).boxed()
        ),
        of(&["dependentRequired"], (names(), names()).prop_map(|(a, b)| json!({a: [b]})).boxed()),
        of(
            &["$ref"],
            prop_oneof![Just("#/$defs/x"), Just("#/$defs/y"), Just("#")]
                .prop_map(Value::from)
                .boxed()
        ),
    ];
    let schema = |keywords: BoxedStrategy<(String, Value)>| {
        prop_oneof![
            1 => any::<bool>().prop_map(Value::from),
            12 => vec(keywords, 1..5).prop_map(object),
        ]
    };
    let leaf = leaf.boxed();
    schema(leaf.clone()).prop_recursive(3, 24, 4, move |inner| {
        let some = vec(inner.clone(), 1..4).prop_map(Value::from).boxed();
        let named = vec((names(), inner.clone()), 0..4).prop_map(object).boxed();
        let inner = inner.boxed();
        schema(
            prop_oneof![
                2 => leaf.clone(),
                1 => of(
                    &[
                        "additionalProperties", "contains", "else", "if", "items", "not",
                        "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
                    ],
                    inner.clone(),
                ),
                1 => of(&["additionalProperties", "unevaluatedProperties", "unevaluatedItems", "items"], Just(json!(false)).boxed()),
                1 => (inner.clone(), inner).prop_map(|(condition, _)| ("if".to_owned(), condition)),
                2 => of(&["allOf", "anyOf", "oneOf", "prefixItems"], some),
                2 => of(&["properties", "patternProperties", "dependentSchemas"], named),
            ]
            .boxed(),
        )
    })
}

/// A schema with one keyword whose value is any.
fn nonsense() -> impl Strategy<Value = Value> {
    const KEYWORDS: [&str; 44] = [
        "$anchor",
        "$defs",
        "$dynamicAnchor",
        "$dynamicRef",
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "deprecated",
        "description",
        "else",
        "enum",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "if",
        "items",
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minContains",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "then",
        "type",
        "uniqueItems",
    ];
    let value = prop_oneof![values(), schemas(), vec(schemas(), 0..3).prop_map(Value::from)];
    (schemas(), prop::sample::select(KEYWORDS.to_vec()), value).prop_map(
        |(schema, keyword, value)| {
            let mut members = schema.as_object().cloned().unwrap_or_default();
            members.insert(keyword.to_owned(), value);
            Value::Object(members)
        },
    )
}
