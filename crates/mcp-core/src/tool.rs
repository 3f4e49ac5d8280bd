//! Tools: a type each, with typed input and output, or a closure for a small server.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::content::{Content, Icon};
use crate::context::CallContext;
use crate::input::Interrupt;

/// A boxed error, for causes that only the log sees.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Something an agent can call.
///
/// ```
/// use mcp_core::{CallContext, Json, Tool, ToolError, ToolSpec};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// struct Add;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Terms { a: i64, b: i64 }
///
/// #[derive(Serialize, JsonSchema)]
/// struct Sum { sum: i64 }
///
/// impl Tool for Add {
///     type Input = Terms;
///     type Output = Json<Sum>;
///
///     fn spec(&self) -> ToolSpec {
///         ToolSpec::new("add", "Adds two integers.").with_read_only()
///     }
///
///     async fn call(&self, _: &CallContext, terms: Terms) -> Result<Json<Sum>, ToolError> {
///         let sum = terms.a.checked_add(terms.b);
///         sum.map(|sum| Json(Sum { sum })).ok_or_else(|| ToolError::failed("the sum is too large"))
///     }
/// }
/// ```
pub trait Tool: Send + Sync + 'static {
    /// The arguments. They are validated against the schema before they are read.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// What a call gives back.
    type Output: ToolOutput;

    /// Name, description and hints. Asked once, when the server is built.
    fn spec(&self) -> ToolSpec;

    /// Does it.
    ///
    /// # Errors
    /// [`ToolError::Failed`] for what the agent should read; see there for the rest.
    fn call(
        &self,
        cx: &CallContext,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, ToolError>> + Send;

    /// Goes on with what a call has parked ([`CallContext::park`]): gives its result, or parks it
    /// again. When [`CallContext::cancellation`] is cancelled already, it only stops the work.
    ///
    /// # Errors
    /// As [`Tool::call`]; [`Interrupt::Cancelled`] when the work was stopped.
    fn resume(
        &self,
        cx: &CallContext,
        parked: Vec<u8>,
    ) -> impl Future<Output = Result<Self::Output, ToolError>> + Send {
        let _ = (cx, parked);
        async { Err(ToolError::internal("this tool parks no calls")) }
    }
}

/// A tool made of a closure.
#[derive(Debug)]
pub struct FnTool<F, I> {
    spec: ToolSpec,
    call: F,
    input: std::marker::PhantomData<fn(I)>,
}

/// Makes a tool of a closure `|cx, input| async move { … }`.
pub fn tool_fn<F, I, Fut, O>(spec: ToolSpec, call: F) -> FnTool<F, I>
where
    F: Fn(CallContext, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, ToolError>> + Send + 'static,
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: ToolOutput,
{
    FnTool { spec, call, input: std::marker::PhantomData }
}

impl<F, I, Fut, O> Tool for FnTool<F, I>
where
    F: Fn(CallContext, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, ToolError>> + Send + 'static,
    I: DeserializeOwned + JsonSchema + Send + 'static,
    O: ToolOutput,
{
    type Input = I;
    type Output = O;

    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    async fn call(&self, cx: &CallContext, input: I) -> Result<O, ToolError> {
        (self.call)(cx.clone(), input).await
    }
}

/// The input of a tool without arguments.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoInput {}

/// What is known of a tool without calling it.
#[derive(Clone, Debug)]
pub struct ToolSpec {
    /// A name for programs: 1 to 128 of `A-Z a-z 0-9 _ - .`
    pub name: Cow<'static, str>,
    /// A name for people.
    pub title: Option<Cow<'static, str>>,
    /// What the model reads to decide whether to call it.
    pub description: Cow<'static, str>,
    /// Hints on what a call does.
    pub annotations: ToolAnnotations,
    /// Pictures.
    pub icons: Vec<Icon>,
    /// Whether a call may, or must, run as a task.
    pub task: TaskSupport,
    /// The scopes that a call needs, all of them; if there are none, those that every request to
    /// the server needs.
    pub scopes: Vec<Cow<'static, str>>,
    /// A schema to show and validate against instead of the one made of the input type.
    pub input_schema: Option<Value>,
    /// The same for the output.
    pub output_schema: Option<Value>,
    /// Arguments of a call that makes sense, as a JSON object, for documents that people and programs
    /// read; models are not sent it.
    pub example: Option<&'static str>,
}

impl ToolSpec {
    /// A name and a description; nothing else is needed.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: description.into(),
            annotations: ToolAnnotations::default(),
            icons: Vec::new(),
            task: TaskSupport::default(),
            scopes: Vec::new(),
            input_schema: None,
            output_schema: None,
            example: None,
        }
    }

    /// With a name for people.
    #[must_use]
    pub fn with_title(self, title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// With hints.
    #[must_use]
    pub fn with_annotations(self, annotations: ToolAnnotations) -> Self {
        Self { annotations, ..self }
    }

    /// With the hints of a tool that changes nothing and may be called again.
    #[must_use]
    pub fn with_read_only(self) -> Self {
        self.with_annotations(ToolAnnotations {
            read_only_hint: Some(true),
            idempotent_hint: Some(true),
            ..ToolAnnotations::default()
        })
    }

    /// With support for the Tasks extension.
    #[must_use]
    pub fn with_task(self, task: TaskSupport) -> Self {
        Self { task, ..self }
    }

    /// With the scopes that a call needs, all of them (RFC 6749, section 3.3), instead of those
    /// that every request needs: a tool's own should imply those.
    #[must_use]
    pub fn with_scopes<S: Into<Cow<'static, str>>>(
        self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        Self { scopes: scopes.into_iter().map(Into::into).collect(), ..self }
    }

    /// With a schema of one's own for the arguments.
    #[must_use]
    pub fn with_input_schema(self, schema: Value) -> Self {
        Self { input_schema: Some(schema), ..self }
    }

    /// With arguments of a call that makes sense, as a JSON object.
    #[must_use]
    pub fn with_example(self, arguments: &'static str) -> Self {
        Self { example: Some(arguments), ..self }
    }
}

