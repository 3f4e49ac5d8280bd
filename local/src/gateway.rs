//! The functions behind API Gateway, in one process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api_gateway::RequestContext;
use auth::AuthMode;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use local_aws::gateway::{
    Api, Authorization, Authorizer, FunctionError, Gateway, GatewayResponses, INTEGRATION_TIMEOUT,
    InvalidRouteKey, Kind, MAX_REQUEST, Refusal, Route, Signers,
};
use service_kit::clock::Clock;
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::serve::{Body, PATIENCE};

/// How long an answer of the authorizer is used again. A token may end sooner; the function looks.
const TTL: Duration = Duration::from_secs(60);

/// The functions, and what stands before them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Deployment(Arc<Inner>);

/// The functions.
#[derive(Clone)]
pub(crate) struct Functions {
    pub(crate) mcp: fn_mcp::Function,
    /// Where people log in on this machine.
    pub(crate) oauth: Option<fn_oauth::Function>,
    pub(crate) health: fn_health::Config,
}

struct Inner {
    functions: Functions,
    clock: Arc<dyn Clock>,
    /// By what a request brings: a signature of AWS, or anything else.
    fronts: Option<Fronts>,
}

struct Fronts {
    signed: Gateway,
    other: Gateway,
    streaming: bool,
}

/// What the API is to be.
pub(crate) struct Settings {
    /// How callers prove who they are.
    pub(crate) mode: AuthMode,
    /// The stage, when it is to be the first segment of each path.
    pub(crate) stage: Option<String>,
    /// Whether answers are passed on while they are written, and for as long as that takes.
    pub(crate) streaming: bool,
    /// Whose signatures are accepted.
    pub(crate) signers: Signers,
    /// Asked where tokens are taken.
    pub(crate) authorizer: Option<fn_authorizer::Authorizer>,
    /// What to tell who brings no valid token.
    pub(crate) challenge: Option<HeaderValue>,
}

impl Deployment {
    /// The functions as they are, with nothing before them.
    pub(crate) fn bare(functions: Functions, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { functions, clock, fronts: None }))
    }

    /// The functions behind a REST API. One API has one kind of authorization for a route; where
    /// callers may come with a token or a signature there are two APIs before the same functions.
    ///
    /// # Errors
    /// Only when a route of ours is none.
    pub(crate) fn behind_gateway(
        functions: Functions,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, InvalidRouteKey> {
        let Settings { mode, stage, streaming, signers, authorizer, challenge } = settings;
        let (signed, other) = match mode {
            AuthMode::Jwt => (Authorization::Custom, Authorization::Custom),
            AuthMode::Iam => (Authorization::Iam, Authorization::Iam),
            AuthMode::JwtOrIam => (Authorization::Iam, Authorization::Custom),
            AuthMode::None => (Authorization::None, Authorization::None),
        };
        let gateway = |authorization| {
            let mut api = Api::new(Kind::Rest, routes(authorization, functions.oauth.is_some())?);
            if let Some(stage) = &stage {
                (api.stage, api.domain_name) = (stage.clone(), None);
            }
            if let Some(challenge) = &challenge {
                let told = told(challenge);
                api.gateway_responses =
                    GatewayResponses { unauthorized: told.clone(), access_denied: told };
            }
            let mut gateway = Gateway::new(api, Arc::clone(&clock)).with_signers(signers.clone());
            if let Some(authorizer) = authorizer.clone() {
                gateway = gateway.with_authorizer(invoke(authorizer).with_ttl(TTL));
            }
            Ok(gateway)
        };
        let fronts = Fronts { signed: gateway(signed)?, other: gateway(other)?, streaming };
        let fronts = Some(fronts);
        Ok(Self(Arc::new(Inner { functions, clock, fronts })))
    }

    /// Answers a request that came from `source`.
    pub(crate) async fn answer(
        self,
        request: Request<Incoming>,
        source: SocketAddr,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let fronts = self.0.fronts.as_ref();
        let front = fronts.map(|fronts| fronts.of(&parts.headers));
        let streaming = fronts.is_none_or(|fronts| fronts.streaming);
        // A client that stops in the middle of its body is not waited for.
        let body = match timeout(PATIENCE, Limited::new(body, MAX_REQUEST).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(err)) if err.is::<LengthLimitError>() => {
                return match front {
                    Some(front) => whole(front.refuse(&Refusal::TooLarge)),
                    None => bare(StatusCode::PAYLOAD_TOO_LARGE),
                };
            }
            Ok(Err(_)) => return bare(StatusCode::BAD_REQUEST),
            Err(_) => return bare(StatusCode::REQUEST_TIMEOUT),
        };
        let request = Request::from_parts(parts, body);
        let Some(front) = front else { return self.call(request).await };
        match front.admit(request, source.ip()).await {
            Ok(admitted) => {
                let context = RequestContext::new(admitted.context().to_string());
                let mut request = admitted.into_request();
                request.extensions_mut().insert(context);
                let answered = match streaming {
                    true => Ok(self.call(request).await),
                    false => self.call_in_time(request).await,
                };
                match answered {
                    Ok(mut response) => {
                        front.pass_on(response.headers_mut());
                        response
                    }
                    Err(refusal) => whole(front.refuse(&refusal)),
                }
            }
            Err(refusal) => {
                if let Refusal::AuthorizerFailed(_) = refusal {
                    let error = &refusal as &dyn std::error::Error;
                    tracing::warn!(error, "the gateway answers for the authorizer");
                }
                whole(front.refuse(&refusal))
            }
        }
    }

    /// The whole answer of the function that a path belongs to, in the time that there is for one
    /// that does not stream.
    async fn call_in_time(&self, request: Request<Bytes>) -> Result<Response<Body>, Refusal> {
        let answered = async {
            let (head, body) = self.call(request).await.into_parts();
            let body = body.collect().await.map_err(|_| Refusal::BadAnswer)?;
            Ok(whole(Response::from_parts(head, body.to_bytes())))
        };
        timeout(INTEGRATION_TIMEOUT, answered).await.unwrap_or(Err(Refusal::TimedOut))
    }

    /// The function that a path belongs to.
    async fn call(&self, request: Request<Bytes>) -> Response<Body> {
        let request = request.map(Full::new);
        let Inner { functions: Functions { mcp, oauth, health }, clock, .. } = &*self.0;
        let path = request.uri().path();
        if let Some(oauth) = oauth.as_ref().filter(|_| fn_oauth::Function::serves(path)) {
            let Ok(response) = oauth.clone().oneshot(request).await;
            return response.map(|body| body.map_err(|never| match never {}).boxed_unsync());
        }
        if path == "/health" {
            let answered = fn_health::service(health, Arc::clone(clock)).oneshot(request).await;
            let Ok(response) = answered;
            return response.map(|body| body.map_err(|never| match never {}).boxed_unsync());
        }
        let Ok(response) = mcp.clone().oneshot(request).await;
        response.map(|body| body.boxed_unsync())
    }
}

