//! `cargo xtask interop`: each client lists the tools of the local server, and calls them.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::build::{Target, executable};
use crate::install::{self, Npm};
use crate::process::{Server, free_port, tail};
use crate::table;

/// What to run.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Only clients whose name contains this
    #[arg(long)]
    client: Option<String>,
    /// A server that already runs, instead of the local server
    #[arg(long)]
    url: Option<String>,
}

/// How a client is driven.
#[derive(Clone, Copy)]
enum Driver {
    /// A script of `clients/npm`.
    Node(&'static str),
    /// A script of `clients/python` in the environment of the client's name.
    Python(&'static str),
    /// The example `rmcp` of the tests.
    Rust,
}

struct Client {
    name: &'static str,
    driver: Driver,
    mode: &'static str,
    /// The revision it must end up with; `None` where it does not tell.
    revision: Option<&'static str>,
}

const fn client(
    name: &'static str,
    driver: Driver,
    mode: &'static str,
    revision: &'static str,
) -> Client {
    Client { name, driver, mode, revision: Some(revision) }
}

const CLIENTS: [Client; 22] = [
    client("mcp-2.3.0", Driver::Python("mcp_v2"), "auto", "2026-07-28"),
    client("mcp-2.3.0", Driver::Python("mcp_v2"), "2026-07-28", "2026-07-28"),
    client("mcp-2.3.0", Driver::Python("mcp_v2"), "legacy", "2025-11-25"),
    client("fastmcp-4.1.2", Driver::Python("fastmcp_v4"), "", "2026-07-28"),
    client("mcp-1.30.0", Driver::Python("mcp_v1"), "", "2025-11-25"),
    client("mcp-1.20.0", Driver::Python("mcp_v1"), "", "2025-06-18"),
    client("mcp-1.9.4", Driver::Python("mcp_v1"), "", "2025-03-26"),
    client("mcp-1.8.1", Driver::Python("mcp_v1"), "", "2024-11-05"),
    client("client-2.4.0", Driver::Node("client"), "auto", "2026-07-28"),
    client("client-2.4.0", Driver::Node("client"), "legacy", "2025-11-25"),
    client("sdk-1.32.2", Driver::Node("sdk"), "sdk-1.32.2", "2025-11-25"),
    client("sdk-1.17.0", Driver::Node("sdk"), "sdk-1.17.0", "2025-06-18"),
    client("sdk-1.11.0", Driver::Node("sdk"), "sdk-1.11.0", "2025-03-26"),
    client("sdk-1.10.0", Driver::Node("sdk"), "sdk-1.10.0", "2024-11-05"),
    client("rmcp-3.9.0", Driver::Rust, "discover", "2026-07-28"),
    client("rmcp-3.9.0", Driver::Rust, "auto", "2026-07-28"),
    client("rmcp-3.9.0", Driver::Rust, "initialize", "2025-11-25"),
    Client {
        name: "inspector-2.12.0",
        driver: Driver::Node("inspector"),
        mode: "auto",
        revision: None,
    },
    Client {
        name: "inspector-2.12.0",
        driver: Driver::Node("inspector"),
        mode: "modern",
        revision: None,
    },
    Client {
        name: "inspector-2.12.0",
        driver: Driver::Node("inspector"),
        mode: "legacy",
        revision: None,
    },
    client("mcp-remote-0.15.1", Driver::Node("mcp-remote"), "auto", "2026-07-28"),
    client("mcp-remote-0.15.1", Driver::Node("mcp-remote"), "legacy", "2025-11-25"),
];

/// The tools, in the order in which the server lists them, and what each is called with; the last
/// takes up what another call began, and these clients wait.
fn tools() -> Vec<(&'static str, Option<Value>)> {
    let days = json!({"start_date": "2020-01-01", "end_date": "2100-01-01", "max_cases": 20});
    vec![
        ("ExecuteQuery", Some(json!({"query": "up"}))),
        (
            "ExecuteRangeQuery",
            Some(json!({"query": "up", "start": "now-1h", "end": "now", "step": "60s"})),
        ),
        ("ListMetrics", Some(json!({}))),
        ("GetServerInfo", Some(json!({}))),
        ("GetAvailableWorkspaces", Some(json!({}))),
        ("query_athena", Some(json!({"query": "SHOW TABLES"}))),
        (
            "analyze_with_bedrock",
            Some(json!({"data": "Two cases.", "analysis_prompt": "How many?"})),
        ),
        ("get_case_summary", Some(json!({"service_code": "EC2"}))),
        ("get_rca_analysis", Some(json!({"rca_category": "Throttling"}))),
        ("get_service_trends", Some(json!({}))),
        ("analyze_case_summaries", Some(days)),
        ("get_query_results", None),
    ]
}

/// The names of the tools, in the order in which the server lists them.
pub(crate) fn listed() -> Vec<&'static str> {
    tools().into_iter().map(|(name, _)| name).collect()
}

fn called() -> Vec<&'static str> {
    tools().into_iter().filter_map(|(name, arguments)| arguments.map(|_| name)).collect()
}

fn calls() -> String {
    let call = |(name, arguments): (&str, Option<Value>)| {
        Some(json!({"name": name, "arguments": arguments?}))
    };
    json!(tools().into_iter().filter_map(call).collect::<Vec<_>>()).to_string()
}

