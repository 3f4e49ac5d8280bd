//! A real Prometheus: the package of Debian, unpacked below the cache folder, no root needed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// How long a server may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Where [`install`] puts the binaries unless told otherwise.
pub fn cache_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/prometheus")
}

/// The two programs of the package.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The server.
    pub prometheus: PathBuf,
    /// Its tool, which makes blocks from text.
    pub promtool: PathBuf,
}

impl Binaries {
    fn below(folder: &Path) -> Option<Self> {
        let [prometheus, promtool] =
            ["prometheus", "promtool"].map(|name| folder.join("usr/bin").join(name));
        (prometheus.exists() && promtool.exists()).then_some(Self { prometheus, promtool })
    }
}

/// The binaries below `cache`, downloaded and unpacked if they are not there yet. Several
/// processes may do so at once.
///
/// # Errors
/// When there is no `apt-get` or `dpkg`, or the download fails.
pub fn install(cache: &Path) -> Result<Binaries> {
    let installed = cache.join("package");
    if let Some(binaries) = Binaries::below(&installed) {
        return Ok(binaries);
    }
    fs::create_dir_all(cache).with_context(|| format!("cannot create {}", cache.display()))?;
    let work = TempDir::new_in(cache)?;
    let download = || run(Command::new("apt-get").arg("download").arg("prometheus"), work.path());
    if download().is_err() {
        // The package lists may be missing or too old.
        run(Command::new("apt-get").arg("update"), work.path())?;
        download().context("Prometheus comes from a Debian package, which apt-get must find")?;
    }
    let package = fs::read_dir(work.path())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded no package")?;
    let unpacked = work.path().join("unpacked");
    run(Command::new("dpkg").arg("-x").arg(package).arg(&unpacked), work.path())?;
    // Whoever is first wins; the others find its folder in place.
    let renamed = fs::rename(&unpacked, &installed);
    match Binaries::below(&installed) {
        Some(binaries) => Ok(binaries),
        None => bail!("cannot install into {}: {renamed:?}", installed.display()),
    }
}

/// A running server with fixed samples; killed when dropped.
#[derive(Debug)]
pub struct Prometheus {
    process: Child,
    base_url: String,
    _data: TempDir,
}

impl Prometheus {
    /// Starts a server on a free port of 127.0.0.1 that knows the samples of an OpenMetrics text
    /// (which ends in `# EOF`) and lives below a path, such as `/workspaces/ws-1`.
    ///
    /// # Errors
    /// When it cannot be installed, refuses the text, or does not listen within a minute.
    pub fn start(openmetrics: &str, path: &str) -> Result<Self> {
        let binaries = install(&cache_folder())?;
        let data = TempDir::new()?;
        let seed = data.path().join("seed.om");
        fs::write(&seed, openmetrics)?;
        let blocks = data.path().join("blocks");
        let mut promtool = Command::new(&binaries.promtool);
        promtool.args(["tsdb", "create-blocks-from", "openmetrics"]).arg(&seed).arg(&blocks);
        run(&mut promtool, data.path())?;
        fs::remove_file(&seed)?;
        let config = data.path().join("prometheus.yml");
        fs::File::create(&config)?.write_all(b"global: {}\n")?;
        let path = path.trim_matches('/');
        let mut process = Command::new(&binaries.prometheus)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", blocks.display()))
            // The samples may be of any time.
            .arg("--storage.tsdb.retention.time=100y")
            .arg("--web.listen-address=127.0.0.1:0")
            .arg(format!("--web.external-url=http://127.0.0.1/{path}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let address = listening(&mut process);
        let mut server = Self { process, base_url: String::new(), _data: data };
        let address = address?;
        server.base_url = format!("http://{address}/{path}");
        Ok(server)
    }

    /// `http://127.0.0.1:<port>/<path>`, without a slash at the end; `/api/v1/query` follows it.
    pub fn base_url(&self) -> &str {
        self.base_url.trim_end_matches('/')
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _already_gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Reads the log until the server is ready; its rest is read and dropped, so that the server
/// never waits for a reader.
fn listening(process: &mut Child) -> Result<String> {
    let log = process.stderr.take().context("the log is not piped")?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut address, mut seen) = (None, String::new());
        for line in BufReader::new(log).lines().map_while(std::io::Result::ok) {
            if line.contains("Listening on") {
                address = line.split("address=").nth(1).map(|rest| rest.trim().to_owned());
            }
            if line.contains("Server is ready")
                && let Some(address) = address.take()
            {
                let _nobody_waits = sender.send(Ok(address));
            }
            if seen.len() < 10_000 {
                seen.push_str(&line);
                seen.push('\n');
            }
        }
        let _nobody_waits = sender.send(Err(seen));
    });
    match receiver.recv_timeout(START_TIMEOUT) {
        Ok(Ok(address)) => Ok(address),
        Ok(Err(log)) => bail!("Prometheus stopped:\n{log}"),
        Err(_) => bail!("Prometheus does not listen after {START_TIMEOUT:?}"),
    }
}

fn run(command: &mut Command, folder: &Path) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let Output { status, stderr, .. } =
        command.current_dir(folder).output().with_context(|| format!("cannot run {program}"))?;
    if !status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&stderr).trim());
    }
    Ok(())
}
