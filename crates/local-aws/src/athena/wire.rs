//! What requests have in them.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Start {
    pub(super) query_string: String,
    #[serde(default)]
    pub(super) client_request_token: Option<String>,
    #[serde(default)]
    pub(super) query_execution_context: Option<Context>,
    #[serde(default = "primary")]
    pub(super) work_group: String,
    #[serde(default)]
    pub(super) execution_parameters: Vec<String>,
    #[serde(default)]
    pub(super) result_reuse_configuration: Option<Reuse>,
}

/// What Athena takes where no work group is named.
fn primary() -> String {
    "primary".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Context {
    #[serde(default)]
    pub(super) database: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reuse {
    #[serde(default)]
    result_reuse_by_age_configuration: Option<ByAge>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ByAge {
    enabled: bool,
    /// An hour, where it is not said.
    #[serde(default)]
    max_age_in_minutes: Option<i64>,
}

impl Start {
    /// How old a result may be that is taken instead, in milliseconds; `None` for a new one.
    pub(super) fn reuse_up_to_ms(&self) -> Option<i64> {
        let reuse = self.result_reuse_configuration.as_ref()?;
        let by_age = reuse.result_reuse_by_age_configuration.as_ref().filter(|age| age.enabled)?;
        Some(by_age.max_age_in_minutes.unwrap_or(60).clamp(0, 10_080) * 60_000)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfQuery {
    pub(super) query_execution_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetResults {
    pub(super) query_execution_id: String,
    #[serde(default)]
    pub(super) max_results: Option<i64>,
    #[serde(default)]
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfWorkGroup {
    pub(super) work_group: String,
}
