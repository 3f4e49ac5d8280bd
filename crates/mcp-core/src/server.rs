//! A server: what it offers, how it is built, and its lists, written once a revision.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::caller::Caller;
use crate::changes::Changes;
use crate::content::ResourceContents;
use crate::context::CallContext;
use crate::error::HandlerError;
use crate::list::Lists;
use crate::message::{Implementation, META_SERVER_INFO, TASKS_EXTENSION};
use crate::prompt::{CompletionRef, CompletionRequest, PromptResult, PromptSpec};
use crate::registry::{BuildError, PromptEntry, Registry, ResourceEntry};
use crate::render;
use crate::resource::{ResourceSpec, TemplateSpec};
use crate::revision::{Features, ProtocolVersion};
use crate::schema::HeaderParam;
use crate::state::Sealer;
use crate::task::{TaskStore, Tasks};
use crate::tool::{Tool, ToolSpec};

/// Who may keep a copy of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    /// Anyone, and for everyone.
    Public,
    /// Only for the caller it was given to.
    Private,
}

/// A hint on how long a reply stays fresh (2026-07-28, caching).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// For how long.
    pub ttl: Duration,
    /// For whom.
    pub scope: CacheScope,
}

/// Lists change with a deployment, and are the same for everyone.
const LISTS: Caching = Caching { ttl: Duration::from_secs(300), scope: CacheScope::Public };
const PAGE_SIZE: usize = 100;

pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// An MCP server. Cheap to clone.
#[derive(Clone)]
pub struct Server(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    pub(crate) registry: Registry,
    pub(crate) tasks: Option<Tasks>,
    pub(crate) changes: Option<Changes>,
    pub(crate) logging: bool,
    pub(crate) caching: Caching,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) clock: Clock,
    pub(crate) page_size: usize,
    /// What every request needs.
    pub(crate) scopes: Vec<Cow<'static, str>>,
    pub(crate) list_only_callable: bool,
    pub(crate) lists: Lists,
    /// The answer to `server/discover`, by revision.
    pub(crate) discovered: [OnceLock<Bytes>; ProtocolVersion::ALL.len()],
    envelope: OnceLock<Vec<u8>>,
}

/// A tool as it is offered.
#[derive(Clone, Copy, Debug)]
pub struct OfferedTool<'s> {
    /// What it says of itself; its schemas are beside it.
    pub spec: &'s ToolSpec,
    /// What arguments are held against: JSON Schema 2020-12, an object at its root.
    pub input_schema: &'s Value,
    /// What its structured results promise to be.
    pub output_schema: Option<&'s Value>,
    /// All scopes that a call needs.
    pub scopes: &'s [Cow<'static, str>],
}

impl Server {
    /// Begins a server of this name and version.
    pub fn builder(info: Implementation) -> ServerBuilder {
        ServerBuilder {
            info,
            instructions: None,
            registry: Registry::default(),
            tasks: None,
            changes: None,
            logging: false,
            caching: LISTS,
            page_size: PAGE_SIZE,
            scopes: Vec::new(),
            list_only_callable: false,
            sealer: None,
            clock: None,
        }
    }

    /// The arguments of `tool` that a client mirrors in headers; none for a tool there is not.
    #[must_use]
    pub fn header_params(&self, tool: &str) -> &[HeaderParam] {
        self.0.registry.tool(tool).map_or(&[], |tool| &tool.input.headers)
    }

    /// Whether there is a tool of this name.
    #[must_use]
    pub fn has_tool(&self, name: &str) -> bool {
        self.0.registry.tool(name).is_some()
    }

    /// What the server says of itself.
    #[must_use]
    pub fn info(&self) -> &Implementation {
        &self.0.info
    }

    /// What a model should know of the server as a whole.
    #[must_use]
    pub fn instructions(&self) -> Option<&str> {
        self.0.instructions.as_deref()
    }

    /// The tools that `caller` is shown, in the order they are listed.
    pub fn tools<'s>(&'s self, caller: &'s Caller) -> impl Iterator<Item = OfferedTool<'s>> {
        self.0.shown_to(caller).map(|tool| OfferedTool {
            spec: &tool.spec,
            input_schema: tool.input.json(),
            output_schema: tool.output.as_ref(),
            scopes: self.0.tool_scopes(tool),
        })
    }

