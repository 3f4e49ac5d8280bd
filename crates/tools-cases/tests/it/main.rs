//! The tools as an agent meets them: through an MCP server, over an Athena, a Glue and a Bedrock
//! that are scripted.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what tests are made of may fail like a test"
)]

mod analysis;
mod canned;
mod long;
mod offered;
mod sql;
mod upstream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use backend_athena::Athena;
use backend_bedrock::{Bedrock, Model, Price};
use mcp_core::jsonrpc::{self, Incoming, Message, Request};
use mcp_core::{Caller, Events, Exchange, Implementation, ProtocolVersion, RequestMeta, Server};
use serde_json::{Value, json};
use service_kit::clock::{Clock as _, ManualClock};
use tools_cases::{Cases, Settings};

pub(crate) use upstream::Upstream;

/// 2026-12-01T12:00:00Z
pub(crate) const NOW_MS: i64 = 1_796_126_400_000;

/// A server with the cases of `upstream`, and nothing else.
pub(crate) fn server(upstream: &Upstream) -> Server {
    server_with(upstream, Settings::default(), None)
}

pub(crate) fn server_with(
    upstream: &Upstream,
    settings: Settings,
    max_bytes: Option<u64>,
) -> Server {
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let credentials = || {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests");
        SharedCredentialsProvider::new(credentials)
    };
    let https = https::Client::new(https::Settings::default());
    let (region, endpoint) = ("us-east-1".to_owned(), Some(upstream.url.clone()));
    let athena = backend_athena::Settings {
        region: region.clone(),
        work_group: "CaseInsights-x".to_owned(),
        database: "case_insights_x-y".to_owned(),
        max_bytes,
        usd_per_terabyte: 5.0,
        endpoint: endpoint.clone(),
        glue_endpoint: endpoint.clone(),
    };
    let price = Some(Price { input: 1.0, output: 5.0 });
    let models = vec![Model { id: "haiku".to_owned(), price }];
    let bedrock = backend_bedrock::Settings { region, models, endpoint };
    let cases = Cases::new(
        Athena::new(athena, https.clone(), credentials(), clock.clone()),
        Bedrock::new(bedrock, https, credentials(), clock.clone()),
        settings,
    );
    let builder = Server::builder(Implementation::new("cases", "1.0")).park_tasks();
    let builder = builder.state_key([7; 32]).clock(move || clock.now());
    cases.offer(builder).build().unwrap()
}

/// A client of the newest revision.
pub(crate) struct Client {
    server: Server,
    capabilities: Value,
    subject: String,
    patience: Duration,
}

impl Client {
    pub(crate) fn of(server: &Server) -> Self {
        Self {
            server: server.clone(),
            capabilities: json!({}),
            subject: "ann".to_owned(),
            patience: Duration::from_secs(20),
        }
    }

    pub(crate) fn with_tasks(self) -> Self {
        let capabilities = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        Self { capabilities, ..self }
    }

    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(crate) fn with_subject(self, subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..self }
    }

    pub(crate) fn request(&self, method: &str, mut params: Value) -> (Request, Exchange) {
        let version = ProtocolVersion::V2026_07_28;
        let meta = &mut params["_meta"];
        meta["io.modelcontextprotocol/protocolVersion"] = json!(version);
        meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        meta["progressToken"] = json!(1);
        let frame = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let Ok(Message::Single(Incoming::Request(request))) =
            jsonrpc::parse(&frame.to_string().into())
        else {
            panic!("not a request: {frame}");
        };
        let caller = Caller { subject: Some(self.subject.clone()), ..Caller::default() };
        let exchange = Exchange {
            meta: RequestMeta::read(&request.params).unwrap(),
            caller: caller.into(),
            deadline: Some(Instant::now() + self.patience),
            ..Exchange::new(version)
        };
        (request, exchange)
    }

    pub(crate) async fn ask(&self, method: &str, params: Value) -> Result<Value, Value> {
        let (request, exchange) = self.request(method, params);
        self.dispatch(request, exchange).await
    }

    pub(crate) async fn dispatch(
        &self,
        request: Request,
        exchange: Exchange,
    ) -> Result<Value, Value> {
        let ended = self.server.dispatch(request, exchange).await;
        let ended = ended.map(|result| serde_json::from_slice(&result).unwrap());
        ended.map_err(|error| serde_json::to_value(error).unwrap())
    }

    /// A call of a tool: its result, held to what the tool promises.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        let result = self.ask("tools/call", params).await.unwrap();
        if result["isError"] != true && result["resultType"] == "complete" {
            let list = self.ask("tools/list", json!({})).await.unwrap();
            let tools = list["tools"].as_array().unwrap();
            let found = tools.iter().find(|found| found["name"] == tool).unwrap();
            let kept = jsonschema::validate(&found["outputSchema"], &result["structuredContent"]);
            assert!(kept.is_ok(), "{tool}: {kept:?}");
        }
        result
    }

    /// The structured result of a call that succeeds.
    #[track_caller]
    pub(crate) fn data(result: &Value) -> &Value {
        assert_ne!(result["isError"], true, "{result}");
        &result["structuredContent"]
    }

    /// A call, and the progress it told.
    pub(crate) async fn watched(&self, tool: &str, arguments: Value) -> (Vec<Value>, Value) {
        let (request, mut exchange) =
            self.request("tools/call", json!({"name": tool, "arguments": arguments}));
        let (events, mut receiver) = Events::channel();
        exchange.events = events;
        let result = self.dispatch(request, exchange).await.unwrap();
        let mut told = Vec::new();
        while let Ok(frame) = receiver.try_recv() {
            told.push(serde_json::from_slice(&frame).unwrap());
        }
        (told, result)
    }
}

/// What the model reads.
pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}
