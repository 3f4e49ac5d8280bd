//! What a client is told that was not let in (RFC 6750, section 3; RFC 9728, section 5.1): status,
//! `WWW-Authenticate` and body, the same for every function.

use http::{HeaderValue, Response, StatusCode, header};

use crate::scope::Scopes;

/// A `Bearer` challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// No credentials: what to bring, and no error.
    Missing {
        /// The scopes to ask for.
        scope: Scopes,
    },
    /// The token is not valid.
    InvalidToken,
    /// The token is valid and does not allow the operation.
    InsufficientScope {
        /// All scopes that the operation needs.
        scope: Scopes,
    },
    /// The request is malformed.
    InvalidRequest,
}

/// A scope that is for the client to ask of its own accord, and never for a resource server to name
/// (2026-07-28, Authorization, "Scope Selection Strategy").
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

impl Challenge {
    /// The status that goes with it.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Missing { .. } | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope { .. } => StatusCode::FORBIDDEN,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
        }
    }

    /// `error`, and one fixed `error_description`, which never tells one bad token from another.
    const fn error(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Missing { .. } => None,
            Self::InvalidToken => Some(("invalid_token", "the access token is not valid")),
            Self::InsufficientScope { .. } => {
                Some(("insufficient_scope", "the access token does not allow this operation"))
            }
            Self::InvalidRequest => {
                Some(("invalid_request", "send one access token, in the Authorization header"))
            }
        }
    }

    /// The error code (RFC 6750, section 3.1); a request without credentials has none.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.error().map(|(code, _)| code)
    }

    /// `WWW-Authenticate`, which points to the metadata of the protected resource.
    #[must_use]
    pub fn header(&self, resource_metadata: &str) -> HeaderValue {
        let metadata = ("resource_metadata", resource_metadata);
        let value = match (self, self.error()) {
            (Self::InsufficientScope { scope }, Some((error, description))) => bearer(&[
                ("error", error),
                ("scope", &offered(scope)),
                metadata,
                ("error_description", description),
            ]),
            (Self::Missing { scope }, _) => bearer(&[metadata, ("scope", &offered(scope))]),
            (_, Some((error, description))) => {
                bearer(&[("error", error), ("error_description", description), metadata])
            }
            (_, None) => bearer(&[metadata]),
        };
        // Quoted strings are of visible ASCII, so this cannot fail.
        HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer"))
    }

    /// The body that goes with it: JSON.
    #[must_use]
    pub const fn body(&self) -> &'static str {
        match self {
            Self::Missing { .. } => UNAUTHORIZED,
            Self::InvalidToken => {
                r#"{"error":"invalid_token","error_description":"the access token is not valid"}"#
            }
            Self::InsufficientScope { .. } => {
                r#"{"error":"insufficient_scope","error_description":"the access token does not allow this operation"}"#
            }
            Self::InvalidRequest => {
                r#"{"error":"invalid_request","error_description":"send one access token, in the Authorization header"}"#
            }
        }
    }

    /// The whole answer.
    #[must_use]
    pub fn response(&self, resource_metadata: &str) -> Response<&'static str> {
        let mut response = json(self.status(), self.body());
        response.headers_mut().insert(header::WWW_AUTHENTICATE, self.header(resource_metadata));
        response
    }
}

/// The body of an answer to a request without credentials.
pub(crate) const UNAUTHORIZED: &str = r#"{"error":"unauthorized"}"#;

