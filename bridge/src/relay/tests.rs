//! The relay against a server that answers as its path says.

use std::convert::Infallible;
use std::sync::Mutex as StdMutex;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as AxumRequest, State};
use axum::response::Response;
use clap::Parser as _;

use super::*;
use crate::args::Args;

type Requests = Arc<StdMutex<Vec<(HttpRequest<()>, Value)>>>;
type Answers = fn(&HttpRequest<()>, &Value) -> Response;

/// A relay to a server that `answers`, and what that was asked.
struct Site {
    relay: Relay,
    lines: mpsc::Receiver<String>,
    requests: Requests,
}

impl Site {
    async fn start(answers: Answers) -> Self {
        let requests = Requests::default();
        let handle = move |State(requests): State<Requests>, request: AxumRequest| async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let request = HttpRequest::from_parts(parts, ());
            let response = answers(&request, &body);
            requests.lock().unwrap().push((request, body));
            response
        };
        let router = Router::new().fallback(handle).with_state(Arc::clone(&requests));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { requests, ..Self::to(&url) }
    }

    fn to(url: &str) -> Self {
        let args = Args::try_parse_from(["mcp-bridge", url, "--header", "X-Team: blue"]).unwrap();
        let https = https::Client::new(https::Settings::default());
        let target = Target::of(&args, &https).unwrap();
        let (out, lines) = mpsc::channel(64);
        let patience = Duration::from_secs(2);
        let relay = Relay::new(target, https, out, patience);
        Self { relay, lines, requests: Requests::default() }
    }

    async fn said(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(20), self.lines.recv()).await;
        let line = line.expect("it says something").expect("it is there");
        assert!(!line.contains('\n'), "{line}");
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, line: &str) -> Value {
        self.relay.take(line).await;
        self.said().await
    }

    fn last(&self) -> (HttpRequest<()>, Value) {
        let mut requests = self.requests.lock().unwrap();
        requests.pop().expect("a request")
    }
}

fn response(status: u16, kind: &str, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header("content-type", kind).body(body.into()).unwrap()
}

fn json_of(body: Value) -> Response {
    response(200, "application/json", body.to_string())
}

const LIST: &str = r#"{"jsonrpc":"2.0","id":"a","method":"tools/list"}"#;

#[tokio::test]
async fn a_request_is_sent_as_it_is_and_its_answer_is_one_line() {
    let mut site = Site::start(|_, body| {
        let pretty = json!({"jsonrpc": "2.0", "id": body["id"], "result": {"text": "a\nb"}});
        response(200, "application/json", serde_json::to_string_pretty(&pretty).unwrap())
    })
    .await;
    let answer = site.ask(LIST).await;
    assert_eq!(answer, json!({"jsonrpc": "2.0", "id": "a", "result": {"text": "a\nb"}}));
    let (request, body) = site.last();
    assert_eq!(body["method"], "tools/list");
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("accept"), Some("application/json, text/event-stream"));
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("x-team"), Some("blue"));
    assert_eq!((header("mcp-method"), header("mcp-protocol-version")), (None, None));
}

