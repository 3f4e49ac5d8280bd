//! What a client sees of an answer, and what a model is shown of it.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::events::{Answer, Event};

/// The body of a proxy answer, buffered or streamed, or a policy, once it is seen to be the right one.
pub(super) fn body(answer: &[u8], event: &Event) -> Result<String> {
    if event.answer == Answer::Policy {
        let policy = String::from_utf8_lossy(answer).into_owned();
        if !policy.contains(event.expect) {
            bail!("{}: unexpected decision {policy}", event.name);
        }
        return Ok(policy);
    }
    const DELIMITER: [u8; 8] = [0; 8];
    let split = answer.windows(8).position(|bytes| bytes == DELIMITER);
    let (head, streamed) = match split {
        Some(at) => (&answer[..at], Some(&answer[at + 8..])),
        None => (answer, None),
    };
    let head: Value = serde_json::from_slice(head).context("not a proxy answer")?;
    let body = match streamed {
        Some(body) => String::from_utf8_lossy(body).into_owned(),
        None => head["body"].as_str().unwrap_or_default().to_owned(),
    };
    if head["statusCode"] != 200 || !body.contains(event.expect) {
        let shown: String = body.chars().take(300).collect();
        bail!("{}: status {}, unexpected body {shown}", event.name, head["statusCode"]);
    }
    Ok(body)
}

/// Tokens (`o200k_base`) of what a model is shown: the tools of a list, the text of a result.
pub(super) fn tokens(body: &str) -> Option<usize> {
    // JSON, or one SSE event with it.
    let data = body.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(body);
    let reply: Value = serde_json::from_str(data).ok()?;
    let result = &reply["result"];
    let text = if let Some(tools) = result["tools"].as_array() {
        let shown = tools.iter().map(|tool| {
            json!({"name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"]})
        });
        Value::from_iter(shown).to_string()
    } else {
        let parts = result["content"].as_array()?.iter();
        parts.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
    };
    Some(tiktoken_rs::o200k_base_singleton().encode_ordinary(&text).len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const EVENT: Event =
        Event { name: "e", json: Bytes::new(), expect: "right", answer: Answer::Proxy };

    #[test]
    fn buffered_and_streamed_answers_are_read_alike() {
        let buffered = br#"{"statusCode":200,"body":"all right"}"#;
        let streamed = b"{\"statusCode\":200}\0\0\0\0\0\0\0\0all right";
        assert_eq!(body(buffered, &EVENT).unwrap(), "all right");
        assert_eq!(body(streamed, &EVENT).unwrap(), "all right");
        for wrong in [&br#"{"statusCode":500,"body":"right"}"#[..], br#"{"statusCode":200}"#, b"x"]
        {
            assert!(body(wrong, &EVENT).is_err());
        }
    }

    #[test]
    fn a_policy_is_read_as_it_is() {
        let event = Event { expect: "Allow", answer: Answer::Policy, ..EVENT };
        assert!(body(br#"{"policyDocument":{"Statement":[{"Effect":"Allow"}]}}"#, &event).is_ok());
        assert!(body(br#"{"policyDocument":{"Statement":[{"Effect":"Deny"}]}}"#, &event).is_err());
    }

    #[test]
    fn a_model_is_shown_the_text_of_a_result_once() {
        let reply = r#"{"result":{"content":[{"type":"text","text":"hello world"}],"structuredContent":{"a":1}}}"#;
        assert_eq!(tokens(reply), Some(2));
        assert_eq!(tokens(&format!("event: message\ndata: {reply}\n\n")), Some(2));
        assert_eq!(tokens("{}"), None);
    }
}
