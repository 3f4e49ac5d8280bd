//! `cargo xtask stand-ins`: AWS as MiniStack and moto play it, for `tests/it/stand_ins.rs`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use service_kit::env::{Env as _, Process};

use crate::install;
use crate::process::{Server, cache, cargo, free_port, run as must};

pub(crate) fn run() -> Result<()> {
    let (ministack, moto) = (StandIn::ministack()?, StandIn::moto()?);
    let mut tests = cargo(&["test", "--quiet", "--package", "tests", "--test", "it"]);
    tests.args(["--", "stand_ins"]);
    tests.env("MINISTACK_URL", &ministack.url).env("MOTO_URL", &moto.url);
    must(&mut tests).inspect_err(|_| {
        for (name, stand_in) in [("MiniStack", &ministack), ("moto", &moto)] {
            eprintln!("{name} said:\n{}", stand_in.server.said());
        }
    })
}

/// A running server that plays AWS.
pub(crate) struct StandIn {
    pub(crate) url: String,
    pub(crate) server: Server,
}

impl StandIn {
    /// MiniStack, which takes every request.
    fn ministack() -> Result<Self> {
        Self::ministack_with(&cache().join("ministack"), &[])
    }

    /// MiniStack, on loopback only: as it comes it listens everywhere, on a second port too. What it keeps is in
    /// `folder`; its functions get its environment, with `more` in it.
    pub(crate) fn ministack_with(folder: &Path, more: &[(&str, &str)]) -> Result<Self> {
        let python = install::python("ministack")?;
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut command = clean(Command::new(python));
        command.args(["-B", "-m", "ministack"]);
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        command.env("IOT_MTLS_ENABLED", "0").env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ENDPOINT_URL", &url).env("MINISTACK_ACCOUNT_ID", "123456789012");
        for variable in ["HOME", "TMPDIR", "STATE_DIR", "S3_DATA_DIR"] {
            command.env(variable, folder);
        }
        command.envs(more.iter().copied());
        Ok(Self { url, server: Server::start("ministack", &mut command, port)? })
    }

    fn moto() -> Result<Self> {
        let python = install::python("moto")?;
        let port = free_port()?;
        let mut command = clean(Command::new(python));
        command.args(["-B", "-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let url = format!("http://127.0.0.1:{port}");
        Ok(Self { url, server: Server::start("moto", &mut command, port)? })
    }
}

/// `command` with no more of our environment than the way to programs: what it starts inherits it.
fn clean(mut command: Command) -> Command {
    command.env_clear();
    if let Some(path) = Process.get("PATH") {
        command.env("PATH", path);
    }
    command
}
