//! Multi round-trip requests (1.7).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_core::input::InputRequest;
use mcp_core::{
    Ask, CallContext, Capability, Content, Elicited, HandlerError, InputRequired, Interrupt,
    NoInput, PromptMessage, PromptResult, PromptSpec, ProtocolVersion, ResourceContents,
    ResourceSpec, Server, ServerBuilder, ToolError, ToolSpec, tool_fn,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::peer::{Peer, code, server};

#[derive(Debug, Deserialize)]
struct Name {
    name: String,
}

fn form() -> Value {
    json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
}

fn ask_name(cx: &CallContext) -> Result<String, Interrupt> {
    let mut ask = Ask::new(cx);
    let answer = ask.elicit::<Name>("who", "What is your name?", form())?;
    ask.finish()?;
    Ok(match answer {
        Some(Elicited::Accepted(Name { name })) => name,
        Some(Elicited::Declined) => "declined".to_owned(),
        Some(Elicited::Cancelled) | None => "cancelled".to_owned(),
    })
}

fn given(answer: Option<Elicited<Name>>) -> String {
    match answer {
        Some(Elicited::Accepted(Name { name })) => name,
        other => panic!("{other:?}"),
    }
}

#[derive(Deserialize, JsonSchema)]
struct Order {
    item: String,
}

fn asking(builder: ServerBuilder) -> ServerBuilder {
    builder
        .tool(tool_fn(ToolSpec::new("greet", "Asks."), |cx: CallContext, NoInput {}| async move {
            Ok(Content::text(ask_name(&cx)?))
        }))
        .tool(tool_fn(
            ToolSpec::new("order", "Keeps a state."),
            |cx: CallContext, Order { item }: Order| async move {
                let mut ask = Ask::new(&cx);
                ask.elicit::<Value>("sure", "Sure?", form())?;
                ask.remember(format!("price of {item}"));
                ask.finish()?;
                let state = cx.state().map(|state| String::from_utf8_lossy(state).into_owned());
                Ok(Content::text(state.unwrap_or_else(|| "no state".into())))
            },
        ))
        .tool(tool_fn(ToolSpec::new("rude", "Asks what it must not."), |_, NoInput {}| async {
            let roots = InputRequest { method: "roots/list", params: json!({}) };
            let mut required = InputRequired::default();
            required.requests.insert("roots".into(), roots);
            Err::<Content, ToolError>(Interrupt::InputRequired(required).into())
        }))
        .tool(tool_fn(
            ToolSpec::new("both", "Asks two at once."),
            |cx: CallContext, NoInput {}| async move {
                let mut ask = Ask::new(&cx);
                let who = ask.elicit::<Name>("who", "Who?", form())?;
                let whom = ask.elicit::<Name>("whom", "Whom?", form())?;
                ask.finish()?;
                Ok(Content::text(format!("{} greets {}", given(who), given(whom))))
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("one_by_one", "Asks two in turn."),
            |cx: CallContext, NoInput {}| async move {
                let who = ask_name(&cx)?;
                let mut ask = Ask::new(&cx);
                let whom = ask.elicit::<Name>("whom", &format!("Whom, {who}?"), form())?;
                ask.finish()?;
                Ok(Content::text(format!("{who} greets {}", given(whom))))
            },
        ))
        .tool(tool_fn(ToolSpec::new("mute", "Asks nothing."), |_, NoInput {}| async {
            Err::<Content, ToolError>(Interrupt::InputRequired(InputRequired::default()).into())
        }))
        .tool(tool_fn(
            ToolSpec::new("think", "Needs a model."),
            |cx: CallContext, NoInput {}| async move {
                let mut ask = Ask::new(&cx);
                let thought = ask.sample("t", json!({"messages": [], "maxTokens": 1}))?;
                ask.finish()?;
                Ok(Content::text(thought.unwrap_or_default().to_string()))
            },
        ))
        .resource(ResourceSpec::new("test://asks", "asks"), |cx, uri| async move {
            Ok(vec![ResourceContents::text(uri, "text/plain", ask_name(&cx)?)])
        })
        .prompt(PromptSpec::new("asks"), |cx, _| async move {
            let name = ask_name(&cx).map_err(HandlerError::from)?;
            Ok(PromptResult::new(vec![PromptMessage::user(Content::text(name))]))
        })
        .state_key([7; 32])
}

fn asking_server() -> Server {
    server(asking)
}

fn forms(server: &Server) -> Peer<'_> {
    Peer::modern(server).with_capabilities(json!({"elicitation": {}}))
}

fn accept(name: &str) -> Value {
    json!({"who": {"action": "accept", "content": {"name": name}}})
}

/// I1, I2, I6, K1: each of the three methods may end with questions, and goes on with the answers;
/// such a result is not to be kept.
#[tokio::test]
async fn a_call_goes_on_with_the_answers() {
    let server = asking_server();
    let peer = forms(&server);
    for (method, params, place) in [
        ("tools/call", json!({"name": "greet"}), "/content/0/text"),
        ("resources/read", json!({"uri": "test://asks"}), "/contents/0/text"),
        ("prompts/get", json!({"name": "asks"}), "/messages/0/content/text"),
    ] {
        let asked = peer.call(method, params.clone()).await.unwrap();
        assert_eq!(asked["resultType"], "input_required", "{method}");
        let question = json!({"method": "elicitation/create", "params":
            {"mode": "form", "message": "What is your name?", "requestedSchema": form()}});
        assert_eq!(asked["inputRequests"], json!({"who": question}), "{method}");
        assert_eq!((asked.get("requestState"), asked.get("ttlMs")), (None, None), "{method}");
        let named = "/_meta/io.modelcontextprotocol~1serverInfo/name";
        assert_eq!(asked.pointer(named), Some(&json!("spec")), "B7 {method}");

        let mut again = params;
        again["inputResponses"] = accept("Ann");
        let done = peer.call(method, again).await.unwrap();
        assert_eq!(done["resultType"], "complete", "{method}");
        assert_eq!(done.pointer(place), Some(&json!("Ann")), "{method}");
    }
}

/// I5: what is missing is asked again, what nobody asked is passed over, what is no answer is an
/// error.
#[tokio::test]
async fn answers_are_checked() {
    let server = asking_server();
    let peer = forms(&server);
    let call = async |responses: Value| {
        peer.call("tools/call", json!({"name": "greet", "inputResponses": responses})).await
    };
    for again in [
        json!(null),
        json!({}),
        json!({"other": {"action": "accept", "content": {"name": "Ann"}}}),
        json!({"who": {"action": "accept", "content": {"nome": "Ann"}}}),
        json!({"who": {"action": "accept"}}),
    ] {
        let reply = call(again.clone()).await.unwrap();
        assert_eq!(reply["resultType"], "input_required", "{again}");
    }
    for bad in
        [json!({"who": 12345}), json!({"who": {}}), json!({"who": {"action": "shrug"}}), json!([])]
    {
        assert_eq!(code(&call(bad.clone()).await), -32602, "{bad}");
    }
    let mut more = accept("Ann");
    more["unasked"] = json!({"any": "thing"});
    for (answer, text) in [
        (more, "Ann"),
        (json!({"who": {"action": "decline"}}), "declined"),
        (json!({"who": {"action": "cancel"}}), "cancelled"),
    ] {
        assert_eq!(call(answer).await.unwrap()["content"][0]["text"], text);
    }
}

/// I5, I6: a client answers what it was last asked, all at once or not; what it answered before is
/// not asked again, on any instance.
#[tokio::test]
async fn an_answer_is_given_once() {
    let (first, second) = (asking_server(), asking_server());
    for tool in ["both", "one_by_one"] {
        let asked = forms(&first).tool(tool, json!({})).await.unwrap();
        assert!(asked["inputRequests"].get("who").is_some(), "{tool}");
        let mut responses = accept("Ann");
        responses["unasked"] = json!({"any": "thing"});
        let params = json!({"name": tool, "arguments": {}, "inputResponses": responses});
        let asked = forms(&first).call("tools/call", params).await.unwrap();
        let ids: Vec<_> = asked["inputRequests"].as_object().unwrap().keys().collect();
        assert_eq!(ids, ["whom"], "{tool}");
        let whom = json!({"whom": {"action": "accept", "content": {"name": "Bob"}}});
        let params = json!({
            "name": tool, "arguments": {}, "inputResponses": whom,
            "requestState": asked["requestState"],
        });
        let done = forms(&second).call("tools/call", params).await.unwrap();
        assert_eq!(done["content"][0]["text"], "Ann greets Bob", "{tool}");
    }
}

/// M2, I3: what the client did not declare for this request is not asked: -32021 with what it lacks,
/// whoever made the question.
#[tokio::test]
async fn nothing_is_asked_that_the_client_did_not_declare() {
    let server = asking_server();
    for (capabilities, tool, lacks) in [
        (json!({}), "greet", json!({"elicitation": {"form": {}}})),
        (json!({"elicitation": {"url": {}}}), "greet", json!({"elicitation": {"form": {}}})),
        (json!({"elicitation": {}}), "think", json!({"sampling": {}})),
        (json!({"elicitation": {}}), "rude", json!({"roots": {}})),
    ] {
        let peer = Peer::modern(&server).with_capabilities(capabilities);
        let error = peer.tool(tool, json!({})).await.unwrap_err();
        assert_eq!(error["code"], -32021, "{tool}");
        assert_eq!(error["data"], json!({"requiredCapabilities": lacks}), "{tool}");
    }
    let form = json!({"elicitation": {"form": {}, "url": {}}});
    let peer = Peer::modern(&server).with_capabilities(form);
    assert_eq!(peer.tool("greet", json!({})).await.unwrap()["resultType"], "input_required");
    let peer = Peer::modern(&server).with_capabilities(json!({"roots": {}}));
    assert_eq!(peer.tool("rude", json!({})).await.unwrap()["resultType"], "input_required");
}

/// I2: a handler that asks nothing and remembers nothing is at fault, and the client is not left
/// with a round it cannot end.
#[tokio::test]
async fn a_round_without_questions_or_state_is_a_fault_of_the_server() {
    let server = asking_server();
    assert_eq!(code(&forms(&server).tool("mute", json!({})).await), -32603);
}

/// I4: a state opens for the same caller, method, tool and arguments, on any instance with the key,
/// until it expires.
#[tokio::test]
async fn a_state_is_good_for_its_own_request_only() {
    let now = Arc::new(AtomicU64::new(1_000));
    let clock = {
        let now = Arc::clone(&now);
        move || -> SystemTime { UNIX_EPOCH + Duration::from_secs(now.load(Ordering::Relaxed)) }
    };
    let first = server(|builder| asking(builder).clock(clock.clone()));
    let second = server(|builder| asking(builder).clock(clock.clone()));
    let stranger = server(|builder| asking(builder).clock(clock).state_key([8; 32]));
    let ann = forms(&first).with_subject("ann");
    let asked = ann.tool("order", json!({"item": "tea"})).await.unwrap();
    let state = asked["requestState"].as_str().unwrap();

    let params = |tool: &str, arguments: Value, state: &str| {
        json!({"name": tool, "arguments": arguments, "requestState": state,
            "inputResponses": {"sure": {"action": "accept", "content": {}}}})
    };
    let good = params("order", json!({"item": "tea"}), state);
    let done = forms(&second).with_subject("ann").call("tools/call", good.clone()).await.unwrap();
    assert_eq!(done["content"][0]["text"], "price of tea");

    let tampered = format!("{state}-TAMPERED");
    let fresh = |item: &str| params("order", json!({"item": item}), state);
    for (why, peer, params) in [
        ("another caller", forms(&first).with_subject("bob"), fresh("tea")),
        ("another issuer's", forms(&first).with_subject("ann").of_issuer("other"), fresh("tea")),
        ("nobody", forms(&first), fresh("tea")),
        ("another key", forms(&stranger).with_subject("ann"), fresh("tea")),
        ("other arguments", forms(&first).with_subject("ann"), fresh("gold")),
        ("another tool", forms(&first).with_subject("ann"), params("greet", json!({}), state)),
        (
            "altered",
            forms(&first).with_subject("ann"),
            params("order", json!({"item": "tea"}), &tampered),
        ),
        ("empty", forms(&first).with_subject("ann"), params("order", json!({"item": "tea"}), "")),
    ] {
        assert_eq!(code(&peer.call("tools/call", params).await), -32602, "{why}");
    }
    now.fetch_add(3_600, Ordering::Relaxed);
    let late = forms(&first).with_subject("ann").call("tools/call", good).await.unwrap_err();
    assert_eq!(late["code"], -32602);
    assert!(late["message"].as_str().unwrap().contains("expired"), "{late}");
}

/// 3.2: a client with a handshake cannot be asked over a stateless connection, and is told at once.
#[tokio::test]
async fn an_older_client_is_told_at_once_that_it_cannot_be_asked() {
    let server = asking_server();
    for version in ProtocolVersion::ALL.into_iter().filter(|v| *v <= ProtocolVersion::NEWEST_LEGACY)
    {
        let peer = Peer::new(&server, version);
        for tool in ["greet", "think", "rude"] {
            let result = peer.tool(tool, json!({})).await.unwrap();
            assert_eq!(result["isError"], true, "{version} {tool}");
            assert_eq!(result.get("inputRequests"), None, "{version} {tool}");
        }
        let read = peer.call("resources/read", json!({"uri": "test://asks"})).await;
        let made = peer.call("prompts/get", json!({"name": "asks"})).await;
        assert_eq!((code(&read), code(&made)), (-32600, -32600), "{version}");
    }
}

/// M2: a handler can see what the client can do before it asks.
#[tokio::test]
async fn a_handler_knows_what_it_may_ask() {
    let server = server(|builder| {
        builder.tool(tool_fn(
            ToolSpec::new("can", "Looks."),
            |cx: CallContext, NoInput {}| async move {
                let all = [
                    Capability::Elicitation,
                    Capability::ElicitationUrl,
                    Capability::Sampling,
                    Capability::Roots,
                    Capability::Extension("a/b"),
                ];
                Ok(Content::text(format!("{:?}", all.map(|capability| cx.can_ask(&capability)))))
            },
        ))
    });
    for (capabilities, expected) in [
        (json!({}), [false; 5]),
        (json!({"elicitation": {}}), [true, false, false, false, false]),
        (
            json!({"elicitation": {"url": {}}, "sampling": {}, "roots": {"listChanged": true}}),
            [false, true, true, true, false],
        ),
        (
            json!({"extensions": {"a/b": {"any": 1}}, "experimental": {"x": {}}}),
            [false, false, false, false, true],
        ),
    ] {
        let peer = Peer::modern(&server).with_capabilities(capabilities);
        let result = peer.tool("can", json!({})).await.unwrap();
        assert_eq!(result["content"][0]["text"], format!("{expected:?}"));
    }
}
