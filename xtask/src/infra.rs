//! `cargo xtask infra`: the CDK app of `infra/`. Its tests need no account and no network once its packages are there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::install;
use crate::process::{is_installed, output, root, run as must};

pub(crate) fn run() -> Result<()> {
    packages()?;
    must(npm(&["test", "--silent"]).env("NODE_OPTIONS", "--test-reporter=dot"))?;
    lint()
}

/// The folder of the app.
pub(crate) fn folder() -> PathBuf {
    root().join("infra")
}

/// Installs what `package-lock.json` pins, beside it: modules are looked up from where their importer lies.
pub(crate) fn packages() -> Result<()> {
    let manifest = ["package.json", "package-lock.json"].map(|name| folder().join(name));
    let stamp = install::digest(&manifest)?;
    let mark = folder().join("node_modules/.stamp");
    if fs::read_to_string(&mark).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    if !is_installed("npm", "--version") {
        bail!("npm is needed: install Node 20 or newer");
    }
    println!("installing the npm packages of infra");
    // No script of a package runs; the wanted ones need none.
    output(&mut npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::write(&mark, stamp).with_context(|| format!("cannot write {}", mark.display()))
}

/// The templates of all variants, by two linters who know nothing of us.
fn lint() -> Result<()> {
    let templates = folder().join("cdk.out/variants");
    output(npm(&["run", "templates", "--silent", "--"]).arg(&templates))?;
    let cfn_lint = install::python("cfn-lint")?.with_file_name("cfn-lint");
    let files = fs::read_dir(&templates)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files: Vec<_> = files.collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    // In the folder of the app: what is acknowledged is in its .cfnlintrc, and its .checkov.yaml.
    must(Command::new(cfn_lint).current_dir(folder()).args(files))?;
    let checkov = install::python("checkov")?.with_file_name("checkov");
    let mut checkov = Command::new(checkov);
    checkov.current_dir(folder()).args(["--config-file", ".checkov.yaml", "--directory"]);
    must(checkov.arg(&templates))
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder()).args(arguments);
    npm
}
