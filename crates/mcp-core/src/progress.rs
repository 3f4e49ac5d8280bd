//! Notifications about a call while it runs: progress and log messages.

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::jsonrpc::{self, Id};
use crate::message::LogLevel;

/// Where the notifications of one call go: whole JSON-RPC messages, in order, to whoever holds the
/// other end. Nothing is kept when nobody does.
#[derive(Clone, Debug)]
pub struct Events(Option<mpsc::UnboundedSender<Bytes>>);

impl Events {
    /// A sink and the end to read it from. The stream ends when the call and all it started is over.
    #[must_use]
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Bytes>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(Some(sender)), receiver)
    }

    /// A sink for a call whose client cannot be notified.
    #[must_use]
    pub fn discard() -> Self {
        Self(None)
    }

    /// Whether notifications can reach the client.
    #[must_use]
    pub fn reach_the_client(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn progress(&self, progress: &Progress<'_>) {
        self.send("notifications/progress", progress);
    }

    pub(crate) fn log(&self, message: &LogMessage<'_, impl Serialize>) {
        self.send("notifications/message", message);
    }

    pub(crate) fn send(&self, method: &str, params: &impl Serialize) {
        if let Some(sender) = &self.0 {
            // A send fails only when the client has gone, which cancellation tells separately.
            let _gone = sender.send(jsonrpc::notification(method, params).into());
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress<'a> {
    pub(crate) progress_token: &'a Id,
    pub(crate) progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct LogMessage<'a, T> {
    pub(crate) level: LogLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logger: Option<&'a str>,
    pub(crate) data: T,
}
