//! Athena, as one work group and one database of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_json::{Call, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::clock::Clock;
use sigv4::Kept;
use tokio::sync::{OnceCell, oneshot};
use tracing::Instrument as _;

use crate::execution::{Execution, ExecutionId};
use crate::held::Held;
use crate::wire;
use crate::{Error, Stats, Table};

/// The biggest answer that is read, in bytes: a page of a thousand rows.
const MAX_BODY: usize = 16 << 20;
/// How long stopping a query may take.
const STOP: Duration = Duration::from_secs(5);
/// How long what Glue told of a table is believed.
const BELIEVED: Duration = Duration::from_secs(10 * 60);

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The work group that queries run in; it says where results go.
    pub work_group: String,
    /// The database that a table without one is of.
    pub database: String,
    /// The most that a query may read, in bytes.
    pub max_bytes: Option<u64>,
    /// What reading a terabyte costs, in US dollars.
    pub usd_per_terabyte: f64,
    /// Where Athena is, when not at AWS.
    pub endpoint: Option<String>,
    /// Where Glue is, when not at AWS.
    pub glue_endpoint: Option<String>,
}

/// A query to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// What is bound to its `?`, in order: literals, such as [`text`](crate::text) makes.
    pub parameters: Vec<String>,
    /// How old a result of the same query may be to be taken instead.
    pub reuse: Option<Duration>,
}

impl Query {
    /// A statement without parameters that is always run.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), parameters: Vec::new(), reuse: None }
    }
}

/// A work group, as far as it concerns what a query may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkGroup {
    /// The bytes at which it stops a query, if it does.
    pub cutoff_bytes: Option<u64>,
}

/// Athena. Cheap to clone; clones share connections and what is cached.
#[derive(Debug, Clone)]
pub struct Athena(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    athena: Service,
    glue: Service,
    clock: Arc<dyn Clock>,
    work_group: OnceCell<WorkGroup>,
    tables: Mutex<HashMap<String, (Arc<Table>, SystemTime)>>,
}

