//! The same tools for programs that speak no MCP: the body of a request is the arguments, the
//! answer the raw result.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /` | what this is, and where the rest is; for everyone |
//! | `GET /tools` | the tools, each parameter in words |
//! | `POST /tools/{name}` | the result; or 400, 403, 404, 413, 415, 422, 500, 502, 503, 504 |
//! | `GET /openapi.json` | the same in OpenAPI 3.1 |
//!
//! An answer that is none is `{"error":{"code","message","hint"}}`. Registry, validation, scopes,
//! limits and the line in the log are those of [`crate::McpService`]; a result is what MCP has in
//! `structuredContent`, or, of a tool without one, an object with its `content`. Nobody can be asked
//! anything here, and nothing is told before the end.

mod failure;
mod openapi;
mod words;

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use mcp_core::{CallToolResult, Caller, Exchange, ProtocolVersion, RequestMeta, Server};
use serde_json::{Map, Value, json};
use tower_service::Service;
use tracing::Instrument as _;

use crate::body::{self, Body};
use crate::call::{self, Limit};
use crate::log::RequestLog;
use crate::settings::{HostRequestId, Settings};
use crate::{cors, headers, respond};

use failure::Failure;
pub use failure::error_body;

/// The longest path and query that are looked at, in bytes.
const LONGEST_TARGET: usize = 8 * 1024;

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `/`
    Root,
    /// `/tools`
    Tools,
    /// `/tools/{name}`, whether there is such a tool or not.
    Tool(&'a str),
    /// `/openapi.json`
    OpenApi,
}

impl<'a> Route<'a> {
    /// The route of a path as it was sent; a tool's name has no character that needs an escape.
    #[must_use]
    pub fn of(path: &'a str) -> Option<Self> {
        match path {
            "/" => Some(Self::Root),
            "/tools" => Some(Self::Tools),
            "/openapi.json" => Some(Self::OpenApi),
            _ => path.strip_prefix("/tools/").filter(|name| !name.contains('/')).map(Self::Tool),
        }
    }

    /// Whether it tells nothing that not everyone may know.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Root)
    }

    const fn method(self) -> &'static str {
        match self {
            Self::Tool(_) => "POST",
            Self::Root | Self::Tools | Self::OpenApi => "GET",
        }
    }

    const fn allowed(self) -> &'static str {
        match self {
            Self::Tool(_) => "POST, OPTIONS",
            Self::Root | Self::Tools | Self::OpenApi => "GET, HEAD, OPTIONS",
        }
    }

    fn takes(self, method: &Method) -> bool {
        method == self.method() || (method == Method::HEAD && self.method() == "GET")
    }

    /// For the log: nothing that a client made up.
    const fn name(self) -> &'static str {
        match self {
            Self::Root => "GET /",
            Self::Tools => "GET /tools",
            Self::Tool(_) => "POST /tools/{name}",
            Self::OpenApi => "GET /openapi.json",
        }
    }
}

/// What a host decides. Without anything said, callers are believed to bring nothing.
#[derive(Clone, Debug, Default)]
pub struct RestSettings {
    /// How requests are received: those of [`crate::McpService`].
    pub http: Settings,
    /// What clients put before the paths, such as `https://host/prod`; where the description came
    /// from, if it is not known.
    pub base_url: Option<String>,
    /// Whether callers may bring an OAuth access token.
    pub tokens: bool,
    /// Whether callers may sign with AWS Signature Version 4.
    pub signatures: bool,
}

/// The tools of a server over plain HTTP and JSON. Cheap to clone; always ready; every request gets
/// a response.
#[derive(Clone, Debug)]
pub struct RestService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: Server,
    settings: RestSettings,
    /// Written when it is first asked for.
    openapi: OnceLock<Bytes>,
}

impl RestService {
    /// Serves the tools of `server` as `settings` say.
    #[must_use]
    pub fn new(server: Server, settings: RestSettings) -> Self {
        Self(Arc::new(Inner { server, settings, openapi: OnceLock::new() }))
    }
}

impl<B> Service<Request<B>> for RestService
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

