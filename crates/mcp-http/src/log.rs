//! The one line each request leaves in the log.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use mcp_core::message::TraceParent;
use mcp_core::{Caller, ErrorCode, ProtocolVersion, RequestMeta};
use tokio::time::Instant;
use tracing::Level;

use crate::settings::HostRequestId;

/// How much of a client's text a field may hold.
const LONGEST: usize = 128;

/// What is known of a request. Dropping it writes the line, so there is exactly one, however the
/// request ends. Never in it: tokens, arguments, bodies.
pub(crate) struct RequestLog {
    started: Instant,
    request_id: Option<HostRequestId>,
    caller: Arc<Caller>,
    trace: Option<TraceParent>,
    method: Option<String>,
    tool: Option<String>,
    pub(crate) version: Option<ProtocolVersion>,
    /// Whether it is one of REST, which has no revision.
    rest: bool,
    status: Option<StatusCode>,
    outcome: Outcome,
}

#[derive(Clone, Copy)]
enum Outcome {
    /// Nobody waited for the reply.
    Abandoned,
    Answered(Option<ErrorCode>),
    /// By REST, with the code of an error.
    Failed(&'static str),
}

impl RequestLog {
    pub(crate) fn start(
        headers: &HeaderMap,
        request_id: Option<HostRequestId>,
        caller: Arc<Caller>,
    ) -> Self {
        let trace = headers.get("traceparent").and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            started: Instant::now(),
            request_id,
            caller,
            trace,
            method: None,
            tool: None,
            version: None,
            rest: false,
            status: None,
            outcome: Outcome::Abandoned,
        }
    }

    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn method(&mut self, method: &str) {
        self.method = Some(cut(method).into_owned());
    }

    /// It is one of REST, of the route of this name.
    pub(crate) fn rest(&mut self, route: &'static str) {
        self.method = Some(route.to_owned());
        self.rest = true;
    }

    /// What the request's parameters say for the log.
    pub(crate) fn describe(&mut self, meta: &RequestMeta, tool: Option<&str>) {
        self.tool = tool.map(|tool| cut(tool).into_owned());
        if let Some(trace) = &meta.traceparent {
            self.trace = Some(trace.clone());
        }
    }

    pub(crate) fn status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// The reply is complete; `error` is its code, if it is one.
    pub(crate) fn finish(&mut self, error: Option<ErrorCode>) {
        self.outcome = Outcome::Answered(error);
    }

    /// The answer is complete; `error` is its code, if it is no result.
    pub(crate) fn finish_rest(&mut self, error: Option<&'static str>) {
        self.outcome = error.map_or(Outcome::Answered(None), Outcome::Failed);
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let (outcome, code, failure) = match self.outcome {
            Outcome::Abandoned => ("abandoned", None, None),
            Outcome::Answered(None) => ("ok", None, None),
            Outcome::Answered(Some(code)) => ("error", Some(code.number()), None),
            Outcome::Failed(failure) => ("error", None, Some(failure)),
        };
        let era = self.version.map(
            |version| {
                if version.features().stateless { "modern" } else { "legacy" }
            },
        );
        let era = if self.rest { Some("rest") } else { era };
        let Caller { subject, kind, issuer, client, tenant, token_id, .. } = &*self.caller;
        tracing::event!(
            name: "mcp.request",
            Level::INFO,
            {
                rpc.method = self.method.as_deref(),
                tool.name = self.tool.as_deref(),
                mcp.version = self.version.map(ProtocolVersion::as_str),
                mcp.era = era,
                caller.kind = *kind,
                caller.subject = shown(subject).as_deref(),
                caller.issuer = shown(issuer).as_deref(),
                caller.client_id = shown(client).as_deref(),
                tenant.id = shown(tenant).as_deref(),
                token.id = shown(token_id).as_deref(),
                outcome,
                rpc.code = code,
                error.kind = failure,
                http.status = self.status.map(|status| status.as_u16()),
                duration_ms = milliseconds(self.started.elapsed()),
                request_id = self.request_id.as_ref().map(|id| id.0.as_str()),
                trace_id = self.trace.as_ref().map(TraceParent::trace_id),
            },
            "mcp request"
        );
    }
}

fn shown(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(cut)
}

/// To the microsecond, which is as much as a reader can use.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(LONGEST).map(clean).collect()
}