#[tokio::test]
async fn a_stateless_request_has_its_headers_and_a_handshake_is_remembered() {
    let mut site = Site::start(|_, body| match body["method"].as_str() {
        Some("initialize") => {
            let result = json!({"protocolVersion": "2025-06-18", "capabilities": {}});
            let body = json!({"jsonrpc": "2.0", "id": body["id"], "result": result}).to_string();
            let mut response = response(200, "application/json", body);
            response.headers_mut().insert("mcp-session-id", "s-1".parse().unwrap());
            response
        }
        _ => json_of(json!({"jsonrpc": "2.0", "id": body["id"], "result": {}})),
    })
    .await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"käse","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    site.ask(call).await;
    let (request, _) = site.last();
    let header = |request: &HttpRequest<()>, name: &str| {
        request.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header(&request, "mcp-protocol-version").as_deref(), Some("2026-07-28"));
    assert_eq!(header(&request, "mcp-method").as_deref(), Some("tools/call"));
    assert_eq!(header(&request, "mcp-name").as_deref(), Some("=?base64?a8Okc2U=?="));
    site.ask(r#"{"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#)
        .await;
    assert_eq!(header(&site.last().0, "mcp-protocol-version"), None);
    site.ask(LIST).await;
    let (request, _) = site.last();
    assert_eq!(header(&request, "mcp-protocol-version").as_deref(), Some("2025-06-18"));
    assert_eq!(header(&request, "mcp-session-id").as_deref(), Some("s-1"));
    assert_eq!(header(&request, "mcp-method"), None);
    site.relay.farewell().await;
    assert_eq!(site.last().0.method(), Method::DELETE);
}

#[tokio::test]
async fn events_are_passed_on_as_they_come() {
    let mut site = Site::start(|_, body| {
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}});
        let answer = json!({"jsonrpc": "2.0", "id": body["id"], "result": {}});
        let text = format!(": hi\n\ndata: {progress}\n\nevent: message\ndata: {answer}\n\n");
        let pieces = text.into_bytes().into_iter().map(|b| Ok::<_, Infallible>(vec![b]));
        let pieces: Vec<_> = pieces.collect();
        response(200, "text/event-stream", Body::from_stream(futures_util::stream::iter(pieces)))
    })
    .await;
    assert_eq!(site.ask(LIST).await["method"], "notifications/progress");
    assert_eq!(site.said().await["id"], "a");
}

#[tokio::test]
async fn a_stream_that_breaks_is_taken_up_again_after_its_last_event() {
    let mut site = Site::start(|request, _| match request.method() {
        &Method::GET => {
            let after = request.headers()["last-event-id"].to_str().unwrap();
            assert_eq!(after, "7");
            let answer = r#"data: {"jsonrpc":"2.0","id":"a","result":{}}"#;
            response(200, "text/event-stream", format!("{answer}\n\n"))
        }
        _ => response(200, "text/event-stream", "id: 7\nretry: 1\ndata:\n\n"),
    })
    .await;
    assert_eq!(site.ask(LIST).await["result"], json!({}));
}

#[tokio::test]
async fn each_failure_is_the_answer_to_its_request() {
    for (answers, words) in [
        ((|_, _| response(200, "text/html", "<html>Log in</html>")) as Answers, "web page"),
        (|_, _| response(200, "application/json", ""), "nothing came"),
        (
            |_, _| {
                response(
                    200,
                    "application/json",
                    "{\"jsonrpc\":\"2.0\",\"id\":\"other\",\"result\":{}}",
                )
            },
            "no answer of MCP",
        ),
        (
            |_, _| response(200, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":\"a\","),
            "no answer of MCP",
        ),
        (
            |_, _| response(401, "application/json", "{\"message\":\"Unauthorized\"}"),
            "wants a token",
        ),
        (
            |_, _| {
                response(403, "application/json", "{\"message\":\"Missing Authentication Token\"}")
            },
            "sigv4",
        ),
        (|_, _| response(404, "text/plain", "not here"), "/mcp"),
        (
            |_, _| response(429, "application/json", "{\"message\":\"Too Many Requests\"}"),
            "too many",
        ),
        (
            |_, _| response(502, "application/json", "{\"message\":\"Internal server error\"}"),
            "function failed",
        ),
        (|_, _| response(503, "text/html", "<html>"), "not there now"),
        (
            |_, _| {
                response(504, "application/json", "{\"message\":\"Endpoint request timed out\"}")
            },
            "29 s",
        ),
        (
            |_, _| {
                response(
                    200,
                    "text/event-stream",
                    "data: {\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n\n",
                )
            },
            "try again",
        ),
        (
            |_, _| {
                response(
                    200,
                    "text/event-stream",
                    Body::from_stream(
                        futures_util::stream::pending::<Result<Vec<u8>, Infallible>>(),
                    ),
                )
            },
            "--timeout",
        ),
    ] {
        let mut site = Site::start(answers).await;
        site.relay.take(LIST).await;
        let mut answer = site.said().await;
        if answer["method"].is_string() {
            answer = site.said().await;
        }
        assert_eq!(answer["id"], "a", "{answer}");
        let hint = answer["error"]["data"]["hint"].as_str().unwrap();
        assert!(hint.contains(words), "{words}: {answer}");
    }
    for (url, words) in [
        ("http://127.0.0.1:1/mcp", "nothing listens"),
        ("https://no-such-host.invalid/mcp", "not known here"),
    ] {
        let answer = Site::to(url).ask(LIST).await;
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{url}: {answer}");
    }
}

