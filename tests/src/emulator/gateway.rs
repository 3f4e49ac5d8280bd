//! The front door: what REST and HTTP APIs have in common.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::pool::Pool;
use super::runtime_api::{Answer, Broken};
use super::{Front, Log, Mode, Settings, http_api, rest};

/// The most a request's body may measure at API Gateway, and the event made of it at Lambda.
const MAX_REQUEST: usize = 10 * 1024 * 1024;
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// The end of a streamed prelude.
const DELIMITER: &[u8] = &[0; 8];
/// The prelude must end within this many bytes.
const MAX_PRELUDE: usize = 16 * 1024;

pub(super) type Body = UnsyncBoxBody<Bytes, Broken>;

/// What a function answered, once it is understood.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer API Gateway does not understand.
#[derive(Debug)]
pub(super) struct Malformed;

/// A failure that API Gateway itself answers for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    TooLarge,
    TimedOut,
    BadAnswer,
}

pub(super) struct Gateway {
    settings: Settings,
    pool: Pool,
}

impl Gateway {
    pub(super) fn new(settings: Settings, log: Log) -> Self {
        let pool = Pool::new(settings.processes, log);
        Self { settings, pool }
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }

    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let gateway = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let gateway = Arc::clone(&gateway);
                    async move { Ok::<_, Infallible>(gateway.answer(request).await) }
                });
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let front = self.settings.front;
        self.forward(request).await.unwrap_or_else(|refusal| match front {
            Front::RestV1 => rest::refuse(refusal),
            Front::HttpV2 => http_api::refuse(refusal),
        })
    }

    async fn forward(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, MAX_REQUEST).collect().await {
            Ok(body) => body.to_bytes(),
            Err(err) if err.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
            Err(_) => return Err(Refusal::BadAnswer), // the client went away
        };
        let event = match self.settings.front {
            Front::RestV1 => rest::event(&parts, &body),
            Front::HttpV2 => http_api::event(&parts, &body),
        };
        let event = Bytes::from(event.to_string());
        if event.len() > MAX_EVENT {
            return Err(Refusal::TooLarge);
        }
        // A client that goes away does not stop the function.
        let (answer, answered) = oneshot::channel();
        let gateway = Arc::clone(&self);
        tokio::spawn(async move { gateway.invoke(event, answer).await });
        let answered = async { answered.await.unwrap_or(Err(Refusal::BadAnswer)) };
        match self.settings.mode {
            Mode::Streaming => answered.await,
            Mode::Buffered => tokio::time::timeout(self.settings.gateway_timeout, answered)
                .await
                .unwrap_or(Err(Refusal::TimedOut)),
        }
    }

    /// One invocation from beginning to end, within the function's own limit.
    async fn invoke(&self, event: Bytes, to: oneshot::Sender<Result<Response<Body>, Refusal>>) {
        let Ok(mut leased) = self.pool.lease(&self.settings).await else {
            let _ = to.send(Err(Refusal::BadAnswer));
            return;
        };
        let served = async {
            match (self.settings.mode, leased.process.invoke(event).await) {
                (_, Answer::Failed) => {
                    let _ = to.send(Err(Refusal::BadAnswer));
                }
                (Mode::Buffered, Answer::Whole(whole)) => {
                    let answered = self.parse(&whole, None).map(whole_response);
                    let _ = to.send(answered.map_err(|Malformed| Refusal::BadAnswer));
                }
                // A function that streams behind an integration that does not.
                (Mode::Buffered, Answer::Stream(mut chunks)) => {
                    let prelude = read_prelude(&mut chunks).await;
                    while chunks.recv().await.is_some() {}
                    let answered = prelude.and_then(|(json, _)| self.parse(&json, Some(Bytes::new())));
                    let answered = answered.map(whole_response);
                    let _ = to.send(answered.map_err(|Malformed| Refusal::BadAnswer));
                }
                // A function that does not stream behind an integration that does.
                (Mode::Streaming, Answer::Whole(_)) => {
                    let _ = to.send(Err(Refusal::BadAnswer));
                }
                (Mode::Streaming, Answer::Stream(chunks)) => self.stream(chunks, to).await,
            }
        };
        // One that takes too long is dropped, which kills the process.
        if tokio::time::timeout(self.settings.function_timeout, served).await.is_ok() {
            self.pool.give_back(leased);
        }
    }

    async fn stream(
        &self,
        mut chunks: mpsc::Receiver<Result<Bytes, Broken>>,
        to: oneshot::Sender<Result<Response<Body>, Refusal>>,
    ) {
        let prelude = read_prelude(&mut chunks).await;
        let answered = prelude.and_then(|(json, first)| self.parse(&json, Some(first)));
        let (client, body) = mpsc::channel(1);
        match answered {
            Ok(answered) => {
                let first = answered.body.clone();
                let _ = to.send(Ok(response(answered, streamed(body))));
                if !first.is_empty() {
                    let _ = client.send(Ok(first)).await;
                }
            }
            Err(Malformed) => {
                let _ = to.send(Err(Refusal::BadAnswer));
            }
        }
        while let Some(chunk) = chunks.recv().await {
            let _ = client.send(chunk).await; // the client may be gone
        }
    }

    fn parse(&self, json: &[u8], streamed: Option<Bytes>) -> Result<Answered, Malformed> {
        let mut answered = match self.settings.front {
            Front::RestV1 => rest::parse(json)?,
            Front::HttpV2 => http_api::parse(json)?,
        };
        if let Some(first) = streamed {
            answered.body = first;
        }
        Ok(answered)
    }
}

/// The prelude's JSON, and what came of the body with it.
async fn read_prelude(
    chunks: &mut mpsc::Receiver<Result<Bytes, Broken>>,
) -> Result<(Bytes, Bytes), Malformed> {
    let mut read = Vec::new();
    loop {
        let end = read.windows(DELIMITER.len()).position(|bytes| bytes == DELIMITER);
        if let Some(end) = end {
            let body = Bytes::from(read.split_off(end + DELIMITER.len()));
            read.truncate(end);
            return Ok((Bytes::from(read), body));
        }
        match chunks.recv().await {
            Some(Ok(chunk)) if read.len() + chunk.len() <= MAX_PRELUDE + (1 << 20) => {
                read.extend_from_slice(&chunk);
            }
            _ => return Err(Malformed),
        }
    }
}
