//! Amazon Athena: queries over the support cases, and the work group they run in.
//!
//! The protocol is JSON 1.1; requests must be signed. Queries run, wait and fail as at AWS: they are
//! begun, looked at, stopped, and their rows read page by page. Not played: writing, named queries,
//! prepared statements, other catalogs.
//! See <https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html>.

mod control;
mod executions;
mod lake;
mod results;
mod wire;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};
use service_kit::clock::Clock;
use tokio::task::AbortHandle;

pub use control::Control;
use executions::{Execution, Executions, Outcome, Statement};
pub(crate) use lake::Lake;

use crate::json_service::{self, Exception};
use crate::sigv4::Verifier;
use crate::uuid;
use wire::{GetResults, OfQuery, OfWorkGroup, Start};

/// What the operation's name comes after, in `x-amz-target`.
pub(crate) const TARGET: &str = "AmazonAthena.";

/// What the service answers from.
#[derive(Debug)]
pub(crate) struct Athena {
    pub(crate) verifier: Verifier,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lake: Arc<Lake>,
    pub(crate) control: Arc<Control>,
    executions: Arc<Executions>,
}

impl Athena {
    pub(crate) fn new(
        verifier: Verifier,
        clock: Arc<dyn Clock>,
        lake: Arc<Lake>,
        control: Arc<Control>,
    ) -> Self {
        Self { verifier, clock, lake, control, executions: Arc::default() }
    }

