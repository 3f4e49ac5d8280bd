//! What the support cases are called.

/// The names of a deployment of *support case insights*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasesConfig {
    /// What is in the name of each of its resources.
    pub id: String,
    /// The database of Glue.
    pub database: String,
    /// The work group of Athena.
    pub work_group: String,
    /// The table.
    pub table: String,
}

impl Default for CasesConfig {
    /// `case_insights_local`, with `CaseInsights-local` and `case_summary`.
    fn default() -> Self {
        Self {
            id: "local".to_owned(),
            database: "case_insights_local".to_owned(),
            work_group: "CaseInsights-local".to_owned(),
            table: "case_summary".to_owned(),
        }
    }
}

impl CasesConfig {
    /// Where the cases are.
    pub(crate) fn data(&self) -> String {
        format!("s3://s3-{}-caseprocessed/", self.id)
    }

    /// Where results go.
    pub(crate) fn results(&self) -> String {
        format!("s3://s3-{}-athena-results/", self.id)
    }
}
