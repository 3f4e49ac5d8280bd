//! `cargo xtask conformance`: the official suite against `examples/conformance-server`, at each front, and against the
//! authorization server of the local server.

mod authorization;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::build::{Target, executable};
use crate::install::{self, Npm};
use crate::process::{Server, cache, free_port};
use crate::table;

/// What to run.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Only this front: http, rest-buffered, rest-streaming or http-api; or authorization, the authorization server
    #[arg(long)]
    front: Option<String>,
    /// Only this revision
    #[arg(long)]
    revision: Option<String>,
}

const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";

/// How a request reaches the server.
struct Front {
    name: &'static str,
    /// The emulator's `--front` and `--mode`; `None`: the server's own port.
    gateway: Option<(&'static str, &'static str)>,
}

const FRONTS: [Front; 4] = [
    Front { name: "http", gateway: None },
    Front { name: "rest-buffered", gateway: Some(("rest", "buffered")) },
    Front { name: "rest-streaming", gateway: Some(("rest", "streaming")) },
    // An HTTP API transfers whole answers only.
    Front { name: "http-api", gateway: Some(("http", "buffered")) },
];

/// One run of the suite, and what it must come to.
struct Revision {
    name: &'static str,
    arguments: &'static [&'static str],
    scenarios: usize,
    /// Scenarios that must fail, all for the reason in [`NEEDS_A_SESSION`].
    fail: &'static [&'static str],
    /// Checks that must pass: what is lost to a silent skip would show here.
    checks: usize,
    /// Those of them about `subscriptions/listen`. A function behind API Gateway does not offer it: it has nothing to
    /// announce from one request to another.
    listen: usize,
}

/// Why a scenario may fail: the server asks the client something in the middle of a call, and the answer comes with a
/// second POST that has to find the waiting one. A server without sessions cannot do that, and says so at once.
const NEEDS_A_SESSION: &str = "needs a session";

const REVISIONS: [Revision; 3] = [
    Revision {
        name: "2026-07-28",
        // 37 scored, and those that are not: Tasks, header validation, JSON Schema 2020-12.
        arguments: &["--requirements", "2026-07-28"],
        scenarios: 50,
        fail: &[],
        checks: 196,
        listen: 5,
    },
    Revision {
        name: "2025-11-25",
        // 30 scored, and 3 that are not: JSON Schema 2020-12, session lifecycle, SSE polling.
        arguments: &["--requirements", "2025-11-25"],
        scenarios: 33,
        fail: &[
            "tools-call-sampling",
            "tools-call-elicitation",
            "elicitation-sep1034-defaults",
            "elicitation-sep1330-enums",
        ],
        checks: 63,
        listen: 0,
    },
    Revision {
        name: "2025-06-18",
        arguments: &["--suite", "all", "--spec-version", "2025-06-18"],
        scenarios: 27,
        fail: &["tools-call-sampling", "tools-call-elicitation"],
        checks: 50,
        listen: 0,
    },
];

/// What a run came to.
#[derive(Default)]
struct Found {
    scenarios: usize,
    checks: usize,
    failed: BTreeSet<String>,
    warnings: usize,
    /// What the failed checks say.
    complaints: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let npm = install::npm()?;
    let fixture = executable("conformance-server", Target::Bin("conformance-server"))?;
    let emulator = executable("tests", Target::Bin("emulator"))?;
    let wanted =
        |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|it| it == name);
    let mut rows = Vec::new();
    let mut unexpected = Vec::new();
    for front in FRONTS.iter().filter(|front| wanted(&options.front, front.name)) {
        let port = free_port()?;
        let port_argument = port.to_string();
        let mut command = match front.gateway {
            None => {
                let mut command = Command::new(&fixture);
                command.args(["--port", &port_argument]);
                command
            }
            Some((kind, mode)) => {
                let mut command = Command::new(&emulator);
                // One process: the fixture's tasks are in its memory.
                command.args(["--front", kind, "--mode", mode, "--processes", "1"]);
                command.args(["--port", &port_argument, "--"]).arg(&fixture);
                command
            }
        };
        let server = Server::start(&format!("conformance-{}", front.name), &mut command, port)?;
        for revision in REVISIONS.iter().filter(|it| wanted(&options.revision, it.name)) {
            println!("{}, {}", front.name, revision.name);
            let found = suite(&npm, port, front, revision)?;
            let faults = faults(front, revision, &found);
            rows.push(row(front, revision, &found, faults.is_empty()));
            if !faults.is_empty() {
                let said = format!("its log ends with:\n{}", server.said());
                unexpected.push(format!(
                    "{}, {}: {}\n{said}",
                    front.name,
                    revision.name,
                    faults.join("\n  ")
                ));
            }
        }
    }
    if wanted(&options.front, authorization::NAME) && options.revision.is_none() {
        let (row, fault) = authorization::run(&npm)?;
        rows.push(row);
        unexpected.extend(fault);
    }
    let head = ["front", "revision", "scenarios", "expected failures", "checks", "as expected"];
    println!("\n{}\nAn expected failure {NEEDS_A_SESSION}.", table::render(&head, &rows));
    if rows.is_empty() {
        bail!("no front or no revision has that name");
    }
    if !unexpected.is_empty() {
        bail!("{}", unexpected.join("\n\n"));
    }
    Ok(())
}

