//! The MCP Lambda function: the Prometheus tools and the support-case tools over Streamable HTTP.
//!
//! [`service`] is the whole of it, as Lambda, the local server and the tests run it:
//!
//! ```text
//! /mcp                                        ─→ door (who calls?) ─→ mcp-http (may they?) ─→ mcp-core ─→ tools
//! /tools, /tools/{name}, /openapi.json (REST) ─→ the same
//! /                                           ─→ what this is, for everyone
//! /.well-known/oauth-protected-resource[/mcp] ─→ who gives out tokens
//! ```

mod config;
mod door;
mod server;

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use api_gateway::Invocation;
use auth::env::Tokens;
use auth::{Grants, Metadata, Scopes};
use bytes::Bytes;
use grants_dynamodb::DynamoGrants;
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::{Either, Full};
use mcp_core::BuildError;
use mcp_http::rest::{RestService, RestSettings, Route};
use mcp_http::{Body, Deadline, HostRequestId, McpService};
use service_kit::clock::Clock;
use service_kit::telemetry::Metric;
use tower::Service;

use door::{Door, Form};
use server::credentials;

pub use config::{
    CaseSettings, Config, Credentials, Lambda, NotAStateKey, StateKey, TenantSettings, Unguarded,
    VARS,
};
pub use server::server;

/// The metrics a deployment is watched by: how long requests take, how many there are, and how they
/// end, as a whole, a tool and a tenant; and how many are not let in, and why.
pub const METRICS: &[Metric] = &[
    Metric {
        event: "mcp.request",
        field: "duration_ms",
        unit: "Milliseconds",
        dimensions: &[&["outcome"], &["tool.name", "outcome"], &["tenant.id", "outcome"]],
    },
    Metric {
        event: "door.refused",
        field: "duration_ms",
        unit: "Milliseconds",
        dimensions: &[&["error.kind"]],
    },
];

/// What the server is called.
const NAME: &str = "lambda-mcp";

/// How long an answer that is not streamed may take: API Gateway waits for 29 seconds, and who is
/// still waited for then is told nothing.
const BUFFERED: Duration = Duration::from_secs(28);

/// The whole function, as Lambda, the local server and the tests run it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Function {
    mcp: McpService,
    rest: RestService,
    /// `None`: everyone is let in.
    door: Option<Arc<Door>>,
    /// `None`: no tokens are taken.
    metadata: Option<Metadata>,
    /// Whether an answer may begin before it is whole.
    streaming: bool,
    clock: Arc<dyn Clock>,
}

/// Puts the function together; no I/O is done.
///
/// # Errors
/// Only when the tools themselves are at fault.
pub fn service(config: &Config, clock: Arc<dyn Clock>) -> Result<Function, BuildError> {
    let server = server(config, Arc::clone(&clock))?;
    // mcp-core holds a server's scopes to the grammar and the length of `auth::Scope`: each parses.
    let scopes = server.scopes().into_iter().filter_map(|scope| scope.parse().ok()).collect();
    let tokens = config.door.as_ref().and_then(|door| door.tokens.as_ref());
    let metadata = tokens.map(|tokens| metadata(tokens, &scopes));
    let door = config.door.as_ref().map(|settings| {
        let origins = config.http.origins.clone();
        Arc::new(Door::new(settings, grants(config, &clock), Arc::clone(&clock), scopes, origins))
    });
    let rest = RestService::new(server.clone(), rest(config));
    let mcp = McpService::new(server, config.http.clone());
    let streaming = config.http.streaming;
    Ok(Function { mcp, rest, door, metadata, streaming, clock })
}

/// What the REST description says of the doors and the place.
fn rest(config: &Config) -> RestSettings {
    let door = config.door.as_ref();
    let tokens = door.and_then(|door| door.tokens.as_ref());
    // Where the endpoint for MCP is not at `/mcp`, nothing is known of the others.
    let base_url = tokens.and_then(|tokens| tokens.resource.as_str().strip_suffix("/mcp"));
    RestSettings {
        http: config.http.clone(),
        base_url: base_url.map(str::to_owned),
        tokens: tokens.is_some(),
        signatures: door.is_some_and(|door| door.principals.is_some()),
    }
}

/// Who knows whether the grants of tokens hold, where any are checked.
fn grants(config: &Config, clock: &Arc<dyn Clock>) -> Option<Arc<dyn Grants>> {
    let (settings, credentials) = config.grants.clone().zip(credentials(config))?;
    // Not the Prometheus servers' pool: whom PROMETHEUS_CA_FILE trusts says nothing of grants.
    let https = https::Client::new(https::Settings::default());
    Some(Arc::new(DynamoGrants::new(settings, https, credentials, Arc::clone(clock))))
}

/// Says who gives out tokens for the server.
fn metadata(tokens: &Tokens, scopes: &Scopes) -> Metadata {
    tokens.warn_of_stages();
    Metadata::new(tokens, scopes, NAME)
}

