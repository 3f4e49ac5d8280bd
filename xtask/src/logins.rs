//! `cargo xtask logins`: each client logs in to the local server, refreshes, and meets a grant that was revoked and a
//! registration that was deleted.

mod judge;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::build::{Target, executable};
use crate::install::{self, Npm};
use crate::interop;
use crate::process::tail;
use crate::site::{Programs, Site};
use crate::table;

use judge::{Again, Line, Seen};

/// What to run.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Only clients whose name contains this
    #[arg(long)]
    client: Option<String>,
    /// Only this situation of the front: kept, renamed or root
    #[arg(long)]
    situation: Option<String>,
}

impl Options {
    fn wants(&self, client: &str, situation: &str) -> bool {
        self.client.as_deref().is_none_or(|part| client.contains(part))
            && self.situation.as_deref().is_none_or(|wanted| wanted == situation)
    }
}

/// How a client is driven.
#[derive(Clone, Copy)]
enum Driver {
    /// A script of `clients/npm`.
    Node(&'static str),
    /// A script of `clients/python` in the environment of the client's name.
    Python(&'static str),
    /// The example `rmcp_login` of the tests.
    Rust,
}

/// What reaches a client of the challenge of a 401: see `clients/npm/front.mjs`.
const SITUATIONS: [&str; 3] = ["kept", "renamed", "root"];

/// A client that people log in with.
struct Client {
    name: &'static str,
    driver: Driver,
    /// What it does when its grant was revoked.
    revoked: Again,
    /// What it does when its registration was deleted.
    deleted: Again,
}

const CLIENTS: [Client; 5] = [
    Client {
        name: "mcp-2.3.0",
        driver: Driver::Python("login_mcp"),
        revoked: Again::LogsIn,
        // It keeps the id that nobody knows, and the person is told to add the server again.
        deleted: Again::Stops,
    },
    Client {
        name: "fastmcp-4.1.2",
        driver: Driver::Python("login_fastmcp"),
        revoked: Again::LogsIn,
        deleted: Again::Registers,
    },
    Client {
        name: "mcp-remote-0.15.1",
        driver: Driver::Node("login-mcp-remote"),
        revoked: Again::LogsIn,
        deleted: Again::Registers,
    },
    Client {
        name: "client-2.4.0",
        driver: Driver::Node("login-client"),
        revoked: Again::LogsIn,
        deleted: Again::Registers,
    },
    Client {
        name: "rmcp-3.9.0",
        driver: Driver::Rust,
        // It tells the program, which is to begin a login.
        revoked: Again::LogsInWhenTold,
        deleted: Again::RegistersWhenTold,
    },
];

/// The clients that act on their own behalf.
const MACHINES: [(&str, Driver); 3] = [
    ("authlib-1.9.8", Driver::Python("machine_authlib")),
    ("requests-oauthlib-2.0.0", Driver::Python("machine_requests_oauthlib")),
    ("openid-client-6.9.0", Driver::Node("machine")),
];
/// How their clients come to be known: `OAUTH_CLIENTS`, or registration with an initial access token.
const KNOWN_BY: [&str; 2] = ["configured", "registered"];

const STRICT: &str = "oauth4webapi-3.8.8";
/// What `clients/npm/strict.mjs` looks at: one that was left out silently would show here.
const STRICT_CHECKS: usize = 34;

const CALLS: &str = r#"[{"name":"ExecuteQuery","arguments":{"query":"up"}}]"#;

/// What the drivers are run with.
struct Drivers<'a> {
    npm: &'a Npm,
    rust: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let npm = install::npm()?;
    let programs = Programs::build(&npm)?;
    let drivers = Drivers { npm: &npm, rust: executable("tests", Target::Example("rmcp_login"))? };
    let mut report = Report::default();
    for situation in SITUATIONS {
        let clients: Vec<_> =
            CLIENTS.iter().filter(|client| options.wants(client.name, situation)).collect();
        if clients.is_empty() {
            continue;
        }
        let site = Site::start(&format!("logins-{situation}"), &programs, Some(situation))?;
        for client in clients {
            report.log_in(client, situation, &site, &drivers)?;
        }
    }
    // Of machines there is no 401 to speak of; an answer of the authorization server itself may have a challenge.
    let machines = MACHINES.iter().filter(|(name, _)| options.wants(name, "kept"));
    let machines: Vec<_> = machines.collect();
    let strict = options.wants(STRICT, "kept");
    if strict || !machines.is_empty() {
        let site = Site::start("logins-machines", &programs, Some("kept"))?;
        for (name, driver) in machines {
            for how in KNOWN_BY {
                report.get_token(name, *driver, how, &site, &drivers)?;
            }
        }
        if strict {
            report.check(&site, &drivers)?;
        }
    }
    report.finish()
}

impl Drivers<'_> {
    /// The driver of the client `name`, for the site.
    fn command(&self, name: &str, driver: Driver, site: &Site) -> Result<Command> {
        let mut command = match driver {
            Driver::Node(script) => self.npm.node(&format!("{script}.mjs")),
            Driver::Rust => Command::new(&self.rust),
            Driver::Python(script) => {
                let mut command = Command::new(install::python(name)?);
                let scripts = install::clients().join("python");
                command.arg("-B").arg(scripts.join(format!("{script}.py")));
                command
            }
        };
        command.args([&site.url(), CALLS]);
        site.equip(&mut command);
        Ok(command)
    }
}

