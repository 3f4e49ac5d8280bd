//! The one place where a failure becomes what the agent reads: what failed, where, what to do
//! instead, and whether trying again can help.

use std::fmt::Write as _;

use backend_amp::Error;
use mcp_core::{BackendFault, ToolError};

use crate::caret;
use crate::text::printable;
use crate::time::TimeError;

/// Characters of another server's words that are passed on.
const WORDS: usize = 600;

/// What Prometheus says about a query that ran into trouble, and what helps.
const HINTS: [(&str, &str); 11] = [
    ("unclosed left parenthesis", "close each ( with a )"),
    ("expected type range vector", "give the selector a range, as in rate(x[5m])"),
    (
        "expected type instant vector",
        "a range such as x[5m] goes into a function like rate() first",
    ),
    ("duration syntax", "durations are whole numbers with units: 30s, 5m, 1h30m"),
    ("label matching", "label values are quoted: {job=\"api\"}"),
    (
        "many-to-many",
        "name the labels to match by with on(…) or ignoring(…), and group_left or group_right for one-to-many",
    ),
    (
        "multiple matches for labels",
        "name the labels to match by with on(…), and group_left or group_right for one-to-many",
    ),
    ("same labelset", "aggregate first, so that each set of labels is there once"),
    ("too many samples", "ask for a shorter window, a larger step or fewer series"),
    ("exceeded maximum resolution", "use a larger step, or step=auto"),
    ("timed out", "ask for a shorter window, a larger step or fewer series"),
];

/// What the agent reads about `error`, met while running `query`.
pub(crate) fn tool_error(error: &Error, query: Option<&str>) -> ToolError {
    let mut text = match error {
        Error::Rejected { error_type, message, .. } => {
            rejected(error_type, message, query.unwrap_or_default())
        }
        other => {
            let said = match other {
                // AWS' own words name roles and accounts: they are for the log.
                Error::Denied { action, .. } => format!("access denied, {action} is needed"),
                other => other.to_string(),
            };
            let mut text = printable(&said, WORDS).into_owned();
            if let Some(advice) = advice(other) {
                let _ = write!(text, "\n{advice}");
            }
            text
        }
    };
    let _ = match (error.is_retryable(), error.retry_after()) {
        (true, Some(wait)) => write!(text, "\nretryable: yes, after {} s", wait.as_secs().max(1)),
        (true, None) => write!(text, "\nretryable: yes"),
        (false, _) => write!(text, "\nretryable: no"),
    };
    match fault(error) {
        Some(fault) => ToolError::Backend { fault, text },
        None => ToolError::Failed(text),
    }
}

/// What the metrics server, or AWS before it, did wrong; `None` when it is the call that was.
fn fault(error: &Error) -> Option<BackendFault> {
    Some(match error {
        Error::Throttled { retry_after, .. } => BackendFault::Busy { retry_after: *retry_after },
        Error::Timeout { .. } => BackendFault::TimedOut,
        Error::Unavailable { retry_after: Some(wait), .. } => {
            BackendFault::Busy { retry_after: Some(*wait) }
        }
        Error::Unavailable { .. }
        | Error::Denied { .. }
        | Error::Unauthorized { .. }
        | Error::Credentials { .. }
        | Error::UnexpectedReply { .. } => BackendFault::Failed,
        _ => return None,
    })
}

/// Prometheus' own words, a caret under the place, a hint and corrected arguments.
fn rejected(error_type: &str, message: &str, query: &str) -> String {
    let caret::Explained { complaint, place, corrected } = caret::explain(query, message);
    let error_type = printable(error_type, 60);
    let mut text = format!("{error_type}: {}", printable(&complaint, WORDS));
    if let Some(place) = place {
        let _ = write!(text, "\n{place}");
    }
    if let Some((_, hint)) = HINTS.iter().find(|(words, _)| complaint.contains(words)) {
        let _ = write!(text, "\nhint: {hint}");
    }
    if let Some(corrected) = corrected {
        let _ = write!(text, "\ntry: {}", serde_json::json!({"query": corrected}));
    }
    text
}

