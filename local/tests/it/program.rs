//! The program as a newcomer meets it: started, asked, started twice, stopped.

use std::process::{Command, Output};

use http::{Method, Request};
use serde_json::json;

use crate::running::{Answer, Running, call, call_of, command, list, post, with};

async fn get(program: &Running, path: &str) -> Answer {
    program.send(Request::get(path).body(Default::default()).unwrap()).await
}

/// The program with arguments that end it at once.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&folder);
    let output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty());
    (output, message)
}

#[tokio::test]
async fn all_tools_answer_over_sample_data() {
    let program = Running::start(&[]);
    let bearer = format!("Bearer {}", program.token());
    let range = json!({
        "query": "sum by (job) (rate(http_requests_total[5m]))",
        "start": "now-24h", "end": "now", "step": "15m",
    });
    for (tool, arguments, expected) in [
        ("GetAvailableWorkspaces", json!({}), "sample"),
        ("GetServerInfo", json!({}), "us-east-1"),
        ("ListMetrics", json!({}), "http_requests_total"),
        ("ExecuteQuery", json!({"query": "count(up) == 15"}), "vector, 1 series"),
        ("ExecuteRangeQuery", range, "matrix, 5 series"),
    ] {
        let answer = program.send(with(call_of(tool, arguments), &bearer)).await;
        answer.assert_result(tool);
        assert!(answer.text.contains(expected), "{tool}: {answer:?}");
    }
}

#[tokio::test]
async fn health_and_metadata_are_for_everyone_and_nothing_else_is_there() {
    for (arguments, elsewhere) in [(&[][..], 403), (&["--gateway", "none"], 404)] {
        let program = Running::start(arguments);
        assert_eq!(get(&program, "/health").await.json()["status"], "ok");
        let metadata = get(&program, "/.well-known/oauth-protected-resource/mcp").await.json();
        assert_eq!(metadata["resource"], program.endpoint);
        // As API Gateway says it, and as the function does.
        assert_eq!(get(&program, "/other").await.status, elsewhere);
        let options = Request::options("/mcp")
            .header("origin", "http://localhost:6274")
            .header("access-control-request-method", Method::POST.as_str());
        let answer = program.send(options.body(Default::default()).unwrap()).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:6274"));
    }
}

#[tokio::test]
async fn without_auth_no_token_is_wanted() {
    for arguments in [&["--no-auth"][..], &["--no-auth", "--gateway", "none"]] {
        let program = Running::start(arguments);
        program.send(list()).await.assert_result("list");
        program.send(call()).await.assert_result("call");
        assert!(program.banner.contains("without authentication"), "{}", program.banner);
        assert!(!program.folder.path().join("mcp-server-config.json").exists());
        let metadata = get(&program, "/.well-known/oauth-protected-resource/mcp").await;
        assert_eq!(metadata.status, 404);
    }
}

#[test]
fn everyone_is_let_in_from_this_machine_only() {
    let others = ["--port", "0", "--host", "0.0.0.0"];
    for (arguments, variables) in [
        ([&others[..], &["--no-auth"]].concat(), &[][..]),
        (others.to_vec(), &[("AUTH_MODE", "none")]),
    ] {
        let (_, message) = refused(&arguments, variables);
        assert!(message.contains("lets everyone in"), "{message}");
        assert!(message.contains("0.0.0.0") && message.lines().count() == 1, "{message}");
    }
    // With tokens it may be reached.
    let program = Running::start(&["--host", "0.0.0.0"]);
    assert!(program.endpoint.starts_with("http://127.0.0.1:"), "{}", program.endpoint);
}

/// Where a web adapter listens on loopback for everyone, and a password is printed to a log.
#[test]
fn k17_on_lambda_it_does_not_start() {
    for name in ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME"] {
        for arguments in [&["--port", "0"][..], &["--port", "0", "--no-auth"]] {
            let (_, message) = refused(arguments, &[(name, "set")]);
            assert!(
                message.contains(name) && message.contains("never for AWS Lambda"),
                "{message}"
            );
        }
    }
}

#[tokio::test]
async fn below_a_stage_clients_find_the_server_and_no_metadata() {
    let program = Running::start(&["--stage", "prod"]);
    assert!(program.endpoint.ends_with("/prod/mcp"), "{}", program.endpoint);
    let bearer = format!("Bearer {}", program.token());
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let listed = program.send(with(post("/prod/mcp", &message), &bearer)).await;
    listed.assert_result("list");
    assert_eq!(program.send(with(list(), &bearer)).await.status, 403);
    for path in ["/.well-known/oauth-protected-resource/prod/mcp", "/health"] {
        assert_eq!(get(&program, path).await.status, 403, "{path}");
    }
}

#[test]
fn a_second_copy_says_that_the_port_is_taken() {
    let first = Running::start(&[]);
    let (_, port) = first.address.split_once(':').unwrap();
    let (_, message) = refused(&["--port", port], &[]);
    assert!(message.starts_with(&format!("error: port {port} of 127.0.0.1 is taken")), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn wrong_settings_are_named_together() {
    let variables =
        [("PROMETHEUS_URL", "not a url"), ("LOG_LEVEL", "a=b=c"), ("AUTH_ISSUERS", "x")];
    let (_, message) = refused(&["--port", "0"], &variables);
    for (name, _) in variables {
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn a_token_of_a_server_that_is_not_there_is_not_to_be_had() {
    let (_, message) = refused(&["token"], &[]);
    assert!(message.contains("start the server first"), "{message}");
    let mut program = Running::start(&[]);
    program.child.kill().unwrap();
    program.child.wait().unwrap();
    let output = command(&program.folder).arg("token").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("does the server still run?"), "{message}");
}

/// A client that was configured once need not be again.
#[cfg(unix)]
#[test]
fn the_secret_of_a_client_is_its_owners_and_outlives_a_restart() {
    use std::os::unix::fs::PermissionsExt as _;
    let first = Running::start(&[]);
    let path = first.folder.path().join("mcp-server-config.json");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let secret = |json: &[u8]| {
        let config: serde_json::Value = serde_json::from_slice(json).unwrap();
        config["authorization_configuration"]["client_secret"].clone()
    };
    let before = secret(&std::fs::read(&path).unwrap());
    let (_, port) = first.address.split_once(':').unwrap();
    let (port, kept) = (port.to_owned(), tempfile::NamedTempFile::new().unwrap());
    std::fs::copy(&path, kept.path()).unwrap();
    drop(first);
    let config = kept.path().to_str().unwrap();
    let _second = Running::start(&["--config", config, "--port", &port]);
    assert_eq!(secret(&std::fs::read(kept.path()).unwrap()), before);
}

#[cfg(unix)]
#[tokio::test]
async fn it_stops_cleanly_when_it_is_told_to() {
    let mut program = Running::start(&["--no-auth"]);
    program.send(call_of("ListMetrics", json!({}))).await.assert_result("ListMetrics");
    let pid = program.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
    let banner = &program.banner;
    assert!(banner.contains("claude mcp add") && banner.contains("sample data"), "{banner}");
}
