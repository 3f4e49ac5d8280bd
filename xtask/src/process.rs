//! Child processes: commands that must succeed, and servers that live as long as their handle.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use service_kit::env::{Env as _, Process};

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// What the commands install and write: below the root, ignored by git.
pub(crate) fn cache() -> PathBuf {
    root().join(".cache")
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    Process.get("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command of this toolchain's cargo, at the root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    // What would make a second build quicker takes a third of the space.
    command.current_dir(root()).args(arguments).env("CARGO_INCREMENTAL", "0");
    command
}

/// Runs `command`, its output on ours; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    println!("$ {shown}");
    let status = command.status().with_context(|| format!("cannot run {shown}"))?;
    if !status.success() {
        bail!("{shown}: {status}");
    }
    Ok(())
}

/// Runs `command` silently; what it printed on standard output, or an error with what it said.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("cannot run {shown}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if !output.status.success() {
        let said = text(output.stderr) + &text(output.stdout);
        bail!("{shown}: {}\n{}", output.status, tail(&said, 30));
    }
    Ok(text(output.stdout))
}

/// Whether `program` can be run at all.
pub(crate) fn is_installed(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The last `lines` lines of `text`.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(160) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// A port of the loopback interface that is free now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// A server process; killed when this is dropped.
pub(crate) struct Server {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command`, its output in `.cache/logs/<name>.log`, and waits until `port` accepts connections.
    pub(crate) fn start(name: &str, command: &mut Command, port: u16) -> Result<Self> {
        let logs = cache().join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
        let log = logs.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("cannot start {}", shown(command)))?;
        let mut server = Self { name: name.to_owned(), child, log };
        server.wait_for(port)?;
        Ok(server)
    }

    fn wait_for(&mut self, port: u16) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let started = Instant::now();
        while TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at its start: {status}\n{}", self.name, self.said());
            }
            if started.elapsed() > Duration::from_secs(60) {
                bail!("{} does not listen on port {port}\n{}", self.name, self.said());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The last lines of its log.
    pub(crate) fn said(&self) -> String {
        tail(&fs::read_to_string(&self.log).unwrap_or_default(), 20)
    }
}

impl Drop for Server {
    /// Asks it to stop, and kills it if it does not: it may have children to stop itself.
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        for _ in 0..100 {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
