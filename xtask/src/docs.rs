//! `cargo xtask docs`: what is generated from the programs themselves (by `tests/examples/describe.rs`) and from the
//! names of the tests.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::build::{Target, executable};
use crate::coverage;
use crate::process::{output, root};

/// A generated section of a file that people wrote: what follows this line, up to [`END`].
const TOOLS: &str = "<!-- tools: written by `cargo xtask docs` -->\n";
const END: &str = "<!-- /tools -->\n";

/// Writes the generated documents; with `check`, fails when they are not as they would be written. Either way, an attack
/// that no test shows is a failure.
pub(crate) fn run(check: bool) -> Result<()> {
    let describe = executable("tests", Target::Example("describe"))?;
    let describe = |what: &str| output(Command::new(&describe).arg(what));
    let read = |path: &str| {
        fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))
    };
    let readme = read("README.md")?;
    let coverage = coverage::of_the_tree()?;
    let documents = [
        ("docs/configuration.md", describe("configuration")?),
        ("infra/variables.json", describe("variables")?),
        ("README.md", with_section(&readme, &describe("tools")?).context("README.md")?),
        ("docs/security/coverage.md", coverage.document),
    ];
    let mut stale = Vec::new();
    for (path, wanted) in documents {
        if read(path).is_ok_and(|found| found == wanted) {
            continue;
        }
        stale.push(path);
        if !check {
            println!("writing {path}");
            fs::write(root().join(path), wanted).with_context(|| format!("cannot write {path}"))?;
        }
    }
    let mut faults = coverage.faults;
    if check && !stale.is_empty() {
        faults.push(format!(
            "{} is not as it is generated: run `cargo xtask docs`",
            stale.join(", ")
        ));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// `text` with `section` as its generated part.
fn with_section(text: &str, section: &str) -> Result<String> {
    let lines = || format!("the lines {:?} and {:?} are not there", TOOLS.trim(), END.trim());
    let (before, rest) = text.split_once(TOOLS).with_context(lines)?;
    let (_, after) = rest.split_once(END).with_context(lines)?;
    Ok(format!("{before}{TOOLS}\n{}\n\n{END}{after}", section.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_part_is_replaced_and_nothing_else() {
        let text = format!("a\n{TOOLS}old\n{END}b\n");
        let once = with_section(&text, "new\n").unwrap();
        assert_eq!(once, format!("a\n{TOOLS}\nnew\n\n{END}b\n"));
        assert_eq!(with_section(&once, "new").unwrap(), once);
        assert!(with_section("no such part", "new").is_err());
    }
}
