//! The service: from an HTTP request to its reply, one check after the other.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use mcp_core::jsonrpc::{self, Incoming, Malformed, Message};
use mcp_core::{Caller, ErrorObject, Events, Exchange, ProtocolVersion, Server};
use tower_service::Service;
use tracing::Instrument as _;

use crate::accept::Accept;
use crate::body::{self, Body};
use crate::call::{Abandoned, Call, Limit, Outcome, Step};
use crate::era::{self, Claim};
use crate::headers::{self, Target};
use crate::log::RequestLog;
use crate::respond::{self, Refusal, Reply};
use crate::settings::{HostRequestId, Settings};
use crate::{batch, call, cors, sse};

/// An MCP endpoint. Cheap to clone; always ready; every request gets a response.
#[derive(Clone, Debug)]
pub struct McpService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: Server,
    settings: Settings,
}

impl McpService {
    /// Serves `server` as `settings` say.
    #[must_use]
    pub fn new(server: Server, settings: Settings) -> Self {
        Self(Arc::new(Inner { server, settings }))
    }
}

impl<B> Service<Request<B>> for McpService
where
    B: http_body::Body<Data: Send, Error: fmt::Display> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { Ok(inner.respond(request).await) })
    }
}

/// What a request brings beside its body.
struct Post<'a> {
    headers: &'a HeaderMap,
    claim: Claim<'a>,
    caller: Arc<Caller>,
    limit: Option<Limit>,
}

impl Inner {
    async fn respond<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Error: fmt::Display>,
    {
        let (mut head, body) = request.into_parts();
        if head.method == Method::OPTIONS {
            return self.preflight(&head.headers);
        }
        let caller: Arc<Caller> = head.extensions.remove::<Caller>().unwrap_or_default().into();
        let request_id = head.extensions.remove::<HostRequestId>();
        let mut log = RequestLog::start(&head.headers, request_id, Arc::clone(&caller));
        match self.settings.origins.admit(&head.headers) {
            Err(refusal) => respond::write(Err(refusal), log),
            Ok(origin) => {
                let reply = self.reply(head, body, caller, &mut log).await;
                let mut response = respond::write(reply, log);
                if let Some(origin) = origin {
                    cors::share(response.headers_mut(), origin);
                }
                response
            }
        }
    }

    /// What a browser asks before its request. Anyone may, and nothing runs, so it has no line in the
    /// log of requests.
    fn preflight(&self, headers: &HeaderMap) -> Response<Body> {
        match self.settings.origins.admit(headers) {
            Err(refusal) => respond::refused(refusal).1,
            Ok(origin) => {
                let mut response =
                    respond::options(cors::preflight(headers, "POST"), "POST, OPTIONS");
                if let Some(origin) = origin {
                    cors::share(response.headers_mut(), origin);
                }
                response
            }
        }
    }

    async fn reply<B>(
        &self,
        head: Parts,
        body: B,
        caller: Arc<Caller>,
        log: &mut RequestLog,
    ) -> Result<Reply, Refusal>
    where
        B: http_body::Body<Error: fmt::Display>,
    {
        if head.method != Method::POST {
            return Err(Refusal::Method);
        }
        headers::check_envelope(&head.headers)?;
        let post = Post {
            caller,
            limit: Limit::of(head.extensions.get().copied(), &self.settings, log.started()),
            claim: Claim::of(&head.headers),
            headers: &head.headers,
        };
        let body = body::read(body, self.settings.body_limit).await?;
        let id_required = post.claim.requires_error_id();
        self.message(&body, post, log)
            .await
            .map_err(|fault| Refusal::Message { fault, id_required })
    }

    async fn message(
        &self,
        body: &Bytes,
        post: Post<'_>,
        log: &mut RequestLog,
    ) -> Result<Reply, Malformed> {
        let message = match jsonrpc::parse(body)? {
            Message::Single(Incoming::Request(request)) => {
                let id = request.id.clone();
                let answered = self.request(request, post, log).await;
                return answered.map_err(|error| Malformed { id: Some(id), error });
            }
            other => other,
        };
        if let Message::Single(Incoming::Notification(notification)) = &message {
            log.method(&notification.method);
        }
        let version = post.claim.version()?;
        log.version = Some(version);
        match message {
            Message::Batch(_) if !version.features().batches => {
                Err(ErrorObject::invalid_request("this revision has no batches").into())
            }
            Message::Batch(members) => Ok(self.batch(members, version, post, log).await?),
            Message::Single(Incoming::Response) if version.features().stateless => {
                Err(ErrorObject::invalid_request("nothing was asked of the client").into())
            }
            // Nothing that a client notifies of outlives its request in a stateless server.
            Message::Single(message) => {
                let method = match &message {
                    Incoming::Notification(notification) => &notification.method,
                    _ => "",
                };
                self.server.authorize(method, None, &post.caller)?;
                Ok(Reply::Accepted)
            }
        }
    }

