//! The door of `/mcp`, and of what REST has: who is let in, and what the others are told.
//!
//! API Gateway has asked the authorizer before. It is asked again here, because that answer may be
//! minutes old, and because a function can be invoked without API Gateway.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use api_gateway::{Invocation, RequestContext};
use auth::env::DoorSettings;
use auth::{Challenge, Grants, Refusal, Registry, Scopes, Verifier};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode, header};
use http_body_util::Full;
use mcp_core::{Caller, Granted};
use mcp_http::rest::error_body;
use mcp_http::{InsufficientScope, Origins};
use service_kit::clock::Clock;
use tracing::Level;

/// Who vouches for a principal of AWS, where a token has an issuer: no URL, as those are.
const AWS: &str = "aws";

/// Who is let in, and where the others are sent.
#[derive(Debug)]
pub(crate) struct Door {
    callers: auth::Door,
    /// Where the metadata of the protected resource is; `None` where no tokens are taken.
    metadata_url: Option<String>,
    /// What a client asks for to use all of the server.
    scopes: Scopes,
    /// The pages that may read a refusal.
    origins: Origins,
}

/// What a caller understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The errors of OAuth.
    Mcp,
    /// Those of REST, by the same status and headers.
    Rest,
}

/// A request that is not let in.
struct Refused {
    why: Refusal,
    /// Who sent it, where that is known.
    caller: Option<Box<Caller>>,
}

impl From<Refusal> for Refused {
    fn from(why: Refusal) -> Self {
        Self { why, caller: None }
    }
}

impl Door {
    /// As `settings` say, before a server that needs `scopes`. `grants` is who knows whether they
    /// hold, where any are checked.
    pub(crate) fn new(
        settings: &DoorSettings,
        grants: Option<Arc<dyn Grants>>,
        clock: Arc<dyn Clock>,
        scopes: Scopes,
        origins: Origins,
    ) -> Self {
        let tokens = settings.tokens.as_ref();
        let verifier = tokens.map(|tokens| match grants {
            Some(grants) => Verifier::with_grants(tokens.issuers.clone(), grants, clock),
            None => Verifier::new(tokens.issuers.clone(), clock),
        });
        Self {
            callers: auth::Door::new(verifier, settings.principals.clone(), Registry::PROJECT),
            metadata_url: tokens.map(|tokens| tokens.resource.metadata_url()),
            scopes,
            origins,
        }
    }

    /// Tells the request who calls, or answers it in the form its caller understands.
    pub(crate) async fn admit(
        &self,
        request: &mut Parts,
        form: Form,
    ) -> Result<(), Response<Full<Bytes>>> {
        // A browser asks before it sends the token; mcp-http answers, and runs nothing.
        if request.method == Method::OPTIONS {
            return Ok(());
        }
        let started = Instant::now();
        match self.caller(request).await {
            Ok(caller) => {
                request.extensions.insert(caller);
                Ok(())
            }
            Err(refused) => Err(self.refuse(&refused, request, form, started)),
        }
    }

    async fn caller(&self, request: &Parts) -> Result<Caller, Refused> {
        let Parts { headers, uri, extensions, .. } = request;
        let context = extensions.get().map(RequestContext::json);
        let caller = self.callers.admit(headers, uri.query(), context).await?;
        let scopes: BTreeSet<_> = caller.scopes.iter().map(ToString::to_string).collect();
        let caller = Caller {
            subject: Some(caller.subject),
            kind: Some(caller.kind.as_str()),
            issuer: Some(caller.issuer.unwrap_or_else(|| AWS.to_owned())),
            client: caller.client_id,
            tenant: caller.tenant.map(|tenant| tenant.to_string()),
            token_id: caller.token_id,
            scopes: Granted::Only(scopes),
        };
        let environment = extensions.get().and_then(|own: &Invocation| own.tenant_id.as_ref());
        if environment.is_some() && environment != caller.tenant.as_ref() {
            return Err(Refused { why: Refusal::AnotherTenant, caller: Some(Box::new(caller)) });
        }
        Ok(caller)
    }

    fn refuse(
        &self,
        refused: &Refused,
        request: &Parts,
        form: Form,
        started: Instant,
    ) -> Response<Full<Bytes>> {
        let response = refused.why.response(self.metadata_url.as_deref(), &self.scopes);
        let mut response = response.map(|body| match form {
            Form::Mcp => Full::from(body),
            Form::Rest => {
                let why = &refused.why;
                Full::new(error_body(why.kind(), &why.to_string(), self.advice(why)))
            }
        });
        self.origins.share(&request.headers, response.headers_mut());
        log(refused, request, response.status(), started);
        response
    }

    /// What a program, or who wrote it, can do about a refusal.
    fn advice(&self, why: &Refusal) -> &'static str {
        match why {
            Refusal::Missing | Refusal::InvalidToken(_) if self.metadata_url.is_some() => {
                "send Authorization: Bearer and an access token; \
                 /.well-known/oauth-protected-resource says who gives them out"
            }
            Refusal::Missing | Refusal::InvalidToken(_) => {
                "sign the request with AWS Signature Version 4 for the service execute-api"
            }
            Refusal::InvalidRequest => "send one access token, in the Authorization header",
            Refusal::Unavailable { .. } => "try again later",
            Refusal::AnotherTenant => "no other token of this caller would do",
        }
    }

    /// Adds the challenge to an answer that says that the caller, who came with a token, lacks a
    /// scope.
    pub(crate) fn challenge<B>(&self, response: &mut Response<B>) {
        if let Some(metadata_url) = &self.metadata_url
            && let Some(InsufficientScope(scopes)) = response.extensions_mut().remove()
        {
            // Those of tools and of the server, which mcp-core holds to the grammar and the length of
            // `auth::Scope`: each parses.
            let scope = scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
            let challenge = Challenge::InsufficientScope { scope }.header(metadata_url);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
}

/// Whether the caller that was let in has signed: no token would help it.
pub(crate) fn has_signed(request: &Parts) -> bool {
    let caller = request.extensions.get::<Caller>();
    caller.is_some_and(|caller| caller.issuer.as_deref() == Some(AWS))
}

fn log(refused: &Refused, request: &Parts, status: StatusCode, started: Instant) {
    let Refused { why, caller } = refused;
    let invocation = request.extensions.get::<Invocation>();
    let context = request.extensions.get::<RequestContext>();
    let caller = caller.as_deref();
    macro_rules! refused {
        ($level:expr) => {
            tracing::event!(
                name: "door.refused",
                $level,
                {
                    error.kind = why.kind(),
                    reason = why as &dyn Error,
                    caller.kind = caller.and_then(|caller| caller.kind),
                    caller.subject = caller.and_then(|caller| caller.subject.as_deref()),
                    caller.issuer = caller.and_then(|caller| caller.issuer.as_deref()),
                    tenant.id = caller.and_then(|caller| caller.tenant.as_deref()),
                    http.status = status.as_u16(),
                    duration_ms = started.elapsed().as_secs_f64() * 1e3,
                    source.ip =
                        context.and_then(RequestContext::source_ip).map(tracing::field::display),
                    request_id = invocation.map(|invocation| invocation.request_id.as_str()),
                },
                "refused at the door"
            )
        };
    }
    match why {
        // Nobody with a token gets in: an outage of ours, or of the issuer.
        Refusal::Unavailable { .. } => refused!(Level::ERROR),
        _ => refused!(Level::INFO),
    }
}
