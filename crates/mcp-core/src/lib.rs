//! The server side of the Model Context Protocol: all five revisions, as a library without I/O.
//!
//! A [`Server`] holds tools, resources and prompts, each written once, for the newest revision. A
//! host (such as `mcp-http`) reads a frame with [`jsonrpc::parse`], decides which revision it
//! speaks, and hands it to [`Server::dispatch`] with an [`Exchange`]; what comes back is JSON that a
//! peer of that revision understands.
//!
//! The host also says who calls, a [`Caller`], and which scopes it was granted; tools and the server
//! say which they need ([`ToolSpec::with_scopes`], [`ServerBuilder::scopes`]), and
//! [`Server::authorize`] decides before anything runs.

mod access;
mod caller;
mod changes;
pub mod content;
pub mod context;
mod dispatch;
mod error;
pub mod input;
pub mod jsonrpc;
mod list;
pub mod message;
pub mod progress;
pub mod prompt;
mod registry;
mod render;
pub mod resource;
pub mod revision;
pub mod schema;
mod server;
pub mod state;
pub mod task;
pub mod tool;

pub use caller::{Caller, Granted};
pub use changes::{Change, Changes};
pub use content::{Annotations, Content, Icon, ResourceContents, Role};
pub use context::{CallContext, Exchange};
pub use dispatch::{CallError, name_param};
pub use error::HandlerError;
pub use input::{Ask, Elicited, InputRequired, Interrupt};
pub use jsonrpc::{ErrorCode, ErrorObject, Id};
pub use message::{Capability, Implementation, LogLevel, RequestMeta};
pub use progress::Events;
pub use prompt::{
    CompletionRef, CompletionRequest, PromptArgument, PromptMessage, PromptResult, PromptSpec,
};
pub use registry::{BuildError, Fault};
pub use resource::{ResourceSpec, TemplateSpec};
pub use revision::ProtocolVersion;
pub use schema::{HeaderKind, HeaderParam};
pub use server::{CacheScope, Caching, OfferedTool, Server, ServerBuilder};
pub use task::{MemoryTasks, TaskStore};
pub use tool::{
    Answer, BackendFault, BoxError, CallToolResult, Json, NoInput, TaskSupport, Tool,
    ToolAnnotations, ToolError, ToolOutput, ToolSpec, tool_fn,
};
