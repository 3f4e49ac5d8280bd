//! What the programs say of themselves, for `cargo xtask docs`: `describe configuration` or `describe tools`, as
//! Markdown, and `describe variables`, as JSON for `infra/`.
#![expect(clippy::print_stdout, reason = "its text is its result")]

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use http::Request;
use http_body_util::BodyExt as _;
use mcp_http::{McpService, Settings};
use serde_json::{Value, json};
use service_kit::{clock, env};
use tower::ServiceExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let text = match std::env::args().nth(1).as_deref() {
        Some("configuration") => configuration(),
        Some("tools") => tools().await?,
        Some("variables") => variables()?,
        _ => bail!("usage: describe configuration|tools|variables"),
    };
    print!("{text}");
    Ok(())
}

fn configuration() -> String {
    let mcp = env::markdown(fn_mcp::VARS);
    let authorizer = env::markdown(fn_authorizer::VARS);
    let oauth = env::markdown(fn_oauth::VARS);
    let health = env::markdown(fn_health::VARS);
    format!(
        "# Configuration\n\n\
         <!-- written by `cargo xtask docs` from the programs: change the lists there -->\n\n\
         Each program reads its environment once, at its start, and reports all faults together. A variable that is \
         set to nothing counts as not set.\n\n\
         ## The function `mcp` (`fn-mcp`)\n\n\
         The local server, `cargo run`, reads the same, but for what AWS Lambda sets; without `PROMETHEUS_URL`, \
         `PROMETHEUS_WORKSPACE_ID` and `ATHENA_DATABASE` it answers from sample data.\n\n{mcp}\n\
         ## The function `authorizer` (`fn-authorizer`)\n\n{authorizer}\n\
         ## The function `oauth` (`fn-oauth`)\n\n\
         The local server has it too, on the same origin, as long as nobody else can reach it: then its issuer, its \
         tables and its people are set, and what is set here goes before.\n\n{oauth}\n\
         ## The function `health` (`fn-health`)\n\n{health}"
    )
}

/// What each function reads, and which of it is secret.
fn variables() -> anyhow::Result<String> {
    let functions = [
        ("mcp", fn_mcp::VARS),
        ("authorizer", fn_authorizer::VARS),
        ("oauth", fn_oauth::VARS),
        ("health", fn_health::VARS),
    ];
    let of = |vars: &[env::Var]| -> Value {
        vars.iter().map(|var| json!({"name": var.name, "secret": var.secret})).collect()
    };
    let all: serde_json::Map<_, _> =
        functions.iter().map(|(name, vars)| ((*name).to_owned(), of(vars))).collect();
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

/// A table of what `tools/list` answers.
async fn tools() -> anyhow::Result<String> {
    let everything = BTreeMap::from([
        ("AUTH_MODE", "none"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("ATHENA_DATABASE", "none"),
        ("ATHENA_WORKGROUP", "none"),
    ]);
    let mut reader = env::Reader::new(&everything, fn_mcp::VARS);
    let config = fn_mcp::Config::read(&mut reader);
    let config = reader.finish(|| config)?;
    let server = fn_mcp::server(&config, Arc::new(clock::SystemClock))?;
    let service = McpService::new(server, Settings::default());
    let ask = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let ask = Request::post("/mcp").header("content-type", "application/json").body(ask.to_owned());
    let reply = service.oneshot(ask?).await?.into_body().collect().await?.to_bytes();
    let reply: Value = serde_json::from_slice(&reply)?;
    let mut table = String::from("| Tool | What it does |\n| --- | --- |\n");
    for tool in reply["result"]["tools"].as_array().context("there are tools")? {
        let text = |key: &str| tool[key].as_str().with_context(|| format!("a tool has a {key}"));
        let description = text("description")?;
        let sentence = description.split_inclusive(". ").next().unwrap_or(description).trim();
        table += &format!("| `{}` | {sentence} |\n", text("name")?);
    }
    Ok(table)
}