fn suite(npm: &Npm, port: u16, front: &Front, revision: &Revision) -> Result<Found> {
    let results = cache().join("conformance").join(front.name).join(revision.name);
    if results.exists() {
        fs::remove_dir_all(&results)?;
    }
    fs::create_dir_all(&results)?;
    let mut command = npm.node(SUITE);
    command.args(["server", "--url", &format!("http://127.0.0.1:{port}/mcp")]);
    command.args(revision.arguments).arg("--output-dir").arg(&results);
    // Its status says whether all passed; which of them must not is ours to know.
    let output = command.output().context("cannot run the conformance suite")?;
    fs::write(results.join("output.txt"), [output.stdout, output.stderr].concat())?;
    read(&results)
}

/// One entry of a scenario's `checks.json`.
#[derive(Deserialize)]
struct Check {
    id: String,
    status: String,
    #[serde(rename = "errorMessage")]
    message: Option<String>,
}

fn read(results: &Path) -> Result<Found> {
    let mut found = Found::default();
    let mut folders: Vec<_> = fs::read_dir(results)?.collect::<std::io::Result<_>>()?;
    folders.sort_by_key(|folder| folder.file_name());
    for folder in folders {
        let checks = folder.path().join("checks.json");
        if !checks.exists() {
            continue;
        }
        let checks: Vec<Check> = serde_json::from_slice(&fs::read(&checks)?)
            .with_context(|| format!("cannot read {}", checks.display()))?;
        let name = scenario(&folder.file_name().to_string_lossy());
        found.scenarios += 1;
        found.checks += checks.iter().filter(|check| check.status == "SUCCESS").count();
        found.warnings += checks.iter().filter(|check| check.status == "WARNING").count();
        for check in checks.into_iter().filter(|check| check.status == "FAILURE") {
            let message = check.message.unwrap_or_default();
            found.complaints.push(format!("{name}, {}: {message}", check.id));
            found.failed.insert(name.clone());
        }
    }
    Ok(found)
}

/// The scenario of a folder named `server-<scenario>-2026-11-20T19-30-00-000Z`, or of an `authorization-server-…`.
fn scenario(folder: &str) -> String {
    let name = folder.strip_prefix("authorization-").unwrap_or(folder);
    let name = name.strip_prefix("server-").unwrap_or(name);
    let end = name.len().saturating_sub("-2026-11-20T19-30-00-000Z".len());
    if name.ends_with('Z') { name[..end].to_owned() } else { name.to_owned() }
}

/// What is not as [`REVISIONS`] says.
fn faults(front: &Front, revision: &Revision, found: &Found) -> Vec<String> {
    let mut faults = Vec::new();
    if found.scenarios != revision.scenarios {
        faults.push(format!("{} scenarios ran, not {}", found.scenarios, revision.scenarios));
    }
    let checks = revision.checks - front.gateway.map_or(0, |_| revision.listen);
    if found.checks != checks {
        faults.push(format!("{} checks passed, not {checks}", found.checks));
    }
    let expected = |name: &str| revision.fail.contains(&name);
    let passed = revision.fail.iter().filter(|name| !found.failed.contains(**name));
    faults.extend(passed.map(|name| format!("{name} passed: it is no longer an expected failure")));
    let complaint_of = |name: &str, line: &str| line.starts_with(&format!("{name}, "));
    for name in found.failed.iter().filter(|name| !expected(name)) {
        faults.extend(found.complaints.iter().filter(|line| complaint_of(name, line)).cloned());
    }
    faults
}

fn row(front: &Front, revision: &Revision, found: &Found, as_expected: bool) -> Vec<String> {
    let passed = found.scenarios - found.failed.len();
    vec![
        front.name.to_owned(),
        revision.name.to_owned(),
        format!("{passed} of {} passed", found.scenarios),
        revision.fail.len().to_string(),
        format!("{} passed, {} failed", found.checks, found.complaints.len()),
        if as_expected { "✓" } else { "✗" }.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_read_off_its_folder() {
        for (folder, name) in [
            ("server-tools-list-2026-11-20T19-30-00-000Z", "tools-list"),
            ("server-json-schema-2020-12-2026-11-20T19-30-00-000Z", "json-schema-2020-12"),
            (
                "authorization-server-authorization-code-grant-2026-11-20T19-30-00-000Z",
                "authorization-code-grant",
            ),
            ("server-ping-2027-01-02T00-00-00-000Z", "ping"),
        ] {
            assert_eq!(scenario(folder), name);
        }
    }

    #[test]
    fn an_expected_failure_that_passes_is_a_fault_like_an_unexpected_one() {
        let (front, revision) = (&FRONTS[0], &REVISIONS[2]);
        let failing = |names: &[&str]| Found {
            scenarios: revision.scenarios,
            checks: revision.checks,
            failed: names.iter().map(|&name| name.to_owned()).collect(),
            complaints: names.iter().map(|name| format!("{name}, id: no")).collect(),
            ..Found::default()
        };
        let [one, two] = [revision.fail[0], revision.fail[1]];
        assert!(faults(front, revision, &failing(&[one, two])).is_empty());
        assert_eq!(faults(front, revision, &failing(&[one])).len(), 1);
        assert_eq!(faults(front, revision, &failing(&[one, two, "ping"])).len(), 1);
    }

    #[test]
    fn checks_that_were_silently_left_out_are_a_fault() {
        let revision = &REVISIONS[0];
        let passing = |checks| Found { scenarios: revision.scenarios, checks, ..Found::default() };
        for (front, checks, fine) in
            [(&FRONTS[0], 196, true), (&FRONTS[0], 191, false), (&FRONTS[1], 191, true)]
        {
            assert_eq!(faults(front, revision, &passing(checks)).is_empty(), fine);
        }
    }
}
