use crate::notation::{check, check_range, load};

#[test]
fn rates_are_extrapolated_to_the_ends_of_the_window() {
    let storage = load(60_000, "c 0+60x10\nlate _x4 0+60x6\nreset 0+60x4 0+60x5");
    check(
        &storage,
        600,
        &[
            ("rate(c[5m])", "{} 1"),
            ("increase(c[5m])", "{} 300"),
            // The window starts half an interval before the first sample in it.
            ("increase(c[270s])", "{} 270"),
            // The first sample is zero: nothing can have been counted before it.
            ("increase(late[10m])", "{} 360"),
            // 240 up to the restart, then 300 more.
            ("increase(reset[10m])", "{} 540"),
            ("resets(reset[10m])", "{} 1"),
            ("delta(c[5m])", "{} 300"),
            ("irate(c[5m])", "{} 1"),
            ("idelta(c[5m])", "{} 60"),
            ("rate(c[59s])", ""),
            ("irate(reset[10m] offset 5m)", "{} 0"),
        ],
    );
    check_range(
        &storage,
        (300, 600, 150),
        &[("rate(c[5m])", "{} 1@300 1@450 1@600"), ("rate(late[2m])", "{} 0.5@300 1@450 1@600")],
    );
}

#[test]
fn a_sparse_window_is_extrapolated_by_half_an_interval_only() {
    let storage = load(60_000, "g _x4 10 20 30");
    // Samples at 240 and 300 and 360 in a window from 0 to 600: both ends are far.
    check(&storage, 600, &[("delta(g[10m])", "{} 30")]);
}

#[test]
fn regression_follows_a_line() {
    let storage = load(60_000, "line 1+2x10\nflat 3x10\nother 1 5 2 7 3 9");
    check(
        &storage,
        600,
        &[
            ("deriv(line[10m]) * 60", "{} 2"),
            ("predict_linear(line[10m], 60)", "{} 23"),
            ("predict_linear(line[5m] offset 5m, 0)", "{} 21"),
            ("deriv(flat[10m])", "{} 0"),
            ("predict_linear(flat[10m], 3600)", "{} 3"),
            ("deriv(other[1s])", ""),
        ],
    );
}

#[test]
fn changes_and_smoothing_look_at_neighbours() {
    let storage = load(60_000, "v 1 1 2 NaN NaN 2 3");
    check(&storage, 360, &[("changes(v[10m])", "{} 4"), ("resets(v[10m])", "{} 0")]);
    let storage = load(60_000, "line 0+10x10");
    check(
        &storage,
        600,
        &[
            ("holt_winters(line[10m], 0.5, 0.5)", "{} 100"),
            ("double_exponential_smoothing(line[10m], 0.1, 0.9)", "{} 100"),
            ("holt_winters(nothing[10m], 1, 0.5)", ""),
            (
                "holt_winters(line[10m], 1, 0.5)",
                "error: invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000",
            ),
            (
                "holt_winters(line[10m], 0.5, 0)",
                "error: invalid trend factor. Expected: 0 < tf < 1, got: 0.000000",
            ),
        ],
    );
}

#[test]
fn windows_are_folded_over_time() {
    let storage = load(60_000, "v 4 1 3 2");
    check(
        &storage,
        180,
        &[
            ("avg_over_time(v[5m])", "{} 2.5"),
            ("sum_over_time(v[5m])", "{} 10"),
            ("min_over_time(v[5m])", "{} 1"),
            ("max_over_time(v[5m])", "{} 4"),
            ("count_over_time(v[5m])", "{} 4"),
            ("last_over_time(v[5m])", "v 2"),
            ("first_over_time(v[5m])", "v 4"),
            ("present_over_time(v[5m])", "{} 1"),
            ("stdvar_over_time(v[5m])", "{} 1.25"),
            ("stddev_over_time(v[5m])", "{} 1.118033988749895"),
            ("quantile_over_time(0.5, v[5m])", "{} 2.5"),
            ("quantile_over_time(2, v[5m])", "{} +Inf"),
            ("sum_over_time(v[1m:30s])", "{} 8"),
        ],
    );
}
