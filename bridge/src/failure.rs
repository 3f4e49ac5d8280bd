//! Why a request got no answer of the server's, and what to do: what the client is told instead.

use std::error::Error as _;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// What the gateways of AWS call a request.
const REQUEST_IDS: [&str; 4] =
    ["x-amzn-requestid", "x-amz-apigw-id", "apigw-requestid", "x-request-id"];
/// Characters of an answer's body that are repeated.
const WORDS: usize = 300;
/// Of a server's own range: something between the two failed.
const CODE: i32 = -32000;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) status: Option<StatusCode>,
    pub(crate) request_id: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), status: None, request_id: None }
    }

    /// As the answer to the request `id`.
    pub(crate) fn answer(&self, id: &Value) -> String {
        let mut data = json!({"hint": self.hint});
        if let Some(status) = self.status {
            data["http_status"] = json!(status.as_u16());
        }
        if let Some(request_id) = &self.request_id {
            data["request_id"] = json!(request_id);
        }
        crate::frame::error(id, CODE, &format!("{}: {}", self.message, self.hint), Some(data))
    }

    /// What an answer means that is none of MCP's.
    pub(crate) fn of_answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        profile: Option<&str>,
    ) -> Self {
        let text = String::from_utf8_lossy(body);
        let words = words(&text);
        let html = text.trim_start().starts_with('<');
        let said = |phrase: &str| text.to_ascii_lowercase().contains(phrase);
        let login = match profile {
            Some(profile) => format!("aws sso login --profile {profile}"),
            None => "aws sso login".to_owned(),
        };
        let hint = match status.as_u16() {
            200..=299 if html => "a web page came: is the URL that of an MCP endpoint?".to_owned(),
            200..=299 if body.is_empty() => "nothing came: look for the request in the server's log".to_owned(),
            200..=299 => "what came is no answer of MCP: is the URL that of an MCP endpoint?".to_owned(),
            301 | 302 | 303 | 307 | 308 => {
                let to = headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or("?");
                format!("the server is at another place, {to}: give that URL")
            }
            401 => match challenge(headers) {
                Some(challenge) if challenge.contains("invalid_token") => {
                    "the token was refused: is it for this server, and still good?".to_owned()
                }
                _ => "the server wants a token: --config FILE names a client, --auth sigv4 signs instead".to_owned(),
            },
            403 if said("expired") => format!("expired token: run {login}"),
            403 if said("missing authentication token") => {
                "there is no such path or stage, or it wants a signature: --auth sigv4".to_owned()
            }
            403 if said("signature") => {
                "the signature is of another service or region: --service and --region".to_owned()
            }
            403 if said("not authorized to perform") || said("explicit deny") => {
                format!("the caller lacks a permission: {}", action(&text))
            }
            403 if said("security token") => format!("the credentials are not known: run {login}"),
            403 => match challenge(headers).and_then(scope) {
                Some(scope) => format!("the token lacks a scope: {scope}"),
                None => "the caller may not do that".to_owned(),
            },
            404 => "there is no such path: the URL of an MCP endpoint often ends in /mcp".to_owned(),
            405 => "the path takes no POST: is the URL that of an MCP endpoint?".to_owned(),
            413 => "the request is too big: send less".to_owned(),
            415 => "the path takes no JSON: is the URL that of an MCP endpoint?".to_owned(),
            429 => match headers.get("retry-after").and_then(|wait| wait.to_str().ok()) {
                Some(wait) => format!("too many requests: try again in {wait} s"),
                None => "too many requests: try again in a while".to_owned(),
            },
            502 => "the server's function failed or answered nonsense: its log has the request id".to_owned(),
            503 => "the server is not there now: try again".to_owned(),
            504 => "the call took longer than the gateway waits (29 s): ask for less, or have the API stream".to_owned(),
            500..=599 => "the server failed: its log has the request id".to_owned(),
            _ => "what came is no answer of MCP".to_owned(),
        };
        let told = if html { "a web page" } else { words.as_str() };
        let message = match (status.canonical_reason(), told) {
            (Some(reason), "") => format!("HTTP {} {reason}", status.as_u16()),
            (Some(reason), told) => format!("HTTP {} {reason} ({told})", status.as_u16()),
            (None, told) => format!("HTTP {} ({told})", status.as_u16()),
        };
        let request_id = REQUEST_IDS.into_iter().find_map(|name| headers.get(name));
        let request_id = request_id.and_then(|id| id.to_str().ok()).map(str::to_owned);
        Self { message, hint, status: Some(status), request_id }
    }

    /// Why the server could not be asked.
    pub(crate) fn of_network(error: &https::Error, host: &str) -> Self {
        let mut chain = error.to_string();
        let mut cause = error.source();
        while let Some(err) = cause {
            chain.push_str(": ");
            chain.push_str(&err.to_string());
            cause = err.source();
        }
        let lower = chain.to_ascii_lowercase();
        let hint = if lower.contains("dns") || lower.contains("lookup") {
            format!("the name {host} is not known here: is the URL right, and the VPN on?")
        } else if lower.contains("refused") {
            format!("nothing listens at {host}: is the server running?")
        } else if lower.contains("certificate") || lower.contains("tls") {
            format!("{host} has no certificate that is trusted here")
        } else if lower.contains("timed out") || lower.contains("deadline") {
            format!("{host} does not answer: is the network open to it?")
        } else {
            format!("the connection to {host} broke: try again")
        };
        Self::new(chain, hint)
    }

    /// Whether credentials that are read anew may help.
    pub(crate) fn is_of_credentials(&self) -> bool {
        match self.status.map(|status| status.as_u16()) {
            Some(401) => true,
            Some(403) => self.hint.starts_with("expired") || self.hint.contains("not known"),
            _ => false,
        }
    }
}

