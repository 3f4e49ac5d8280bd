//! Events: what integrations and authorizers are called with.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, header};
use serde_json::{Value, json};

use super::Kind;
use super::call::{Call, text};

/// The event of a Lambda proxy integration.
pub(super) fn proxy(kind: Kind, call: &Call, body: &[u8], context: &Value) -> Value {
    match kind {
        Kind::Rest => {
            let mut event = base_v1(call, context);
            let (body, encoded) = match str::from_utf8(body) {
                Ok("") => (None, false),
                Ok(text) => (Some(text.to_owned()), false),
                Err(_) => (Some(BASE64_STANDARD.encode(body)), true),
            };
            event["body"] = json!(body);
            event["isBase64Encoded"] = json!(encoded);
            event
        }
        Kind::Http => {
            let mut event = base_v2(call, context);
            if body.is_empty() {
                event["isBase64Encoded"] = json!(false);
                return event;
            }
            let text = str::from_utf8(body).ok().filter(|_| is_text(&call.parts.headers));
            event["body"] = match text {
                Some(text) => json!(text),
                None => json!(BASE64_STANDARD.encode(body)),
            };
            event["isBase64Encoded"] = json!(text.is_none());
            event
        }
    }
}

/// The event of a REQUEST authorizer: format 1.0 for a REST API, 2.0 for an HTTP API. `identities`
/// are the values of its identity sources.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>
/// and <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>.
pub(super) fn authorizer(
    kind: Kind,
    call: &Call,
    context: &Value,
    arn: &str,
    identities: &[String],
) -> Value {
    match kind {
        Kind::Rest => {
            let mut event = base_v1(call, context);
            event["type"] = json!("REQUEST");
            event["methodArn"] = json!(arn);
            event
        }
        Kind::Http => {
            let mut event = base_v2(call, context);
            event["type"] = json!("REQUEST");
            event["routeArn"] = json!(arn);
            event["identitySource"] = json!((!identities.is_empty()).then_some(identities));
            event
        }
    }
}

fn base_v1(call: &Call, context: &Value) -> Value {
    let headers = call.parts.headers.iter();
    let headers = grouped(headers.map(|(name, value)| (title_case(name.as_str()), text(value))));
    let query = grouped(call.query());
    let parameters = &call.routed.parameters;
    json!({
        "resource": call.routed.route.resource(),
        "path": call.routed.path,
        "httpMethod": call.parts.method.as_str(),
        "headers": last(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last(&query),
        "multiValueQueryStringParameters": (!query.is_empty()).then_some(&query),
        "pathParameters": (!parameters.is_empty()).then_some(parameters),
        "stageVariables": null,
        "requestContext": context,
    })
}

fn base_v2(call: &Call, context: &Value) -> Value {
    let headers = call.parts.headers.iter().filter(|(name, _)| *name != header::COOKIE);
    let headers = grouped(headers.map(|(name, value)| (name.as_str().to_owned(), text(value))));
    let query = grouped(call.query());
    let cookies = call.parts.headers.get_all(header::COOKIE).iter().map(text);
    let cookies: Vec<_> = cookies
        .flat_map(|cookies| cookies.split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": call.routed.route.to_string(),
        "rawPath": call.client_path,
        "rawQueryString": call.parts.uri.query().unwrap_or_default(),
        "headers": joined(&headers),
        "requestContext": context,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = json!(joined(&query));
    }
    if !call.routed.parameters.is_empty() {
        event["pathParameters"] = json!(call.routed.parameters);
    }
    event
}

type Grouped = BTreeMap<String, Vec<String>>;

fn grouped(pairs: impl Iterator<Item = (String, String)>) -> Grouped {
    let mut groups = Grouped::new();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(value);
    }
    groups
}

/// The single-valued form of format 1.0 has the last of several values.
fn last(groups: &Grouped) -> Option<BTreeMap<&String, &String>> {
    let last = groups.iter().filter_map(|(name, values)| Some((name, values.last()?)));
    (!groups.is_empty()).then(|| last.collect())
}

/// Format 2.0 joins several values with commas.
fn joined(groups: &Grouped) -> BTreeMap<&String, String> {
    groups.iter().map(|(name, values)| (name, values.join(","))).collect()
}

/// API Gateway keeps the case that the client chose; browsers and most libraries choose this one.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    });
    words.collect::<Vec<_>>().join("-")
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    kind.starts_with("text/")
        || ["json", "xml", "javascript"].iter().any(|text| kind.contains(text))
}
