//! The function with an issuer, and requests to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use fn_mcp::{Function, Lambda};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use service_kit::clock::ManualClock;
use tower::ServiceExt as _;

use crate::issuer::{Issuer, NOW, RESOURCE};

/// `WWW-Authenticate` of a refused token, the same whatever was wrong with it.
pub(crate) const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\", \
     error_description=\"the access token is not valid\", \
     resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"";
/// `WWW-Authenticate` of a request without a token.
pub(crate) const BARE: &str = "Bearer \
     resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\", \
     scope=\"prometheus-mcp-server/read\"";
/// The body that goes with [`BARE`].
pub(crate) const UNAUTHORIZED: &str = r#"{"error":"unauthorized"}"#;

/// The function as it is on Lambda, and the issuer it believes.
pub(crate) struct Site {
    pub(crate) issuer: Issuer,
    function: Function,
}

/// What a client sees.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Site {
    /// In the mode `jwt`.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// With these variables set beside, or instead of, those of the mode `jwt`.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        Self::believing(|issuer| json!([issuer.entry()]), variables)
    }

    /// With this `AUTH_ISSUERS`.
    pub(crate) fn believing(
        issuers: impl FnOnce(&Issuer) -> Value,
        variables: &[(&str, &str)],
    ) -> Self {
        Self::at(Arc::new(ManualClock::new(NOW * 1000)), issuers, variables)
    }

    /// The same, by this clock.
    pub(crate) fn at(
        clock: Arc<ManualClock>,
        issuers: impl FnOnce(&Issuer) -> Value,
        variables: &[(&str, &str)],
    ) -> Self {
        let issuer = Issuer::new();
        let issuers = issuers(&issuer).to_string();
        let mut env = BTreeMap::from([
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
            ("MCP_RESOURCE", RESOURCE),
            ("AUTH_ISSUERS", issuers.as_str()),
        ]);
        env.extend(variables.iter().copied());
        let lambda = Lambda::from_env(&env).unwrap();
        Self { issuer, function: fn_mcp::service(&lambda.config, clock).unwrap() }
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.function.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The answer to `tools/list` with this `Authorization`.
    pub(crate) async fn list(&self, authorization: &str) -> Answer {
        let mut request = list();
        request.headers_mut().insert(header::AUTHORIZATION, authorization.parse().unwrap());
        self.send(request).await
    }

    /// The answer to `tools/list` with a token of these claims.
    pub(crate) async fn list_as(&self, claims: Value) -> Answer {
        self.list(&self.bearer(claims)).await
    }

    /// `Authorization` with a token of these claims.
    pub(crate) fn bearer(&self, claims: Value) -> String {
        format!("Bearer {}", self.issuer.token(claims))
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn challenge(&self) -> Option<&str> {
        self.header("www-authenticate")
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Fails unless the token was refused, without a word of why.
    #[track_caller]
    pub(crate) fn assert_invalid_token(&self, case: &str) {
        assert_eq!(self.status, 401, "{case}: {}", self.text());
        assert_eq!(self.challenge(), Some(INVALID_TOKEN), "{case}");
        assert_eq!(
            self.text(),
            r#"{"error":"invalid_token","error_description":"the access token is not valid"}"#,
            "{case}"
        );
    }

    /// Fails unless the client was asked to bring a token, and told of no error.
    #[track_caller]
    pub(crate) fn assert_unauthorized(&self, case: &str) {
        assert_eq!((self.status, self.text()), (StatusCode::UNAUTHORIZED, UNAUTHORIZED), "{case}");
        assert_eq!(self.challenge(), Some(BARE), "{case}");
    }
}

/// A POST of a message, without credentials.
pub(crate) fn post(path: &str, message: &Value) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("content-type", "application/json")
        .body(Full::from(message.to_string()))
        .unwrap()
}

/// `tools/list`, without credentials.
pub(crate) fn list() -> Request<Full<Bytes>> {
    post("/mcp", &json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"}))
}

/// A call of a tool that reads, with this `Authorization`.
pub(crate) fn call(authorization: &str) -> Request<Full<Bytes>> {
    let message = json!({
        "jsonrpc": "2.0", "id": "call-1", "method": "tools/call",
        "params": {"name": "ExecuteQuery", "arguments": {"query": "up"}},
    });
    let mut request = post("/mcp", &message);
    request.headers_mut().insert(header::AUTHORIZATION, authorization.parse().unwrap());
    request
}