impl<B> Service<Request<B>> for Function
where
    B: HttpBody<Data: Send, Error: fmt::Display> + Send + 'static,
{
    type Response = Response<Either<Body, Full<Bytes>>>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<B>>::poll_ready(&mut self.mcp, cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        if path == "/mcp" {
            return self.through_door(self.mcp.clone(), Form::Mcp, request);
        }
        let Some(route) = Route::of(path) else {
            let metadata = self.metadata.as_ref().filter(|metadata| metadata.serves(path));
            let answer = metadata.map(|metadata| metadata.answer(request.method()));
            let answer = answer.unwrap_or_else(not_found);
            return Box::pin(ready(Ok(answer.map(|body| Either::Right(Full::new(body))))));
        };
        if route.is_public() {
            let answered = self.rest.call(request);
            return Box::pin(async move { Ok(answered.await?.map(Either::Left)) });
        }
        self.through_door(self.rest.clone(), Form::Rest, request)
    }
}

/// The answer to a request.
type Answered =
    Pin<Box<dyn Future<Output = Result<Response<Either<Body, Full<Bytes>>>, Infallible>> + Send>>;

impl Function {
    /// Has `service` answer `request`, if there is no door or its caller is let in.
    fn through_door<S, B>(&self, mut service: S, form: Form, mut request: Request<B>) -> Answered
    where
        S: Service<Request<B>, Response = Response<Body>, Error = Infallible> + Send + 'static,
        S::Future: Send,
        B: HttpBody<Data: Send, Error: fmt::Display> + Send + 'static,
    {
        of_invocation(&mut request, &*self.clock);
        if !self.streaming {
            hurry(&mut request);
        }
        let Some(door) = self.door.clone() else {
            let answered = service.call(request);
            return Box::pin(async move { Ok(answered.await?.map(Either::Left)) });
        };
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            if let Err(refusal) = door.admit(&mut head, form).await {
                return Ok(refusal.map(Either::Right));
            }
            let signed = door::has_signed(&head);
            let mut response = service.call(Request::from_parts(head, body)).await?;
            if !signed {
                door.challenge(&mut response);
            }
            Ok(response.map(Either::Left))
        })
    }
}

/// Tells `mcp-http` what Lambda said of the invocation, in its own words.
fn of_invocation<B>(request: &mut Request<B>, clock: &dyn Clock) {
    let Some(Invocation { request_id, deadline, .. }) = request.extensions().get().cloned() else {
        return;
    };
    let left = deadline.duration_since(clock.now()).unwrap_or_default();
    request.extensions_mut().insert(Deadline(Instant::now() + left));
    request.extensions_mut().insert(HostRequestId(request_id));
}

/// Has the answer be there before the gateway gives up.
fn hurry<B>(request: &mut Request<B>) {
    let latest = Instant::now() + BUFFERED;
    let before = request.extensions().get().map(|Deadline(at)| *at);
    request.extensions_mut().insert(Deadline(before.map_or(latest, |at| at.min(latest))));
}

fn not_found() -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use service_kit::clock::SystemClock;
    use tower::ServiceExt as _;

    async fn post(path: &str, body: &str) -> (StatusCode, Value) {
        let function = service(&Config::default(), Arc::new(SystemClock)).unwrap();
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(Full::<Bytes>::from(body.to_owned()))
            .unwrap();
        let response = function.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn the_tools_are_served_at_mcp_and_nothing_elsewhere() {
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let (status, reply) = post("/mcp", list).await;
        let tools = reply["result"]["tools"].as_array().unwrap();
        let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(status, 200);
        assert_eq!(names[..2], ["ExecuteQuery", "ExecuteRangeQuery"]);
        assert_eq!(post("/other", list).await.0, 404);
    }

    #[tokio::test]
    async fn a_call_ends_before_lambda_does() {
        // An address nobody answers from (RFC 5737): the call can only end by its deadline.
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call",
            "params":{"name":"ExecuteQuery","arguments":{"query":"up"}}}"#;
        let mut config = Config::default();
        config.prometheus.url = Some("http://192.0.2.1:9090".parse().unwrap());
        let function = service(&config, Arc::new(SystemClock)).unwrap();
        let mut request = Request::post("/mcp")
            .header("content-type", "application/json")
            .body(Full::<Bytes>::from(call))
            .unwrap();
        let now = Clock::now(&SystemClock);
        request.extensions_mut().insert(Invocation {
            request_id: "1".to_owned(),
            deadline: now + Duration::from_millis(200),
            trace_id: None,
            tenant_id: None,
        });
        let response = function.oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let reply: Value = serde_json::from_slice(&body).unwrap();
        assert!(
            reply["error"].is_object() || reply["result"]["isError"] == true,
            "an answer that says so: {reply}"
        );
    }
}
