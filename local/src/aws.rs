//! AWS on this machine, and what of it the functions see.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use local_aws::cognito::{Client, ClientSecret, CognitoConfig};
use local_aws::sigv4::Credentials;
use local_aws::{LocalAws, StartError};
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::random;

use crate::own_issuer::{self, OwnIssuer};

/// Variables that name a Prometheus, the first before the second.
const CHOSEN_BY: [&str; 2] = ["PROMETHEUS_URL", "PROMETHEUS_WORKSPACE_ID"];

/// Where the metrics come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Metrics {
    /// What a variable of the environment names.
    Given { variable: &'static str, value: String },
    /// Amazon Managed Prometheus as `local-aws` plays it.
    Sample,
}

impl Metrics {
    /// What the environment names, else sample data.
    pub(crate) fn choose(env: &dyn Env) -> Self {
        let given = |variable: &'static str| {
            let value = env.get(variable).filter(|value| !value.is_empty())?;
            Some(Self::Given { variable, value: value.to_string_lossy().into_owned() })
        };
        CHOSEN_BY.into_iter().find_map(given).unwrap_or(Self::Sample)
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given { variable, value } => write!(f, "{value} ({variable})"),
            Self::Sample => f.write_str("sample data; set PROMETHEUS_URL for a real server"),
        }
    }
}

/// Starts AWS; `secret` is the one that the machine client had before, if it had one. The key pair
/// for signatures is a new one each time, since the server may be reached from other machines.
pub(crate) async fn start(
    secret: Option<String>,
    data: Option<PathBuf>,
) -> Result<LocalAws, StartError> {
    let secret = secret.map(ClientSecret::new);
    let mut key = [0; 20];
    random::fill(&mut key)?;
    let credentials = Credentials {
        secret_access_key: key.iter().map(|byte| format!("{byte:02x}")).collect(),
        ..Credentials::default()
    };
    let cognito = CognitoConfig {
        clients: vec![Client { secret, ..Client::default() }],
        ..CognitoConfig::default()
    };
    let tables = own_issuer::tables();
    let config = local_aws::Config { cognito, credentials, tables, data, ..Default::default() };
    LocalAws::start(config).await
}

/// The environment of the functions: that of the process, and what this machine adds to it.
pub(crate) struct Environment<'a> {
    process: &'a dyn Env,
    /// With sample data AWS is this machine: what the process has in `AWS_…` is about another one,
    /// and is not passed on.
    aws: Option<BTreeMap<&'static str, String>>,
    /// What holds where the process says nothing.
    defaults: BTreeMap<&'static str, String>,
    /// Whose tokens are taken where the process names nobody; clients ask the first one.
    issuers: Vec<Value>,
    no_auth: bool,
}

impl<'a> Environment<'a> {
    /// That of functions which clients reach at `resource`.
    pub(crate) fn new(
        process: &'a dyn Env,
        metrics: &Metrics,
        aws: &LocalAws,
        resource: String,
        no_auth: bool,
    ) -> Self {
        let cognito = aws.cognito();
        let clients: Vec<_> = cognito.clients().iter().map(|client| &client.id).collect();
        let cognito = json!({
            "issuer": cognito.issuer(),
            "profile": "cognito",
            "clients": clients,
            "tenant_claim": "tenant_id",
        });
        Self {
            process,
            aws: (*metrics == Metrics::Sample).then(|| aws.environment().into_iter().collect()),
            defaults: [("MCP_RESOURCE", resource)].into(),
            issuers: vec![cognito],
            no_auth,
        }
    }

    /// With an authorization server on this machine, which is the one that clients ask.
    pub(crate) fn with_issuer(mut self, own: &OwnIssuer) -> Self {
        let ours = json!({
            "issuer": own.origin,
            "profile": "at+jwt",
            "tenant_claim": "tenant_id",
            // Its tables are this machine's, where nobody else's AWS credentials are sent.
            "check_grants": self.aws.is_some(),
        });
        self.issuers.insert(0, ours);
        self
    }

    /// The same for the authorization server, whose tables are always those of this machine.
    pub(crate) fn of_issuer(&self, aws: &LocalAws, own: &OwnIssuer) -> Self {
        let mut defaults = self.defaults.clone();
        defaults.extend(own.defaults());
        Self {
            process: self.process,
            aws: Some(aws.environment().into_iter().collect()),
            defaults,
            issuers: self.issuers.clone(),
            no_auth: self.no_auth,
        }
    }

    /// Whether tokens come from the issuer on this machine.
    pub(crate) fn issues_its_own_tokens(&self) -> bool {
        self.process.get("AUTH_ISSUERS").is_none_or(|issuers| issuers.is_empty())
    }
}

