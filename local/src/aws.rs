//! AWS on this machine, and what of it the functions see.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use local_aws::bedrock::Llm;
use local_aws::cognito::{Client, ClientSecret, CognitoConfig};
use local_aws::sigv4::Credentials;
use local_aws::{LocalAws, StartError};
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::random;

use crate::own_issuer::{self, OwnIssuer};
use crate::sources::Sources;

/// What clients are given that ask for nothing else: all that the tools need.
pub(crate) const SCOPES: [&str; 3] = ["cases/read", "mcp/invoke", "prometheus-mcp-server/read"];

/// Starts AWS; `secret` is the one that the machine client had before, if it had one, and `llm` what
/// reads the support cases. The key pair
/// for signatures is a new one each time, since the server may be reached from other machines.
pub(crate) async fn start(
    secret: Option<String>,
    data: Option<PathBuf>,
    llm: Option<Llm>,
) -> Result<LocalAws, StartError> {
    let secret = secret.map(ClientSecret::new);
    let scopes = SCOPES.map(str::to_owned).into();
    let mut key = [0; 20];
    random::fill(&mut key)?;
    let credentials = Credentials {
        secret_access_key: key.iter().map(|byte| format!("{byte:02x}")).collect(),
        ..Credentials::default()
    };
    let cognito = CognitoConfig {
        clients: vec![Client { secret, scopes, ..Client::default() }],
        ..CognitoConfig::default()
    };
    let tables = own_issuer::tables();
    let config =
        local_aws::Config { cognito, credentials, tables, data, llm, ..Default::default() };
    LocalAws::start(config).await
}

/// The environment of the functions: that of the process, and what this machine adds to it.
pub(crate) struct Environment<'a> {
    process: &'a dyn Env,
    /// With sample cases AWS is this machine: what the process has in `AWS_…` is about another one,
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
        sources: &Sources,
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
        let here = sources.are_of_this_machine();
        let mut defaults = BTreeMap::from([("MCP_RESOURCE", resource)]);
        if here {
            defaults.extend(aws.cases_environment().iter().cloned());
            defaults.insert("IAM_SCOPES", SCOPES.join(" "));
        }
        Self {
            process,
            aws: here.then(|| aws.environment().into_iter().collect()),
            defaults,
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

    #[tokio::test]
    async fn sample_data_do_not_meet_the_aws_of_the_environment() {
        let process = env(&[
            ("AWS_SESSION_TOKEN", "private"),
            ("AWS_ENDPOINT_URL_AMP", "https://elsewhere.example"),
            ("AWS_REGION", "there"),
            ("LOG_LEVEL", "debug"),
        ]);
        let aws = start(None, None, None).await.unwrap();
        let of = |named: &[(&'static str, &'static str)]| {
            let sources = Sources::choose(&env(named));
            Environment::new(&process, &sources, &aws, RESOURCE.to_owned(), false)
        };
        let samples = of(&[]);
        assert_eq!(samples.get("AWS_ENDPOINT_URL"), Some(aws.base_url().into()));
        assert_eq!(samples.get("AWS_SESSION_TOKEN"), None);
        assert_eq!(samples.get("AWS_ENDPOINT_URL_AMP"), None);
        assert_eq!(samples.get("LOG_LEVEL"), Some("debug".into()));
        assert!(samples.get("ATHENA_DATABASE").is_some());
        let account = of(&[("ATHENA_DATABASE", "theirs")]);
        assert_eq!(account.get("AWS_REGION"), Some("there".into()));
        assert_eq!(account.get("AWS_ENDPOINT_URL"), None);
    }

    #[tokio::test]
    async fn tokens_come_from_this_machine_unless_others_are_named() {
        let aws = start(Some("the-secret-of-before".to_owned()), None, None).await.unwrap();
        let (blank, named) = (env(&[]), env(&[("AUTH_ISSUERS", "[…]"), ("AUTH_MODE", "iam")]));
        let of = |process, no_auth| {
            Environment::new(
                process,
                &Sources::choose(&env(&[])),
                &aws,
                RESOURCE.to_owned(),
                no_auth,
            )
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
        let (one, other) =
            (start(None, None, None).await.unwrap(), start(None, None, None).await.unwrap());
        let secret = |aws: &LocalAws| aws.credentials().secret_access_key.clone();
        assert_ne!(secret(&one), Credentials::default().secret_access_key);
        assert_ne!(secret(&one), secret(&other));
        assert_eq!(secret(&one).len(), 40);
    }
}
