//! The three methods that run a handler of the server's: `tools/call`, `resources/read`,
//! `prompts/get`. Only they may end with questions instead of a result.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::rounds::{askable, subject};
use super::{internal, missing_capability, refusal, task_error};
use crate::caller::Caller;
use crate::context::CallContext;
use crate::error::HandlerError;
use crate::input::Interrupt;
use crate::jsonrpc::{ErrorObject, Request, shown};
use crate::message::{Capability, TASKS_EXTENSION};
use crate::registry::ToolEntry;
use crate::render;
use crate::server::{CacheScope, Caching, Parts, Server};
use crate::task::{BoxFuture, Round, Tasks, Work};
use crate::tool::{CallToolResult, TaskSupport, ToolError};

/// A resource's contents may be anything, and anyone's.
const READ: Caching = Caching { ttl: Duration::ZERO, scope: CacheScope::Private };

impl Parts {
    pub(super) async fn call_tool(
        &self,
        server: &Server,
        request: &Request,
        cx: CallContext,
    ) -> Result<Bytes, ErrorObject> {
        #[derive(Deserialize)]
        struct Params<'a> {
            #[serde(borrow)]
            name: Cow<'a, str>,
            #[serde(borrow)]
            arguments: Option<&'a RawValue>,
        }
        let Params { name, arguments } = request.params.read()?;
        server.authorize(&request.method, Some(&name), cx.caller())?;
        let tool = self.registry.tool(&name).ok_or_else(|| self.unknown_tool(&name, &cx))?;
        let arguments = match arguments {
            None => Value::Object(Map::new()),
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|err| ErrorObject::invalid_params(format!("arguments: {err}")))?,
        };
        if !arguments.is_object() {
            return Err(ErrorObject::invalid_params("arguments: expected an object"));
        }
        if let Err(faults) = tool.input.validate(&arguments) {
            return self.bad_arguments(&name, faults, &cx);
        }
        let cx = self.rounds(request, &cx, &name, &arguments)?;
        let cx = match tool.spec.task {
            TaskSupport::Never => cx,
            _ if has_tasks(&cx) && self.tasks.is_some() => match self.tasks {
                Some(Tasks::Parked) => cx.with_parking(),
                _ => cx.with_tasks(),
            },
            TaskSupport::Optional => cx,
            TaskSupport::Required => {
                let needed = Interrupt::MissingCapability(Capability::Extension(TASKS_EXTENSION));
                return self.tool_result(tool, Err(needed.into()), &cx);
            }
        };
        match (tool.call)(cx.clone(), arguments.clone()).await {
            Err(ToolError::Interrupted(Interrupt::Task)) => {
                self.begin_task(server, tool, arguments, cx).await
            }
            Err(ToolError::Interrupted(Interrupt::Parked(state))) => {
                Ok(self.begin_parked(&tool.spec.name, &state, &cx))
            }
            Err(ToolError::Interrupted(Interrupt::InputRequired(required)))
                if cx.exchange().version.features().stateless =>
            {
                let subject = subject(&request.method, &name, &arguments);
                self.interrupted(Interrupt::InputRequired(required), &cx, &subject)
            }
            ended => self.tool_result(tool, ended, &cx),
        }
    }

    fn unknown_tool(&self, name: &str, cx: &CallContext) -> ErrorObject {
        let known = self.known_tools(cx.caller());
        ErrorObject::invalid_params(format!("unknown tool: {}; known: {known}", shown(name)))
    }

    /// What there is, as far as `tools/list` tells `caller`.
    pub(super) fn known_tools(&self, caller: &Caller) -> String {
        let known: Vec<_> = self.shown_to(caller).map(|tool| &*tool.spec.name).collect();
        if known.is_empty() { "none".to_owned() } else { known.join(", ") }
    }

    /// Since 2025-11-25 the model is shown its mistake; before, the client was.
    fn bad_arguments(
        &self,
        tool: &str,
        faults: String,
        cx: &CallContext,
    ) -> Result<Bytes, ErrorObject> {
        let features = cx.exchange().version.features();
        let text = invalid_arguments(tool, &faults);
        if !features.argument_errors_as_results {
            return Err(ErrorObject::invalid_params(text));
        }
        match render::tool_result(CallToolResult::error(text), features) {
            Ok(body) => Ok(self.complete(body, features, None)),
            Err(err) => Err(internal(tool, &err)),
        }
    }

    pub(super) fn tool_result(
        &self,
        tool: &ToolEntry,
        ended: Result<CallToolResult, ToolError>,
        cx: &CallContext,
    ) -> Result<Bytes, ErrorObject> {
        let features = cx.exchange().version.features();
        let result = match ended {
            Ok(result) => result,
            Err(ToolError::Failed(text) | ToolError::Backend { text, .. }) => {
                CallToolResult::error(text)
            }
            Err(ToolError::Interrupted(Interrupt::Protocol(error))) => return Err(error),
            // What an older client cannot do is for the model to read: it may know another way.
            Err(ToolError::Interrupted(interrupt)) if !features.stateless => {
                CallToolResult::error(refusal(&interrupt))
            }
            Err(ToolError::Interrupted(interrupt)) => return self.interrupted(interrupt, cx, &[]),
            Err(err @ ToolError::Internal(_)) => return Err(internal(&tool.spec.name, &err)),
        };
        match render::tool_result(result, features) {
            Ok(body) => Ok(self.complete(body, features, None)),
            Err(err) => Err(internal(&tool.spec.name, &err)),
        }
    }

    /// Hands the call to the task store, which calls the tool again as the task.
    async fn begin_task(
        &self,
        server: &Server,
        tool: &ToolEntry,
        arguments: Value,
        cx: CallContext,
    ) -> Result<Bytes, ErrorObject> {
        let Some(Tasks::Stored(store)) = &self.tasks else {
            return Err(ErrorObject::internal());
        };
        let name = tool.spec.name.to_string();
        let (server, tool_name, first) = (server.clone(), name.clone(), cx.clone());
        let run = move |inputs, state, cancellation: CancellationToken| -> BoxFuture<Round> {
            let (server, name, arguments) = (server.clone(), tool_name.clone(), arguments.clone());
            let cx = first.as_task(cancellation).answered(inputs, state);
            Box::pin(async move { server.0.task_round(&name, arguments, cx).await })
        };
        let work = Work {
            owner: cx.caller().clone(),
            tool: name,
            received_at: cx.received_at(),
            inputs: cx.inputs().clone(),
            state: cx.state().map(<[u8]>::to_vec),
            run: Arc::new(run),
        };
        let task = store.create(work).await.map_err(|err| task_error(&err))?;
        Ok(self.named(task.created(), cx.exchange().version.features()))
    }

    async fn task_round(&self, tool: &str, arguments: Value, cx: CallContext) -> Round {
        let Some(tool) = self.registry.tool(tool) else {
            return Round::Failed(ErrorObject::internal());
        };
        match (tool.call)(cx.clone(), arguments).await {
            Err(ToolError::Interrupted(Interrupt::InputRequired(required))) => {
                match askable(required, &cx) {
                    Ok(required) => Round::InputRequired(required),
                    Err(error) => Round::Failed(error),
                }
            }
            Err(ToolError::Interrupted(Interrupt::MissingCapability(needed))) => {
                Round::Failed(missing_capability(&needed))
            }
            ended => match self.tool_result(tool, ended, &cx) {
                Ok(result) => Round::Completed(result),
                Err(error) => Round::Failed(error),
            },
        }
    }

    pub(super) async fn read_resource(
        &self,
        request: &Request,
        cx: CallContext,
    ) -> Result<Bytes, ErrorObject> {
        #[derive(Deserialize)]
        struct Params {
            uri: String,
        }
        let Params { uri } = request.params.read()?;
        let features = cx.exchange().version.features();
        let missing = |uri: &str| {
            ErrorObject::new(features.resource_not_found, "there is no such resource")
                .with_data(json!({"uri": shown(uri)}))
        };
        let Some((read, variables)) = self.registry.reader(&uri) else {
            return Err(missing(&uri));
        };
        let cx = self.rounds(request, &cx, &uri, &Value::Null)?;
        match read(cx.clone(), uri.clone(), variables).await {
            // An empty answer would read as an empty resource.
            Ok(contents) if contents.is_empty() => Err(missing(&uri)),
            Ok(contents) => {
                let body = json!({"contents": contents}).to_string().into_bytes();
                Ok(self.complete(body, features, Some(READ)))
            }
            Err(HandlerError::NotFound) => Err(missing(&uri)),
            Err(HandlerError::Invalid(text)) => Err(ErrorObject::invalid_params(text)),
            Err(HandlerError::Interrupted(interrupt)) => {
                let subject = subject(&request.method, &uri, &Value::Null);
                self.interrupted(interrupt, &cx, &subject)
            }
            Err(err @ HandlerError::Internal(_)) => Err(internal("resources/read", &err)),
        }
    }

    pub(super) async fn get_prompt(
        &self,
        request: &Request,
        cx: CallContext,
    ) -> Result<Bytes, ErrorObject> {
        #[derive(Deserialize)]
        struct Params {
            name: String,
            #[serde(default)]
            arguments: BTreeMap<String, String>,
        }
        let Params { name, arguments } = request.params.read()?;
        let features = cx.exchange().version.features();
        let prompt = self.registry.prompt(&name).ok_or_else(|| {
            ErrorObject::invalid_params(format!("unknown prompt: {}", shown(&name)))
        })?;
        let required = prompt.spec.arguments.iter().filter(|argument| argument.required);
        let lost: Vec<_> = required
            .filter(|argument| !arguments.contains_key(argument.name.as_ref()))
            .map(|argument| argument.name.as_ref())
            .collect();
        if !lost.is_empty() {
            let text = format!("arguments: missing {}", lost.join(", "));
            return Err(ErrorObject::invalid_params(text));
        }
        let given = json!(arguments);
        let cx = self.rounds(request, &cx, &name, &given)?;
        match (prompt.make)(cx.clone(), arguments).await {
            Ok(result) => match render::prompt_result(result, features) {
                Ok(body) => Ok(self.complete(body, features, None)),
                Err(err) => Err(internal("prompts/get", &err)),
            },
            Err(HandlerError::NotFound) => {
                Err(ErrorObject::invalid_params("the prompt's subject does not exist"))
            }
            Err(HandlerError::Invalid(text)) => Err(ErrorObject::invalid_params(text)),
            Err(HandlerError::Interrupted(interrupt)) => {
                self.interrupted(interrupt, &cx, &subject(&request.method, &name, &given))
            }
            Err(err @ HandlerError::Internal(_)) => Err(internal("prompts/get", &err)),
        }
    }
}

pub(super) fn invalid_arguments(tool: &str, faults: &str) -> String {
    format!("invalid arguments for {tool}:\n{faults}")
}

fn has_tasks(cx: &CallContext) -> bool {
    cx.can_ask(&Capability::Extension(TASKS_EXTENSION))
}