impl Fronts {
    fn of(&self, headers: &HeaderMap) -> &Gateway {
        let signature = |value: &HeaderValue| value.as_bytes().starts_with(b"AWS4-");
        match headers.get(header::AUTHORIZATION).is_some_and(signature) {
            true => &self.signed,
            false => &self.other,
        }
    }
}

/// Those of a deployment. What everyone may see has no authorization: browsers ask by OPTIONS before
/// they send a token, and clients look for the metadata before they have one.
fn routes(authorization: Authorization, oauth: bool) -> Result<Vec<Route>, InvalidRouteKey> {
    let open = Authorization::None;
    let of_oauth: &[_] = match oauth {
        true => &[
            ("ANY /oauth/{proxy+}", open),
            ("ANY /clients/{client}", open),
            ("ANY /dcr", open),
            ("ANY /register", open),
            ("ANY /authorize", open),
            ("ANY /token", open),
        ],
        false => &[],
    };
    [
        ("POST /mcp", authorization),
        ("GET /mcp", authorization),
        ("DELETE /mcp", authorization),
        ("OPTIONS /mcp", open),
        ("GET /", open),
        ("OPTIONS /", open),
        ("GET /tools", authorization),
        ("OPTIONS /tools", open),
        ("POST /tools/{name}", authorization),
        ("OPTIONS /tools/{name}", open),
        ("GET /openapi.json", authorization),
        ("OPTIONS /openapi.json", open),
        ("ANY /.well-known/{proxy+}", open),
        ("ANY /health", open),
    ]
    .iter()
    .chain(of_oauth)
    .map(|(key, authorization)| Route::new(key, *authorization))
    .collect()
}

/// Headers of the gateway responses: where to log in, which any page may read.
fn told(challenge: &HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([
        (header::WWW_AUTHENTICATE, challenge.clone()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate")),
    ])
}

/// As API Gateway sees the authorizer function.
fn invoke(authorizer: fn_authorizer::Authorizer) -> Authorizer {
    Authorizer::new(move |event| {
        let authorizer = authorizer.clone();
        async move {
            let decided = authorizer.decide(event).await;
            decided.map_err(|err| FunctionError { message: err.to_string() })
        }
    })
}

fn whole(response: Response<Bytes>) -> Response<Body> {
    response.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync())
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = whole(Response::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
