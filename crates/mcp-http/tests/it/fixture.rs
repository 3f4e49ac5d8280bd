//! A server with a tool for each way a call can go, and a client that holds every reply to the
//! schema of its revision.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName};
use http::{Extensions, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use mcp_core::prompt::{PromptArgument, PromptMessage, PromptResult, PromptSpec};
use mcp_core::{
    Ask, Changes, Content, Elicited, Implementation, LogLevel, ResourceContents, Server,
    ServerBuilder, TemplateSpec, ToolError, ToolSpec, tool_fn,
};
use mcp_http::{Body, McpService, Settings};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::ServiceExt as _;

pub(crate) const BOTH: &str = "application/json, text/event-stream";

/// What becomes of the calls of `sleeps` and `hangs`: `cancelled`, `dropped`, `ended`.
pub(crate) type Fates = UnboundedReceiver<&'static str>;

fn builder() -> (ServerBuilder, Fates) {
    let any = |name: &'static str| {
        ToolSpec::new(name, "For tests.").with_input_schema(json!({"type": "object"}))
    };
    let (tell, fates) = unbounded_channel();
    let told = tell.clone();
    let builder = Server::builder(Implementation::new("fixture", "1.0.0"))
        .logging()
        .tool(tool_fn(
            ToolSpec::new("echo", "Says what it is told.").with_input_schema(json!({
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
            })),
            |_, input: Value| async move { Ok(Content::text(input["text"].as_str().unwrap())) },
        ))
        .tool(tool_fn(any("steps"), |cx, _: Value| async move {
            for step in 1..=3 {
                cx.progress(f64::from(step), Some(3.0), Some("on the way"));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(Content::text("there"))
        }))
        .tool(tool_fn(any("logs"), |cx, _: Value| async move {
            cx.log(LogLevel::Warning, None, "careful");
            Ok(Content::text("done"))
        }))
        .tool(tool_fn(any("sleeps"), move |_, _: Value| {
            let told = told.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(40)).await;
                // Whoever listened may be gone.
                let _ = told.send("ended");
                Ok(Content::text("awake"))
            }
        }))
        .tool(tool_fn(any("hangs"), move |cx, _: Value| {
            let dropped = TellOnDrop(tell.clone());
            let (cancelled, tell) = (cx.cancellation().clone(), tell.clone());
            tokio::spawn(async move {
                cancelled.cancelled().await;
                tell.send("cancelled")
            });
            async move {
                cx.progress(1.0, None, None);
                let _dropped = dropped;
                std::future::pending::<Result<Content, ToolError>>().await
            }
        }))
        .tool(tool_fn(any("panics"), |_, _: Value| async move {
            if true {
                panic!("a bug");
            }
            Ok(Content::text("never"))
        }))
        .tool(tool_fn(any("fails"), |_, _: Value| async move {
            Err::<Content, _>(ToolError::internal("the disk is gone"))
        }))
        .tool(tool_fn(any("asks"), |cx, _: Value| async move {
            let mut ask = Ask::new(&cx);
            let form = json!({"type": "object", "properties": {"name": {"type": "string"}}});
            let answer = ask.elicit::<Value>("name", "What is your name?", form)?;
            ask.finish()?;
            Ok(Content::text(match answer {
                Some(Elicited::Accepted(form)) => format!("Hello, {}!", form["name"]),
                _ => "Hello!".to_owned(),
            }))
        }))
        .tool(tool_fn(
            ToolSpec::new("routed", "Is routed by its arguments.").with_input_schema(json!({
                "type": "object",
                "properties": {
                    "region": {"type": "string", "x-mcp-header": "Region"},
                    "where": {
                        "type": "object",
                        "properties": {"shard": {"type": "integer", "x-mcp-header": "Shard"}},
                    },
                    "dry": {"type": "boolean", "x-mcp-header": "Dry-Run"},
                },
            })),
            |_, _: Value| async move { Ok(Content::text("routed")) },
        ))
        .resource_template(
            TemplateSpec::new("test://city/{name}", "city"),
            |_, uri, _: BTreeMap<String, String>| async move {
                Ok(vec![ResourceContents::text(uri, "text/plain", "a city")])
            },
        )
        .prompt(
            PromptSpec::new("greet").with_argument(PromptArgument::required("name", "Whom")),
            |_, arguments: BTreeMap<String, String>| async move {
                let text = format!("Greet {}", arguments["name"]);
                Ok(PromptResult::new(vec![PromptMessage::user(Content::text(text))]))
            },
        );
    (builder, fates)
}