impl Env for Environment<'_> {
    fn get(&self, name: &str) -> Option<OsString> {
        match (&self.aws, name) {
            (_, "AUTH_MODE") if self.no_auth => Some("none".into()),
            (Some(aws), name) if name.starts_with("AWS_") => aws.get(name).map(OsString::from),
            _ => {
                let set = self.process.get(name).filter(|value| !value.is_empty());
                set.or_else(|| match name {
                    "AUTH_ISSUERS" => Some(json!(self.issuers).to_string().into()),
                    name => self.defaults.get(name).map(OsString::from),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, &'static str> {
        pairs.iter().copied().collect()
    }

    const RESOURCE: &str = "http://127.0.0.1:8787/mcp";

    #[test]
    fn a_prometheus_that_is_named_is_taken() {
        for (pairs, expected) in [
            (&[][..], "sample data; set PROMETHEUS_URL for a real server"),
            (
                &[("PROMETHEUS_URL", "http://localhost:9090"), ("PROMETHEUS_WORKSPACE_ID", "ws-1")],
                "http://localhost:9090 (PROMETHEUS_URL)",
            ),
            (
                &[("PROMETHEUS_URL", ""), ("PROMETHEUS_WORKSPACE_ID", "ws-1")],
                "ws-1 (PROMETHEUS_WORKSPACE_ID)",
            ),
        ] {
            assert_eq!(Metrics::choose(&env(pairs)).to_string(), expected);
        }
    }

    #[tokio::test]
    async fn sample_data_do_not_meet_the_aws_of_the_environment() {
        let process = env(&[
            ("AWS_SESSION_TOKEN", "private"),
            ("AWS_ENDPOINT_URL_AMP", "https://elsewhere.example"),
            ("AWS_REGION", "there"),
            ("LOG_LEVEL", "debug"),
        ]);
        let aws = start(None, None).await.unwrap();
        let of = |metrics| Environment::new(&process, &metrics, &aws, RESOURCE.to_owned(), false);
        let env = of(Metrics::Sample);
        assert_eq!(env.get("AWS_ENDPOINT_URL"), Some(aws.base_url().into()));
        assert_eq!(env.get("AWS_SESSION_TOKEN"), None);
        assert_eq!(env.get("AWS_ENDPOINT_URL_AMP"), None);
        assert_eq!(env.get("LOG_LEVEL"), Some("debug".into()));
        let env = of(Metrics::Given { variable: "PROMETHEUS_URL", value: String::new() });
        assert_eq!(env.get("AWS_REGION"), Some("there".into()));
        assert_eq!(env.get("AWS_ENDPOINT_URL"), None);
    }

    #[tokio::test]
    async fn tokens_come_from_this_machine_unless_others_are_named() {
        let aws = start(Some("the-secret-of-before".to_owned()), None).await.unwrap();
        let (blank, named) = (env(&[]), env(&[("AUTH_ISSUERS", "[…]"), ("AUTH_MODE", "iam")]));
        let of = |process, no_auth| {
            Environment::new(process, &Metrics::Sample, &aws, RESOURCE.to_owned(), no_auth)
        };
        let env = of(&blank, false);
        assert!(env.issues_its_own_tokens());
        let issuers = env.get("AUTH_ISSUERS").unwrap().into_string().unwrap();
        assert!(issuers.contains(&aws.cognito().issuer()) && !issuers.contains("before"));
        assert_eq!(env.get("MCP_RESOURCE"), Some(RESOURCE.into()));
        assert_eq!(env.get("AUTH_MODE"), None);
        let env = of(&named, false);
        assert!(!env.issues_its_own_tokens());
        assert_eq!(env.get("AUTH_ISSUERS"), Some("[…]".into()));
        assert_eq!(env.get("AUTH_MODE"), Some("iam".into()));
        assert_eq!(of(&named, true).get("AUTH_MODE"), Some("none".into()));
        let secret = aws.cognito().clients()[0].secret.as_ref().unwrap();
        assert_eq!(secret.expose(), "the-secret-of-before");
    }

    #[tokio::test]
    async fn nobody_can_sign_who_has_only_read_the_source() {
        let (one, other) = (start(None, None).await.unwrap(), start(None, None).await.unwrap());
        let secret = |aws: &LocalAws| aws.credentials().secret_access_key.clone();
        assert_ne!(secret(&one), Credentials::default().secret_access_key);
        assert_ne!(secret(&one), secret(&other));
        assert_eq!(secret(&one).len(), 40);
    }
}
