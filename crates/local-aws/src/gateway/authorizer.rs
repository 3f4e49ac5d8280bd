//! The REQUEST authorizer: when it is asked, with what, and what is made of its answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::cache::Cache;
use super::call::{Call, text};
use super::identity::Caller;
use super::policy::{Judgement, Policy};
use super::respond::Refusal;
use super::{Api, Kind, context, event};

/// What an authorizer function failed with: the `errorMessage` of its answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the authorizer function failed")]
pub struct FunctionError {
    /// The whole message. Exactly `Unauthorized` becomes a 401, which AWS documents for REST APIs
    /// only; anything else a 500.
    pub message: String,
}

type Invoked = Pin<Box<dyn Future<Output = Result<Bytes, FunctionError>> + Send>>;

/// A Lambda authorizer of type REQUEST, and the cache of its answers.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>
/// and <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>.
pub struct Authorizer {
    /// What a request must have for the function to be asked, and what its answers are cached
    /// by; at first the header `Authorization`.
    pub identity_sources: Vec<IdentitySource>,
    /// How long an answer is used again; at first 300 s, and zero is never.
    pub ttl: Duration,
    /// Whether the function of an HTTP API answers `isAuthorized` instead of a policy; at first
    /// not.
    pub simple_responses: bool,
    function: Box<dyn Fn(Bytes) -> Invoked + Send + Sync>,
    cache: Cache,
}

impl Authorizer {
    /// An authorizer that invokes `function` with events.
    pub fn new<F, Answer>(function: F) -> Self
    where
        F: Fn(Bytes) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Bytes, FunctionError>> + Send + 'static,
    {
        Self {
            identity_sources: vec![IdentitySource::Header(header::AUTHORIZATION)],
            ttl: Duration::from_secs(300),
            simple_responses: false,
            function: Box::new(move |event| Box::pin(function(event))),
            cache: Cache::default(),
        }
    }

    /// Sets what a request must have, and what answers are cached by.
    #[must_use]
    pub fn with_identity_sources(mut self, sources: Vec<IdentitySource>) -> Self {
        self.identity_sources = sources;
        self
    }

    /// Sets how long an answer is used again.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets whether answers are `isAuthorized` instead of policies.
    #[must_use]
    pub fn with_simple_responses(mut self, simple: bool) -> Self {
        self.simple_responses = simple;
        self
    }

    pub(super) async fn authorize(&self, api: &Api, call: &Call) -> Result<Arc<Verdict>, Refusal> {
        let sources = self.identity_sources.iter();
        let identities: Option<Vec<_>> = sources.map(|it| it.value(api.kind, call)).collect();
        let identities = identities.ok_or(Refusal::Unauthorized)?;
        let arn = api.arn(&call.parts.method, &call.routed.path);
        let now_ms = call.received.now_ms;
        // Without an identity source there would be one answer for everybody.
        let caches = !self.ttl.is_zero() && !identities.is_empty();
        let cached = caches.then(|| self.cache.get(&identities, now_ms)).flatten();
        let verdict = match cached {
            Some(verdict) => verdict,
            None => {
                let context = context::request_context(api, call, &Caller::Anyone);
                let event = event::authorizer(api.kind, call, &context, &arn, &identities);
                let answer = (self.function)(Bytes::from(event.to_string())).await;
                let verdict = Arc::new(self.understand(api.kind, answer)?);
                if caches {
                    self.cache.put(identities, Arc::clone(&verdict), now_ms, self.ttl);
                }
                verdict
            }
        };
        // An answer is judged anew for each route it is used for.
        match verdict.decision.judge(&arn) {
            Judgement::Allowed => Ok(verdict),
            Judgement::ExplicitlyDenied => Err(Refusal::ExplicitlyDenied),
            Judgement::ImplicitlyDenied => Err(Refusal::ImplicitlyDenied),
        }
    }

