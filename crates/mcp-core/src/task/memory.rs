//! Tasks of one process, for servers that live as long as their tasks do.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::{BoxFuture, Round, Task, TaskError, TaskId, TaskStatus, TaskStore, Work};
use crate::caller::Caller;
use crate::input::{InputRequest, InputResponses};
use crate::jsonrpc::ErrorObject;
use crate::state;

/// How many tasks are looked after at once.
const CAPACITY: usize = 1024;
const TTL: Duration = Duration::from_secs(3600);
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Runs tasks on the host's executor and keeps them for an hour.
#[derive(Clone)]
pub struct MemoryTasks {
    spawn: Arc<dyn Fn(BoxFuture<()>) + Send + Sync>,
    tasks: Arc<Mutex<HashMap<TaskId, Entry>>>,
}

struct Entry {
    task: Task,
    work: Work,
    began: Instant,
    /// All answers so far, of every round.
    inputs: InputResponses,
    state: Option<Vec<u8>>,
    cancellation: CancellationToken,
}

impl MemoryTasks {
    /// With a way to run a future in the background, such as `|f| { tokio::spawn(f); }`.
    pub fn new(spawn: impl Fn(BoxFuture<()>) + Send + Sync + 'static) -> Self {
        Self { spawn: Arc::new(spawn), tasks: Arc::default() }
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<TaskId, Entry>> {
        // No code that could panic runs under the lock, and a task lost to one is no reason to
        // lose the others.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        owner: &Caller,
        id: &TaskId,
        act: impl FnOnce(&mut Entry) -> T,
    ) -> Result<T, TaskError> {
        // By its name: the token that a caller began the task with may have been renewed.
        let owner = owner.principal();
        self.tasks()
            .get_mut(id)
            .filter(|entry| entry.work.owner.principal() == owner && entry.began.elapsed() < TTL)
            .map(act)
            .ok_or(TaskError::NotFound)
    }

    /// Runs the next round of the task in the background.
    fn run(&self, id: TaskId) {
        let Some((work, inputs, state, cancellation)) = self.tasks().get(&id).map(|entry| {
            let Entry { work, inputs, state, cancellation, .. } = entry;
            (work.clone(), inputs.clone(), state.clone(), cancellation.clone())
        }) else {
            return;
        };
        let store = self.clone();
        (self.spawn)(Box::pin(async move {
            let round = work.round(inputs, state, cancellation.clone());
            let round = AssertUnwindSafe(round).catch_unwind();
            let ended = tokio::select! {
                biased;
                () = cancellation.cancelled() => return,
                ended = round => ended.unwrap_or_else(|_panic| {
                    tracing::error!(tool = work.tool, "a task panicked");
                    Round::Failed(ErrorObject::internal())
                }),
            };
            if let Some(entry) = store.tasks().get_mut(&id) {
                entry.end(ended);
            }
        }));
    }
}

impl Entry {
    fn set(&mut self, status: TaskStatus) {
        if !self.task.status.is_terminal() {
            self.task.status = status;
            self.task.last_updated_at = self.task.created_at + self.began.elapsed();
        }
    }

    fn end(&mut self, round: Round) {
        match round {
            Round::Completed(result) => self.set(TaskStatus::Completed(result)),
            Round::Failed(error) => self.set(TaskStatus::Failed(error)),
            Round::InputRequired(required) => {
                self.state = required.state;
                self.set(TaskStatus::InputRequired(required.requests));
            }
        }
    }

    /// Takes the answers that were asked for; true when the next round can run.
    fn answer(&mut self, responses: InputResponses) -> bool {
        let TaskStatus::InputRequired(pending) = &self.task.status else {
            return false;
        };
        let left: BTreeMap<String, InputRequest> = pending
            .iter()
            .filter(|(id, _)| !responses.answer(id))
            .map(|(id, request)| (id.clone(), request.clone()))
            .collect();
        if left.len() == pending.len() {
            return false;
        }
        self.inputs.merge(responses);
        let ready = left.is_empty();
        self.set(if ready { TaskStatus::Working } else { TaskStatus::InputRequired(left) });
        ready
    }
}

#[async_trait]
impl TaskStore for MemoryTasks {
    async fn create(&self, work: Work) -> Result<Task, TaskError> {
        let id = TaskId::new(state::random::<16>().map(|byte| format!("{byte:02x}")).concat());
        let task = Task {
            id: id.clone(),
            status: TaskStatus::Working,
            created_at: work.received_at,
            last_updated_at: work.received_at,
            ttl: Some(TTL),
            poll_interval: Some(POLL_INTERVAL),
        };
        let entry = Entry {
            task: task.clone(),
            began: Instant::now(),
            inputs: work.inputs.clone(),
            state: work.state.clone(),
            cancellation: CancellationToken::new(),
            work,
        };
        {
            let mut tasks = self.tasks();
            tasks.retain(|_, entry| entry.began.elapsed() < TTL);
            if tasks.len() >= CAPACITY {
                return Err(TaskError::Full);
            }
            tasks.insert(id.clone(), entry);
        }
        self.run(id);
        Ok(task)
    }

    async fn get(&self, owner: &Caller, id: &TaskId) -> Result<Task, TaskError> {
        self.with(owner, id, |entry| entry.task.clone())
    }

    async fn update(
        &self,
        owner: &Caller,
        id: &TaskId,
        responses: InputResponses,
    ) -> Result<(), TaskError> {
        if self.with(owner, id, |entry| entry.answer(responses))? {
            self.run(id.clone());
        }
        Ok(())
    }

    async fn cancel(&self, owner: &Caller, id: &TaskId) -> Result<(), TaskError> {
        self.with(owner, id, |entry| {
            entry.cancellation.cancel();
            entry.set(TaskStatus::Cancelled);
        })
    }
}

impl fmt::Debug for MemoryTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTasks").field("tasks", &self.tasks().len()).finish_non_exhaustive()
    }
}
