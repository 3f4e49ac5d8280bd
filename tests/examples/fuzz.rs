//! Mutated requests at the HTTP entry and at the door, until the time is over: `fuzz SECONDS [FIRST]`. The first finding ends it, with its
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
    runtime.enable_all().build()?.block_on(run(Duration::from_secs(seconds), first))
}

async fn run(time: Duration, first: u64) -> anyhow::Result<()> {
    let started = Instant::now();
    let door = fuzz::Site::start().await?;
    tokio::time::pause();
    let mut service = None;
    let mut n = first;
    loop {
        // What one case leaves behind must not fill the memory.
        if n.is_multiple_of(10_000) || service.is_none() {
            let settings = Settings { streaming: n.is_multiple_of(20_000), ..Settings::default() };
            service = Some(McpService::new(conformance_server::server(None)?, settings));
        }
        let Some(service) = &service else { bail!("there is a service") };
        for (place, case, attempted) in [
            ("the entry", fuzz::case(n), fuzz::attempt(service.clone(), n).await),
            ("the door", door.case(n), door.attempt(n).await),
        ] {
            if let Err(fault) = attempted {
                let (method, uri, headers) = (case.method(), case.uri(), case.headers());
                let body = String::from_utf8_lossy(case.body());
                bail!("case {n} at {place}: {fault}\n{method} {uri} {headers:#?}\n{body}");
            }
        }
        n += 1;
        if started.elapsed() >= time {
            break;
        }
    }
    println!("{} cases in {} s, nothing found", n - first, time.as_secs());
    Ok(())
}