/// A line of a driver: see `clients/README.md`.
#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
enum Line {
    Connect { protocol: Option<String> },
    List { tools: Vec<String> },
    Call { tool: String, ok: bool, text: String },
    Error { error: String },
}

/// What a client saw.
#[derive(Default)]
struct Seen {
    revision: Option<String>,
    tools: Vec<String>,
    /// The tools that answered.
    answered: Vec<String>,
    complaints: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let npm = install::npm()?;
    let wanted =
        |client: &&Client| options.client.as_deref().is_none_or(|part| client.name.contains(part));
    let clients: Vec<&Client> = CLIENTS.iter().filter(wanted).collect();
    if clients.is_empty() {
        bail!("no client has that name");
    }
    let rust = executable("tests", Target::Example("rmcp"))?;
    let (url, _server) = match &options.url {
        Some(url) => (url.clone(), None),
        None => {
            let port = free_port()?;
            let program = executable("mcp-local", Target::Bin("mcp-local"))?;
            let mut command = Command::new(program);
            command.args(["--no-auth", "--port", &port.to_string()]);
            let server = Server::start("interop", &mut command, port)?;
            (format!("http://127.0.0.1:{port}/mcp"), Some(server))
        }
    };

    let mut rows = Vec::new();
    let mut unexpected = Vec::new();
    for client in clients {
        println!("{} {}", client.name, client.mode);
        let mut command = command(client, &npm, &rust)?;
        let started = Instant::now();
        command.args([&url, &calls()]);
        if !client.mode.is_empty() {
            command.arg(client.mode);
        }
        let seen = drive(&mut command)?;
        let faults = faults(client, &seen);
        rows.push(row(client, &seen, started.elapsed().as_secs_f64()));
        if !faults.is_empty() {
            unexpected.push(format!("{} {}: {}", client.name, client.mode, faults.join("; ")));
        }
    }
    let head = ["client", "mode", "revision", "listed", "called", "took"];
    println!("\n{}", table::render(&head, &rows));
    if !unexpected.is_empty() {
        bail!("{}", unexpected.join("\n"));
    }
    Ok(())
}

fn command(client: &Client, npm: &Npm, rust: &PathBuf) -> Result<Command> {
    Ok(match client.driver {
        Driver::Node(script) => npm.node(&format!("{script}.mjs")),
        Driver::Rust => Command::new(rust),
        Driver::Python(script) => {
            let mut command = Command::new(install::python(client.name)?);
            command.arg("-B").arg(install::clients().join("python").join(format!("{script}.py")));
            command
        }
    })
}

fn drive(command: &mut Command) -> Result<Seen> {
    let output = command.stdin(Stdio::null()).output().context("cannot run a client")?;
    let mut seen = Seen::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        match serde_json::from_str(line) {
            Ok(Line::Connect { protocol }) => seen.revision = protocol,
            Ok(Line::List { tools }) => seen.tools = tools,
            Ok(Line::Call { tool, ok: true, .. }) => seen.answered.push(tool),
            Ok(Line::Call { tool, ok: false, text }) => {
                seen.complaints.push(format!("{tool}: {text}"))
            }
            Ok(Line::Error { error }) => seen.complaints.push(error),
            Err(err) => seen.complaints.push(format!("{err}: {line}")),
        }
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        seen.complaints.push(format!("{}: {}", output.status, tail(&said, 5)));
    }
    Ok(seen)
}

fn faults(client: &Client, seen: &Seen) -> Vec<String> {
    let mut faults = seen.complaints.clone();
    if let Some(expected) = client.revision
        && seen.revision.as_deref() != Some(expected)
    {
        faults.push(format!("it speaks {:?}, not {expected}", seen.revision));
    }
    if seen.tools != listed() {
        faults.push(format!("it was told of the tools {:?}", seen.tools));
    }
    if seen.answered != called() {
        faults.push(format!("only {:?} answered", seen.answered));
    }
    faults
}

fn row(client: &Client, seen: &Seen, took: f64) -> Vec<String> {
    let mode = if client.mode == client.name { "" } else { client.mode };
    let mut row = vec![client.name.to_owned(), mode.to_owned()];
    row.push(seen.revision.clone().unwrap_or_default());
    row.push(format!("{} of {}", seen.tools.len(), listed().len()));
    row.push(format!("{} of {}", seen.answered.len(), called().len()));
    row.push(format!("{took:.1} s"));
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_passes_only_when_it_saw_everything_in_its_revision() {
        let all = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let good = || Seen {
            revision: Some("2026-07-28".to_owned()),
            tools: all(listed()),
            answered: all(called()),
            complaints: Vec::new(),
        };
        assert!(faults(&CLIENTS[0], &good()).is_empty());
        for bad in [
            Seen { revision: None, ..good() },
            Seen { tools: vec![], ..good() },
            Seen { answered: all(called())[1..].to_vec(), ..good() },
            Seen { complaints: vec!["no".to_owned()], ..good() },
        ] {
            assert_eq!(faults(&CLIENTS[0], &bad).len(), 1);
        }
    }
}
