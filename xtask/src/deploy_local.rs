//! `cargo xtask deploy-local`: the real stacks on MiniStack, with IAM enforced and a real Prometheus behind, and the ways
//! in through the deployed API (`infra/local/`).

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::build::{self, Target};
use crate::infra;
use crate::process::{Server, free_port, output, run as must};
use crate::stand_ins::StandIn;

/// What to do.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Deploy what target/lambda has, and build nothing
    #[arg(long)]
    no_build: bool,
    /// Which of programs, people, principals, cases, tenants and plain; all of them when none is named
    scenarios: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    infra::packages()?;
    if !options.no_build {
        build::lambda(&build::LambdaOptions::default())?;
    }
    let folder = tempfile::tempdir().context("there is no folder for temporary files")?;
    let amp_port = free_port()?;
    // Functions find Amazon Managed Prometheus by their environment, and nothing in a template differs.
    let amp = format!("http://127.0.0.1:{amp_port}");
    let enforced = [("AUTH", "true"), ("AWS_ENDPOINT_URL_AMP", &amp)];
    let ministack = StandIn::ministack_with(folder.path(), &enforced)?;
    let (prometheus_url, _prometheus) = prometheus(&folder.path().join("prometheus"))?;
    let mut node = Command::new("node");
    node.current_dir(infra::folder()).args(["--import", "tsx", "local/end-to-end.ts"]);
    node.args(&options.scenarios);
    node.env("MINISTACK_URL", &ministack.url).env("PROMETHEUS_URL", prometheus_url);
    node.env("AMP_PORT", amp_port.to_string());
    must(&mut node).inspect_err(|_| eprintln!("MiniStack said:\n{}", ministack.server.said()))
}

/// The real one, empty: `vector(42)` needs no series.
fn prometheus(folder: &Path) -> Result<(String, Server)> {
    let installer = build::executable("tests", Target::Example("prometheus"))?;
    let program = output(&mut Command::new(installer))?;
    let port = free_port()?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let configuration = folder.join("prometheus.yml");
    fs::write(&configuration, "global: {}\n")?;
    let mut command = Command::new(program);
    command.arg(format!("--config.file={}", configuration.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let server = Server::start("deploy-local-prometheus", &mut command, port)?;
    Ok((format!("http://127.0.0.1:{port}"), server))
}
