//! Prompts: plain, with arguments, with a resource, with a picture, and one that asks first.

use std::collections::BTreeMap;

use mcp_core::{
    Ask, CallContext, CompletionRef, CompletionRequest, Content, HandlerError, PromptArgument,
    PromptMessage, PromptResult, PromptSpec, ResourceContents, ServerBuilder,
};
use serde_json::Value;

use crate::PNG;
use crate::input_required::{accepted, form};

type Arguments = BTreeMap<String, String>;

pub(crate) fn add(builder: ServerBuilder) -> ServerBuilder {
    let with_arguments = "test_prompt_with_arguments";
    builder
        .prompt(
            PromptSpec::new("test_simple_prompt").with_description("A prompt of one sentence."),
            |_, _| async { Ok(says(vec![Content::text("This is a simple prompt for testing.")])) },
        )
        .prompt(
            PromptSpec::new(with_arguments)
                .with_description("A prompt that repeats its arguments.")
                .with_argument(PromptArgument::required("arg1", "The first argument."))
                .with_argument(PromptArgument::required("arg2", "The second argument.")),
            |_, given| async move {
                let (arg1, arg2) = (argument(&given, "arg1")?, argument(&given, "arg2")?);
                let text = format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'");
                Ok(says(vec![Content::text(text)]))
            },
        )
        .complete(CompletionRef::prompt(with_arguments), "arg1", complete)
        .prompt(
            PromptSpec::new("test_prompt_with_embedded_resource")
                .with_description("A prompt about a resource.")
                .with_argument(PromptArgument::required("resourceUri", "The resource.")),
            |_, given| async move {
                let uri = argument(&given, "resourceUri")?;
                let text = "Embedded resource content for testing.";
                let resource = ResourceContents::text(uri, "text/plain", text);
                Ok(says(vec![
                    Content::resource(resource),
                    Content::text("Please process the embedded resource above."),
                ]))
            },
        )
        .prompt(
            PromptSpec::new("test_prompt_with_image").with_description("A prompt about a picture."),
            |_, _| async {
                Ok(says(vec![
                    Content::image(PNG, "image/png"),
                    Content::text("Please analyze the image above."),
                ]))
            },
        )
        .prompt(
            PromptSpec::new("test_input_required_result_prompt")
                .with_description("A prompt that asks for its context first."),
            asking,
        )
}

fn says(contents: Vec<Content>) -> PromptResult {
    PromptResult::new(contents.into_iter().map(PromptMessage::user).collect())
}

fn argument<'a>(given: &'a Arguments, name: &str) -> Result<&'a str, HandlerError> {
    let missing = || HandlerError::Invalid(format!("arguments: missing {name}"));
    given.get(name).map(String::as_str).ok_or_else(missing)
}

async fn complete(_: CallContext, request: CompletionRequest) -> Vec<String> {
    let known = ["test-value-1", "test-value-2", "other-value"];
    let fits = known.into_iter().filter(|value| value.starts_with(&request.value));
    fits.map(str::to_owned).collect()
}

async fn asking(cx: CallContext, _: Arguments) -> Result<PromptResult, HandlerError> {
    let mut ask = Ask::new(&cx);
    let context = ask.elicit::<Value>(
        "user_context",
        "What context should be used?",
        form("context", "string"),
    )?;
    ask.finish()?;
    let text = match accepted(context) {
        Some(filled_in) => format!("Use this context: {}", filled_in["context"]),
        None => "Use no context.".to_owned(),
    };
    Ok(says(vec![Content::text(text)]))
}
