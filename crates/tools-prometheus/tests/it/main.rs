//! The tools as an agent meets them: through an MCP server, over a Prometheus that is scripted.

#![expect(clippy::unwrap_used, reason = "what tests are made of may fail like a test")]

mod errors;
mod listing;
mod metrics;
mod queries;
mod ranges;
mod sizes;
mod tenants;
mod workspaces;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri};
use backend_amp::{Prometheus, Settings};
use mcp_core::jsonrpc::Params;
use mcp_core::message::RequestMeta;
use mcp_core::{Caller, Exchange, Id, Implementation, Server};
use serde_json::{Value, json};
use service_kit::clock::{Clock as _, ManualClock};
use tools_prometheus::{
    ExecuteQuery, ExecuteRangeQuery, GetAvailableWorkspaces, GetServerInfo, ListMetrics,
};

/// 2026-11-20T12:00:00Z
pub(crate) const NOW_MS: i64 = 1_795_176_000_000;
pub(crate) const NOW: i64 = NOW_MS / 1000;

/// A Prometheus, and AMP's control plane, that say what they are told.
pub(crate) struct Upstream {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    /// `script` is given `METHOD /path?query form`, and answers with status and body.
    pub(crate) async fn start(
        script: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self::start_knowing_its_url(move |_, call| script(call)).await
    }

    /// The same for a script that tells callers where this server is.
    pub(crate) async fn start_knowing_its_url(
        script: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, here, script) = (Arc::clone(&calls), url.clone(), Arc::new(script));
        let app = axum::Router::new().fallback(move |method: Method, uri: Uri, body: Bytes| {
            let call = format!("{method} {uri} {}", String::from_utf8_lossy(&body));
            seen.lock().unwrap().push(call.clone());
            let (status, body) = script(&here, &call);
            async move {
                if status == 0 {
                    std::future::pending::<()>().await;
                }
                (StatusCode::from_u16(status).unwrap(), body)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, calls }
    }

    /// Always says `data`.
    pub(crate) async fn of(data: Value) -> Self {
        let body = json!({"status": "success", "data": data}).to_string();
        Self::start(move |_| (200, body.clone())).await
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// The tools over this server as it is, without AWS.
    pub(crate) fn tools(&self) -> Tools {
        let settings = Settings { url: self.url.parse().ok(), ..Settings::default() };
        Tools::without_aws(settings)
    }

    /// The tools over this server as AMP.
    pub(crate) fn amp_tools(&self, settings: Settings) -> Tools {
        let clock = Arc::new(ManualClock::new(NOW_MS));
        Tools::over(self.amp(settings, clock.clone()), clock)
    }

    /// This server as AMP.
    pub(crate) fn amp(&self, settings: Settings, clock: Arc<ManualClock>) -> Prometheus {
        let credentials = Credentials::new("AKID", "secret", None, None, "tests");
        let settings = Settings {
            region: "us-east-1".parse().ok(),
            control_plane_endpoint: Some(self.url.clone()),
            ..settings
        };
        Prometheus::new(settings, Some(SharedCredentialsProvider::new(credentials)), clock)
    }
}

/// The tools, as one caller has them.
#[derive(Clone)]
pub(crate) struct Tools {
    server: Server,
    caller: Arc<Caller>,
}

impl Tools {
    pub(crate) fn without_aws(settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::new(NOW_MS));
        Self::over(Prometheus::new(settings, None, clock.clone()), clock)
    }

    pub(crate) fn over(prometheus: Prometheus, clock: Arc<ManualClock>) -> Self {
        let server = Server::builder(Implementation::new("tests", "0"))
            .tool(ExecuteQuery(prometheus.clone()))
            .tool(ExecuteRangeQuery(prometheus.clone()))
            .tool(ListMetrics(prometheus.clone()))
            .tool(GetServerInfo(prometheus.clone()))
            .tool(GetAvailableWorkspaces(prometheus))
            .clock(move || clock.now())
            .build()
            .unwrap();
        Self { server, caller: Arc::default() }
    }

    /// The same tools, as a caller of this tenant has them.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        let tenant = Some(tenant.to_owned());
        let caller = Caller { subject: Some("someone".to_owned()), tenant, ..Caller::default() };
        Self { caller: Arc::new(caller), ..self.clone() }
    }

    pub(crate) async fn call(&self, name: &str, arguments: Value) -> Answer {
        self.request(json!({"name": name, "arguments": arguments}), Value::Null).await
    }

    /// `tools/call` from a client with these capabilities. What it gives is what its
    /// `outputSchema` promises.
    pub(crate) async fn request(&self, params: Value, capabilities: Value) -> Answer {
        let name = params["name"].clone();
        let answer = self.dispatch("tools/call", params, capabilities, None).await;
        if answer["resultType"] == "complete" && answer["isError"] != true {
            let list = self.dispatch("tools/list", json!({}), Value::Null, None).await;
            let mut tools = list["tools"].as_array().unwrap().iter();
            let promised = &tools.find(|tool| tool["name"] == name).unwrap()["outputSchema"];
            let kept = jsonschema::validate(promised, &answer["structuredContent"]);
            assert!(kept.is_ok(), "{name}: {kept:?}");
        }
        Answer(answer)
    }

    /// What the server says to a client of 2026-07-28, held to the schema of that revision.
    pub(crate) async fn dispatch(
        &self,
        method: &str,
        mut params: Value,
        capabilities: Value,
        deadline: Option<Duration>,
    ) -> Value {
        let capabilities = if capabilities.is_null() { json!({}) } else { capabilities };
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        let params = Params::from_json(params.to_string().into());
        let exchange = Exchange {
            meta: RequestMeta::read(&params).unwrap(),
            caller: Arc::clone(&self.caller),
            deadline: deadline.map(|wait| Instant::now() + wait),
            ..Exchange::new("2026-07-28".parse().unwrap())
        };
        let request =
            mcp_core::jsonrpc::Request { id: Id::Number(1.into()), method: method.into(), params };
        let result = self.server.dispatch(request, exchange).await.unwrap();
        let result: Value = serde_json::from_slice(&result).unwrap();
        let frame = json!({"jsonrpc": "2.0", "id": 1, "result": result});
        tests::schema::check("2026-07-28", method, &frame);
        result
    }
}

/// A `tools/call` result.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        self.0["content"][0]["text"].as_str().unwrap()
    }

    #[track_caller]
    pub(crate) fn structured(&self) -> &Value {
        assert_ne!(self.0["isError"], json!(true), "{}", self.text());
        &self.0["structuredContent"]
    }

    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        assert_eq!(self.0["isError"], json!(true), "{}", self.0);
        self.text()
    }
}

/// The text of an answer whose costs, which differ from run to run, are zero.
pub(crate) fn settled(mut value: Value) -> Value {
    if let Some(elapsed) = value.pointer_mut("/provenance/elapsed_ms") {
        *elapsed = json!(0);
    }
    value
}
