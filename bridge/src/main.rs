//! `mcp-bridge`: a remote MCP server for clients that start a program and speak over its stdin and
//! stdout, such as Claude Desktop, Cursor and Kiro.
//!
//! ```text
//! stdin ─→ frame ─→ relay ─→ auth ─→ POST ─→ the server
//! stdout ←─ one line a message ←─ relay ←─ JSON, or events as they come
//! ```
//!
//! Only JSON-RPC goes to stdout; what happened goes to stderr. Every failure is the answer to the
//! request that met it, with what to do.

mod args;
mod auth;
mod config;
mod failure;
mod frame;
mod relay;
mod service;
mod sse;
mod stdio;
mod target;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = args::Args::parse();
    let log = service_kit::telemetry::init_human(args.log());
    let done = match log {
        Ok(()) => stdio::run(args).await,
        Err(err) => Err(err.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            tracing::error!("{err:#}");
            ExitCode::FAILURE
        }
    }
}
