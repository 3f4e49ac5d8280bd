//! Where an answer comes from, what it cost, and how fresh its data is.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use backend_athena::{Cost, Execution, ExecutionId, Stats, Table};
use serde::Serialize;

use crate::cases::Cases;
use crate::days::moment;

/// How long may be spent on what only tells about an answer.
const ASIDE: Duration = Duration::from_secs(3);

/// Goes with every result, so that it can be checked and repeated.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Provenance {
    sql: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<String>,
    execution_id: String,
    database: String,
    work_group: String,
    state: &'static str,
    scanned_bytes: u64,
    usd: f64,
    queued_ms: u64,
    elapsed_ms: u64,
    http_calls: u32,
    /// Whether the rows are those of an earlier query.
    reused: bool,
    /// How long ago that one ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    reused_age_seconds: Option<u64>,
    freshness: Freshness,
    /// The query that looked for the reason of an empty answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints_query: Option<Aside>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// What one more query cost.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Aside {
    execution_id: String,
    scanned_bytes: u64,
    usd: f64,
}

impl Aside {
    pub(crate) fn of(cases: &Cases, execution: &Execution) -> Self {
        let Cost { scanned_bytes, usd } =
            Cost::of(execution, cases.athena().settings().usd_per_terabyte);
        Self { execution_id: execution.id.to_string(), scanned_bytes, usd }
    }
}

/// How fresh the data is.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Freshness {
    /// When the table was last looked over by its crawler, which comes once a day.
    pub(crate) catalog_updated_at: Option<String>,
    /// The newest case of this answer, where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) newest_case: Option<String>,
    pub(crate) note: &'static str,
}

const DAILY: &str = "new cases arrive once a day: the newest day may be missing";

impl Freshness {
    pub(crate) fn of(table: Option<&Table>) -> Self {
        let updated = table.and_then(|table| table.updated_at).and_then(moment);
        Self { catalog_updated_at: updated, newest_case: None, note: DAILY }
    }
}

impl Provenance {
    /// Of a query as it stands. What cannot be found out soon is left out.
    pub(crate) async fn of(
        cases: &Cases,
        execution: &Execution,
        now: SystemTime,
        stats: Stats,
    ) -> Self {
        let settings = cases.athena().settings();
        let soon = Instant::now() + ASIDE;
        let (table, warnings, age) = tokio::join!(
            cases.table(soon),
            cases.cost_warning(soon),
            reused_age(cases, execution, now, soon),
        );
        let cost = Cost::of(execution, settings.usd_per_terabyte);
        Self {
            sql: execution.sql.clone(),
            parameters: execution.parameters.clone(),
            execution_id: execution.id.to_string(),
            database: settings.database.clone(),
            work_group: settings.work_group.clone(),
            state: execution.state.as_str(),
            scanned_bytes: cost.scanned_bytes,
            usd: cost.usd,
            queued_ms: execution.queued.as_millis() as u64,
            elapsed_ms: execution.elapsed.as_millis() as u64,
            http_calls: stats.http_calls,
            reused: execution.reused,
            reused_age_seconds: age,
            freshness: Freshness::of(table.as_deref()),
            hints_query: None,
            warnings: warnings.into_iter().collect(),
        }
    }

    pub(crate) fn with_newest(mut self, newest: Option<String>) -> Self {
        self.freshness.newest_case = newest;
        self
    }

    pub(crate) fn with_hints_query(mut self, query: Option<Aside>) -> Self {
        self.hints_query = query;
        self
    }

    pub(crate) fn with_warnings(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(more);
        self
    }

    /// What it cost, and how fresh it is, in one line.
    pub(crate) fn line(&self) -> String {
        let read = crate::text::bytes(self.scanned_bytes);
        let mut line = format!("read {read} (${:.4}) in {} ms", self.usd, self.elapsed_ms);
        if let Some(Aside { scanned_bytes, usd, .. }) = &self.hints_query {
            let read = crate::text::bytes(*scanned_bytes);
            line.push_str(&format!("; {read} more (${usd:.4}) to find out why it is empty"));
        }
        match (self.reused, self.reused_age_seconds) {
            (true, Some(age)) => line.push_str(&format!("; result of {age} s ago")),
            (true, None) => line.push_str("; an earlier result, of the last hour"),
            (false, _) => {}
        }
        if let Some(updated) = &self.freshness.catalog_updated_at {
            line.push_str(&format!("; data as of {updated}, {DAILY}"));
        }
        for warning in &self.warnings {
            line.push_str("\nwarning: ");
            line.push_str(warning);
        }
        line
    }
}

/// How long ago the query ended whose rows were taken: its name is that of their file.
async fn reused_age(
    cases: &Cases,
    execution: &Execution,
    now: SystemTime,
    soon: Instant,
) -> Option<u64> {
    let output = execution.output.as_deref().filter(|_| execution.reused)?;
    let file = output.rsplit('/').next()?.split('.').next()?;
    let earlier: ExecutionId = file.parse().ok()?;
    if earlier == execution.id {
        return None;
    }
    let ended = cases.athena().execution(&earlier, soon, &mut Stats::default()).await.ok()?;
    now.duration_since(ended.completed_at?).ok().map(|age| age.as_secs())
}

impl Cases {
    /// The table as Glue has it; `None` where that cannot be told.
    pub(crate) async fn table(&self, deadline: Instant) -> Option<Arc<Table>> {
        self.athena().table(&self.settings().table, deadline).await.ok()
    }

    /// What the payer should know: `None` where the work group stops a query that reads too much.
    /// For the answers, and for a health check.
    pub async fn cost_warning(&self, deadline: Instant) -> Option<String> {
        let name = &self.athena().settings().work_group;
        match self.athena().work_group(deadline).await {
            Ok(group) if group.cutoff_bytes.is_some() => None,
            Ok(_) => Some(format!("the work group {name} has no limit on the bytes a query reads")),
            Err(err) => Some(format!(
                "whether the work group {name} limits what a query reads is unknown: {}",
                match &err {
                    backend_athena::Error::Denied { action, .. } => format!("{action} is needed"),
                    other => other.kind().to_owned(),
                }
            )),
        }
    }
}
