//! Protected resource metadata (RFC 9728): who gives out tokens for a resource, and which scopes
//! there are. It is the same for everyone and comes from configuration alone, never from a request.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::json;

use crate::challenge::OFFLINE_ACCESS;
use crate::env::Tokens;
use crate::resource::{Resource, WELL_KNOWN};
use crate::scope::Scopes;

const ALLOW: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// The document and its two well-known paths, for anyone to read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metadata {
    resource: Resource,
    document: Bytes,
}

impl Metadata {
    /// Of the resource that `tokens` are for: clients are sent to their issuers, the first one
    /// first, to ask for `scopes`. `name` is for people.
    #[must_use]
    pub fn new(tokens: &Tokens, scopes: &Scopes, name: &str) -> Self {
        let issuers: Vec<_> = tokens.issuers.iter().map(|issuer| &*issuer.url).collect();
        let scopes = scopes.iter().map(|scope| scope.as_str());
        let scopes: Vec<_> = scopes.filter(|scope| *scope != OFFLINE_ACCESS).collect();
        let document = json!({
            "resource": tokens.resource.as_str(),
            "authorization_servers": issuers,
            "scopes_supported": scopes,
            "bearer_methods_supported": ["header"],
            "resource_name": name,
        });
        Self { resource: tokens.resource.clone(), document: document.to_string().into() }
    }

    /// Whether `path` is one of its two: the one at the root, or the one with the resource's path
    /// (section 3.1).
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        let own = path.strip_prefix(WELL_KNOWN);
        own.is_some_and(|rest| rest.is_empty() || rest == self.resource.path())
    }

    /// Answers a request to one of the two paths, of which only the method matters: the document
    /// names the resource as it was configured, whatever host the request was sent to.
    #[must_use]
    pub fn answer(&self, method: &Method) -> Response<Bytes> {
        const READ: [(HeaderName, HeaderValue); 2] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        ];
        const ASK: [(HeaderName, HeaderValue); 4] = [
            (header::ALLOW, ALLOW),
            (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET")),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*")),
            (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200")),
        ];
        match *method {
            Method::GET => open(StatusCode::OK, READ, self.document.clone()),
            Method::HEAD => open(StatusCode::OK, READ, Bytes::new()),
            Method::OPTIONS => open(StatusCode::NO_CONTENT, ASK, Bytes::new()),
            _ => open(StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, ALLOW)], Bytes::new()),
        }
    }
}

/// A response that every page may read.
fn open<const N: usize>(
    status: StatusCode,
    headers: [(HeaderName, HeaderValue); N],
    body: Bytes,
) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    let anyone = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use service_kit::env::Reader;
    use std::collections::BTreeMap;

    fn metadata(resource: &str) -> Metadata {
        let env = BTreeMap::from([
            ("MCP_RESOURCE", resource),
            (
                "AUTH_ISSUERS",
                r#"[{"issuer":"https://as.example.com","profile":"at+jwt"},
                    {"issuer":"https://login.example.com/pool","profile":"cognito","clients":["c"]}]"#,
            ),
        ]);
        let mut env = Reader::new(&env, crate::env::TOKEN_VARS);
        let tokens = Tokens::read(&mut env);
        let tokens = env.finish(move || tokens).unwrap();
        let scopes = "offline_access p/read mcp/invoke".parse().unwrap();
        Metadata::new(&tokens, &scopes, "lambda-mcp")
    }

    #[test]
    fn the_document_says_whom_to_ask_and_for_what() {
        let response = metadata("https://Example.com/mcp").answer(&Method::GET);
        let document = String::from_utf8(response.into_body().to_vec()).unwrap();
        insta::assert_snapshot!(document, @r#"{"resource":"https://example.com/mcp","authorization_servers":["https://as.example.com","https://login.example.com/pool"],"scopes_supported":["mcp/invoke","p/read"],"bearer_methods_supported":["header"],"resource_name":"lambda-mcp"}"#);
    }

    #[test]
    fn it_is_served_at_the_two_well_known_paths_and_nowhere_else() {
        let (mcp, root) = (metadata("https://h/mcp"), metadata("https://h"));
        for (path, of_mcp, of_root) in [
            ("/.well-known/oauth-protected-resource", true, true),
            ("/.well-known/oauth-protected-resource/mcp", true, false),
            ("/.well-known/oauth-protected-resource/", false, false),
            ("/.well-known/oauth-protected-resource/MCP", false, false),
            ("/.well-known/oauth-protected-resource/mcp/x", false, false),
            ("/.well-known/oauth-protected-resourcemcp", false, false),
            ("/mcp/.well-known/oauth-protected-resource", false, false),
            ("/mcp", false, false),
            ("", false, false),
        ] {
            assert_eq!((mcp.serves(path), root.serves(path)), (of_mcp, of_root), "{path:?}");
        }
    }

    /// Any page may read it: there is nothing in it that is not for everyone.
    #[test]
    fn x06_each_method_gets_what_it_must_from_any_page_without_credentials() {
        let (json, allow) = (Some("application/json"), Some("GET, HEAD, OPTIONS"));
        for (method, status, has_body, kind, allow) in [
            (Method::GET, 200, true, json, None),
            (Method::HEAD, 200, false, json, None),
            (Method::OPTIONS, 204, false, None, allow),
            (Method::POST, 405, false, None, allow),
            (Method::DELETE, 405, false, None, allow),
            (Method::TRACE, 405, false, None, allow),
        ] {
            let response = metadata("https://h/mcp").answer(&method);
            assert_eq!(response.status(), status, "{method}");
            let header = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap());
            assert_eq!(header("access-control-allow-origin"), Some("*"), "{method}");
            assert_eq!(header("access-control-allow-credentials"), None, "{method}");
            assert_eq!(header("content-type"), kind, "{method}");
            assert_eq!(header("cache-control"), kind.map(|_| "public, max-age=300"), "{method}");
            assert_eq!(header("allow"), allow, "{method}");
            let preflight = (method == Method::OPTIONS).then_some("GET");
            assert_eq!(header("access-control-allow-methods"), preflight, "{method}");
            assert_eq!(!response.body().is_empty(), has_body, "{method}");
        }
    }
}
