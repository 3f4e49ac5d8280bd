//! Values that are bound to the parameters of a query.
//!
//! Athena puts them into its plan as literals: text stands in single quotes.
//! <https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html>

/// A text, as a parameter of a query has it.
#[must_use]
pub fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_ends_where_it_ends(value in ".*|.*'.*'.*") {
            let literal = text(&value);
            let inner = &literal[1..literal.len() - 1];
            prop_assert_eq!(inner.replace("''", "'"), value);
            // No quote that Trino would take for the end.
            prop_assert!(inner.split("''").all(|part| !part.contains('\'')));
        }
    }
}
