//! Builds by cargo, and packages as Lambda wants them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::install;
use crate::process::{cargo, output, root, run};

/// What to build.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// A program of a package.
    Bin(&'static str),
    /// An example of a package.
    Example(&'static str),
}

/// Builds one executable of `package` (debug profile); its path.
pub(crate) fn executable(package: &str, target: Target) -> Result<PathBuf> {
    let (kind, name) = match target {
        Target::Bin(name) => ("--bin", name),
        Target::Example(name) => ("--example", name),
    };
    println!("building {name}");
    built(&["build", "--quiet", "--package", package, kind, name], name)
}

/// Builds the function `package` for release; the path of its program.
pub(crate) fn release(package: &str) -> Result<PathBuf> {
    println!("building {package} for release");
    built(&["build", "--quiet", "--release", "--package", package], package)
}

fn built(arguments: &[&str], name: &str) -> Result<PathBuf> {
    let mut command = cargo(arguments);
    command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let messages = output(&mut command)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut executables = messages.filter(|message| message["target"]["name"] == name);
    let path = executables.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    path.with_context(|| format!("cargo built no executable {name}"))
}

/// `cargo xtask build-lambda`: each function as `target/lambda/<function>.zip`, with `bootstrap` in it.
pub(crate) fn lambda() -> Result<()> {
    install::debian("zip", "zip")?;
    for function in ["mcp", "authorizer", "oauth", "health"] {
        let package = format!("fn-{function}");
        let built = release(&package)?;
        let folder = root().join("target/lambda").join(function);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        fs::copy(&built, folder.join("bootstrap"))?;
        let zip = folder.with_extension("zip");
        if zip.exists() {
            fs::remove_file(&zip)?; // or it would be added to
        }
        // -X leaves out owners and exact times: the same build gives the same archive.
        run(Command::new("zip")
            .current_dir(&folder)
            .args(["-q", "-X", "-j"])
            .arg(&zip)
            .arg("bootstrap"))?;
        println!("{}: {} KB", zip.display(), fs::metadata(&zip)?.len() / 1024);
    }
    Ok(())
}
