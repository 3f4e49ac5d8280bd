//! `cargo xtask test`: all that continuous integration runs.

use std::fs;
use std::time::Duration;

use anyhow::Result;

use crate::process::{cargo, is_installed, run as must};
use crate::steps::{self, Outcome, Step};
use crate::{bench, conformance, docs, fuzz, interop, leaks, lint, logins, pages, rest, stand_ins};

pub(crate) fn run() -> Result<()> {
    let mut steps = lint::steps();
    let more: [Step<'_>; 13] = [
        ("unit and integration tests", Box::new(tests)),
        ("documentation tests", Box::new(doc_tests)),
        ("generated documents", Box::new(|| docs::run(true).map(done))),
        ("conformance", Box::new(|| conformance::run(&conformance::Options::default()).map(done))),
        ("interop", Box::new(|| interop::run(&interop::Options::default()).map(done))),
        ("AWS as others play it", Box::new(|| stand_ins::run().map(done))),
        ("logins", Box::new(|| logins::run(&logins::Options::default()).map(done))),
        ("pages", Box::new(|| pages::run().map(done))),
        ("REST by its description", Box::new(|| rest::run(&rest::Options::default()).map(done))),
        ("instruction counts", Box::new(|| bench::run(&bench::Options::check()).map(done))),
        ("verification, and in a flood", Box::new(verification)),
        ("fuzz", Box::new(|| fuzz::run(Duration::from_secs(60)).map(done))),
        ("no token in any log", Box::new(leaks::search)),
    ];
    steps.extend(more);
    steps::run(steps)
}

fn done((): ()) -> Outcome {
    Outcome::Done
}

fn tests() -> Result<Outcome> {
    // That of a run before would be searched for this one's.
    let _ = fs::remove_file(leaks::printed());
    if is_installed("cargo-nextest", "--version") {
        // What they print is kept (.config/nextest.toml), and searched for tokens at the end.
        must(&mut cargo(&[
            "nextest",
            "run",
            "--profile",
            "kept",
            "--workspace",
            "--no-fail-fast",
        ]))?;
    } else {
        must(&mut cargo(&["test", "--workspace", "--all-targets", "--no-fail-fast"]))?;
    }
    Ok(Outcome::Done)
}

/// Both fail by ratios within one run, whatever else the machine does.
fn verification() -> Result<Outcome> {
    must(&mut cargo(&[
        "bench",
        "--package",
        "auth",
        "--bench",
        "verify",
        "--bench",
        "flood",
        "--",
        "--quick",
    ]))?;
    Ok(Outcome::Done)
}

fn doc_tests() -> Result<Outcome> {
    must(&mut cargo(&["test", "--workspace", "--doc", "--quiet"]))?;
    Ok(Outcome::Done)
}
