//! `mcp-bridge` as a desktop client runs it: a program that speaks over stdin and stdout, before the
//! local server behind its gateway, with a token and with a signature.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::binary;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(20);

/// The local server, and what it printed.
struct Server {
    _child: Child,
    folder: TempDir,
    url: String,
    banner: String,
}

impl Server {
    async fn start(env: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(binary::build("mcp-local").unwrap())
            .args(["--port", "0"])
            .env_clear()
            .envs(env.iter().copied())
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut banner = String::new();
        while let Some(line) = timeout(SOON, lines.next_line()).await.unwrap().unwrap() {
            banner += &line;
            banner.push('\n');
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        let url =
            banner.lines().next().and_then(|line| line.split_once(": ")).unwrap().1.to_owned();
        Self { _child: child, folder, url, banner }
    }
}

/// The bridge, as its client sees it.
struct Bridge {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Bridge {
    async fn start(arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary::build("bridge").unwrap())
            .args(arguments)
            .env_clear()
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, stdin, stdout }
    }

    async fn write(&mut self, message: Value) {
        let line = format!("{message}\n");
        self.stdin.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
    }

    async fn read(&mut self) -> Value {
        let line = timeout(SOON, self.stdout.next_line()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(&line).unwrap_or_else(|err| panic!("{err}: {line}"))
    }

    async fn ask(&mut self, id: u32, method: &str, params: Value) -> Value {
        self.write(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        let answer = self.read().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// A conversation of a desktop client's, to its end.
    async fn converse(mut self) {
        let hello = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "desktop", "version": "1"},
        });
        let answer = self.ask(0, "initialize", hello).await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-06-18", "{answer}");
        self.write(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        let list = self.ask(1, "tools/list", json!({})).await;
        assert_eq!(list["result"]["tools"].as_array().unwrap().len(), 12);
        let call = json!({"name": "ExecuteQuery", "arguments": {"query": "sum by (job) (up)"}});
        let answer = self.ask(2, "tools/call", call).await;
        assert_eq!(answer["result"]["isError"], Value::Null, "{answer}");
        let call = json!({"name": "get_case_summary", "arguments": {}});
        let answer = self.ask(3, "tools/call", call).await;
        assert!(answer["result"]["structuredContent"]["totals"]["cases"].as_u64() > Some(0));
        assert_eq!(self.ask(4, "ping", json!({})).await["result"], json!({}));
        drop(self.stdin.take());
        let ended = Instant::now();
        let status = timeout(SOON, self.child.wait()).await.unwrap().unwrap();
        assert!(status.success());
        assert!(ended.elapsed() < Duration::from_secs(1), "stdin's end is the program's");
        assert_eq!(self.stdout.next_line().await.unwrap(), None, "nothing else was written");
    }
}

#[tokio::test]
async fn a_desktop_client_talks_to_a_server_behind_tokens() {
    let server = Server::start(&[]).await;
    let config = server.folder.path().join("mcp-server-config.json");
    let config = config.to_str().unwrap();
    Bridge::start(&["--config", config], &[]).await.converse().await;
    // Without a token it is told what to do.
    let mut bridge = Bridge::start(&[&server.url], &[]).await;
    let refused = bridge.ask(1, "tools/list", json!({})).await;
    let data = &refused["error"]["data"];
    assert_eq!(data["http_status"], 401, "{refused}");
    assert!(data["hint"].as_str().unwrap().contains("--config"), "{refused}");
}

#[tokio::test]
async fn a_desktop_client_talks_to_a_server_behind_signatures() {
    let server = Server::start(&[("AUTH_MODE", "iam")]).await;
    let (_, user) = server.banner.split_once("--user '").unwrap();
    let (id, secret) = user.split_once('\'').unwrap().0.split_once(':').unwrap();
    let arguments =
        [&*server.url, "--auth", "sigv4", "--service", "execute-api", "--region", "us-east-1"];
    let env = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret), ("HOME", "/")];
    Bridge::start(&arguments, &env).await.converse().await;
    let wrong = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", "wrong"), ("HOME", "/")];
    let refused = Bridge::start(&arguments, &wrong).await.ask(1, "tools/list", json!({})).await;
    let data = &refused["error"]["data"];
    assert_eq!(data["http_status"], 403, "{refused}");
    assert!(data["hint"].as_str().unwrap().contains("signature"), "{refused}");
}
