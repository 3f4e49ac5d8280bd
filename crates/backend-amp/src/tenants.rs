//! Tenants: a handle for each, with a workspace, credentials and caches of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;

use crate::aws::Aws;
use crate::prometheus::Inner;
use crate::{Error, Prometheus, Selection, Settings, Target, WorkspaceId};

/// Tenants whose handles are kept; the one that was asked for least recently goes first.
const KEPT: usize = 64;

/// What the requests of a tenant are signed with.
pub type CredentialsOf = Arc<dyn Fn(&str) -> SharedCredentialsProvider + Send + Sync>;

/// How tenants are told apart: by their workspaces, by their credentials, or by both.
#[derive(Clone, Default)]
pub struct Tenants {
    /// The one workspace that a tenant may ask; who is not here may ask none. `None` when it is for
    /// IAM alone to decide.
    pub workspaces: Option<BTreeMap<String, WorkspaceId>>,
    /// `None` when requests of all tenants are signed with the same credentials.
    pub credentials: Option<CredentialsOf>,
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants").field("workspaces", &self.workspaces).finish_non_exhaustive()
    }
}

impl Prometheus {
    /// The same servers, for tenants only: nothing is asked through this handle, but through those
    /// that [`for_tenant`](Self::for_tenant) gives.
    #[must_use]
    pub fn with_tenants(&self, tenants: Tenants) -> Self {
        let Inner { settings, https, aws, clock, .. } = &*self.0;
        Self(Arc::new(Inner {
            settings: settings.clone(),
            https: https.clone(),
            aws: aws.clone(),
            clock: clock.clone(),
            access: Access::OfTenants(Handles::new(tenants)),
            known: Mutex::default(),
        }))
    }

    /// What `tenant` may ask. This handle itself, unless it was made
    /// [for tenants](Self::with_tenants). What the tenant's handle remembers no other one sees; all
    /// share connections.
    ///
    /// # Errors
    /// [`Error::NoTenant`] and [`Error::TenantUnknown`], when it is made for tenants.
    pub fn for_tenant(&self, tenant: Option<&str>) -> Result<Self, Error> {
        let Inner { settings, https, aws, clock, access, .. } = &*self.0;
        let Access::OfTenants(handles) = access else {
            return Ok(self.clone());
        };
        handles.of(tenant, |workspace, credentials| {
            let settings = Settings {
                workspace: workspace.clone().or_else(|| settings.workspace.clone()),
                // What is not signed, IAM does not decide.
                sigv4: Some(true),
                ..settings.clone()
            };
            let aws = match credentials {
                Some(own) => Some(Aws::new(&settings, https, own, clock)),
                None => aws.clone(),
            };
            Self(Arc::new(Inner {
                settings,
                https: https.clone(),
                aws,
                clock: clock.clone(),
                access: workspace.map_or(Access::Open, Access::Only),
                known: Mutex::default(),
            }))
        })
    }
}

/// What may be asked through a handle.
#[derive(Debug)]
pub(crate) enum Access {
    /// Whatever is configured, and IAM allows.
    Open,
    /// Nothing: only the handles of tenants may ask.
    OfTenants(Handles),
    /// One workspace, where it is configured to be.
    Only(WorkspaceId),
}

/// The handles of tenants, most recently asked for last.
#[derive(Debug)]
pub(crate) struct Handles {
    tenants: Tenants,
    kept: Mutex<Vec<(String, Prometheus)>>,
}

impl Handles {
    pub(crate) fn new(tenants: Tenants) -> Self {
        Self { tenants, kept: Mutex::default() }
    }

    /// The handle of `tenant`, made by `make` from its workspace and credentials if there is none.
    pub(crate) fn of(
        &self,
        tenant: Option<&str>,
        make: impl FnOnce(Option<WorkspaceId>, Option<SharedCredentialsProvider>) -> Prometheus,
    ) -> Result<Prometheus, Error> {
        let tenant = tenant.ok_or(Error::NoTenant)?;
        let Tenants { workspaces, credentials } = &self.tenants;
        let workspace = match workspaces {
            Some(workspaces) => Some(workspaces.get(tenant).ok_or(Error::TenantUnknown)?.clone()),
            None => None,
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|(known, _)| known == tenant) {
            kept[place..].rotate_left(1);
        } else {
            if kept.len() == KEPT {
                kept.remove(0);
            }
            let handle = make(workspace, credentials.as_ref().map(|of| of(tenant)));
            kept.push((tenant.to_owned(), handle));
        }
        kept.last().map(|(_, handle)| handle.clone()).ok_or(Error::NoTenant)
    }
}

impl Access {
    /// The selection that is really meant.
    ///
    /// # Errors
    /// When it is of something else than may be asked. That is decided before any call, so that the
    /// answer is the same whether there is such a thing or not.
    pub(crate) fn narrow<'a>(
        &self,
        selection: &'a Selection,
        settings: &Settings,
    ) -> Result<Cow<'a, Selection>, Error> {
        match self {
            Self::Open => Ok(Cow::Borrowed(selection)),
            Self::OfTenants(_) => Err(Error::NoTenant),
            Self::Only(own) => {
                self.permit(selection.workspace_id.as_ref())?;
                let home = settings.default_region();
                match &selection.region {
                    Some(region) if home.as_ref() != Some(region) => {
                        Err(not_open("region", region))
                    }
                    _ => {
                        let workspace_id = Some(own.clone());
                        Ok(Cow::Owned(Selection { workspace_id, region: None }))
                    }
                }
            }
        }
    }

    /// Whether `target` may be asked: it could be another tenant's.
    pub(crate) fn permit_target(&self, target: &Target) -> Result<(), Error> {
        match (self, &target.workspace) {
            (Self::Only(_), None) => Err(not_open("server", &target.url)),
            (_, workspace) => self.permit(workspace.as_ref()),
        }
    }

    fn permit(&self, workspace: Option<&WorkspaceId>) -> Result<(), Error> {
        match (self, workspace) {
            (Self::OfTenants(_), _) => Err(Error::NoTenant),
            (Self::Only(own), Some(other)) if own != other => Err(not_open("workspace", other)),
            _ => Ok(()),
        }
    }
}

fn not_open(kind: &str, asked: &dyn fmt::Display) -> Error {
    Error::NotOpen { asked: format!("{kind} {asked}") }
}