#[tokio::test]
async fn an_error_of_the_servers_is_passed_on_with_the_id_of_its_request() {
    let mut site = Site::start(|_, _| {
        let refusal =
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32602, "message": "no"}});
        response(400, "application/json", refusal.to_string())
    })
    .await;
    let answer = site.ask(LIST).await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("a"), &json!(-32602)));
}

#[tokio::test]
async fn what_is_no_request_is_never_answered_and_a_ping_never_sent() {
    let mut site = Site::start(|_, _| response(500, "text/plain", "no")).await;
    for line in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
    ] {
        site.relay.take(line).await;
    }
    assert_eq!(site.ask(r#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#).await["id"], 9);
    site.relay.idle().await;
    assert!(site.lines.try_recv().is_err());
    assert_eq!(site.requests.lock().unwrap().len(), 2);
    assert_eq!(site.ask("nonsense").await["error"]["code"], -32700);
}

#[tokio::test]
async fn a_batch_is_answered_whole() {
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"},{"jsonrpc":"2.0","id":2,"method":"c"}]"#;
    let mut site = Site::start(|_, body| {
        let answers = body.as_array().unwrap().iter().filter(|one| !one["id"].is_null());
        let answers = answers.map(|one| json!({"jsonrpc": "2.0", "id": one["id"], "result": {}}));
        json_of(answers.collect())
    })
    .await;
    assert_eq!(site.ask(batch).await.as_array().unwrap().len(), 2);
    let mut site = Site::start(|_, _| response(503, "text/plain", "")).await;
    let failed = site.ask(batch).await;
    let ids: Vec<_> = failed.as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(1), &json!(2)]);
}

#[tokio::test]
async fn a_call_that_is_cancelled_is_closed_and_not_answered() {
    let mut site = Site::start(|_, body| match body["method"].as_str() {
        Some("tools/call") => {
            let never = futures_util::stream::pending::<Result<Vec<u8>, Infallible>>();
            response(200, "text/event-stream", Body::from_stream(never))
        }
        _ => response(202, "text/plain", ""),
    })
    .await;
    site.relay
        .take(r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"x"}}"#)
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.relay
        .take(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#)
        .await;
    site.relay.idle().await;
    assert!(site.lines.try_recv().is_err(), "nobody waits for it");
    assert_eq!(
        site.last().1["method"],
        "notifications/cancelled",
        "a server with sessions is told"
    );
}

#[tokio::test]
async fn many_calls_go_at_a_time_over_few_connections() {
    let mut site =
        Site::start(|_, body| json_of(json!({"jsonrpc": "2.0", "id": body["id"], "result": {}})))
            .await;
    for id in 0..1_000 {
        site.relay.take(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#)).await;
        if id >= 32 {
            site.said().await;
        }
    }
    for _ in 0..32 {
        site.said().await;
    }
}

#[tokio::test]
async fn a_handshake_with_a_server_that_knows_none_is_answered_from_what_it_says_of_itself() {
    let mut site = Site::start(|request, body| {
        let modern = request.headers().get("mcp-protocol-version").is_some_and(|v| v == "2026-07-28");
        let id = &body["id"];
        if !modern {
            let error = json!({"code": -32022, "message": "unsupported"});
            return response(400, "application/json", json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string());
        }
        assert_eq!(request.headers()["mcp-method"], body["method"].as_str().unwrap());
        assert_eq!(body["params"]["_meta"]["io.modelcontextprotocol/clientInfo"]["name"], "old");
        let result = match body["method"].as_str() {
            Some("server/discover") => json!({"capabilities": {"tools": {}}, "serverInfo": {"name": "new"}, "instructions": "be kind"}),
            _ => json!({"tools": []}),
        };
        json_of(json!({"jsonrpc": "2.0", "id": id, "result": result}))
    })
    .await;
    let hello = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"old","version":"1"}}}"#;
    let answer = site.ask(hello).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18", "{answer}");
    assert_eq!(answer["result"]["serverInfo"]["name"], "new");
    assert_eq!(answer["result"]["instructions"], "be kind");
    site.relay.take(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    let answer = site.ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).await;
    assert_eq!(answer["result"]["tools"], json!([]));
}
