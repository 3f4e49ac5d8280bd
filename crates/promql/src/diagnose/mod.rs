//! Says where and why a query is wrong, in the words of Prometheus.
//!
//! The parser names neither the place nor, for most syntax errors, the cause. So a query that it
//! refuses is read once more: [`grammar`] finds the first token that cannot be, and asks the
//! parser about each complete subexpression on the way, which finds the one that does not type.

mod grammar;
mod meaning;
mod token;

use crate::Error;

/// Larger queries get the parser's message without a place: to find it costs a parse for each
/// subexpression.
const MAX_BYTES: usize = 4 * 1024;

/// What is wrong, and the byte it is wrong at.
#[derive(Debug)]
struct Fault {
    message: String,
    at: usize,
}

/// The error for a query the parser refused with `message`.
pub(crate) fn diagnose(query: &str, message: String) -> Error {
    let fault = if query.len() > MAX_BYTES { None } else { grammar::first_fault(query) };
    match fault {
        Some(Fault { message, at }) => {
            Error::Parse { message, position: Some(line_and_column(query, at)) }
        }
        None => Error::Parse { message: format!("parse error: {message}"), position: None },
    }
}

fn line_and_column(query: &str, at: usize) -> (usize, usize) {
    let before = &query.as_bytes()[..at.min(query.len())];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    (line, at - line_start + 1)
}

#[cfg(test)]
mod tests {
    use crate::parse::parse;

