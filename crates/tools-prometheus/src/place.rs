//! Which server a call goes to: the workspace that was named, or the rules and the user decide.

use std::time::{Duration, Instant};

use backend_amp::{
    Error, Prometheus, Region, Selection, Target, Workspace, WorkspaceId, WorkspaceStatus,
};
use mcp_core::{Ask, CallContext, Capability, Elicited, ToolError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::errors::tool_error;
use crate::text::printable;

/// The wait for an answer where the host sets no deadline.
const PATIENCE: Duration = Duration::from_secs(60);

/// Until when a call may take.
pub(crate) fn deadline(cx: &CallContext) -> Instant {
    cx.deadline().unwrap_or_else(|| Instant::now() + PATIENCE)
}

/// The servers that the caller may ask: its tenant's, where tenants are told apart.
pub(crate) fn of_caller(
    prometheus: &Prometheus,
    cx: &CallContext,
) -> Result<Prometheus, ToolError> {
    let tenant = cx.caller().tenant.as_deref();
    prometheus.for_tenant(tenant).map_err(|err| tool_error(&err, None))
}

/// Reads a region.
pub(crate) fn region(text: Option<&str>) -> Result<Option<Region>, ToolError> {
    text.map(str::parse).transpose().map_err(|err| tool_error(&err, None))
}

/// The server that `workspace_id` and `region` name. When several workspaces could be meant, the
/// user chooses: by a form where the client has forms, else through the agent.
///
/// # Errors
/// [`ToolError::Interrupted`] while the user is asked, [`ToolError::Failed`] otherwise.
pub(crate) async fn target(
    prometheus: &Prometheus,
    cx: &CallContext,
    workspace_id: Option<&str>,
    region_text: Option<&str>,
) -> Result<Target, ToolError> {
    let failed = |err: Error| tool_error(&err, None);
    let selection = Selection {
        workspace_id: workspace_id.map(str::parse).transpose().map_err(failed)?,
        region: region(region_text)?,
    };
    let choices = match prometheus.resolve(&selection, deadline(cx)).await {
        Err(Error::WorkspaceUnknown { choices, .. })
            if cx.can_ask(&Capability::Elicitation) && choices.iter().any(is_active) =>
        {
            choices
        }
        found => return found.map_err(failed),
    };
    let chosen = ask(cx, &choices)?;
    let selection = Selection { workspace_id: Some(chosen), ..selection };
    prometheus.resolve(&selection, deadline(cx)).await.map_err(failed)
}

fn is_active(workspace: &Workspace) -> bool {
    workspace.status == WorkspaceStatus::Active
}

#[derive(Deserialize)]
struct Choice {
    workspace_id: String,
}

fn ask(cx: &CallContext, choices: &[Workspace]) -> Result<WorkspaceId, ToolError> {
    let mut ask = Ask::new(cx);
    let question = "Which Prometheus workspace should be queried?";
    let answer: Option<Elicited<Choice>> = ask.elicit("workspace", question, form(choices))?;
    ask.finish()?;
    match answer {
        Some(Elicited::Accepted(choice)) => choices
            .iter()
            .find(|workspace| is_active(workspace) && workspace.id.as_str() == choice.workspace_id)
            .map(|workspace| workspace.id.clone())
            .ok_or_else(|| {
                ToolError::failed(
                    "the workspace that was chosen is not one of the choices\nretryable: no",
                )
            }),
        Some(Elicited::Declined | Elicited::Cancelled) | None => Err(ToolError::failed(
            "the user chose no workspace: do not pick one yourself\nretryable: no",
        )),
    }
}

/// One required property, an active workspace, shown by its alias.
fn form(choices: &[Workspace]) -> Value {
    let option = |workspace: &Workspace| {
        let alias = workspace.alias.as_deref().map_or("No alias".into(), |a| printable(a, 80));
        json!({"const": workspace.id.as_str(), "title": format!("{alias} ({})", workspace.id)})
    };
    let options: Vec<Value> = choices.iter().filter(|w| is_active(w)).map(option).collect();
    json!({
        "type": "object",
        "properties": {
            "workspace_id": {"type": "string", "title": "Workspace", "oneOf": options}
        },
        "required": ["workspace_id"]
    })
}
