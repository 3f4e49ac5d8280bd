//! Every frame the conformance fixture sends, on every revision, is what that revision's schema
//! says: each method, each tool with all its rounds, and the errors.

use http::Request;
use http_body_util::BodyExt as _;
use mcp_core::{Changes, name_param};
use mcp_http::{McpService, Settings};
use serde_json::{Value, json};
use tests::schema::{REVISIONS, check};
use tower::ServiceExt as _;

const NEWEST: &str = "2026-07-28";

/// A client of one revision that checks all it is sent.
struct Client {
    service: McpService,
    revision: &'static str,
}

impl Client {
    fn new(revision: &'static str) -> Self {
        let server = conformance_server::server(Some(&Changes::new())).expect("it is a server");
        let settings = Settings { streaming: true, ..Settings::default() };
        Self { service: McpService::new(server, settings), revision }
    }

    fn is_modern(&self) -> bool {
        self.revision == NEWEST
    }

    fn post(&self, method: &str, mut params: Value) -> Request<String> {
        let mut request = Request::post("/mcp")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", self.revision);
        params["_meta"]["progressToken"] = json!("token");
        if self.is_modern() {
            let capabilities = json!({
                "elicitation": {}, "sampling": {}, "roots": {},
                "extensions": {"io.modelcontextprotocol/tasks": {}},
            });
            let meta = &mut params["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = json!(self.revision);
            meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
            meta["io.modelcontextprotocol/logLevel"] = json!("debug");
            request = request.header("mcp-method", method);
            if let Some(name) = name_param(method).and_then(|name| params[name].as_str()) {
                request = request.header("mcp-name", name);
            }
            if let Some(value) = params.pointer("/arguments/value").and_then(Value::as_str) {
                request = request.header("mcp-param-value", value);
            }
        }
        let frame = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        request.body(frame.to_string()).expect("the headers are legal")
    }

    /// All frames of the reply, the response last, each of them checked.
    async fn frames(&self, method: &str, params: Value) -> Vec<Value> {
        let request = self.post(method, params);
        let reply = self.service.clone().oneshot(request).await.expect("it never fails");
        let streamed = reply.headers()["content-type"] == "text/event-stream";
        let body = reply.into_body().collect().await.expect("it ends").to_bytes();
        let text = std::str::from_utf8(&body).expect("it is text");
        let read = |json: &str| serde_json::from_str::<Value>(json).expect("it is JSON");
        let frames: Vec<_> = if streamed {
            text.lines().filter_map(|line| line.strip_prefix("data: ")).map(read).collect()
        } else {
            vec![read(text)]
        };
        for frame in &frames {
            check(self.revision, method, frame);
        }
        frames
    }

    async fn response(&self, method: &str, params: Value) -> Value {
        self.frames(method, params).await.pop().expect("there is a response")
    }

    async fn result(&self, method: &str, params: Value) -> Value {
        let response = self.response(method, params).await;
        response.get("result").unwrap_or_else(|| panic!("{method}: {response}")).clone()
    }

    async fn error(&self, method: &str, params: Value) -> i64 {
        let response = self.response(method, params).await;
        response["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method}: {response}"))
    }

    /// Calls until there is a result, answering every question and following the task.
    async fn finish(&self, method: &str, mut params: Value) -> Value {
        for _ in 0..4 {
            let result = self.result(method, params.clone()).await;
            match result["resultType"].as_str() {
                Some("input_required") => {
                    params["inputResponses"] = answers(&result["inputRequests"]);
                    params["requestState"] = result["requestState"].clone();
                }
                Some("task") => return self.follow(&result["taskId"]).await,
                _ => return result,
            }
        }
        panic!("{method} asks and asks: {params}");
    }

    async fn follow(&self, id: &Value) -> Value {
        loop {
            let task = self.result("tasks/get", json!({"taskId": id})).await;
            match task["status"].as_str() {
                Some("working") => tokio::task::yield_now().await,
                Some("input_required") => {
                    let responses = answers(&task["inputRequests"]);
                    let params = json!({"taskId": id, "inputResponses": responses});
                    self.result("tasks/update", params).await;
                }
                _ => return task,
            }
        }
    }
}

/// What a helpful client says to all that is asked.
fn answers(requests: &Value) -> Value {
    let answer = |request: &Value| match request["method"].as_str() {
        Some("elicitation/create") => {
            json!({"action": "accept", "content": {"name": "Ann", "ok": true, "color": "blue"}})
        }
        Some("sampling/createMessage") => {
            let text = json!({"type": "text", "text": "Paris"});
            json!({"role": "assistant", "content": text, "model": "m", "stopReason": "endTurn"})
        }
        _ => json!({"roots": [{"uri": "file:///test"}]}),
    };
    let requests = requests.as_object().expect("questions").iter();
    requests.map(|(id, request)| (id.clone(), answer(request))).collect()
}