impl Athena {
    /// Does no I/O: everything is made when a query needs it.
    #[must_use]
    pub fn new(
        settings: Settings,
        https: https::Client,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let credentials = Kept::new(credentials, Arc::clone(&clock));
        let service = |name: &'static str, endpoint: &Option<String>| {
            let settings = aws_json::Settings {
                signs_as: name,
                host: name,
                region: settings.region.clone(),
                endpoint: endpoint.clone(),
                max_body: MAX_BODY,
            };
            Service::new(settings, https.clone(), credentials.clone())
        };
        let athena = service("athena", &settings.endpoint);
        let glue = service("glue", &settings.glue_endpoint);
        let (work_group, tables) = (OnceCell::new(), Mutex::default());
        Self(Arc::new(Inner { settings, athena, glue, clock, work_group, tables }))
    }

    /// What was configured.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Begins a query. It is begun once, however often it must be tried; and when this future is
    /// dropped half-way, it is stopped.
    ///
    /// # Errors
    /// [`Error::Rejected`] with Athena's own words when it is not taken, others as described.
    pub async fn start(
        &self,
        query: Query,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<Held, Error> {
        let (tell, told) = oneshot::channel();
        let athena = self.clone();
        // On its own, so that it always learns the name of what it has begun.
        let begin = async move {
            let mut stats = Stats::default();
            let begun = athena.begin(&query, deadline, &mut stats).await;
            let _unwanted = tell.send((begun.map(|id| Held::new(athena, id)), stats));
        };
        tokio::spawn(begin.in_current_span());
        match told.await {
            Ok((begun, spent)) => {
                *stats += spent;
                begun
            }
            Err(_) => Err(aws_json::Error::unexpected("the query was not begun").into()),
        }
    }

    async fn begin(
        &self,
        query: &Query,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<ExecutionId, Error> {
        let Settings { work_group, database, .. } = &self.0.settings;
        let start = wire::Start {
            query_string: &query.sql,
            client_request_token: &token()?,
            query_execution_context: wire::Context { database },
            work_group,
            execution_parameters: &query.parameters,
            result_reuse_configuration: query.reuse.map(wire::Reuse::up_to),
        };
        let action = "athena:StartQueryExecution";
        let started: wire::Started =
            self.ask(&self.0.athena, wire::START, action, &start, deadline, stats).await?;
        named(&started.query_execution_id)
    }

    /// A query that was begun before, to go on waiting for it.
    #[must_use]
    pub fn hold(&self, id: ExecutionId) -> Held {
        Held::new(self.clone(), id)
    }

    /// A query as it stands.
    ///
    /// # Errors
    /// As described.
    pub async fn execution(
        &self,
        id: &ExecutionId,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<Execution, Error> {
        let action = "athena:GetQueryExecution";
        let got: wire::Got =
            self.ask(&self.0.athena, wire::GET, action, &of(id), deadline, stats).await?;
        let execution = got.query_execution.into_execution(id.clone());
        execution.ok_or_else(|| aws_json::Error::unexpected("a query in no known state").into())
    }

    /// Stops a query; one that has ended stays as it is.
    ///
    /// # Errors
    /// As described; [`Error::Service`] too when it takes longer than five seconds.
    pub async fn stop(&self, id: &ExecutionId) -> Result<(), Error> {
        let (deadline, action) = (Instant::now() + STOP, "athena:StopQueryExecution");
        let mut stats = Stats::default();
        let stopped: Result<wire::Nothing, Error> =
            self.ask(&self.0.athena, wire::STOP, action, &of(id), deadline, &mut stats).await;
        stopped.map(|_| ())
    }

    /// The work group, read once.
    ///
    /// # Errors
    /// As described; the next call asks again.
    pub async fn work_group(&self, deadline: Instant) -> Result<WorkGroup, Error> {
        let read = async || {
            let asked = wire::OfWorkGroup { work_group: &self.0.settings.work_group };
            let (action, mut stats) = ("athena:GetWorkGroup", Stats::default());
            let got: wire::GotWorkGroup = self
                .ask(&self.0.athena, wire::WORK_GROUP, action, &asked, deadline, &mut stats)
                .await?;
            let cutoff_bytes = got.work_group.configuration.bytes_scanned_cutoff_per_query;
            Ok(WorkGroup { cutoff_bytes })
        };
        self.0.work_group.get_or_try_init(read).await.copied()
    }

    /// A table of the configured database, as Glue told within the last ten minutes.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none of this name, others as described.
    pub async fn table(&self, name: &str, deadline: Instant) -> Result<Arc<Table>, Error> {
        let now = self.0.clock.now();
        let known = || self.0.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(name).cloned();
        if let Some((table, told_at)) = found
            && now.duration_since(told_at).is_ok_and(|age| age < BELIEVED)
        {
            return Ok(table);
        }
        let asked = wire::OfTable { database_name: &self.0.settings.database, name };
        let (action, mut stats) = ("glue:GetTable", Stats::default());
        let got: wire::GotTable =
            self.ask(&self.0.glue, wire::TABLE, action, &asked, deadline, &mut stats).await?;
        let table = Arc::new(Table::from(got.table));
        known().insert(name.to_owned(), (Arc::clone(&table), now));
        Ok(table)
    }

    pub(crate) async fn results(
        &self,
        page: &wire::OfQuery<'_>,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<wire::Results, Error> {
        // Who may call it may still not read the bucket; only then it says so in words of S3.
        let action = "athena:GetQueryResults and s3:GetObject on the results bucket";
        self.ask(&self.0.athena, wire::RESULTS, action, page, deadline, stats).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        service: &Service,
        target: &'static str,
        action: &str,
        body: &impl Serialize,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<T, Error> {
        let body = serde_json::to_vec(body).map_err(|err| aws_json::Error::Unexpected {
            message: "the request could not be written".to_owned(),
            source: Some(err.into()),
        })?;
        let call = Call {
            operation: target.split_once('.').map_or(target, |(_, operation)| operation),
            path: "/".to_owned(),
            target: Some(target),
            body: body.into(),
            throttled: None,
        };
        let answered = service.ask(&call, deadline, stats).await;
        answered.map_err(|err| Error::of_operation(err, action))
    }
}

fn of(id: &ExecutionId) -> wire::OfQuery<'_> {
    wire::OfQuery { query_execution_id: id.as_str(), max_results: None, next_token: None }
}

fn named(id: &str) -> Result<ExecutionId, Error> {
    id.parse().map_err(|_| aws_json::Error::unexpected("a query without a good id").into())
}

/// Says to Athena that a request that comes again is the same.
fn token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    service_kit::random::fill(&mut bytes).map_err(|err| aws_json::Error::Unavailable {
        message: "there is no randomness".to_owned(),
        source: Some(err.into()),
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
