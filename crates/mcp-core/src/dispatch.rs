//! From a request to its result: which method it is, whether the server offers it, and what it does.

mod call;
mod direct;
mod parked;
mod rounds;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::changes::{self, Filter};
use crate::context::{Call, CallContext, Exchange};
use crate::input::{InputResponses, Interrupt};
use crate::jsonrpc::{ErrorCode, ErrorObject, Request};
use crate::list::List;
use crate::message::{Capability, LogLevel, TASKS_EXTENSION};
use crate::prompt::{CompletionRef, CompletionRequest};
use crate::render;
use crate::revision::{Features, ProtocolVersion};
use crate::server::{Parts, Server};
use crate::task::{Task, TaskError, TaskId, Tasks};

pub use direct::CallError;

/// The most values a completion may have (specification, Completion).
const MAX_COMPLETIONS: usize = 100;
/// From which level on a client with a handshake is sent log messages: it may have asked for
/// another (`logging/setLevel`), but there is no session to remember it in.
const LEGACY_LOG_LEVEL: LogLevel = LogLevel::Info;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Initialize,
    Discover,
    Ping,
    SetLevel,
    List(List),
    CallTool,
    ReadResource,
    Subscribe,
    Unsubscribe,
    GetPrompt,
    Complete,
    Listen,
    GetTask,
    UpdateTask,
    CancelTask,
}

impl Method {
    fn find(name: &str) -> Option<Self> {
        Some(match name {
            "initialize" => Self::Initialize,
            "server/discover" => Self::Discover,
            "ping" => Self::Ping,
            "logging/setLevel" => Self::SetLevel,
            "tools/list" => Self::List(List::Tools),
            "tools/call" => Self::CallTool,
            "resources/list" => Self::List(List::Resources),
            "resources/templates/list" => Self::List(List::Templates),
            "resources/read" => Self::ReadResource,
            "resources/subscribe" => Self::Subscribe,
            "resources/unsubscribe" => Self::Unsubscribe,
            "prompts/list" => Self::List(List::Prompts),
            "prompts/get" => Self::GetPrompt,
            "completion/complete" => Self::Complete,
            "subscriptions/listen" => Self::Listen,
            "tasks/get" => Self::GetTask,
            "tasks/update" => Self::UpdateTask,
            "tasks/cancel" => Self::CancelTask,
            _ => return None,
        })
    }

    /// Whether `server` offers it to a peer with `features`: what is advertised works, and what is
    /// not advertised is not there.
    fn offered(self, server: &Parts, features: &Features) -> bool {
        let registry = &server.registry;
        match self {
            Self::Initialize | Self::Ping => !features.stateless,
            Self::Discover => features.stateless,
            Self::SetLevel => !features.stateless && server.logging,
            Self::List(List::Tools) | Self::CallTool => !registry.tools.is_empty(),
            Self::List(List::Resources | List::Templates) | Self::ReadResource => {
                registry.has_resources()
            }
            // Not advertised, since there is no stream to tell a subscriber on; but accepted, since
            // older clients ask without looking, and there is nothing to remember or refuse.
            Self::Subscribe | Self::Unsubscribe => !features.stateless && registry.has_resources(),
            Self::List(List::Prompts) | Self::GetPrompt => !registry.prompts.is_empty(),
            Self::Complete => !registry.completions.is_empty(),
            Self::Listen => features.stateless && server.changes.is_some(),
            Self::GetTask | Self::UpdateTask | Self::CancelTask => {
                features.stateless && server.tasks.is_some()
            }
        }
    }
}

/// Which member of the parameters the header `Mcp-Name` mirrors, if any (specification 2026-07-28,
/// Streamable HTTP; Tasks extension).
#[must_use]
pub fn name_param(method: &str) -> Option<&'static str> {
    match Method::find(method)? {
        Method::CallTool | Method::GetPrompt => Some("name"),
        Method::ReadResource => Some("uri"),
        Method::GetTask | Method::UpdateTask | Method::CancelTask => Some("taskId"),
        _ => None,
    }
}

impl Server {
    /// Whether a peer of `version` may call `method`; if not, the answer is -32601.
    #[must_use]
    pub fn offers(&self, method: &str, version: ProtocolVersion) -> bool {
        Method::find(method).is_some_and(|method| method.offered(&self.0, version.features()))
    }

