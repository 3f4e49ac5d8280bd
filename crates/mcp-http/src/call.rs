//! A call under way: driven to its end, overheard while it runs, abandoned as its era wants.

use std::any::Any;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use mcp_core::jsonrpc::{self, Id, Request};
use mcp_core::{ErrorCode, ErrorObject, Exchange, ProtocolVersion, Server};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, Sleep, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::settings::{Deadline, Settings};

/// How a call ended: the whole reply.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) frame: Vec<u8>,
    pub(crate) version: ProtocolVersion,
    pub(crate) error: Option<ErrorObject>,
}

impl Outcome {
    pub(crate) fn new(
        id: &Id,
        version: ProtocolVersion,
        result: Result<Bytes, ErrorObject>,
    ) -> Self {
        match result {
            Ok(result) => Self { frame: jsonrpc::success(id, &result), version, error: None },
            Err(error) => {
                let id_required = version.features().error_id_required;
                let frame = jsonrpc::failure(Some(id), &error, id_required);
                Self { frame, version, error: Some(error) }
            }
        }
    }
}

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) at: Instant,
    pub(crate) allowed: Duration,
}

impl Limit {
    /// For a request that came at `started`, as its host or the settings say.
    pub(crate) fn of(
        deadline: Option<Deadline>,
        settings: &Settings,
        started: Instant,
    ) -> Option<Self> {
        match (deadline, settings.timeout) {
            (Some(Deadline(at)), _) => {
                let at = Instant::from_std(at);
                Some(Self { at, allowed: at.saturating_duration_since(started) })
            }
            // A time beyond what the clock can tell is no limit.
            (None, Some(allowed)) => started.checked_add(allowed).map(|at| Self { at, allowed }),
            (None, None) => None,
        }
    }

    /// In milliseconds.
    fn ms(self) -> u64 {
        u64::try_from(self.allowed.as_millis()).unwrap_or(u64::MAX)
    }

    /// What the caller is told of a call that took longer.
    pub(crate) fn text(self) -> String {
        let ms = self.ms();
        format!(
            "the call did not finish within {ms} ms; ask for less, or raise the function's timeout"
        )
    }
}

/// Why a call has no end of its own.
pub(crate) enum Broken {
    /// It took too long.
    TimedOut(Limit),
    /// A bug, which is in the log.
    Panicked,
}

impl From<Broken> for ErrorObject {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::TimedOut(limit) => Self::new(ErrorCode::InternalError, limit.text())
                .with_data(json!({"timeoutMs": limit.ms(), "retryable": true})),
            Broken::Panicked => Self::internal(),
        }
    }
}

/// What `call` comes to within `limit`, whatever its handler does; one that takes longer is told by
/// `cancellation`.
pub(crate) async fn bounded<T, E>(
    call: impl Future<Output = Result<T, E>>,
    cancellation: &CancellationToken,
    limit: Option<Limit>,
) -> Result<Result<T, E>, Broken> {
    let call = AssertUnwindSafe(call).catch_unwind();
    let ended = match limit {
        None => call.await,
        Some(limit) => {
            let mut call = pin!(call);
            match timeout_at(limit.at, call.as_mut()).await {
                Ok(ended) => ended,
                Err(_) => {
                    cancellation.cancel();
                    // What ends well when it is told to end, as a subscription does, may say so.
                    match call.now_or_never() {
                        Some(Ok(Ok(result))) => Ok(Ok(result)),
                        _ => return Err(Broken::TimedOut(limit)),
                    }
                }
            }
        }
    };
    ended.map_err(|panic| {
        tracing::error!(panic = reason(&*panic), "a handler panicked");
        Broken::Panicked
    })
}

/// Answers `request` within `limit`, whatever its handler does.
pub(crate) async fn answer(
    server: Server,
    request: Request,
    exchange: Exchange,
    limit: Option<Limit>,
) -> Outcome {
    let (id, version) = (request.id.clone(), exchange.version);
    let cancellation = exchange.cancellation.clone();
    let ended = bounded(server.dispatch(request, exchange), &cancellation, limit).await;
    Outcome::new(&id, version, ended.unwrap_or_else(|broken| Err(broken.into())))
}

