//! What the program prints to be pasted into a shell does what it says.

use std::process::Command;

use serde_json::Value;

use crate::running::{PROGRAM, Running};

/// The commands under this title.
pub(crate) fn commands(banner: &str, title: &str) -> Option<String> {
    let mut lines = banner.lines().skip_while(|line| *line != title).skip(1);
    assert_eq!(lines.next()?, "");
    let indented: Vec<_> = lines.map_while(|line| line.strip_prefix("  ")).collect();
    assert!(!indented.is_empty());
    Some(indented.join("\n"))
}

/// What the shell says to these commands, which print JSON, where curl is installed.
#[expect(clippy::print_stdout, reason = "nobody should take a skipped test for one that passed")]
pub(crate) fn paste(program: &Running, commands: &str) -> Option<Value> {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("SKIPPED: curl is not installed");
        return None;
    }
    let script = commands.replace("cargo run --quiet --", &format!("'{PROGRAM}'"));
    let shell = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(program.folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(shell.stdout).unwrap();
    assert!(shell.status.success(), "{script}\n{told}");
    Some(serde_json::from_str(&told).unwrap_or_else(|err| panic!("{err}: {script}\n{told}")))
}

fn assert_all_succeed(program: &Running) {
    let token = commands(&program.banner, "Token").unwrap_or_default();
    let [list, question] = ["Tools", "A question"].map(|title| {
        let command = commands(&program.banner, title).unwrap();
        paste(program, &format!("{token}\n{command}"))
    });
    if let (Some(list), Some(question)) = (list, question) {
        assert_eq!(list["result"]["tools"].as_array().unwrap().len(), 12, "{list}");
        let result = &question["result"];
        assert!(result["content"].is_array() && result["isError"] != true, "{question}");
    }
}

#[test]
fn a_token_a_list_and_a_question_are_pasted_and_answered() {
    for gateway in ["rest", "none"] {
        let program = Running::start(&["--gateway", gateway]);
        assert!(commands(&program.banner, "Token").unwrap().starts_with("TOKEN=$(cargo run"));
        assert_all_succeed(&program);
    }
}

#[test]
fn the_same_without_auth_below_a_stage_and_with_another_file() {
    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("client of mine.json");
    for arguments in
        [&["--no-auth"][..], &["--stage", "prod"], &["--config", file.to_str().unwrap()]]
    {
        assert_all_succeed(&Running::start(arguments));
    }
}

#[test]
fn signed_commands_are_pasted_and_answered() {
    let program = Running::start_with(&[], &[("AUTH_MODE", "iam")]);
    assert!(commands(&program.banner, "Token").is_none());
    assert!(commands(&program.banner, "Tools").unwrap().contains("--aws-sigv4"));
    assert_all_succeed(&program);
}