fn arguments(tool: &str) -> Value {
    match tool {
        "test_sampling" => json!({"prompt": "Why?"}),
        "test_elicitation" => json!({"message": "Who?"}),
        "json_schema_2020_12_tool" => json!({"contactMethod": "phone", "phone": "1"}),
        "test_custom_header" => json!({"value": "v"}),
        "greet" => json!({"name": "Ann"}),
        "confirm_delete" => json!({"filename": "f"}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn a_handshake_or_a_discovery() {
    for revision in REVISIONS {
        let client = Client::new(revision);
        if client.is_modern() {
            client.result("server/discover", json!({})).await;
            assert_eq!(client.error("ping", json!({})).await, -32601);
            continue;
        }
        let info = json!({"name": "c", "version": "1"});
        let hello = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": info});
        let result = client.result("initialize", hello).await;
        assert_eq!(result["protocolVersion"], revision);
        client.result("ping", json!({})).await;
        client.result("logging/setLevel", json!({"level": "debug"})).await;
        client.result("resources/subscribe", json!({"uri": "test://watched-resource"})).await;
        client.result("resources/unsubscribe", json!({"uri": "test://watched-resource"})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_tool_with_all_its_rounds() {
    for revision in REVISIONS {
        let client = Client::new(revision);
        let list = client.result("tools/list", json!({})).await;
        let tools = list["tools"].as_array().expect("a list");
        assert!(tools.len() > 30, "{revision}");
        for tool in tools {
            let name = tool["name"].as_str().expect("a name");
            let params = json!({"name": name, "arguments": arguments(name)});
            client.finish("tools/call", params).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_while_a_tool_runs() {
    for revision in REVISIONS {
        let client = Client::new(revision);
        for tool in ["test_tool_with_logging", "test_tool_with_progress"] {
            let frames = client.frames("tools/call", json!({"name": tool, "arguments": {}})).await;
            assert_eq!(frames.len(), 4, "{revision} {tool}");
        }
    }
}

#[tokio::test]
async fn every_resource_and_every_prompt() {
    for revision in REVISIONS {
        let client = Client::new(revision);
        let list = client.result("resources/list", json!({})).await;
        for resource in list["resources"].as_array().expect("a list") {
            client.result("resources/read", json!({"uri": resource["uri"]})).await;
        }
        client.result("resources/templates/list", json!({})).await;
        client.result("resources/read", json!({"uri": "test://template/123/data"})).await;

        let given = json!({"arg1": "a", "arg2": "b", "resourceUri": "test://r"});
        let list = client.result("prompts/list", json!({})).await;
        for prompt in list["prompts"].as_array().expect("a list") {
            let params = json!({"name": prompt["name"], "arguments": given});
            if prompt["name"] == "test_input_required_result_prompt" && !client.is_modern() {
                assert_eq!(client.error("prompts/get", params).await, -32600);
            } else {
                client.finish("prompts/get", params).await;
            }
        }
        let of = json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"});
        let params = json!({"ref": of, "argument": {"name": "arg1", "value": "test"}});
        let values = client.result("completion/complete", params).await;
        assert_eq!(values["completion"]["total"], 2);
    }
}

#[tokio::test]
async fn every_error() {
    for revision in REVISIONS {
        let client = Client::new(revision);
        let missing = if client.is_modern() { -32602 } else { -32002 };
        let unheard = json!({"uri": "test://unheard"});
        for (method, params, code) in [
            ("unheard/of", json!({}), -32601),
            ("tools/call", json!({"name": "unheard"}), -32602),
            ("tools/list", json!({"cursor": "unheard"}), -32602),
            ("resources/read", unheard, missing),
            ("prompts/get", json!({"name": "unheard"}), -32602),
            ("completion/complete", json!({}), -32602),
        ] {
            assert_eq!(client.error(method, params).await, code, "{revision} {method}");
        }
    }
    let client = Client::new(NEWEST);
    let mut request = client.post("tools/list", json!({}));
    request.headers_mut().insert("mcp-method", "prompts/list".parse().expect("a value"));
    let reply = client.service.clone().oneshot(request).await.expect("it never fails");
    let body = reply.into_body().collect().await.expect("it ends").to_bytes();
    let frame: Value = serde_json::from_slice(&body).expect("it is JSON");
    check(NEWEST, "tools/list", &frame);
    assert_eq!(frame["error"]["code"], -32020);
}

#[tokio::test]
async fn what_a_listener_hears() {
    let client = Client::new(NEWEST);
    let all = json!({"notifications": {
        "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
    }});
    let listen = client.post("subscriptions/listen", all);
    let mut listening =
        client.service.clone().oneshot(listen).await.expect("it never fails").into_body();
    for trigger in ["", "test_trigger_tool_change", "test_trigger_prompt_change"] {
        if !trigger.is_empty() {
            client.result("tools/call", json!({"name": trigger, "arguments": {}})).await;
        }
        let event = listening.frame().await.expect("it goes on").expect("it never fails");
        let event = event.into_data().expect("data");
        let text = std::str::from_utf8(&event).expect("it is text");
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("an event");
        let frame: Value = serde_json::from_str(data).expect("it is JSON");
        check(NEWEST, "subscriptions/listen", &frame);
        let named = &frame["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
        assert_eq!(named, 1, "{frame}");
    }
}
