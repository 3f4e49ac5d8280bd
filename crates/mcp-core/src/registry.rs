//! Everything a server offers, checked when it is built.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::caller::is_scope;
use crate::content::ResourceContents;
use crate::context::CallContext;
use crate::error::HandlerError;
use crate::prompt::{CompletionRef, CompletionRequest, PromptResult, PromptSpec};
use crate::resource::{ResourceSpec, TemplateSpec, UriTemplate, is_uri};
use crate::schema::{self, InputSchema, SchemaError};
use crate::task::BoxFuture;
use crate::tool::{CallToolResult, TaskSupport, Tool, ToolError, ToolOutput, ToolSpec};

type CallFn =
    dyn Fn(CallContext, Value) -> BoxFuture<Result<CallToolResult, ToolError>> + Send + Sync;
type ResumeFn =
    dyn Fn(CallContext, Vec<u8>) -> BoxFuture<Result<CallToolResult, ToolError>> + Send + Sync;
pub(crate) type Variables = BTreeMap<String, String>;
pub(crate) type ReadFn = dyn Fn(CallContext, String, Variables) -> BoxFuture<Result<Vec<ResourceContents>, HandlerError>>
    + Send
    + Sync;
pub(crate) type PromptFn =
    dyn Fn(CallContext, Variables) -> BoxFuture<Result<PromptResult, HandlerError>> + Send + Sync;
pub(crate) type CompleteFn =
    dyn Fn(CallContext, CompletionRequest) -> BoxFuture<Vec<String>> + Send + Sync;

pub(crate) struct ToolEntry {
    pub(crate) spec: ToolSpec,
    pub(crate) input: InputSchema,
    pub(crate) output: Option<Value>,
    pub(crate) call: Box<CallFn>,
    pub(crate) resume: Box<ResumeFn>,
}

pub(crate) struct ResourceEntry {
    pub(crate) spec: ResourceSpec,
    pub(crate) read: Box<ReadFn>,
}

pub(crate) struct TemplateEntry {
    pub(crate) spec: TemplateSpec,
    pub(crate) template: UriTemplate,
    pub(crate) read: Box<ReadFn>,
}

pub(crate) struct PromptEntry {
    pub(crate) spec: PromptSpec,
    pub(crate) make: Box<PromptFn>,
}

/// Why a server cannot be built: every fault, each with the name of what has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BuildError {
    /// The faults, in the order they were met.
    pub faults: Vec<Fault>,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server cannot be built")?;
        self.faults.iter().try_for_each(|fault| write!(f, "; {fault}"))
    }
}

/// One reason why a server cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Two of a kind have one name.
    #[error("{kind} {name:?} is there twice")]
    Duplicate {
        /// `tool`, `resource`, `resource template`, `prompt` or `completion`.
        kind: &'static str,
        /// The name or URI.
        name: String,
    },
    /// Not 1 to 128 of `A-Z a-z 0-9 _ - .`
    #[error("tool name {0:?} is not 1 to 128 of A-Z a-z 0-9 _ - .")]
    ToolName(String),
    /// A schema that cannot be offered.
    #[error("input schema of tool {tool:?}: {fault}")]
    Schema {
        /// Whose.
        tool: String,
        /// Why not.
        fault: SchemaError,
    },
    /// Not a URI or URI template.
    #[error("{0:?} is not a URI or a simple URI template")]
    Uri(String),
    /// A completion for an argument that nothing has.
    #[error("nothing has the argument {0:?} that is to be completed")]
    Completion(String),
    /// Not a scope (RFC 6749, section 3.3).
    #[error("scope {scope:?} of {of} is not visible ASCII without quotes and backslashes")]
    Scope {
        /// `the server`, or the tool's name.
        of: String,
        /// The text.
        scope: String,
    },
    /// A tool that runs only as a task, on a server without tasks.
    #[error("tool {0:?} needs tasks, and the server has no task store")]
    TasksMissing(String),
}

#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) tools: Vec<ToolEntry>,
    pub(crate) resources: Vec<ResourceEntry>,
    pub(crate) templates: Vec<TemplateEntry>,
    pub(crate) prompts: Vec<PromptEntry>,
    pub(crate) completions: BTreeMap<(CompletionRef, String), Box<CompleteFn>>,
    pub(crate) faults: Vec<Fault>,
    tool_index: HashMap<String, usize>,
}

