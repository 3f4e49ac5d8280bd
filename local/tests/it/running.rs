//! A copy of the program, and requests to it.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_mcp-local");

/// What is printed last when the program is ready.
const READY: &str = "Ctrl-C stops it.";

/// The program in a folder of its own, with nothing of the environment of the tests.
pub(crate) fn command(folder: &TempDir) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().current_dir(folder);
    command
}

/// A copy of the program that ends with the test. None has printed or logged any token that it was
/// sent, nor the secret of its client: each is looked for at the end, whatever else was tested.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// `HOST:PORT`
    pub(crate) address: String,
    /// The URL of the MCP endpoint.
    pub(crate) endpoint: String,
    /// What was printed until it was ready.
    pub(crate) banner: String,
    /// Where it runs, and where its configuration for clients is.
    pub(crate) folder: TempDir,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    secrets: Mutex<Vec<String>>,
}

impl Running {
    /// With these arguments, and any free port where they name none.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// With these variables too; everything there is to log is logged.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port: &[_] = if arguments.contains(&"--port") { &[] } else { &["--port", "0"] };
        let mut child = command(&folder)
            .args(port)
            .args(arguments)
            .env("LOG_LEVEL", "trace")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        let (ready, banner) = channel();
        let readers = vec![
            keep(child.stdout.take().unwrap(), Arc::clone(&output), Some(ready)),
            keep(child.stderr.take().unwrap(), Arc::clone(&output), None),
        ];
        let Ok(banner) = banner.recv() else {
            let _ = child.wait();
            readers.into_iter().for_each(|reader| reader.join().unwrap());
            panic!("it ended: {}", text(&output));
        };
        let (_, endpoint) = banner.lines().next().unwrap().split_once(": ").unwrap();
        let address = endpoint.strip_prefix("http://").unwrap().split_once('/').unwrap().0;
        let (endpoint, address) = (endpoint.to_owned(), address.to_owned());
        let secrets = client_secret(&folder).into_iter().collect::<Vec<_>>().into();
        Self { child, address, endpoint, banner, folder, output, readers, secrets }
    }

    /// Fails unless it logs this text.
    pub(crate) async fn assert_logged(&self, text: &str) {
        // What it has written comes by a pipe, and may come after its answer.
        for _ in 0..200 {
            if self.output().contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{text} is not in {}", self.output());
    }

    /// What it has printed and logged so far.
    pub(crate) fn output(&self) -> String {
        text(&self.output)
    }

    /// A token, as `mcp-local token` gives it.
    pub(crate) fn token(&self) -> String {
        self.told(&["token"])
    }

    /// What `mcp-local` says to these arguments, in the folder of the program.
    pub(crate) fn told(&self, arguments: &[&str]) -> String {
        let output = command(&self.folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What comes for this request, whose target is a path.
    pub(crate) async fn send(&self, mut request: Request<Full<Bytes>>) -> Answer {
        self.remember(&request);
        request.headers_mut().entry(header::HOST).or_insert(self.address.parse().unwrap());
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.into()).unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// Has the program searched for the tokens of this request at the end.
    fn remember(&self, request: &Request<Full<Bytes>>) {
        let values = request.headers().get_all(header::AUTHORIZATION).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let query = request.uri().query().unwrap_or_default().split('&');
        // Who a client is is no secret.
        let told = query.filter(|pair| !pair.starts_with("client_id=")).map(str::to_owned);
        for value in values.chain(told) {
            self.remember_parts(&value);
        }
    }

    /// Has the program searched for the long parts of what was sent to it.
    pub(crate) fn remember_parts(&self, sent: &str) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = sent.split([' ', ',', '=', '&', '.']).filter(|part| part.len() >= 20);
        secrets.extend(parts.map(str::to_owned));
    }
}

impl Drop for Running {
    #[expect(clippy::print_stdout, reason = "what the tests print is searched for tokens")]
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        // `cargo xtask test` searches it too, for tokens that nobody here knows of.
        let output = self.output();
        println!("{output}");
        if !thread::panicking() {
            for secret in self.secrets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                assert!(!output.contains(secret), "{secret} is in {output}");
            }
        }
    }
}

/// What a client sees.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Fails unless it is the result of a request that was let in.
    #[track_caller]
    pub(crate) fn assert_result(&self, case: &str) {
        assert_eq!(self.status, 200, "{case}: {self:?}");
        let reply = self.json();
        assert!(reply["result"].is_object(), "{case}: {self:?}");
        assert_ne!(reply["result"]["isError"], true, "{case}: {self:?}");
    }
}

/// A POST of a message to this path.
pub(crate) fn post(path: &str, message: &Value) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Full::from(message.to_string()))
        .unwrap()
}

/// `tools/list`, without credentials.
pub(crate) fn list() -> Request<Full<Bytes>> {
    post("/mcp", &json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"}))
}

/// A call of a tool that reads, without credentials.
pub(crate) fn call() -> Request<Full<Bytes>> {
    call_of("ExecuteQuery", json!({"query": "count(up)"}))
}

/// A call of any tool, without credentials.
pub(crate) fn call_of(tool: &str, arguments: Value) -> Request<Full<Bytes>> {
    let params = json!({"name": tool, "arguments": arguments});
    let message =
        json!({"jsonrpc": "2.0", "id": "call-1", "method": "tools/call", "params": params});
    post("/mcp", &message)
}

/// The request with one more `Authorization`.
pub(crate) fn with(mut request: Request<Full<Bytes>>, authorization: &str) -> Request<Full<Bytes>> {
    let value = HeaderValue::try_from(authorization).unwrap();
    request.headers_mut().append(header::AUTHORIZATION, value);
    request
}

/// Keeps what comes, and tells when the program is ready.
fn keep(
    from: impl Read + Send + 'static,
    output: Arc<Mutex<String>>,
    ready: Option<Sender<String>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut banner = String::new();
        for line in BufReader::new(from).lines() {
            let line = line.unwrap() + "\n";
            output.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
            let Some(ready) = &ready else { continue };
            banner.push_str(&line);
            if line.trim_end() == READY {
                // Who waits for it may have given up.
                let _ = ready.send(std::mem::take(&mut banner));
            }
        }
    })
}

fn text(output: &Mutex<String>) -> String {
    output.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The secret in the configuration for clients, where one was written.
fn client_secret(folder: &TempDir) -> Option<String> {
    let json = std::fs::read(folder.path().join("mcp-server-config.json")).ok()?;
    let config: Value = serde_json::from_slice(&json).unwrap();
    let secret = config["authorization_configuration"]["client_secret"].as_str().unwrap();
    assert!(secret.len() >= 20);
    Some(secret.to_owned())
}

#[test]
fn what_a_program_must_not_print_is_found() {
    let program = Running::start(&["--no-auth"]);
    program.remember_parts("claude_desktop_config");
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(program)));
    assert!(ended.is_err());
}
