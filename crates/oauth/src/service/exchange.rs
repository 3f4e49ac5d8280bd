//! A request on its way to an answer, and the line it leaves in the log.

use std::borrow::Cow;
use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use http::request::Parts;
use tracing::Level;

use crate::client::ClientId;
use crate::grant::GrantId;
use crate::limits::Source;
use crate::time::Time;

/// How much of a client's id a line may hold.
const LONGEST: usize = 256;

/// A request, and what the log will say of it. Nothing secret is ever among that.
pub(super) struct Exchange<'a> {
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) source: Source,
    pub(super) now: Time,
    pub(super) said: Said,
}

/// What the endpoints found out, for the log.
#[derive(Default)]
pub(super) struct Said {
    pub(super) client: Option<ClientId>,
    pub(super) grant: Option<GrantId>,
    /// `grant_type`, one of those there are.
    pub(super) grant_type: Option<&'static str>,
    /// `jti` of what was given out.
    pub(super) token_id: Option<String>,
    /// The code that the caller was told, or what a page said.
    pub(super) error: Option<Cow<'static, str>>,
    /// What is ours to mend.
    pub(super) cause: Option<Box<dyn Error + Send + Sync>>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(head: &'a Parts, body: &'a [u8], source: Option<IpAddr>, now: Time) -> Self {
        Self { head, body, source: source.into(), now, said: Said::default() }
    }

    /// The query, if it is not empty.
    pub(super) fn query(&self) -> Option<&'a str> {
        self.head.uri.query().filter(|query| !query.is_empty())
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it comes from a program that reads JSON: a browser asks for pages.
    pub(super) fn wants_json(&self) -> bool {
        self.header("accept")
            .is_some_and(|types| types.contains("application/json") && !types.contains("text/html"))
    }

    /// Writes the one line of this request.
    pub(super) fn log(self, endpoint: &'static str, status: StatusCode, took: Duration) {
        let Said { client, grant, grant_type, token_id, error, cause } = &self.said;
        // To the microsecond, which is as much as a reader can use.
        let duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        let outcome = match (cause, status.as_u16()) {
            (Some(_), _) | (_, 500..) => "failed",
            (None, 400..) => "refused",
            (None, _) if error.is_some() => "refused",
            (None, _) => "ok",
        };
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    name: "oauth.request",
                    $level,
                    {
                        endpoint,
                        outcome,
                        error.kind = error.as_deref(),
                        reason = cause.as_deref().map(|cause| cause as &dyn Error),
                        client.id = client.as_ref().map(|id| cut(id.as_str())),
                        grant.id = grant.as_ref().map(|id| id.0.as_str()),
                        grant.kind = grant_type,
                        token.id = token_id.as_deref(),
                        source.ip = tracing::field::display(self.source),
                        http.status = status.as_u16(),
                        duration_ms,
                    },
                    "oauth request"
                )
            };
        }
        if outcome == "failed" { line!(Level::ERROR) } else { line!(Level::INFO) }
    }
}

/// Ids are of visible ASCII.
fn cut(id: &str) -> &str {
    id.get(..LONGEST).unwrap_or(id)
}
