//! Whose request it is, and whose environment it came to.

use std::time::{Duration, SystemTime};

use api_gateway::Invocation;
use http::Request;
use serde_json::json;

use crate::issuer::NOW;
use crate::log::Log;
use crate::site::{Answer, Site, call};

async fn sent_to(site: &Site, environment: Option<&str>, tenant: Option<&str>) -> Answer {
    let mut request = call(&site.bearer(json!({"tenant_id": tenant})));
    in_environment(&mut request, environment);
    site.send(request).await
}

pub(crate) fn in_environment<B>(request: &mut Request<B>, tenant_id: Option<&str>) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs());
    request.extensions_mut().insert(Invocation {
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        deadline: now + Duration::from_secs(30),
        trace_id: None,
        tenant_id: tenant_id.map(str::to_owned),
    });
}

/// With tenant isolation Lambda keeps an environment for each tenant, chosen by API Gateway.
#[tokio::test]
async fn an_environment_serves_its_own_tenant_only() {
    let site = Site::new();
    for (environment, tenant, status) in [
        (None, None, 200),
        (None, Some("acme"), 200),
        (Some("acme"), Some("acme"), 200),
        (Some("acme"), Some("blue"), 403),
        (Some("acme"), Some("ACME"), 403),
        (Some("acme"), None, 403),
    ] {
        let answer = sent_to(&site, environment, tenant).await;
        assert_eq!(answer.status, status, "{environment:?} {tenant:?}: {}", answer.text());
        if status == 403 {
            // No other token of this caller would do, so no client should ask for one.
            assert_eq!(answer.challenge(), None);
            assert_eq!(answer.json()["error"], "forbidden");
            assert!(!answer.text().contains("acme") && !answer.text().contains("blue"));
        }
    }
}

#[tokio::test]
async fn the_log_tells_the_tenant_and_a_mismatch() {
    let log = Log::capture();
    let site = Site::new();
    sent_to(&site, Some("acme"), Some("acme")).await;
    assert!(log.text().contains("tenant.id=\"acme\""), "{}", log.text());
    assert!(!log.text().contains("refused at the door"), "{}", log.text());
    sent_to(&site, Some("acme"), Some("blue")).await;
    let log = log.text();
    let line = log.lines().find(|line| line.contains("refused at the door")).unwrap();
    for field in [
        "another tenant",
        "error.kind=\"another_tenant\"",
        "caller.kind=\"client\"",
        "caller.issuer=\"https://issuer.example.com/pool\"",
        "tenant.id=\"blue\"",
        "http.status=403",
        "request_id=\"8476a536",
        "duration_ms=",
    ] {
        assert!(line.contains(field), "{field}: {line}");
    }
}

/// A tenant is a claim or a property of the client.
#[tokio::test]
async fn a_tenant_in_a_header_is_nobodys() {
    let site = Site::new();
    let mut request = call(&site.bearer(json!({"tenant_id": "blue"})));
    in_environment(&mut request, Some("acme"));
    for name in ["x-tenant-id", "x-amz-tenant-id", "lambda-runtime-aws-tenant-id"] {
        request.headers_mut().insert(name, "acme".parse().unwrap());
    }
    assert_eq!(site.send(request).await.status, 403);
}