    /// Answers a request with [`TARGET`].
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let now_ms = self.clock.unix_ms();
        let answer = match json_service::read(request, TARGET, &self.verifier, now_ms).await {
            Ok((operation, body)) => self.run(&operation, &body),
            Err(refusal) => Err(refusal),
        };
        json_service::respond(answer)
    }

    fn run(&self, operation: &str, body: &[u8]) -> Result<Value, Exception> {
        self.control.asked();
        match operation {
            "StartQueryExecution" => self.start(json_service::parse(body)?),
            "GetQueryExecution" => {
                let OfQuery { query_execution_id } = json_service::parse(body)?;
                let execution = self.executions.get(&query_execution_id)?;
                Ok(json!({"QueryExecution": self.described(&query_execution_id, &execution)}))
            }
            "GetQueryResults" => {
                let asked: GetResults = json_service::parse(body)?;
                results::page(&asked, &self.executions.get(&asked.query_execution_id)?)
            }
            "GetQueryRuntimeStatistics" => {
                let OfQuery { query_execution_id } = json_service::parse(body)?;
                let execution = self.executions.get(&query_execution_id)?;
                Ok(json!({"QueryRuntimeStatistics": execution.runtime_statistics()}))
            }
            "StopQueryExecution" => {
                let OfQuery { query_execution_id } = json_service::parse(body)?;
                self.executions.get(&query_execution_id)?;
                let stopped = self.executions.end(
                    &query_execution_id,
                    Outcome::Cancelled("Query was cancelled by user.".to_owned()),
                    self.clock.unix_ms(),
                );
                if stopped {
                    self.control.stopped();
                }
                Ok(json!({}))
            }
            "GetWorkGroup" => {
                let OfWorkGroup { work_group } = json_service::parse(body)?;
                self.check_work_group(&work_group)?;
                Ok(json!({"WorkGroup": self.work_group()}))
            }
            other => Err(Exception::new(
                "UnknownOperationException",
                format!("{other} is not part of the local Athena."),
            )),
        }
    }

    fn start(&self, start: Start) -> Result<Value, Exception> {
        self.control.refuse_start()?;
        self.check_work_group(&start.work_group)?;
        if let Some(id) = self.executions.begun_with(&start)? {
            return Ok(json!({"QueryExecutionId": id}));
        }
        let id = uuid::v4().map_err(|err| internal(&err))?;
        let now_ms = self.clock.unix_ms();
        let age = start.reuse_up_to_ms();
        let database = self.lake.database(self.clock.now()).map_err(|err| internal(&err))?;
        let statement = match database.check(&start.query_string, &start.execution_parameters) {
            Ok(statement) => Some(statement),
            Err(err) if err.is_refused() => return Err(Exception::invalid(err.to_string())),
            Err(_) => None,
        };
        let mut execution = Execution::of(start, statement, now_ms);
        if let Some(earlier) =
            age.and_then(|age| self.executions.reusable(&execution, now_ms - age))
        {
            execution.outcome = Outcome::Succeeded(earlier);
            execution.reused = true;
            execution.completed_ms = Some(now_ms);
            self.executions.insert(id.clone(), execution, None);
            self.control.started();
            return Ok(json!({"QueryExecutionId": id}));
        }
        let running = database.run(&execution.sql, &execution.parameters);
        let named = execution.database.clone();
        self.executions.insert(id.clone(), execution, None);
        let task = self.follow(id.clone(), named, running);
        self.executions.abort_with(&id, task);
        self.control.started();
        Ok(json!({"QueryExecutionId": id}))
    }

    /// Runs a query on its own, for as long as it may take.
    fn follow(
        &self,
        id: String,
        named: Option<String>,
        running: trino_sql::Running,
    ) -> AbortHandle {
        let (executions, control) = (Arc::clone(&self.executions), Arc::clone(&self.control));
        let (clock, lake) = (Arc::clone(&self.clock), Arc::clone(&self.lake));
        let run = async move {
            executions.runs(&id);
            let slow = control.slowness();
            if !slow.is_zero() {
                tokio::time::sleep(slow).await;
            }
            let known = |name: &String| name.eq_ignore_ascii_case(&lake.config.database);
            let outcome = match named.filter(|name| !known(name)) {
                Some(other) => {
                    Outcome::Failed(format!("SCHEMA_NOT_FOUND: Schema '{other}' does not exist"))
                }
                None => match running.await {
                    Ok(answer) if control.cutoff().is_some_and(|most| answer.read_bytes > most) => {
                        Outcome::Cancelled("Bytes scanned limit was exceeded".to_owned())
                    }
                    Ok(answer) => Outcome::Succeeded(Arc::new(answer)),
                    Err(err) => Outcome::Failed(err.to_string()),
                },
            };
            executions.end(&id, outcome, clock.unix_ms());
        };
        tokio::spawn(run).abort_handle()
    }

    fn check_work_group(&self, name: &str) -> Result<(), Exception> {
        if name == self.lake.config.work_group {
            Ok(())
        } else {
            Err(Exception::invalid(format!("WorkGroup {name} is not found.")))
        }
    }

    fn work_group(&self) -> Value {
        let output = json!({"OutputLocation": self.lake.config.results()});
        let mut configuration = json!({
            "ResultConfiguration": output,
            "EnforceWorkGroupConfiguration": true,
            "PublishCloudWatchMetricsEnabled": true,
            "RequesterPaysEnabled": false,
            "EngineVersion": {
                "SelectedEngineVersion": "Athena engine version 3",
                "EffectiveEngineVersion": "Athena engine version 3",
            },
        });
        if let Some(most) = self.control.cutoff() {
            configuration["BytesScannedCutoffPerQuery"] = json!(most);
        }
        json!({
            "Name": self.lake.config.work_group,
            "State": "ENABLED",
            "Configuration": configuration,
        })
    }

    fn described(&self, id: &str, execution: &Execution) -> Value {
        let statement = execution.statement.map_or(("DML", "SELECT"), Statement::words);
        let mut value = json!({
            "QueryExecutionId": id,
            "Query": execution.sql,
            "StatementType": statement.0,
            "SubstatementType": statement.1,
            "ResultConfiguration": {
                "OutputLocation": format!("{}{id}.{}", self.lake.config.results(), execution.extension()),
            },
            "QueryExecutionContext": {"Database": execution.database, "Catalog": "awsdatacatalog"},
            "Status": execution.status(),
            "Statistics": execution.statistics(),
            "WorkGroup": self.lake.config.work_group,
            "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 3"},
        });
        if !execution.parameters.is_empty() {
            value["ExecutionParameters"] = json!(execution.parameters);
        }
        value
    }
}

fn internal(err: &dyn std::error::Error) -> Exception {
    Exception::new("InternalServerException", err.to_string())
}

#[cfg(test)]
mod tests;
