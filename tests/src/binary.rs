//! The function binaries under test. Cargo names a package's own binaries to its tests, but not
//! those of other packages, so they are built and found here.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

/// Builds `package` in the profile the tests run in, and returns the path of its binary.
///
/// # Errors
/// When cargo cannot be run, the package does not build, or it has no binary.
pub fn build(package: &str) -> io::Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--message-format=json", "--manifest-path", manifest])
        .args(["--package", package, "--bins"])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{package} does not build")));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executables = messages.lines().filter_map(|line| {
        let message: Message = serde_json::from_str(line).ok()?;
        message.executable
    });
    executables.next_back().ok_or_else(|| io::Error::other(format!("{package} has no binary")))
}