/// A tool call has a span of its own.
pub(crate) fn span(tool: Option<&str>) -> Span {
    tool.map_or_else(Span::none, |tool| tracing::info_span!("tool.call", tool.name = tool))
}

fn reason(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "not a text",
    }
}

/// What becomes of a call that nobody waits for any more.
#[derive(Debug)]
pub(crate) enum Abandoned {
    /// It is told, and dropped: closing the stream is how modern clients cancel.
    Cancelled(CancellationToken),
    /// It runs on to its end: for older clients a lost connection says nothing.
    RunsOn,
}

/// What a call has to say next.
#[derive(Debug)]
pub(crate) enum Step {
    /// A notification, as a whole message.
    Event(Bytes),
    /// It has been silent for the keep-alive interval.
    Quiet,
    /// Its reply; nothing comes after it.
    Done(Outcome),
}

/// A call, with the end of its events that leads to the client.
pub(crate) struct Call {
    running: Option<Pin<Box<dyn Future<Output = Outcome> + Send>>>,
    done: Option<Outcome>,
    events: Option<UnboundedReceiver<Bytes>>,
    keep_alive: Option<KeepAlive>,
    abandoned: Abandoned,
}

impl Call {
    /// A call that can be heard of through `events`, if at all, and that says so when it has been
    /// silent for `keep_alive`.
    pub(crate) fn new(
        running: impl Future<Output = Outcome> + Send + 'static,
        abandoned: Abandoned,
        events: Option<UnboundedReceiver<Bytes>>,
        keep_alive: Option<Duration>,
    ) -> Self {
        Self {
            running: Some(Box::pin(running)),
            done: None,
            events,
            keep_alive: keep_alive.map(|interval| KeepAlive { interval, sleep: None }),
            abandoned,
        }
    }

    pub(crate) async fn step(&mut self) -> Step {
        poll_fn(|cx| self.poll_step(cx)).await
    }

    /// Must not be called again after [`Step::Done`]: nothing would ever wake the task.
    pub(crate) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if let Some(event) = self.poll_event(cx) {
            return Poll::Ready(Step::Event(event));
        }
        if let Some(running) = &mut self.running
            && let Poll::Ready(outcome) = running.as_mut().poll(cx)
        {
            self.running = None;
            self.done = Some(outcome);
        }
        if self.done.is_some() {
            // What it said before it ended goes out before its end.
            if let Some(event) = self.poll_event(cx) {
                return Poll::Ready(Step::Event(event));
            }
            if let Some(outcome) = self.done.take() {
                return Poll::Ready(Step::Done(outcome));
            }
        }
        match &mut self.keep_alive {
            Some(keep_alive) => keep_alive.poll(cx).map(|()| Step::Quiet),
            None => Poll::Pending,
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        let events = self.events.as_mut()?;
        let event = if self.done.is_some() {
            events.try_recv().ok()
        } else {
            match events.poll_recv(cx) {
                Poll::Ready(event) => event,
                Poll::Pending => None,
            }
        };
        if let (Some(_), Some(keep_alive)) = (&event, &mut self.keep_alive) {
            keep_alive.restart();
        }
        event
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        match &self.abandoned {
            Abandoned::Cancelled(cancellation) => cancellation.cancel(),
            Abandoned::RunsOn => {
                // Without a runtime the whole process is on its way out.
                if let Ok(runtime) = Handle::try_current() {
                    runtime.spawn(running);
                }
            }
        }
    }
}

/// The timer is made when the call first waits; most never do.
struct KeepAlive {
    interval: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl KeepAlive {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(self.interval)));
        let polled = sleep.as_mut().poll(cx);
        if polled.is_ready() {
            self.restart();
        }
        polled
    }

    fn restart(&mut self) {
        if let Some(sleep) = &mut self.sleep {
            sleep.as_mut().reset(Instant::now() + self.interval);
        }
    }
}
