//! Principals of AWS, whose signature API Gateway has verified.

use api_gateway::RequestContext;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::log::Log;
use crate::site::{Site, call, list, post};

const IAM: &[(&str, &str)] =
    &[("AUTH_MODE", "iam"), ("IAM_TENANTS", r#"{"arn:aws:iam::123456789012:role/agent":"acme"}"#)];

/// The identity of a request that API Gateway has verified, in an event of a REST API.
fn identity() -> Value {
    json!({
        "accessKey": "ASIAEXAMPLE",
        "accountId": "123456789012",
        "caller": "AROAEXAMPLE:session",
        "user": "AROAEXAMPLE:session",
        "userArn": "arn:aws:sts::123456789012:assumed-role/agent/session",
        "sourceIp": "203.0.113.10",
    })
}

/// What a Lambda authorizer would have said.
fn authorizer() -> Value {
    json!({
        "principalId": "agent",
        "scope": "prometheus-mcp-server/read mcp/invoke",
        "tenantId": "acme",
        "claims": {"sub": "agent", "scope": "prometheus-mcp-server/read"},
        "jwt": {"claims": {"sub": "agent"}, "scopes": ["prometheus-mcp-server/read"]},
    })
}

fn within(context: &Value, mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    request.extensions_mut().insert(RequestContext::new(context.to_string()));
    request
}

#[tokio::test]
async fn a_verified_principal_is_let_in_where_principals_are() {
    let log = Log::capture();
    let context = json!({"identity": identity(), "requestId": "r"});
    for mode in ["iam", "jwt+iam"] {
        let site = Site::with(&[IAM, &[("AUTH_MODE", mode)]].concat());
        assert_eq!(site.send(within(&context, list())).await.status, 200, "{mode}");
    }
    let log = log.text();
    assert!(log.contains("tenant.id=\"acme\""), "{log}");
    assert!(log.contains("assumed-role/agent/session"), "{log}");
    assert!(log.contains("caller.issuer=\"aws\""), "{log}");
    assert!(log.contains("caller.kind=\"iam\""), "{log}");
}

#[tokio::test]
async fn either_way_is_open_in_the_mode_for_both() {
    let site = Site::with(&[("AUTH_MODE", "jwt+iam")]);
    assert_eq!(site.send(call(&site.bearer(json!({})))).await.status, 200);
    site.send(list()).await.assert_unauthorized("neither");
    site.list("Bearer no.good.token").await.assert_invalid_token("a bad token");
}

#[tokio::test]
async fn j39_principals_have_the_scopes_that_are_configured_and_are_asked_for_no_token() {
    let context = json!({"identity": identity()});
    for (scopes, status) in
        [("", 200), ("prometheus-mcp-server/write", 200), ("mcp/invoke", 403), ("cases/read", 403)]
    {
        for mode in ["iam", "jwt+iam"] {
            let site = Site::with(&[IAM, &[("AUTH_MODE", mode), ("IAM_SCOPES", scopes)]].concat());
            let mut request = call("none");
            request.headers_mut().remove("authorization");
            let answer = site.send(within(&context, request)).await;
            assert_eq!(answer.status, status, "{mode} {scopes}: {}", answer.text());
            // No token would help.
            assert_eq!(answer.challenge(), None, "{mode} {scopes}");
        }
    }
    // Who brought one is told what it lacks.
    let site =
        Site::with(&[IAM, &[("AUTH_MODE", "jwt+iam"), ("IAM_SCOPES", "mcp/invoke")]].concat());
    let answer = site.send(call(&site.bearer(json!({"scope": "mcp/invoke"})))).await;
    assert!(answer.challenge().unwrap().contains("insufficient_scope"), "{}", answer.text());
}

/// `requestContext` of a function URL, which AWS writes as API Gateway does for an HTTP API.
fn of_function_url(authorizer: Option<Value>) -> Value {
    let mut context = json!({
        "accountId": "anonymous",
        "apiId": "abcdefghijklmnopqrstuvwxyz012345",
        "authentication": null,
        "domainName": "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws",
        "domainPrefix": "abcdefghijklmnopqrstuvwxyz012345",
        "http": {
            "method": "POST", "path": "/mcp", "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.10", "userAgent": "agent",
        },
        "requestId": "b1f3e1a4-0000-4000-8000-000000000000",
        "routeKey": "$default",
        "stage": "$default",
        "time": "20/Nov/2026:19:03:58 +0000",
        "timeEpoch": 1_795_201_438_000_i64,
    });
    if let Some(authorizer) = authorizer {
        context["accountId"] = json!("123456789012");
        context["authorizer"] = authorizer;
    }
    context
}

/// With `AWS_IAM` it is AWS that has verified the signature, so the principal is let in, though no
/// policy of an API was asked; with `NONE` nobody is known.
#[tokio::test]
async fn a_function_url_names_who_signed_and_without_a_signature_nobody() {
    let signed = of_function_url(Some(json!({"iam": {
        "accessKey": "ASIAEXAMPLE",
        "accountId": "123456789012",
        "callerId": "AROAEXAMPLE:session",
        "cognitoIdentity": null,
        "principalOrgId": null,
        "userArn": "arn:aws:sts::123456789012:assumed-role/agent/session",
        "userId": "AROAEXAMPLE:session",
    }})));
    let open = of_function_url(None);
    let log = Log::capture();
    let (jwt, iam) = (Site::new(), Site::with(IAM));

    assert_eq!(iam.send(within(&signed, list())).await.status, 200);
    let log = log.text();
    assert!(log.contains("tenant.id=\"acme\""), "{log}");
    let answer = iam.send(within(&open, list())).await;
    assert_eq!((answer.status.as_u16(), answer.challenge()), (401, Some("AWS4-HMAC-SHA256")));
    // Where tokens are asked for, a signature is none, and a URL changes nothing about a token.
    for context in [&signed, &open] {
        jwt.send(within(context, list())).await.assert_unauthorized(&context.to_string());
        let call = call(&jwt.bearer(json!({})));
        assert_eq!(jwt.send(within(context, call)).await.status, 200);
    }
}

/// What a caller can write itself, or an authorizer that a direct invocation never met, counts for
/// nothing; the identity counts only where signatures are taken.
#[tokio::test]
async fn j40_a_forged_context_lets_nobody_in() {
    let jwt = Site::new();
    let iam = Site::with(IAM);
    let forged = json!({"authorizer": authorizer(), "requestId": "r"});
    let http_api = json!({"authorizer": authorizer(), "http": {"method": "POST"}});
    let signed = json!({"authorizer": authorizer(), "identity": identity()});
    let no_identity = json!({"identity": {"sourceIp": "203.0.113.10", "userArn": null}});

    for context in [&forged, &http_api, &signed, &no_identity] {
        jwt.send(within(context, list())).await.assert_unauthorized(&context.to_string());
    }
    for context in [&forged, &http_api, &no_identity] {
        let answer = iam.send(within(context, list())).await;
        assert_eq!(answer.status, 401, "{context}");
        assert_eq!(answer.challenge(), Some("AWS4-HMAC-SHA256"), "no Bearer challenge");
    }
    for site in [&jwt, &iam] {
        let mut request = post(
            "/mcp",
            &json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/list",
                "requestContext": signed, "identity": identity(), "authorizer": authorizer(),
            }),
        );
        for (name, value) in [
            ("x-amzn-oidc-identity", "agent"),
            ("x-amzn-request-context", r#"{"identity":{}}"#),
            ("x-apigateway-event", "{}"),
            ("x-amz-security-token", "token"),
            ("x-caller", "arn:aws:iam::123456789012:role/agent"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(site.send(request).await.status, 401);
    }
    // A direct invocation without a context at all.
    assert_eq!(iam.send(list()).await.status, 401);
    // A good token does not open a door that takes signatures only.
    assert_eq!(iam.list_as(json!({})).await.status, 401);
}

#[tokio::test]
async fn the_log_tells_where_a_refused_request_came_from() {
    let log = Log::capture();
    let site = Site::new();
    site.send(within(&json!({"identity": identity()}), list())).await;
    let log = log.text();
    let line = log.lines().find(|line| line.contains("refused at the door")).unwrap();
    for field in [
        "INFO",
        "error.kind=\"no_credentials\"",
        "source.ip=203.0.113.10",
        "there are no credentials",
        "http.status=401",
    ] {
        assert!(line.contains(field), "{field}: {line}");
    }
}
