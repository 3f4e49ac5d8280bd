use crate::notation::{check, check_range, load};

#[test]
fn numbers_are_mapped_one_by_one() {
    let storage = load(60_000, "v{a=\"1\"} -2.5\nv{a=\"2\"} 1.5\nz 0");
    check(
        &storage,
        0,
        &[
            ("abs(v)", "{a=\"1\"} 2.5; {a=\"2\"} 1.5"),
            ("ceil(v)", "{a=\"1\"} -2; {a=\"2\"} 2"),
            ("floor(v)", "{a=\"1\"} -3; {a=\"2\"} 1"),
            ("round(v)", "{a=\"1\"} -2; {a=\"2\"} 2"),
            ("round(v, 0.2)", "{a=\"1\"} -2.4; {a=\"2\"} 1.6"),
            ("sgn(v)", "{a=\"1\"} -1; {a=\"2\"} 1"),
            ("sgn(z)", "{} 0"),
            ("clamp(v, -1, 1)", "{a=\"1\"} -1; {a=\"2\"} 1"),
            ("clamp(v, 1, -1)", ""),
            ("clamp_min(v, 0)", "{a=\"1\"} 0; {a=\"2\"} 1.5"),
            ("clamp_max(v, 0)", "{a=\"1\"} -2.5; {a=\"2\"} 0"),
            ("clamp_max(v, NaN)", "{a=\"1\"} NaN; {a=\"2\"} NaN"),
            ("exp(z)", "{} 1"),
            ("ln(z)", "{} -Inf"),
            ("log2(z + 8)", "{} 3"),
            ("log10(z + 100)", "{} 2"),
            ("sqrt(z + 2)", "{} 1.4142135623730951"),
            ("sqrt(z - 1)", "{} NaN"),
            ("sin(z) + cos(z) + tan(z) + atan(z) + sinh(z) + asinh(z)", "{} 1"),
            ("deg(z + pi())", "{} 180"),
            ("rad(z + 180) - pi()", "{} 0"),
        ],
    );
}

