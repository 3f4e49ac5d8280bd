//! `cargo xtask rest`: schemathesis calls the REST façade of the local server by what `/openapi.json` says of it, and
//! holds the answers to that: no 5xx, nothing that is not described, no bad input accepted.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::build::{Target, executable};
use crate::install;
use crate::process::{Server, cache, free_port, output, run as must};

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// How many requests of each kind are made up for each tool
    #[arg(long, default_value_t = 50)]
    examples: u32,
    /// Make up other ones than each time
    #[arg(long)]
    seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { examples: 50, seed: None }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let python = install::python("schemathesis")?;
    let program = executable("mcp-local", Target::Bin("mcp-local"))?;
    // As it is, with the whole of what HTTP can ask; and behind an API Gateway, with a token, where
    // the gateway has its own word on methods that a route does not have.
    for (gateway, excluded) in [("none", None), ("rest", Some("unsupported_method"))] {
        let folder = tempfile::tempdir().context("there is no folder for temporary files")?;
        let config = folder.path().join("config");
        let port = free_port()?;
        let mut command = Command::new(&program);
        command.args(["--port", &port.to_string(), "--gateway", gateway, "--config"]).arg(&config);
        let server = Server::start(&format!("rest-{gateway}"), &mut command, port)?;
        let token = token(&program, &config)?;
        let mut check = schemathesis(&python, options);
        check.args(excluded.iter().flat_map(|check| ["--exclude-checks", check]));
        check.arg(format!("http://127.0.0.1:{port}/openapi.json")).env("TOKEN", token.trim());
        must(&mut check).inspect_err(|_| eprintln!("the server said:\n{}", server.said()))?;
    }
    Ok(())
}

/// The server has its port a moment before it has written who may call: until then there is no token.
fn token(program: &Path, config: &Path) -> Result<String> {
    let started = Instant::now();
    loop {
        let mut command = Command::new(program);
        match output(command.args(["token", "--config"]).arg(config)) {
            Err(_) if started.elapsed() < Duration::from_secs(30) => {
                sleep(Duration::from_millis(50));
            }
            token => return token,
        }
    }
}

fn schemathesis(python: &Path, options: &Options) -> Command {
    let mut command = Command::new(python);
    command.args(["-B", "-m", "schemathesis.cli", "--config-file"]);
    command.arg(install::clients().join("python/schemathesis.toml"));
    command.args(["run", "--max-examples", &options.examples.to_string()]);
    match options.seed {
        Some(seed) => command.args(["--seed", &seed.to_string()]),
        None => command.arg("--generation-deterministic"),
    };
    // Hypothesis keeps what it has found below the working directory.
    command.current_dir(cache());
    command
}
