use crate::notation::{check, check_range, load};

const REQUESTS: &str = r#"
    r{job="api", i="0"} 1 3
    r{job="api", i="1"} 2 2
    r{job="web", i="0"} 6 NaN
    r{job="web", i="1"} 3 1
"#;

#[test]
fn groups_are_made_by_and_without_labels() {
    let storage = load(60_000, REQUESTS);
    check(
        &storage,
        0,
        &[
            ("sum(r)", "{} 12"),
            ("sum by (job) (r)", r#"{job="api"} 3; {job="web"} 9"#),
            ("sum(r) without (i)", r#"{job="api"} 3; {job="web"} 9"#),
            ("sum by (job, absent) (r)", r#"{job="api"} 3; {job="web"} 9"#),
            ("sum by (__name__) (r)", "r 12"),
            ("sum without (job, i) (r)", "{} 12"),
            ("sum(nothing)", ""),
            ("avg by (job) (r)", r#"{job="api"} 1.5; {job="web"} 4.5"#),
            ("min by (job) (r)", r#"{job="api"} 1; {job="web"} 3"#),
            ("max by (job) (r)", r#"{job="api"} 2; {job="web"} 6"#),
            ("count by (job) (r)", r#"{job="api"} 2; {job="web"} 2"#),
            ("group by (job) (r)", r#"{job="api"} 1; {job="web"} 1"#),
            ("stdvar by (job) (r)", r#"{job="api"} 0.25; {job="web"} 2.25"#),
            ("stddev by (job) (r)", r#"{job="api"} 0.5; {job="web"} 1.5"#),
            ("quantile(0.5, r)", "{} 2.5"),
            ("quantile by (job) (1, r)", r#"{job="api"} 2; {job="web"} 6"#),
            ("quantile(scalar(nothing), r)", "{} NaN"),
        ],
    );
    check(
        &storage,
        60,
        &[
            ("sum(r)", "{} NaN"),
            ("min(r)", "{} 1"),
            ("max(r)", "{} 3"),
            ("avg by (job) (r)", r#"{job="api"} 2.5; {job="web"} NaN"#),
        ],
    );
}

#[test]
fn the_largest_and_smallest_come_in_order_with_nan_last() {
    let storage = load(60_000, REQUESTS);
    check(
        &storage,
        0,
        &[
            ("topk(2, r)", r#"r{i="0", job="web"} 6; r{i="1", job="web"} 3"#),
            ("bottomk by (job) (1, r)", r#"r{i="0", job="api"} 1; r{i="1", job="web"} 3"#),
            ("topk(0, r)", ""),
            ("topk(-3, r)", ""),
            ("topk(NaN, r)", "error: Scalar value NaN overflows int64"),
            ("topk(1e300, r)", "error: Scalar value 1e+300 overflows int64"),
            ("topk(1e3, r) > 5", r#"r{i="0", job="web"} 6"#),
        ],
    );
    check(
        &storage,
        60,
        &[
            (
                "topk(4, r)",
                r#"r{i="0", job="api"} 3; r{i="1", job="api"} 2; r{i="1", job="web"} 1; r{i="0", job="web"} NaN"#,
            ),
            ("bottomk(1, r)", r#"r{i="1", job="web"} 1"#),
        ],
    );
    check_range(
        &storage,
        (0, 60, 60),
        &[("topk(1, r)", r#"r{i="0", job="api"} 3@60; r{i="0", job="web"} 6@0"#)],
    );
}

#[test]
fn values_are_counted_under_a_label() {
    let storage = load(60_000, "v{a=\"1\"} 0.5 1\nv{a=\"2\"} 0.5 2\nv{a=\"3\"} 1e21 2");
    check(
        &storage,
        0,
        &[
            (
                r#"count_values("value", v)"#,
                r#"{value="0.5"} 2; {value="1000000000000000000000"} 1"#,
            ),
            (r#"count_values by (a) ("a", v{a="1"})"#, r#"{a="0.5"} 1"#),
            (r#"count_values without (a) ("a", v)"#, "{} 3"),
            (r#"count_values("a-b", v)"#, "error: invalid label name \"a-b\""),
        ],
    );
    check_range(
        &storage,
        (0, 60, 60),
        &[(
            r#"count_values("v", v)"#,
            r#"{v="0.5"} 2@0; {v="1"} 1@60; {v="1000000000000000000000"} 1@0; {v="2"} 2@60"#,
        )],
    );
}

#[test]
fn infinities_do_not_turn_a_mean_into_nan() {
    let storage = load(
        60_000,
        "v{a=\"1\"} Inf\nv{a=\"2\"} Inf\nv{a=\"3\"} 1\nw{a=\"1\"} Inf\nw{a=\"2\"} -Inf",
    );
    check(
        &storage,
        0,
        &[
            ("avg(v)", "{} +Inf"),
            ("avg(w)", "{} NaN"),
            ("stddev by (a) (w)", "{a=\"1\"} 0; {a=\"2\"} 0"),
            ("avg_over_time(w[1m])", "{a=\"1\"} +Inf; {a=\"2\"} -Inf"),
        ],
    );
}
