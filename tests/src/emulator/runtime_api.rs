//! The Lambda Runtime API (2018-06-01) for one process.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use service_kit::clock::{Clock as _, SystemClock};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::AbortHandle;

use super::Log;

/// The most a function may answer when it does not stream.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

/// What a function made of an invocation.
pub(super) enum Answer {
    /// One document.
    Whole(Bytes),
    /// A prelude and a body, in chunks as the function wrote them.
    Stream(mpsc::Receiver<Result<Bytes, Broken>>),
    /// An error object with this message, or nothing when the process ended.
    Failed(Option<String>),
}

/// What runs in an execution environment.
#[derive(Debug)]
pub(super) struct Bootstrap {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    /// Beside what Lambda sets; the last of several values counts.
    pub(super) env: Vec<(String, String)>,
    /// After how long an invocation is killed.
    pub(super) timeout: Duration,
    /// Whose it is, where each tenant has environments of its own.
    pub(super) tenant_id: Option<String>,
}

/// A stream that ended with error trailers, or because the process ended.
#[derive(Debug, thiserror::Error)]
#[error("the function's stream broke off")]
pub(super) struct Broken;

struct Invocation {
    event: Bytes,
    answer: oneshot::Sender<Answer>,
}

/// One execution environment: a process and the Runtime API it talks to.
pub(super) struct Process {
    child: Child,
    invocations: mpsc::Sender<Invocation>,
    server: AbortHandle,
}

