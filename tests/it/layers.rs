//! Holds the workspace to what its documents say: the table of `docs/architecture.md`, and the
//! command of `README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

const ARCHITECTURE: &str = include_str!("../../docs/architecture.md");

/// One row of the table.
struct Row<'a> {
    /// Crates of the workspace it may use; `None` when it may use any.
    may_use: Option<BTreeSet<&'a str>>,
    outside: BTreeSet<&'a str>,
}

/// The rows whose first cell is one name in backticks, under the heading with the dependency table.
fn table() -> BTreeMap<&'static str, Row<'static>> {
    let (_, section) =
        ARCHITECTURE.split_once("## Who may use whom").expect("the section is there");
    let (section, _) = section.split_once("\n## ").expect("another section follows");
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim);
    let names = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect::<BTreeSet<_>>();
    let rows = section.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let [package, may_use, outside] = cells(line).collect::<Vec<_>>()[..] else {
            panic!("not three cells: {line}");
        };
        let may_use = (may_use != "anything").then(|| names(may_use));
        (package.trim_matches('`'), Row { may_use, outside: names(outside) })
    });
    let rows: BTreeMap<_, _> = rows.collect();
    assert!(rows.len() > 10, "the table was not understood");
    rows
}

/// Each package of the workspace with its normal and build dependencies.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo metadata prints JSON");
    let list = |value: &Value| value.as_array().cloned().expect("an array");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let package = |package: &Value| {
        let used = list(&package["dependencies"]).into_iter().filter(|dep| dep["kind"] != "dev");
        (name(package), used.map(|dep| name(&dep)).collect())
    };
    list(&metadata["packages"]).iter().map(package).collect()
}

/// The names of everything `package` links, with the features it really has.
fn linked(package: &str) -> BTreeSet<String> {
    let tree = cargo(&["tree", "-p", package, "-e", "normal", "--prefix=none", "--format={p}"]);
    tree.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

#[test]
fn every_package_has_its_row_and_every_row_its_package() {
    let packages = packages();
    let in_workspace: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    let in_table: BTreeSet<&str> = table().into_keys().collect();
    assert_eq!(in_table, in_workspace);
}

#[test]
fn no_package_uses_more_of_the_workspace_than_its_row_allows() {
    let packages = packages();
    for (package, row) in table() {
        let Some(may_use) = row.may_use else { continue };
        let inside = |used: &&String| packages.contains_key(used.as_str());
        let used: BTreeSet<&str> =
            packages[package].iter().filter(inside).map(String::as_str).collect();
        let beyond: Vec<_> = used.difference(&may_use).collect();
        assert!(
            beyond.is_empty(),
            "{package} uses {beyond:?}, which docs/architecture.md does not allow"
        );
    }
}

#[test]
fn an_outside_crate_with_a_place_stays_in_it() {
    let table = table();
    let gated: BTreeSet<&str> =
        table.values().flat_map(|row| row.outside.iter().copied()).collect();
    let packages = packages();
    for (package, row) in &table {
        if row.may_use.is_none() {
            continue;
        }
        let gates = |used: &&str| gated.contains(used) && !row.outside.contains(used);
        let beyond: Vec<_> = packages[*package].iter().map(String::as_str).filter(gates).collect();
        assert!(beyond.is_empty(), "{package} uses {beyond:?}, which have their place elsewhere");
    }
}

#[test]
fn the_core_links_no_transport_and_no_cloud() {
    let refused = |name: &String| {
        let exact = ["http", "http-body", "hyper", "reqwest", "axum", "rustls", "lambda_runtime"];
        exact.contains(&name.as_str()) || name.starts_with("aws-")
    };
    let found: Vec<_> = linked("mcp-core").into_iter().filter(refused).collect();
    assert!(found.is_empty(), "mcp-core links {found:?}");
}

#[test]
fn a_function_links_one_tls() {
    let refused =
        ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls", "rustls-native-certs"];
    for package in packages().into_keys().filter(|name| name.starts_with("fn-")) {
        let linked = linked(&package);
        let found: Vec<_> = refused.iter().filter(|name| linked.contains(**name)).collect();
        assert!(found.is_empty(), "{package} links {found:?}");
    }
}

#[test]
fn ci_runs_the_command_that_the_readme_names() {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## Work on it").expect("the section is there");
    let (_, block) = section.split_once("```sh\n").expect("a command follows");
    let (command, _) = block.split_once("\n```").expect("the command ends");
    let script = include_str!("../../.ci/run");
    let lines = script.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let exec = format!("exec {command}");
    let run: Vec<_> = lines.collect();
    assert_eq!(run, ["set -euo pipefail", r#"cd "$(dirname "$0")/..""#, exec.as_str()]);
}
