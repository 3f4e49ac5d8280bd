//! Serves the fixture on a port of this machine, or, on Lambda, to API Gateway.

use std::net::Ipv4Addr;

use api_gateway::{Mode, RuntimeApi};
use axum::Router;
use clap::Parser;
use mcp_core::Changes;
use mcp_http::{McpService, Settings};
use service_kit::env::{Process, Reader, Var};
use tokio::net::TcpListener;

/// The fixture server of the official conformance suite.
#[derive(Parser)]
struct Options {
    /// The port on 127.0.0.1 to serve /mcp on
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

const VARS: &[Var] = &[
    Var {
        name: "AWS_LAMBDA_RUNTIME_API",
        default: None,
        doc: "Address of the Runtime API, `host:port`. AWS Lambda sets it.",
        secret: false,
    },
    Var {
        name: "RESPONSE_MODE",
        default: Some("buffered"),
        doc: "How answers travel on Lambda, `buffered` or `streaming`.",
        secret: false,
    },
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut env = Reader::new(&Process, VARS);
    let (api, mode) = (env.optional("AWS_LAMBDA_RUNTIME_API"), env.or_default("RESPONSE_MODE"));
    let (api, mode): (Option<RuntimeApi>, Mode) = env.finish(|| Some((api, mode?)))?;
    match api {
        Some(api) => on_lambda(&api, mode).await,
        None => on_this_machine(Options::parse().port).await,
    }
}

async fn on_lambda(api: &RuntimeApi, mode: Mode) -> anyhow::Result<()> {
    let settings = Settings { streaming: mode == Mode::Streaming, ..Settings::default() };
    // What one instance announces, those who listen to another would not hear.
    let service = McpService::new(conformance_server::server(None)?, settings);
    Ok(api_gateway::run(api, mode, service).await?)
}

async fn on_this_machine(port: u16) -> anyhow::Result<()> {
    let settings = Settings { streaming: true, ..Settings::default() };
    let service = McpService::new(conformance_server::server(Some(&Changes::new()))?, settings);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, Router::new().route_service("/mcp", service)).await?)
}
