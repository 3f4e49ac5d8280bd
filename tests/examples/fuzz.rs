//! Mutated requests at the HTTP entry, until the time is over: `fuzz SECONDS [FIRST]`. The first finding ends it, with its
//! number: `fuzz 0 NUMBER` does that case again and shows it.
#![expect(clippy::print_stdout, reason = "a command for people")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use mcp_http::{McpService, Settings};
use tests::fuzz;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            println!("{err:#}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let seconds = arguments.next().context("usage: fuzz SECONDS [FIRST]")??;
    let first = arguments.next().transpose()?.unwrap_or(0);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_time()
        .start_paused(true)
        .build()?
        .block_on(run(Duration::from_secs(seconds), first))
}

async fn run(time: Duration, first: u64) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut service = None;
    let mut n = first;
    loop {
        // What one case leaves behind must not fill the memory.
        if n.is_multiple_of(10_000) || service.is_none() {
            let settings = Settings { streaming: n.is_multiple_of(20_000), ..Settings::default() };
            service = Some(McpService::new(conformance_server::server(None)?, settings));
        }
        let Some(service) = &service else { bail!("there is a service") };
        if let Err(fault) = fuzz::attempt(service.clone(), n).await {
            let case = fuzz::case(n);
            let body = String::from_utf8_lossy(case.body());
            bail!(
                "case {n}: {fault}\n{} {} {:#?}\n{body}",
                case.method(),
                case.uri(),
                case.headers()
            );
        }
        n += 1;
        if started.elapsed() >= time {
            break;
        }
    }
    println!("{} cases in {} s, nothing found", n - first, time.as_secs());
    Ok(())
}
