use promql::{Engine, Value, Windows};

use crate::notation::{check, check_range, load, show};

const REQUESTS: &str = r#"
    http_requests{job="api", instance="0", group="canary"} 0+10x10
    http_requests{job="api", instance="1", group="production"} 0+20x10
    http_requests{job="web", instance="0", group="production"} 0+30x10
    up 1x10
"#;

#[test]
fn matchers_are_anchored_and_missing_labels_are_empty() {
    let storage = load(60_000, REQUESTS);
    check(
        &storage,
        300,
        &[
            ("up", "up 1"),
            ("nothing", ""),
            (
                r#"http_requests{job="api"}"#,
                r#"http_requests{group="canary", instance="0", job="api"} 50; http_requests{group="production", instance="1", job="api"} 100"#,
            ),
            (
                r#"http_requests{job=~"we."}"#,
                r#"http_requests{group="production", instance="0", job="web"} 150"#,
            ),
            (r#"http_requests{job=~"we"}"#, ""),
            (
                r#"http_requests{job!="api"}"#,
                r#"http_requests{group="production", instance="0", job="web"} 150"#,
            ),
            (
                r#"http_requests{group!~"can.*|x", instance="0"}"#,
                r#"http_requests{group="production", instance="0", job="web"} 150"#,
            ),
            (r#"{__name__=~"u.", zone=""}"#, "up 1"),
            (r#"up{zone!=""}"#, ""),
        ],
    );
}

#[test]
fn an_instant_selector_looks_back_five_minutes() {
    let storage = load(60_000, "gone 1 2 3");
    check(&storage, 120, &[("gone", "gone 3")]);
    check(&storage, 420, &[("gone", "gone 3")]);
    check(&storage, 421, &[("gone", ""), ("gone offset 1s", "gone 3")]);
    check(&storage, 59, &[("gone", "gone 1"), ("gone offset -1s", "gone 2")]);
    check_range(&storage, (0, 600, 100), &[("gone", "gone 1@0 2@100 3@200 3@300 3@400")]);
}

#[test]
fn range_selectors_give_raw_samples_by_either_rule_of_windows() {
    let storage = load(60_000, "m 0+1x10");
    check(
        &storage,
        300,
        &[
            ("m[2m]", "m 3@180 4@240 5@300"),
            ("m[2m] offset 1m", "m 2@120 3@180 4@240"),
            ("m[1m] @ 120", "m 1@60 2@120"),
            ("m[1m] @ end() offset 1m", "m 3@180 4@240"),
            ("none[5m]", ""),
        ],
    );
    let engine = Engine { windows: Windows::LeftOpen };
    assert_eq!(show(&engine.instant(&storage, "m[2m]", 300_000)), "m 4@240 5@300");
    assert_eq!(show(&engine.instant(&storage, "m", 900_000)), "");
    assert_eq!(show(&engine.instant(&storage, "m", 899_000)), "m 10");
}

#[test]
fn at_fixes_the_time_of_a_selector_in_subqueries_too() {
    let storage = load(60_000, "m 0+1x10");
    check_range(
        &storage,
        (120, 240, 60),
        &[
            ("m", "m 2@120 3@180 4@240"),
            ("m @ 60", "m 1@120 1@180 1@240"),
            ("m @ start()", "m 2@120 2@180 2@240"),
            ("m @ end() offset 1m", "m 3@120 3@180 3@240"),
            ("sum_over_time(m[2m:1m] @ 180)", "{} 6@120 6@180 6@240"),
            ("sum_over_time((m @ start())[2m:1m])", "{} 6@120 6@180 6@240"),
        ],
    );
}

#[test]
fn subqueries_are_aligned_to_their_step() {
    let storage = load(10_000, "m 0+1x100");
    check(
        &storage,
        605,
        &[
            ("m[30s:10s]", "m 58@580 59@590 60@600"),
            ("m[2m:]", "m 54@540 60@600"),
            ("m[40s:20s] offset 20s", "m 56@560 58@580"),
            ("max_over_time(m[1m:20s])", "{} 60"),
            ("max_over_time(rate(m[1m])[2m:30s])", "{} 0.1"),
            ("avg_over_time(vector(7)[1m:10s])", "{} 7"),
        ],
    );
    check_range(
        &storage,
        (600, 640, 20),
        &[("count_over_time(m[45s:20s])", "{} 3@600 3@620 3@640")],
    );
}

#[test]
fn a_range_query_of_a_scalar_is_a_matrix_without_labels() {
    let storage = load(60_000, "m 0");
    check_range(
        &storage,
        (0, 120, 60),
        &[("1 + 1", "{} 2@0 2@60 2@120"), ("time()", "{} 0@0 60@60 120@120")],
    );
    let result = promql::range(&storage, "1", 0, 59_999, 60_000).unwrap();
    assert!(matches!(result, Value::Matrix(series) if series[0].samples.len() == 1));
}

#[test]
fn literals_are_scalars_and_strings() {
    let storage = load(60_000, "m 0");
    check(
        &storage,
        0,
        &[
            ("12.5", "12.5"),
            ("-0x1F", "-31"),
            ("1e3", "1000"),
            ("NaN", "NaN"),
            ("-Inf", "-Inf"),
            (r#""a\tb""#, "\"a\\tb\""),
            ("2 ^ 3 ^ 2", "512"),
            ("-1 ^ 2", "-1"),
            ("1 + 2 * 3 % 4", "3"),
            ("5 % 1.5", "0.5"),
            ("1 > bool 2", "0"),
            ("1 / 0", "+Inf"),
        ],
    );
}
