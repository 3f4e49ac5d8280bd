//! What API Gateway does before and after an integration: routes, stages, authorization, the
//! events functions get, and the answers of its own.
//!
//! ```text
//! request ─→ Gateway::admit ─→ Admitted ─┬─→ into_request + context: a service in this process
//!                │                       └─→ event: a function
//!                └─→ Refusal ─→ Gateway::refuse ─→ the answer API Gateway itself gives
//! the integration's answer ─→ Gateway::pass_on ─→ the client
//! ```
//!
//! Nothing here opens a socket: what must be called (the authorizer) is given, and the request
//! comes as a value. Not played: usage plans, resource policies, caches of responses, request
//! validators and mapping templates.

mod authorizer;
mod cache;
mod call;
mod context;
mod event;
mod identity;
mod policy;
mod respond;
mod route;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde_json::Value;
use service_kit::clock::Clock;

pub use authorizer::{Authorizer, FunctionError, IdentitySource, UnknownIdentitySource};
use call::Call;
use identity::Caller;
pub use identity::Signers;
pub use respond::Refusal;
pub use route::{Authorization, InvalidRouteKey, Route, RouteKey};

use crate::sigv4;

/// The most a request's body may measure, in bytes; a longer one is [`Refusal::TooLarge`].
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>.
pub const MAX_REQUEST: usize = 10 * 1024 * 1024;

/// After how long an integration that does not stream is given up: [`Refusal::TimedOut`].
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// Which kind of API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A REST API: payload format 1.0, answers may stream.
    Rest,
    /// An HTTP API: payload format 2.0.
    Http,
}

/// An API and its one stage.
#[derive(Debug, Clone)]
pub struct Api {
    /// Which kind.
    pub kind: Kind,
    /// The region it is in.
    pub region: String,
    /// The account that owns it, twelve digits.
    pub account_id: String,
    /// Its id, such as `abc123defg`.
    pub api_id: String,
    /// The stage; `$default` is an HTTP API's stage without a path.
    pub stage: String,
    /// A custom domain, mapped to the stage at its root. Without one the stage is the first
    /// segment of every path, unless it is `$default`.
    pub domain_name: Option<String>,
    /// Its routes, in any order.
    pub routes: Vec<Route>,
    /// Headers of the gateway responses, which only REST APIs have. They reach clients under
    /// their own names, `WWW-Authenticate` too.
    pub gateway_responses: GatewayResponses,
}

/// Static headers of a REST API's own answers.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>.
#[derive(Debug, Clone, Default)]
pub struct GatewayResponses {
    /// Of `UNAUTHORIZED` (401).
    pub unauthorized: HeaderMap,
    /// Of `ACCESS_DENIED` (403, by a policy).
    pub access_denied: HeaderMap,
}

impl Api {
    /// An API of this kind with made-up ids, mapped to the root of `domain_name`.
    pub fn new(kind: Kind, routes: Vec<Route>) -> Self {
        Self {
            kind,
            region: "us-east-1".to_owned(),
            account_id: "123456789012".to_owned(),
            api_id: "abc123defg".to_owned(),
            stage: "prod".to_owned(),
            domain_name: Some("mcp.example.com".to_owned()),
            routes,
            gateway_responses: GatewayResponses::default(),
        }
    }

    /// What a path is below the stage: what routes are matched with, and what a backend sees.
    fn path_below_stage<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.domain_name.is_some() || self.stage == "$default" {
            return Some(path);
        }
        match path.strip_prefix('/')?.strip_prefix(self.stage.as_str())? {
            "" => Some("/"),
            rest => rest.starts_with('/').then_some(rest),
        }
    }

    /// The ARN that policies speak of.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html>.
    fn arn(&self, method: &http::Method, path: &str) -> String {
        let Self { region, account_id, api_id, stage, .. } = self;
        let partition = match region.split_once('-') {
            Some(("cn", _)) => "aws-cn",
            Some(("us", rest)) if rest.starts_with("gov-") => "aws-us-gov",
            _ => "aws",
        };
        let resource = path.strip_prefix('/').unwrap_or(path);
        format!(
            "arn:{partition}:execute-api:{region}:{account_id}:{api_id}/{stage}/{method}/{resource}"
        )
    }

    fn own_domain_name(&self) -> String {
        format!("{}.execute-api.{}.amazonaws.com", self.api_id, self.region)
    }
}