struct TellOnDrop(UnboundedSender<&'static str>);

impl Drop for TellOnDrop {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

pub(crate) fn service() -> McpService {
    with(Settings::default())
}

pub(crate) fn streaming() -> McpService {
    with(Settings { streaming: true, ..Settings::default() })
}

pub(crate) fn with(settings: Settings) -> McpService {
    observed(settings).0
}

/// The server alone, to be served in another way.
pub(crate) fn server() -> (Server, Fates) {
    let (builder, fates) = builder();
    (builder.build().unwrap(), fates)
}

pub(crate) fn observed(settings: Settings) -> (McpService, Fates) {
    let (builder, fates) = builder();
    (McpService::new(builder.build().unwrap(), settings), fates)
}

/// A service whose server announces changes, on a host that streams.
pub(crate) fn announcing() -> (McpService, Changes) {
    let changes = Changes::new();
    let server = builder().0.changes(&changes).build().unwrap();
    (McpService::new(server, Settings { streaming: true, ..Settings::default() }), changes)
}

/// A request to be sent, changed where a test wants it wrong.
#[derive(Clone)]
pub(crate) struct Post {
    verb: Method,
    headers: HeaderMap,
    extensions: Extensions,
    body: Vec<u8>,
    /// What the reply is validated as.
    version: String,
    method: String,
}

impl Post {
    /// Any body, with the headers every client sends.
    pub(crate) fn raw(body: impl Into<Vec<u8>>) -> Self {
        let post = Self {
            verb: Method::POST,
            headers: HeaderMap::new(),
            extensions: Extensions::new(),
            body: body.into(),
            version: "2025-03-26".to_owned(),
            method: String::new(),
        };
        post.header("content-type", "application/json").header("accept", BOTH)
    }

    /// A request of 2026-07-28, complete.
    pub(crate) fn modern(method: &str, mut params: Value) -> Self {
        let meta = params.as_object_mut().unwrap().entry("_meta").or_insert_with(|| json!({}));
        let meta = meta.as_object_mut().unwrap();
        let mut key = |name: &str, value: Value| {
            meta.entry(format!("io.modelcontextprotocol/{name}")).or_insert(value);
        };
        key("protocolVersion", json!("2026-07-28"));
        key("clientCapabilities", json!({}));
        key("clientInfo", json!({"name": "test", "version": "1"}));
        let name = match method {
            "tools/call" | "prompts/get" => params["name"].as_str(),
            "resources/read" => params["uri"].as_str(),
            _ => None,
        };
        let name = name.map(str::to_owned);
        let post = Self::message(method, params)
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        let post = Self { version: "2026-07-28".to_owned(), ..post };
        match name {
            Some(name) => post.header("mcp-name", &name),
            None => post,
        }
    }

    /// A call of `tool` as a client of 2026-07-28 that wants to hear of its progress.
    pub(crate) fn call(tool: &str, arguments: Value) -> Self {
        let params = json!({"name": tool, "arguments": arguments, "_meta": {"progressToken": "p"}});
        Self::modern("tools/call", params)
    }

    /// A request of an older revision, with its header where it has one.
    pub(crate) fn legacy(version: &str, method: &str, params: Value) -> Self {
        let post = Self { version: version.to_owned(), ..Self::message(method, params) };
        if version < "2025-06-18" { post } else { post.header("mcp-protocol-version", version) }
    }

    fn message(method: &str, params: Value) -> Self {
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        Self { method: method.to_owned(), ..Self::raw(body.to_string()) }
    }

    pub(crate) fn verb(self, verb: Method) -> Self {
        Self { verb, ..self }
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        self
    }

    pub(crate) fn and_header(mut self, name: &str, value: &[u8]) -> Self {
        let value = HeaderValue::from_bytes(value).unwrap();
        self.headers.append(name.parse::<HeaderName>().unwrap(), value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    pub(crate) fn request(self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.into()));
        *request.method_mut() = self.verb;
        *request.headers_mut() = self.headers;
        *request.extensions_mut() = self.extensions;
        request
    }

    /// Sends it and gives back the reply as it begins.
    pub(crate) async fn begin(self, service: &McpService) -> Response<Body> {
        let sent: Result<_, Infallible> = service.clone().oneshot(self.request()).await;
        sent.unwrap()
    }

    /// Sends it and waits for the whole reply, each frame of which is held to the schema.
    pub(crate) async fn send(self, service: &McpService) -> Reply {
        let (version, method) = (self.version.clone(), self.method.clone());
        let (head, body) = self.begin(service).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let http::response::Parts { status, headers, extensions, .. } = head;
        let reply = Reply { status, headers, extensions, body };
        for frame in reply.frames() {
            match frame {
                // A member's own method is not known here; its envelope is.
                Value::Array(members) => {
                    members.iter().for_each(|member| tests::schema::check(&version, "", member));
                }
                frame => tests::schema::check(&version, &method, &frame),
            }
        }
        reply
    }
}

/// A whole reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) extensions: Extensions,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Every message in it, whatever its form.
    pub(crate) fn frames(&self) -> Vec<Value> {
        match self.header("content-type") {
            Some("application/json") => vec![serde_json::from_slice(&self.body).unwrap()],
            Some("text/event-stream") => events(self.text()),
            None => {
                assert!(self.body.is_empty(), "a body without a type: {self:?}");
                Vec::new()
            }
            other => panic!("an unknown form: {other:?}"),
        }
    }

    /// The one JSON message that it is.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and error code.
    pub(crate) fn fault(&self) -> (u16, Option<i64>) {
        let last = self.frames().pop().unwrap_or_default();
        (self.status.as_u16(), last["error"]["code"].as_i64())
    }
}

/// The messages of a stream of events.
pub(crate) fn events(text: &str) -> Vec<Value> {
    let blocks = text.split_terminator("\n\n").filter(|block| !block.starts_with(':'));
    let data = blocks.map(|block| {
        let data = block.strip_prefix("event: message\ndata: ").expect("an event");
        assert!(!data.contains('\n'), "more than one line of data");
        serde_json::from_str(data).unwrap()
    });
    data.collect()
}
