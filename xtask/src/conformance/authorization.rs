//! The suite's scenarios for an authorization server, against that of the local server. It prints the page that a
//! person is to open, and waits for what comes of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{Found, SUITE, read};
use crate::install::Npm;
use crate::process::{cache, free_port};
use crate::site::{PUBLIC, Programs, Site};

/// The name of its row.
pub(super) const NAME: &str = "authorization";
const SCENARIOS: usize = 2;
/// A warning is no success.
const CHECKS: usize = 3;

/// Its row of the table, and what is not as it should be.
pub(super) fn run(npm: &Npm) -> Result<(Vec<String>, Option<String>)> {
    println!("{NAME}");
    let site = Site::start("conformance-authorization", &Programs::build(npm)?, None)?;
    let found = suite(npm, &site).with_context(|| site.said())?;
    let as_expected = found.scenarios == SCENARIOS
        && found.checks == CHECKS
        && found.failed.is_empty()
        && found.warnings == 0;
    let row = vec![
        NAME.to_owned(),
        String::new(),
        format!("{} of {} passed", found.scenarios - found.failed.len(), found.scenarios),
        "0".to_owned(),
        format!("{} passed, {} failed", found.checks, found.complaints.len()),
        if as_expected { "✓" } else { "✗" }.to_owned(),
    ];
    let fault = (!as_expected).then(|| {
        let warnings = found.warnings;
        format!("{NAME}: {warnings} warnings; {}\n{}", found.complaints.join("\n  "), site.said())
    });
    Ok((row, fault))
}

fn suite(npm: &Npm, site: &Site) -> Result<Found> {
    let results = cache().join("conformance").join(NAME);
    if results.exists() {
        fs::remove_dir_all(&results)?;
    }
    fs::create_dir_all(&results)?;
    let mut command = npm.node(SUITE);
    command.args([NAME, "--url", &site.origin, "--resource", &site.url(), "--client-id", PUBLIC]);
    command.args(["--port", &free_port()?.to_string(), "--output-dir"]).arg(&results);
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut suite = command.spawn().context("cannot run the conformance suite")?;
    let said = suite.stdout.take().context("the suite says nothing")?;
    let page = format!("{}/oauth/authorize?", site.origin);
    for line in BufReader::new(said).lines() {
        let line = line?;
        if line.starts_with(&page)
            && let Err(err) = open(npm, site, &line)
        {
            suite.kill()?;
            suite.wait()?;
            return Err(err);
        }
    }
    suite.wait()?;
    read(&results)
}

/// What a person does.
fn open(npm: &Npm, site: &Site, page: &str) -> Result<()> {
    let mut browser: Command = npm.node("browser.mjs");
    browser.arg(page).stderr(Stdio::null());
    site.equip(&mut browser);
    if !browser.status().context("cannot run the browser")?.success() {
        bail!("the login did not come to its end");
    }
    Ok(())
}
