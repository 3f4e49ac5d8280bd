//! An MCP server with one tool, on http://127.0.0.1:8788/mcp or, as `bootstrap`, on AWS Lambda.

use mcp_core::{BuildError, Implementation, Server, ToolSpec, tool_fn};
use mcp_http::{McpService, Settings};
use schemars::JsonSchema;
use serde::Deserialize;
use service_kit::env::{Env as _, Process};

/// What the tool takes; an agent reads the comments.
#[derive(Deserialize, JsonSchema)]
struct Greeting {
    /// Whom to greet.
    name: String,
}

fn service() -> Result<McpService, BuildError> {
    let hello = ToolSpec::new("hello", "Greets somebody by name.").with_read_only();
    let server = Server::builder(Implementation::new("hello-server", "1.0.0"))
        .tool(tool_fn(hello, |_, Greeting { name }| async move { Ok(format!("Hello, {name}!")) }))
        .build()?;
    Ok(McpService::new(server, Settings::default()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = service()?;
    if let Some(api) = Process.get("AWS_LAMBDA_RUNTIME_API") {
        let api = api.to_string_lossy().parse()?;
        return Ok(api_gateway::run(&api, api_gateway::Mode::Buffered, service).await?);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8788").await?;
    Ok(axum::serve(listener, axum::Router::new().route_service("/mcp", service)).await?)
}

#[cfg(test)]
mod tests;
