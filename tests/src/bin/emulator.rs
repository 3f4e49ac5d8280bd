//! Runs a `bootstrap` as AWS would, until interrupted:
//! `emulator --front rest|http --mode buffered|streaming --port N -- path/to/bootstrap`.
//! Each request is one of an IAM principal, and the function's `AUTH_MODE` is `iam` unless set.
#![expect(clippy::print_stdout, reason = "a command tells where it listens")]

use std::time::Duration;

use clap::Parser;
use tests::emulator::{Emulator, Front, Mode, Settings};

/// Runs a function as Lambda behind API Gateway would.
#[derive(Debug, Parser)]
struct Args {
    /// Which kind of API: rest or http.
    #[arg(long, default_value = "rest")]
    front: Front,
    /// How answers are transferred: buffered or streaming.
    #[arg(long, default_value = "buffered")]
    mode: Mode,
    /// The port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Seconds after which a buffered integration gives up.
    #[arg(long, default_value_t = 29)]
    timeout: u64,
    /// How many processes may run at a time.
    #[arg(long, default_value_t = 2)]
    processes: usize,
    /// A variable for the function, NAME=VALUE; may be repeated.
    #[arg(long, value_parser = variable)]
    env: Vec<(String, String)>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(std::io::ErrorKind::InvalidInput.into());
    };
    let emulator = Emulator::start(Settings {
        args: arguments.to_vec(),
        env: args.env,
        gateway_timeout: Duration::from_secs(args.timeout),
        processes: args.processes,
        port: args.port,
        ..Settings::new(program, args.front, args.mode)
    })
    .await?;
    println!("{}", emulator.url);
    tokio::signal::ctrl_c().await
}