    fn understand(
        &self,
        kind: Kind,
        answer: Result<Bytes, FunctionError>,
    ) -> Result<Verdict, Refusal> {
        let answer = answer.map_err(|err| match err.message.as_str() {
            "Unauthorized" => Refusal::Unauthorized,
            // The message may repeat what it was given, so it goes nowhere.
            _ => Refusal::AuthorizerFailed(err.to_string()),
        })?;
        let simple = self.simple_responses && kind == Kind::Http;
        Verdict::parse(&answer, kind, simple).map_err(Refusal::AuthorizerFailed)
    }
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("identity_sources", &self.identity_sources)
            .field("ttl", &self.ttl)
            .field("simple_responses", &self.simple_responses)
            .finish_non_exhaustive()
    }
}

/// Where a request says who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// A header.
    Header(HeaderName),
    /// A parameter of the query; its name is case-sensitive.
    Query(String),
}

/// A text that names no [`IdentitySource`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be method.request.header.NAME or method.request.querystring.NAME, or with $request")]
pub struct UnknownIdentitySource;

impl FromStr for IdentitySource {
    type Err = UnknownIdentitySource;

    fn from_str(text: &str) -> Result<Self, UnknownIdentitySource> {
        let place = text.strip_prefix("method.request.").or_else(|| text.strip_prefix("$request."));
        match place.and_then(|place| place.split_once('.')) {
            Some(("header", name)) => {
                name.parse().map(Self::Header).map_err(|_| UnknownIdentitySource)
            }
            Some(("querystring", name)) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            _ => Err(UnknownIdentitySource),
        }
    }
}

impl IdentitySource {
    /// Of several values a REST API takes the last, as its events do; an HTTP API joins them.
    fn value(&self, kind: Kind, call: &Call) -> Option<String> {
        let values: Vec<_> = match self {
            Self::Header(name) => call.parts.headers.get_all(name).iter().map(text).collect(),
            Self::Query(name) => {
                let values = call.query().filter(|(other, _)| other == name);
                values.map(|(_, value)| value).collect()
            }
        };
        let value = match kind {
            Kind::Rest => values.into_iter().next_back()?,
            Kind::Http => values.join(","),
        };
        (!value.is_empty()).then_some(value)
    }
}

/// An authorizer's answer, understood.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) principal_id: Option<String>,
    pub(super) context: Map<String, Value>,
    decision: Decision,
}

#[derive(Debug)]
enum Decision {
    Policy(Policy),
    Simple(bool),
}

impl Decision {
    fn judge(&self, arn: &str) -> Judgement {
        match self {
            Self::Policy(policy) => policy.judge(arn),
            Self::Simple(true) => Judgement::Allowed,
            Self::Simple(false) => Judgement::ImplicitlyDenied,
        }
    }
}

impl Verdict {
    /// Takes the answer of a function, or says what is wrong with it.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>.
    fn parse(answer: &[u8], kind: Kind, simple: bool) -> Result<Self, String> {
        // A usage plan's key may be there too; no usage plans are played.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            principal_id: Option<String>,
            policy_document: Option<Policy>,
            is_authorized: Option<bool>,
            context: Option<Map<String, Value>>,
        }
        let answer: Answer = serde_json::from_slice(answer)
            // Where, not what: the value may be a secret.
            .map_err(|err| format!("its answer is none, at column {}", err.column()))?;
        let decision = match (simple, answer.policy_document, answer.is_authorized) {
            (false, Some(policy), _) => Decision::Policy(policy),
            (true, _, Some(authorized)) => Decision::Simple(authorized),
            (false, None, _) => return Err("its answer has no policyDocument".to_owned()),
            (true, _, None) => return Err("its answer has no isAuthorized".to_owned()),
        };
        let context = answer.context.unwrap_or_default();
        // An HTTP API takes arrays and objects; a REST API does not.
        if kind == Kind::Rest {
            let flat = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
            if let Some((name, _)) = context.iter().find(|(_, value)| !flat(value)) {
                return Err(format!(
                    "context.{name} is neither a string nor a number nor a boolean"
                ));
            }
        }
        Ok(Self { principal_id: answer.principal_id, context, decision })
    }
}
