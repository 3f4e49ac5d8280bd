//! A client of one revision, without a transport, that holds what it is told to the schema of its
//! revision, and results of tools to their `outputSchema`.

use bytes::Bytes;
use mcp_core::jsonrpc::{self, Incoming, Message, Request};
use mcp_core::{
    Caller, Events, Exchange, Implementation, ProtocolVersion, RequestMeta, Server, ServerBuilder,
};
use serde_json::{Value, json};

/// What a request ends with: the `result`, or the `error`.
pub(crate) type Reply = Result<Value, Value>;

pub(crate) const NEWEST: ProtocolVersion = ProtocolVersion::V2026_07_28;

/// A server of no interest but for what `add` gives it.
pub(crate) fn server(add: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Server {
    let info = Implementation::new("spec", "1.0");
    add(Server::builder(info)).build().unwrap()
}

pub(crate) struct Peer<'a> {
    server: &'a Server,
    version: ProtocolVersion,
    capabilities: Value,
    caller: Caller,
}

impl<'a> Peer<'a> {
    /// A client of `version` that has no capabilities.
    pub(crate) fn new(server: &'a Server, version: ProtocolVersion) -> Self {
        Self { server, version, capabilities: json!({}), caller: Caller::default() }
    }

    pub(crate) fn modern(server: &'a Server) -> Self {
        Self::new(server, NEWEST)
    }

    pub(crate) fn with_capabilities(self, capabilities: Value) -> Self {
        Self { capabilities, ..self }
    }

    pub(crate) fn with_subject(self, subject: &str) -> Self {
        self.with_caller(Caller { subject: Some(subject.to_owned()), ..Caller::default() })
    }

    /// The same caller, as this issuer knows it.
    pub(crate) fn of_issuer(mut self, issuer: &str) -> Self {
        self.caller.issuer = Some(issuer.to_owned());
        self
    }

    pub(crate) fn with_caller(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// The request as the server would be handed it, with the `_meta` its revision wants.
    pub(crate) fn request(&self, method: &str, mut params: Value) -> (Request, Exchange) {
        if self.version == NEWEST {
            let meta = &mut params["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = json!(self.version);
            meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        let frame = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let Ok(Message::Single(Incoming::Request(request))) =
            jsonrpc::parse(&Bytes::from(frame.to_string()))
        else {
            panic!("not a request: {frame}");
        };
        let exchange = Exchange {
            meta: RequestMeta::read(&request.params).unwrap(),
            caller: self.caller.clone().into(),
            ..Exchange::new(self.version)
        };
        (request, exchange)
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Reply {
        let (request, exchange) = self.request(method, params);
        let reply = reply(self.server.dispatch(request, exchange).await);
        self.check(method, &reply);
        reply
    }

    fn check(&self, method: &str, reply: &Reply) {
        let frame = match reply {
            Ok(result) => json!({"jsonrpc": "2.0", "id": 7, "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": 7, "error": error}),
        };
        tests::schema::check(self.version.as_str(), method, &frame);
    }

    /// The reply, and the notifications before it.
    pub(crate) async fn stream(&self, method: &str, params: Value) -> (Vec<Value>, Reply) {
        let (request, mut exchange) = self.request(method, params);
        let (events, mut receiver) = Events::channel();
        exchange.events = events;
        let reply = reply(self.server.dispatch(request, exchange).await);
        self.check(method, &reply);
        let mut notifications = Vec::new();
        while let Ok(frame) = receiver.try_recv() {
            let frame = read(&frame);
            tests::schema::check(self.version.as_str(), method, &frame);
            notifications.push(frame);
        }
        (notifications, reply)
    }

    pub(crate) async fn tool(&self, name: &str, arguments: Value) -> Reply {
        let params = json!({"name": name, "arguments": arguments});
        let reply = self.call("tools/call", params).await;
        if let Ok(result) = &reply
            && result["isError"] != true
            && result.get("resultType").is_none_or(|kind| kind == "complete")
            && let Some(promised) = self.promised(name).await
        {
            let kept = jsonschema::validate(&promised, &result["structuredContent"]);
            assert!(kept.is_ok(), "{name}: {kept:?}");
        }
        reply
    }

    /// The `outputSchema` of a tool, on whichever page of the list it is.
    async fn promised(&self, name: &str) -> Option<Value> {
        let mut params = json!({});
        loop {
            let mut list = self.call("tools/list", params).await.unwrap();
            let mut tools = list["tools"].as_array_mut().unwrap().iter_mut();
            if let Some(tool) = tools.find(|tool| tool["name"] == name) {
                return tool.get_mut("outputSchema").map(Value::take);
            }
            params = json!({"cursor": list.get("nextCursor")?});
        }
    }
}

pub(crate) fn reply(ended: Result<Bytes, mcp_core::ErrorObject>) -> Reply {
    ended.map(|result| read(&result)).map_err(|error| serde_json::to_value(error).unwrap())
}

pub(crate) fn read(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}

/// The code of a reply that must be an error.
#[track_caller]
pub(crate) fn code(reply: &Reply) -> i64 {
    reply.as_ref().unwrap_err()["code"].as_i64().unwrap()
}