    async fn request(
        &self,
        request: jsonrpc::Request,
        post: Post<'_>,
        log: &mut RequestLog,
    ) -> Result<Reply, ErrorObject> {
        log.method(&request.method);
        let (version, meta) = era::decide(post.claim, &request)?;
        log.version = Some(version);
        let features = version.features();
        let target = Target::of(&request);
        if features.stateless {
            headers::check_method(post.headers, &request)?;
            if !self.server.offers(&request.method, version) {
                return Err(ErrorObject::method_not_found(&request.method));
            }
            let target = target.as_ref().map_err(ErrorObject::clone)?;
            target.check(post.headers, &self.server, &request)?;
        }
        let tool = target.ok().and_then(|target| target.into_tool(&request));
        // A name that the client made up belongs in no log: metrics are counted by it.
        let tool = tool.filter(|tool| self.server.has_tool(tool));
        log.describe(&meta, tool.as_deref());
        self.server.authorize(&request.method, tool.as_deref(), &post.caller)?;

        let accept = Accept::of(post.headers);
        let (events, overheard) = if accept.takes_events() {
            let (events, overheard) = Events::channel();
            (events, Some(overheard))
        } else {
            (Events::discard(), None)
        };
        let exchange = Exchange {
            meta,
            caller: post.caller,
            deadline: post.limit.map(|limit| limit.at.into_std()),
            events,
            ..Exchange::new(version)
        };
        let abandoned = if features.disconnect_cancels {
            Abandoned::Cancelled(exchange.cancellation.clone())
        } else {
            Abandoned::RunsOn
        };
        let running = call::answer(self.server.clone(), request, exchange, post.limit);
        let running = running.instrument(call::span(tool.as_deref()));
        Ok(self
            .deliver(Call::new(running, abandoned, overheard, self.keep_alive(accept)), accept)
            .await)
    }

    /// Notifications about a member have no place in the one array that answers the batch.
    async fn batch(
        &self,
        members: Vec<Result<Incoming, Malformed>>,
        version: ProtocolVersion,
        Post { headers, caller, limit, .. }: Post<'_>,
        log: &mut RequestLog,
    ) -> Result<Reply, ErrorObject> {
        log.method("(batch)");
        let required =
            members.iter().flat_map(|member| batch::required_scopes(&self.server, member));
        caller.scopes.permit(required)?;
        if !batch::wants_replies(&members) {
            return Ok(Reply::Accepted);
        }
        let server = self.server.clone();
        let running = batch::answer(members, version, move |request| {
            let (server, caller) = (server.clone(), Arc::clone(&caller));
            async move {
                let meta = match era::decide(Claim::Known(version), &request) {
                    Ok((_, meta)) => meta,
                    Err(error) => return Outcome::new(&request.id, version, Err(error)),
                };
                let deadline = limit.map(|limit| limit.at.into_std());
                let exchange = Exchange { meta, caller, deadline, ..Exchange::new(version) };
                let tool = Target::of(&request).ok().and_then(|target| target.into_tool(&request));
                let span = call::span(tool.filter(|tool| server.has_tool(tool)).as_deref());
                call::answer(server, request, exchange, limit).instrument(span).await
            }
        });
        let accept = Accept::of(headers);
        let call = Call::new(running, Abandoned::RunsOn, None, self.keep_alive(accept));
        Ok(self.deliver(call, accept).await)
    }

    fn keep_alive(&self, accept: Accept) -> Option<Duration> {
        (self.settings.streaming && accept.takes_events()).then_some(self.settings.keep_alive)
    }

    /// Waits until it is known what form the reply has: JSON when the call says nothing before its
    /// end, else a stream, which is whole where the host cannot send it while it is written.
    async fn deliver(&self, mut call: Call, accept: Accept) -> Reply {
        let mut events = Vec::new();
        loop {
            match call.step().await {
                Step::Event(event) => sse::event(&mut events, &event),
                Step::Quiet => events.extend_from_slice(sse::KEEP_ALIVE),
                Step::Done(outcome) => {
                    let streamed = accept == Accept::Events || !events.is_empty();
                    return Reply::Answer { outcome, events: streamed.then_some(events) };
                }
            }
            if self.settings.streaming {
                return Reply::Stream { first: events.into(), call };
            }
        }
    }
}
