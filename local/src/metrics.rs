//! Where the metrics come from: a Prometheus that the environment names, or sample data.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;

use local_aws::{LocalAws, StartError};
use service_kit::env::Env;

/// Variables that name a Prometheus, the first before the second.
const CHOSEN_BY: [&str; 2] = ["PROMETHEUS_URL", "PROMETHEUS_WORKSPACE_ID"];

/// Where the metrics come from.
#[derive(Debug)]
pub(crate) enum Metrics {
    /// What a variable of the environment names.
    Given { variable: &'static str, value: String },
    /// Amazon Managed Prometheus as `local-aws` plays it, over sample data.
    Sample(LocalAws),
}

impl Metrics {
    /// What the environment names, else sample data, whose server is started.
    pub(crate) async fn choose(env: &dyn Env) -> Result<Self, StartError> {
        let given = |variable: &'static str| {
            let value = env.get(variable).filter(|value| !value.is_empty())?;
            Some(Self::Given { variable, value: value.to_string_lossy().into_owned() })
        };
        match CHOSEN_BY.into_iter().find_map(given) {
            Some(given) => Ok(given),
            None => LocalAws::start(local_aws::Config::default()).await.map(Self::Sample),
        }
    }

    /// The environment of the function. For sample data AWS is this machine: what the process has
    /// in `AWS_…` is about another one, and is not passed on.
    pub(crate) fn environment<'a>(&self, process: &'a dyn Env) -> Environment<'a> {
        let local_aws = match self {
            Self::Given { .. } => None,
            Self::Sample(server) => Some(server.environment().into_iter().collect()),
        };
        Environment { local_aws, process }
    }

    /// Stops the server of the sample data.
    pub(crate) async fn stop(self) -> io::Result<()> {
        match self {
            Self::Given { .. } => Ok(()),
            Self::Sample(server) => server.stop().await,
        }
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given { variable, value } => write!(f, "{value} ({variable})"),
            Self::Sample(_) => f.write_str("sample data; set PROMETHEUS_URL for a real server"),
        }
    }
}

/// The environment of the process, but for AWS perhaps.
pub(crate) struct Environment<'a> {
    local_aws: Option<BTreeMap<&'static str, String>>,
    process: &'a dyn Env,
}

impl Env for Environment<'_> {
    fn get(&self, name: &str) -> Option<OsString> {
        match &self.local_aws {
            Some(variables) if name.starts_with("AWS_") => variables.get(name).map(OsString::from),
            _ => self.process.get(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, &'static str> {
        pairs.iter().copied().collect()
    }

    #[tokio::test]
    async fn a_prometheus_that_is_named_is_taken() {
        let process = env(&[("PROMETHEUS_URL", "http://localhost:9090"), ("AWS_REGION", "here")]);
        let metrics = Metrics::choose(&process).await.unwrap();
        assert_eq!(metrics.to_string(), "http://localhost:9090 (PROMETHEUS_URL)");
        assert_eq!(metrics.environment(&process).get("AWS_REGION"), Some("here".into()));
        let process = env(&[("PROMETHEUS_URL", ""), ("PROMETHEUS_WORKSPACE_ID", "ws-1")]);
        let metrics = Metrics::choose(&process).await.unwrap();
        assert_eq!(metrics.to_string(), "ws-1 (PROMETHEUS_WORKSPACE_ID)");
    }

    #[tokio::test]
    async fn sample_data_do_not_meet_the_aws_of_the_environment() {
        let process = env(&[
            ("AWS_SESSION_TOKEN", "private"),
            ("AWS_ENDPOINT_URL_AMP", "https://elsewhere.example"),
            ("LOG_LEVEL", "debug"),
        ]);
        let metrics = Metrics::choose(&process).await.unwrap();
        let Metrics::Sample(server) = &metrics else { panic!("{metrics}") };
        let env = metrics.environment(&process);
        assert_eq!(env.get("AWS_ENDPOINT_URL"), Some(server.base_url().into()));
        assert_eq!(env.get("AWS_SESSION_TOKEN"), None);
        assert_eq!(env.get("AWS_ENDPOINT_URL_AMP"), None);
        assert_eq!(env.get("LOG_LEVEL"), Some("debug".into()));
        assert!(metrics.to_string().starts_with("sample data;"));
    }
}
