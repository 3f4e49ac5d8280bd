//! The front door: what REST and HTTP APIs have in common.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use local_aws::gateway::{self, Api, MAX_REQUEST, Refusal};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::pool::Pool;
use super::runtime_api::{Answer, Bootstrap, Broken};
use super::{Front, Log, Mode, Settings, http_api, rest};

/// The most an event may measure at Lambda.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// The end of a streamed prelude.
const DELIMITER: &[u8] = &[0; 8];
/// The prelude must end within this many bytes.
const MAX_PRELUDE: usize = 16 * 1024;

type Body = UnsyncBoxBody<Bytes, Broken>;

/// What a function answered, once it is understood.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer API Gateway does not understand.
#[derive(Debug)]
pub(super) struct Malformed;

pub(super) struct Gateway {
    front: Front,
    mode: Mode,
    timeout: Duration,
    function_timeout: Duration,
    api: gateway::Gateway,
    pool: Pool,
    authorizer: Option<Arc<Pool>>,
}

impl Gateway {
    pub(super) fn new(settings: Settings, log: &Log) -> Self {
        let Settings { front, mode, gateway_timeout, function_timeout, .. } = settings;
        let env = [("RESPONSE_MODE", mode.name()), ("AUTH_MODE", "iam")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let bootstrap = Bootstrap {
            program: settings.program,
            args: settings.args,
            env: env.into_iter().chain(settings.env).collect(),
            timeout: function_timeout,
            tenant_id: settings.tenant_id,
        };
        let mut api = Api::new(front.kind(), settings.routes);
        api.domain_name = settings.domain_name;
        api.gateway_responses = settings.gateway_responses;
        let mut api = gateway::Gateway::new(api, settings.clock);
        if let Some(signers) = settings.signers {
            api = api.with_signers(signers);
        }
        let mut authorizer = None;
        if let Some(settings) = settings.authorizer {
            let pool = settings.pool(log);
            api = api.with_authorizer(settings.authorizer(Arc::clone(&pool)));
            authorizer = Some(pool);
        }
        let pool = Pool::new(bootstrap, settings.processes, log.clone());
        Self { front, mode, timeout: gateway_timeout, function_timeout, api, pool, authorizer }
    }

    pub(super) fn peak_memory(&self) -> Option<u64> {
        self.pool.peak_memory()
    }

    pub(super) fn close(&self) {
        self.pool.close();
        if let Some(authorizer) = &self.authorizer {
            authorizer.close();
        }
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
        let gateway = Arc::clone(&self);
        self.forward(request)
            .await
            .unwrap_or_else(|refusal| gateway.api.refuse(&refusal).map(whole))
    }

    async fn forward(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Refusal> {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, MAX_REQUEST).collect().await {
            Ok(body) => body.to_bytes(),
            Err(err) if err.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
            Err(_) => return Err(Refusal::BadAnswer), // the client went away
        };
        let request = Request::from_parts(parts, body);
        let event = self.api.admit(request, SOURCE_IP).await?.event();
        if event.len() > MAX_EVENT {
            return Err(Refusal::TooLarge);
        }
        // A client that goes away does not stop the function.
        let (answer, answered) = oneshot::channel();
        let gateway = Arc::clone(&self);
        tokio::spawn(async move { gateway.invoke(event, answer).await });
        let answered = async { answered.await.unwrap_or(Err(Refusal::BadAnswer)) };
        match self.mode {
            Mode::Streaming => answered.await,
            Mode::Buffered => {
                tokio::time::timeout(self.timeout, answered).await.unwrap_or(Err(Refusal::TimedOut))
            }
        }
    }

    /// One invocation from beginning to end, within the function's own limit.
    async fn invoke(&self, event: Bytes, to: oneshot::Sender<Result<Response<Body>, Refusal>>) {
        let Ok(mut leased) = self.pool.lease().await else {
            let _ = to.send(Err(Refusal::BadAnswer));
            return;
        };
        let served = async {
            match (self.mode, leased.process.invoke(event).await) {
                (_, Answer::Failed(_)) => {
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
                    let answered =
                        prelude.and_then(|(json, _)| self.parse(&json, Some(Bytes::new())));
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
        if tokio::time::timeout(self.function_timeout, served).await.is_ok() {
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
                    let _ = client.send(Some(Ok(first))).await;
                }
            }
            Err(Malformed) => {
                let _ = to.send(Err(Refusal::BadAnswer));
            }
        }
        while let Some(chunk) = chunks.recv().await {
            let _ = client.send(Some(chunk)).await; // the client may be gone
        }
        let _ = client.send(None).await;
    }

    fn parse(&self, json: &[u8], streamed: Option<Bytes>) -> Result<Answered, Malformed> {
        let mut answered = match self.front {
            Front::RestV1 => rest::parse(json)?,
            Front::HttpV2 => http_api::parse(json)?,
        };
        if let Some(first) = streamed {
            answered.body = first;
        }
        self.api.pass_on(&mut answered.headers);
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
            Some(Ok(chunk)) if read.len() <= MAX_PRELUDE => read.extend_from_slice(&chunk),
            _ => return Err(Malformed),
        }
    }
}

fn whole_response(answered: Answered) -> Response<Body> {
    let body = answered.body.clone();
    response(answered, whole(body))
}

fn response(answered: Answered, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = answered.status;
    *response.headers_mut() = answered.headers;
    response
}

fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A body of chunks up to `None`; one that ends without is broken, as when Lambda kills a function.
fn streamed(chunks: mpsc::Receiver<Option<Result<Bytes, Broken>>>) -> Body {
    let frames = stream::unfold(chunks, |mut chunks| async move {
        let chunk = chunks.recv().await.unwrap_or(Some(Err(Broken)))?;
        Some((chunk.map(Frame::data), chunks))
    });
    UnsyncBoxBody::new(StreamBody::new(frames))
}

/// What the events say the client's address is.
const SOURCE_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));

/// A header of an answer, as strict as API Gateway is.
pub(super) fn append(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Malformed> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Malformed)?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| Malformed)?;
    headers.append(name, value);
    Ok(())
}
