//! What is measured: our functions, and any other bootstrap that is named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use service_kit::env::{Env as _, Process};

use super::events::{self, Event, Revision};
use super::issuer::{Issuer, RESOURCE};
use super::upstream::{DYNAMODB, Upstream};
use crate::build;

/// One program under measurement.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) command: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    /// The file that is deployed, where there is one.
    pub(super) artifact: Option<PathBuf>,
    /// What it is asked, the first one right after a cold start.
    pub(super) events: Vec<Event>,
    /// The same set up in other ways, of which only instructions are counted.
    pub(super) variants: Vec<Target>,
    /// What its start is called among the counts.
    pub(super) init: &'static str,
    /// Whether its answers are ours to get right.
    pub(super) ours: bool,
}

impl Target {
    /// The MCP server. Principals of IAM call it, so that its figures are those of no token; what a
    /// token costs, and what no door at all, is told by its variants.
    pub(super) fn mcp(issuer: &Issuer) -> Result<Self> {
        let mut target = Self::ours("fn-mcp", events::mcp(Revision::Modern, &issuer.rs256))?;
        let mut with_tokens = target.clone();
        with_tokens.set("AUTH_MODE", "jwt").set("AUTH_ISSUERS", &issuer.config);
        with_tokens.set("MCP_RESOURCE", RESOURCE);
        with_tokens.events = vec![
            events::tools_list("tools_list_rs256", &issuer.rs256),
            events::tools_list("tools_list_es256", &issuer.es256),
            events::tools_list("tools_list_granted", &issuer.own),
        ];
        with_tokens.init = "init_jwt";
        target.set("AUTH_MODE", "iam").set("IAM_SCOPES", "prometheus-mcp-server/read");
        let list = events::tools_list("tools_list_doorless", &issuer.rs256);
        let mut doorless = Self::ours("doorless", vec![list])?;
        doorless.env = target.env.clone();
        doorless.init = "init_doorless";
        target.variants = vec![with_tokens, doorless];
        Ok(target)
    }

    /// The authorizer, asked with a token whose key it was configured with.
    pub(super) fn authorizer(issuer: &Issuer) -> Result<Self> {
        let mut target = Self::ours("fn-authorizer", events::authorizer(&issuer.rs256))?;
        target.set("AUTH_ISSUERS", &issuer.config).set("MCP_RESOURCE", RESOURCE);
        Ok(target)
    }

    /// The health check.
    pub(super) fn health() -> Result<Self> {
        Self::ours("fn-health", events::health())
    }

    /// A program of ours, built for release.
    fn ours(name: &'static str, events: Vec<Event>) -> Result<Self> {
        let path = build::release(name)?;
        Ok(Self {
            name: name.to_owned(),
            command: vec![path.display().to_string()],
            env: lambda_env(),
            artifact: Some(path),
            events,
            variants: Vec::new(),
            init: "init",
            ours: true,
        })
    }

    /// Any other program, from `NAME=COMMAND`.
    pub(super) fn peer(text: &str, revision: Revision, token: &str) -> Result<Self> {
        let (name, command) = text.split_once('=').context("a peer is NAME=COMMAND")?;
        let command: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
        let program = command.first().context("a peer is NAME=COMMAND")?;
        let artifact = Path::new(program).is_absolute().then(|| PathBuf::from(program));
        let (name, events) = (name.to_owned(), events::mcp(revision, token));
        Ok(Self {
            name,
            command,
            env: lambda_env(),
            artifact,
            events,
            variants: Vec::new(),
            init: "init",
            ours: false,
        })
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same, with `upstream` for the servers it asks.
    pub(super) fn asking(&self, upstream: &Upstream) -> Self {
        let mut target = self.clone();
        target.set("AWS_ENDPOINT_URL", &upstream.url);
        target.set("AWS_ENDPOINT_URL_DYNAMODB", &format!("{}{DYNAMODB}", upstream.url));
        target.variants = self.variants.iter().map(|variant| variant.asking(upstream)).collect();
        if let Some(certificate) = &upstream.certificate {
            let path = certificate.display().to_string();
            target.env.insert("PROMETHEUS_CA_FILE".to_owned(), path.clone());
            target.env.insert("SSL_CERT_FILE".to_owned(), path);
        }
        target
    }
}

/// What Lambda sets.
fn lambda_env() -> BTreeMap<String, String> {
    let mut env: BTreeMap<_, _> = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench/[$LATEST]0"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("_HANDLER", "app.handler"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if let Some(path) = Process.get("PATH").and_then(|path| path.into_string().ok()) {
        env.insert("PATH".to_owned(), path);
    }
    env
}
