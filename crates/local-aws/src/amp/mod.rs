//! Amazon Managed Service for Prometheus: its control plane, and the query API of its workspaces.
//!
//! All workspaces hold the same [sample metrics](crate::sample). Requests must be signed. A session
//! with the tag `tenant_id` sees the workspaces of that tenant and those of none; other callers,
//! which IAM would let do all, see all.

mod control;
mod data;
mod params;
mod wire;

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use service_kit::clock::Clock;

use crate::sample::SampleMetrics;
use crate::sigv4::{ACCOUNT, Principal, Verifier};
use wire::AwsError;

/// Largest body of a request, in bytes.
const MAX_BODY: usize = 1 << 20;
/// The tag of a session or a workspace that names its tenant.
const TENANT_TAG: &str = "tenant_id";

/// A workspace that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id, `ws-…`.
    pub id: String,
    /// The name people gave it.
    pub alias: Option<String>,
    /// Whether it can be queried.
    pub status: Status,
    /// Whose it is: the tag `tenant_id`.
    pub tenant: Option<String>,
}

impl Workspace {
    /// Whether this caller may see it.
    fn is_open_to(&self, caller: &Principal) -> bool {
        match (&self.tenant, caller.session_tags.get(TENANT_TAG)) {
            (Some(owner), Some(tenant)) => owner == tenant,
            (None, _) | (_, None) => true,
        }
    }
}

/// What a workspace is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Ready to be queried.
    Active,
    /// Not ready yet: it has no endpoint.
    Creating,
}

/// What the server answers from.
#[derive(Debug)]
pub(crate) struct Amp {
    /// Where clients reach this server, without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) verifier: Verifier,
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) metrics: SampleMetrics,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Amp {
    /// The ARN of the workspace with this id.
    fn arn(&self, id: &str) -> String {
        format!("arn:aws:aps:{}:{ACCOUNT}:workspace/{id}", self.verifier.region)
    }
}

/// The control plane and the data plane.
pub(crate) fn router(amp: Arc<Amp>) -> Router {
    let query = Router::new()
        .route("/query", get(data::query).post(data::query))
        .route("/query_range", get(data::query_range).post(data::query_range))
        .route("/labels", get(data::labels).post(data::labels))
        .route("/label/{name}/values", get(data::label_values))
        .route("/series", get(data::series).post(data::series))
        .route("/metadata", get(data::metadata))
        .layer(middleware::from_fn_with_state(amp.clone(), only_active));
    Router::new()
        .route("/workspaces", get(control::list))
        .route("/workspaces/{id}", get(control::describe))
        .nest("/workspaces/{id}/api/v1", query)
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(middleware::from_fn_with_state(amp.clone(), only_signed))
        .with_state(amp)
}

/// Refuses what is not signed, or not signed right.
async fn only_signed(
    State(amp): State<Arc<Amp>>,
    request: Request,
    next: Next,
) -> Result<Response, AwsError> {
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| AwsError {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "RequestEntityTooLargeException",
        message: format!("A request may have {MAX_BODY} bytes."),
        ..AwsError::default()
    })?;
    let verified = amp.verifier.verify(&parts, &body, amp.clock.unix_ms());
    let caller = verified.map_err(|refusal| AwsError {
        status: StatusCode::FORBIDDEN,
        code: refusal.code(),
        message: refusal.to_string(),
        ..AwsError::default()
    })?;
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, body.into())).await)
}

/// Lets queries through to active workspaces of the caller only.
async fn only_active(
    State(amp): State<Arc<Amp>>,
    Extension(caller): Extension<Principal>,
    request: Request,
    next: Next,
) -> Result<Response, AwsError> {
    let (mut parts, body) = request.into_parts();
    let id = match Path::<Vec<(String, String)>>::from_request_parts(&mut parts, &amp).await {
        Ok(Path(names)) => names.into_iter().find(|(name, _)| name == "id"),
        Err(_) => None,
    };
    let id = id.map(|(_, id)| id).unwrap_or_default();
    match amp.workspaces.iter().find(|workspace| workspace.id == id) {
        Some(workspace) if !workspace.is_open_to(&caller) => {
            let action = action_of(parts.uri.path());
            Err(AwsError::access_denied(&caller, action, &amp.arn(&id)))
        }
        Some(Workspace { status: Status::Active, .. }) => {
            Ok(next.run(Request::from_parts(parts, body)).await)
        }
        _ => Err(AwsError::no_workspace(&id)),
    }
}

/// What IAM calls a query: <https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-APIReference-Prometheus-Compatible-Apis.html>.
fn action_of(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("labels" | "values") => "aps:GetLabels",
        Some("series") => "aps:GetSeries",
        Some("metadata") => "aps:GetMetricMetadata",
        _ => "aps:QueryMetrics",
    }
}

async fn unknown() -> AwsError {
    AwsError {
        status: StatusCode::NOT_FOUND,
        code: "UnknownOperationException",
        message: "This operation is not part of the local AMP.".to_owned(),
        ..AwsError::default()
    }
}

#[cfg(test)]
mod tests;
