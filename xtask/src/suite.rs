//! `cargo xtask test`: all that continuous integration runs.

use std::time::Duration;

use anyhow::Result;

use crate::process::{cargo, is_installed, run as must};
use crate::steps::{self, Outcome, Step};
use crate::{bench, conformance, docs, fuzz, interop, lint, logins, pages, stand_ins};

pub(crate) fn run() -> Result<()> {
    let mut steps = lint::steps();
    let more: [Step<'_>; 10] = [
        ("unit and integration tests", Box::new(tests)),
        ("documentation tests", Box::new(doc_tests)),
        ("generated documents", Box::new(|| docs::run(true).map(done))),
        ("conformance", Box::new(|| conformance::run(&conformance::Options::default()).map(done))),
        ("interop", Box::new(|| interop::run(&interop::Options::default()).map(done))),
        ("AWS as others play it", Box::new(|| stand_ins::run().map(done))),
        ("logins", Box::new(|| logins::run(&logins::Options::default()).map(done))),
        ("pages", Box::new(|| pages::run().map(done))),
        ("instruction counts", Box::new(|| bench::run(&bench::Options::check()).map(done))),
        ("fuzz", Box::new(|| fuzz::run(Duration::from_secs(60)).map(done))),
    ];
    steps.extend(more);
    steps::run(steps)
}

fn done((): ()) -> Outcome {
    Outcome::Done
}

fn tests() -> Result<Outcome> {
    if is_installed("cargo-nextest", "--version") {
        must(&mut cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]))?;
    } else {
        must(&mut cargo(&["test", "--workspace", "--all-targets", "--no-fail-fast"]))?;
    }
    Ok(Outcome::Done)
}

fn doc_tests() -> Result<Outcome> {
    must(&mut cargo(&["test", "--workspace", "--doc", "--quiet"]))?;
    Ok(Outcome::Done)
}
