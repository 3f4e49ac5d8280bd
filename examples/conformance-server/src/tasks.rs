//! Tools of the Tasks extension: work that outlives its request, fails, or asks half-way.

use std::time::Duration;

use mcp_core::{
    Ask, CallContext, Content, ErrorObject, Interrupt, MemoryTasks, NoInput, ServerBuilder,
    TaskSupport, ToolError, ToolSpec, tool_fn,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::input_required::{accepted, form};

/// The longest work that anyone waits for.
const MAX_SECONDS: f64 = 300.0;

pub(crate) fn add(builder: ServerBuilder) -> ServerBuilder {
    let task = |name, description, support| ToolSpec::new(name, description).with_task(support);
    builder
        .tasks(MemoryTasks::new(|work| {
            tokio::spawn(work);
        }))
        .tool(tool_fn(
            ToolSpec::new("greet", "Greets, at once."),
            |_, Greeted { name }: Greeted| async move { Ok(Content::text(format!("Hello, {name}!"))) },
        ))
        .tool(tool_fn(
            task("slow_compute", "Takes its time.", TaskSupport::Optional),
            slow_compute,
        ))
        .tool(tool_fn(
            task("failing_job", "Fails, as a task.", TaskSupport::Required),
            |cx: CallContext, NoInput {}| async move {
                cx.continue_as_task()?;
                Err::<Content, _>(ToolError::failed("This job always fails"))
            },
        ))
        .tool(tool_fn(
            task("protocol_error_job", "Ends in a protocol error.", TaskSupport::Required),
            |cx: CallContext, NoInput {}| async move {
                cx.continue_as_task()?;
                Err::<Content, _>(Interrupt::Protocol(ErrorObject::internal()).into())
            },
        ))
        .tool(tool_fn(
            task("confirm_delete", "Asks, as a task, before it deletes.", TaskSupport::Optional),
            confirm_delete,
        ))
        .tool(tool_fn(
            task("multi_input", "Asks two things, as a task.", TaskSupport::Optional),
            multi_input,
        ))
        .tool(tool_fn(
            task("test_tool_with_task", "Asks first, then goes on as a task.", TaskSupport::Required),
            ask_then_work,
        ))
}

#[derive(Deserialize, JsonSchema)]
struct Greeted {
    /// Whom to greet.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Computation {
    /// How long it takes.
    #[serde(default)]
    seconds: f64,
    /// What it is called in the result.
    #[serde(default)]
    label: String,
}

async fn slow_compute(
    cx: CallContext,
    Computation { seconds, label }: Computation,
) -> Result<Content, ToolError> {
    let time = Duration::try_from_secs_f64(seconds.min(MAX_SECONDS))
        .map_err(|_| ToolError::failed("seconds: expected a number from 0 on"))?;
    if !time.is_zero() {
        cx.continue_as_task()?;
    }
    tokio::time::sleep(time).await;
    Ok(Content::text(format!("Computation {label:?} is done after {seconds} s")))
}

#[derive(Deserialize, JsonSchema)]
struct Deletion {
    /// What to delete; nothing is.
    filename: String,
}

async fn confirm_delete(
    cx: CallContext,
    Deletion { filename }: Deletion,
) -> Result<Content, ToolError> {
    cx.continue_as_task()?;
    let mut ask = Ask::new(&cx);
    let question = format!("Delete {filename}?");
    let answer = ask.elicit::<Value>("confirm", &question, form("confirm", "boolean"))?;
    ask.finish()?;
    let confirmed = accepted(answer).is_some_and(|filled_in| filled_in["confirm"] == true);
    let outcome = if confirmed { "deleted" } else { "kept" };
    Ok(Content::text(format!("{filename} was {outcome}")))
}

async fn multi_input(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    cx.continue_as_task()?;
    let mut ask = Ask::new(&cx);
    let name = ask.elicit::<Value>("name", "What is your name?", form("name", "string"))?;
    let sure = ask.elicit::<Value>("confirm", "Are you sure?", form("confirm", "boolean"))?;
    ask.finish()?;
    let [name, sure] = [name, sure].map(|answer| accepted(answer).unwrap_or_default());
    Ok(Content::text(format!("name: {name}, sure: {sure}")))
}

async fn ask_then_work(cx: CallContext, _: NoInput) -> Result<Content, ToolError> {
    let mut ask = Ask::new(&cx);
    let answer = ask.elicit::<Value>("user_name", "What is your name?", form("name", "string"))?;
    ask.finish()?;
    cx.continue_as_task()?;
    let name = accepted(answer).unwrap_or_default();
    Ok(Content::text(format!("Hello, {}!", name["name"].as_str().unwrap_or("stranger"))))
}
