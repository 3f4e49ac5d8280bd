//! Builds by cargo, and packages as Lambda wants them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;
use service_kit::env::{Env as _, Process};
use sha2::{Digest as _, Sha256};

use crate::install;
use crate::process::{cargo, output, root, run, target as target_folder};

/// What to build.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// A program of a package.
    Bin(&'static str),
    /// An example of a package.
    Example(&'static str),
}

/// Builds one executable of `package` (debug profile); its path. Where the tests of the workspace have it too, it is theirs:
/// built for itself its dependencies have other features, and are all built once more.
pub(crate) fn executable(package: &str, target: Target) -> Result<PathBuf> {
    let (kind, name) = match target {
        Target::Bin(name) => ("bin", name),
        Target::Example(name) => ("example", name),
    };
    println!("building {name}");
    let tests = ["test", "--quiet", "--workspace", "--no-run"];
    match built(&tests, kind, name)? {
        Some(path) => Ok(path),
        None => {
            let flag = format!("--{kind}");
            let alone = ["build", "--quiet", "--package", package, &flag, name];
            let path = built(&alone, kind, name)?;
            path.with_context(|| format!("cargo built no executable {name}"))
        }
    }
}

/// Builds the function `package` for release; the path of its program.
pub(crate) fn release(package: &str) -> Result<PathBuf> {
    println!("building {package} for release");
    let path = built(&["build", "--quiet", "--release", "--package", package], "bin", package)?;
    path.with_context(|| format!("cargo built no executable {package}"))
}

/// The path of the program `name` among what cargo builds with these arguments.
fn built(arguments: &[&str], kind: &str, name: &str) -> Result<Option<PathBuf>> {
    let mut command = cargo(arguments);
    command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let messages = output(&mut command)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // A program's own tests have its name, too.
    let mut programs = messages.filter(|message| {
        let target = &message["target"];
        target["name"] == name && target["kind"][0] == kind && message["profile"]["test"] == false
    });
    Ok(programs.find_map(|message| message["executable"].as_str().map(PathBuf::from)))
}

/// What functions are built for.
#[derive(Args, Default)]
pub(crate) struct LambdaOptions {
    /// For arm64, by zig as a linker, whatever this machine is
    #[arg(long)]
    arm64: bool,
}

/// The newest glibc that `provided.al2023` has.
const GLIBC: u32 = 34;
/// The target of `--arm64`, with the glibc that it is linked for.
const ARM64: &str = "aarch64-unknown-linux-gnu";

/// The functions, and the most kilobytes that their archives may have: a bigger one starts later.
/// docs/performance.md says what they are meant to have.
const FUNCTIONS: [(&str, usize); 4] =
    [("mcp", 5_000), ("authorizer", 1_500), ("oauth", 3_300), ("health", 1_500)];

/// `cargo xtask build-lambda`: each function as `target/lambda/<function>.zip`, with `bootstrap` in it. The same build gives the
/// same archive.
pub(crate) fn lambda(options: &LambdaOptions) -> Result<()> {
    install::debian("zip", "zip")?;
    for (function, most) in FUNCTIONS {
        let package = format!("fn-{function}");
        let built = if options.arm64 { arm64(&package)? } else { release(&package)? };
        let program = fs::read(&built)?;
        let needed = newest_glibc(&program);
        if needed > GLIBC {
            bail!(
                "{package} needs glibc 2.{needed}, and provided.al2023 has 2.{GLIBC}: build it on an older distribution, \
                 or with --arm64"
            );
        }
        let folder = root().join("target/lambda").join(function);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let bootstrap = folder.join("bootstrap");
        fs::copy(&built, &bootstrap)?;
        fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755))?;
        // The first day that a zip can name.
        let day = SystemTime::UNIX_EPOCH + Duration::from_secs(315_619_200);
        File::options().append(true).open(&bootstrap)?.set_modified(day)?;
        let zip = folder.with_extension("zip");
        if zip.exists() {
            fs::remove_file(&zip)?; // or it would be added to
        }
        // -X leaves out owners and exact times, TZ what is left of the machine's.
        run(Command::new("zip")
            .current_dir(&folder)
            .env("TZ", "UTC")
            .args(["-q", "-X", "-j"])
            .arg(&zip)
            .arg("bootstrap"))?;
        let archive = fs::read(&zip)?;
        let digest: String =
            Sha256::digest(&archive).iter().map(|byte| format!("{byte:02x}")).collect();
        let size = archive.len() / 1024;
        println!("{}: {size} KB, SHA-256 {digest}", zip.display());
        if size > most {
            bail!("{package} has {size} KB in its archive, and may have {most}");
        }
    }
    Ok(())
}

/// Builds the function `package` for release and arm64; the path of its program.
fn arm64(package: &str) -> Result<PathBuf> {
    println!("building {package} for release, for arm64");
    run(Command::new("rustup").args(["target", "add", ARM64]))?;
    let python = install::python("zigbuild")?;
    let bin = python.parent().context("an interpreter is in a folder")?;
    let mut path = OsString::from(bin);
    if let Some(more) = Process.get("PATH") {
        path.push(":");
        path.push(more);
    }
    let target = format!("{ARM64}.2.{GLIBC}");
    let mut cargo = cargo(&["zigbuild", "--quiet", "--release", "--package", package]);
    run(cargo.args(["--target", &target]).env("PATH", path))?;
    Ok(target_folder().join(ARM64).join("release").join(package))
}

/// The `n` of the newest `GLIBC_2.n` that a program names: dynamic linking asks for versions by these names.
fn newest_glibc(program: &[u8]) -> u32 {
    const NAME: &[u8] = b"GLIBC_2.";
    let named = program.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME);
    let versions = named.filter_map(|(at, _)| {
        let digits = program[at + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        String::from_utf8(digits.copied().collect()).ok()?.parse().ok()
    });
    versions.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_is_found_by_number() {
        assert_eq!(newest_glibc(b"\0GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0"), 34);
        assert_eq!(newest_glibc(b"static"), 0);
    }
}
