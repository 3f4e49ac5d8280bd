//! What an authorizer lets pass: the routes of an API, as resources of an IAM policy.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;

use crate::caller::Caller;
use crate::scope::{Registry, Scope, Scopes};

/// A method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

impl Method {
    /// As in an HTTP request and in a resource ARN.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A route of the API, and the scope that its caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The method.
    pub(crate) method: Method,
    /// The path in a resource ARN, such as `mcp`; `*` at its end is any tool's name.
    pub(crate) path: &'static str,
    /// The scope.
    pub(crate) scope: &'static str,
}

impl Route {
    const fn new(method: Method, path: &'static str) -> Self {
        Self { method, path, scope: Registry::MCP_INVOKE }
    }

    /// All routes that a token opens. The scopes of single tools are for the function to judge.
    pub(crate) const ALL: [Self; 6] = [
        Self::new(Method::Post, "mcp"),
        Self::new(Method::Get, "mcp"),
        Self::new(Method::Delete, "mcp"),
        Self::new(Method::Get, "tools"),
        Self::new(Method::Post, "tools/*"),
        Self::new(Method::Get, "openapi.json"),
    ];
}

/// A stage of an API, out of the ARN of what was called; the method and the path are not kept.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage(String);

/// The text is no ARN of a method or route of API Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has no ARN of a method or a route")]
pub(crate) struct NotARoute;

impl FromStr for Stage {
    type Err = NotARoute;

    fn from_str(arn: &str) -> Result<Self, NotARoute> {
        let mut parts = arn.splitn(6, ':');
        let mut part = || parts.next().ok_or(NotARoute);
        let (prefix, partition, service) = (part()?, part()?, part()?);
        let (region, account, resource) = (part()?, part()?, part()?);
        let mut segments = resource.splitn(3, '/');
        let (Some(api), Some(stage), Some(_)) = (segments.next(), segments.next(), segments.next())
        else {
            return Err(NotARoute);
        };
        let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let id = |byte: u8| byte.is_ascii_alphanumeric();
        let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let known = prefix == "arn"
            && service == "execute-api"
            && (partition == "aws" || partition.starts_with("aws-") && is(partition, 32, lower))
            && is(region, 32, lower)
            && account.len() == 12
            && is(account, 12, |byte| byte.is_ascii_digit())
            && is(api, 32, id)
            && (stage == "$default" || is(stage, 128, name));
        if known {
            Ok(Self(format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}")))
        } else {
            Err(NotARoute)
        }
    }
}

/// Whether `text` has 1 to `most` characters, all of them `legal`.
fn is(text: &str, most: usize, legal: impl Fn(u8) -> bool) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(legal)
}

impl Stage {
    fn resource(&self, route: &Route) -> String {
        format!("{}/{}/{}", self.0, route.method.as_str(), route.path)
    }

    /// What `scopes` open here: routes one by one, because API Gateway keeps the policy and holds it
    /// against other routes of the stage too.
    fn opened_by(&self, scopes: &Scopes) -> Vec<String> {
        let open = Route::ALL.iter().filter(|route| scopes.contains(route.scope));
        let open: Vec<_> = open.map(|route| self.resource(route)).collect();
        if open.is_empty() {
            // A policy that allows nothing is a 403 without a challenge, and a client would never
            // learn which scope to ask for. The function refuses this one, and says so.
            return vec![self.resource(&Route::ALL[0])];
        }
        open
    }
}

/// How an HTTP API wants its answer (`AUTHORIZER_RESPONSE`); a REST API always takes a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseFormat {
    /// An IAM policy.
    #[default]
    Iam,
    /// `isAuthorized`.
    Simple,
}

/// The text names no [`ResponseFormat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be iam or simple")]
pub struct UnknownResponseFormat;

impl FromStr for ResponseFormat {
    type Err = UnknownResponseFormat;

    fn from_str(text: &str) -> Result<Self, UnknownResponseFormat> {
        match text {
            "iam" => Ok(Self::Iam),
            "simple" => Ok(Self::Simple),
            _ => Err(UnknownResponseFormat),
        }
    }
}

/// The most that one value of a context may measure, in bytes.
const MAX_VALUE: usize = 1024;

/// What integrations are told of the caller. API Gateway takes texts only, and fails a request for
/// anything else: what there is not is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<&'a str>,
}

impl<'a> Context<'a> {
    fn of(caller: &'a Caller) -> Self {
        let fits = |text: &&str| !text.is_empty() && text.len() <= MAX_VALUE;
        Self {
            sub: Some(caller.subject.as_str()).filter(fits),
            client_id: caller.client_id.as_deref().filter(fits),
            tenant_id: caller.tenant.as_ref().map(|tenant| tenant.as_str()),
            scope: Some(some_of(&caller.scopes)).filter(|scope| !scope.is_empty()),
            issuer: caller.issuer.as_deref().filter(fits),
            token_id: caller.token_id.as_deref().filter(fits),
        }
    }
}

/// As many scopes as fit, each of them whole.
fn some_of(scopes: &Scopes) -> String {
    let mut room = MAX_VALUE;
    let fits = |scope: &&Scope| {
        let left = room.checked_sub(scope.as_str().len() + 1);
        room = left.unwrap_or(0);
        left.is_some()
    };
    scopes.iter().take_while(fits).cloned().collect::<Scopes>().to_string()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy<'a> {
    principal_id: String,
    policy_document: Document,
    context: Context<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Simple<'a> {
    is_authorized: bool,
    context: Context<'a>,
}

/// A policy that lets `caller` pass where its scopes do, as JSON.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>.
pub(crate) fn policy(caller: &Caller, stage: &Stage) -> Vec<u8> {
    json(&Policy {
        principal_id: principal_id(&caller.subject),
        policy_document: Document {
            version: "2012-10-17",
            statement: [Statement {
                action: "execute-api:Invoke",
                effect: "Allow",
                resource: stage.opened_by(&caller.scopes),
            }],
        },
        context: Context::of(caller),
    })
}

/// The simple answer of an HTTP API, as JSON. It knows no routes: the function judges.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>.
pub(crate) fn simple(caller: &Caller) -> Vec<u8> {
    json(&Simple { is_authorized: true, context: Context::of(caller) })
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    // Texts and lists of them are always written.
    serde_json::to_vec(answer).unwrap_or_default()
}

/// `subject` in the characters of IAM's own names, the others in percent-encoding: two subjects
/// never become one.
fn principal_id(subject: &str) -> String {
    let mut id = String::with_capacity(subject.len());
    for byte in subject.bytes() {
        if byte.is_ascii_alphanumeric() || b"+=,.@_:/|-".contains(&byte) {
            id.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(id, "%{byte:02X}");
        }
    }
    id
}

#[cfg(test)]
mod tests;
