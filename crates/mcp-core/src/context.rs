//! What a handler is given beside its input: who calls, how long there is, whom to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::caller::Caller;
use crate::input::{InputRequest, InputResponses, Interrupt};
use crate::message::{Capability, LogLevel, RequestMeta, TraceParent};
use crate::progress::{Events, LogMessage, Progress};
use crate::revision::ProtocolVersion;
use crate::state::{Binding, SealError, Sealer};

/// What the host knows of one request beside the request itself.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The revision the request speaks.
    pub version: ProtocolVersion,
    /// Its `_meta`.
    pub meta: RequestMeta,
    /// Who sent it.
    pub caller: Arc<Caller>,
    /// When the host will give up on it.
    pub deadline: Option<Instant>,
    /// Where notifications about it go.
    pub events: Events,
    /// Cancelled when nobody waits for the reply any more.
    pub cancellation: CancellationToken,
}

impl Exchange {
    /// A request of `version` from anyone, with no deadline and nobody to notify.
    #[must_use]
    pub fn new(version: ProtocolVersion) -> Self {
        Self {
            version,
            meta: RequestMeta::default(),
            caller: Arc::default(),
            deadline: None,
            events: Events::discard(),
            cancellation: CancellationToken::new(),
        }
    }
}

/// The context of one call. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CallContext(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    exchange: Exchange,
    received_at: SystemTime,
    log_from: Option<LogLevel>,
    inputs: InputResponses,
    /// The answers that the handler has looked at.
    taken: Mutex<BTreeSet<String>>,
    state: Option<Vec<u8>>,
    sealer: Arc<Sealer>,
    last_progress: Mutex<f64>,
    task: TaskPhase,
}

/// Where a call stands towards running as a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskPhase {
    /// The client or the tool has no tasks.
    Impossible,
    /// It may become one.
    Possible,
    /// It is one.
    Running,
    /// It may be parked, and found again by a sealed id.
    Parking,
}

/// What the dispatcher adds to an [`Exchange`].
pub(crate) struct Call {
    pub(crate) received_at: SystemTime,
    pub(crate) log_from: Option<LogLevel>,
    pub(crate) sealer: Arc<Sealer>,
}

impl CallContext {
    pub(crate) fn new(exchange: Exchange, call: Call) -> Self {
        Self(Arc::new(Inner {
            exchange,
            received_at: call.received_at,
            log_from: call.log_from,
            inputs: InputResponses::default(),
            taken: Mutex::default(),
            state: None,
            sealer: call.sealer,
            last_progress: Mutex::new(f64::NEG_INFINITY),
            task: TaskPhase::Impossible,
        }))
    }

    /// A context outside any server, for a handler's own tests.
    #[must_use]
    pub fn detached(exchange: Exchange, received_at: SystemTime) -> Self {
        let sealer = Arc::new(Sealer::of_this_process());
        Self::new(exchange, Call { received_at, log_from: None, sealer })
    }

    fn with(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let Inner { exchange, received_at, log_from, inputs, state, sealer, task, .. } = &*self.0;
        let mut inner = Inner {
            exchange: exchange.clone(),
            received_at: *received_at,
            log_from: *log_from,
            inputs: inputs.clone(),
            taken: Mutex::default(),
            state: state.clone(),
            sealer: Arc::clone(sealer),
            last_progress: Mutex::new(f64::NEG_INFINITY),
            task: *task,
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// The same call on a later round: with the client's answers and the handler's own state.
    pub(crate) fn answered(&self, inputs: InputResponses, state: Option<Vec<u8>>) -> Self {
        self.with(|inner| {
            inner.inputs = inputs;
            inner.state = state;
        })
    }

    /// The same call, which may become a task.
    pub(crate) fn with_tasks(&self) -> Self {
        self.with(|inner| inner.task = TaskPhase::Possible)
    }

    /// The same call, which may be parked.
    pub(crate) fn with_parking(&self) -> Self {
        self.with(|inner| inner.task = TaskPhase::Parking)
    }

    /// A parked call, to be stopped.
    pub(crate) fn cancelled(&self) -> Self {
        self.with(|inner| {
            inner.exchange.cancellation = CancellationToken::new();
            inner.exchange.cancellation.cancel();
        })
    }

    /// The same call as a task, which outlives the request that began it: nobody to notify, no
    /// deadline, a cancellation of its own.
    pub(crate) fn as_task(&self, cancellation: CancellationToken) -> Self {
        self.with(|inner| {
            inner.exchange.events = Events::discard();
            inner.exchange.deadline = None;
            inner.exchange.cancellation = cancellation;
            inner.task = TaskPhase::Running;
        })
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.0.exchange
    }

    pub(crate) fn inputs(&self) -> &InputResponses {
        &self.0.inputs
    }

    /// The answer to the question `id`, which a later round need not bring again.
    pub(crate) fn take_answer(&self, id: &str) -> Option<&Value> {
        let answer = self.0.inputs.get(id)?;
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(id.to_owned());
        Some(answer)
    }

    /// The answers that the handler has taken, but for those it asks for again.
    pub(crate) fn settled(&self, asked: &BTreeMap<String, InputRequest>) -> InputResponses {
        let taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.inputs.only(|id| taken.contains(id) && !asked.contains_key(id))
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.0.exchange.caller
    }

    /// When the request arrived, by the server's clock.
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.0.received_at
    }

    /// When the host gives up on the call; a handler should be done, or have failed, before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.exchange.deadline
    }

