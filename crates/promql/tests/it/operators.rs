use crate::notation::{check, check_range, load};

const MEMORY: &str = r#"
    used{node="a", kind="heap"} 10
    used{node="a", kind="stack"} 30
    used{node="b", kind="heap"} 20
    total{node="a", zone="x"} 100
    total{node="b", zone="y"} 50
    total{node="c", zone="y"} 1
"#;

#[test]
fn arithmetic_with_a_scalar_drops_the_name_and_comparison_keeps_it() {
    let storage = load(60_000, MEMORY);
    check(
        &storage,
        0,
        &[
            (r#"total{node="a"} * 2"#, r#"{node="a", zone="x"} 200"#),
            (r#"2 - total{node="c"}"#, r#"{node="c", zone="y"} 1"#),
            (r#"-total{node="c"}"#, r#"{node="c", zone="y"} -1"#),
            ("total > 60", r#"total{node="a", zone="x"} 100"#),
            ("60 < total", r#"total{node="a", zone="x"} 100"#),
            (r#"total{node="c"} == bool 1"#, r#"{node="c", zone="y"} 1"#),
            (r#"total{node="c"} != 1"#, ""),
            (
                r#"1 atan2 total{node="c"}"#,
                &format!(r#"total{{node="c", zone="y"}} {}"#, 1f64.atan2(1.0)),
            ),
        ],
    );
}

#[test]
fn one_to_one_matching_keeps_the_labels_it_matches_on() {
    let storage = load(60_000, MEMORY);
    check(
        &storage,
        0,
        &[
            (
                "total / total",
                r#"{node="a", zone="x"} 1; {node="b", zone="y"} 1; {node="c", zone="y"} 1"#,
            ),
            (r#"used{kind="heap"} / on(node) total"#, r#"{node="a"} 0.1; {node="b"} 0.4"#),
            (
                r#"used{kind="heap"} / ignoring(kind, zone) total"#,
                r#"{node="a"} 0.1; {node="b"} 0.4"#,
            ),
            (r#"used{kind="stack"} > on(node) used{kind="heap"}"#, r#"{node="a"} 30"#),
            (r#"used{kind="heap"} < bool on(node) total"#, r#"{node="a"} 1; {node="b"} 1"#),
            ("used / total", ""),
        ],
    );
}

#[test]
fn group_modifiers_allow_many_to_one() {
    let storage = load(60_000, MEMORY);
    check(
        &storage,
        0,
        &[
            (
                "used / on(node) group_left total",
                r#"{kind="heap", node="a"} 0.1; {kind="heap", node="b"} 0.4; {kind="stack", node="a"} 0.3"#,
            ),
            (
                "used / on(node) group_left(zone) total",
                r#"{kind="heap", node="a", zone="x"} 0.1; {kind="heap", node="b", zone="y"} 0.4; {kind="stack", node="a", zone="x"} 0.3"#,
            ),
            (
                r#"total{node="b"} / on(node) group_right(zone) used"#,
                r#"{kind="heap", node="b", zone="y"} 2.5"#,
            ),
        ],
    );
}

#[test]
fn ambiguous_matches_are_errors() {
    let storage = load(60_000, MEMORY);
    check(
        &storage,
        0,
        &[
            (
                "total / on(node) used",
                r#"error: found duplicate series for the match group {node="a"} on the right hand-side of the operation: [{__name__="used", kind="stack", node="a"}, {__name__="used", kind="heap", node="a"}];many-to-many matching not allowed: matching labels must be unique on one side"#,
            ),
            (
                "used / on(node) total",
                "error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
            ),
            (
                r#"used / on(node) group_left(kind) label_replace(total, "kind", "any", "", "")"#,
                "error: multiple matches for labels: grouping labels must ensure unique matches",
            ),
            (
                "{__name__=~\"used|total\"} * 2 + 1 or -{node=\"a\"}",
                r#"{kind="heap", node="a"} 21; {kind="heap", node="b"} 41; {kind="stack", node="a"} 61; {node="a", zone="x"} 201; {node="b", zone="y"} 101; {node="c", zone="y"} 3"#,
            ),
            (
                r#"label_replace({node="b"}, "kind", "", "", "") + 1"#,
                r#"{node="b"} 21; {node="b", zone="y"} 51"#,
            ),
            (
                r#"abs(label_replace(used, "kind", "", "", ""))"#,
                "error: vector cannot contain metrics with the same labelset",
            ),
        ],
    );
}

#[test]
fn set_operators_match_many_to_many() {
    let storage = load(60_000, MEMORY);
    check(
        &storage,
        0,
        &[
            (r#"used and on(node) total{zone="y"}"#, r#"used{kind="heap", node="b"} 20"#),
            (r#"total unless on(node) used"#, r#"total{node="c", zone="y"} 1"#),
            (
                r#"used{kind="heap"} or on(node) total"#,
                r#"total{node="c", zone="y"} 1; used{kind="heap", node="a"} 10; used{kind="heap", node="b"} 20"#,
            ),
            ("total and used", ""),
            ("nothing or vector(1)", "{} 1"),
        ],
    );
}

#[test]
fn series_match_step_by_step() {
    let storage = load(60_000, "a{x=\"1\"} 1 1 _x9 1\nb{x=\"1\"} _ 2 3");
    check_range(
        &storage,
        (0, 120, 60),
        &[
            ("a + b", r#"{x="1"} 3@60 4@120"#),
            ("a unless b", r#"a{x="1"} 1@0"#),
            ("b or a", r#"a{x="1"} 1@0; b{x="1"} 2@60 3@120"#),
            ("b > 2", r#"b{x="1"} 3@120"#),
        ],
    );
}
