//! The tests of the tree whose names say which attacks they show.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::rows::RowId;
use crate::process::{cargo, output};

/// A test that names attacks.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    /// Its module and name, `auth::verify::j09_…`.
    pub(super) path: String,
    /// The attacks at the start of the name.
    pub(super) rows: Vec<RowId>,
}

/// All such tests of the workspace, sorted.
pub(super) fn workspace() -> Result<Vec<Test>> {
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (name, manifest) = (package["name"].as_str(), package["manifest_path"].as_str());
        let name = name.context("a package has no name")?.replace('-', "_");
        let folder = Path::new(manifest.context("a package has no manifest")?).parent();
        let folder = folder.context("a manifest has no folder")?;
        for file in sources(folder)? {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let module = module(&name, file.strip_prefix(folder)?);
            found.extend(names(&text).filter_map(|name| {
                let rows = rows(name);
                (!rows.is_empty()).then(|| Test { path: format!("{module}::{name}"), rows })
            }));
        }
    }
    found.sort();
    Ok(found)
}

/// The Rust files below `folder`.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The module path of a file of a package: what stands between `src` and `.rs`.
fn module(package: &str, file: &Path) -> String {
    let file = file.with_extension("");
    let steps = file.iter().map(|step| step.to_string_lossy());
    let steps = steps.filter(|step| !matches!(&**step, "src" | "lib" | "main" | "mod"));
    std::iter::once(package.into()).chain(steps).collect::<Vec<_>>().join("::")
}

/// The names of the functions that run as tests: those below an attribute such as `#[test]` or
/// `#[tokio::test(…)]`, unless another says that they are ignored.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut marked = false;
    text.lines().map(str::trim_start).filter_map(move |line| {
        if let Some(attribute) = line.strip_prefix("#[") {
            let name = attribute.split(['(', ']', ' ']).next().unwrap_or_default();
            match name {
                "ignore" => marked = false,
                _ => marked |= name == "test" || name.ends_with("::test"),
            }
            return None;
        }
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let line = line.strip_prefix("async ").unwrap_or(line);
        let name = line.strip_prefix("fn ")?.split(['(', '<']).next()?.trim_end();
        std::mem::take(&mut marked).then_some(name)
    })
}

/// The rows at the start of a test's name: `j05_j06_no_such_algorithm` shows J05 and J06.
fn rows(name: &str) -> Vec<RowId> {
    let mut rows = Vec::new();
    let mut rest = name;
    while let Some((word, after)) = rest.split_once('_')
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && let Ok(row) = word.to_ascii_uppercase().parse()
    {
        rows.push(row);
        rest = after;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(names(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn only_what_runs_as_a_test_is_found() {
        check("#[test]\nfn j01_a() {}", &["j01_a"]);
        check("    #[tokio::test]\n    async fn j01_a() {}", &["j01_a"]);
        check("#[tokio::test(\n    start_paused = true\n)]\nasync fn j01_a() {}", &["j01_a"]);
        check("proptest! {\n #[test]\n fn j01_a(x in 0..9) {}\n}", &["j01_a"]);
        check("#[test]\n// why\n#[cfg(unix)]\npub async fn j01_a() {}", &["j01_a"]);
        check("#[test]\nfn j01_a() {}\nfn j02_b() {}", &["j01_a"]);
        check("fn j01_a() {}", &[]);
        check("// #[test]\nfn j01_a() {}", &[]);
        check("#[testing]\nfn j01_a() {}", &[]);
        check("#[test]\n#[ignore = \"slow\"]\nfn j01_a() {}", &[]);
        check("#[cfg(test)]\nfn j01_a() {}", &[]);
    }

    #[test]
    fn the_rows_stand_at_the_start_of_a_name() {
        for (name, expected) in [
            ("j09_an_unknown_key", &["J09"][..]),
            ("j05_z01_j06_no_such_algorithm", &["J05", "Z01", "J06"]),
            ("an_unknown_key_j09_is_refused", &[]),
            ("j09", &[]),
            ("J09_upper_case", &[]),
            ("x86_64_only", &["X86"]),
            ("b01_another_list", &[]),
            ("j5_x_is_no_row", &[]),
        ] {
            let found: Vec<_> = rows(name).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_test_is_found_by_its_package_and_file() {
        for (file, expected) in [
            ("src/lib.rs", "auth"),
            ("src/verify.rs", "auth::verify"),
            ("src/verify/tests.rs", "auth::verify::tests"),
            ("src/keys/mod.rs", "auth::keys"),
            ("it/stand_ins/keys.rs", "auth::it::stand_ins::keys"),
        ] {
            assert_eq!(module("auth", Path::new(file)), expected, "{file}");
        }
    }

    #[test]
    fn the_sources_of_the_workspace_are_read() {
        // This very crate has no such test, and a folder that is not there is an error.
        let own = sources(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(own.iter().any(|file| file.ends_with("src/coverage/scan.rs")));
        assert!(sources(Path::new("no/such/folder")).is_err());
    }
}
