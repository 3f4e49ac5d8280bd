//! Prometheus' HTTP API, on Amazon Managed Prometheus (SigV4) or any compatible server.
//!
//! ```no_run
//! # async fn example() -> Result<(), backend_amp::Error> {
//! use std::sync::Arc;
//! use std::time::{Duration, Instant};
//!
//! use backend_amp::{Data, InstantQuery, Prometheus, Selection, Settings};
//!
//! let settings = Settings {
//!     url: Some("http://localhost:9090".parse()?),
//!     ..Settings::default()
//! };
//! let prometheus = Prometheus::new(settings, None, Arc::new(service_kit::clock::SystemClock));
//!
//! let deadline = Instant::now() + Duration::from_secs(10);
//! let target = prometheus.resolve(&Selection::default(), deadline).await?;
//! let query = InstantQuery { query: "up", time_ms: None };
//! let answer = prometheus.query(&target, &query, deadline).await?;
//! for series in answer.parse()?.data.series() {
//!     println!("{} {:?}", series.metric, series.points().next());
//! }
//! # Ok(())
//! # }
//! ```

mod aws;
mod client;
mod error;
mod matrix;
mod points;
mod prometheus;
mod query;
mod refusal;
mod response;
mod retry;
mod series;
mod target;
mod tenants;
#[cfg(test)]
mod tests;
mod url;
mod workspace;

pub use error::{BoxError, Error};
pub use points::{Point, Points};
pub use prometheus::{Prometheus, Settings};
pub use query::{InstantQuery, LabelName, LabelValues, MaxSamples, RangeQuery};
pub use response::{CallStats, Data, LabelAnswer, LabelResult, QueryAnswer, QueryResult};
pub use series::{Label, Series, Values};
pub use target::{Selection, Target, Workspaces};
pub use tenants::{CredentialsOf, Tenants};
pub use url::PrometheusUrl;
pub use workspace::{Region, Workspace, WorkspaceId, WorkspaceStatus};
