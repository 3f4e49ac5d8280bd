//! The control plane: `ListWorkspaces` and `DescribeWorkspace`.
//!
//! <https://docs.aws.amazon.com/prometheus/latest/APIReference/Welcome.html>

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::params::Params;
use super::wire::{AwsError, json_response};
use super::{Amp, Status, TENANT_TAG, Workspace};
use crate::sigv4::Principal;

/// Workspaces on a page unless `maxResults` says otherwise.
const PAGE: usize = 100;
/// When the workspaces were created: 2026-01-01T00:00:00Z, Unix seconds.
const CREATED: i64 = 1_767_225_600;

/// `GET /workspaces`
pub(super) async fn list(
    State(amp): State<Arc<Amp>>,
    Extension(caller): Extension<Principal>,
    params: Params,
) -> Result<Response, AwsError> {
    let page = match params.get("maxResults") {
        None => PAGE,
        Some(text) => match text.parse() {
            Ok(number @ 1..=1_000) => number,
            _ => return Err(AwsError::validation("maxResults", "must be from 1 to 1000")),
        },
    };
    let alias = params.get("alias").unwrap_or_default();
    let start = params.get("nextToken").map_or(Some(0), position);
    let start = start.ok_or_else(|| AwsError::validation("nextToken", "is not valid"))?;

    let has_alias =
        |workspace: &&Workspace| workspace.alias.as_deref().unwrap_or_default().starts_with(alias);
    let mine = amp.workspaces.iter().filter(|workspace| workspace.is_open_to(&caller));
    let matching: Vec<_> = mine.filter(has_alias).collect();
    let workspaces: Vec<_> =
        matching.iter().skip(start).take(page).map(|workspace| summary(&amp, workspace)).collect();
    let mut answer = json!({"workspaces": workspaces});
    if start.saturating_add(page) < matching.len() {
        answer["nextToken"] = token(start + page).into();
    }
    Ok(ok(&answer))
}

/// `GET /workspaces/{id}`
pub(super) async fn describe(
    State(amp): State<Arc<Amp>>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, AwsError> {
    let known = amp.workspaces.iter().find(|workspace| workspace.id == id);
    let workspace = known.ok_or_else(|| AwsError::no_workspace(&id))?;
    if !workspace.is_open_to(&caller) {
        return Err(AwsError::access_denied(&caller, "aps:DescribeWorkspace", &amp.arn(&id)));
    }
    let mut description = summary(&amp, workspace);
    if workspace.status == Status::Active {
        let endpoint = format!("{}/workspaces/{id}/", amp.base_url);
        description["prometheusEndpoint"] = endpoint.into();
    }
    Ok(ok(&json!({"workspace": description})))
}

fn ok(answer: &Value) -> Response {
    json_response(StatusCode::OK, HeaderMap::new(), answer)
}

fn summary(amp: &Amp, workspace: &Workspace) -> Value {
    let Workspace { id, alias, status, tenant } = workspace;
    let status = match status {
        Status::Active => "ACTIVE",
        Status::Creating => "CREATING",
    };
    let mut summary = json!({
        "workspaceId": id,
        "arn": amp.arn(id),
        "status": {"statusCode": status},
        "createdAt": CREATED,
        "tags": {},
    });
    if let Some(alias) = alias {
        summary["alias"] = alias.as_str().into();
    }
    if let Some(tenant) = tenant {
        summary["tags"][TENANT_TAG] = tenant.as_str().into();
    }
    summary
}

fn token(position: usize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("from {position}"))
}

fn position(token: &str) -> Option<usize> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("from ")?.parse().ok()
}
