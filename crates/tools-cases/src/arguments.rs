//! Arguments that several tools take, as selections have them.

use mcp_core::ToolError;

use crate::domain::{folded, service_codes};
use crate::errors::refused;

/// An account number of twelve digits; one that has lost its leading zeros gets them back.
pub(crate) fn account(text: &str) -> Result<String, ToolError> {
    let text = text.trim();
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match digits {
        true => Ok(format!("{text:0>12}")),
        false => {
            Err(refused("bad_account", "account_number: expected twelve digits", "012345678901"))
        }
    }
}

/// What was given, unless that is nothing: old clients send empty texts for filters they do not
/// use.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// A value that can be bound: Athena takes up to 1,024 characters.
pub(crate) fn value(name: &str, text: &str) -> Result<String, ToolError> {
    match folded(text) {
        text if text.chars().count() <= 200 => Ok(text),
        _ => Err(refused("too_long", &format!("{name}: longer than 200 characters"), "shorten it")),
    }
}

/// The codes of a service, or none.
pub(crate) fn services(text: Option<&str>) -> Result<Vec<String>, ToolError> {
    match given(text) {
        Some(text) => Ok(service_codes(&value("service_code", text)?)),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_twelve_digits_and_keeps_its_zeros() {
        for (text, expected) in [
            ("012345678901", Some("012345678901")),
            ("12345678901", Some("012345678901")),
            (" 123456789012 ", Some("123456789012")),
            ("", None),
            ("1234567890123", None),
            ("1' OR '1'='1", None),
            ("١٢", None),
        ] {
            assert_eq!(account(text).ok().as_deref(), expected, "{text}");
        }
        assert_eq!(given(Some("  ")), None);
        assert!(value("x", &"a".repeat(201)).is_err());
    }
}
