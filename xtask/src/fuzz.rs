//! `cargo xtask fuzz`: mutated requests at the HTTP entry and the door, and events for the authorizer, by
//! `tests/examples/fuzz.rs`.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::build::{Target, executable};
use crate::process::run as must;

pub(crate) fn run(time: Duration) -> Result<()> {
    let fuzz = executable("tests", Target::Example("fuzz"))?;
    must(Command::new(fuzz).arg(time.as_secs().to_string()))
}
