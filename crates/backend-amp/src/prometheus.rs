//! The servers of one configuration, and what can be asked of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use service_kit::clock::Clock;

use crate::aws::Aws;
use crate::query::ApiCall;
use crate::refusal::{self, Asked};
use crate::retry::{observed, retrying};
use crate::target::Place;
use crate::tenants::Access;
use crate::{
    CallStats, Error, InstantQuery, LabelAnswer, LabelValues, MaxSamples, PrometheusUrl,
    QueryAnswer, RangeQuery, Region, Selection, Target, WorkspaceId, WorkspaceStatus, Workspaces,
};

/// How long what AWS told of a workspace is believed.
const BELIEVED: Duration = Duration::from_secs(10 * 60);
/// `DescribeWorkspace` calls at a time, well below its quota.
const DESCRIBED_AT_ONCE: usize = 4;

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server to ask when no workspace is chosen.
    pub url: Option<PrometheusUrl>,
    /// The workspace to ask when none is chosen.
    pub workspace: Option<WorkspaceId>,
    /// The region of workspaces when none is chosen.
    pub region: Option<Region>,
    /// Whether requests to `url` are signed; by default those to hosts of AMP. Workspaces found
    /// through AWS are always signed for.
    pub sigv4: Option<bool>,
    /// AMP's control plane, when it is not where the SDK looks for it.
    pub control_plane_endpoint: Option<String>,
    /// A file of certificates in PEM: authorities to trust beside the public ones. Read when the
    /// first request is sent.
    pub ca_file: Option<PathBuf>,
    /// Limits that go with each query to AMP.
    pub max_samples: MaxSamples,
    /// The longest wait for a TCP connection.
    pub connect_timeout: Duration,
    /// The longest any question may take, whatever its deadline.
    pub request_timeout: Duration,
    /// The biggest answer that is read, in bytes.
    pub max_body: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            workspace: None,
            region: None,
            sigv4: None,
            control_plane_endpoint: None,
            ca_file: None,
            max_samples: MaxSamples::default(),
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(60),
            max_body: 32 << 20,
        }
    }
}

/// Prometheus servers: the configured one, and the workspaces of AMP; or those of one tenant, by
/// [`for_tenant`](Self::for_tenant).
///
/// Cheap to clone; clones share connections and what is cached. Dropping the future of a question
/// cancels it.
#[derive(Debug, Clone)]
pub struct Prometheus(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) https: https::Client,
    /// `None` without credentials.
    pub(crate) aws: Option<Arc<Aws>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) access: Access,
    /// Of what these credentials may see.
    pub(crate) known: Mutex<Known>,
}

/// What AWS told, and when. Wall-clock time, which goes on while a Lambda sandbox is frozen.
#[derive(Debug, Default)]
pub(crate) struct Known {
    urls: HashMap<(Region, WorkspaceId), (PrometheusUrl, SystemTime)>,
    only_active: HashMap<Region, (WorkspaceId, SystemTime)>,
}

impl Prometheus {
    /// Does no I/O: connections, TLS and SDK clients are made when a question needs them.
    pub fn new(
        settings: Settings,
        credentials: Option<SharedCredentialsProvider>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let https = https::Client::new(https::Settings {
            ca_file: settings.ca_file.clone(),
            connect_timeout: settings.connect_timeout,
        });
        let aws = credentials.map(|credentials| Aws::new(&settings, &https, credentials, &clock));
        let (access, known) = (Access::Open, Mutex::default());
        Self(Arc::new(Inner { settings, https, aws, clock, access, known }))
    }

    /// The client that requests are sent with, for others to share its connections.
    pub fn https(&self) -> &https::Client {
        &self.0.https
    }

    /// What was configured.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Finds the server for a selection: the chosen workspace, else the configured default, else
    /// the only active workspace. Without I/O when that is the configured URL or was found within
    /// the last ten minutes.
    ///
    /// # Errors
    /// [`Error::WorkspaceUnknown`] with the choices when the user must choose, other variants as
    /// they are described.
    pub async fn resolve(&self, selection: &Selection, deadline: Instant) -> Result<Target, Error> {
        let selection = self.0.access.narrow(selection, &self.0.settings)?;
        let deadline = self.earlier(deadline);
        let mut stats = CallStats::default();
        let (id, region) = match self.0.settings.place(&selection) {
            Place::Url(url) => return self.configured(url),
            Place::Workspace(id, region) => {
                self.aws(|| format!("workspace {id}"))?;
                (id, region.ok_or(Error::NoRegion)?)
            }
            Place::OnlyActive(region) => {
                let region = region.ok_or(Error::NoRegion)?;
                let id = self.only_active(&region, deadline, &mut stats).await?;
                (id, region)
            }
        };
        let (url, age) = self.url_of(&region, &id, deadline, &mut stats).await?;
        Ok(Target {
            url,
            workspace: Some(id),
            signing: Some(region.clone()),
            region: Some(region),
            cache_age: Some(age),
            stats,
        })
    }