impl Inner {
    async fn respond<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Error: fmt::Display>,
    {
        let (mut head, body) = request.into_parts();
        let caller: Arc<Caller> = head.extensions.remove::<Caller>().unwrap_or_default().into();
        let request_id = head.extensions.remove::<HostRequestId>();
        let path = head.uri.path().to_owned();
        let Some(route) = Route::of(&path) else { return Failure::not_found().response() };
        let origin = match self.settings.http.origins.admit(&head.headers) {
            Ok(origin) => origin,
            Err(refusal) => {
                let mut response = Failure::from(refusal).response();
                cors::vary(response.headers_mut());
                return response;
            }
        };
        let mut response = if head.method == Method::OPTIONS {
            respond::options(cors::preflight(&head.headers, route.method()), route.allowed())
        } else if route.is_public() {
            // Anyone may ask, and nothing runs: it has no line in the log, like a browser's OPTIONS.
            self.checked(route, &head)
                .map(|()| respond::json(StatusCode::OK, words::greeting(&self.server)))
                .unwrap_or_else(Failure::response)
        } else {
            let mut log = RequestLog::start(&head.headers, request_id, Arc::clone(&caller));
            log.rest(route.name());
            let answer = self.answer(route, &head, body, caller, &mut log).await;
            let kind = answer.as_ref().err().map(|failure| failure.code);
            let response = answer.unwrap_or_else(Failure::response);
            log.status(response.status());
            log.finish_rest(kind);
            response
        };
        if let Some(origin) = origin {
            cors::share(response.headers_mut(), origin);
        }
        if head.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// What is wrong with a request whatever its route.
    fn checked(&self, route: Route<'_>, head: &Parts) -> Result<(), Failure> {
        let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
        if target > LONGEST_TARGET {
            return Err(Failure::target_too_long(LONGEST_TARGET));
        }
        if !route.takes(&head.method) {
            return Err(Failure::method(route.allowed()));
        }
        Ok(headers::check_authorization(&head.headers)?)
    }

    async fn answer<B>(
        &self,
        route: Route<'_>,
        head: &Parts,
        body: B,
        caller: Arc<Caller>,
        log: &mut RequestLog,
    ) -> Result<Response<Body>, Failure>
    where
        B: http_body::Body<Error: fmt::Display>,
    {
        self.checked(route, head)?;
        let json = match route {
            Route::Tool(name) => return self.call(name, head, body, caller, log).await,
            Route::Root => words::greeting(&self.server).into(),
            Route::Tools => {
                self.server.authorize("tools/list", None, &caller)?;
                words::tools(&self.server, &caller).into()
            }
            Route::OpenApi => {
                self.server.authorize("tools/list", None, &caller)?;
                self.openapi(&caller)
            }
        };
        Ok(respond::json(StatusCode::OK, json))
    }

    fn openapi(&self, caller: &Caller) -> Bytes {
        let write =
            |caller: &Caller| openapi::document(&self.server, caller, &self.settings).to_string();
        if self.server.lists_only_callable() {
            return write(caller).into();
        }
        self.openapi.get_or_init(|| write(caller).into()).clone()
    }

    async fn call<B>(
        &self,
        name: &str,
        head: &Parts,
        body: B,
        caller: Arc<Caller>,
        log: &mut RequestLog,
    ) -> Result<Response<Body>, Failure>
    where
        B: http_body::Body<Error: fmt::Display>,
    {
        // A name that the client made up belongs in no log: metrics are counted by it.
        let tool = Some(name).filter(|name| self.server.has_tool(name));
        let trace = head.headers.get("traceparent").and_then(|value| value.to_str().ok());
        let traceparent = trace.and_then(|trace| trace.parse().ok());
        let meta = RequestMeta { traceparent, ..RequestMeta::default() };
        log.describe(&meta, tool);
        self.server.authorize("tools/call", Some(name), &caller)?;

        let settings = &self.settings.http;
        let limit = Limit::of(head.extensions.get().copied(), settings, log.started());
        let body = body::read(body, settings.body_limit).await?;
        let arguments = if body.is_empty() {
            Value::Object(Map::new())
        } else {
            headers::check_media_type(&head.headers)?;
            serde_json::from_slice(&body).map_err(|err| Failure::not_json(&err))?
        };
        let exchange = Exchange {
            meta,
            caller,
            deadline: limit.map(|limit| limit.at.into_std()),
            ..Exchange::new(ProtocolVersion::ALL[0])
        };
        let cancellation = exchange.cancellation.clone();
        // A client that goes away has this future dropped: work that costs should stop.
        let gone = cancellation.clone().drop_guard();
        let called = self.server.call_tool(name, arguments, exchange);
        let ended = call::bounded(called, &cancellation, limit).instrument(call::span(tool)).await;
        gone.disarm();
        let result = ended??;
        if result.is_error {
            return Err(Failure::of_tool(&words::of_content(&result.content)));
        }
        Ok(respond::json(StatusCode::OK, raw(result)))
    }
}

/// The structured result; else the content, which then is all there is.
fn raw(result: CallToolResult) -> String {
    match result.structured {
        Some(structured) => structured.get().to_owned(),
        None => json!({"content": result.content}).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_is_a_route_only_to_the_letter() {
        use Route::{OpenApi, Root, Tool, Tools};
        for (path, route) in [
            ("/", Some(Root)),
            ("/tools", Some(Tools)),
            ("/tools/", Some(Tool(""))),
            ("/tools/echo", Some(Tool("echo"))),
            ("/tools/%65cho", Some(Tool("%65cho"))),
            ("/tools/echo/", None),
            ("/tools/a/b", None),
            ("/openapi.json", Some(OpenApi)),
            ("/openapi.json/", None),
            ("/Tools", None),
            ("//", None),
            ("//tools", None),
            ("", None),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_but_the_root_is_public(path in "/?(tools|openapi.json|%2e|\\PC){0,3}/?\\PC{0,6}") {
            let public = Route::of(&path).is_some_and(Route::is_public);
            prop_assert_eq!(public, path == "/");
        }
    }
}
