//! One function under measurement: a process, and a Runtime API that looks at the clocks.

use std::convert::Infallible;
use std::fs;
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::target::Target;

/// A process that is ready for an invocation.
pub(super) struct Function {
    name: String,
    child: Child,
    clock: ClockId,
    reports: mpsc::UnboundedReceiver<Report>,
    next: Option<oneshot::Sender<Bytes>>,
    patience: Duration,
    /// From the start to the first `next`.
    pub(super) init: Span,
}

/// What a stretch of work took.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) wall: Duration,
    /// Of the process, all threads.
    pub(super) cpu: Duration,
}

/// One invocation.
pub(super) struct Invocation {
    /// From the event to the whole answer; its CPU is up to the following `next`.
    pub(super) span: Span,
    /// What was posted: a proxy response, or a prelude and a body.
    pub(super) answer: Bytes,
}

enum Report {
    Next(oneshot::Sender<Bytes>, Instant),
    Answered(Bytes, Instant),
    Failed(Bytes),
}

impl Function {
    /// Starts the program of `target` (behind `prefix`, such as valgrind) and waits until it asks for work.
    pub(super) async fn start(target: &Target, prefix: &[String]) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (reporter, reports) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, reporter));
        let words: Vec<_> = prefix.iter().chain(&target.command).collect();
        let (program, arguments) = words.split_first().context("an empty command")?;
        let started = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(&target.env)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", target.name))?;
        let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(child.id())?))?;
        let none = Span { wall: Duration::ZERO, cpu: Duration::ZERO };
        let patience = Duration::from_secs(if prefix.is_empty() { 60 } else { 600 });
        let name = target.name.clone();
        let mut function = Self { name, child, clock, reports, next: None, patience, init: none };
        let ready = match function.report().await? {
            Report::Next(next, at) => {
                function.next = Some(next);
                at
            }
            Report::Answered(said, _) | Report::Failed(said) => {
                bail!("{}: {said:?}", function.name)
            }
        };
        function.init = Span { wall: ready - started, cpu: function.cpu()? };
        Ok(function)
    }

    /// Hands over `event` and waits for the answer and for the next request for work.
    pub(super) async fn invoke(&mut self, event: Bytes) -> Result<Invocation> {
        let next = self.next.take().context("the function is not ready")?;
        let (cpu, started) = (self.cpu()?, Instant::now());
        next.send(event).map_err(|_| anyhow!("{} does not listen", self.name))?;
        let mut answered = None;
        let (answer, at) = loop {
            match self.report().await? {
                Report::Answered(answer, at) => answered = Some((answer, at)),
                Report::Next(next, _) => self.next = Some(next),
                Report::Failed(said) => bail!("{} failed: {said:?}", self.name),
            }
            if self.next.is_some()
                && let Some(answered) = answered.take()
            {
                break answered;
            }
        };
        let cpu = self.cpu()?.saturating_sub(cpu);
        Ok(Invocation { span: Span { wall: at - started, cpu }, answer })
    }

    async fn report(&mut self) -> Result<Report> {
        let deadline = Instant::now() + self.patience;
        loop {
            match timeout(Duration::from_millis(500), self.reports.recv()).await {
                Ok(report) => return report.context("the emulator has ended"),
                Err(_) if self.child.try_wait()?.is_some() => bail!("{} has ended", self.name),
                Err(_) if Instant::now() > deadline => bail!("{} does not answer", self.name),
                Err(_) => {}
            }
        }
    }

    fn cpu(&self) -> Result<Duration> {
        Ok(Duration::from(self.clock.now()?))
    }

    /// The most memory the process has had resident, in kB.
    pub(super) fn peak_rss_kb(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kb.and_then(|kb| kb.parse().ok()).context("no VmHWM")
    }

    /// Asks the process to end, and waits for it.
    pub(super) fn terminate(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve(listener: TcpListener, reports: mpsc::UnboundedSender<Report>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let reports = reports.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let reports = reports.clone();
                async move { Ok::<_, Infallible>(answer(request, &reports).await) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    reports: &mpsc::UnboundedSender<Report>,
) -> Response<Full<Bytes>> {
    static IDS: AtomicU64 = AtomicU64::new(1);
    let now = Instant::now();
    if request.method() == Method::GET {
        let (next, event) = oneshot::channel();
        let _ = reports.send(Report::Next(next, now));
        let Ok(event) = event.await else {
            return std::future::pending().await; // the measurement is over
        };
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", format!("8476a536-e9f4-11e8-9739-{id:012x}"))
            .header("lambda-runtime-deadline-ms", "4102444800000")
            .header("lambda-runtime-invoked-function-arn", ARN)
            .header("lambda-runtime-trace-id", TRACE)
            .header("content-type", "application/json")
            .body(Full::new(event));
        return response.unwrap_or_default();
    }
    let answers = request.uri().path().ends_with("/response");
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let report =
        if answers { Report::Answered(body, Instant::now()) } else { Report::Failed(body) };
    let _ = reports.send(report);
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}")));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:bench";
const TRACE: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0";
