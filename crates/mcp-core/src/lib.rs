//! The server side of the Model Context Protocol: all five revisions, as a library without I/O.
//!
//! A [`Server`] holds tools, resources and prompts, each written once, for the newest revision. A
//! host (such as `mcp-http`) reads a frame with [`jsonrpc::parse`], decides which revision it
//! speaks, and hands it to [`Server::dispatch`] with an [`Exchange`]; what comes back is JSON that a
//! peer of that revision understands.

pub mod content;
pub mod context;
pub mod input;
pub mod jsonrpc;
pub mod message;
pub mod progress;
pub mod revision;
pub mod schema;
pub mod state;
pub mod tool;

pub use content::{Annotations, Content, Icon, ResourceContents, Role};
pub use context::{CallContext, Caller, Exchange};
pub use input::{Ask, Elicited, InputRequired, Interrupt};
pub use jsonrpc::{ErrorCode, ErrorObject, Id};
pub use message::{Capability, Implementation, LogLevel, RequestMeta};
pub use progress::Events;
pub use revision::ProtocolVersion;
pub use tool::{
    Answer, BoxError, CallToolResult, Json, NoInput, TaskSupport, Tool, ToolAnnotations, ToolError,
    ToolOutput, ToolSpec, tool_fn,
};