    /// Answers a request: the `result` member, as JSON that a peer of the exchange's revision knows.
    ///
    /// Dropping the future abandons the call. A panic in a handler passes through: the host decides
    /// what becomes of it.
    ///
    /// # Errors
    /// The `error` member, for the same peer; [`ErrorCode::InsufficientScope`] before anything runs,
    /// when the caller lacks what it needs.
    pub async fn dispatch(
        &self,
        request: Request,
        exchange: Exchange,
    ) -> Result<Bytes, ErrorObject> {
        let server = &*self.0;
        let version = exchange.version;
        let features = version.features();
        let method = Method::find(&request.method)
            .filter(|method| method.offered(server, features))
            .ok_or_else(|| ErrorObject::method_not_found(&request.method))?;
        // A call of a tool may need more: it asks when it knows which.
        if method != Method::CallTool {
            self.authorize(&request.method, None, &exchange.caller)?;
        }
        let complete = |body: Value| server.complete(body.to_string().into_bytes(), features, None);
        match method {
            Method::Initialize => server.initialize(&request),
            Method::Discover => Ok(server.discover(version)),
            Method::Ping | Method::Subscribe | Method::Unsubscribe => Ok(complete(json!({}))),
            Method::SetLevel => {
                #[derive(Deserialize)]
                struct Params {
                    #[serde(rename = "level")]
                    _level: LogLevel,
                }
                request.params.read::<Params>()?;
                Ok(complete(json!({})))
            }
            Method::List(list) => {
                #[derive(Deserialize)]
                struct Params {
                    cursor: Option<String>,
                }
                let Params { cursor } = request.params.read()?;
                server.page(list, version, cursor.as_deref(), &exchange.caller)
            }
            Method::CallTool => server.call_tool(self, &request, server.context(exchange)).await,
            Method::ReadResource => server.read_resource(&request, server.context(exchange)).await,
            Method::GetPrompt => server.get_prompt(&request, server.context(exchange)).await,
            Method::Complete => {
                server.complete_argument(&request, server.context(exchange)).await.map(complete)
            }
            Method::Listen => server.listen(&request, server.context(exchange)).await,
            Method::GetTask | Method::UpdateTask | Method::CancelTask => {
                server.task(method, &request, &exchange).await
            }
        }
    }
}

impl Parts {
    fn context(&self, exchange: Exchange) -> CallContext {
        let log_from = match (self.logging, exchange.version.features().stateless) {
            (false, _) => None,
            (true, true) => exchange.meta.log_level,
            (true, false) => Some(LEGACY_LOG_LEVEL),
        };
        let received_at = (self.clock)();
        CallContext::new(exchange, Call { received_at, log_from, sealer: self.sealer.clone() })
    }

