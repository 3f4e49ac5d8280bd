//! The Tasks extension (`io.modelcontextprotocol/tasks`, SEP-2663): a call that outlives its
//! request, looked after by a [`TaskStore`].

mod memory;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

pub use memory::MemoryTasks;

use crate::caller::Caller;
use crate::input::{InputRequest, InputRequired, InputResponses};
use crate::jsonrpc::ErrorObject;

/// A future without a name.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What identifies a task. Nobody but the caller it was given to can do anything with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// An id that came from a client, or that a store made.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How far a task has come.
#[derive(Clone, Debug)]
pub enum TaskStatus {
    /// It runs.
    Working,
    /// It waits for answers to these questions.
    InputRequired(BTreeMap<String, InputRequest>),
    /// It ended with this result, which may say `isError`.
    Completed(Bytes),
    /// It ended with a protocol error.
    Failed(ErrorObject),
    /// It was cancelled.
    Cancelled,
}

impl TaskStatus {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::InputRequired(_) => "input_required",
            Self::Completed(_) => "completed",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it will never change again.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed(_) | Self::Failed(_) | Self::Cancelled)
    }
}

/// A task as it stands.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// How far it has come.
    pub status: TaskStatus,
    /// When it began.
    pub created_at: SystemTime,
    /// When its status last changed.
    pub last_updated_at: SystemTime,
    /// How long after its beginning it can be looked up; `None` for good.
    pub ttl: Option<Duration>,
    /// How long a client should wait between two looks.
    pub poll_interval: Option<Duration>,
}

impl Task {
    /// What `tools/call` answers when the call becomes this task.
    pub(crate) fn created(&self) -> Value {
        Value::Object(self.members("task"))
    }

    /// What `tasks/get` answers.
    pub(crate) fn detailed(&self) -> Result<Value, serde_json::Error> {
        let mut members = self.members("complete");
        match &self.status {
            TaskStatus::Working | TaskStatus::Cancelled => {}
            TaskStatus::InputRequired(requests) => {
                members.insert("inputRequests".into(), serde_json::to_value(requests)?);
            }
            TaskStatus::Completed(result) => {
                members.insert("result".into(), serde_json::from_slice(result)?);
            }
            TaskStatus::Failed(error) => {
                members.insert("error".into(), serde_json::to_value(error)?);
            }
        }
        Ok(Value::Object(members))
    }

    fn members(&self, result_type: &str) -> Map<String, Value> {
        let mut members = Map::new();
        let mut set = |name: &str, value: Value| members.insert(name.into(), value);
        set("resultType", json!(result_type));
        set("taskId", json!(self.id));
        set("status", json!(self.status.as_str()));
        set("createdAt", json!(timestamp(self.created_at)));
        set("lastUpdatedAt", json!(timestamp(self.last_updated_at)));
        set("ttlMs", json!(self.ttl.map(milliseconds)));
        if let Some(interval) = self.poll_interval {
            set("pollIntervalMs", json!(milliseconds(interval)));
        }
        members
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn timestamp(time: SystemTime) -> String {
    // Times outside of what jiff counts (years -9999 to 9999) are shown as its end.
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::MAX);
    format!("{time:.3}")
}

/// How one round of a task's work ended.
#[derive(Clone, Debug)]
pub enum Round {
    /// With a result.
    Completed(Bytes),
    /// With a protocol error.
    Failed(ErrorObject),
    /// With questions.
    InputRequired(InputRequired),
}

/// A call to be run as a task.
#[derive(Clone)]
pub struct Work {
    /// Whose it is.
    pub owner: Caller,
    /// The tool's name, for the log.
    pub tool: String,
    /// When the request for it arrived.
    pub received_at: SystemTime,
    /// The answers that earlier rounds, before it was a task, have brought.
    pub inputs: InputResponses,
    /// The state that the round before left, for the first round as a task.
    pub state: Option<Vec<u8>>,
    pub(crate) run: Arc<RunRound>,
}

type RunRound =
    dyn Fn(InputResponses, Option<Vec<u8>>, CancellationToken) -> BoxFuture<Round> + Send + Sync;

impl Work {
    /// Runs a round with all the answers so far and the state the last round left.
    pub fn round(
        &self,
        inputs: InputResponses,
        state: Option<Vec<u8>>,
        cancellation: CancellationToken,
    ) -> BoxFuture<Round> {
        (self.run)(inputs, state, cancellation)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("tool", &self.tool).finish_non_exhaustive()
    }
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// No such task, or not this caller's, or no longer.
    #[error("no such task")]
    NotFound,
    /// As many tasks as it can look after.
    #[error("too many tasks; try again later")]
    Full,
    /// A fault of the store.
    #[error("the task store failed")]
    Store(#[source] crate::tool::BoxError),
}

/// How a server has tasks.
#[derive(Clone)]
pub(crate) enum Tasks {
    /// A store runs them and looks after them.
    Stored(Arc<dyn TaskStore>),
    /// Their work goes on elsewhere; their ids say where.
    Parked,
}

/// Looks after tasks.
///
/// An implementation MUST make a task readable before [`TaskStore::create`] returns, MUST answer
/// [`TaskError::NotFound`] to anyone but its owner, by [`Caller::principal`], MUST make ids that cannot be guessed, and MUST
/// never change a task whose status is terminal.
#[async_trait]
pub trait TaskStore: Send + Sync {
    /// Begins to run `work`.
    async fn create(&self, work: Work) -> Result<Task, TaskError>;
    /// The task as it stands.
    async fn get(&self, owner: &Caller, id: &TaskId) -> Result<Task, TaskError>;
    /// Answers some of its questions. Answers to questions it did not ask are ignored.
    async fn update(
        &self,
        owner: &Caller,
        id: &TaskId,
        responses: InputResponses,
    ) -> Result<(), TaskError>;
    /// Ends it, if it has not ended.
    async fn cancel(&self, owner: &Caller, id: &TaskId) -> Result<(), TaskError>;
}
