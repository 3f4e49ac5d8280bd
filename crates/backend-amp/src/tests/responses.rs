//! What is made of answers.

use std::borrow::Cow;

use bytes::Bytes;
use proptest::prelude::*;

use crate::{CallStats, Data, LabelAnswer, Point, QueryAnswer, matrix};

fn answer(body: &str) -> QueryAnswer {
    QueryAnswer { body: Bytes::copy_from_slice(body.as_bytes()), stats: CallStats::default() }
}

fn success(data: &str) -> QueryAnswer {
    answer(&format!(r#"{{"status":"success","data":{data}}}"#))
}

#[test]
fn a_matrix_passes_through_unchanged_and_its_numbers_are_read() {
    let result = r#"[{"metric":{"__name__":"up","job":"a\"b"},"values":[[1435781430.781,"1"],[1435781445.781,"NaN"]]},{"metric":{},"values":[]}]"#;
    let answer = success(&format!(r#"{{"resultType":"matrix","result":{result}}}"#));
    let parsed = answer.parse().unwrap();
    assert_eq!(parsed.data.result_type(), "matrix");
    let [first, second] = parsed.data.series() else { panic!("two series") };
    let points: Vec<Point> = first.points().map(Result::unwrap).collect();
    assert_eq!(points[0], Point { time: 1_435_781_430.781, value: 1.0 });
    assert!(points[1].value.is_nan());
    assert_eq!(second.points().count(), 0);
    let labels = first.labels().unwrap();
    assert_eq!(labels, [("__name__".into(), "up".into()), ("job".into(), "a\"b".into())]);
    assert!(matches!(labels[0].1, Cow::Borrowed("up")));
    assert_eq!(serde_json::to_string(parsed.data.series()).unwrap(), result);
}

#[test]
fn each_result_type_is_read_whatever_the_order_of_members() {
    for (kind, result, series) in [
        ("vector", r#"[{"metric":{"a":"b"},"value":[1,"2"]}]"#, 1),
        ("vector", r#"[{"metric":{},"histogram":[1,{"count":"3"}]}]"#, 1),
        ("matrix", r#"[{"metric":{},"histograms":[[1,{"count":"3"}]]}]"#, 1),
        ("matrix", "null", 0),
        ("scalar", r#"[1,"2"]"#, 0),
        ("string", r#"[1,"two"]"#, 0),
    ] {
        for data in [
            format!(r#"{{"resultType":"{kind}","result":{result},"stats":{{}}}}"#),
            format!(r#"{{"result":{result},"resultType":"{kind}"}}"#),
        ] {
            let answer = success(&data);
            let parsed = answer.parse().unwrap();
            assert_eq!(parsed.data.result_type(), kind);
            assert_eq!(parsed.data.series().len(), series);
            match &parsed.data {
                Data::Scalar(raw) | Data::String(raw) => assert_eq!(raw.get(), result),
                Data::Vector(series) | Data::Matrix(series) if !series.is_empty() => {
                    assert_eq!(serde_json::to_string(series).unwrap(), result);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn warnings_and_infos_are_kept() {
    let answer = answer(
        r#"{"status":"success","warnings":["slow"],"infos":["\u0041 counter?"],
            "data":{"resultType":"vector","result":[]}}"#,
    );
    let parsed = answer.parse().unwrap();
    assert_eq!(
        (&parsed.warnings[..], &parsed.infos[..]),
        (&["slow".into()][..], &["A counter?".into()][..])
    );
}

#[test]
fn label_values_are_borrowed_where_they_can_be() {
    let values = |body: &'static str| LabelAnswer {
        body: Bytes::from_static(body.as_bytes()),
        stats: CallStats::default(),
    };
    let answer = values(r#"{"status":"success","data":["up","a\nb"],"warnings":null}"#);
    let parsed = answer.parse().unwrap();
    assert_eq!(parsed.values, ["up", "a\nb"]);
    assert!(matches!(parsed.values[0], Cow::Borrowed(_)));
    for body in ["", "{}", r#"{"status":"success"}"#, r#"{"status":"success","data":[1]}"#] {
        assert_eq!(values(body).parse().unwrap_err().kind(), "unexpected_reply", "{body}");
    }
}

proptest! {
    #[test]
    fn label_values_are_the_same_however_they_are_written(
        texts in prop::collection::vec("[a-z_:,\\[\\]\"\\\\ é]{0,6}", 0..6)
    ) {
        let (compact, pretty) =
            (serde_json::to_string(&texts).unwrap(), serde_json::to_string_pretty(&texts).unwrap());
        for data in [compact, pretty] {
            let body = format!(r#"{{"status":"success","data":{data}}}"#).into();
            let answer = LabelAnswer { body, stats: CallStats::default() };
            let parsed = answer.parse().unwrap();
            prop_assert_eq!(parsed.json.get(), data);
            prop_assert_eq!(parsed.values, texts.clone());
        }
    }
}

#[test]
fn what_is_no_answer_is_unexpected() {
    for body in [
        "",
        "<html>",
        "[]",
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":{}}"#,
        r#"{"status":"success","data":{"resultType":"vector"}}"#,
        r#"{"status":"success","data":{"result":[]}}"#,
        r#"{"status":"success","data":{"resultType":"other","result":[]}}"#,
        r#"{"status":"success","data":{"resultType":"vector","result":[{}]}}"#,
        r#"{"status":"success","data":{"resultType":"matrix","result":[1]}}"#,
        r#"{"status":"error","data":{"resultType":"vector","result":[]}}"#,
    ] {
        assert_eq!(answer(body).parse().unwrap_err().kind(), "unexpected_reply", "{body}");
    }
}

proptest! {
    #[test]
    fn no_body_panics(body in any::<Vec<u8>>()) {
        let answer = QueryAnswer { body: body.into(), stats: CallStats::default() };
        let _ = answer.parse();
    }

    #[test]
    fn no_result_panics(kind in "vector|matrix|scalar|string|x", metric in "\\{\\}|\\{\"a\":(1|\"b\")\\}|1", values in "[\\[\\]0-9,\". NaInf+-]{0,40}") {
        let answer = success(&format!(
            r#"{{"resultType":"{kind}","result":[{{"metric":{metric},"values":[{values}],"value":[{values}]}}]}}"#
        ));
        if let Ok(parsed) = answer.parse() {
            for series in parsed.data.series() {
                let _ = series.labels();
                let _ = series.points().count();
            }
        }
    }
}

/// What the fast way and serde make of a body: the fast way may only be faster.
#[track_caller]
fn both_ways(body: &str, fast: bool) {
    let cut = matrix::cut(body);
    assert_eq!(cut.is_some(), fast, "{body}");
    // A space sends the same answer through serde.
    let spaced = answer(&body.replacen('{', "{ ", 1));
    if let Some(cut) = cut {
        let spaced = spaced.parse().unwrap();
        assert_eq!(
            serde_json::to_string(&cut).unwrap(),
            serde_json::to_string(spaced.data.series()).unwrap()
        );
    }
}

#[test]
fn the_fast_way_through_a_matrix_is_taken_for_what_prometheus_writes() {
    let body = |result: &str, tail: &str| {
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}{tail}}}"#
        )
    };
    let one = r#"{"metric":{"a":"]]}\"},\"values\":[["},"values":[[1,"2"],[3,"4"]]}"#;
    let histogram = r#"{"metric":{},"values":[[1,"2"]],"histograms":[[3,{"count":"4"}]]}"#;
    both_ways(&body(one, ""), true);
    both_ways(&body(&[one; 3].join(","), ""), true);
    both_ways(&(body(one, "") + "\n"), true);
    both_ways(&body("", ""), false);
    both_ways(&body(one, r#","warnings":["slow"]"#), false);
    both_ways(&body(histogram, ""), false);
    both_ways(&body(&[one, histogram].join(","), ""), false);
    both_ways(&body(r#"{"metric":{},"values":[]}"#, ""), false);
    both_ways(&body(r#"{"values":[[1,"2"]],"metric":{}}"#, ""), false);
    both_ways(&body(&one.replace(',', ", "), ""), false);
}

#[test]
fn samples_that_are_no_json_are_never_passed_on() {
    for values in [r#"[["]]"#, "[[1,]]", "[[[[1]]", "[[1,\"\n\"]]"] {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":{values}}}]}}}}"#
        );
        let answer = answer(&body);
        let Ok(parsed) = answer.parse() else { continue };
        let [series] = parsed.data.series() else { panic!("one series") };
        assert!(series.points().any(|point| point.is_err()), "{values}");
        assert!(serde_json::to_string(series).is_err(), "{values}");
    }
}
