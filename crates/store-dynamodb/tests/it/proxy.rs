//! Stands between the store and DynamoDB, sees what is asked and breaks what it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use oauth::StoreError;
use store_dynamodb::DynamoStore;
use tokio::net::TcpListener;

use crate::tables::{Local, store_at};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing out of the ordinary.
    None,
    /// It is done, but the connection breaks before the answer is there.
    AnswerLost,
    /// It is not done; this is said, with this status.
    Say(u16, &'static str),
}

pub(crate) struct Proxy {
    pub(crate) store: DynamoStore,
    plan: Arc<Mutex<VecDeque<Fault>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let local = Local::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let store = store_at(&format!("http://{}", listener.local_addr().unwrap()));
        let (plan, asked) = (Arc::default(), Arc::default());
        let proxy = Self { store, plan: Arc::clone(&plan), asked: Arc::clone(&asked) };
        let client = https::Client::new(https::Settings::default());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (client, target) = (client.clone(), local.address.clone());
                let (plan, asked) = (Arc::clone(&plan), Arc::clone(&asked));
                let service = service_fn(move |request| {
                    let fault = plan.lock().unwrap().pop_front().unwrap_or(Fault::None);
                    asked.lock().unwrap().push(operation(&request));
                    answer(request, fault, client.clone(), target.clone())
                });
                // A connection that was cut on purpose ends with an error.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
            }
        });
        proxy
    }

    /// What becomes of the next requests; those after them are not troubled.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.plan.lock().unwrap() = faults.into_iter().collect();
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn operation(request: &Request<Incoming>) -> String {
    let target = request.headers()["x-amz-target"].to_str().unwrap();
    target.rsplit_once('.').unwrap().1.to_owned()
}

async fn answer(
    request: Request<Incoming>,
    fault: Fault,
    client: https::Client,
    target: String,
) -> Result<Response<Full<Bytes>>, &'static str> {
    if let Fault::Say(status, body) = fault {
        return Ok(Response::builder().status(status).body(Full::from(body)).unwrap());
    }
    let (mut parts, body) = request.into_parts();
    parts.uri = target.parse().unwrap();
    let body = body.collect().await.unwrap().to_bytes();
    let answer = client.send(Request::from_parts(parts, body), 1 << 20).await.unwrap();
    match fault {
        Fault::AnswerLost => Err("lost"),
        _ => Ok(answer.map(Full::from)),
    }
}

/// An error and all its causes.
pub(crate) fn causes(err: &StoreError) -> String {
    let causes = std::iter::successors(Some(err as &dyn std::error::Error), |err| err.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
