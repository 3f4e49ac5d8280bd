//! The queries that were begun.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::task::AbortHandle;
use trino_sql::Answer;
pub(super) use trino_sql::Statement as Sql;

use super::wire::Start;
use crate::json_service::Exception;

/// How many are remembered; of more, those that ended longest ago are forgotten.
const MOST: usize = 1_000;

/// A kind of statement, in Athena's words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement(Sql);

impl Statement {
    pub(super) fn words(self) -> (&'static str, &'static str) {
        (self.0.kind(), self.0.sub())
    }
}

/// How a query stands.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Queued,
    Running,
    Succeeded(Arc<Answer>),
    Failed(String),
    Cancelled(String),
}

impl Outcome {
    fn is_final(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A query that was begun.
#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) sql: String,
    pub(super) parameters: Vec<String>,
    pub(super) database: Option<String>,
    token: Option<String>,
    pub(super) statement: Option<Statement>,
    pub(super) outcome: Outcome,
    pub(super) reused: bool,
    submitted_ms: i64,
    pub(super) completed_ms: Option<i64>,
}

impl Execution {
    pub(super) fn of(start: Start, statement: Option<Sql>, now_ms: i64) -> Self {
        Self {
            sql: start.query_string,
            parameters: start.execution_parameters,
            database: start.query_execution_context.and_then(|context| context.database),
            token: start.client_request_token,
            statement: statement.map(Statement),
            outcome: Outcome::Queued,
            reused: false,
            submitted_ms: now_ms,
            completed_ms: None,
        }
    }

    pub(super) fn status(&self) -> Value {
        let seconds = |millis: i64| millis as f64 / 1_000.0;
        let (state, reason) = match &self.outcome {
            Outcome::Queued => ("QUEUED", None),
            Outcome::Running => ("RUNNING", None),
            Outcome::Succeeded(_) => ("SUCCEEDED", None),
            Outcome::Failed(reason) => ("FAILED", Some(reason)),
            Outcome::Cancelled(reason) => ("CANCELLED", Some(reason)),
        };
        let mut status = json!({"State": state, "SubmissionDateTime": seconds(self.submitted_ms)});
        if let Some(completed) = self.completed_ms {
            status["CompletionDateTime"] = json!(seconds(completed));
        }
        if let Some(reason) = reason {
            status["StateChangeReason"] = json!(reason);
        }
        if let Outcome::Failed(reason) = &self.outcome {
            // Category 2 is the user.
            status["AthenaError"] = json!({
                "ErrorCategory": 2,
                "ErrorType": 1301,
                "Retryable": false,
                "ErrorMessage": reason,
            });
        }
        status
    }

    fn read_bytes(&self) -> u64 {
        match &self.outcome {
            Outcome::Succeeded(answer) if !self.reused => answer.read_bytes,
            _ => 0,
        }
    }

    pub(super) fn statistics(&self) -> Value {
        let ran = self.completed_ms.map_or(0, |at| at - self.submitted_ms);
        json!({
            "DataScannedInBytes": self.read_bytes(),
            "EngineExecutionTimeInMillis": ran,
            "QueryQueueTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServicePreProcessingTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "TotalExecutionTimeInMillis": ran,
            "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
        })
    }

    pub(super) fn runtime_statistics(&self) -> Value {
        let rows = match &self.outcome {
            Outcome::Succeeded(answer) => answer.rows.len(),
            _ => 0,
        };
        let ran = self.completed_ms.map_or(0, |at| at - self.submitted_ms);
        json!({
            "Timeline": {"TotalExecutionTimeInMillis": ran, "QueryQueueTimeInMillis": 0},
            "Rows": {"InputBytes": self.read_bytes(), "OutputRows": rows},
        })
    }

    /// Of the file that the results are in.
    pub(super) fn extension(&self) -> &'static str {
        let is_rows = self.statement.is_none_or(|Statement(sql)| sql == Sql::Select);
        if is_rows { "csv" } else { "txt" }
    }
}

#[derive(Debug, Default)]
pub(super) struct Executions(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    all: HashMap<String, (Execution, Option<AbortHandle>)>,
    order: VecDeque<String>,
}

impl Executions {
    pub(super) fn get(&self, id: &str) -> Result<Execution, Exception> {
        let found = self.inner().all.get(id).map(|(execution, _)| execution.clone());
        found.ok_or_else(|| Exception::invalid(format!("QueryExecution {id} was not found")))
    }

    /// The query that was begun with the same token.
    pub(super) fn begun_with(&self, start: &Start) -> Result<Option<String>, Exception> {
        let Some(token) = &start.client_request_token else { return Ok(None) };
        let inner = self.inner();
        let mut all = inner.all.iter();
        let Some((id, (begun, _))) =
            all.find(|(_, (execution, _))| execution.token.as_ref() == Some(token))
        else {
            return Ok(None);
        };
        if begun.sql != start.query_string || begun.parameters != start.execution_parameters {
            let text = "Idempotent parameters do not match: the token was used for another query";
            return Err(Exception::invalid(text));
        }
        Ok(Some(id.clone()))
    }

    /// The rows of the same query, if it ended since.
    pub(super) fn reusable(&self, wanted: &Execution, since_ms: i64) -> Option<Arc<Answer>> {
        let inner = self.inner();
        inner.all.values().find_map(|(earlier, _)| {
            let same = earlier.sql == wanted.sql
                && earlier.parameters == wanted.parameters
                && earlier.database == wanted.database
                && !earlier.reused;
            let fresh = earlier.completed_ms.is_some_and(|at| at >= since_ms);
            match &earlier.outcome {
                Outcome::Succeeded(answer) if same && fresh => Some(Arc::clone(answer)),
                _ => None,
            }
        })
    }

    pub(super) fn insert(&self, id: String, execution: Execution, task: Option<AbortHandle>) {
        let mut inner = self.inner();
        while inner.order.len() >= MOST {
            let ended = |id: &String| {
                inner.all.get(id).is_none_or(|(execution, _)| execution.outcome.is_final())
            };
            let Some(at) = inner.order.iter().position(ended) else { break };
            if let Some(id) = inner.order.remove(at) {
                inner.all.remove(&id);
            }
        }
        inner.order.push_back(id.clone());
        inner.all.insert(id, (execution, task));
    }

    pub(super) fn abort_with(&self, id: &str, task: AbortHandle) {
        if let Some((_, known)) = self.inner().all.get_mut(id) {
            *known = Some(task);
        }
    }

    pub(super) fn runs(&self, id: &str) {
        if let Some((execution, _)) = self.inner().all.get_mut(id)
            && !execution.outcome.is_final()
        {
            execution.outcome = Outcome::Running;
        }
    }

    /// Ends a query, unless it has ended; whether it had not.
    pub(super) fn end(&self, id: &str, outcome: Outcome, now_ms: i64) -> bool {
        let mut inner = self.inner();
        let Some((execution, task)) = inner.all.get_mut(id) else { return false };
        if execution.outcome.is_final() {
            return false;
        }
        if let (Outcome::Cancelled(_), Some(task)) = (&outcome, task.take()) {
            task.abort();
        }
        execution.outcome = outcome;
        execution.completed_ms = Some(now_ms);
        true
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