/// What was found.
#[derive(Default)]
struct Report {
    people: Vec<Vec<String>>,
    machines: Vec<Vec<String>>,
    checks: Option<usize>,
    unexpected: Vec<String>,
}

impl Report {
    fn log_in(
        &mut self,
        client: &Client,
        situation: &str,
        site: &Site,
        drivers: &Drivers<'_>,
    ) -> Result<()> {
        println!("{} {situation}", client.name);
        let mut command = drivers.command(client.name, client.driver, site)?;
        site.change_browser()?;
        let started = Instant::now();
        let seen = drive(&mut command)?;
        let faults = judge::faults(client.revoked, client.deleted, situation, &seen);
        let mut row = vec![client.name.to_owned(), situation.to_owned()];
        row.extend(judge::cells(client.revoked, client.deleted, &faults));
        row.push(format!("{:.1} s", started.elapsed().as_secs_f64()));
        self.people.push(row);
        let faults = faults.into_iter().map(|(step, fault)| format!("{step}: {fault}"));
        self.fault(&format!("{} {situation}", client.name), faults.collect(), site);
        Ok(())
    }

    fn get_token(
        &mut self,
        name: &str,
        driver: Driver,
        how: &str,
        site: &Site,
        drivers: &Drivers<'_>,
    ) -> Result<()> {
        println!("{name} {how}");
        let mut command = drivers.command(name, driver, site)?;
        let seen = drive(command.arg(how))?;
        let [token, list, call] =
            [seen.tokens == 1, seen.tools == interop::listed().len(), seen.calls == 1];
        let mark = |good: bool| if good { "✓" } else { "✗" }.to_owned();
        let mut row = vec![name.to_owned(), how.to_owned()];
        row.extend([token, list, call].map(mark));
        self.machines.push(row);
        let mut faults = seen.complaints;
        if faults.is_empty() && !(token && list && call) {
            faults.push("it did not come to its end".to_owned());
        }
        self.fault(&format!("{name} {how}"), faults, site);
        Ok(())
    }

    fn check(&mut self, site: &Site, drivers: &Drivers<'_>) -> Result<()> {
        println!("{STRICT}");
        let mut command = drivers.command(STRICT, Driver::Node("strict"), site)?;
        site.change_browser()?;
        let seen = drive(&mut command)?;
        let mut faults = seen.complaints;
        if faults.is_empty() && seen.checks.len() != STRICT_CHECKS {
            faults.push(format!("it looked at {} answers, not {STRICT_CHECKS}", seen.checks.len()));
        }
        if let (false, Some(last)) = (faults.is_empty(), seen.checks.last()) {
            faults.push(format!("the last that was well: {last}"));
        }
        self.checks = Some(seen.checks.len());
        self.fault(STRICT, faults, site);
        Ok(())
    }

    fn fault(&mut self, who: &str, faults: Vec<String>, site: &Site) {
        if !faults.is_empty() {
            self.unexpected.push(format!("{who}: {}\n{}", faults.join("\n  "), site.said()));
        }
    }

    fn finish(self) -> Result<()> {
        if self.people.is_empty() && self.machines.is_empty() && self.checks.is_none() {
            bail!("no client or no situation has that name");
        }
        if !self.people.is_empty() {
            let head = [&["client", "challenge"], &judge::STEPS[..], &["took"]].concat();
            println!("\n{}", table::render(&head, &self.people));
        }
        if !self.machines.is_empty() {
            let head = ["machine", "known by", "token", "list", "call"];
            println!("\n{}", table::render(&head, &self.machines));
        }
        if let Some(checks) = self.checks {
            println!(
                "\n{STRICT}: {checks} of {STRICT_CHECKS} answers are what a specification says"
            );
        }
        if !self.unexpected.is_empty() {
            bail!("{}", self.unexpected.join("\n\n"));
        }
        Ok(())
    }
}

fn drive(command: &mut Command) -> Result<Seen> {
    let output = command.stdin(Stdio::null()).output().context("cannot run a client")?;
    let mut seen = Seen::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => seen.take(line),
            Err(err) => seen.complaints.push(format!("{err}: {line}")),
        }
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        seen.complaints.push(format!("{}: {}", output.status, tail(&said, 5)));
    }
    Ok(seen)
}