    /// Whether callers are shown only what they may call ([`ServerBuilder::list_only_callable`]):
    /// what is made of [`Server::tools`] is then for its caller alone.
    #[must_use]
    pub fn lists_only_callable(&self) -> bool {
        self.0.list_only_callable
    }

    /// The names of the tools, in the order they are listed.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.0.registry.tools.iter().map(|tool| tool.spec.name.as_ref())
    }
}

impl Parts {
    /// What the server can do, for a peer with `features`.
    pub(crate) fn capabilities(&self, features: &Features) -> Value {
        // A peer with a handshake hears of changes on a stream that a stateless server has not.
        let announces = features.stateless && self.changes.is_some();
        let listed = |announces: bool| {
            if announces { json!({"listChanged": true}) } else { json!({}) }
        };
        let mut all = Map::new();
        let Registry { tools, prompts, completions, .. } = &self.registry;
        if !tools.is_empty() {
            all.insert("tools".into(), listed(announces));
        }
        if self.registry.has_resources() {
            let subscribe = json!({"listChanged": true, "subscribe": true});
            all.insert("resources".into(), if announces { subscribe } else { json!({}) });
        }
        if !prompts.is_empty() {
            all.insert("prompts".into(), listed(announces));
        }
        if !completions.is_empty() && features.completions_capability {
            all.insert("completions".into(), json!({}));
        }
        if self.logging {
            all.insert("logging".into(), json!({}));
        }
        if self.tasks.is_some() && features.stateless {
            all.insert("extensions".into(), json!({ TASKS_EXTENSION: {} }));
        }
        Value::Object(all)
    }

    /// A result, from the JSON object `body`: as it is for peers with a handshake, else with its
    /// type, its caching hints and the server's name.
    pub(crate) fn complete(
        &self,
        mut body: Vec<u8>,
        features: &Features,
        caching: Option<Caching>,
    ) -> Bytes {
        if features.result_envelope && body.pop() == Some(b'}') {
            if body.len() > 1 {
                body.push(b',');
            }
            if let Some(Caching { ttl, scope }) = caching {
                let scope = match scope {
                    CacheScope::Public => "public",
                    CacheScope::Private => "private",
                };
                let hints = format!(r#""ttlMs":{},"cacheScope":"{scope}","#, ttl.as_millis());
                body.extend_from_slice(hints.as_bytes());
            }
            body.extend_from_slice(self.envelope.get_or_init(|| {
                let meta =
                    json!({ META_SERVER_INFO: render::implementation(&self.info, features) });
                format!(r#""resultType":"complete","_meta":{meta}}}"#).into_bytes()
            }));
        }
        body.into()
    }

    /// A result that has its type already, with the server's name.
    pub(crate) fn named(&self, mut result: Value, features: &Features) -> Bytes {
        result["_meta"][META_SERVER_INFO] = render::implementation(&self.info, features);
        result.to_string().into()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tools: Vec<_> = self.tool_names().collect();
        f.debug_struct("Server").field("name", &self.0.info.name).field("tools", &tools).finish()
    }
}

/// Puts a server together. Faults are collected and told by [`ServerBuilder::build`].
#[must_use]
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    registry: Registry,
    tasks: Option<Tasks>,
    changes: Option<Changes>,
    logging: bool,
    caching: Caching,
    page_size: usize,
    scopes: Vec<Cow<'static, str>>,
    list_only_callable: bool,
    sealer: Option<Sealer>,
    clock: Option<Clock>,
}

impl ServerBuilder {
    /// What the model should know about the server as a whole.
    pub fn instructions(self, text: impl Into<String>) -> Self {
        Self { instructions: Some(text.into()), ..self }
    }

    /// Offers a tool. Tools are listed in the order they are added.
    pub fn tool(mut self, tool: impl Tool) -> Self {
        self.registry.add_tool(tool);
        self
    }

