//! `cargo xtask lint`.

use anyhow::Result;

use crate::process::{cargo, is_installed, run as must};
use crate::steps::{self, Outcome, Step};

pub(crate) fn run() -> Result<()> {
    steps::run(steps())
}

pub(crate) fn steps() -> Vec<Step<'static>> {
    vec![
        ("formatting", Box::new(formatting)),
        ("clippy", Box::new(clippy)),
        ("rustdoc", Box::new(rustdoc)),
        ("licences and advisories", Box::new(deny)),
    ]
}

fn formatting() -> Result<Outcome> {
    must(&mut cargo(&["fmt", "--all", "--check"]))?;
    Ok(Outcome::Done)
}

fn clippy() -> Result<Outcome> {
    must(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    Ok(Outcome::Done)
}

fn rustdoc() -> Result<Outcome> {
    must(
        cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    Ok(Outcome::Done)
}

fn deny() -> Result<Outcome> {
    if !is_installed("cargo-deny", "--version") {
        let why = "cargo-deny is not installed, so licences and advisories were not checked \
                   (`cargo install --locked cargo-deny`)";
        println!("{why}");
        return Ok(Outcome::Partly(why.to_owned()));
    }
    must(&mut cargo(&["deny", "check"]))?;
    Ok(Outcome::Done)
}