/// An API at work.
#[derive(Debug)]
pub struct Gateway {
    api: Api,
    authorizer: Option<Authorizer>,
    signers: Option<Signers>,
    clock: Arc<dyn Clock>,
    requests: AtomicU64,
}

/// A request that may go on to the integration.
pub struct Admitted {
    kind: Kind,
    call: Call,
    body: Bytes,
    context: Value,
}

impl Gateway {
    /// An API without an authorizer.
    pub fn new(api: Api, clock: Arc<dyn Clock>) -> Self {
        Self { api, authorizer: None, signers: None, clock, requests: AtomicU64::new(1) }
    }

    /// Who decides on routes with [`Authorization::Custom`]. Without one they answer 500, as an
    /// authorizer that cannot be invoked does.
    #[must_use]
    pub fn with_authorizer(mut self, authorizer: Authorizer) -> Self {
        self.authorizer = Some(authorizer);
        self
    }

    /// Who may call routes with [`Authorization::Iam`]. Without any, nobody may.
    #[must_use]
    pub fn with_signers(mut self, signers: Signers) -> Self {
        self.signers = Some(signers);
        self
    }

    /// The API.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Routes and authorizes a request that came from `source`.
    ///
    /// # Errors
    /// Why it does not reach the integration; [`refuse`](Self::refuse) makes an answer of it.
    pub async fn admit(
        &self,
        request: Request<Bytes>,
        source: IpAddr,
    ) -> Result<Admitted, Refusal> {
        let (parts, body) = request.into_parts();
        let now_ms = self.clock.unix_ms();
        let path = self.api.path_below_stage(parts.uri.path()).ok_or(Refusal::NoStage)?.to_owned();
        let (route, parameters) =
            route::select(self.api.kind, &self.api.routes, &parts.method, &path)
                .ok_or(Refusal::NoRoute)?;
        // A signature is of the request as it was sent, so it is looked at before the rest.
        let signed = match route.authorization {
            Authorization::Iam => {
                let unknown = Refusal::Signature(sigv4::Refusal::UnknownKey);
                let signers = self.signers.as_ref().ok_or(unknown)?;
                Some(signers.identify(&parts, &body, now_ms)?)
            }
            Authorization::None | Authorization::Custom => None,
        };
        let request_number = self.requests.fetch_add(1, Ordering::Relaxed);
        let call = Call::new(
            parts,
            call::Routed { path, route: route.key.clone(), parameters },
            call::Received { source, request_number, now_ms },
        );
        let caller = match route.authorization {
            Authorization::Custom => {
                let authorizer = self.authorizer.as_ref().ok_or_else(|| {
                    Refusal::AuthorizerFailed("the API has no authorizer".to_owned())
                })?;
                Caller::Authorized(authorizer.authorize(&self.api, &call).await?)
            }
            Authorization::None | Authorization::Iam => {
                signed.map_or(Caller::Anyone, Caller::Signed)
            }
        };
        let context = context::request_context(&self.api, &call, &caller);
        Ok(Admitted { kind: self.api.kind, call, body, context })
    }

    /// The answer to a request that did not reach the integration, or whose integration failed.
    pub fn refuse(&self, refusal: &Refusal) -> Response<Bytes> {
        respond::refuse(&self.api, refusal)
    }

    /// Renames what does not reach a client under its own name.
    pub fn pass_on(&self, headers: &mut HeaderMap) {
        if self.api.kind == Kind::Rest {
            respond::remap(headers);
        }
    }
}

impl Admitted {
    /// The `requestContext`: format 1.0 of a REST API, 2.0 of an HTTP API.
    pub fn context(&self) -> &Value {
        &self.context
    }

    /// The event of a Lambda proxy integration.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
    /// and <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
    pub fn event(&self) -> Bytes {
        Bytes::from(event::proxy(self.kind, &self.call, &self.body, &self.context).to_string())
    }

    /// The request as a backend sees it: without the stage, with the headers API Gateway adds and
    /// without those of the client's connection.
    pub fn into_request(self) -> Request<Bytes> {
        Request::from_parts(self.call.parts, self.body)
    }
}

impl fmt::Debug for Admitted {
    /// Tells the route and nothing of headers and body, where secrets are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").field("routed", &self.call.routed).finish_non_exhaustive()
    }
}