    fn initialize(&self, request: &Request) -> Result<Bytes, ErrorObject> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Params {
            protocol_version: String,
        }
        let Params { protocol_version } = request.params.read()?;
        let version = ProtocolVersion::negotiate(&protocol_version);
        let features = version.features();
        let mut result = json!({
            "protocolVersion": version,
            "capabilities": self.capabilities(features),
            "serverInfo": render::implementation(&self.info, features),
        });
        if let Some(instructions) = &self.instructions {
            result["instructions"] = json!(instructions);
        }
        Ok(result.to_string().into())
    }

    fn discover(&self, version: ProtocolVersion) -> Bytes {
        let written = self.discovered[version.index()].get_or_init(|| {
            let features = version.features();
            let mut result = json!({
                "supportedVersions": ProtocolVersion::ALL,
                "capabilities": self.capabilities(features),
            });
            if let Some(instructions) = &self.instructions {
                result["instructions"] = json!(instructions);
            }
            self.complete(result.to_string().into_bytes(), features, Some(self.caching))
        });
        written.clone()
    }

    async fn complete_argument(
        &self,
        request: &Request,
        cx: CallContext,
    ) -> Result<Value, ErrorObject> {
        #[derive(Deserialize)]
        struct Argument {
            name: String,
            value: String,
        }
        #[derive(Default, Deserialize)]
        struct Context {
            #[serde(default)]
            arguments: BTreeMap<String, String>,
        }
        #[derive(Deserialize)]
        struct Params {
            #[serde(rename = "ref")]
            of: CompletionRef,
            argument: Argument,
            #[serde(default)]
            context: Context,
        }
        let Params { of, argument, context } = request.params.read()?;
        match self.registry.has_argument(&of, &argument.name) {
            None => {
                return Err(ErrorObject::invalid_params("ref: there is nothing of this name"));
            }
            Some(false) => {
                return Err(ErrorObject::invalid_params(
                    "argument.name: there is no such argument",
                ));
            }
            Some(true) => {}
        }
        let mut values = match self.registry.completions.get(&(of, argument.name)) {
            Some(complete) => {
                complete(
                    cx,
                    CompletionRequest { value: argument.value, context: context.arguments },
                )
                .await
            }
            None => Vec::new(),
        };
        let total = values.len();
        values.truncate(MAX_COMPLETIONS);
        let has_more = total > values.len();
        Ok(json!({"completion": {"values": values, "total": total, "hasMore": has_more}}))
    }

    async fn listen(&self, request: &Request, cx: CallContext) -> Result<Bytes, ErrorObject> {
        #[derive(Deserialize)]
        struct Params {
            #[serde(default)]
            notifications: Filter,
        }
        let Params { notifications } = request.params.read()?;
        let filter = notifications.within(&self.registry);
        match &self.changes {
            Some(changes) if cx.exchange().events.reach_the_client() => {
                let receiver = changes.subscribe();
                let result = changes::listen(&cx, &request.id, filter, receiver).await;
                Ok(self.named(result, cx.exchange().version.features()))
            }
            _ => Err(ErrorObject::invalid_request(
                "listening needs a streamed reply: accept text/event-stream",
            )),
        }
    }

    async fn task(
        &self,
        method: Method,
        request: &Request,
        exchange: &Exchange,
    ) -> Result<Bytes, ErrorObject> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Params {
            task_id: String,
            #[serde(default)]
            input_responses: InputResponses,
        }
        let features = exchange.version.features();
        let extension = Capability::Extension(TASKS_EXTENSION);
        if !exchange.meta.capabilities.as_ref().is_some_and(|c| c.declare(&extension)) {
            return Err(missing_capability(&extension));
        }
        let Some(tasks) = &self.tasks else {
            return Err(ErrorObject::method_not_found(&request.method));
        };
        let Params { task_id, input_responses } = request.params.read()?;
        let (owner, id) = (&exchange.caller, TaskId::new(task_id));
        let Tasks::Stored(store) = tasks else {
            return self.parked_task(method, id, &self.context(exchange.clone())).await;
        };
        let body = match method {
            Method::UpdateTask => store.update(owner, &id, input_responses).await.map(|()| None),
            Method::CancelTask => store.cancel(owner, &id).await.map(|()| None),
            _ => store.get(owner, &id).await.map(Some),
        };
        self.task_reply(body.map_err(|err| task_error(&err))?, features)
    }

    /// A task as it stands, or that a request about one was understood.
    fn task_reply(&self, task: Option<Task>, features: &Features) -> Result<Bytes, ErrorObject> {
        match task.map(|task| task.detailed()) {
            None => Ok(self.complete(b"{}".to_vec(), features, None)),
            Some(Ok(result)) => Ok(self.named(result, features)),
            Some(Err(err)) => Err(internal("tasks/get", &err)),
        }
    }
}

fn task_error(err: &TaskError) -> ErrorObject {
    match err {
        TaskError::NotFound => ErrorObject::invalid_params("taskId: no such task, or no longer"),
        TaskError::Full => ErrorObject::internal().with_data(json!({"reason": err.to_string()})),
        TaskError::Store(_) => internal("tasks", err),
    }
}

/// -32021 (specification 2026-07-28: `data.requiredCapabilities` is a capabilities object).
fn missing_capability(needed: &Capability) -> ErrorObject {
    ErrorObject::new(
        ErrorCode::MissingRequiredClientCapability,
        "this request needs a capability that the client did not declare for it",
    )
    .with_data(json!({"requiredCapabilities": needed.as_declared()}))
}

/// -32603 to the caller, the chain of causes to the log.
fn internal(what: &str, err: &dyn std::error::Error) -> ErrorObject {
    let mut causes = err.to_string();
    let mut source = err.source();
    while let Some(cause) = source {
        causes = format!("{causes}: {cause}");
        source = cause.source();
    }
    tracing::error!(what, error = causes, "a handler failed");
    ErrorObject::internal()
}

/// What an interrupt means to a client that has no rounds, in words.
fn refusal(interrupt: &Interrupt) -> String {
    match interrupt {
        Interrupt::Protocol(error) => error.message.to_string(),
        Interrupt::Cancelled => "this was cancelled".to_owned(),
        Interrupt::InputRequired(_)
        | Interrupt::MissingCapability(_)
        | Interrupt::Task
        | Interrupt::Parked(_) => {
            "this needs a client that speaks protocol revision 2026-07-28 and can answer questions \
             or follow tasks; earlier clients cannot over a stateless connection"
                .to_owned()
        }
    }
}
