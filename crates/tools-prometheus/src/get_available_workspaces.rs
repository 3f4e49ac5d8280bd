//! `GetAvailableWorkspaces`: what the user can choose from.

use std::fmt::Write as _;

use backend_amp::{Error, Prometheus, Workspace, WorkspaceId, WorkspaceStatus};
use mcp_core::{CallContext, CallToolResult, Content, Tool, ToolError, ToolSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use crate::arguments::{Nullable, profile_notice};
use crate::errors::tool_error;
use crate::place::{deadline, of_caller, region};
use crate::provenance::Provenance;
use crate::spec;
use crate::text::{count, printable};

/// Lists the workspaces of a region.
#[derive(Debug, Clone)]
pub struct GetAvailableWorkspaces(pub Prometheus);

/// The arguments of [`GetAvailableWorkspaces`].
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Arguments {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Nullable")]
    profile: Option<String>,
}

#[derive(Serialize)]
struct Structured<'a> {
    result: Listing,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'a str>,
    provenance: Provenance<'a>,
}

#[derive(Serialize)]
struct Listing {
    workspaces: Vec<Item>,
    count: usize,
    region: String,
    requires_user_selection: bool,
    configured_workspace_id: Option<String>,
    message: String,
}

#[derive(Serialize)]
struct Item {
    workspace_id: String,
    alias: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    prometheus_url: Option<String>,
    region: String,
    is_configured: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

impl Item {
    fn new(workspace: &Workspace, region: &str, configured: Option<&WorkspaceId>) -> Self {
        let is_configured = configured == Some(&workspace.id);
        let active = workspace.status == WorkspaceStatus::Active;
        Self {
            workspace_id: workspace.id.to_string(),
            alias: workspace.alias.clone().unwrap_or_else(|| "No alias".to_owned()),
            status: workspace.status.to_string(),
            prometheus_url: workspace.url.as_ref().map(ToString::to_string),
            region: region.to_owned(),
            is_configured,
            note: match (is_configured, active) {
                (_, false) => Some("cannot be queried until it is ACTIVE"),
                (true, true) => Some("queried when no workspace_id is given"),
                (false, true) => None,
            },
        }
    }
}

impl Tool for GetAvailableWorkspaces {
    type Input = Arguments;
    type Output = CallToolResult;

    fn spec(&self) -> ToolSpec {
        spec::query(
            "GetAvailableWorkspaces",
            "List Prometheus workspaces",
            "Lists the workspaces of a region and whether one is configured. When several exist and none is \
             configured, show them to the user and let the user choose; never pick one yourself.",
        )
        .with_example("{}")
    }

    async fn call(
        &self,
        cx: &CallContext,
        arguments: Arguments,
    ) -> Result<CallToolResult, ToolError> {
        let Arguments { region: region_text, profile } = arguments;
        let prometheus = of_caller(&self.0, cx)?;
        let settings = prometheus.settings();
        let asked = region(region_text.as_deref())?;
        let (result, provenance) = match prometheus.workspaces(asked.as_ref(), deadline(cx)).await {
            Ok(found) => {
                // A default is one of its own region only.
                let here = settings.default_region().is_none_or(|home| home == found.region);
                let configured = settings.default_workspace().filter(|_| here);
                let region = found.region.to_string();
                let provenance = Provenance::cost(found.stats).with_region(region.clone());
                (listing(&found.workspaces, region, configured.as_ref()), provenance)
            }
            // Without AWS, the configured server needs no workspace.
            Err(Error::NoAws { .. }) if let Some(url) = &settings.url => {
                let listing = Listing {
                    workspaces: Vec::new(),
                    count: 0,
                    region: String::new(),
                    requires_user_selection: false,
                    configured_workspace_id: None,
                    message: format!(
                        "Queries go to {url}, which has no workspaces: leave workspace_id out."
                    ),
                };
                (listing, Provenance::cost(Default::default()))
            }
            Err(err) => return Err(tool_error(&err, None)),
        };

        let notice = profile_notice(profile.as_deref());
        let mut text = String::new();
        if let Some(notice) = &notice {
            let _ = writeln!(text, "notice: {notice}");
        }
        let _ = writeln!(text, "{}", result.message);
        for item in result.workspaces.iter().take(50) {
            let Item { workspace_id, alias, status, .. } = item;
            let _ = writeln!(
                text,
                "{workspace_id} {status} {}",
                crate::text::quoted(&printable(alias, 80))
            );
        }
        if result.count > 50 {
            let _ = writeln!(
                text,
                "and {} in the structured result",
                count("other", result.count - 50)
            );
        }
        let structured = Structured { result, notice: notice.as_deref(), provenance };
        Ok(CallToolResult {
            content: vec![Content::text(text.trim_end())],
            structured: Some(to_raw_value(&structured).map_err(ToolError::internal)?),
            abridged: true,
            is_error: false,
        })
    }
}

/// The configured workspace first, the others in the API's order.
fn listing(found: &[Workspace], region: String, configured: Option<&WorkspaceId>) -> Listing {
    let mut workspaces: Vec<Item> =
        found.iter().map(|workspace| Item::new(workspace, &region, configured)).collect();
    workspaces.sort_by_key(|item| !item.is_configured);
    let active = found.iter().filter(|w| w.status == WorkspaceStatus::Active).count();
    let requires_user_selection = configured.is_none() && active > 1;
    let message = match (configured, active) {
        (Some(id), _) => {
            format!("Workspace {id} is configured and is used unless workspace_id says otherwise.")
        }
        (None, 0) if found.is_empty() => {
            format!("There are no workspaces in {region}. Ask the user for another region.")
        }
        (None, 0) => "No workspace is ACTIVE, so none can be queried yet.".to_owned(),
        (None, 1) => {
            "One workspace is ACTIVE and is used unless workspace_id says otherwise.".to_owned()
        }
        (None, n) => format!(
            "{} are ACTIVE and none is configured: ask the user which one, and pass it as workspace_id. Do not pick one yourself.",
            count("workspace", n)
        ),
    };
    Listing {
        count: workspaces.len(),
        workspaces,
        region,
        requires_user_selection,
        configured_workspace_id: configured.map(ToString::to_string),
        message,
    }
}