impl Process {
    /// Starts the program with the variables that Lambda sets.
    pub(super) async fn start(bootstrap: &Bootstrap, log: &Log) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let mut command = Command::new(&bootstrap.program);
        command
            .args(&bootstrap.args)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .envs(LAMBDA_ENV)
            .envs(path())
            .envs(bootstrap.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(copy(stdout, log.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(copy(stderr, log.clone()));
        }
        let (invocations, queue) = mpsc::channel(1);
        let api = Arc::new(Api {
            queue: Mutex::new(queue),
            current: Mutex::new(None),
            timeout_ms: i64::try_from(bootstrap.timeout.as_millis()).unwrap_or(i64::MAX),
            tenant_id: bootstrap.tenant_id.clone(),
            log: log.clone(),
        });
        let server = tokio::spawn(api.serve(listener)).abort_handle();
        Ok(Self { child, invocations, server })
    }

    /// Hands over one event. The process is free again when the answer is there and, if it is a
    /// stream, has come to its end.
    pub(super) async fn invoke(&mut self, event: Bytes) -> Answer {
        let (answer, answered) = oneshot::channel();
        if self.invocations.send(Invocation { event, answer }).await.is_err() {
            return Answer::Failed(None);
        }
        tokio::select! {
            answer = answered => answer.unwrap_or(Answer::Failed(None)),
            _ended = self.child.wait() => Answer::Failed(None),
        }
    }

    /// The most memory it has had at a time, in bytes, where the system tells (Linux).
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Api {
    queue: Mutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    timeout_ms: i64,
    tenant_id: Option<String>,
    log: Log,
}

type Reply = Response<Full<Bytes>>;

impl Api {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let api = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let api = Arc::clone(&api);
                    async move { Ok::<_, Infallible>(api.answer(request).await) }
                });
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
        let segments: Vec<_> = path.split('/').collect();
        match (&parts.method, &segments[..]) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => {
                self.response(id, &parts.headers, body).await
            }
            (&Method::POST, ["invocation", id, "error"]) => self.error(id, body).await,
            (&Method::POST, ["init", "error"]) => {
                self.note("init error", body).await;
                reply(StatusCode::ACCEPTED)
            }
            _ => reply(StatusCode::NOT_FOUND),
        }
    }

    async fn next(&self) -> Reply {
        static INVOCATIONS: AtomicU64 = AtomicU64::new(1);
        let Some(invocation) = self.queue.lock().await.recv().await else {
            return std::future::pending().await; // the environment is being ended
        };
        let n = INVOCATIONS.fetch_add(1, Ordering::Relaxed);
        let id = format!("8476a536-e9f4-11e8-9739-{n:012x}");
        let deadline_ms = SystemClock.unix_ms().saturating_add(self.timeout_ms);
        let trace =
            format!("Root=1-5bef4de7-ad49b0e87f6e{n:012x};Parent=9a9197af755a6419;Sampled=1");
        *self.current.lock().await = Some((id.clone(), invocation.answer));
        let mut response = Response::builder();
        if let Some(tenant_id) = &self.tenant_id {
            response = response.header("lambda-runtime-aws-tenant-id", tenant_id);
        }
        let response = response
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-deadline-ms", deadline_ms)
            .header("lambda-runtime-trace-id", trace)
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:emulated",
            )
            .header("content-type", "application/json")
            .body(Full::new(invocation.event));
        response.unwrap_or_else(|_| reply(StatusCode::INTERNAL_SERVER_ERROR))
    }

    async fn take(&self, id: &str) -> Option<oneshot::Sender<Answer>> {
        let mut current = self.current.lock().await;
        current.take_if(|(current, _)| current == id).map(|(_, answer)| answer)
    }

    async fn response(&self, id: &str, headers: &HeaderMap, mut body: Incoming) -> Reply {
        let Some(answer) = self.take(id).await else {
            return reply(StatusCode::BAD_REQUEST);
        };
        if headers.get("lambda-runtime-function-response-mode").is_none() {
            let whole = Limited::new(body, MAX_ANSWER).collect().await.map(|body| body.to_bytes());
            let (status, whole) = match whole {
                Ok(whole) => (StatusCode::ACCEPTED, Answer::Whole(whole)),
                Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, Answer::Failed(None)),
            };
            let _ = answer.send(whole);
            return reply(status);
        }
        let (chunks, stream) = mpsc::channel(1);
        let _ = answer.send(Answer::Stream(stream));
        while let Some(frame) = body.frame().await {
            let chunk = match frame.map(|frame| frame.into_data()) {
                Ok(Ok(data)) => Ok(data),
                Ok(Err(frame)) if !is_failure(frame.trailers_ref()) => continue,
                Ok(Err(_)) | Err(_) => Err(Broken),
            };
            // The client may be gone; the function is heard to its end all the same.
            let _ = chunks.send(chunk).await;
        }
        reply(StatusCode::ACCEPTED)
    }

    async fn error(&self, id: &str, body: Incoming) -> Reply {
        let Some(answer) = self.take(id).await else {
            return reply(StatusCode::BAD_REQUEST);
        };
        let error = self.note("invocation error", body).await;
        let error: Option<ErrorObject> = serde_json::from_slice(&error).ok();
        let _ = answer.send(Answer::Failed(error.map(|error| error.error_message)));
        reply(StatusCode::ACCEPTED)
    }

    /// Logs an error object and returns it.
    async fn note(&self, what: &str, body: Incoming) -> Bytes {
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        self.log.push(format!("{what}: {text}\n").as_bytes());
        body
    }
}

/// What a function posts when it fails.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorObject {
    error_message: String,
}

fn is_failure(trailers: Option<&HeaderMap>) -> bool {
    trailers.is_some_and(|trailers| trailers.contains_key("lambda-runtime-function-error-type"))
}

fn reply(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(b"{}")));
    *reply.status_mut() = status;
    reply
}

async fn copy(mut from: impl AsyncRead + Unpin, to: Log) {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        to.push(&buffer[..n]);
    }
}

fn path() -> Option<(&'static str, std::ffi::OsString)> {
    use service_kit::env::{Env as _, Process};
    Some(("PATH", Process.get("PATH")?))
}

const LAMBDA_ENV: [(&str, &str); 12] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_FUNCTION_NAME", "emulated"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", "session"),
    ("LANG", "en_US.UTF-8"),
    ("TZ", ":UTC"),
];
