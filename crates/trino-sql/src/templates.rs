//! Functions that Trino has under another name, or with other arguments, than DataFusion.

/// `{0}` is the first argument, `{*}` all of them. A name with several forms has one for each
/// number of arguments; `None` is any.
pub(crate) const TEMPLATES: &[(&str, Option<usize>, &str)] = &[
    // strings
    ("concat", None, "({||})"),
    ("length", Some(1), "CAST(character_length({0}) AS BIGINT)"),
    ("regexp_extract", Some(2), "trino_regexp_extract({0}, {1}, 0)"),
    ("regexp_extract", Some(3), "trino_regexp_extract({0}, {1}, {2})"),
    ("regexp_replace", Some(2), "regexp_replace({0}, {1}, '', 'g')"),
    ("regexp_replace", Some(3), "regexp_replace({0}, {1}, {2}, 'g')"),
    ("replace", Some(2), "replace({0}, {1}, '')"),
    ("split", Some(2), "string_to_array({0}, {1})"),
    ("split_part", Some(3), "NULLIF(split_part({0}, {1}, {2}), '')"),
    ("codepoint", Some(1), "ascii({0})"),
    ("index", Some(2), "strpos({0}, {1})"),
    // conditions
    ("if", Some(2), "CASE WHEN {0} THEN {1} END"),
    ("if", Some(3), "CASE WHEN {0} THEN {1} ELSE {2} END"),
    ("try", Some(1), "{0}"),
    // numbers
    ("ceiling", Some(1), "ceil({0})"),
    ("truncate", Some(1), "trunc({0})"),
    ("mod", Some(2), "({0} % {1})"),
    ("pow", Some(2), "power({0}, {1})"),
    ("sign", Some(1), "signum({0})"),
    ("rand", Some(0), "random()"),
    ("is_nan", Some(1), "isnan({0})"),
    // arrays
    ("contains", Some(2), "array_has({0}, {1})"),
    ("element_at", Some(2), "array_element({0}, {1})"),
    ("array_join", Some(2), "array_to_string({0}, {1})"),
    ("array_join", Some(3), "array_to_string({0}, {1}, {2})"),
    ("slice", Some(3), "array_slice({0}, {1}, {1} + {2} - 1)"),
    ("sequence", Some(2), "generate_series({0}, {1})"),
    ("sequence", Some(3), "generate_series({0}, {1}, {2})"),
    // aggregates
    ("count_if", Some(1), "count(CASE WHEN {0} THEN 1 END)"),
    ("arbitrary", Some(1), "first_value({0})"),
    ("any_value", Some(1), "first_value({0})"),
    ("every", Some(1), "bool_and({0})"),
    ("max_by", Some(2), "last_value({0} ORDER BY {1} ASC NULLS FIRST)"),
    ("min_by", Some(2), "first_value({0} ORDER BY {1} ASC NULLS LAST)"),
    ("approx_percentile", Some(2), "approx_percentile_cont({0}, {1})"),
    // times
    ("date", Some(1), "CAST({0} AS DATE)"),
    ("year", Some(1), "CAST(date_part('year', {0}) AS BIGINT)"),
    ("quarter", Some(1), "CAST(date_part('quarter', {0}) AS BIGINT)"),
    ("month", Some(1), "CAST(date_part('month', {0}) AS BIGINT)"),
    ("week", Some(1), "CAST(date_part('week', {0}) AS BIGINT)"),
    ("day", Some(1), "CAST(date_part('day', {0}) AS BIGINT)"),
    ("day_of_month", Some(1), "CAST(date_part('day', {0}) AS BIGINT)"),
    ("day_of_year", Some(1), "CAST(date_part('doy', {0}) AS BIGINT)"),
    ("day_of_week", Some(1), "CAST((date_part('dow', {0}) + 6) % 7 + 1 AS BIGINT)"),
    ("dow", Some(1), "CAST((date_part('dow', {0}) + 6) % 7 + 1 AS BIGINT)"),
    ("hour", Some(1), "CAST(date_part('hour', {0}) AS BIGINT)"),
    ("minute", Some(1), "CAST(date_part('minute', {0}) AS BIGINT)"),
    ("second", Some(1), "CAST(floor(date_part('second', {0})) AS BIGINT)"),
    ("to_unixtime", Some(1), "CAST(date_part('epoch', {0}) AS DOUBLE)"),
    ("from_unixtime", Some(1), "to_timestamp_seconds(CAST({0} AS BIGINT))"),
    ("date_diff", Some(3), "trino_date_diff({0}, trino_millis({1}), trino_millis({2}))"),
    ("date_add", Some(3), "trino_date_add({0}, CAST({1} AS BIGINT), trino_millis({2}))"),
    ("date_format", Some(2), "trino_date_format(trino_millis({0}), {1})"),
    ("json_extract", Some(2), "trino_json_extract({0}, {1})"),
];

/// What to write for a call of `name` with these arguments; `None` where it is called the same.
pub(crate) fn written(name: &str, arguments: &[String]) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let fits = |wanted: Option<usize>| match wanted {
        Some(count) => count == arguments.len(),
        None => !arguments.is_empty(),
    };
    let (.., template) =
        TEMPLATES.iter().find(|(known, count, _)| *known == name && fits(*count))?;
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = *template;
    while let Some((before, after)) = rest.split_once('{') {
        let (mark, after) = after.split_once('}')?;
        text.push_str(before);
        match mark {
            "||" => text.push_str(&arguments.join(" || ")),
            index => text.push_str(arguments.get(index.parse::<usize>().ok()?)?),
        }
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}
