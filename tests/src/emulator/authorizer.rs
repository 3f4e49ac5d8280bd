//! An authorizer as a function of its own: a second `bootstrap` under a second Runtime API.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use local_aws::gateway::{Authorizer, FunctionError, IdentitySource};

use super::Log;
use super::pool::Pool;
use super::runtime_api::{Answer, Bootstrap};

/// After how long Lambda kills the authorizer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A REQUEST authorizer.
#[derive(Debug, Clone)]
pub struct AuthorizerSettings {
    /// The program to run, a `bootstrap`.
    pub program: PathBuf,
    /// Its variables, beside those that Lambda sets. Nothing else is inherited but `PATH`.
    pub env: Vec<(String, String)>,
    /// How long its answers are used again; zero is never.
    pub ttl: Duration,
    /// What a request must have, and what answers are cached by.
    pub identity_sources: Vec<IdentitySource>,
    /// Whether the authorizer of an HTTP API answers `isAuthorized` instead of a policy.
    pub simple_responses: bool,
}

impl AuthorizerSettings {
    /// API Gateway's own: 300 seconds, by the header `Authorization`, policies.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            env: Vec::new(),
            ttl: Duration::from_secs(300),
            identity_sources: vec![IdentitySource::Header(http::header::AUTHORIZATION)],
            simple_responses: false,
        }
    }

    /// Adds a variable.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Sets how long answers are used again.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    pub(super) fn pool(&self, log: &Log) -> Arc<Pool> {
        let bootstrap = Bootstrap {
            program: self.program.clone(),
            args: Vec::new(),
            env: self.env.clone(),
            timeout: TIMEOUT,
            tenant_id: None,
        };
        Arc::new(Pool::new(bootstrap, 2, log.clone()))
    }

    pub(super) fn authorizer(self, pool: Arc<Pool>) -> Authorizer {
        Authorizer::new(move |event| invoke(Arc::clone(&pool), event))
            .with_ttl(self.ttl)
            .with_identity_sources(self.identity_sources)
            .with_simple_responses(self.simple_responses)
    }
}

async fn invoke(pool: Arc<Pool>, event: Bytes) -> Result<Bytes, FunctionError> {
    let failed = |message: &str| FunctionError { message: message.to_owned() };
    let mut leased = pool.lease().await.map_err(|err| failed(&err.to_string()))?;
    let answer = tokio::time::timeout(TIMEOUT, leased.process.invoke(event)).await;
    // One that takes too long is dropped, which kills the process.
    let answer = answer.map_err(|_| failed("the authorizer timed out"))?;
    pool.give_back(leased);
    match answer {
        Answer::Whole(answer) => Ok(answer),
        Answer::Stream(_) => Err(failed("the authorizer streams")),
        Answer::Failed(message) => Err(failed(&message.unwrap_or_default())),
    }
}