#[test]
fn scalars_and_vectors_become_each_other() {
    let storage = load(60_000, "v{a=\"1\"} 1\nv{a=\"2\"} 2");
    check(
        &storage,
        60,
        &[
            (r#"scalar(v{a="1"})"#, "1"),
            ("scalar(v)", "NaN"),
            ("scalar(nothing)", "NaN"),
            ("vector(3)", "{} 3"),
            ("time()", "60"),
            ("vector(time()) - 1", "{} 59"),
        ],
    );
}

#[test]
fn absence_is_a_series_with_the_demanded_labels() {
    let storage = load(60_000, "v{a=\"1\"} 1 1 1");
    check(
        &storage,
        60,
        &[
            ("absent(v)", ""),
            (r#"absent(w{a="1", b=~"x.*", c!="d"})"#, "{a=\"1\"} 1"),
            (r#"absent(w{a="1", a="2", b="3"})"#, "{b=\"3\"} 1"),
            (r#"absent((w{a="1"}))"#, "{a=\"1\"} 1"),
            ("absent(sum(w))", "{} 1"),
            (r#"absent_over_time(w{a="1"}[5m])"#, "{a=\"1\"} 1"),
            ("absent_over_time(v[5m])", ""),
        ],
    );
    check_range(
        &storage,
        (0, 900, 300),
        &[
            (r#"absent(v{a="1"})"#, "{a=\"1\"} 1@600 1@900"),
            ("absent_over_time(v[10m])", "{} 1@900"),
        ],
    );
}

#[test]
fn labels_are_replaced_and_joined() {
    let storage = load(60_000, r#"v{src="host-10", x="a", y="b"} 1"#);
    check(
        &storage,
        0,
        &[
            (
                r#"label_replace(v, "dst", "${1}-$2", "src", "(.*)-(.*)")"#,
                r#"v{dst="host-10", src="host-10", x="a", y="b"} 1"#,
            ),
            (
                r#"label_replace(v, "dst", "$1", "src", "host")"#,
                r#"v{src="host-10", x="a", y="b"} 1"#,
            ),
            (r#"label_replace(v, "x", "", "", "")"#, r#"v{src="host-10", y="b"} 1"#),
            (
                r#"label_replace(v, "x", "", "src", "(.*")"#,
                "error: invalid regular expression in label_replace(): (.*",
            ),
            (
                r#"label_replace(v, "~", "", "", "")"#,
                "error: invalid destination label name in label_replace(): ~",
            ),
            (
                r#"label_join(v, "dst", "/", "x", "none", "y")"#,
                r#"v{dst="a//b", src="host-10", x="a", y="b"} 1"#,
            ),
            (r#"label_join(v, "x", "/")"#, r#"v{src="host-10", y="b"} 1"#),
            (
                r#"label_join(v, "x", "/", "a b")"#,
                "error: invalid source label name in label_join(): a b",
            ),
        ],
    );
}

#[test]
fn results_are_sorted_on_demand() {
    let storage = load(60_000, "v{n=\"a10\"} 2\nv{n=\"a9\"} NaN\nv{n=\"a1\"} 3");
    check(
        &storage,
        0,
        &[
            ("v", r#"v{n="a1"} 3; v{n="a10"} 2; v{n="a9"} NaN"#),
            ("sort(v)", r#"v{n="a10"} 2; v{n="a1"} 3; v{n="a9"} NaN"#),
            ("sort_desc(v)", r#"v{n="a1"} 3; v{n="a10"} 2; v{n="a9"} NaN"#),
            ("sort_by_label(v, \"n\")", r#"v{n="a1"} 3; v{n="a9"} NaN; v{n="a10"} 2"#),
            ("(sort_by_label_desc(v, \"n\"))", r#"v{n="a10"} 2; v{n="a9"} NaN; v{n="a1"} 3"#),
        ],
    );
}

#[test]
fn times_are_those_of_samples_and_calendars() {
    let storage = load(60_000, "v 951782400 1\nw 1");
    check(
        &storage,
        90,
        &[
            ("timestamp(v)", "{} 60"),
            ("timestamp((v offset 1m))", "{} 0"),
            ("timestamp(v * 1)", "{} 90"),
            ("day_of_month(v offset 1m)", "{} 29"),
            ("days_in_month(v @ 0)", "{} 29"),
            ("month(v @ 0) + year(v @ 0)", "{} 2002"),
            ("hour()", "{} 0"),
            ("minute()", "{} 1"),
            ("day_of_week()", "{} 4"),
            ("day_of_year()", "{} 1"),
        ],
    );
}

#[test]
fn histogram_quantiles_are_taken_for_each_group_of_buckets() {
    let storage = load(
        60_000,
        r#"
        h_bucket{job="a", le="0.1"} 0+1x10
        h_bucket{job="a", le="0.5"} 0+3x10
        h_bucket{job="a", le="+Inf"} 0+4x10
        h_bucket{job="b", le="0.1"} 0+4x10
        h_bucket{job="b", le="+Inf"} 0+4x10
        h_bucket{job="c", le="often"} 0+4x10
        "#,
    );
    check(
        &storage,
        600,
        &[
            (
                "histogram_quantile(0.5, h_bucket)",
                r#"{job="a"} 0.30000000000000004; {job="b"} 0.05"#,
            ),
            (
                "histogram_quantile(0.9, rate(h_bucket[5m]))",
                r#"{job="a"} 0.5; {job="b"} 0.09000000000000001"#,
            ),
            ("histogram_quantile(0.5, sum by (le) (h_bucket))", "{} 0.08000000000000002"),
            ("histogram_quantile(2, h_bucket{job=\"a\"})", r#"{job="a"} +Inf"#),
        ],
    );
}