/// Hints on what a call does. They are hints: a client must not trust them from a stranger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolAnnotations {
    /// It changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// It may destroy something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive_hint: Option<bool>,
    /// Calling it twice is as good as once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_hint: Option<bool>,
    /// It reaches into a world that the server does not control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_world_hint: Option<bool>,
}

impl ToolAnnotations {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a call of the tool may run as a task (extension `io.modelcontextprotocol/tasks`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskSupport {
    /// Never.
    #[default]
    Never,
    /// When the client has the extension.
    Optional,
    /// Always: a client without the extension cannot call it.
    Required,
}

/// The result of a call, before it is written for the peer's revision.
#[derive(Clone, Debug, Default)]
pub struct CallToolResult {
    /// What the model reads.
    pub content: Vec<Content>,
    /// What programs read: JSON that matches the output schema.
    pub structured: Option<Box<RawValue>>,
    /// Whether `content` says less than `structured`. A peer that knows no structured results is
    /// then given the JSON as one more text block, so that it loses nothing.
    pub abridged: bool,
    /// The call failed, and `content` says how.
    pub is_error: bool,
}

impl CallToolResult {
    /// A failure with a text for the agent.
    #[must_use]
    pub fn error(text: String) -> Self {
        Self { content: vec![Content::text(text)], is_error: true, ..Self::default() }
    }
}

/// What a tool may give back.
pub trait ToolOutput: Send {
    /// The schema of the structured part, if there is one.
    fn schema() -> Option<Schema> {
        None
    }

    /// The result.
    ///
    /// # Errors
    /// When the value refuses to be written as JSON.
    fn into_result(self) -> Result<CallToolResult, serde_json::Error>;
}

impl ToolOutput for CallToolResult {
    fn into_result(self) -> Result<CallToolResult, serde_json::Error> {
        Ok(self)
    }
}

impl ToolOutput for String {
    fn into_result(self) -> Result<CallToolResult, serde_json::Error> {
        Content::text(self).into_result()
    }
}

impl ToolOutput for Content {
    fn into_result(self) -> Result<CallToolResult, serde_json::Error> {
        vec![self].into_result()
    }
}

impl ToolOutput for Vec<Content> {
    fn into_result(self) -> Result<CallToolResult, serde_json::Error> {
        Ok(CallToolResult { content: self, ..CallToolResult::default() })
    }
}

/// A structured result whose text is the same JSON.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize + JsonSchema + Send> ToolOutput for Json<T> {
    fn schema() -> Option<Schema> {
        Some(crate::schema::of::<T>())
    }

    fn into_result(self) -> Result<CallToolResult, serde_json::Error> {
        let json = serde_json::value::to_raw_value(&self.0)?;
        Ok(CallToolResult {
            content: vec![Content::text(json.get())],
            structured: Some(json),
            ..CallToolResult::default()
        })
    }
}

/// A structured result with a text of its own, which is shorter.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// What the model reads.
    pub text: String,
    /// What programs read.
    pub data: T,
}

impl<T: Serialize + JsonSchema + Send> ToolOutput for Answer<T> {
    fn schema() -> Option<Schema> {
        Some(crate::schema::of::<T>())
    }

    fn into_result(self) -> Result<CallToolResult, serde_json::Error> {
        Ok(CallToolResult {
            content: vec![Content::text(self.text)],
            structured: Some(serde_json::value::to_raw_value(&self.data)?),
            abridged: true,
            is_error: false,
        })
    }
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// The call failed, and the agent can read why: what is wrong, and what to do instead. A line
    /// that begins with `hint: ` is what to do.
    #[error("{0}")]
    Failed(String),
    /// The same, where nothing was wrong with the call: what the tool asks did not do its part.
    #[error("{text}")]
    Backend {
        /// In which way.
        fault: BackendFault,
        /// What the agent reads.
        text: String,
    },
    /// The call does not end here; see [`Interrupt`].
    #[error("the call was interrupted")]
    Interrupted(Interrupt),
    /// A fault of the server. The cause goes to the log; the caller learns only that.
    #[error("the tool failed")]
    Internal(#[source] BoxError),
}

/// What a tool asks, and did not get. MCP tells its clients the text only; REST has a status for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendFault {
    /// It failed, refuses us, or says what cannot be understood.
    Failed,
    /// It has too much to do, or is away for a while.
    Busy {
        /// How long it asks to wait before the next try.
        retry_after: Option<Duration>,
    },
    /// It did not answer in time.
    TimedOut,
}

impl ToolError {
    /// A failure with a text for the agent.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// A fault of the server.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<Interrupt> for ToolError {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupted(interrupt)
    }
}
