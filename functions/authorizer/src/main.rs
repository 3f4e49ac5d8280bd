//! The authorizer function's `bootstrap`.

use std::process::ExitCode;
use std::sync::Arc;

use fn_authorizer::{Lambda, METRICS};
use service_kit::clock::SystemClock;
use service_kit::env::{ConfigError, Env as _, Process};
use service_kit::telemetry::{Filter, init_json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let lambda = match Lambda::from_env(&Process) {
        Ok(lambda) => lambda,
        Err(err) => return cannot_start(&err).await,
    };
    let _ = init_json(lambda.log, METRICS);
    let authorizer = fn_authorizer::service(&lambda.config, Arc::new(SystemClock));
    let decide = |_, event| authorizer.decide(event);
    if let Err(err) = api_gateway::run_events(&lambda.runtime_api, decide).await {
        tracing::error!(error = &err as &dyn std::error::Error, "stopped");
    }
    ExitCode::FAILURE // Lambda ends a function that is well; it never ends by itself
}

/// Says why, in the log and to whoever invoked the function.
async fn cannot_start(err: &ConfigError) -> ExitCode {
    let _ = init_json(Filter::new().with_default(tracing::Level::ERROR), &[]);
    tracing::error!(error = err as &dyn std::error::Error, "cannot start");
    let address = Process.get("AWS_LAMBDA_RUNTIME_API").and_then(|api| api.into_string().ok());
    if let Some(Ok(api)) = address.map(|api| api.parse()) {
        let _ = api_gateway::report_init_error(&api, err).await;
    }
    ExitCode::FAILURE
}
