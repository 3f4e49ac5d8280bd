//! The authorizer Lambda function: tells API Gateway who may pass.
//!
//! [`service`] is the whole of it, as Lambda, the local server and the tests run it. What it decides
//! is [`auth::Authorizer`]'s; here each decision leaves its line in the log.

mod config;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::{Allowed, AuthorizerError, Caller, Registry, TenantId, Verifier};
use bytes::Bytes;
use service_kit::clock::Clock;
use service_kit::telemetry::Metric;

pub use config::{Config, Lambda, VARS};

/// The metric a deployment is watched by: how long decisions take, how many there are, and which.
/// `error` is an outage; `unauthorized` is everyday life, though Lambda counts both as failures.
pub const METRICS: &[Metric] = &[Metric {
    event: "authorizer.decision",
    field: "duration_ms",
    unit: "Milliseconds",
    dimensions: &[&["decision"]],
}];

/// The whole function. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authorizer(auth::Authorizer);

/// Puts the function together; nothing is fetched before a token needs it.
#[must_use]
pub fn service(config: &Config, clock: Arc<dyn Clock>) -> Authorizer {
    config.tokens.warn_of_stages();
    let tokens = Verifier::new(config.tokens.issuers.clone(), clock);
    Authorizer(auth::Authorizer::new(tokens, Registry::PROJECT, config.format))
}

impl Authorizer {
    /// The answer to an event of API Gateway, as JSON.
    ///
    /// # Errors
    /// When nobody may pass; API Gateway acts on the error's text.
    pub async fn decide(&self, event: Bytes) -> Result<Bytes, AuthorizerError> {
        let started = Instant::now();
        let decision = self.0.decide(&event).await;
        log(&decision, started.elapsed());
        decision.map(|allowed| Bytes::from(allowed.response))
    }
}

/// One line for each decision, never with the token.
fn log(decision: &Result<Allowed, AuthorizerError>, took: Duration) {
    // To the microsecond, which is as much as a reader can use.
    let duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
    match decision {
        Ok(Allowed { caller, .. }) => {
            let Caller { kind, subject, client_id, tenant, token_id, issuer, .. } = caller;
            tracing::info!(
                name: "authorizer.decision",
                decision = "allow",
                caller.kind = kind.as_str(),
                caller.subject = subject.as_str(),
                caller.client_id = client_id.as_deref(),
                caller.issuer = issuer.as_deref(),
                tenant.id = tenant.as_ref().map(TenantId::as_str),
                token.id = token_id.as_deref(),
                duration_ms,
                "the caller may pass"
            );
        }
        Err(err @ AuthorizerError::Unauthorized(_)) => {
            tracing::info!(
                name: "authorizer.decision",
                decision = "unauthorized",
                reason = err.source(),
                duration_ms,
                "nobody may pass"
            );
        }
        // The function is wired wrongly.
        Err(err @ AuthorizerError::NotAnEvent(_)) => {
            tracing::warn!(
                name: "authorizer.decision",
                decision = "unauthorized",
                reason = err.source(),
                duration_ms,
                "nobody may pass"
            );
        }
        Err(err) => {
            tracing::error!(
                name: "authorizer.decision",
                decision = "error",
                reason = err as &dyn Error,
                duration_ms,
                "no decision"
            );
        }
    }
}
