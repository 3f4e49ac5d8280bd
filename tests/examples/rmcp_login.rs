//! The Rust SDK as a program that logs in, a driver of the login run like those in `xtask/clients`: `rmcp_login URL
//! CALLS`; one JSON line a step.
#![expect(clippy::print_stdout, reason = "its lines are its result")]

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Client as Http;
use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, JsonObject, ProtocolVersion};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{
    AuthClient, AuthorizationManager, AuthorizationRequest, CredentialStore as _,
    InMemoryCredentialStore, OAuthState,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use service_kit::env::{Env as _, Process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, calls] = &arguments[..] else { bail!("usage: rmcp_login URL CALLS") };
    let calls: Vec<Value> = serde_json::from_str(calls)?;
    if let Err(err) = Program::start(url).await?.drive(&calls).await {
        println!("{}", json!({"step": "error", "error": format!("{err:#}")}));
        std::process::exit(1);
    }
    Ok(())
}

type Connection = RunningService<RoleClient, ()>;

struct Program {
    url: String,
    /// Where the browser brings the answer.
    listener: TcpListener,
    store: InMemoryCredentialStore,
    http: Http,
}

impl Program {
    async fn start(url: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let store = InMemoryCredentialStore::new();
        Ok(Self { url: url.to_owned(), listener, store, http: Http::new() })
    }

    async fn drive(&self, calls: &[Value]) -> anyhow::Result<()> {
        let client = self.connect(self.log_in(None).await?).await?;
        self.did("login", None).await?;
        let tools = client.list_all_tools().await?;
        let names: Vec<_> = tools.iter().map(|tool| &tool.name).collect();
        println!("{}", json!({"step": "list", "tools": names}));
        for call in calls {
            say(&self.call(&client, call).await?);
        }
        let call = calls.first().context("there is a call")?;

        self.expire().await?;
        let result = self.call(&client, call).await?;
        self.did("refresh", None).await?;
        say(&result);

        // It says that a person is needed, and leaves the rest to the program: which knows its client id.
        let id = self.store.load().await?.context("it is logged in")?.client_id;
        self.front("revoke").await?;
        self.expire().await?;
        let told = self.call(&client, call).await.err().context("a revoked grant is of no use")?;
        let client = self.connect(self.log_in(Some(&id)).await?).await?;
        let result = self.call(&client, call).await?;
        self.did("revoked", Some(&told)).await?;
        say(&result);

        // Of a client that is gone it says no more than that the refresh failed. A program that knows better begins
        // without the id.
        self.front("delete").await?;
        self.expire().await?;
        let told = self.call(&client, call).await.err().context("a deleted client is of no use")?;
        let client = self.connect(self.log_in(None).await?).await?;
        let result = self.call(&client, call).await?;
        self.did("deleted", Some(&told)).await?;
        say(&result);
        client.cancel().await?;
        Ok(())
    }

    async fn log_in(&self, client: Option<&str>) -> anyhow::Result<AuthorizationManager> {
        let mut state = OAuthState::new(&self.url, None).await?;
        if let OAuthState::Unauthorized(manager) = &mut state {
            manager.set_credential_store(self.store.clone());
        }
        let redirect = format!("http://{}/callback", self.listener.local_addr()?);
        let mut request = AuthorizationRequest::new(redirect)
            .with_client_name("rmcp 3.9.0")
            .with_initial_scope_selection();
        if let Some(client) = client {
            request = request.with_preregistered_client(client);
        }
        state.start_authorization(request).await?;
        let browser = Process.get("BROWSER").context("there is a browser")?;
        let page = state.get_authorization_url().await?;
        let mut browser = Command::new(browser);
        browser.arg(page).stdin(Stdio::null()).stdout(Stdio::null());
        browser.status().await.context("the browser opens")?;
        let answer = timeout(Duration::from_secs(10), self.answer());
        state.handle_callback_url(&answer.await.context("an answer comes")??).await?;
        state.into_authorization_manager().context("it is logged in")
    }

    /// The URL that the browser ends at.
    async fn answer(&self) -> anyhow::Result<String> {
        let (mut stream, _) = self.listener.accept().await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                bail!("the browser sends a whole request");
            }
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await?;
        let head = String::from_utf8(head)?;
        let target = head.split(' ').nth(1).context("a request has a target")?;
        Ok(format!("http://{}{target}", self.listener.local_addr()?))
    }

    async fn connect(&self, manager: AuthorizationManager) -> anyhow::Result<Connection> {
        let client = AuthClient::new(self.http.clone(), manager);
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let newest = vec![ProtocolVersion::LATEST];
        let lifecycle =
            ClientLifecycleMode::Auto { preferred_versions: newest, legacy_version: None };
        Ok(().serve_with_lifecycle(transport, lifecycle).await?)
    }

    async fn call(&self, client: &Connection, call: &Value) -> anyhow::Result<Value> {
        let name = call["name"].as_str().context("a call has a name")?.to_owned();
        let given: JsonObject = serde_json::from_value(call["arguments"].clone())?;
        let call = CallToolRequestParams::new(name.clone()).with_arguments(given);
        let result = client.call_tool(call).await?;
        let texts = result.content.iter().filter_map(|block| block.as_text());
        let text: String = texts.flat_map(|block| block.text.chars()).take(200).collect();
        let ok = !result.is_error.unwrap_or(false);
        Ok(json!({"step": "call", "tool": name, "ok": ok, "text": text}))
    }

    /// The access token's time is over, here and at the server.
    async fn expire(&self) -> anyhow::Result<()> {
        self.front("asked").await?;
        self.front("expire").await?;
        let mut kept = self.store.load().await?.context("it is logged in")?;
        kept.token_received_at = Some(0);
        Ok(self.store.save(kept).await?)
    }

    /// What the front answers to a command.
    async fn front(&self, command: &str) -> anyhow::Result<String> {
        let url = self.url.replace("/mcp", &format!("/-/{command}"));
        Ok(self.http.get(url).send().await?.error_for_status()?.text().await?)
    }

    /// A step is done: it is said with all that was asked for in it, and what the program was told.
    async fn did(&self, step: &str, told: Option<&anyhow::Error>) -> anyhow::Result<()> {
        let asked: Value = serde_json::from_str(&self.front("asked").await?)?;
        let told = told.map(|told| format!("{told:#}"));
        println!("{}", json!({"step": step, "asked": asked, "told": told}));
        Ok(())
    }
}

fn say(line: &Value) {
    println!("{line}");
}
