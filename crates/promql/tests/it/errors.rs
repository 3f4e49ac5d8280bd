use promql::{Error, matchers};

use crate::notation::{check, check_range, load};

#[test]
fn what_is_not_implemented_is_refused_with_its_name() {
    let storage = load(60_000, "v 1");
    check(
        &storage,
        0,
        &[
            ("limitk(1, v)", "error: the aggregation limitk is not supported"),
            ("histogram_count(v)", "error: the function histogram_count is not supported"),
            ("mad_over_time(v[5m])", "error: the function mad_over_time is not supported"),
            ("v + fill(0) v", "error: the `fill` modifiers are not supported"),
            (r#"{a="b" or c="d"}"#, "error: `or` between label matchers is not supported"),
        ],
    );
}

#[test]
fn range_queries_refuse_what_has_no_steps() {
    let storage = load(60_000, "v 1");
    let refused = "for range query, must be Scalar or instant Vector";
    check_range(
        &storage,
        (0, 60, 60),
        &[
            ("v[5m]", &format!("error: invalid expression type \"range vector\" {refused}")),
            ("\"v\"", &format!("error: invalid expression type \"string\" {refused}")),
        ],
    );
    for (start, end, step) in [(1, 0, 1), (0, 1, 0), (0, 1, -1)] {
        let result = promql::range(&storage, "v", start, end, step);
        assert!(matches!(result, Err(Error::Parse { position: None, .. })), "{start} {end} {step}");
    }
}

#[test]
fn huge_queries_are_refused_before_they_take_memory_or_stack() {
    let storage = load(60_000, "v 1");
    let too_many =
        "error: query processing would load too many samples into memory in query execution";
    check(&storage, 0, &[("sum_over_time(v[100y:1ms])", too_many)]);
    for (query, cause) in [
        ("(".repeat(300) + "1" + &")".repeat(300), "nested deeper"),
        ("-".repeat(300) + "v", "nested deeper"),
        ("1".to_owned() + &"+1".repeat(7_000), "nested deeper"),
        ("(".repeat(8_000) + &")".repeat(8_000), "invalid"),
        ("a".repeat(20_000), "longer than"),
        ("v[5m".repeat(3_000), ""),
    ] {
        let error = promql::instant(&storage, &query, 0).unwrap_err().to_string();
        assert!(error.contains(cause), "{error}");
    }
}

#[test]
fn a_match_parameter_is_a_plain_selector() {
    assert_eq!(matchers(r#"up{job="api", zone!~"x.*"}"#).unwrap().len(), 3);
    assert_eq!(matchers(r#"{__name__=~"up|down"}"#).unwrap().len(), 1);
    for bad in ["", "1", "up[5m]", "up offset 5m", "up @ 1", "sum(up)", "{}", "up{"] {
        assert!(matches!(matchers(bad), Err(Error::Parse { .. })), "{bad}");
    }
}
