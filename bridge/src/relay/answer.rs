//! What comes back: one JSON document, or events as they come.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request as HttpRequest, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Inner, line};
use crate::failure::Failure;
use crate::frame::{Id, Request};
use crate::sse::Reader;

/// Largest answer, in bytes.
const MOST: usize = 64 << 20;
/// How long to wait before a stream is taken up again, where the server does not say.
const RETRY: Duration = Duration::from_secs(1);
/// What servers of stateless revisions say to `initialize`.
const NO_HANDSHAKE: [i64; 4] = [-32022, -32020, -32601, -32600];

/// What came of a request.
pub(super) enum Answer {
    /// All that is wanted was written.
    Relayed,
    /// A stream ended before the answer, and can be taken up again.
    Cut { after: String, retry: Duration },
    /// The server refuses `initialize`, in these words.
    NoHandshake(String),
    /// Something else answered.
    Failed(Failure),
}

/// As much of an answer as tells whose it is.
#[derive(Deserialize)]
struct Members {
    #[serde(default)]
    jsonrpc: Option<Value>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    error: Option<ErrorCode>,
    #[serde(default)]
    result: Option<Handshake>,
}

#[derive(Deserialize)]
struct ErrorCode {
    #[serde(default)]
    code: Value,
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(default, rename = "protocolVersion")]
    revision: Option<String>,
}

impl Inner {
    pub(super) async fn read(
        &self,
        response: Response<impl http_body::Body<Data = Bytes, Error: std::fmt::Display> + Unpin>,
        asked: Option<&Request>,
        ids: &[Id],
    ) -> Result<Answer, Failure> {
        let (parts, mut body) = response.into_parts();
        let events = is(&parts.headers, "text/event-stream") && parts.status.is_success();
        let (mut reader, mut whole) = (Reader::default(), Vec::new());
        let mut waiting: Vec<String> = ids.iter().map(Id::key).collect();
        loop {
            let frame = timeout(self.patience, body.frame()).await.map_err(|_| self.silent())?;
            let Some(frame) = frame else { break };
            // A connection that breaks ends the stream; what came before is looked at.
            let Ok(frame) = frame else { break };
            let Ok(data) = frame.into_data() else { continue };
            if !events {
                if whole.len() + data.len() > MOST {
                    let message = format!("the answer is bigger than {} MB", MOST >> 20);
                    return Err(Failure::new(message, "ask for less"));
                }
                whole.extend_from_slice(&data);
                continue;
            }
            let events = reader.read(&data);
            let events = events.map_err(|err| Failure::new(err.to_string(), "ask for less"))?;
            for event in events {
                if event.data.is_empty() {
                    continue;
                }
                if let Some(key) = self.event(&event.data, asked).await {
                    waiting.retain(|waits| *waits != key);
                }
            }
        }
        if events {
            return match (waiting.is_empty(), reader.last_id) {
                (true, _) => Ok(Answer::Relayed),
                (false, Some(after)) => {
                    Ok(Answer::Cut { after, retry: reader.retry.unwrap_or(RETRY) })
                }
                (false, None) => Err(Self::cut()),
            };
        }
        self.document(parts.status, &parts.headers, &whole, asked, ids).await
    }

    /// Writes an event's message; the id that it answers.
    async fn event(&self, data: &str, asked: Option<&Request>) -> Option<String> {
        let members: Members = match serde_json::from_str(data) {
            Ok(members) => members,
            Err(err) => {
                tracing::warn!("an event is no message: {err}");
                return None;
            }
        };
        let answers =
            members.id.as_ref().filter(|_| members.method.is_none()).map(Value::to_string);
        self.agree(&members, asked);
        if let Some(line) = line(data) {
            self.write(line).await;
        }
        answers
    }

    async fn document(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        asked: Option<&Request>,
        ids: &[Id],
    ) -> Result<Answer, Failure> {
        let profile = self.target.profile.as_deref();
        let failed = || Ok(Answer::Failed(Failure::of_answer(status, headers, body, profile)));
        if ids.is_empty() {
            // A notification is accepted, or what is wrong is said.
            return if status.is_success() { Ok(Answer::Relayed) } else { failed() };
        }
        let Ok(text) = std::str::from_utf8(body) else { return failed() };
        if text.trim_start().starts_with('[') {
            let Some(line) = line(text).filter(|_| status.is_success()) else { return failed() };
            self.write(line).await;
            return Ok(Answer::Relayed);
        }
        let Ok(members) = serde_json::from_str::<Members>(text) else { return failed() };
        let is_answer = members.jsonrpc.is_some() && members.method.is_none();
        let wanted = |id: &Value| ids.iter().any(|wanted| wanted.0 == *id);
        let is_ours = members.id.as_ref().is_some_and(wanted);
        // An error may have no id: the server could not read so far.
        let is_refusal = members.error.is_some() && members.id.as_ref().is_none_or(Value::is_null);
        if !is_answer || !(is_ours || is_refusal) || (status == StatusCode::UNAUTHORIZED) {
            return failed();
        }
        let handshake = asked
            .is_some_and(|request| request.method == "initialize" && request.revision.is_none());
        let code = members.error.as_ref().and_then(|error| error.code.as_i64());
        if handshake && code.is_some_and(|code| NO_HANDSHAKE.contains(&code)) {
            return Ok(Answer::NoHandshake(text.to_owned()));
        }
        self.agree(&members, asked);
        let told = match (is_ours, ids) {
            (false, [id, ..]) => with_id(text, &id.0),
            _ => line(text),
        };
        match told {
            Some(line) => self.write(line).await,
            None => return failed(),
        }
        Ok(Answer::Relayed)
    }

    /// Remembers the revision of the handshake.
    fn agree(&self, members: &Members, asked: Option<&Request>) {
        let is_handshake = asked.is_some_and(|request| request.method == "initialize");
        let revision = members.result.as_ref().and_then(|result| result.revision.as_deref());
        if let (true, Some(revision)) = (is_handshake, revision) {
            self.session().revision = revision.parse().ok();
        }
    }
}

/// Writes what the server says unasked, until it says no more. Where it keeps no such stream, that
/// is no fault.
pub(super) async fn listen(
    https: &https::Client,
    request: HttpRequest<Bytes>,
    out: &mpsc::Sender<String>,
) {
    let Ok(response) = https.open(request).await else { return };
    if response.status() != StatusCode::OK || !is(response.headers(), "text/event-stream") {
        return;
    }
    let (mut body, mut reader) = (response.into_body(), Reader::default());
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        let Ok(events) = reader.read(&data) else { return };
        for event in events {
            let is_message = serde_json::from_str::<Members>(&event.data).is_ok();
            let line = line(&event.data).filter(|_| is_message);
            if let Some(line) = line
                && out.send(line).await.is_err()
            {
                return;
            }
        }
    }
}

fn is(headers: &HeaderMap, kind: &str) -> bool {
    let told = headers.get(header::CONTENT_TYPE).and_then(|told| told.to_str().ok());
    told.is_some_and(|told| told.trim_start().to_ascii_lowercase().starts_with(kind))
}

/// An error with the id of the request that it is about.
fn with_id(text: &str, id: &Value) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    value["id"] = id.clone();
    Some(value.to_string())
}