    /// All workspaces of a region, always freshly listed; of a tenant with a workspace, only that.
    ///
    /// # Errors
    /// [`Error::NoAws`] without credentials, [`Error::NoRegion`] when none is chosen or configured.
    pub async fn workspaces(
        &self,
        region: Option<&Region>,
        deadline: Instant,
    ) -> Result<Workspaces, Error> {
        let asked = Selection { workspace_id: None, region: region.cloned() };
        let Selection { workspace_id: own, region } =
            self.0.access.narrow(&asked, &self.0.settings)?.into_owned();
        let deadline = self.earlier(deadline);
        let aws = self.aws(|| "listing workspaces".to_owned())?;
        let region = region.or_else(|| self.0.settings.default_region());
        let region = region.ok_or(Error::NoRegion)?;
        let mut stats = CallStats::default();
        if let Some(own) = own {
            let own = aws.control_plane.describe(&region, &own, deadline, &mut stats).await?;
            return Ok(Workspaces { workspaces: vec![own], region, stats });
        }
        let listed = aws.control_plane.list(&region, deadline, &mut stats).await?;
        self.known().only_active.remove(&region);

        let region_ref = &region;
        let described = stream::iter(listed).map(async |mut workspace| {
            let mut stats = CallStats::default();
            if workspace.status == WorkspaceStatus::Active {
                let url = self.url_of(region_ref, &workspace.id, deadline, &mut stats);
                workspace.url = match url.await {
                    Ok((url, _)) => Some(url),
                    // Deleted since it was listed.
                    Err(Error::WorkspaceNotFound { .. } | Error::WorkspaceNotReady { .. }) => None,
                    Err(err) => return Err(err),
                };
            }
            Ok((workspace, stats.http_calls))
        });
        let started = Instant::now();
        let described: Vec<_> = described.buffered(DESCRIBED_AT_ONCE).try_collect().await?;
        stats.elapsed += started.elapsed();
        stats.http_calls += described.iter().map(|(_, calls)| calls).sum::<u32>();
        Ok(Workspaces {
            workspaces: described.into_iter().map(|(workspace, _)| workspace).collect(),
            region,
            stats,
        })
    }

    /// Evaluates a query at one moment.
    ///
    /// # Errors
    /// [`Error::Rejected`] with Prometheus' own words when the query is at fault.
    pub async fn query(
        &self,
        target: &Target,
        query: &InstantQuery<'_>,
        deadline: Instant,
    ) -> Result<QueryAnswer, Error> {
        let call = query.call(self.max_samples(target));
        let (body, stats) = self.ask(target, &call, deadline).await?;
        Ok(QueryAnswer { body, stats })
    }

