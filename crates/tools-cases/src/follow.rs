//! A query from its start to its answer, in one call or in several.
//!
//! A call waits for its query as long as its host lets it. What runs longer goes on: as a task,
//! where the client has tasks, else by a handle for `get_query_results`. Both hold the same
//! [`Ticket`], sealed for the caller; nothing else is kept.

use std::time::{Duration, Instant};

use backend_athena::{Error, Execution, ExecutionId, Held, Query, Rows, Stats, Watched};
use mcp_core::{CallContext, CallToolResult, Interrupt, ToolError};
use serde::{Deserialize, Serialize};

use crate::cases::Cases;
use crate::errors::{of_athena, refused};
use crate::provenance::Provenance;
use crate::text::bytes;
use crate::{
    analyze_case_summaries, answer, get_case_summary, get_rca_analysis, get_service_trends,
    query_athena,
};

/// How long a call waits for its query before it becomes a task, where it can.
const BEFORE_TASK: Duration = Duration::from_secs(5);
/// How long an answer to "is it done?" may take.
const LOOK: Duration = Duration::from_secs(1);
/// What is kept of a call's time for reading rows.
const READING: Duration = Duration::from_secs(3);
/// How long a handle is good for: as long as a task.
const LIFETIME: Duration = Duration::from_secs(3600);
const PURPOSE: &str = "query";

/// What a query was begun for: what makes an answer of its rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Asked {
    Sql(query_athena::Asked),
    Summary(get_case_summary::Asked),
    Rca(get_rca_analysis::Asked),
    Trends(get_service_trends::Asked),
    Analysis(Box<analyze_case_summaries::Asked>),
}

impl Asked {
    /// What is kept of a call's time for what comes after the query.
    fn reserve(&self) -> Duration {
        match self {
            Self::Analysis(_) => analyze_case_summaries::READING,
            _ => READING,
        }
    }

    async fn answer(&self, found: Found<'_>) -> Result<CallToolResult, ToolError> {
        match self {
            Self::Sql(asked) => query_athena::answer(asked, found).await,
            Self::Summary(asked) => get_case_summary::answer(asked, found).await,
            Self::Rca(asked) => get_rca_analysis::answer(asked, found).await,
            Self::Trends(asked) => get_service_trends::answer(asked, found).await,
            Self::Analysis(asked) => analyze_case_summaries::answer(asked, found).await,
        }
    }
}

/// A query, and what it was begun for.
#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    id: String,
    asked: Asked,
}

/// A query that has succeeded, and the call that wants its answer.
pub(crate) struct Found<'a> {
    pub(crate) cases: &'a Cases,
    pub(crate) cx: &'a CallContext,
    pub(crate) execution: Execution,
    pub(crate) stats: Stats,
    pub(crate) deadline: Instant,
}

impl Found<'_> {
    pub(crate) async fn rows(&mut self, limit: usize) -> Result<Rows, ToolError> {
        let Self { cases, execution, stats, deadline, .. } = self;
        let rows = cases.athena().rows(execution, limit, *deadline, stats).await;
        rows.map_err(|err| of_athena(&err))
    }

    pub(crate) async fn provenance(&self) -> Provenance {
        let now = self.cx.received_at();
        Provenance::of(self.cases, &self.execution, now, self.stats).await
    }
}

impl Cases {
    /// Runs a query of which all of the table may be read, unless it names partitions.
    pub(crate) async fn ask(
        &self,
        cx: &CallContext,
        query: Query,
        names_partitions: bool,
        asked: Asked,
    ) -> Result<CallToolResult, ToolError> {
        let (deadline, mut stats) = (self.deadline(cx), Stats::default());
        if !names_partitions {
            self.afford(deadline).await?;
        }
        let start = self.athena().start(query, deadline, &mut stats);
        // Dropped half-way, what it begins is stopped.
        let held = tokio::select! {
            biased;
            () = cx.cancellation().cancelled() => return Err(cancelled()),
            held = start => held.map_err(|err| of_athena(&err))?,
        };
        let id = held.id().clone();
        let mut until = patience(deadline, asked.reserve());
        if cx.can_park() {
            until = until.min(Instant::now() + BEFORE_TASK);
        }
        self.follow(cx, id, Some(held), (until, deadline), asked, stats).await
    }

    /// Goes on with what a call has left behind as a task.
    pub(crate) async fn resume(
        &self,
        cx: &CallContext,
        parked: &[u8],
    ) -> Result<CallToolResult, ToolError> {
        let (id, asked) = opened(parked)?;
        if cx.cancellation().is_cancelled() {
            self.athena().stop(&id).await.map_err(|err| of_athena(&err))?;
            return Err(Interrupt::Cancelled.into());
        }
        let (deadline, until) = (self.deadline(cx), Instant::now() + LOOK);
        self.follow(cx, id, None, (until, deadline), asked, Stats::default()).await
    }

