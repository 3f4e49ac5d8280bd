//! Tools that need something of the client first: a form filled in, a run of its model, its roots.

use mcp_core::{
    Ask, CallContext, Capability, Content, Elicited, Interrupt, NoInput, ServerBuilder, ToolError,
    ToolSpec, tool_fn,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) fn add(builder: ServerBuilder) -> ServerBuilder {
    builder
        .tool(tool_fn(
            ToolSpec::new("test_sampling", "Asks the client's model."),
            |cx, Prompt { prompt }: Prompt| async move { sample(&cx, "response", &prompt, 100) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_elicitation", "Asks the person who they are."),
            |cx, Message { message }: Message| async move {
                let answer = ask(&cx, "response", &message, who())?;
                Ok(Content::text(format!("User response: {answer}")))
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_elicitation_sep1034_defaults", "Asks with values filled in."),
            |cx, NoInput {}| async move { completed(&cx, "Check these values", defaults()) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_elicitation_sep1330_enums", "Asks for choices, in every notation."),
            |cx, NoInput {}| async move { completed(&cx, "Choose", choices()) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_missing_capability", "Needs a client with a model."),
            |cx: CallContext, NoInput {}| async move {
                if !cx.can_ask(&Capability::Sampling) {
                    return Err(Interrupt::MissingCapability(Capability::Sampling).into());
                }
                Ok(Content::text("The client has a model."))
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_streaming_elicitation", "Asks a question as its first word."),
            |cx, NoInput {}| async move { completed(&cx, "Shall it go on?", form("ok", "boolean")) },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_elicitation", "Asks for a name."),
            |cx, NoInput {}| async move {
                let mut ask = Ask::new(&cx);
                let name = ask.elicit("user_name", "What is your name?", form("name", "string"))?;
                ask.finish()?;
                Ok(Content::text(format!("Hello, {}!", name_in(name))))
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_sampling", "Asks the client's model."),
            |cx, NoInput {}| async move {
                sample(&cx, "capital_question", "What is the capital of France?", 100)
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_list_roots", "Asks for the client's roots."),
            |cx, NoInput {}| async move {
                let mut ask = Ask::new(&cx);
                let roots = ask.roots("client_roots")?;
                ask.finish()?;
                Ok(Content::text(format!("Roots: {}", roots.unwrap_or_default())))
            },
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_request_state", "Asks, and keeps a state."),
            confirm,
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_tampered_state", "Trusts only its own state."),
            confirm,
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_multiple_inputs", "Asks all it can at once."),
            multiple_inputs,
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_multi_round", "Asks twice, one at a time."),
            multi_round,
        ))
        .tool(tool_fn(
            ToolSpec::new("test_input_required_result_capabilities", "Asks what the client can tell."),
            capabilities,
        ))
}

/// A form with one field, to be filled in.
pub(crate) fn form(field: &str, kind: &str) -> Value {
    json!({"type": "object", "properties": {field: {"type": kind}}, "required": [field]})
}

/// What was filled in, if it was.
pub(crate) fn accepted<T>(answer: Option<Elicited<T>>) -> Option<T> {
    match answer {
        Some(Elicited::Accepted(filled_in)) => Some(filled_in),
        Some(Elicited::Declined | Elicited::Cancelled) | None => None,
    }
}

#[derive(Deserialize, JsonSchema)]
struct Prompt {
    /// What the model is asked.
    prompt: String,
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// What the person is asked.
    message: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Confirmation {
    ok: bool,
}

#[derive(Deserialize)]
struct Color {
    color: String,
}

fn name_in(answer: Option<Elicited<Name>>) -> String {
    accepted(answer).map_or_else(|| "stranger".to_owned(), |Name { name }| name)
}

fn sampling(prompt: &str, max_tokens: u32) -> Value {
    let message = json!({"role": "user", "content": {"type": "text", "text": prompt}});
    json!({"messages": [message], "maxTokens": max_tokens})
}

fn sample(cx: &CallContext, id: &str, prompt: &str, max_tokens: u32) -> Result<Content, ToolError> {
    let mut ask = Ask::new(cx);
    let answer = ask.sample(id, sampling(prompt, max_tokens))?.unwrap_or_default();
    ask.finish()?;
    let text = answer["content"]["text"].as_str().unwrap_or("no text");
    Ok(Content::text(format!("LLM response: {text}")))
}

/// Asks one question and says how it was answered: `action=…, content=…`.
fn ask(cx: &CallContext, id: &str, message: &str, schema: Value) -> Result<String, ToolError> {
    let mut ask = Ask::new(cx);
    let answer = ask.elicit::<Value>(id, message, schema)?;
    ask.finish()?;
    Ok(match answer {
        Some(Elicited::Accepted(content)) => format!("action=accept, content={content}"),
        Some(Elicited::Declined) => "action=decline".to_owned(),
        Some(Elicited::Cancelled) | None => "action=cancel".to_owned(),
    })
}

fn completed(cx: &CallContext, message: &str, schema: Value) -> Result<Content, ToolError> {
    let answer = ask(cx, "response", message, schema)?;
    Ok(Content::text(format!("Elicitation completed: {answer}")))
}

async fn confirm(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    let mut ask = Ask::new(&cx);
    let answer = ask.elicit::<Confirmation>("confirm", "Please confirm", form("ok", "boolean"))?;
    ask.remember("asked");
    ask.finish()?;
    if cx.state() != Some(b"asked") {
        return Err(ToolError::failed("the answer came without the state of its question"));
    }
    let ok = accepted(answer).is_some_and(|Confirmation { ok }| ok);
    Ok(Content::text(format!("state-ok: confirmed={ok}")))
}

async fn multiple_inputs(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    let mut ask = Ask::new(&cx);
    let name = ask.elicit("user_name", "What is your name?", form("name", "string"))?;
    let greeting = ask.sample("greeting", sampling("Generate a greeting", 50))?;
    let roots = ask.roots("client_roots")?;
    ask.remember("asked");
    ask.finish()?;
    let (name, greeting) = (name_in(name), greeting.unwrap_or_default());
    let roots = roots.unwrap_or_default();
    let greeting = greeting["content"]["text"].as_str().unwrap_or("Hello");
    Ok(Content::text(format!("{greeting}, {name}; roots: {}", roots["roots"])))
}

/// What is known when a round begins.
#[derive(Default, Deserialize, Serialize)]
struct Known {
    name: Option<String>,
}

async fn multi_round(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    let known = cx.state().map(serde_json::from_slice::<Known>).transpose();
    let mut known = known.map_err(ToolError::internal)?.unwrap_or_default();
    let mut ask = Ask::new(&cx);
    if known.name.is_none() {
        let answer = ask.elicit("step1", "Step 1: What is your name?", form("name", "string"))?;
        known.name = answer.map(|answer| name_in(Some(answer)));
    }
    let mut color = None;
    if known.name.is_some() {
        let question = "Step 2: What is your favorite color?";
        color = ask.elicit("step2", question, form("color", "string"))?;
    }
    ask.remember(serde_json::to_vec(&known).map_err(ToolError::internal)?);
    ask.finish()?;
    let color = accepted(color).map_or_else(|| "no".to_owned(), |Color { color }| color);
    let name = known.name.unwrap_or_default();
    Ok(Content::text(format!("{name} likes {color} best.")))
}

async fn capabilities(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    let mut ask = Ask::new(&cx);
    let mut told = json!({});
    if cx.can_ask(&Capability::Elicitation) {
        let name = ask.elicit("user_name", "What is your name?", form("name", "string"))?;
        told["name"] = json!(name_in(name));
    }
    if cx.can_ask(&Capability::Sampling) {
        let greeting = ask.sample("greeting", sampling("Generate a greeting", 50))?;
        told["greeting"] = json!(greeting);
    }
    if cx.can_ask(&Capability::Roots) {
        told["roots"] = json!(ask.roots("client_roots")?);
    }
    ask.finish()?;
    Ok(Content::text(told.to_string()))
}

fn who() -> Value {
    json!({
        "type": "object",
        "properties": {
            "username": {"type": "string", "description": "User's response"},
            "email": {"type": "string", "description": "User's email address"}
        },
        "required": ["username", "email"]
    })
}

/// A default of every type (SEP-1034).
fn defaults() -> Value {
    let status = ["active", "inactive", "pending"];
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "default": "John Doe"},
            "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": {"type": "string", "enum": status, "default": "active"},
            "verified": {"type": "boolean", "default": true}
        }
    })
}

/// The five notations of a choice (SEP-1330).
fn choices() -> Value {
    let options = ["option1", "option2", "option3"];
    let titled = json!([
        {"const": "value1", "title": "First Option"},
        {"const": "value2", "title": "Second Option"},
        {"const": "value3", "title": "Third Option"}
    ]);
    let legacy = ["opt1", "opt2", "opt3"];
    let legacy_titles = ["Option One", "Option Two", "Option Three"];
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": {"type": "string", "enum": options},
            "titledSingle": {"type": "string", "oneOf": titled},
            "legacyEnum": {"type": "string", "enum": legacy, "enumNames": legacy_titles},
            "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
            "titledMulti": {"type": "array", "items": {"anyOf": titled}}
        }
    })
}