impl Registry {
    pub(crate) fn add_tool<T: Tool>(&mut self, tool: T) {
        let mut spec = tool.spec();
        let name = spec.name.clone().into_owned();
        let schema = match spec.input_schema.take() {
            Some(written) => InputSchema::written(written),
            None => InputSchema::generated(schema::of::<T::Input>()),
        };
        let input = match schema {
            Ok(schema) => schema,
            Err(fault) => return self.faults.push(Fault::Schema { tool: name, fault }),
        };
        let output = spec.output_schema.take().or_else(|| T::Output::schema().map(schema::output));
        if name.is_empty()
            || name.len() > 128
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        {
            self.faults.push(Fault::ToolName(name.clone()));
        }
        self.check_scopes(&name, &spec.scopes);
        if self.tool_index.insert(name.clone(), self.tools.len()).is_some() {
            self.faults.push(Fault::Duplicate { kind: "tool", name });
        }
        let tool = Arc::new(tool);
        let parked = Arc::clone(&tool);
        let resume = Box::new(move |cx: CallContext, state: Vec<u8>| {
            let tool = Arc::clone(&parked);
            let resume: BoxFuture<_> = Box::pin(async move {
                tool.resume(&cx, state).await?.into_result().map_err(ToolError::internal)
            });
            resume
        });
        let call = Box::new(move |cx: CallContext, arguments: Value| {
            let tool = Arc::clone(&tool);
            let call: BoxFuture<_> = Box::pin(async move {
                // The schema let it pass, so what the type still refuses is for the agent to read.
                let input = serde_json::from_value(arguments)
                    .map_err(|err| ToolError::failed(format!("invalid arguments: {err}")))?;
                tool.call(&cx, input).await?.into_result().map_err(ToolError::internal)
            });
            call
        });
        self.tools.push(ToolEntry { spec, input, output, call, resume });
    }

    pub(crate) fn add_resource(&mut self, entry: ResourceEntry) {
        let uri = &entry.spec.uri;
        if !is_uri(uri) {
            self.faults.push(Fault::Uri(uri.to_string()));
        }
        if self.resource(uri).is_some() {
            self.faults.push(Fault::Duplicate { kind: "resource", name: uri.to_string() });
        }
        self.resources.push(entry);
    }

    pub(crate) fn add_template(&mut self, spec: TemplateSpec, read: Box<ReadFn>) {
        let uri = spec.uri_template.to_string();
        if self.templates.iter().any(|other| other.spec.uri_template == spec.uri_template) {
            self.faults.push(Fault::Duplicate { kind: "resource template", name: uri.clone() });
        }
        match UriTemplate::parse(&uri) {
            Ok(template) => self.templates.push(TemplateEntry { spec, template, read }),
            Err(_) => self.faults.push(Fault::Uri(uri)),
        }
    }

    pub(crate) fn add_prompt(&mut self, entry: PromptEntry) {
        if self.prompt(&entry.spec.name).is_some() {
            let name = entry.spec.name.to_string();
            self.faults.push(Fault::Duplicate { kind: "prompt", name });
        }
        self.prompts.push(entry);
    }

    pub(crate) fn add_completion(
        &mut self,
        of: CompletionRef,
        argument: String,
        complete: Box<CompleteFn>,
    ) {
        if self.completions.insert((of, argument.clone()), complete).is_some() {
            self.faults.push(Fault::Duplicate { kind: "completion", name: argument });
        }
    }

    pub(crate) fn check_scopes(&mut self, of: &str, scopes: &[Cow<'static, str>]) {
        let bad = scopes.iter().filter(|scope| !is_scope(scope));
        self.faults
            .extend(bad.map(|scope| Fault::Scope { of: of.to_owned(), scope: scope.to_string() }));
    }

    /// The checks that need all of it.
    pub(crate) fn finish(mut self, has_tasks: bool) -> Result<Self, BuildError> {
        for (of, argument) in self.completions.keys() {
            if self.has_argument(of, argument) != Some(true) {
                self.faults.push(Fault::Completion(argument.clone()));
            }
        }
        let lost = |tool: &&ToolEntry| tool.spec.task == TaskSupport::Required && !has_tasks;
        let lost = self.tools.iter().filter(lost).map(|tool| tool.spec.name.to_string());
        self.faults.extend(lost.map(Fault::TasksMissing));
        if self.faults.is_empty() { Ok(self) } else { Err(BuildError { faults: self.faults }) }
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&ToolEntry> {
        self.tool_index.get(name).and_then(|index| self.tools.get(*index))
    }

    pub(crate) fn prompt(&self, name: &str) -> Option<&PromptEntry> {
        self.prompts.iter().find(|prompt| prompt.spec.name == name)
    }

    pub(crate) fn has_resources(&self) -> bool {
        !self.resources.is_empty() || !self.templates.is_empty()
    }

    fn resource(&self, uri: &str) -> Option<&ResourceEntry> {
        self.resources.iter().find(|resource| resource.spec.uri == uri)
    }

    /// Who reads `uri`, and with which variables.
    pub(crate) fn reader(&self, uri: &str) -> Option<(&ReadFn, Variables)> {
        if let Some(resource) = self.resource(uri) {
            return Some((&*resource.read, Variables::new()));
        }
        self.templates.iter().find_map(|entry| Some((&*entry.read, entry.template.matches(uri)?)))
    }

    /// Whether `of` has `argument`; `None` when there is no such prompt or template.
    pub(crate) fn has_argument(&self, of: &CompletionRef, argument: &str) -> Option<bool> {
        match of {
            CompletionRef::Prompt { name } => {
                let spec = &self.prompt(name)?.spec;
                Some(spec.arguments.iter().any(|known| known.name == argument))
            }
            CompletionRef::Resource { uri } => {
                let entry = self.templates.iter().find(|entry| entry.spec.uri_template == *uri)?;
                Some(entry.template.has_variable(argument))
            }
        }
    }
}
