//! The local server: the whole of lambda-mcp in one process, on this machine. `cargo run` starts
//! it.

mod args;
mod aws;
mod banner;
mod client_config;
mod gateway;
mod own_issuer;
mod serve;
mod sources;
mod start;
mod token;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use args::{Args, Command, Wanted};
use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Some(Command::Token { config, wanted }) => print_token(&config, &wanted).await,
        Some(Command::Rotate { config }) => token::rotate(&config).await,
        None => start::serve(&args.serve).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            // Where nobody reads standard error the exit code has to do.
            let _ = writeln!(io::stderr(), "error: {err:#}");
            ExitCode::FAILURE
        }
    }
}

async fn print_token(config: &Path, wanted: &Wanted) -> anyhow::Result<()> {
    let token = token::request(config, wanted).await?;
    writeln!(io::stdout(), "{token}")?;
    Ok(())
}
