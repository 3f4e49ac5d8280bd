//! Which cases a canned query is about: SQL in which every value is bound, none is written.

use backend_athena::text;
use serde::{Deserialize, Serialize};

use crate::days::Days;

/// Which cases a canned query is about. Values are folded, see [`crate::domain::folded`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Selection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) days: Option<Days>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    /// A case number, or the long id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) case: Option<String>,
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) services: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<String>,
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rca: Vec<String>,
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) lifecycle: Vec<String>,
}

/// What is known of each case.
const COLUMNS: [&str; 7] = [
    "account_number",
    "case_number",
    "timecreated",
    "servicecode",
    "severitycode",
    "rca_category",
    "lifecycle_category",
];

/// SQL, and what is bound to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<String>,
}

/// Conditions that are put together with AND.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    parameters: Vec<String>,
}

impl Conditions {
    fn all(&mut self, condition: &str, values: &[&str]) {
        self.sql.push(condition.to_owned());
        self.parameters.extend(values.iter().map(|value| text(value)));
    }

    fn any(&mut self, column: &str, values: &[String]) {
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(", ");
            self.sql.push(format!("{column} IN ({marks})"));
            self.parameters.extend(values.iter().map(|value| text(value)));
        }
    }

    fn clause(&self) -> String {
        match self.sql.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        }
    }
}

impl Selection {
    /// `WITH … cases AS (…)`, in which each case is there once, as it was last fetched, with
    /// [`COLUMNS`] and these.
    pub(crate) fn cases(&self, table: &str, columns: &[&str]) -> Bound {
        // What cannot differ between two copies of a case is looked at first.
        let mut copies = Conditions::default();
        if let Some(Days { first, end, .. }) = &self.days {
            copies.all("timecreated >= ? AND timecreated < ?", &[first, end]);
        }
        if let Some(account) = &self.account {
            copies.all("account_number = ?", &[account]);
        }
        match &self.case {
            Some(case) if case.bytes().all(|b| b.is_ascii_digit()) => {
                copies.all("case_number = ?", &[case]);
            }
            Some(case) => copies.all("lower(caseid) = ?", &[case]),
            None => {}
        }
        let mut cases = Conditions::default();
        cases.all("copy = 1", &[]);
        cases.any("lower(trim(servicecode))", &self.services);
        if let Some(severity) = &self.severity {
            cases.all("lower(trim(severitycode)) = ?", &[severity]);
        }
        cases.any("lower(trim(coalesce(rca_category, '')))", &self.rca);
        cases.any("lower(trim(coalesce(lifecycle_category, '')))", &self.lifecycle);
        let sql = format!(
            "WITH copies AS (SELECT {}, row_number() OVER (PARTITION BY \
             account_number, case_number ORDER BY case_retrieval_date DESC) AS copy FROM {}{}), \
             cases AS (SELECT * FROM copies{})",
            [&COLUMNS, columns].concat().join(", "),
            quoted(table),
            copies.clause(),
            cases.clause(),
        );
        let parameters = [copies.parameters, cases.parameters].concat();
        Bound { sql, parameters }
    }

    /// Whether a partition is named, so that not all of the table is read.
    pub(crate) fn names_partitions(&self) -> bool {
        self.account.is_some() || self.case.is_some()
    }
}

/// A name in double quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::guard;
    use proptest::prelude::*;

    fn selection() -> impl Strategy<Value = Selection> {
        let one = || prop::option::of(".{0,12}");
        let many = || prop::collection::vec(".{0,12}", 0..3);
        (one(), one(), many(), one(), many(), many(), any::<bool>()).prop_map(
            |(account, case, services, severity, rca, lifecycle, dated)| {
                let days = dated.then(|| Days::between("2026-11-01", "2026-11-30").unwrap());
                Selection { days, account, case, services, severity, rca, lifecycle }
            },
        )
    }

    proptest! {
        /// The statement depends on which filters there are, never on what is in them; it is a
        /// read by the guard's own measure; and each value is bound, in order.
        #[test]
        fn values_are_bound_and_never_written(selection in selection()) {
            let Bound { sql, parameters } = selection.cases("case_summary", &["subject"]);
            prop_assert_eq!(sql.matches('?').count(), parameters.len());
            let written = format!("{sql} SELECT * FROM cases").replace('?', "'x'");
            let guarded = guard(&written, 1).map_err(|err| TestCaseError::fail(format!("{err}: {written}")))?;
            prop_assert!(guarded.tables.contains("case_summary"));
            for value in &selection.services {
                prop_assert!(parameters.contains(&text(value)));
            }
            let others = Selection {
                services: vec!["x".into(); selection.services.len()],
                rca: vec!["x".into(); selection.rca.len()],
                lifecycle: vec!["x".into(); selection.lifecycle.len()],
                account: selection.account.as_ref().map(|_| "1".into()),
                severity: selection.severity.as_ref().map(|_| "low".into()),
                ..selection
            };
            prop_assert_eq!(others.cases("case_summary", &["subject"]).sql, sql);
        }
    }

    #[test]
    fn a_name_ends_where_it_ends() {
        assert_eq!(quoted("case_insights_a-b"), "\"case_insights_a-b\"");
        assert_eq!(quoted("a\" b"), "\"a\"\" b\"");
    }
}