/// API Gateway renames the header of a function.
fn challenge(headers: &HeaderMap) -> Option<&str> {
    ["www-authenticate", "x-amzn-remapped-www-authenticate"]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok())
}

fn scope(challenge: &str) -> Option<&str> {
    let (_, rest) = challenge.split_once("scope=\"")?;
    rest.split_once('"').map(|(scope, _)| scope)
}

/// The action that AWS' words name, with the resource.
fn action(text: &str) -> String {
    let named = text.split_once("perform: ").and_then(|(_, rest)| rest.split_once([' ', '"']));
    let on = text
        .split_once("on resource: ")
        .map(|(_, rest)| rest.split([' ', '"']).next().unwrap_or_default());
    match (named, on) {
        (Some((action, _)), Some(on)) => format!("{action} on {on}"),
        (Some((action, _)), None) => action.to_owned(),
        _ => "execute-api:Invoke on the API".to_owned(),
    }
}

/// The gateway's words, in one line.
fn words(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let members = ["message", "Message", "error_description", "error"];
    let told = members.into_iter().find_map(|name| value.get(name)?.as_str());
    let text = told.unwrap_or(body);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().chars().take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_of_a_gateway_has_a_hint() {
        for (status, body, header, hint) in [
            (200, "<html><body>Log in", None, "a web page"),
            (200, "", None, "nothing came"),
            (200, "hello", None, "no answer of MCP"),
            (302, "", Some(("location", "https://y/mcp")), "https://y/mcp"),
            (401, r#"{"message":"Unauthorized"}"#, None, "wants a token"),
            (401, "", Some(("www-authenticate", "Bearer error=\"invalid_token\"")), "refused"),
            (
                403,
                r#"{"message":"The security token included in the request is expired"}"#,
                None,
                "expired token: run aws sso login --profile dev",
            ),
            (403, r#"{"message":"Missing Authentication Token"}"#, None, "--auth sigv4"),
            (
                403,
                r#"{"message":"The request signature we calculated does not match"}"#,
                None,
                "--service",
            ),
            (
                403,
                r#"{"Message":"User: arn:aws:iam::1:user/u is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-west-1:1:a/prod/POST/mcp"}"#,
                None,
                "execute-api:Invoke on arn:aws:execute-api:eu-west-1:1:a/prod/POST/mcp",
            ),
            (
                403,
                r#"{"message":"The security token included in the request is invalid."}"#,
                None,
                "not known",
            ),
            (
                403,
                "",
                Some((
                    "x-amzn-remapped-www-authenticate",
                    "Bearer error=\"insufficient_scope\", scope=\"cases/read\"",
                )),
                "lacks a scope: cases/read",
            ),
            (403, "<html>Forbidden", None, "may not"),
            (404, "", None, "/mcp"),
            (405, "", None, "no POST"),
            (413, r#"{"message":"Request Too Long"}"#, None, "send less"),
            (429, r#"{"message":"Too Many Requests"}"#, Some(("retry-after", "7")), "in 7 s"),
            (500, r#"{"message":null}"#, None, "failed"),
            (502, r#"{"message":"Internal server error"}"#, None, "function failed"),
            (503, "", None, "try again"),
            (504, r#"{"message":"Endpoint request timed out"}"#, None, "29 s"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-amzn-requestid", "r-1".parse().unwrap());
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            let failure = Failure::of_answer(status, &headers, body.as_bytes(), Some("dev"));
            assert!(failure.hint.contains(hint), "{status} {body}: {}", failure.hint);
            let answer: Value = serde_json::from_str(&failure.answer(&json!("a"))).unwrap();
            assert_eq!(answer["id"], "a");
            assert_eq!(answer["error"]["data"]["http_status"], status.as_u16());
            assert_eq!(answer["error"]["data"]["request_id"], "r-1");
            assert!(answer["error"]["message"].as_str().unwrap().starts_with("HTTP "));
        }
    }
}
