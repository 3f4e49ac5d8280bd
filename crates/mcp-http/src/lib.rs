//! Streamable HTTP for [`mcp_core`]: one endpoint, as a [`tower_service::Service`] over [`http`]
//! types, for clients of every revision of the protocol.
//!
//! ```text
//! origin → method → headers → body → frame → era → mirrored headers → mcp_core::Server → respond
//! ```
//!
//! The order of the checks is the specification's, so that each fault gets the error it must get.
//! The host mounts [`McpService`] where it likes and may tell it more in extensions of the request:
//! a [`Deadline`], a [`HostRequestId`], and who calls, a [`mcp_core::Caller`].
//!
//! [`rest`] is the same server for programs that speak no MCP, mounted beside.
//!
//! Who calls is for the host to find out. Whether the caller may is decided here, before anything
//! runs: without a scope that the server or the tool needs, the answer is 403 in every revision, a
//! JSON-RPC error for the request's id, with [`InsufficientScope`] for the host to make a challenge
//! of.
//!
//! ```
//! use http::Request;
//! use mcp_core::{Implementation, Server};
//! use mcp_http::{McpService, Settings};
//! use tower::ServiceExt as _;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder(Implementation::new("hello", "1.0")).build()?;
//! let service = McpService::new(server, Settings::default());
//! let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
//! let request = Request::post("/mcp")
//!     .header("content-type", "application/json")
//!     .body(ping.to_owned())?;
//! assert_eq!(service.oneshot(request).await?.status(), 200);
//! # Ok(())
//! # }
//! ```

mod accept;
mod batch;
mod body;
mod call;
mod cors;
mod era;
mod headers;
mod log;
mod origin;
mod respond;
pub mod rest;
mod service;
mod settings;
mod sse;

pub use body::Body;
pub use origin::{NotAnOrigin, Origin, Origins};
pub use respond::InsufficientScope;
pub use service::McpService;
pub use settings::{Deadline, HostRequestId, Settings};
