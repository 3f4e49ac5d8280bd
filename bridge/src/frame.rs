//! What a client writes: one JSON-RPC message a line, of which no more is understood than it takes
//! to send it on and to answer for it.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The member of `_meta` that a client of a stateless revision names its revision by.
const REVISION: &str = "io.modelcontextprotocol/protocolVersion";

/// A message, and its line.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) line: String,
    pub(crate) kind: Kind,
}

/// What a message is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Request(Request),
    /// A notification, by its method; of `notifications/cancelled`, the request's id.
    Notification {
        method: String,
        cancels: Option<String>,
    },
    /// An answer to what the server asked.
    Response,
    /// Several, with the ids of those that want an answer.
    Batch(Vec<Id>),
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: Id,
    pub(crate) method: String,
    /// What `Mcp-Name` is: of a tool or a prompt its name, of a resource its URI, of a task its id.
    pub(crate) name: Option<String>,
    /// The revision that it names itself; `None` of a client that has had a handshake.
    pub(crate) revision: Option<String>,
}

/// The id of a request, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Id(pub(crate) Value);

impl Id {
    /// To look it up by.
    pub(crate) fn key(&self) -> String {
        self.0.to_string()
    }
}

/// A line is no message.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct NotAFrame {
    pub(crate) code: i32,
    pub(crate) reason: String,
    pub(crate) id: Value,
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Params {
    #[serde(default)]
    name: Option<Value>,
    #[serde(default)]
    uri: Option<Value>,
    #[serde(default, rename = "taskId")]
    task: Option<Value>,
    #[serde(default, rename = "requestId")]
    request: Option<Value>,
    #[serde(default, rename = "_meta")]
    meta: Option<Value>,
}

impl Frame {
    /// # Errors
    /// What to answer where a line is no message.
    pub(crate) fn parse(line: &str) -> Result<Self, NotAFrame> {
        let line = line.trim();
        let unread = |err: serde_json::Error| NotAFrame {
            code: -32700,
            reason: format!("the line is no JSON: {err}"),
            id: Value::Null,
        };
        let kind = if line.starts_with('[') {
            let all: Vec<&RawValue> = serde_json::from_str(line).map_err(unread)?;
            let mut ids = Vec::new();
            for one in all {
                if let Kind::Request(request) = kind(one.get())? {
                    ids.push(request.id);
                }
            }
            Kind::Batch(ids)
        } else {
            kind(line)?
        };
        Ok(Self { line: line.to_owned(), kind })
    }
}

fn kind(text: &str) -> Result<Kind, NotAFrame> {
    let members: Members<'_> = serde_json::from_str(text).map_err(|err| NotAFrame {
        code: if err.is_data() { -32600 } else { -32700 },
        reason: format!("the line is no JSON-RPC message: {err}"),
        id: Value::Null,
    })?;
    // Params that are no object are the server's to refuse.
    let params = members.params.and_then(|params| serde_json::from_str(params.get()).ok());
    let params: Params = params.unwrap_or_default();
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    match (members.method, members.id) {
        (Some(method), Some(id)) if id.is_string() || id.is_number() => {
            let revision = params.meta.as_ref().and_then(|meta| meta.get(REVISION)).cloned();
            let name = match method.as_str() {
                "tools/call" | "prompts/get" => text(params.name),
                method if method.starts_with("resources/") => text(params.uri),
                method if method.starts_with("tasks/") => text(params.task),
                _ => None,
            };
            Ok(Kind::Request(Request { id: Id(id), method, name, revision: text(revision) }))
        }
        (Some(_), Some(id)) if !id.is_null() => Err(NotAFrame {
            code: -32600,
            reason: "an id is a text or a number".to_owned(),
            id: Value::Null,
        }),
        (Some(method), _) => {
            let cancels = (method == "notifications/cancelled")
                .then(|| params.request.map(|id| id.to_string()))
                .flatten();
            Ok(Kind::Notification { method, cancels })
        }
        (None, Some(_)) => Ok(Kind::Response),
        (None, None) => Err(NotAFrame {
            code: -32600,
            reason: "a message has a method or an id".to_owned(),
            id: Value::Null,
        }),
    }
}

/// An error as the answer to a request.
pub(crate) fn error(id: &Value, code: i32, message: &str, data: Option<Value>) -> String {
    let mut error = json!({"code": code, "message": message});
    if let Some(data) = data {
        error["data"] = data;
    }
    json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_request_a_notification_an_answer_or_several() {
        let parsed = |line| Frame::parse(line).unwrap().kind;
        let Kind::Request(request) = parsed(
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
        ) else {
            panic!("a request");
        };
        assert_eq!(request.id.key(), "\"a\"");
        assert_eq!(
            (request.name.as_deref(), request.revision.as_deref()),
            (Some("t"), Some("2026-07-28"))
        );
        assert_eq!(
            parsed(r#"{"method":"notifications/cancelled","params":{"requestId":7}}"#),
            Kind::Notification {
                method: "notifications/cancelled".to_owned(),
                cancels: Some("7".to_owned())
            }
        );
        assert_eq!(parsed(r#"{"id":1,"result":{}}"#), Kind::Response);
        let Kind::Batch(ids) = parsed(r#"[{"id":1,"method":"ping"},{"method":"x"}]"#) else {
            panic!("several");
        };
        assert_eq!(ids, [Id(json!(1))]);
    }

    #[test]
    fn what_is_no_message_is_told() {
        for (line, code) in [
            ("{", -32700),
            ("hello", -32700),
            ("{}", -32600),
            (r#"{"id":{},"method":"x"}"#, -32600),
            (r#"[1]"#, -32600),
            (r#""text""#, -32600),
        ] {
            assert_eq!(Frame::parse(line).unwrap_err().code, code, "{line}");
        }
    }
}
