//! The one place where a failure becomes what the agent reads: what failed, a code for programs,
//! what to do instead, and whether trying again can help.

use std::fmt::Write as _;
use std::time::Duration;

use backend_athena as athena;
use backend_athena::ServiceError;
use backend_bedrock as bedrock;
use mcp_core::{BackendFault, ToolError};

use crate::guard::Refusal;
use crate::text::{bytes, printable, without_addresses};

/// Characters of another service's words that are passed on.
const WORDS: usize = 600;

/// What Athena says about a query that ran into trouble, and what helps.
const HINTS: [(&str, &str); 9] = [
    ("COLUMN_NOT_FOUND", "the resource cases://schema lists the columns"),
    ("cannot be resolved", "the resource cases://schema lists the columns"),
    ("TABLE_NOT_FOUND", "SHOW TABLES lists the tables"),
    ("does not exist", "SHOW TABLES lists the tables, cases://schema the columns"),
    (
        "TYPE_MISMATCH",
        "every column is text: compare with '…', and times by from_iso8601_timestamp(timecreated)",
    ),
    ("FUNCTION_NOT_FOUND", "Athena has the functions of Trino"),
    ("mismatched input", "Athena's SQL is Trino's"),
    ("exhausted resources", "read less: fewer columns, an account_number, a shorter time"),
    ("Bytes scanned limit", "read less: name an account_number, which is a partition"),
];

/// A call that cannot be done as it stands.
pub(crate) fn refused(code: &str, text: &str, hint: &str) -> ToolError {
    ToolError::Failed(told(text, code, Some(hint), false, None))
}

/// SQL that does not run.
pub(crate) fn sql_refused(refusal: &Refusal) -> ToolError {
    let text = printable(&refusal.to_string(), WORDS).into_owned();
    refused("sql_refused", &text, "one statement that reads, in Athena's SQL (Trino's)")
}

/// A query that gave nothing.
pub(crate) fn of_athena(error: &athena::Error) -> ToolError {
    use athena::Error as E;
    let (text, code, hint) = match error {
        E::Rejected { message: words } | E::Failed { reason: words, .. } => {
            let hint = HINTS.iter().find(|(phrase, _)| words.contains(phrase));
            (error.to_string(), "query_failed", hint.map(|(_, hint)| *hint))
        }
        E::Cancelled { reason } => {
            let hint = HINTS.iter().find(|(phrase, _)| reason.contains(phrase));
            (error.to_string(), "query_cancelled", hint.map(|(_, hint)| *hint))
        }
        E::TooExpensive { bytes: read, limit } => (
            format!("the query would read {}, and may read {}", bytes(*read), bytes(*limit)),
            "too_expensive",
            Some("read less: name an account_number, which is a partition"),
        ),
        // AWS' own words name roles and accounts: they are for the log.
        E::Denied { action, .. } => {
            (format!("access denied: {action} is needed"), "access_denied", Some(OPERATOR))
        }
        E::NotFound { what } => {
            (format!("not found: {what}"), "not_found", Some("a result is kept for a while only"))
        }
        _ => (error.to_string(), error.kind(), of_service(error.kind())),
    };
    let fault = match error {
        E::Denied { .. } => Some(BackendFault::Failed),
        E::Failed { retryable: true, .. } => Some(BackendFault::Busy { retry_after: None }),
        E::Service(error) => Some(of_aws(error)),
        _ => None,
    };
    let retry_after = match error {
        E::Service(error) => error.retry_after(),
        _ => None,
    };
    failure(fault, told(&text, code, hint, error.is_retryable(), retry_after))
}

/// A model that said nothing.
pub(crate) fn of_bedrock(error: &bedrock::Error) -> ToolError {
    use bedrock::Error as E;
    let (text, code, hint) = match error {
        E::Denied { action, .. } => {
            (format!("access denied: {action} is needed"), "access_denied", Some(OPERATOR))
        }
        E::NoModel { .. } | E::NoModels => (
            error.to_string(),
            "no_model",
            Some("whoever runs this server must name another model"),
        ),
        E::Rejected { .. } => (error.to_string(), "model_refused", Some("send less text")),
        E::Empty { .. } => {
            (error.to_string(), "no_text", Some("ask in another way, or for fewer cases"))
        }
        _ => (error.to_string(), error.kind(), of_service(error.kind())),
    };
    let fault = match error {
        E::Denied { .. } | E::NoModel { .. } | E::NoModels => Some(BackendFault::Failed),
        E::Service(error) => Some(of_aws(error)),
        _ => None,
    };
    failure(fault, told(&text, code, hint, error.is_retryable(), error.retry_after()))
}

