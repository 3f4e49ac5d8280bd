//! The relay: each message of the client's on its way to the server, and what comes back.

mod answer;
mod session;
#[cfg(test)]
mod tests;
mod upgrade;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request as HttpRequest, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;

use crate::failure::Failure;
use crate::frame::{Frame, Id, Kind, NotAFrame, Request, error};
use crate::target::Target;
use answer::Answer;
use session::Session;

/// The most requests at a time; of more the client's are not read.
const AT_ONCE: usize = 64;
/// How often a stream that broke is taken up again.
const RESUMED: u32 = 5;

/// Relays messages to one server.
pub(crate) struct Relay(Arc<Inner>);

struct Inner {
    target: Target,
    https: https::Client,
    out: mpsc::Sender<String>,
    patience: Duration,
    session: Mutex<Session>,
    running: Mutex<HashMap<String, AbortHandle>>,
    places: Arc<Semaphore>,
}

impl Relay {
    pub(crate) fn new(
        target: Target,
        https: https::Client,
        out: mpsc::Sender<String>,
        patience: Duration,
    ) -> Self {
        let (session, running) = (Mutex::default(), Mutex::default());
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self(Arc::new(Inner { target, https, out, patience, session, running, places }))
    }

    /// Takes a line of the client's. Waits while too many requests are under way.
    pub(crate) async fn take(&self, line: &str) {
        match Frame::parse(line) {
            Ok(frame) => self.send(frame).await,
            Err(NotAFrame { code, reason, id }) => {
                self.0.write(error(&id, code, &reason, None)).await;
            }
        }
    }

    async fn send(&self, frame: Frame) {
        let ids = match &frame.kind {
            Kind::Request(request) if request.method == "ping" && request.revision.is_none() => {
                let pong = json!({"jsonrpc": "2.0", "id": request.id.0, "result": {}});
                return self.0.write(pong.to_string()).await;
            }
            Kind::Request(request) => vec![request.id.clone()],
            Kind::Batch(ids) => ids.clone(),
            Kind::Notification { cancels, method } => {
                if let Some(running) = cancels.as_ref().and_then(|id| self.0.running().remove(id)) {
                    // Its connection is closed, which a stateless server understands.
                    running.abort();
                }
                if method == "notifications/initialized" && self.0.session().upgraded() {
                    return;
                }
                Vec::new()
            }
            Kind::Response => Vec::new(),
        };
        // The semaphore is never closed.
        let place = Arc::clone(&self.0.places).acquire_owned().await;
        let inner = Arc::clone(&self.0);
        let keys: Vec<String> = ids.iter().map(Id::key).collect();
        let relayed = keys.clone();
        let task = tokio::spawn(async move {
            inner.relay(&frame, &ids).await;
            let mut running = inner.running();
            relayed.iter().for_each(|key| drop(running.remove(key)));
            drop(place);
        });
        if !task.is_finished() {
            let mut running = self.0.running();
            keys.into_iter().for_each(|key| drop(running.insert(key, task.abort_handle())));
        }
    }

    /// Until no request is under way.
    pub(crate) async fn idle(&self) {
        let all = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
        let _ = self.0.places.acquire_many(all).await;
    }

    /// Gives up what is under way.
    pub(crate) fn stop(&self) {
        self.0.running().drain().for_each(|(_, task)| task.abort());
    }

    /// Ends the session, where the server has one.
    pub(crate) async fn farewell(&self) {
        let inner = &self.0;
        if inner.session().id.is_none() {
            return;
        }
        let request = inner.request(Method::DELETE, None, Bytes::new());
        if let Ok(request) = inner.target.proof.put(request).await {
            let _ = inner.https.open(request).await;
        }
    }
}