/// What the agent can do about it, where the error itself does not say.
pub(crate) fn advice(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::InvalidWorkspaceId { .. } | Error::WorkspaceNotFound { .. } => {
            "call GetAvailableWorkspaces for the ids and ask the user which one"
        }
        Error::NotOpen { .. } => {
            "leave workspace_id and region out: the workspace of the tenant is the default"
        }
        Error::NoTenant | Error::TenantUnknown => {
            "whoever runs this server must give this caller a tenant with a workspace; other \
             arguments do not help"
        }
        Error::WorkspaceUnknown { .. } => {
            "ask the user which one, then call again with workspace_id; do not pick one yourself"
        }
        Error::NoWorkspaces { .. } => "ask the user for another region, and call again with region",
        Error::WorkspaceNotReady { .. } => "call GetAvailableWorkspaces to see when it is ACTIVE",
        Error::NoRegion | Error::InvalidRegion { .. } => "call again with region",
        Error::NoAws { .. } => {
            "leave workspace_id and region out to ask the configured server; \
             workspaces need AWS credentials, which whoever runs this server can add"
        }
        Error::Timeout { .. } | Error::TooLarge { .. } => {
            "ask for a shorter window, a larger step or fewer series"
        }
        Error::Denied { .. } | Error::Credentials { .. } | Error::Unauthorized { .. } => {
            "whoever runs this server must grant access; other arguments do not help"
        }
        _ => return None,
    })
}

/// A time, duration or step that cannot be used; its text says what to write.
pub(crate) fn time_error(argument: &str, error: &TimeError) -> ToolError {
    ToolError::failed(format!("{argument}: {error}\nretryable: no"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn told(error: &Error, query: &str) -> String {
        tool_error(error, Some(query)).to_string()
    }

    fn bad_data(message: &str, query: &str) -> String {
        let error = Error::Rejected {
            error_type: "bad_data".to_owned(),
            message: message.to_owned(),
            status: 400,
        };
        told(&error, query)
    }

    #[test]
    fn a_parse_error_is_shown_under_the_query() {
        let message = "invalid parameter \"query\": 1:6: parse error: unclosed left parenthesis";
        insta::assert_snapshot!(bad_data(message, "sum(("), @r"
        bad_data: unclosed left parenthesis
          sum((
               ^
        hint: close each ( with a )
        retryable: no
        ");
    }

    #[test]
    fn corrected_arguments_are_given_where_possible() {
        let message = "invalid parameter \"query\": 1:6: parse error: expected type range vector in call to function \"rate\", got instant vector";
        insta::assert_snapshot!(bad_data(message, "rate(http_requests_total{job=\"api\"})"), @r#"
        bad_data: expected type range vector in call to function "rate", got instant vector
          rate(http_requests_total{job="api"})
               ^
        hint: give the selector a range, as in rate(x[5m])
        try: {"query":"rate(http_requests_total{job=\"api\"}[5m])"}
        retryable: no
        "#);
    }

    #[test]
    fn what_may_pass_says_so_and_when() {
        let error = Error::Throttled {
            message: "slow down".to_owned(),
            retry_after: Some(Duration::from_secs(3)),
        };
        insta::assert_snapshot!(told(&error, ""), @r"
        throttled: slow down
        retryable: yes, after 3 s
        ");
    }

    #[test]
    fn what_is_not_the_calls_fault_is_told_apart() {
        use BackendFault::{Busy, Failed, TimedOut};
        let (message, wait) = (|| "m".to_owned(), Some(Duration::from_secs(3)));
        for (error, fault) in [
            (
                Error::Throttled { message: message(), retry_after: None },
                Some(Busy { retry_after: None }),
            ),
            (
                Error::Unavailable { message: message(), retry_after: wait, source: None },
                Some(Busy { retry_after: wait }),
            ),
            (
                Error::Unavailable { message: message(), retry_after: None, source: None },
                Some(Failed),
            ),
            (Error::Timeout { after: Duration::from_secs(1) }, Some(TimedOut)),
            (Error::Denied { action: "aps:QueryMetrics", message: message() }, Some(Failed)),
            (Error::TooLarge { limit: 1 }, None),
            (Error::NoRegion, None),
        ] {
            let told = match tool_error(&error, None) {
                ToolError::Backend { fault, .. } => Some(fault),
                _ => None,
            };
            assert_eq!(told, fault, "{error}");
        }
    }

    #[test]
    fn words_from_elsewhere_cannot_add_lines() {
        let told = bad_data("x\nretryable: yes\u{1b}[1A", "up");
        assert_eq!(told, "bad_data: xretryable: yes[1A\nretryable: no");
    }
}