/// What AWS did wrong.
fn of_aws(error: &ServiceError) -> BackendFault {
    match error {
        ServiceError::Throttled { retry_after, .. } => {
            BackendFault::Busy { retry_after: *retry_after }
        }
        ServiceError::Timeout { .. } => BackendFault::TimedOut,
        _ => BackendFault::Failed,
    }
}

/// With a `fault` it is no failure of the call's.
fn failure(fault: Option<BackendFault>, text: String) -> ToolError {
    match fault {
        Some(fault) => ToolError::Backend { fault, text },
        None => ToolError::Failed(text),
    }
}

const OPERATOR: &str = "whoever runs this server must grant it; other arguments do not help";

fn of_service(kind: &str) -> Option<&'static str> {
    match kind {
        "timeout" => Some("ask for less, or again later"),
        "credentials" => Some(OPERATOR),
        "too_large" => Some("ask for fewer rows"),
        _ => None,
    }
}

fn told(
    text: &str,
    code: &str,
    hint: Option<&str>,
    retryable: bool,
    after: Option<Duration>,
) -> String {
    let mut told = without_addresses(&printable(text, WORDS + 100)).into_owned();
    let _ = write!(told, "\ncode: {code}");
    if let Some(hint) = hint {
        let _ = write!(told, "\nhint: {hint}");
    }
    let _ = match (retryable, after) {
        (true, Some(wait)) => write!(told, "\nretryable: yes, after {} s", wait.as_secs().max(1)),
        (true, None) => write!(told, "\nretryable: yes"),
        (false, _) => write!(told, "\nretryable: no"),
    };
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_a_code_a_hint_and_no_names_of_roles() {
        let failed =
            |reason: &str| athena::Error::Failed { reason: reason.into(), retryable: false };
        let denied = athena::Error::Denied {
            action: "glue:GetTable".into(),
            message: "User: arn:aws:sts::123456789012:assumed-role/secret is not authorized".into(),
        };
        for (error, expected) in [
            (
                failed("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved"),
                "the query failed: COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved\n\
                 code: query_failed\nhint: the resource cases://schema lists the columns\n\
                 retryable: no",
            ),
            (
                denied,
                "access denied: glue:GetTable is needed\ncode: access_denied\n\
                 hint: whoever runs this server must grant it; other arguments do not help\n\
                 retryable: no",
            ),
            (
                failed("a\nretryable: yes"),
                "the query failed: a retryable: yes\ncode: query_failed\nretryable: no",
            ),
        ] {
            assert_eq!(of_athena(&error).to_string(), expected);
        }
    }

    #[test]
    fn what_aws_did_wrong_is_not_the_calls_fault() {
        let refused = || athena::Error::Rejected { message: "line 1:1: mismatched input".into() };
        let throttled = || ServiceError::Throttled {
            message: "Rate exceeded".into(),
            retry_after: Some(Duration::from_secs(2)),
        };
        let busy = BackendFault::Busy { retry_after: Some(Duration::from_secs(2)) };
        for (error, expected) in [
            (of_athena(&refused()), None),
            (of_athena(&throttled().into()), Some(busy)),
            (of_bedrock(&throttled().into()), Some(busy)),
            (
                of_athena(&ServiceError::Timeout { after: Duration::from_secs(1) }.into()),
                Some(BackendFault::TimedOut),
            ),
            (of_bedrock(&bedrock::Error::NoModels), Some(BackendFault::Failed)),
        ] {
            let fault = match &error {
                ToolError::Backend { fault, .. } => Some(*fault),
                _ => None,
            };
            assert_eq!(fault, expected, "{error}");
        }
    }
}
