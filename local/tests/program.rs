//! The program as a newcomer meets it: started, asked, started twice, stopped.

#![expect(clippy::unwrap_used, reason = "a test says by a panic what went wrong")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mcp-local");

/// A copy of the program that ends with the test.
struct Running {
    child: Child,
    /// Kept open: who prints must have a reader.
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Running {
    fn start() -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--port", "0"])
            .env_remove("PROMETHEUS_URL")
            .env_remove("PROMETHEUS_WORKSPACE_ID")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let (_, url) = line.trim().split_once("http://").unwrap();
        let address = url.strip_suffix("/mcp").unwrap().to_owned();
        Self { child, stdout, address }
    }

    fn ask(&self, request: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n\
             content-type: application/json\r\n\
             accept: application/json, text/event-stream\r\n\r\n{body}",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn call(&self, tool: &str, arguments: &str) -> String {
        let params = format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#);
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":PARAMS}"#;
        self.ask("POST /mcp", &body.replace("PARAMS", &params))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn all_tools_answer_over_sample_data() {
    let program = Running::start();
    let range = r#"{"query":"sum by (job) (rate(http_requests_total[5m]))","start":"now-24h","end":"now","step":"15m"}"#;
    for (tool, arguments, expected) in [
        ("GetAvailableWorkspaces", "{}", "sample"),
        ("GetServerInfo", "{}", "us-east-1"),
        ("ListMetrics", "{}", "http_requests_total"),
        ("ExecuteQuery", r#"{"query":"count(up) == 15"}"#, "vector, 1 series"),
        ("ExecuteRangeQuery", range, "matrix, 5 series"),
    ] {
        let answer = program.call(tool, arguments);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{tool}: {answer}");
        assert!(
            answer.contains(expected) && !answer.contains("isError\":true"),
            "{tool}: {answer}"
        );
    }
    assert!(program.ask("GET /health", "").contains(r#""status":"ok""#));
    assert!(program.ask("GET /other", "").starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_second_copy_says_that_the_port_is_taken() {
    let first = Running::start();
    let (_, port) = first.address.split_once(':').unwrap();
    let second = Command::new(PROGRAM).args(["--port", port]).output().unwrap();
    let message = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(message.starts_with(&format!("error: port {port} of 127.0.0.1 is taken")), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(second.stdout.is_empty());
}

#[test]
fn a_wrong_setting_is_named() {
    let mut program = Command::new(PROGRAM);
    program.args(["--port", "0"]).env("PROMETHEUS_URL", "not a url").env("LOG_LEVEL", "a=b=c");
    let message = String::from_utf8(program.output().unwrap().stderr).unwrap();
    assert!(message.contains("PROMETHEUS_URL") && message.contains("LOG_LEVEL"), "{message}");
}

#[cfg(unix)]
#[test]
fn it_stops_cleanly_when_it_is_told_to() {
    let mut program = Running::start();
    assert!(program.call("ListMetrics", "{}").contains("up"));
    let pid = program.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    program.stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("claude mcp add") && rest.contains("sample data"), "{rest}");
}
