//! The decision of a REQUEST authorizer of API Gateway.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, HeaderValue, header};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;

use crate::caller::Caller;
use crate::door::{Door, Refusal};
use crate::policy::{ResponseFormat, Stage, policy, simple};
use crate::scope::Registry;
use crate::verifier::Verifier;

/// Why nobody is let pass. The text is what API Gateway acts on: exactly `Unauthorized` is a 401,
/// anything else a 500. The source is for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizerError {
    /// There is no valid token.
    #[error("Unauthorized")]
    Unauthorized(#[source] Refusal),
    /// The event is of something else: the function is wired wrongly, or invoked by hand.
    #[error("Unauthorized")]
    NotAnEvent(#[source] NotAnEvent),
    /// It cannot be told now.
    #[error("tokens cannot be verified now")]
    Unavailable,
}

/// Why an event is not one of a REQUEST authorizer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnEvent {
    /// It is not JSON of the right shape. What is there instead stays untold: it may be a token.
    #[error("the event is not one of an authorizer: {what:?} error at line {line} column {column}")]
    Malformed {
        /// What kind of fault it is.
        what: Category,
        /// Counted from 1; 0 when it has no place.
        line: usize,
        /// The same.
        column: usize,
    },
    /// It is not of type `REQUEST`.
    #[error("the event is not of a REQUEST authorizer")]
    Type,
    /// It does not say what was called.
    #[error("the event does not say what was called")]
    Route,
}

impl From<serde_json::Error> for NotAnEvent {
    fn from(err: serde_json::Error) -> Self {
        Self::Malformed { what: err.classify(), line: err.line(), column: err.column() }
    }
}

/// A caller that may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Who it is.
    pub caller: Caller,
    /// The answer to API Gateway: JSON.
    pub response: Vec<u8>,
}

/// Decides for API Gateway who may pass. Cheap to clone.
///
/// It decides by the `Authorization` header alone, since API Gateway keeps an answer for all requests
/// that have the same one; and it judges no scope but that of a route. All else is for the function
/// behind it, which verifies again.
#[derive(Clone, Debug)]
pub struct Authorizer {
    door: Door,
    format: ResponseFormat,
}

impl Authorizer {
    /// Decides with the tokens that `tokens` accepts, and answers HTTP APIs in `format`.
    #[must_use]
    pub const fn new(tokens: Verifier, registry: Registry, format: ResponseFormat) -> Self {
        Self { door: Door::new(Some(tokens), None, registry), format }
    }

    /// Decides on `event`, a REQUEST event of a REST or an HTTP API.
    ///
    /// Nobody is denied: a policy of `Deny` is a 403, which clients do not answer with a login, and
    /// which API Gateway keeps.
    ///
    /// # Errors
    /// When nobody is let pass. It is to be told to API Gateway as the function's failure.
    pub async fn decide(&self, event: &[u8]) -> Result<Allowed, AuthorizerError> {
        let event = Event::parse(event).map_err(AuthorizerError::NotAnEvent)?;
        let admitted = self.door.admit(&event.credentials, None, None).await;
        let caller = admitted.map_err(|refusal| match refusal {
            Refusal::Unavailable { .. } => AuthorizerError::Unavailable,
            refusal => AuthorizerError::Unauthorized(refusal),
        })?;
        let response = match event.format(self.format) {
            ResponseFormat::Iam => policy(&caller, &event.stage),
            ResponseFormat::Simple => simple(&caller),
        };
        Ok(Allowed { caller, response })
    }
}

/// What is looked at in an event.
struct Event {
    of_http_api: bool,
    stage: Stage,
    credentials: HeaderMap,
}

impl Event {
    /// Reads formats 1.0 and 2.0.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>
    /// and <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>.
    fn parse(json: &[u8]) -> Result<Self, NotAnEvent> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Raw<'a> {
            #[serde(borrow)]
            version: Option<Text<'a>>,
            #[serde(borrow, rename = "type")]
            kind: Option<Text<'a>>,
            #[serde(borrow)]
            method_arn: Option<Text<'a>>,
            #[serde(borrow)]
            route_arn: Option<Text<'a>>,
            headers: Option<Credentials>,
            multi_value_headers: Option<Credentials>,
        }
        let raw: Raw<'_> = serde_json::from_slice(json)?;
        if raw.kind.is_none_or(|kind| kind.0 != "REQUEST") {
            return Err(NotAnEvent::Type);
        }
        let of_http_api = raw.version.is_some_and(|version| version.0 == "2.0");
        let arn = if of_http_api { raw.route_arn } else { raw.method_arn };
        let stage = arn.and_then(|arn| arn.0.parse().ok()).ok_or(NotAnEvent::Route)?;
        // The same headers twice, of which the first form has all values of each.
        let several = raw.multi_value_headers.filter(|headers| !headers.0.is_empty());
        let credentials = several.or(raw.headers).unwrap_or_default().0;
        Ok(Self { of_http_api, stage, credentials })
    }

    const fn format(&self, of_http_api: ResponseFormat) -> ResponseFormat {
        if self.of_http_api { of_http_api } else { ResponseFormat::Iam }
    }
}

/// A JSON string, borrowed from the event unless it holds escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Every `Authorization` of `headers` or `multiValueHeaders`, in whatever letters; the others are
/// skipped.
#[derive(Default)]
struct Credentials(HeaderMap);

impl<'de> Deserialize<'de> for Credentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Values {
            One(String),
            Many(Vec<String>),
            None(()),
        }

        struct Headers;

        impl<'de> Visitor<'de> for Headers {
            type Value = Credentials;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut headers: A) -> Result<Credentials, A::Error> {
                let mut found = HeaderMap::new();
                while let Some(Text(name)) = headers.next_key()? {
                    if !name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str()) {
                        headers.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let values = match headers.next_value()? {
                        Values::One(value) => vec![value],
                        Values::Many(values) => values,
                        Values::None(()) => vec![],
                    };
                    for value in values {
                        let value = HeaderValue::try_from(value).map_err(A::Error::custom)?;
                        found.append(header::AUTHORIZATION, value);
                    }
                }
                Ok(Credentials(found))
            }
        }

        deserializer.deserialize_map(Headers)
    }
}

#[cfg(test)]
mod tests;
