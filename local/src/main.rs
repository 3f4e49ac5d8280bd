//! The local server: the whole of lambda-mcp in one process, on this machine. `cargo run` starts
//! it.

mod args;
mod banner;
mod metrics;
mod serve;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use args::Args;
use banner::Banner;
use clap::Parser as _;
use metrics::Metrics;
use service_kit::clock::SystemClock;
use service_kit::env::{Process, Reader};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            // Where nobody reads standard error the exit code has to do.
            let _ = writeln!(io::stderr(), "error: {err:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    // Before anything else: a second copy must not start what it cannot use.
    let listener = serve::bind(args.port).await?;
    let metrics = Metrics::choose(&Process).await?;
    let env = metrics.environment(&Process);

    let mut reader = Reader::new(&env, fn_mcp::VARS);
    let log = reader.or_default("LOG_LEVEL");
    let config = fn_mcp::Config::read(&mut reader);
    let (log, mut config) = reader.finish(|| log.zip(config)).context("cannot be configured so")?;
    service_kit::telemetry::init_human(log)?;
    // Pages of this machine may call, and a reply is sent while it is written.
    config.http.origins.loopback = true;
    config.http.streaming = true;

    let clock = Arc::new(SystemClock);
    let mcp = fn_mcp::service(&config, clock.clone())?;
    let health = fn_health::Config { name: "lambda-mcp".to_owned() };
    let router = serve::router(mcp, fn_health::service(&health, clock));

    let banner = Banner { address: listener.local_addr()?, metrics: metrics.to_string() };
    write!(io::stdout(), "{banner}")?;
    serve::run(listener, router, serve::stop_signal()?).await?;
    metrics.stop().await?;
    Ok(())
}
