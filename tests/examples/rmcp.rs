//! The Rust SDK as a client of the interop run, a driver like those in `xtask/clients`: `rmcp URL CALLS MODE`, where the
//! mode is discover, initialize or auto; one JSON line a step.
#![expect(clippy::print_stdout, reason = "its lines are its result")]

use anyhow::{Context as _, bail};
use rmcp::model::{CallToolRequestParams, JsonObject, ProtocolVersion};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _};
use rmcp::transport::StreamableHttpClientTransport;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, calls, mode] = &arguments[..] else { bail!("usage: rmcp URL CALLS MODE") };
    if let Err(err) = drive(url, calls, mode).await {
        println!("{}", json!({"step": "error", "error": format!("{err:#}")}));
        std::process::exit(1);
    }
    Ok(())
}

async fn drive(url: &str, calls: &str, mode: &str) -> anyhow::Result<()> {
    let calls: Vec<Value> = serde_json::from_str(calls)?;
    let transport = StreamableHttpClientTransport::from_uri(url);
    let newest = vec![ProtocolVersion::LATEST];
    let lifecycle = match mode {
        "initialize" => ClientLifecycleMode::Initialize,
        "discover" => ClientLifecycleMode::Discover { preferred_versions: newest },
        "auto" => ClientLifecycleMode::Auto { preferred_versions: newest, legacy_version: None },
        _ => bail!("unknown mode {mode:?}"),
    };
    let client = ().serve_with_lifecycle(transport, lifecycle).await?;
    let protocol = client.peer_info().map(|info| info.protocol_version.to_string());
    println!("{}", json!({"step": "connect", "protocol": protocol}));

    let tools = client.list_all_tools().await?;
    let names: Vec<_> = tools.iter().map(|tool| &tool.name).collect();
    println!("{}", json!({"step": "list", "tools": names}));
    for call in calls {
        let name = call["name"].as_str().context("a call has a name")?.to_owned();
        let given: JsonObject = serde_json::from_value(call["arguments"].clone())?;
        let call = CallToolRequestParams::new(name.clone()).with_arguments(given);
        let result = client.call_tool(call).await?;
        let texts = result.content.iter().filter_map(|block| block.as_text());
        let text: String = texts.flat_map(|block| block.text.chars()).take(200).collect();
        let ok = !result.is_error.unwrap_or(false);
        println!("{}", json!({"step": "call", "tool": name, "ok": ok, "text": text}));
    }
    client.cancel().await?;
    Ok(())
}
