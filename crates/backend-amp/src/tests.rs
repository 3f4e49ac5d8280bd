//! The whole crate against a scripted server on loopback.

mod logs;
mod queries;
mod responses;
mod server;
mod signatures;
mod tenants;
mod workspaces;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use service_kit::clock::ManualClock;

use crate::{Error, InstantQuery, Prometheus, Selection, Settings, Target};

/// 2026-10-14T17:46:40Z
const NOW_MS: i64 = 1_792_000_000_000;
const UP: InstantQuery<'static> = InstantQuery { query: "up", time_ms: None };
/// The example of AWS' documentation: 40 characters.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOTHING: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(
        "AKIDEXAMPLE",
        SECRET,
        Some("session".to_owned()),
        None,
        "tests",
    ))
}

/// Knows no AWS.
fn plain(settings: Settings) -> Prometheus {
    Prometheus::new(settings, None, Arc::new(ManualClock::new(NOW_MS)))
}

/// Knows AWS, whose control plane is `endpoint`; the clock stands still.
fn aws(settings: Settings, endpoint: &str) -> (Prometheus, Arc<ManualClock>) {
    let settings = Settings {
        region: settings.region.or("us-east-1".parse().ok()),
        control_plane_endpoint: Some(endpoint.to_owned()),
        ..settings
    };
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let prometheus = Prometheus::new(settings, Some(credentials()), clock.clone());
    (prometheus, clock)
}

async fn default_target(prometheus: &Prometheus) -> Result<Target, Error> {
    prometheus.resolve(&Selection::default(), soon()).await
}