    /// The same by a handle, for clients without tasks: waits as a first call does.
    pub(crate) async fn collect(
        &self,
        cx: &CallContext,
        handle: &str,
    ) -> Result<CallToolResult, ToolError> {
        let ticket = cx.unseal(PURPOSE, &[], handle).map_err(|err| {
            let text = format!("handle: {err}");
            refused("bad_handle", &text, "call the tool again that gave it")
        })?;
        let (id, asked) = opened(&ticket)?;
        let deadline = self.deadline(cx);
        let until = patience(deadline, asked.reserve());
        self.follow(cx, id, None, (until, deadline), asked, Stats::default()).await
    }

    /// Waits for a query and answers. One that is `held` is stopped when nobody waits any more.
    async fn follow(
        &self,
        cx: &CallContext,
        id: ExecutionId,
        held: Option<Held>,
        (until, deadline): (Instant, Instant),
        asked: Asked,
        mut stats: Stats,
    ) -> Result<CallToolResult, ToolError> {
        let began = Instant::now();
        let tell = |look: &Execution| {
            let message = format!(
                "{}: queued {} ms, read {}",
                look.state.as_str(),
                look.queued.as_millis(),
                bytes(look.scanned_bytes)
            );
            cx.progress(began.elapsed().as_secs_f64(), None, Some(&message));
        };
        let watched = tokio::select! {
            biased;
            () = cx.cancellation().cancelled() => None,
            watched = self.athena().watch(&id, until, &mut stats, tell) => Some(watched),
        };
        let Some(watched) = watched else {
            if held.is_some() {
                // It is logged where it is sent.
                let _ = self.athena().stop(&id).await;
            }
            held.map(Held::release);
            return Err(cancelled());
        };
        let ended = matches!(
            watched,
            Ok(_)
                | Err(Error::Failed { .. } | Error::Cancelled { .. } | Error::TooExpensive { .. })
        );
        if ended {
            held.map(Held::release);
        }
        match watched.map_err(|err| of_athena(&err))? {
            Watched::Succeeded(execution) => {
                let found = Found { cases: self, cx, execution, stats, deadline };
                asked.answer(found).await
            }
            Watched::Running(execution) => {
                let ticket = Ticket { id: id.to_string(), asked };
                let ticket = serde_json::to_vec(&ticket).map_err(ToolError::internal)?;
                cx.park(ticket.clone())?;
                let handle = cx.seal(PURPOSE, &[], Some(LIFETIME), &ticket);
                let provenance = Provenance::of(self, &execution, cx.received_at(), stats).await;
                match opened(&ticket)?.1 {
                    Asked::Analysis(asked) => analyze_case_summaries::running(
                        self,
                        &asked,
                        id.as_str(),
                        &handle,
                        provenance,
                    ),
                    _ => answer::running(id.as_str(), &handle, &provenance),
                }
            }
        }
    }

    /// Refuses to read all of a table that is known to be too big.
    async fn afford(&self, deadline: Instant) -> Result<(), ToolError> {
        let Some(limit) = self.athena().settings().max_bytes else { return Ok(()) };
        let size = self.table(deadline).await.and_then(|table| table.size_bytes);
        match size.filter(|size| *size > limit) {
            Some(bytes) => Err(of_athena(&Error::TooExpensive { bytes, limit })),
            None => Ok(()),
        }
    }
}

/// Until when to wait for a query: the deadline but for what comes after, and half of the time at
/// least.
fn patience(deadline: Instant, reserve: Duration) -> Instant {
    let now = Instant::now();
    let left = deadline.saturating_duration_since(now);
    now + left.saturating_sub(reserve).max(left / 2)
}

fn opened(ticket: &[u8]) -> Result<(ExecutionId, Asked), ToolError> {
    let Ticket { id, asked } = serde_json::from_slice(ticket).map_err(ToolError::internal)?;
    Ok((id.parse().map_err(ToolError::internal)?, asked))
}

fn cancelled() -> ToolError {
    refused("cancelled", "the call was cancelled, and its query stopped", "call again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_kept_for_what_comes_after_but_never_more_than_half() {
        let in_seconds = |seconds| Instant::now() + Duration::from_secs(seconds);
        let waits = |seconds, reserve| {
            let until = patience(in_seconds(seconds), Duration::from_secs(reserve));
            until.saturating_duration_since(Instant::now()).as_secs_f64().round() as u64
        };
        assert_eq!(waits(28, 3), 25);
        assert_eq!(waits(4, 3), 2);
        assert_eq!(waits(0, 3), 0);
    }
}
