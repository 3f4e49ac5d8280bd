//! `cargo xtask pages`: the pages that people see, in Chromium, each looked at by axe-core and kept as pictures.

use std::fs;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::install;
use crate::process::{root, tail};
use crate::site::{Programs, Site};

/// A line of `clients/npm/pages.mjs`.
#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
enum Line {
    Check { name: String },
    Error { error: String },
}

/// What `pages.mjs` looks at: one that was left out silently would show here.
const CHECKS: usize = 91;

pub(crate) fn run() -> Result<()> {
    install::debian("chromium", "chromium")?;
    let npm = install::npm()?;
    let pictures = root().join("target/pages");
    if pictures.exists() {
        fs::remove_dir_all(&pictures)?;
    }
    fs::create_dir_all(&pictures)
        .with_context(|| format!("cannot create {}", pictures.display()))?;
    let site = Site::start("pages", &Programs::build(&npm)?, None)?;
    let (certificate, key) = site.certificate("app.example")?;
    let mut command = npm.node("pages.mjs");
    command.arg(&site.origin).arg(&pictures);
    command.env("TLS_CERTIFICATE", certificate).env("TLS_KEY", key);
    site.equip(&mut command);
    let output = command.stdin(Stdio::null()).output().context("cannot run Chromium")?;
    let (mut checks, mut faults) = (0, Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        match serde_json::from_str(line) {
            Ok(Line::Check { name }) => {
                checks += 1;
                println!("✓ {name}");
            }
            Ok(Line::Error { error }) => {
                println!("✗ {error}");
                faults.push(error);
            }
            Err(err) => faults.push(format!("{err}: {line}")),
        }
    }
    println!("\nthe pictures are in {}", pictures.display());
    if !output.status.success() && faults.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        faults.push(format!("{}: {}", output.status, tail(&said, 10)));
    }
    if faults.is_empty() && checks != CHECKS {
        faults.push(format!("{checks} checks, not {CHECKS}"));
    }
    if !faults.is_empty() {
        bail!("{}\n{}", faults.join("\n"), site.said());
    }
    Ok(())
}
