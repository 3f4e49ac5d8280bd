//! Prompts and completion (1.6).

use mcp_core::{
    CompletionRef, Content, Fault, HandlerError, Implementation, PromptArgument, PromptMessage,
    PromptResult, PromptSpec, ProtocolVersion, Server, TemplateSpec,
};
use serde_json::json;

use crate::peer::{Peer, code, server};

fn writer() -> Server {
    server(|builder| {
        builder
            .prompt(
                PromptSpec::new("letter")
                    .with_title("Letter")
                    .with_description("A letter.")
                    .with_argument(PromptArgument::required("to", "To whom."))
                    .with_argument(PromptArgument::optional("from", "From whom.")),
                |_, given| async move {
                    let (to, from) = (&given["to"], given.get("from").cloned().unwrap_or_default());
                    if to == "nobody" {
                        return Err(HandlerError::Invalid("nobody reads letters".into()));
                    }
                    Ok(PromptResult::new(vec![
                        PromptMessage::user(Content::text(format!("{to} from {from}"))),
                        PromptMessage::assistant(Content::audio("AA==", "audio/wav")),
                    ]))
                },
            )
            .complete(CompletionRef::prompt("letter"), "to", |_, request| async move {
                let people = (0..150).map(|n| format!("{}{n}", request.value));
                people.chain(request.context.into_values()).collect()
            })
            .resource_template(TemplateSpec::new("test://{id}", "t"), |_, _, _| async {
                Ok(vec![])
            })
            .complete(CompletionRef::resource("test://{id}"), "id", |_, request| async move {
                request.context.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
            })
    })
}

/// P1: prompts are listed with their arguments, and made of them.
#[tokio::test]
async fn a_prompt_is_made_of_its_arguments() {
    let server = writer();
    let peer = Peer::modern(&server);
    let list = peer.call("prompts/list", json!({})).await.unwrap();
    assert_eq!(
        list["prompts"],
        json!([{"name": "letter", "title": "Letter", "description": "A letter.", "arguments": [
            {"name": "to", "description": "To whom.", "required": true},
            {"name": "from", "description": "From whom.", "required": false},
        ]}])
    );
    let params = json!({"name": "letter", "arguments": {"to": "Ann", "from": "Bob"}});
    let made = peer.call("prompts/get", params.clone()).await.unwrap();
    assert_eq!(
        made["messages"][0],
        json!({"role": "user", "content": {"type": "text", "text": "Ann from Bob"}})
    );
    assert_eq!(made["messages"][1]["content"]["type"], "audio");
    // 3.3: audio came with 2025-03-26.
    let oldest = Peer::new(&server, ProtocolVersion::V2024_11_05);
    let made = oldest.call("prompts/get", params).await.unwrap();
    assert_eq!(made["messages"][1]["content"]["type"], "text");
}

/// P1: an unknown prompt, a missing argument and a refusal are -32602.
#[tokio::test]
async fn a_prompt_that_cannot_be_made_is_invalid_params() {
    let server = writer();
    for version in ProtocolVersion::ALL {
        let peer = Peer::new(&server, version);
        for (params, message) in [
            (json!({"name": "poem"}), "unknown prompt: poem"),
            (json!({"name": "letter"}), "arguments: missing to"),
            (json!({"name": "letter", "arguments": {"from": "Bob"}}), "arguments: missing to"),
            (json!({"name": "letter", "arguments": {"to": "nobody"}}), "nobody reads letters"),
        ] {
            let reply = peer.call("prompts/get", params).await;
            assert_eq!(reply, Err(json!({"code": -32602, "message": message})), "{version}");
        }
    }
}

/// C1: at most a hundred values, of how many; the settled arguments are told.
#[tokio::test]
async fn an_argument_is_completed() {
    let server = writer();
    let peer = Peer::modern(&server);
    let params = json!({"ref": {"type": "ref/prompt", "name": "letter"}, "argument": {"name": "to", "value": "A"}});
    let values = peer.call("completion/complete", params).await.unwrap();
    let completion = &values["completion"];
    assert_eq!(completion["values"].as_array().unwrap().len(), 100);
    assert_eq!(completion["values"][0], "A0");
    assert_eq!((&completion["total"], &completion["hasMore"]), (&json!(150), &json!(true)));

    let params = json!({
        "ref": {"type": "ref/resource", "uri": "test://{id}"},
        "argument": {"name": "id", "value": ""},
        "context": {"arguments": {"shelf": "3"}},
    });
    let values = peer.call("completion/complete", params).await.unwrap();
    assert_eq!(values["completion"], json!({"values": ["shelf=3"], "total": 1, "hasMore": false}));

    let params = json!({"ref": {"type": "ref/prompt", "name": "letter"}, "argument": {"name": "from", "value": ""}});
    let values = peer.call("completion/complete", params).await.unwrap();
    assert_eq!(values["completion"], json!({"values": [], "total": 0, "hasMore": false}));
}

/// C1: a reference or an argument that is not there is -32602; no completions at all, -32601.
#[tokio::test]
async fn only_what_is_there_is_completed() {
    let server = writer();
    let peer = Peer::modern(&server);
    let letter = json!({"type": "ref/prompt", "name": "letter"});
    for params in [
        json!({"ref": {"type": "ref/prompt", "name": "poem"}, "argument": {"name": "to", "value": ""}}),
        json!({"ref": {"type": "ref/resource", "uri": "test://x"}, "argument": {"name": "id", "value": ""}}),
        json!({"ref": {"type": "ref/tool", "name": "letter"}, "argument": {"name": "to", "value": ""}}),
        json!({"ref": letter, "argument": {"name": "colour", "value": ""}}),
        json!({"ref": letter, "argument": {"name": "to"}}),
        json!({"ref": letter}),
    ] {
        let reply = peer.call("completion/complete", params.clone()).await;
        assert_eq!(code(&reply), -32602, "{params}");
    }
    let silent = crate::peer::server(|builder| {
        builder.prompt(PromptSpec::new("p"), |_, _| async { Ok(PromptResult::new(vec![])) })
    });
    let reply = Peer::modern(&silent).call("completion/complete", json!({})).await;
    assert_eq!(code(&reply), -32601);
    // 3.3: the capability came with 2025-03-26, the method before.
    for version in ProtocolVersion::ALL {
        assert!(server.offers("completion/complete", version), "{version}");
    }
}

/// C1: a completion of nothing is refused when the server is built.
#[test]
fn a_completion_of_nothing_is_a_fault() {
    let nothing = |_, _| async { Vec::new() };
    let error = Server::builder(Implementation::new("s", "1"))
        .prompt(PromptSpec::new("p"), |_, _| async { Ok(PromptResult::new(vec![])) })
        .complete(CompletionRef::prompt("p"), "a", nothing)
        .build()
        .unwrap_err();
    assert_eq!(error.faults, [Fault::Completion("a".into())]);
}