    /// Evaluates a query at evenly spaced moments.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn query_range(
        &self,
        target: &Target,
        query: &RangeQuery<'_>,
        deadline: Instant,
    ) -> Result<QueryAnswer, Error> {
        let call = query.call(self.max_samples(target));
        let (body, stats) = self.ask(target, &call, deadline).await?;
        Ok(QueryAnswer { body, stats })
    }

    /// Lists the values of a label; those of [`LabelName::metric`](crate::LabelName::metric) are
    /// the metrics.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn label_values(
        &self,
        target: &Target,
        label: &LabelValues<'_>,
        deadline: Instant,
    ) -> Result<LabelAnswer, Error> {
        let (body, stats) = self.ask(target, &label.call(), deadline).await?;
        Ok(LabelAnswer { body, stats })
    }

    async fn ask(
        &self,
        target: &Target,
        call: &ApiCall,
        deadline: Instant,
    ) -> Result<(Bytes, CallStats), Error> {
        self.0.access.permit_target(target)?;
        let asked = Asked {
            action: call.action,
            region: target.signing.as_ref(),
            workspace: target.workspace.as_ref(),
        };
        let mut stats = CallStats::default();
        let tries = retrying(self.earlier(deadline), || self.try_once(target, call, asked));
        let answer = observed(call.operation, asked, tries, &mut stats).await;
        match &answer {
            Err(Error::WorkspaceNotFound { workspace, region }) => {
                let key = (region.clone(), workspace.clone());
                self.known().urls.remove(&key);
                self.known().only_active.remove(region);
            }
            Err(Error::Credentials { .. }) => {
                if let Some(aws) = &self.0.aws {
                    aws.signer.forget();
                }
            }
            _ => {}
        }
        Ok((answer?, stats))
    }

    async fn try_once(
        &self,
        target: &Target,
        call: &ApiCall,
        asked: Asked<'_>,
    ) -> Result<Bytes, Error> {
        let now = self.0.clock.now();
        let mut request = call.request(&target.url)?;
        if let Some(region) = &target.signing {
            let aws = self.aws(|| format!("signing requests to {}", target.url))?;
            request = aws.signer.sign(request, region.as_str()).await?;
        }
        let response = self.0.https.send(request, self.0.settings.max_body).await?;
        tracing::Span::current().record("http.status", response.status().as_u16());
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(refusal::of_response(&response, asked, now))
        }
    }

    /// The configured URL as a target.
    fn configured(&self, url: PrometheusUrl) -> Result<Target, Error> {
        let settings = &self.0.settings;
        let signing = if settings.sigv4.unwrap_or_else(|| url.is_amp()) {
            self.aws(|| format!("signing requests to {url}"))?;
            Some(settings.default_region().ok_or(Error::NoRegion)?)
        } else {
            None
        };
        Ok(Target {
            workspace: url.workspace(),
            region: url.region().or_else(|| signing.clone()),
            cache_age: None,
            stats: CallStats::default(),
            signing,
            url,
        })
    }

    async fn only_active(
        &self,
        region: &Region,
        deadline: Instant,
        stats: &mut CallStats,
    ) -> Result<WorkspaceId, Error> {
        let aws = self.aws(|| format!("finding a workspace in {region}"))?;
        if let Some((id, since)) = self.known().only_active.get(region)
            && self.age(*since) < BELIEVED
        {
            return Ok(id.clone());
        }
        let listed = aws.control_plane.list(region, deadline, stats).await?;
        let mut active =
            listed.iter().filter(|workspace| workspace.status == WorkspaceStatus::Active);
        match (active.next(), active.next()) {
            (Some(only), None) => {
                let found = (only.id.clone(), self.0.clock.now());
                self.known().only_active.insert(region.clone(), found);
                Ok(only.id.clone())
            }
            _ if listed.is_empty() => Err(Error::NoWorkspaces { region: region.clone() }),
            _ => Err(Error::WorkspaceUnknown { region: region.clone(), choices: listed }),
        }
    }

    /// A workspace's URL, and how long ago AWS told it.
    async fn url_of(
        &self,
        region: &Region,
        id: &WorkspaceId,
        deadline: Instant,
        stats: &mut CallStats,
    ) -> Result<(PrometheusUrl, Duration), Error> {
        let aws = self.aws(|| format!("workspace {id}"))?;
        let key = (region.clone(), id.clone());
        if let Some((url, since)) = self.known().urls.get(&key) {
            let age = self.age(*since);
            if age < BELIEVED {
                return Ok((url.clone(), age));
            }
        }
        let described = aws.control_plane.describe(region, id, deadline, stats).await?;
        let status = described.status;
        let url = described
            .url
            .ok_or_else(|| Error::WorkspaceNotReady { workspace: id.clone(), status })?;
        self.known().urls.insert(key, (url.clone(), self.0.clock.now()));
        Ok((url, Duration::ZERO))
    }

    fn aws(&self, wanted: impl FnOnce() -> String) -> Result<&Aws, Error> {
        self.0.aws.as_deref().ok_or_else(|| Error::NoAws { wanted: wanted() })
    }

    /// Only AMP knows them.
    fn max_samples(&self, target: &Target) -> MaxSamples {
        match target.signing {
            Some(_) => self.0.settings.max_samples,
            None => MaxSamples::default(),
        }
    }

    fn earlier(&self, deadline: Instant) -> Instant {
        deadline.min(Instant::now() + self.0.settings.request_timeout)
    }

    /// A clock that was set back makes things new, not eternal.
    fn age(&self, since: SystemTime) -> Duration {
        self.0.clock.now().duration_since(since).unwrap_or_default()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