impl Inner {
    async fn write(&self, line: String) {
        // Nobody reads any more: the program is about to end.
        let _ = self.out.send(line).await;
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message; each of `ids` is answered, by the server or instead of it.
    async fn relay(self: &Arc<Self>, frame: &Frame, ids: &[Id]) {
        let Err(failure) = self.exchange(frame, ids).await else { return };
        tracing::warn!(hint = failure.hint, "{}", failure.message);
        let answers: Vec<String> = ids.iter().map(|id| failure.answer(&id.0)).collect();
        match (&frame.kind, answers.as_slice()) {
            // Whoever sent a notification or an answer waits for nothing.
            (_, []) => {}
            (Kind::Batch(_), answers) => self.write(format!("[{}]", answers.join(","))).await,
            (_, [answer, ..]) => self.write(answer.clone()).await,
        }
    }

    async fn exchange(self: &Arc<Self>, frame: &Frame, ids: &[Id]) -> Result<(), Failure> {
        let asked = match &frame.kind {
            Kind::Request(request) => Some(request),
            _ => None,
        };
        let line = self.session().upgrade(frame);
        let mut renewed = false;
        loop {
            let request = self.request(Method::POST, asked, line.clone().into());
            let request = self.target.proof.put(request).await?;
            let host = self.host();
            let opened = tokio::time::timeout(self.patience, self.https.open(request)).await;
            let opened = opened.map_err(|_| self.silent())?;
            let response = opened.map_err(|err| Failure::of_network(&err, &host))?;
            if asked.is_some_and(|request| request.method == "initialize") {
                self.session().opened(response.headers());
            }
            let failure = match self.read(response, asked, ids).await? {
                Answer::Relayed => {
                    self.listen(frame);
                    return Ok(());
                }
                Answer::Cut { after, retry } => {
                    return self.resume(after, retry, asked, ids).await;
                }
                // A server of stateless revisions only, and a client that shakes hands.
                Answer::NoHandshake(told) => match asked {
                    Some(request) => return self.discover(frame, request, told).await,
                    None => return Ok(()),
                },
                Answer::Failed(failure) => failure,
            };
            if renewed || !failure.is_of_credentials() || !self.target.proof.forget() {
                return Err(failure);
            }
            renewed = true;
        }
    }

    /// Goes on reading a stream that broke, after the last event that came.
    async fn resume(
        &self,
        mut after: String,
        mut retry: Duration,
        asked: Option<&Request>,
        ids: &[Id],
    ) -> Result<(), Failure> {
        for _ in 0..RESUMED {
            tokio::time::sleep(retry).await;
            let mut request = self.request(Method::GET, None, Bytes::new());
            if let Ok(id) = after.parse() {
                request.headers_mut().insert("last-event-id", id);
            }
            let request = self.target.proof.put(request).await?;
            let Ok(response) = self.https.open(request).await else { continue };
            if response.status() != StatusCode::OK {
                break;
            }
            match self.read(response, asked, ids).await? {
                Answer::Cut { after: last, retry: wait } => (after, retry) = (last, wait),
                Answer::Failed(failure) => return Err(failure),
                Answer::Relayed | Answer::NoHandshake(_) => return Ok(()),
            }
        }
        Err(Self::cut())
    }

    /// What the server says unasked, where it keeps a session.
    fn listen(self: &Arc<Self>, frame: &Frame) {
        let Kind::Notification { method, .. } = &frame.kind else { return };
        if method != "notifications/initialized" || self.session().id.is_none() {
            return;
        }
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            let request = inner.request(Method::GET, None, Bytes::new());
            if let Ok(request) = inner.target.proof.put(request).await {
                answer::listen(&inner.https, request, &inner.out).await;
            }
        });
    }

    fn request(&self, method: Method, asked: Option<&Request>, body: Bytes) -> HttpRequest<Bytes> {
        let mut request = HttpRequest::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.target.url.clone();
        let headers = request.headers_mut();
        if let Ok(host) = self.host().parse() {
            headers.insert(header::HOST, host);
        }
        let post = !request.body().is_empty();
        let headers = request.headers_mut();
        let accept = if post { "application/json, text/event-stream" } else { "text/event-stream" };
        headers.insert(header::ACCEPT, header::HeaderValue::from_static(accept));
        if post {
            let json = header::HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
        }
        self.session().put(headers, asked);
        for (name, value) in &self.target.headers {
            headers.append(name, value.clone());
        }
        request
    }

    fn host(&self) -> String {
        self.target.url.authority().map(ToString::to_string).unwrap_or_default()
    }

    fn silent(&self) -> Failure {
        let message = format!("no answer within {} s", self.patience.as_secs());
        Failure::new(message, "ask for less, or wait longer with --timeout")
    }

    fn cut() -> Failure {
        Failure::new(
            "the answer broke off",
            "the server or something before it closed the connection: try again",
        )
    }
}

/// A message as one line.
fn line(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.contains(['\n', '\r']) {
        return Some(text.to_owned());
    }
    let value: Value = serde_json::from_str(text).ok()?;
    Some(value.to_string())
}
