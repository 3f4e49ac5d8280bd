//! The authorization server's `bootstrap`.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use api_gateway::Mode;
use fn_oauth::{Host, Lambda, METRICS};
use service_kit::clock::SystemClock;
use service_kit::env::{Env as _, Process};
use service_kit::telemetry::{Filter, init_json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let lambda = match Lambda::from_env(&Process) {
        Ok(lambda) => lambda,
        Err(err) => {
            let _ = init_json(Filter::new().with_default(tracing::Level::ERROR), &[]);
            return cannot_start(&err).await;
        }
    };
    let _ = init_json(lambda.log, METRICS);
    let service = match fn_oauth::service(&lambda.config, Host::Lambda, Arc::new(SystemClock)) {
        Ok(service) => service,
        Err(err) => return cannot_start(&err).await,
    };
    if let Err(err) = api_gateway::run(&lambda.runtime_api, Mode::Buffered, service).await {
        tracing::error!(error = &err as &dyn Error, "stopped");
    }
    ExitCode::FAILURE // Lambda ends a function that is well; it never ends by itself
}

/// Says why, in the log and to whoever invoked the function.
async fn cannot_start(err: &(dyn Error + Sync + 'static)) -> ExitCode {
    tracing::error!(error = err, "cannot start");
    let address = Process.get("AWS_LAMBDA_RUNTIME_API").and_then(|api| api.into_string().ok());
    if let Some(Ok(api)) = address.map(|api| api.parse()) {
        let _ = api_gateway::report_init_error(&api, err).await;
    }
    ExitCode::FAILURE
}
