//! A server that says what it is told, and remembers what it was asked.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What the server does with a request.
pub(super) enum Reply {
    Say(Response<String>),
    /// Without a length told beforehand.
    Stream(Vec<String>),
    Hang,
    /// Closes the connection.
    Cut,
}

impl Reply {
    pub(super) fn ok(body: impl Into<String>) -> Self {
        Self::of(200, body)
    }

    pub(super) fn of(status: u16, body: impl Into<String>) -> Self {
        Self::with(status, &[], body)
    }

    pub(super) fn with(status: u16, headers: &[(&str, &str)], body: impl Into<String>) -> Self {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Self::Say(response.body(body.into()).unwrap())
    }
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Request<Bytes>>>,
    connections: AtomicUsize,
}

pub(super) struct Server {
    /// Without a slash at the end.
    pub(super) url: String,
    seen: Arc<Seen>,
}

impl Server {
    /// `script` is given each request and how many came before it.
    pub(super) async fn start<S>(script: S) -> Self
    where
        S: Fn(&Request<Bytes>, usize) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let (script, shared) = (Arc::new(script), seen.clone());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let (script, seen) = (script.clone(), shared.clone());
                let service =
                    service_fn(move |request| answer(request, script.clone(), seen.clone()));
                // A connection that was cut on purpose ends with an error.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
            }
        });
        Self { url, seen }
    }

    pub(super) fn requests(&self) -> Vec<Request<Bytes>> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// `GET /path?query`, of each request.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |r: &Request<Bytes>| format!("{} {}", r.method(), r.uri());
        self.requests().iter().map(line).collect()
    }

    pub(super) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }
}

async fn answer<S>(
    request: Request<Incoming>,
    script: Arc<S>,
    seen: Arc<Seen>,
) -> io::Result<Response<BoxBody<Bytes, Infallible>>>
where
    S: Fn(&Request<Bytes>, usize) -> Reply,
{
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let request = Request::from_parts(parts, body);
    let before = {
        let mut requests = seen.requests.lock().unwrap();
        requests.push(request.clone());
        requests.len() - 1
    };
    match script(&request, before) {
        Reply::Say(response) => Ok(response.map(|body| Full::from(body).boxed())),
        Reply::Stream(chunks) => {
            let frames = chunks.into_iter().map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
            let body = StreamBody::new(futures_util::stream::iter(frames));
            Ok(Response::new(BoxBody::new(body)))
        }
        Reply::Hang => std::future::pending().await,
        Reply::Cut => Err(io::Error::other("cut")),
    }
}
