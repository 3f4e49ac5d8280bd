//! What every reply must be, whatever was asked.

use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::Value;

/// What is wrong with `reply`, the whole answer to a request of `method`.
///
/// # Errors
/// When it is a server error, is no valid JSON-RPC, or has a body where none may be.
pub fn judge(method: &Method, reply: &Response<Vec<u8>>) -> Result<(), String> {
    let (status, body) = (reply.status(), reply.body());
    if status.is_server_error() {
        return Err(format!("a server error: {status}"));
    }
    if method == Method::HEAD {
        return Ok(()); // the host leaves the body out
    }
    if [StatusCode::ACCEPTED, StatusCode::NO_CONTENT].contains(&status) {
        return if body.is_empty() { Ok(()) } else { Err(format!("{status} with a body")) };
    }
    if body.is_empty() {
        return if status.is_success() { Err(format!("{status} with no body")) } else { Ok(()) };
    }
    let text = std::str::from_utf8(body).map_err(|err| err.to_string())?;
    let kind = reply.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    match kind {
        Some(b"application/json") => messages(text),
        Some(b"text/event-stream") => stream(text),
        _ => Err(format!("a body of type {kind:?}")),
    }
}

/// A response, or a batch of responses.
fn messages(text: &str) -> Result<(), String> {
    match serde_json::from_str(text).map_err(|err| format!("not JSON: {err}"))? {
        Value::Array(batch) if !batch.is_empty() => batch.iter().try_for_each(response),
        message => response(&message),
    }
}

/// Notifications and then responses, one a `data` line.
fn stream(text: &str) -> Result<(), String> {
    let mut responses = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("data:")) {
        let line = line.trim_start();
        if line.is_empty() {
            continue;
        }
        let message: Value =
            serde_json::from_str(line).map_err(|err| format!("an event is no JSON: {err}"))?;
        if message.get("method").is_none() {
            messages(line)?;
            responses += 1;
        } else if message.get("id").is_some() {
            return Err(format!("the server asks the client: {line}"));
        }
    }
    if responses == 0 { Err("a stream without a response".to_owned()) } else { Ok(()) }
}

fn response(message: &Value) -> Result<(), String> {
    let fault = |what: &str| Err(format!("{what}: {message}"));
    if message.get("jsonrpc").is_none_or(|version| version != "2.0") {
        return fault("not JSON-RPC 2.0");
    }
    let id = message.get("id");
    match (message.get("result"), message.get("error")) {
        (Some(result), None) => {
            let id = id.is_some_and(|id| id.is_string() || id.is_i64() || id.is_u64());
            if id && result.is_object() {
                Ok(())
            } else {
                fault("a result without an id or object")
            }
        }
        (None, Some(error)) => {
            let code = error["code"].as_i64();
            let known = code.is_some_and(|code| {
                (-32022..=-32020).contains(&code) || !(-32099..=-32020).contains(&code)
            });
            if known && error["message"].is_string() { Ok(()) } else { fault("a malformed error") }
        }
        _ => fault("neither a result nor an error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, kind: &'static str, body: &str, fine: bool) {
        let mut reply = Response::new(body.as_bytes().to_vec());
        *reply.status_mut() = StatusCode::from_u16(status).unwrap();
        reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let judged = judge(&Method::POST, &reply);
        assert_eq!(judged.is_ok(), fine, "{status} {kind} {body}: {judged:?}");
    }

    #[test]
    fn only_json_rpc_passes() {
        let (json, events) = ("application/json", "text/event-stream");
        let result = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
        let error = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#;
        let undefined = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32050,"message":"no"}}"#;
        let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#;
        for (status, kind, body, fine) in [
            (200, json, result.to_owned(), true),
            (400, json, error.to_owned(), true),
            (400, json, undefined.to_owned(), false),
            (500, json, error.to_owned(), false),
            (200, json, format!("[{result},{error}]"), true),
            (200, json, "[]".to_owned(), false),
            (200, json, "{".to_owned(), false),
            (200, "text/html", result.to_owned(), false),
            (200, events, format!(": hello\n\ndata: {progress}\n\ndata: {result}\n\n"), true),
            (200, events, format!("data: {progress}\n\n"), false),
            (202, json, String::new(), true),
            (202, json, result.to_owned(), false),
            (200, json, String::new(), false),
            (405, json, String::new(), true),
        ] {
            check(status, kind, &body, fine);
        }
    }
}
