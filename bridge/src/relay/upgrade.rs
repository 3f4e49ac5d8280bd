//! A client that shakes hands, before a server of stateless revisions only: the handshake is
//! answered from what the server says of itself, and each request is told the rest.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::Inner;
use crate::failure::Failure;
use crate::frame::{Frame, Request};

/// The revision that the server is asked in.
const REVISION: &str = "2026-07-28";
/// The newest revision with a handshake.
const HANDSHAKE: &str = "2025-11-25";
/// Revisions with a handshake.
const HANDSHAKES: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", HANDSHAKE];
/// Largest answer to `server/discover`, in bytes.
const MAX_BODY: usize = 4 << 20;

/// What the client said in its handshake.
#[derive(Debug, Clone)]
pub(super) struct Upgrade {
    client: Value,
    capabilities: Value,
}

impl Upgrade {
    fn of(frame: &Frame) -> Self {
        let params: Value = serde_json::from_str(&frame.line).unwrap_or_default();
        let params = &params["params"];
        Self { client: params["clientInfo"].clone(), capabilities: params["capabilities"].clone() }
    }

    pub(super) fn revision(&self) -> HeaderValue {
        HeaderValue::from_static(REVISION)
    }

    /// A request with what a stateless server wants to know.
    pub(super) fn line(&self, line: &str) -> String {
        let Ok(mut frame) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
        if !frame["params"].is_object() {
            frame["params"] = json!({});
        }
        if !frame["params"]["_meta"].is_object() {
            frame["params"]["_meta"] = json!({});
        }
        let meta = &mut frame["params"]["_meta"];
        meta["io.modelcontextprotocol/protocolVersion"] = json!(REVISION);
        if self.client.is_object() {
            meta["io.modelcontextprotocol/clientInfo"] = self.client.clone();
        }
        let capabilities =
            if self.capabilities.is_object() { self.capabilities.clone() } else { json!({}) };
        meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
        frame.to_string()
    }
}

impl Inner {
    /// Answers `initialize` from `server/discover`. `told` is what the server said to it, and is
    /// passed on where it has no better to say.
    pub(super) async fn discover(
        self: &Arc<Self>,
        frame: &Frame,
        asked: &Request,
        told: String,
    ) -> Result<(), Failure> {
        let upgrade = Upgrade::of(frame);
        let ask = json!({"jsonrpc": "2.0", "id": "mcp-bridge", "method": "server/discover"});
        let body = upgrade.line(&ask.to_string());
        self.session().upgrade = Some(upgrade);
        let discover = Request {
            method: "server/discover".to_owned(),
            name: None,
            revision: Some(REVISION.to_owned()),
            ..asked.clone()
        };
        let request = self.request(Method::POST, Some(&discover), Bytes::from(body));
        let request = self.target.proof.put(request).await?;
        let answer = self.https.send(request, MAX_BODY).await;
        let answer = answer.map_err(|err| Failure::of_network(&err, &self.host()))?;
        let answer: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let found = &answer["result"];
        if !found.is_object() {
            self.session().upgrade = None;
            self.write(super::line(&told).unwrap_or(told)).await;
            return Ok(());
        }
        let wanted: Value = serde_json::from_str(&frame.line).unwrap_or_default();
        let wanted = wanted["params"]["protocolVersion"].as_str();
        let revision = wanted.filter(|wanted| HANDSHAKES.contains(wanted)).unwrap_or(HANDSHAKE);
        let info = match &found["serverInfo"] {
            Value::Null => found["_meta"]["io.modelcontextprotocol/serverInfo"].clone(),
            info => info.clone(),
        };
        let mut result = json!({
            "protocolVersion": revision,
            "capabilities": found["capabilities"],
            "serverInfo": info,
        });
        if let Some(instructions) = found["instructions"].as_str() {
            result["instructions"] = json!(instructions);
        }
        let reply = json!({"jsonrpc": "2.0", "id": asked.id.0, "result": result});
        self.write(reply.to_string()).await;
        Ok(())
    }
}
