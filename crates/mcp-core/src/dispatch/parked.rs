//! Calls that are parked: their work goes on elsewhere, and the id of the task is what finds it
//! again, sealed for its caller. Nothing is kept here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::{Method, task_error};
use crate::context::CallContext;
use crate::input::Interrupt;
use crate::jsonrpc::ErrorObject;
use crate::registry::ToolEntry;
use crate::server::Parts;
use crate::task::{Task, TaskError, TaskId, TaskStatus};
use crate::tool::ToolError;

const TASK: &str = "task";
/// How long a task can be asked after.
const TTL: Duration = Duration::from_secs(3600);
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Bytes of the milliseconds at which a task began.
const BEGAN: usize = 8;

/// What an id holds: when the task began, the tool's name, a zero, and what the tool parked.
fn id_of(tool: &str, state: &[u8], cx: &CallContext) -> TaskId {
    let began = cx.received_at().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut payload = u64::try_from(began).unwrap_or(u64::MAX).to_be_bytes().to_vec();
    payload.extend_from_slice(tool.as_bytes());
    payload.push(0);
    payload.extend_from_slice(state);
    TaskId::new(cx.seal(TASK, &[], Some(TTL), &payload))
}

/// When it began, the tool's name, and what the tool parked.
fn opened(id: &TaskId, cx: &CallContext) -> Option<(SystemTime, String, Vec<u8>)> {
    let payload = cx.unseal(TASK, &[], id.as_str()).ok()?;
    let (began, rest) = payload.split_first_chunk::<BEGAN>()?;
    let began = UNIX_EPOCH.checked_add(Duration::from_millis(u64::from_be_bytes(*began)))?;
    let name = rest.iter().position(|byte| *byte == 0)?;
    let tool = std::str::from_utf8(&rest[..name]).ok()?.to_owned();
    Some((began, tool, rest[name + 1..].to_vec()))
}

impl Parts {
    /// The reply to a call that its tool has parked.
    pub(super) fn begin_parked(&self, tool: &str, state: &[u8], cx: &CallContext) -> Bytes {
        let task = Task {
            id: id_of(tool, state, cx),
            status: TaskStatus::Working,
            created_at: cx.received_at(),
            last_updated_at: cx.received_at(),
            ttl: Some(TTL),
            poll_interval: Some(POLL_INTERVAL),
        };
        self.named(task.created(), cx.exchange().version.features())
    }

    /// Answers a request about a task: by asking its tool.
    pub(super) async fn parked_task(
        &self,
        method: Method,
        id: TaskId,
        cx: &CallContext,
    ) -> Result<Bytes, ErrorObject> {
        let features = cx.exchange().version.features();
        let missing = || task_error(&TaskError::NotFound);
        let (began, name, state) = opened(&id, cx).ok_or_else(missing)?;
        let tool = self.registry.tool(&name).ok_or_else(missing)?;
        let scopes = self.tool_scopes(tool).iter().map(AsRef::as_ref);
        cx.caller().scopes.permit(scopes)?;
        let cx = cx.with_parking();
        match method {
            // It has asked nothing.
            Method::UpdateTask => self.task_reply(None, features),
            Method::CancelTask => {
                if let Err(err @ ToolError::Internal(_)) =
                    (tool.resume)(cx.cancelled(), state).await
                {
                    return Err(super::internal(&name, &err));
                }
                self.task_reply(None, features)
            }
            _ => {
                let task = Task {
                    status: self.status_of(tool, state, &cx).await,
                    id,
                    created_at: began,
                    last_updated_at: cx.received_at(),
                    ttl: Some(TTL),
                    poll_interval: Some(POLL_INTERVAL),
                };
                self.task_reply(Some(task), features)
            }
        }
    }

    async fn status_of(&self, tool: &ToolEntry, state: Vec<u8>, cx: &CallContext) -> TaskStatus {
        match (tool.resume)(cx.clone(), state).await {
            Err(ToolError::Interrupted(Interrupt::Parked(_))) => TaskStatus::Working,
            Err(ToolError::Interrupted(Interrupt::Cancelled)) => TaskStatus::Cancelled,
            ended => match self.tool_result(tool, ended, cx) {
                Ok(result) => TaskStatus::Completed(result),
                Err(error) => TaskStatus::Failed(error),
            },
        }
    }
}
