//! Mutated requests at the HTTP entry and at the door, and events for the authorizer, until the time is over:
//! `fuzz SECONDS [FIRST]`. The first finding ends it, with its number: `fuzz 0 NUMBER` does that case again and shows it.
#![expect(clippy::print_stdout, reason = "a command for people")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use http::Request;
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
    let (door, authorizer) = (fuzz::Site::start().await?, fuzz::Gate::start().await?);
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
        let at_entry = fuzz::attempt(service.clone(), n).await;
        found("the entry", n, at_entry, || request(&fuzz::case(n)))?;
        found("the door", n, door.attempt(n).await, || request(&door.case(n)))?;
        let decided = authorizer.attempt(n).await;
        found("the authorizer", n, decided, || text(&authorizer.case(n)))?;
        n += 1;
        if started.elapsed() >= time {
            break;
        }
    }
    println!("{} cases in {} s, nothing found", n - first, time.as_secs());
    Ok(())
}

fn found(
    place: &str,
    n: u64,
    attempted: Result<(), String>,
    case: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    attempted.map_err(|fault| anyhow!("case {n} at {place}: {fault}\n{}", case()))
}

fn request(case: &Request<Vec<u8>>) -> String {
    let body = text(case.body());
    format!("{} {} {:#?}\n{body}", case.method(), case.uri(), case.headers())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
