//! What a tenant may ask: its workspace, or what its role allows.

use std::collections::BTreeMap;

use auth::TenantId;
use auth::env::Table;
use backend_amp::{Settings, WorkspaceId};
use service_kit::env::Reader;

/// How tenants are told apart: by their workspaces, by a role that is assumed for each, or by both.
#[derive(Clone, Debug)]
pub struct TenantSettings {
    /// The one workspace that each may ask.
    pub workspaces: Option<BTreeMap<String, WorkspaceId>>,
    /// The role, and who gives its credentials.
    pub role: Option<backend_sts::Settings>,
}

impl TenantSettings {
    /// `None` when all callers are alike, or a fault was remembered.
    pub(super) fn read(
        env: &mut Reader<'_>,
        prometheus: &Settings,
        has_credentials: bool,
        knows_callers: bool,
    ) -> Option<Self> {
        let workspaces: Option<Table<TenantId, WorkspaceId>> = env.optional("TENANT_WORKSPACES");
        let role = env.optional("TENANT_ROLE_ARN");
        let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_STS");
        let variable = match (&workspaces, &role) {
            (None, None) => return None,
            (Some(_), _) => "TENANT_WORKSPACES",
            (None, Some(_)) => "TENANT_ROLE_ARN",
        };
        if workspaces.is_some() && prometheus.workspace.is_some() {
            let reason = "is for all callers, and with TENANT_WORKSPACES each tenant has its own: set one of the two";
            env.reject("PROMETHEUS_WORKSPACE_ID", reason);
        }
        let unsigned =
            |url: &backend_amp::PrometheusUrl| !prometheus.sigv4.unwrap_or_else(|| url.is_amp());
        if prometheus.url.as_ref().is_some_and(unsigned) {
            let reason = "tells tenants apart by what AWS tells them, and PROMETHEUS_URL, which is asked unsigned, would tell all the same";
            env.reject(variable, reason);
        }
        if !has_credentials {
            env.reject(variable, "needs AWS credentials, and there are none");
        }
        if !knows_callers {
            env.reject(variable, "needs callers that have a tenant, and AUTH_MODE is none");
        }
        let region = prometheus.region.clone();
        if region.is_none() {
            env.reject(variable, "needs AWS_REGION, which is not set");
        }
        Some(Self {
            role: match role {
                Some(role) => Some(backend_sts::Settings {
                    role,
                    region: region?.to_string(),
                    endpoint: endpoint.or_else(|| env.optional("AWS_ENDPOINT_URL")),
                }),
                None => None,
            },
            workspaces: workspaces.map(Table::into_map),
        })
    }
}
