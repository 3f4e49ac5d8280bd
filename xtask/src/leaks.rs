//! The last step of `cargo xtask test`: no log of the run has a token in it. Tests print what the programs they start
//! have logged, and what they have logged themselves; other servers write to `.cache/logs`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::process::{cache, target};
use crate::steps::Outcome;

/// A credential is longer than any word that a challenge begins with (`Bearer resource_metadata="…"`).
const SHORTEST: usize = 20;

/// What the tests have printed, where nextest ran them.
pub(crate) fn printed() -> PathBuf {
    target().join("nextest/kept/junit.xml")
}

pub(crate) fn search() -> Result<Outcome> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(cache().join("logs")).context("nothing was logged")? {
        logs.push(entry?.path());
    }
    let printed = Some(printed()).filter(|path| path.exists());
    let faults: Vec<_> =
        logs.iter().chain(&printed).map(|log| faults(log)).collect::<Result<_>>()?;
    let faults = faults.concat();
    if !faults.is_empty() {
        bail!("there are tokens in logs:\n{}", faults.join("\n"));
    }
    println!("no token in what the tests printed, nor in {} logs of servers", logs.len());
    Ok(match printed {
        Some(_) => Outcome::Done,
        None => Outcome::Partly(
            "what the tests printed was not kept: cargo-nextest is not installed".to_owned(),
        ),
    })
}

/// The lines of a file that have a token: where, never what.
fn faults(log: &Path) -> Result<Vec<String>> {
    let text = fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().enumerate().filter(|(_, line)| has_token(line));
    Ok(lines.map(|(at, _)| format!("{}:{}", log.display(), at + 1)).collect())
}

/// Whether there is a JWT, or a credential after `Bearer`.
fn has_token(line: &str) -> bool {
    has_jwt(line) || has_credential(&line.to_ascii_lowercase())
}

/// Two parts that are JSON objects in base64url, with a dot between.
fn has_jwt(line: &str) -> bool {
    line.match_indices("eyJ").any(|(at, _)| {
        let of_base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        line[at..].trim_start_matches(of_base64url).starts_with(".eyJ")
    })
}

fn has_credential(line: &str) -> bool {
    line.split("bearer ").skip(1).any(|rest| {
        let of_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        rest.len() - rest.trim_start_matches(of_token).len() >= SHORTEST
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j41_tokens_are_found_wherever_they_stand() {
        let jwt = ["eyJhbGciOiJub25lIn0", "eyJzdWIiOiJhIn0", ""].join(".");
        for line in [
            jwt.clone(),
            format!("at=debug authorization=\"Bearer {jwt}\""),
            format!("GET /mcp?access_token={jwt}sig&x=1"),
            format!("authorization: bearer {}", "opaque-token".repeat(2)),
        ] {
            assert!(has_token(&line), "{line}");
        }
    }

    #[test]
    fn what_is_no_token_is_left_alone() {
        for line in [
            "",
            "WWW-Authenticate: Bearer resource_metadata=\"https://mcp.example.com/.well-known/\"",
            "Bearer error=&quot;invalid_token&quot;",
            "Bearer x.y.z",
            "send a Bearer token",
            "a kid of eyJhbGciOiJub25lIn0 alone",
        ] {
            assert!(!has_token(line), "{line}");
        }
    }
}
