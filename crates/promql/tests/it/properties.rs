//! What holds for any query and any samples.

use promql::{Value, instant, range};
use proptest::prelude::*;

use crate::notation::{Memory, load};

fn storage() -> Memory {
    load(
        30_000,
        r#"
        a{x="1", le="1"} 0+1x20 0+2x10
        a{x="2", le="+Inf"} 5 _x3 NaN Inf 1-2x10
        b{x="1"} 1x40
        "#,
    )
}

/// Queries that are more often right than wrong.
fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("{x=~\"1|2\"}".to_owned()),
        Just("1.5".to_owned()),
        Just("time()".to_owned()),
        Just("a[5m]".to_owned()),
        Just("NaN".to_owned()),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let operators = "+ - * / % ^ > == and or unless atan2";
        let operators: Vec<&str> = operators.split(' ').collect();
        let functions = "sum rate abs absent topk histogram_quantile sort timestamp scalar vector \
                         avg_over_time quantile_over_time stddev count_values predict_linear hour";
        let functions: Vec<&str> = functions.split_whitespace().collect();
        prop_oneof![
            (inner.clone(), proptest::sample::select(operators), inner.clone())
                .prop_map(|(l, op, r)| format!("({l} {op} {r})")),
            (proptest::sample::select(functions.clone()), inner.clone())
                .prop_map(|(f, arg)| format!("{f}({arg})")),
            (proptest::sample::select(functions), inner.clone(), inner.clone())
                .prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            inner.clone().prop_map(|e| format!("({e})[3m:1m]")),
            inner.clone().prop_map(|e| format!("{e} offset 1m")),
            inner.prop_map(|e| format!("{e} @ 100")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_evaluator_panic(text in "\\PC{0,40}") {
        let _ = instant(&storage(), &text, 600_000);
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_evaluator_panic(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "sum", "a", "{", "}", "(", ")", "[", "]", "5m", "1", ":", "by", "on", ",", "=",
                "=~", "\"x\"", "x", "-", "or", "@", "offset", "bool", "rate", "é", "!", "#", "\n",
            ]),
            0..20,
        ),
    ) {
        let _ = instant(&storage(), &tokens.join(" "), 600_000);
    }

    #[test]
    fn each_step_of_a_range_query_is_an_instant_query(query in query()) {
        let storage = storage();
        let Ok(Value::Matrix(series)) = range(&storage, &query, 300_000, 900_000, 150_000) else {
            return Ok(());
        };
        // What `@ end()` or an order could tell apart is not among the generated queries.
        for time in (300_000..=900_000).step_by(150_000) {
            let mut at_step: Vec<_> = series
                .iter()
                .flat_map(|s| s.samples.iter().map(|sample| (s.labels.clone(), *sample)))
                .filter(|(_, sample)| sample.timestamp_ms == time)
                .map(|(labels, sample)| (labels, sample.value.to_bits()))
                .collect();
            let mut instant: Vec<_> = match instant(&storage, &query, time).unwrap() {
                Value::Vector(vector) => vector
                    .into_iter()
                    .map(|(labels, sample)| (labels, sample.value.to_bits()))
                    .collect(),
                Value::Scalar(sample) => vec![(promql::Labels::default(), sample.value.to_bits())],
                other => panic!("{query}: {other:?}"),
            };
            at_step.sort();
            instant.sort();
            prop_assert_eq!(at_step, instant, "{} at {}", query, time);
        }
    }
}
