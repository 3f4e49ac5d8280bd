//! A command of several steps: says what it does, how long each took, and stops at the first failure.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::table;

/// What a step came to.
pub(crate) enum Outcome {
    /// All of it was done.
    Done,
    /// Some of it could not be done here, and why. Not a failure, but said in the summary.
    Partly(String),
}

/// One step: what it is, and how to do it.
pub(crate) type Step<'a> = (&'static str, Box<dyn FnOnce() -> Result<Outcome> + 'a>);

/// Does the steps in order. The summary names each of them, those that were not reached too.
pub(crate) fn run(steps: Vec<Step<'_>>) -> Result<()> {
    let mut rows = Vec::new();
    let mut failed = None;
    for (name, step) in steps {
        if failed.is_some() {
            rows.push(row(name, "not run", None));
            continue;
        }
        println!("\n━━ {name}");
        let started = Instant::now();
        let outcome = step();
        let elapsed = Some(started.elapsed());
        rows.push(match outcome {
            Ok(Outcome::Done) => row(name, "ok", elapsed),
            Ok(Outcome::Partly(why)) => row(name, &format!("ok, but {why}"), elapsed),
            Err(err) => {
                eprintln!("error: {err:#}");
                failed = Some(name);
                row(name, "FAILED", elapsed)
            }
        });
    }
    println!("\n{}", table::render(&["step", "took", "result"], &rows));
    match failed {
        Some(name) => bail!("{name} failed"),
        None => Ok(()),
    }
}

fn row(name: &str, result: &str, took: Option<Duration>) -> Vec<String> {
    let took = took.map_or(String::new(), |took| format!("{:.1} s", took.as_secs_f64()));
    vec![name.to_owned(), took, result.to_owned()]
}
