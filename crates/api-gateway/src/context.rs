use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;

use crate::Error;

/// How long before Lambda's own deadline a service is told to be done, so that it can still answer.
pub const MARGIN: Duration = Duration::from_millis(500);

/// What Lambda says of one invocation; an extension of each request.
///
/// Source: the headers of `GET /runtime/invocation/next`,
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The invocation's id; the one in Lambda's own log lines.
    pub request_id: String,
    /// When the service must have answered: Lambda's deadline less [`MARGIN`].
    pub deadline: SystemTime,
    /// The X-Ray trace header, `Root=…;Parent=…;Sampled=…`.
    pub trace_id: Option<String>,
    /// The tenant this environment belongs to, on a function with tenant isolation.
    pub tenant_id: Option<String>,
}

impl Invocation {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
        const DEADLINE: &str = "lambda-runtime-deadline-ms";
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let deadline_ms = text(DEADLINE).and_then(|ms| ms.parse().ok());
        let deadline_ms = deadline_ms.ok_or(Error::Invocation(DEADLINE))?;
        Ok(Self {
            // It goes into a path: an id that is no token would be an attack or a mistake.
            request_id: text(REQUEST_ID)
                .filter(|id| {
                    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                })
                .ok_or(Error::Invocation(REQUEST_ID))?,
            deadline: UNIX_EPOCH
                .checked_add(Duration::from_millis(deadline_ms).saturating_sub(MARGIN))
                .ok_or(Error::Invocation(DEADLINE))?,
            trace_id: text("lambda-runtime-trace-id"),
            tenant_id: text("lambda-runtime-aws-tenant-id"),
        })
    }
}

/// The event's `requestContext`: what API Gateway knows of the request and its caller. An extension
/// of each request; nothing of it is parsed until it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext(Bytes);

impl RequestContext {
    /// Takes the JSON text of a `requestContext`.
    pub fn new(json: impl Into<Bytes>) -> Self {
        Self(json.into())
    }

    /// The JSON text, as it came.
    pub fn json(&self) -> &[u8] {
        &self.0
    }

    /// The parts of it that `T` names, such as an authorizer's context.
    ///
    /// # Errors
    /// When the text does not have `T`'s shape.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }

    /// API Gateway's id of the request (`requestId`).
    pub fn request_id(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Context {
            request_id: String,
        }
        Some(self.parse::<Context>().ok()?.request_id)
    }

    /// The client's address: `identity.sourceIp`, or `http.sourceIp` in format 2.0.
    pub fn source_ip(&self) -> Option<std::net::IpAddr> {
        #[derive(Deserialize)]
        struct Context {
            #[serde(alias = "http")]
            identity: Identity,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Identity {
            source_ip: std::net::IpAddr,
        }
        Some(self.parse::<Context>().ok()?.identity.source_ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn the_deadline_handed_on_leaves_half_a_second_to_answer() {
        let invocation = Invocation::from_headers(&headers(&[
            ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
            ("lambda-runtime-deadline-ms", "1795191030000"),
            ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
            ("lambda-runtime-aws-tenant-id", "blue"),
        ]))
        .unwrap();
        assert_eq!(invocation.deadline, UNIX_EPOCH + Duration::from_millis(1_795_191_029_500));
        assert_eq!(invocation.tenant_id.as_deref(), Some("blue"));
    }

    #[test]
    fn an_invocation_without_an_id_or_a_deadline_is_refused() {
        for (pairs, missing) in [
            (&[("lambda-runtime-deadline-ms", "1")][..], "lambda-runtime-aws-request-id"),
            (&[("lambda-runtime-aws-request-id", "a")], "lambda-runtime-deadline-ms"),
            (
                &[("lambda-runtime-aws-request-id", "a/../b"), ("lambda-runtime-deadline-ms", "1")],
                "lambda-runtime-aws-request-id",
            ),
            (
                &[("lambda-runtime-aws-request-id", "a"), ("lambda-runtime-deadline-ms", "soon")],
                "lambda-runtime-deadline-ms",
            ),
        ] {
            let err = Invocation::from_headers(&headers(pairs)).unwrap_err();
            assert!(matches!(err, Error::Invocation(name) if name == missing), "{err}");
        }
    }

    #[test]
    fn the_callers_address_is_read_in_both_formats_and_only_when_asked() {
        for (json, ip) in [
            (r#"{"identity":{"sourceIp":"203.0.113.10"},"requestId":"r"}"#, Some("203.0.113.10")),
            (r#"{"http":{"sourceIp":"2001:db8::1","method":"GET"}}"#, Some("2001:db8::1")),
            (r#"{"identity":{"sourceIp":"test-invoke-source-ip"}}"#, None),
            ("{}", None),
        ] {
            let got = RequestContext::new(json).source_ip();
            assert_eq!(got, ip.map(|ip| ip.parse().unwrap()), "{json}");
        }
        let context = RequestContext::new(r#"{"requestId":"r"}"#);
        assert_eq!(context.request_id().as_deref(), Some("r"));
    }
}