    /// Cancelled when nobody waits for the reply any more: work that costs should stop.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        &self.0.exchange.cancellation
    }

    /// The trace the request is part of, if it says so.
    #[must_use]
    pub fn traceparent(&self) -> Option<&TraceParent> {
        self.0.exchange.meta.traceparent.as_ref()
    }

    /// Whether the client can be asked for `capability` in this call. Clients with a handshake
    /// never can: their answer would reach another instance of a stateless server.
    #[must_use]
    pub fn can_ask(&self, capability: &Capability) -> bool {
        let Exchange { version, meta, .. } = &self.0.exchange;
        version.features().stateless
            && meta.capabilities.as_ref().is_some_and(|c| c.declare(capability))
    }

    /// Tells the client how far the call has come. Nothing is sent to a client that did not ask,
    /// nor when `progress` is not above what was told before (the specification wants it to grow).
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        let Exchange { version, meta, events, .. } = &self.0.exchange;
        let Some(token) = &meta.progress_token else {
            return;
        };
        let mut last = self.0.last_progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.is_finite() && progress > *last {
            *last = progress;
            let message = message.filter(|_| version.features().progress_message);
            events.progress(&Progress { progress_token: token, progress, total, message });
        }
    }

    /// Whether the client asked for progress and can be told: it knows that the call is alive.
    #[must_use]
    pub fn tells_progress(&self) -> bool {
        let Exchange { meta, events, .. } = &self.0.exchange;
        meta.progress_token.is_some() && events.reach_the_client()
    }

    /// Sends a log message to the client, when it wants messages as grave as `level`. `data` is any
    /// JSON; it goes to whoever calls, so nothing secret belongs in it.
    pub fn log(&self, level: LogLevel, logger: Option<&str>, data: impl Serialize) {
        if self.0.log_from.is_some_and(|from| level >= from) {
            self.0.exchange.events.log(&LogMessage { level, logger, data });
        }
    }

    /// What this handler put into `requestState` on the round before, verified to be its own for
    /// this caller and request; `None` on the first round.
    #[must_use]
    pub fn state(&self) -> Option<&[u8]> {
        self.0.state.as_deref()
    }

    /// Seals `payload` for this caller: a cursor or a handle that a client may bring back. `request`
    /// is what it belongs to, such as a digest of the query.
    #[must_use]
    pub fn seal(
        &self,
        purpose: &str,
        request: &[u8],
        lifetime: Option<Duration>,
        payload: &[u8],
    ) -> String {
        let principal = self.caller().principal();
        let binding = Binding { purpose, principal: &principal, request };
        let expires = lifetime.map(|lifetime| self.0.received_at + lifetime);
        self.0.sealer.seal(&binding, expires, payload)
    }

    /// Opens what [`CallContext::seal`] made for the same caller, purpose and request.
    ///
    /// # Errors
    /// [`SealError`], when it is anything else or too old.
    pub fn unseal(
        &self,
        purpose: &str,
        request: &[u8],
        sealed: &str,
    ) -> Result<Vec<u8>, SealError> {
        let principal = self.caller().principal();
        let binding = Binding { purpose, principal: &principal, request };
        self.0.sealer.open(&binding, self.0.received_at, sealed)
    }

    /// From here on the call may take long: where the client and the tool have tasks, it goes on as
    /// one. The handler is then called once more, as the task, with the same input and answers, and
    /// this returns `Ok`; so what comes before must be cheap to do twice. Without tasks it returns
    /// `Ok` at once.
    ///
    /// # Errors
    /// [`Interrupt::Task`], to be passed on with `?`.
    pub fn continue_as_task(&self) -> Result<(), Interrupt> {
        match self.0.task {
            TaskPhase::Possible => Err(Interrupt::Task),
            TaskPhase::Impossible | TaskPhase::Running | TaskPhase::Parking => Ok(()),
        }
    }

    /// The work of this call is under way elsewhere, and `state` finds it again. Where client,
    /// server ([`ServerBuilder::park_tasks`]) and tool have tasks, that ends the call with a task:
    /// its id holds `state`, sealed, and whenever the client asks after it [`Tool::resume`] is given
    /// that back. Nothing is kept here; `state` should be short, and the client can read it. Without
    /// tasks this returns `Ok` at once, and the call goes on.
    ///
    /// # Errors
    /// [`Interrupt::Parked`], to be passed on with `?`.
    ///
    /// [`ServerBuilder::park_tasks`]: crate::ServerBuilder::park_tasks
    /// [`Tool::resume`]: crate::Tool::resume
    pub fn park(&self, state: impl Into<Vec<u8>>) -> Result<(), Interrupt> {
        match self.0.task {
            TaskPhase::Parking => Err(Interrupt::Parked(state.into())),
            TaskPhase::Impossible | TaskPhase::Possible | TaskPhase::Running => Ok(()),
        }
    }

    /// Whether [`CallContext::park`] would end the call.
    #[must_use]
    pub fn can_park(&self) -> bool {
        self.0.task == TaskPhase::Parking
    }
}
