//! The MCP function without a door, which `fn-mcp` itself refuses to be on AWS Lambda. It is never
//! deployed: `cargo xtask bench` measures what a door costs by the difference.

use std::error::Error;
use std::sync::Arc;

use fn_mcp::{Lambda, METRICS};
use service_kit::clock::SystemClock;
use service_kit::env::Process;
use service_kit::telemetry::init_json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut lambda = Lambda::from_env(&Process)?;
    lambda.config.door = None;
    init_json(lambda.log, METRICS)?;
    let service = fn_mcp::service(&lambda.config, Arc::new(SystemClock))?;
    api_gateway::run(&lambda.runtime_api, lambda.mode, service).await?;
    Ok(())
}
