//! AMP's control plane: the one place that names the AWS SDK.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_amp::Client;
use aws_sdk_amp::config::retry::RetryConfig;
use aws_sdk_amp::config::timeout::TimeoutConfig;
use aws_sdk_amp::config::{BehaviorVersion, IdentityCache, StalledStreamProtectionConfig};
use aws_sdk_amp::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_amp::types::WorkspaceStatus as SdkStatus;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use sdk_http::{SdkHttp, SdkTime};
use service_kit::clock::Clock;
use sigv4::Kept;

use crate::refusal::{Asked, Refusal};
use crate::retry::{observed, retrying};
use crate::{CallStats, Error, Region, Workspace, WorkspaceId, WorkspaceStatus};

/// Most per page that `ListWorkspaces` gives.
const PAGE: i32 = 1000;

/// `ListWorkspaces` and `DescribeWorkspace`, in any region.
pub(crate) struct ControlPlane {
    http: SdkHttp,
    credentials: Kept,
    endpoint: Option<String>,
    clock: Arc<dyn Clock>,
    /// Building one costs millions of instructions: only when a call needs it, then kept.
    clients: Mutex<HashMap<Region, Client>>,
}

impl ControlPlane {
    pub(crate) fn new(
        http: SdkHttp,
        credentials: Kept,
        endpoint: Option<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { http, credentials, endpoint, clock, clients: Mutex::new(HashMap::new()) }
    }

    /// All workspaces of a region, to the last page; their URLs are not looked up.
    pub(crate) async fn list(
        &self,
        region: &Region,
        deadline: Instant,
        stats: &mut CallStats,
    ) -> Result<Vec<Workspace>, Error> {
        let client = self.client(region);
        let asked = Asked { action: "aps:ListWorkspaces", region: Some(region), workspace: None };
        let mut workspaces = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let call = || async {
                let page = client.list_workspaces().max_results(PAGE);
                let page = page.set_next_token(token.clone()).send().await;
                page.map_err(|err| failure(err, asked))
            };
            let page = observed("list_workspaces", asked, retrying(deadline, call), stats).await?;
            for summary in page.workspaces {
                workspaces.push(Workspace {
                    id: known_id(&summary.workspace_id)?,
                    status: status(summary.status.as_ref()),
                    alias: summary.alias.filter(|alias| !alias.is_empty()),
                    url: None,
                });
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                None => return Ok(workspaces),
                next if next == token => {
                    return Err(Error::unexpected("ListWorkspaces gives the same page again"));
                }
                next => token = next,
            }
        }
    }

    /// One workspace, with its URL if it has one yet.
    pub(crate) async fn describe(
        &self,
        region: &Region,
        id: &WorkspaceId,
        deadline: Instant,
        stats: &mut CallStats,
    ) -> Result<Workspace, Error> {
        let client = self.client(region);
        let asked =
            Asked { action: "aps:DescribeWorkspace", region: Some(region), workspace: Some(id) };
        let call = || async {
            let described = client.describe_workspace().workspace_id(id.as_str());
            described.send().await.map_err(|err| failure(err, asked))
        };
        let described = observed("describe_workspace", asked, retrying(deadline, call), stats);
        let workspace = described
            .await?
            .workspace
            .ok_or_else(|| Error::unexpected("DescribeWorkspace gives no workspace"))?;
        let url = workspace.prometheus_endpoint.as_deref().filter(|url| !url.is_empty());
        Ok(Workspace {
            id: id.clone(),
            status: status(workspace.status.as_ref()),
            alias: workspace.alias.filter(|alias| !alias.is_empty()),
            url: url.map(str::parse).transpose()?,
        })
    }

    fn client(&self, region: &Region) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(region.clone()).or_insert_with(|| self.build(region));
        client.clone()
    }

    /// Retries, deadlines, connections and credentials are this crate's, as for the data plane.
    fn build(&self, region: &Region) -> Client {
        let mut config = aws_sdk_amp::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_amp::config::Region::new(region.as_str().to_owned()))
            .credentials_provider(self.credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .time_source(SdkTime(Arc::clone(&self.clock)))
            .http_client(self.http.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(self.endpoint.clone());
        Client::from_conf(config.build())
    }
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane").finish_non_exhaustive()
    }
}

fn known_id(id: &str) -> Result<WorkspaceId, Error> {
    id.parse().map_err(|_| Error::unexpected(format!("a workspace with the id {id:?}")))
}

fn status(status: Option<&SdkStatus>) -> WorkspaceStatus {
    status.map_or("UNKNOWN", |s| s.status_code.as_str()).into()
}

fn failure<E>(err: SdkError<E, HttpResponse>, asked: Asked<'_>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let Some(unsigned) = unsigned(&err) {
        return unsigned.into();
    }
    match err {
        SdkError::ServiceError(refused) => {
            let (err, raw) = (refused.err(), refused.raw());
            let retry_after = raw.headers().get("retry-after");
            Refusal {
                status: raw.status().as_u16(),
                code: err.code(),
                message: err.message().unwrap_or("AWS gives no reason").to_owned(),
                retry_after: retry_after
                    .and_then(|value| value.parse().ok())
                    .map(Duration::from_secs),
                asked,
            }
            .into()
        }
        SdkError::ResponseError(_) => Error::UnexpectedReply {
            message: "not the JSON of AMP".to_owned(),
            source: Some(err.into()),
        },
        err => Error::unreachable("AMP's control plane cannot be reached", err),
    }
}

/// Why the request had no credentials to be signed with, if that was it.
fn unsigned(err: &(dyn std::error::Error + 'static)) -> Option<sigv4::Error> {
    let mut causes = std::iter::successors(Some(err), |err| err.source());
    causes.find_map(|err| err.downcast_ref().cloned())
}