/// An answer that no cache keeps.
pub(crate) fn json(status: StatusCode, body: &'static str) -> Response<&'static str> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn offered(scope: &Scopes) -> String {
    let scope = scope.iter().filter(|scope| scope.as_str() != OFFLINE_ACCESS);
    scope.cloned().collect::<Scopes>().to_string()
}

/// A challenge of those parameters that are not empty.
fn bearer(parameters: &[(&str, &str)]) -> String {
    let mut value = String::from("Bearer");
    let mut separator = " ";
    for (name, text) in parameters.iter().filter(|(_, text)| !text.is_empty()) {
        value.push_str(separator);
        separator = ", ";
        value.push_str(name);
        value.push('=');
        push_quoted(&mut value, text);
    }
    value
}

/// A `quoted-string` (RFC 9110, section 5.6.4), of visible ASCII only.
fn push_quoted(value: &mut String, text: &str) {
    value.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => value.extend(['\\', char]),
            ' '..='~' => value.push(char),
            _ => value.push('?'),
        }
    }
    value.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    /// Status, header and body of the answer, a line each.
    fn told(challenge: &Challenge) -> String {
        let response = challenge.response(METADATA);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let header = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        format!("{}\n{header}\n{}", response.status().as_u16(), response.body())
    }

    #[test]
    fn without_credentials_a_client_is_told_what_to_bring_and_of_no_error() {
        let challenge = Challenge::Missing { scope: scopes("mcp/invoke") };
        assert_snapshot!(told(&challenge), @r#"
        401
        Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="mcp/invoke"
        {"error":"unauthorized"}
        "#);
    }

    #[test]
    fn a_bad_token_is_a_401_with_one_description_for_all() {
        assert_snapshot!(told(&Challenge::InvalidToken), @r#"
        401
        Bearer error="invalid_token", error_description="the access token is not valid", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
        {"error":"invalid_token","error_description":"the access token is not valid"}
        "#);
    }

    #[test]
    fn a_missing_scope_is_a_403_that_names_all_that_are_needed() {
        let scope = scopes("prometheus-mcp-server/write mcp/invoke");
        assert_snapshot!(told(&Challenge::InsufficientScope { scope }), @r#"
        403
        Bearer error="insufficient_scope", scope="mcp/invoke prometheus-mcp-server/write", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", error_description="the access token does not allow this operation"
        {"error":"insufficient_scope","error_description":"the access token does not allow this operation"}
        "#);
    }

    #[test]
    fn two_sets_of_credentials_are_a_malformed_request() {
        assert_snapshot!(told(&Challenge::InvalidRequest), @r#"
        400
        Bearer error="invalid_request", error_description="send one access token, in the Authorization header", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
        {"error":"invalid_request","error_description":"send one access token, in the Authorization header"}
        "#);
    }

    #[test]
    fn the_body_says_what_the_header_says() {
        for challenge in [
            Challenge::InvalidToken,
            Challenge::InsufficientScope { scope: scopes("a") },
            Challenge::InvalidRequest,
        ] {
            let (error, description) = challenge.error().unwrap();
            let body: serde_json::Value = serde_json::from_str(challenge.body()).unwrap();
            assert_eq!(
                body,
                serde_json::json!({ "error": error, "error_description": description })
            );
        }
    }

    #[test]
    fn offline_access_is_never_asked_for() {
        for scope in ["offline_access", "a offline_access b"].map(scopes) {
            for challenge in [
                Challenge::Missing { scope: scope.clone() },
                Challenge::InsufficientScope { scope: scope.clone() },
            ] {
                let header = challenge.header(METADATA);
                assert!(!header.to_str().unwrap().contains(OFFLINE_ACCESS), "{header:?}");
            }
        }
        let header = Challenge::Missing { scope: scopes("offline_access") }.header(METADATA);
        assert!(!header.to_str().unwrap().contains("scope="), "{header:?}");
    }

    proptest! {
        #[test]
        fn nothing_breaks_out_of_its_quotes(text in "(\\PC|[\"\\\\,\r\n\t\0]){0,20}") {
            let header = Challenge::InvalidToken.header(&text);
            let header = header.to_str().unwrap();
            let (_, quoted) = header.split_once("resource_metadata=").unwrap_or(("", "\"\""));
            let mut inner = quoted[1..quoted.len() - 1].chars();
            while let Some(char) = inner.next() {
                prop_assert_ne!(char, '"');
                if char == '\\' {
                    prop_assert!(matches!(inner.next(), Some('"' | '\\')));
                }
            }
        }
    }
}