    /// Offers a resource, read by `|cx, uri| async move { … }`.
    pub fn resource<F, Fut>(mut self, spec: ResourceSpec, read: F) -> Self
    where
        F: Fn(CallContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<ResourceContents>, HandlerError>> + Send + 'static,
    {
        let read =
            Box::new(move |cx, uri, _| -> crate::task::BoxFuture<_> { Box::pin(read(cx, uri)) });
        self.registry.add_resource(ResourceEntry { spec, read });
        self
    }

    /// Offers a family of resources, read by `|cx, uri, variables| async move { … }`.
    pub fn resource_template<F, Fut>(mut self, spec: TemplateSpec, read: F) -> Self
    where
        F: Fn(CallContext, String, BTreeMap<String, String>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<ResourceContents>, HandlerError>> + Send + 'static,
    {
        let read = move |cx, uri, variables| -> crate::task::BoxFuture<_> {
            Box::pin(read(cx, uri, variables))
        };
        self.registry.add_template(spec, Box::new(read));
        self
    }

    /// Offers a prompt, made by `|cx, arguments| async move { … }`.
    pub fn prompt<F, Fut>(mut self, spec: PromptSpec, make: F) -> Self
    where
        F: Fn(CallContext, BTreeMap<String, String>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<PromptResult, HandlerError>> + Send + 'static,
    {
        let make =
            Box::new(move |cx, given| -> crate::task::BoxFuture<_> { Box::pin(make(cx, given)) });
        self.registry.add_prompt(PromptEntry { spec, make });
        self
    }

    /// Completes `argument` of a prompt or template by `|cx, request| async move { … }`; the best
    /// value comes first, and only the first hundred are sent.
    pub fn complete<F, Fut>(
        mut self,
        of: CompletionRef,
        argument: impl Into<String>,
        complete: F,
    ) -> Self
    where
        F: Fn(CallContext, CompletionRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<String>> + Send + 'static,
    {
        let complete = Box::new(move |cx, request| -> crate::task::BoxFuture<_> {
            Box::pin(complete(cx, request))
        });
        self.registry.add_completion(of, argument.into(), complete);
        self
    }

    /// Lets tools run as tasks.
    pub fn tasks(self, store: impl TaskStore + 'static) -> Self {
        Self { tasks: Some(Tasks::Stored(Arc::new(store))), ..self }
    }

    /// Lets tools park their calls as tasks ([`CallContext::park`]), of which nothing is kept here.
    /// Instances that share a key ([`ServerBuilder::state_key`]) know each other's.
    pub fn park_tasks(self) -> Self {
        Self { tasks: Some(Tasks::Parked), ..self }
    }

    /// Lets clients listen for what the server announces. Only for a host that can stream.
    pub fn changes(self, changes: &Changes) -> Self {
        Self { changes: Some(changes.clone()), ..self }
    }

    /// Lets tools send log messages to clients. Deprecated by 2026-07-28, for servers that need it.
    pub fn logging(self) -> Self {
        Self { logging: true, ..self }
    }

    /// How long lists stay fresh, and for whom; five minutes and everyone by default.
    pub fn caching(self, caching: Caching) -> Self {
        Self { caching, ..self }
    }

    /// How many items a page of a list has; a hundred by default, at least one.
    pub fn page_size(self, items: usize) -> Self {
        Self { page_size: items.max(1), ..self }
    }

    /// The scopes that every request needs, of any method, but calls of tools that have some of
    /// their own; none by default.
    pub fn scopes<S: Into<Cow<'static, str>>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: scopes.into_iter().map(Into::into).collect(), ..self }
    }

    /// Whether callers are shown only the tools that their scopes let them call; not by default.
    /// The list of tools is then for its caller alone ([`CacheScope::Private`]).
    pub fn list_only_callable(self, only: bool) -> Self {
        Self { list_only_callable: only, ..self }
    }

    /// The key that seals cursors and request state. Instances that share it understand each
    /// other's; by default each process draws its own.
    pub fn state_key(self, key: [u8; 32]) -> Self {
        Self { sealer: Some(Sealer::new(key)), ..self }
    }

    /// Where the time comes from; the system by default.
    pub fn clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// The server.
    ///
    /// # Errors
    /// Every reason why it cannot be built, together.
    pub fn build(mut self) -> Result<Server, BuildError> {
        self.registry.check_scopes("the server", &self.scopes);
        Ok(Server(Arc::new(Parts {
            registry: self.registry.finish(self.tasks.is_some())?,
            info: self.info,
            instructions: self.instructions,
            tasks: self.tasks,
            changes: self.changes,
            logging: self.logging,
            caching: self.caching,
            page_size: self.page_size,
            sealer: Arc::new(self.sealer.unwrap_or_else(Sealer::of_this_process)),
            clock: self.clock.unwrap_or_else(|| Arc::new(system_time)),
            scopes: self.scopes,
            list_only_callable: self.list_only_callable,
            lists: Lists::default(),
            discovered: Default::default(),
            envelope: OnceLock::new(),
        })))
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of a server that was given none")]
fn system_time() -> SystemTime {
    SystemTime::now()
}
