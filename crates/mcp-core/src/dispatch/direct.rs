//! A call of a tool by a host that has no JSON-RPC frame for it, such as a REST façade: what
//! `tools/call` checks, in its order, and an outcome that says which check failed.

use serde_json::Value;

use super::call::invalid_arguments;
use super::{internal, refusal};
use crate::context::Exchange;
use crate::input::Interrupt;
use crate::jsonrpc::{ErrorObject, shown};
use crate::message::RequestMeta;
use crate::server::Server;
use crate::tool::{BackendFault, CallToolResult, TaskSupport, ToolError};

/// Why a call of [`Server::call_tool`] gave no result. Every text goes to the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The caller may not, or the tool says so in the protocol's own words.
    #[error("{}", .0.message)]
    Refused(ErrorObject),
    /// There is no such tool.
    #[error("unknown tool: {name}")]
    UnknownTool {
        /// The name, cut to a length that is fit to be told.
        name: String,
        /// The names of those that the caller is shown, or `none`.
        known: String,
    },
    /// The arguments are not what the tool's schema wants; one line a fault.
    #[error("{0}")]
    InvalidArguments(String),
    /// As [`ToolError::Failed`].
    #[error("{0}")]
    Failed(String),
    /// As [`ToolError::Backend`].
    #[error("{text}")]
    Backend {
        /// In which way.
        fault: BackendFault,
        /// What the caller reads.
        text: String,
    },
    /// A fault of the server; its cause is in the log.
    #[error("internal error")]
    Internal,
}

impl Server {
    /// Calls the tool `name`. Whoever calls can be asked nothing and follows no tasks, whatever the
    /// exchange says: a tool that needs either fails, and says so.
    ///
    /// Dropping the future abandons the call. A panic in a tool passes through.
    ///
    /// # Errors
    /// [`CallError`]; nothing runs before the caller's scopes and the arguments were checked.
    pub async fn call_tool(
        &self,
        name: &str,
        arguments: Value,
        exchange: Exchange,
    ) -> Result<CallToolResult, CallError> {
        let server = &*self.0;
        let caller = &exchange.caller;
        self.authorize("tools/call", Some(name), caller).map_err(CallError::Refused)?;
        let tool = server.registry.tool(name).ok_or_else(|| CallError::UnknownTool {
            name: shown(name),
            known: server.known_tools(caller),
        })?;
        if !arguments.is_object() {
            let text = invalid_arguments(name, "arguments: expected an object");
            return Err(CallError::InvalidArguments(text));
        }
        tool.input
            .validate(&arguments)
            .map_err(|faults| CallError::InvalidArguments(invalid_arguments(name, &faults)))?;
        if tool.spec.task == TaskSupport::Required {
            return Err(CallError::Failed(refusal(&Interrupt::Task)));
        }
        let meta = RequestMeta { capabilities: None, ..exchange.meta };
        let cx = server.context(Exchange { meta, ..exchange });
        (tool.call)(cx, arguments).await.map_err(|error| match error {
            ToolError::Failed(text) => CallError::Failed(text),
            ToolError::Backend { fault, text } => CallError::Backend { fault, text },
            ToolError::Interrupted(Interrupt::Protocol(error)) => CallError::Refused(error),
            ToolError::Interrupted(interrupt) => CallError::Failed(refusal(&interrupt)),
            error @ ToolError::Internal(_) => {
                // The error that it makes says nothing more.
                let _ = internal(name, &error);
                CallError::Internal
            }
        })
    }
}
