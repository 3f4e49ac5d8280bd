//! Protected resource metadata (RFC 9728): who gives out tokens for this server, and which scopes
//! there are. It is the same for everyone and comes from configuration alone, never from a request.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::body::Body;
use crate::resource_identifier::ResourceIdentifier;

/// Never told: a refresh token is between a client and its authorization server (specification
/// 2026-07-28, Authorization, Scopes).
const OFFLINE_ACCESS: &str = "offline_access";

/// The document (RFC 9728, section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtectedResourceMetadata {
    resource: ResourceIdentifier,
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
}

/// Nobody gives out tokens for the resource (specification: at least one must be named).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a protected resource needs an authorization server")]
pub struct NoAuthorizationServer;

impl ProtectedResourceMetadata {
    /// Of `resource`, for which `authorization_servers`, by their issuer identifiers, give out
    /// tokens; clients try the first one first.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(
        resource: ResourceIdentifier,
        authorization_servers: Vec<String>,
    ) -> Result<Self, NoAuthorizationServer> {
        if authorization_servers.is_empty() {
            return Err(NoAuthorizationServer);
        }
        Ok(Self {
            resource,
            authorization_servers,
            scopes_supported: Vec::new(),
            bearer_methods_supported: ["header"],
            resource_name: None,
            resource_documentation: None,
        })
    }

    /// With the scopes that a client would ask for, such as [`mcp_core::Server::scopes`].
    #[must_use]
    pub fn with_scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes = scopes.into_iter().map(Into::into);
        Self { scopes_supported: scopes.filter(|scope| scope != OFFLINE_ACCESS).collect(), ..self }
    }

    /// With a name for people.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { resource_name: Some(name.into()), ..self }
    }

    /// With the URL of a page for developers.
    #[must_use]
    pub fn with_documentation(self, url: impl Into<String>) -> Self {
        Self { resource_documentation: Some(url.into()), ..self }
    }
}

/// Serves the document at its well-known paths, to anyone. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MetadataEndpoint {
    paths: [String; 2],
    document: Bytes,
}

impl MetadataEndpoint {
    /// Of `metadata`, which is written here, once.
    #[must_use]
    pub fn new(metadata: &ProtectedResourceMetadata) -> Self {
        let document = json!(metadata).to_string().into();
        Self { paths: metadata.resource.well_known_paths(), document }
    }

    /// Whether `path` is one of the two.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        self.paths.iter().any(|own| own == path)
    }

    /// Answers a request to one of the two paths. Only the method matters: the document names the
    /// resource as it was configured, whatever host the request was sent to.
    pub fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        match *request.method() {
            Method::GET => self.document(self.document.clone()),
            Method::HEAD => self.document(Bytes::new()),
            Method::OPTIONS => {
                let mut response = open(StatusCode::NO_CONTENT, Bytes::new());
                for (name, value) in [
                    (header::ALLOW, ALLOW),
                    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET"),
                    (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
                    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
                ] {
                    response.headers_mut().insert(name, HeaderValue::from_static(value));
                }
                response
            }
            _ => {
                let mut response = open(StatusCode::METHOD_NOT_ALLOWED, Bytes::new());
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOW));
                response
            }
        }
    }

    fn document(&self, body: Bytes) -> Response<Body> {
        let mut response = open(StatusCode::OK, body);
        for (name, value) in [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

const ALLOW: &str = "GET, HEAD, OPTIONS";

/// A response that every page may read.
fn open(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::whole(body));
    *response.status_mut() = status;
    let anyone = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
    response
}
