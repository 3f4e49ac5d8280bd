//! The `requestContext` of events.

use serde_json::{Value, json};

use super::call::Call;
use super::identity::Caller;
use super::{Api, Kind};

pub(super) fn request_context(api: &Api, call: &Call, caller: &Caller) -> Value {
    match api.kind {
        Kind::Rest => v1(api, call, caller),
        Kind::Http => v2(api, call, caller),
    }
}

fn v1(api: &Api, call: &Call, caller: &Caller) -> Value {
    let (domain_name, domain_prefix) = domain(api);
    let resource = call.routed.route.resource();
    let mut identity = caller.identity_v1();
    identity.insert("sourceIp".to_owned(), json!(call.received.source));
    identity.insert("userAgent".to_owned(), json!(call.user_agent()));
    let mut context = json!({
        "resourceId": "a1b2c3",
        "resourcePath": resource,
        "httpMethod": call.parts.method.as_str(),
        "path": call.client_path,
        "accountId": api.account_id,
        "protocol": "HTTP/1.1",
        "stage": api.stage,
        "apiId": api.api_id,
        "domainPrefix": domain_prefix,
        "domainName": domain_name,
        "requestId": call.request_id(),
        "extendedRequestId": "TmQ8yEdKIAMFhGg=",
        "requestTime": call.time(),
        "requestTimeEpoch": call.received.now_ms,
        "identity": identity,
    });
    if let Some(authorizer) = caller.authorizer_v1() {
        context["authorizer"] = authorizer;
    }
    context
}

fn v2(api: &Api, call: &Call, caller: &Caller) -> Value {
    let (domain_name, domain_prefix) = domain(api);
    let mut context = json!({
        "accountId": api.account_id,
        "apiId": api.api_id,
        "domainName": domain_name,
        "domainPrefix": domain_prefix,
        "http": {
            "method": call.parts.method.as_str(),
            "path": call.client_path,
            "protocol": "HTTP/1.1",
            "sourceIp": call.received.source,
            "userAgent": call.user_agent().unwrap_or_default(),
        },
        "requestId": call.request_id(),
        "routeKey": call.routed.route.to_string(),
        "stage": api.stage,
        "time": call.time(),
        "timeEpoch": call.received.now_ms,
    });
    if let Some(authorizer) = caller.authorizer_v2() {
        context["authorizer"] = authorizer;
    }
    context
}

/// The name the client asked, and its first label.
fn domain(api: &Api) -> (String, String) {
    let name = api.domain_name.clone().unwrap_or_else(|| api.own_domain_name());
    let prefix = name.split('.').next().unwrap_or_default().to_owned();
    (name, prefix)
}