    /// The messages of Prometheus 2.42 for the same queries, but for the last group.
    #[test]
    fn errors_have_the_words_and_the_place_of_prometheus() {
        for (query, expected) in [
            // unbalanced
            ("sum((", "1:6: parse error: unclosed left parenthesis"),
            ("sum(up", "1:7: parse error: unclosed left parenthesis"),
            ("avg(up) by (job", "1:16: parse error: unclosed left parenthesis"),
            ("up)", "1:4: parse error: unexpected right parenthesis ')'"),
            ("up[5m]]", "1:7: parse error: unexpected right bracket ']'"),
            ("up{job=\"a\"", "1:11: parse error: unexpected end of input inside braces"),
            ("\"a", "1:1: parse error: unterminated quoted string"),
            // tokens
            ("", "1:1: parse error: no expression found in input"),
            ("  ", "1:1: parse error: no expression found in input"),
            ("1 +", "1:4: parse error: unexpected end of input"),
            ("=", "1:1: parse error: unexpected \"=\""),
            ("on", "1:1: parse error: unexpected <on>"),
            ("up up", "1:4: parse error: unexpected identifier \"up\""),
            ("sum(up) foo", "1:9: parse error: unexpected identifier \"foo\""),
            ("up on(job) up", "1:4: parse error: unexpected <on>"),
            ("up * group_left up", "1:6: parse error: unexpected <group_left>"),
            ("up{a=\"b\"} or", "1:13: parse error: unexpected end of input"),
            ("foo\nsum((", "2:1: parse error: unexpected <aggr:sum>"),
            ("a.b", "1:2: parse error: unexpected character: '.'"),
            ("1 $ 2", "1:3: parse error: unexpected character: '$'"),
            ("é + sum((", "1:1: parse error: unexpected character: 'é'"),
            ("0x1g", "1:1: parse error: bad number or duration syntax: \"0x1\""),
            ("up}", "1:3: parse error: unexpected character: '}'"),
            ("up{1=\"a\"}", "1:4: parse error: unexpected character inside braces: '1'"),
            ("`a", "1:1: parse error: unterminated raw string"),
            (
                "1e",
                "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e\": \
                 invalid syntax",
            ),
            ("1h1y", "1:1: parse error: bad number or duration syntax: \"1h1\""),
            // selectors
            (
                "up{job=a}",
                "1:8: parse error: unexpected identifier \"a\" in label matching, expected string",
            ),
            (
                "up{job}",
                "1:7: parse error: unexpected \"}\" in label matching, expected label matching \
                 operator",
            ),
            (
                "up{=\"a\"}",
                "1:4: parse error: unexpected \"=\" in label matching, expected identifier or \
                 \"}\"",
            ),
            (
                "up{,}",
                "1:4: parse error: unexpected \",\" in label matching, expected identifier or \
                 \"}\"",
            ),
            (
                "up{a=\"b\" b=\"c\"}",
                "1:10: parse error: unexpected identifier \"b\" in label matching, expected \",\" \
                 or \"}\"",
            ),
            ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
            (
                "up{__name__=\"x\"}",
                "1:1: parse error: metric name must not be set twice: \"up\" or \"x\"",
            ),
            // ranges and offsets
            (
                "rate(up[5m)",
                "1:11: parse error: unexpected \")\" in subquery or range, expected \":\" or \"]\"",
            ),
            ("rate(up[])", "1:9: parse error: missing unit character in duration"),
            ("up[5x]", "1:4: parse error: bad duration syntax: \"5\""),
            ("up[1h30]", "1:4: parse error: bad duration syntax: \"1h30\""),
            ("up[0s]", "1:4: parse error: duration must be greater than 0"),
            ("up[5m][5m]", "1:7: parse error: ranges only allowed for vector selectors"),
            ("sum(up)[5m]", "1:8: parse error: ranges only allowed for vector selectors"),
            (
                "up offset",
                "1:10: parse error: unexpected end of input in offset, expected duration",
            ),
            (
                "up offset \"x\"",
                "1:11: parse error: unexpected string \"\\\"x\\\"\" in offset, expected duration",
            ),
            ("up @", "1:5: parse error: unexpected end of input in @, expected timestamp"),
            ("up[5m", "1:6: parse error: unclosed left bracket"),
            ("up[", "1:4: parse error: missing unit character in duration"),
            ("up[m]", "1:4: parse error: not a valid duration string: \"m\""),
            ("up[1m5h]", "1:4: parse error: not a valid duration string: \"1m5h\""),
            ("up[5m:1m:1m]", "1:9: parse error: unexpected colon ':'"),
            (
                "max_over_time(time()[5m:1m])",
                "1:15: parse error: subquery is only allowed on instant vector, got scalar instead",
            ),
            // calls and aggregations
            ("foo(up)", "1:1: parse error: unknown function with name \"foo\""),
            ("abs()", "1:1: parse error: expected 1 argument(s) in call to \"abs\", got 0"),
            (
                "1 + sum(rate(up, 2))",
                "1:9: parse error: expected 1 argument(s) in call to \"rate\", got 2",
            ),
            (
                "sum(rate(up))",
                "1:10: parse error: expected type range vector in call to function \"rate\", got \
                 instant vector",
            ),
            (
                "histogram_quantile(up, 1)",
                "1:20: parse error: expected type scalar in call to function \
                 \"histogram_quantile\", got instant vector",
            ),
            (
                "topk(\"a\", up)",
                "1:6: parse error: expected type scalar in aggregation parameter, got string",
            ),
            (
                "topk(up)",
                "1:1: parse error: wrong number of arguments for aggregate expression provided, \
                 expected 2, got 1",
            ),
            (
                "sum(1)",
                "1:5: parse error: expected type instant vector in aggregation expression, got \
                 scalar",
            ),
            ("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
            ("sum(up,)", "1:7: parse error: trailing commas not allowed in function call args"),
            ("sum(by(job) up)", "1:7: parse error: unexpected \"(\" in aggregation"),
            (
                "sum by job (up)",
                "1:8: parse error: unexpected identifier \"job\" in grouping opts, expected \"(\"",
            ),
            (
                "sum(rate(up[5m])) by",
                "1:21: parse error: unexpected end of input in grouping opts, expected \"(\"",
            ),
            // operators
            ("up =~ \"a\"", "1:4: parse error: unexpected character after '=': '~'"),
            (
                "up * on (job) group_left (job) up",
                "1:4: parse error: label \"job\" must not occur in ON and GROUP clause at once",
            ),
            (
                "-\"a\"",
                "1:1: parse error: unary expression only allowed on expressions of type scalar or \
                 instant vector, got \"string\"",
            ),
            (
                "-up[5m]",
                "1:1: parse error: unary expression only allowed on expressions of type scalar or \
                 instant vector, got \"range vector\"",
            ),
            ("1 == 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
            (
                "up and 1",
                "1:1: parse error: set operator \"and\" not allowed in binary scalar expression",
            ),
            (
                "up[5m] + 1",
                "1:1: parse error: binary expression must contain only scalar and instant vector \
                 types",
            ),
            // Prometheus ends this one with the words of Go's regular expressions.
            ("up{job=~\"(\"}", "1:4: parse error: error parsing regexp: unclosed group: `^(?:()$`"),
        ] {
            assert_eq!(parse(query).expect_err(query).to_string(), expected, "{query:?}");
        }
    }
}
