//! What is sent to Athena and Glue, and what comes back: the one place that knows their JSON.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::execution::{Execution, ExecutionId, State, Statement};

/// Operations, by the header that names them.
pub(crate) const START: &str = "AmazonAthena.StartQueryExecution";
pub(crate) const GET: &str = "AmazonAthena.GetQueryExecution";
pub(crate) const RESULTS: &str = "AmazonAthena.GetQueryResults";
pub(crate) const STOP: &str = "AmazonAthena.StopQueryExecution";
pub(crate) const WORK_GROUP: &str = "AmazonAthena.GetWorkGroup";
pub(crate) const TABLE: &str = "AWSGlue.GetTable";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Start<'a> {
    pub(crate) query_string: &'a str,
    pub(crate) client_request_token: &'a str,
    pub(crate) query_execution_context: Context<'a>,
    pub(crate) work_group: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) execution_parameters: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_reuse_configuration: Option<Reuse>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Context<'a> {
    pub(crate) database: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Reuse {
    result_reuse_by_age_configuration: ByAge,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ByAge {
    enabled: bool,
    max_age_in_minutes: u64,
}

impl Reuse {
    pub(crate) fn up_to(age: Duration) -> Self {
        let max_age_in_minutes = age.as_secs() / 60;
        Self { result_reuse_by_age_configuration: ByAge { enabled: true, max_age_in_minutes } }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Started {
    pub(crate) query_execution_id: String,
}

/// Of a query; for its results with more.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OfQuery<'a> {
    pub(crate) query_execution_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// An answer of which nothing is read.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Got {
    pub(crate) query_execution: QueryExecution,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct QueryExecution {
    query: String,
    statement_type: String,
    substatement_type: String,
    execution_parameters: Vec<String>,
    result_configuration: ResultConfiguration,
    status: Status,
    statistics: Statistics,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ResultConfiguration {
    output_location: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Status {
    state: String,
    state_change_reason: Option<String>,
    submission_date_time: Option<f64>,
    completion_date_time: Option<f64>,
    athena_error: AthenaError,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct AthenaError {
    retryable: bool,
    error_message: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Statistics {
    data_scanned_in_bytes: u64,
    total_execution_time_in_millis: u64,
    query_queue_time_in_millis: u64,
    result_reuse_information: ReuseInformation,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ReuseInformation {
    reused_previous_result: bool,
}

impl QueryExecution {
    /// `None` for a state that is none.
    pub(crate) fn into_execution(self, id: ExecutionId) -> Option<Execution> {
        let Self { status, statistics, .. } = self;
        let reason = || {
            let words =
                status.state_change_reason.clone().or(status.athena_error.error_message.clone());
            words.unwrap_or_else(|| "Athena gives no reason".to_owned())
        };
        let state = match status.state.as_str() {
            "QUEUED" => State::Queued,
            "RUNNING" => State::Running,
            "SUCCEEDED" => State::Succeeded,
            "FAILED" => {
                State::Failed { reason: reason(), retryable: status.athena_error.retryable }
            }
            "CANCELLED" => State::Cancelled { reason: reason() },
            _ => return None,
        };
        let statement = match (self.statement_type.as_str(), self.substatement_type.as_str()) {
            (_, "EXPLAIN") => Statement::Explain,
            ("DML", _) => Statement::Dml,
            _ => Statement::Other,
        };
        Some(Execution {
            id,
            sql: self.query,
            parameters: self.execution_parameters,
            statement,
            state,
            submitted_at: status.submission_date_time.and_then(moment),
            completed_at: status.completion_date_time.and_then(moment),
            queued: Duration::from_millis(statistics.query_queue_time_in_millis),
            elapsed: Duration::from_millis(statistics.total_execution_time_in_millis),
            scanned_bytes: statistics.data_scanned_in_bytes,
            reused: statistics.result_reuse_information.reused_previous_result,
            output: self.result_configuration.output_location,
        })
    }
}

/// Seconds since 1970, as AWS writes a moment in JSON.
fn moment(seconds: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Results {
    pub(crate) result_set: ResultSet,
    pub(crate) next_token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ResultSet {
    pub(crate) rows: Vec<Row>,
    pub(crate) result_set_metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Row {
    pub(crate) data: Vec<Datum>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Datum {
    /// Missing for NULL.
    pub(crate) var_char_value: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Metadata {
    pub(crate) column_info: Vec<ColumnInfo>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ColumnInfo {
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    pub(crate) r#type: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OfWorkGroup<'a> {
    pub(crate) work_group: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GotWorkGroup {
    pub(crate) work_group: WorkGroup,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct WorkGroup {
    pub(crate) configuration: WorkGroupConfiguration,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct WorkGroupConfiguration {
    pub(crate) bytes_scanned_cutoff_per_query: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OfTable<'a> {
    pub(crate) database_name: &'a str,
    pub(crate) name: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GotTable {
    pub(crate) table: Table,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Table {
    pub(crate) storage_descriptor: StorageDescriptor,
    pub(crate) partition_keys: Vec<TableColumn>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) update_time: Option<f64>,
}

impl Table {
    pub(crate) fn updated_at(&self) -> Option<SystemTime> {
        self.update_time.and_then(moment)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct StorageDescriptor {
    pub(crate) columns: Vec<TableColumn>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct TableColumn {
    pub(crate) name: String,
    pub(crate) r#type: String,
}
