//! A REST or HTTP API's authorizer that does what the bearer token says, to test what stands around
//! authorizers. It speaks to the Runtime API by hand, so that nothing of ours is between.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use service_kit::env::{Env as _, Process};

fn main() -> Result<(), Box<dyn Error>> {
    let read =
        |name| Process.get(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
    let api = read("AWS_LAMBDA_RUNTIME_API");
    let tenant = read("PROBE_TENANT");
    for asked in 1.. {
        let (head, event) = exchange(&api, "GET", "invocation/next", "")?;
        let id = head.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: "));
        let id = id.ok_or("no request id")?;
        let (verb, answer) = match decide(&serde_json::from_str(&event)?, &tenant, asked) {
            Ok(answer) => ("response", answer),
            Err(message) => ("error", json!({"errorType": "Error", "errorMessage": message})),
        };
        exchange(&api, "POST", &format!("invocation/{id}/{verb}"), &answer.to_string())?;
    }
    Ok(())
}

fn decide(event: &Value, tenant: &str, asked: u64) -> Result<Value, &'static str> {
    let headers = &event["headers"];
    let token = headers["Authorization"].as_str().or(headers["authorization"].as_str());
    let arn = event["methodArn"].as_str().or(event["routeArn"].as_str()).ok_or("no ARN")?;
    let policy = |effect| {
        json!({
            "principalId": "prober",
            "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn},
            ]},
            "context": {"tenantId": tenant, "asked": asked},
        })
    };
    match token.and_then(|token| token.strip_prefix("Bearer ")) {
        Some("allow") => Ok(policy("Allow")),
        Some("deny") => Ok(policy("Deny")),
        Some("simple") => Ok(json!({"isAuthorized": true, "context": {"tenantId": tenant}})),
        Some("exit") => std::process::exit(3),
        Some("broken") => Err("broken"),
        _ => Err("Unauthorized"),
    }
}

/// One request and its answer: the head in lower case, and the body.
fn exchange(
    api: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(String, String), Box<dyn Error>> {
    let mut stream = TcpStream::connect(api)?;
    let length = body.len();
    write!(
        stream,
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    Ok((head.to_ascii_lowercase(), body.to_owned()))
}
