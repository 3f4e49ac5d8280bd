//! The function `mcp` with its support cases, in this process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fn_mcp::{Config, Function, VARS};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use local_aws::LocalAws;
use local_aws::cases::{Case, cases};
use serde_json::{Value, json};
use service_kit::clock::{Clock, ManualClock};
use service_kit::env::Reader;
use tower::ServiceExt as _;

/// 2026-12-01T12:00:00Z
pub(super) const NOW_MS: i64 = 1_796_126_400_000;

/// AWS on this machine, and the function before it.
pub(super) struct Site {
    pub(super) aws: LocalAws,
    function: Function,
    clock: Arc<ManualClock>,
}

/// The variables of the function for the support cases of `aws`.
pub(super) fn variables(aws: &LocalAws) -> BTreeMap<&'static str, String> {
    let mut env: BTreeMap<_, _> = aws.environment().into_iter().collect();
    env.extend(aws.cases_environment().iter().cloned());
    // The emulated Lambda has one, of its own.
    env.entry("AWS_SESSION_TOKEN").or_default();
    env
}

impl Site {
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these variables beside.
    pub(super) async fn start_with(more: &[(&'static str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let config = local_aws::Config { clock: clock.clone(), ..local_aws::Config::default() };
        let aws = LocalAws::start(config).await.unwrap();
        let mut env = variables(&aws);
        env.insert("AUTH_MODE", "none".to_owned());
        env.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let mut reader = Reader::new(&env, VARS);
        let config = Config::read(&mut reader);
        let config = reader.finish(|| config).unwrap();
        let function = fn_mcp::service(&config, clock.clone()).unwrap();
        Self { aws, function, clock }
    }

    /// The cases that there are.
    pub(super) fn cases(&self) -> Vec<Case> {
        cases(self.clock.now())
    }

    /// Another moment.
    pub(super) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// A call by REST.
    pub(super) async fn rest(&self, tool: &str, arguments: Value) -> (StatusCode, Value) {
        let request = Request::post(format!("/tools/{tool}"))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(arguments.to_string())))
            .unwrap();
        let response = self.function.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The result of a call that succeeds.
    pub(super) async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let (status, body) = self.rest(tool, arguments.clone()).await;
        assert_eq!(status, 200, "{tool} {arguments}: {body}");
        body
    }

    /// A call by MCP: the result.
    pub(super) async fn mcp(&self, tool: &str, arguments: Value) -> Value {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": tool, "arguments": arguments}});
        let request = Request::post("/mcp")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(Full::new(Bytes::from(call.to_string())))
            .unwrap();
        let response = self.function.clone().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let mut reply: Value = serde_json::from_slice(&body).unwrap();
        reply["result"].take()
    }
}

/// The rows of a result, as what is in these columns.
pub(super) fn rows<const N: usize>(result: &Value, columns: [&str; N]) -> Vec<[String; N]> {
    let rows = result["rows"].as_array().unwrap().iter();
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::String(text) => text.clone(),
        Value::Null => "NULL".to_owned(),
        other => panic!("not a string: {other}"),
    };
    rows.map(|row| columns.map(|column| cell(row, column))).collect()
}
