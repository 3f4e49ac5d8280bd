//! The whole crate against a scripted Athena on loopback.

mod refusals;
mod results;
mod server;
mod starts;
mod tables;
mod watching;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use service_kit::clock::ManualClock;

use crate::{Athena, Execution, Settings, State, Statement};

/// 2026-12-01T12:00:00Z
const NOW_MS: i64 = 1_796_126_400_000;
const ID: &str = "a7b1c2d3-0000-4000-8000-000000000001";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn settings(url: &str) -> Settings {
    Settings {
        region: "us-east-1".to_owned(),
        work_group: "CaseInsights-x".to_owned(),
        database: "case_insights_x-y".to_owned(),
        max_bytes: None,
        usd_per_terabyte: 5.0,
        endpoint: Some(url.to_owned()),
        glue_endpoint: Some(url.to_owned()),
    }
}

fn athena_with(settings: Settings) -> (Athena, Arc<ManualClock>) {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests");
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let https = https::Client::new(https::Settings::default());
    let provider = SharedCredentialsProvider::new(credentials);
    (Athena::new(settings, https, provider, clock.clone()), clock)
}

fn athena(url: &str) -> Athena {
    athena_with(settings(url)).0
}

/// A query that has succeeded.
pub(crate) fn execution() -> Execution {
    Execution {
        id: ID.parse().unwrap(),
        sql: "SELECT 1".to_owned(),
        parameters: Vec::new(),
        statement: Statement::Dml,
        state: State::Succeeded,
        submitted_at: None,
        completed_at: None,
        queued: Duration::ZERO,
        elapsed: Duration::ZERO,
        scanned_bytes: 0,
        reused: false,
        output: None,
    }
}
