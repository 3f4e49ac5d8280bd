//! The line each request leaves.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use mcp_core::{Caller, Granted};
use mcp_http::{HostRequestId, McpService};
use serde_json::{Value, json};
use tokio::time::timeout;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::writer::MakeWriterExt as _;
use tracing_subscriber::fmt::{MakeWriter, TestWriter};
use tracing_subscriber::layer::{self, Layer, SubscriberExt as _};

use crate::fixture::{Post, service, streaming};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What is logged while `post` is sent, with its raw text.
async fn logged(post: Post, service: &McpService) -> (Vec<Value>, String) {
    let lines = Lines::default();
    let writer = lines.clone().and(TestWriter::default());
    let subscriber = tracing_subscriber::fmt().json().with_writer(writer).without_time().finish();
    let guard = tracing::subscriber::set_default(subscriber);
    drop(timeout(Duration::from_secs(60), post.send(service)).await);
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, text)
}

/// The one line about the request.
async fn line(post: Post, service: &McpService) -> Value {
    let (lines, _) = logged(post, service).await;
    let about = |line: &&Value| line["fields"]["message"] == "mcp request";
    let requests: Vec<_> = lines.iter().filter(about).collect();
    assert_eq!(requests.len(), 1, "{lines:?}");
    let mut fields = requests[0]["fields"].clone();
    assert!(fields["duration_ms"].take().as_f64().unwrap() >= 0.0);
    let fields = fields.as_object_mut().unwrap();
    fields.remove("duration_ms");
    fields.remove("message");
    fields.clone().into()
}

#[tokio::test(start_paused = true)]
async fn each_request_leaves_one_line_that_says_what_became_of_it() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (post, expected) in [
        (
            Post::call("echo", json!({"text": "hi"}))
                .extension(HostRequestId("host-1".to_owned()))
                .header("traceparent", trace),
            json!({
                "rpc.method": "tools/call", "tool.name": "echo", "mcp.version": "2026-07-28",
                "mcp.era": "modern", "outcome": "ok", "http.status": 200, "request_id": "host-1",
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
            }),
        ),
        (
            Post::call("no-such-tool", json!({})),
            json!({
                "rpc.method": "tools/call", "mcp.version": "2026-07-28", "mcp.era": "modern",
                "outcome": "error", "rpc.code": -32602, "http.status": 200,
            }),
        ),
        (
            Post::legacy("2025-06-18", "no/such", json!({})),
            json!({
                "rpc.method": "no/such", "mcp.version": "2025-06-18", "mcp.era": "legacy",
                "outcome": "error", "rpc.code": -32601, "http.status": 200,
            }),
        ),
        (
            Post::modern("tools/list", json!({})).without("mcp-method"),
            json!({
                "rpc.method": "tools/list", "mcp.version": "2026-07-28", "mcp.era": "modern",
                "outcome": "error", "rpc.code": -32020, "http.status": 400,
            }),
        ),
        (
            Post::raw("not JSON"),
            json!({"outcome": "error", "rpc.code": -32700, "http.status": 400}),
        ),
        (
            Post::raw("").verb(Method::GET),
            json!({"outcome": "error", "rpc.code": -32600, "http.status": 405}),
        ),
        (
            Post::raw(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
            json!({
                "rpc.method": "notifications/initialized", "mcp.version": "2025-03-26",
                "mcp.era": "legacy", "outcome": "ok", "http.status": 202,
            }),
        ),
        (
            Post::raw(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#),
            json!({
                "rpc.method": "(batch)", "mcp.version": "2025-03-26", "mcp.era": "legacy",
                "outcome": "ok", "http.status": 200,
            }),
        ),
        (
            Post::call("steps", json!({})),
            json!({
                "rpc.method": "tools/call", "tool.name": "steps", "mcp.version": "2026-07-28",
                "mcp.era": "modern", "outcome": "ok", "http.status": 200,
            }),
        ),
        (
            Post::call("hangs", json!({})),
            json!({
                "rpc.method": "tools/call", "tool.name": "hangs", "mcp.version": "2026-07-28",
                "mcp.era": "modern", "outcome": "abandoned", "http.status": 200,
            }),
        ),
    ] {
        assert_eq!(line(post, &streaming()).await, expected);
    }
    let abandoned = line(Post::call("hangs", json!({})), &service()).await;
    assert_eq!(abandoned["outcome"], "abandoned");
    assert_eq!(abandoned.get("http.status"), None, "nothing was sent");
}

/// Who called, however the request ended, and never what it called with.
#[tokio::test]
async fn a_line_names_the_caller_as_far_as_it_is_known() {
    let ann = Caller {
        subject: Some("ann".to_owned()),
        kind: Some("person"),
        issuer: Some("https://issuer.example.com".to_owned()),
        client: Some("client-1".to_owned()),
        tenant: Some("acme".to_owned()),
        token_id: Some("jti-1".to_owned()),
        scopes: Granted::Only(BTreeSet::new()),
    };
    let echo = || Post::call("echo", json!({"text": "hi"}));
    for post in [echo().extension(ann.clone()), Post::raw("not JSON").extension(ann.clone())] {
        let line = line(post, &service()).await;
        assert_eq!(line["caller.kind"], "person");
        assert_eq!(line["caller.subject"], "ann");
        assert_eq!(line["caller.issuer"], "https://issuer.example.com");
        assert_eq!(line["caller.client_id"], "client-1");
        assert_eq!(line["tenant.id"], "acme");
        assert_eq!(line["token.id"], "jti-1");
    }
    let bob = Caller { subject: Some("bob".to_owned()), ..Caller::default() };
    for (post, subject) in [(echo(), None), (echo().extension(bob), Some(json!("bob")))] {
        let line = line(post, &service()).await;
        assert_eq!(line.get("caller.subject").cloned(), subject);
        for absent in ["caller.kind", "caller.issuer", "caller.client_id", "tenant.id", "token.id"]
        {
            assert_eq!(line.get(absent), None, "{absent}");
        }
    }
}

/// Anyone may ask, and nothing runs: it is no request that was let in, nor a failure of one.
#[tokio::test]
async fn a_preflight_leaves_no_line_whoever_asks() {
    for origin in ["http://localhost:6274", "https://evil.example"] {
        let post = Post::raw("").verb(Method::OPTIONS).header("origin", origin);
        let (lines, text) =
            logged(post.header("access-control-request-method", "POST"), &service()).await;
        assert!(lines.is_empty(), "{origin}: {text}");
    }
}

/// Whatever a token says of its caller stays within its field: one line, of which every member is
/// ours.
#[tokio::test]
async fn x12_what_a_token_calls_its_caller_is_cut_and_cleaned() {
    let hostile = "a\u{1b}[2K\r\n{\"level\":\"ERROR\",\"outcome\":\"ok\"}\u{85}\u{9b}\", \\\"";
    let shown = "a\u{fffd}[2K\u{fffd}\u{fffd}{\"level\":\"ERROR\",\"outcome\":\"ok\"}\u{fffd}\u{fffd}\", \\\"";
    let long = format!("a\n{}", "ü".repeat(500));
    for (text, shown) in
        [(hostile, shown.to_owned()), (&long, format!("a\u{fffd}{}", "ü".repeat(126)))]
    {
        let said = || Some(text.to_owned());
        let caller = Caller {
            subject: said(),
            kind: None,
            issuer: said(),
            client: said(),
            tenant: said(),
            token_id: said(),
            scopes: Granted::All,
        };
        // The call itself fails, so that what the text says of it would be seen to be false.
        let post = || Post::call("no-such-tool", json!({})).extension(caller.clone());
        let (lines, text) = logged(post(), &service()).await;
        assert_eq!((lines.len(), text.lines().count()), (1, 1), "{text}");
        assert!(!text.trim_end().contains(char::is_control), "{text}");
        let line = line(post(), &service()).await;
        assert_eq!((&line["outcome"], &lines[0]["level"]), (&json!("error"), &json!("INFO")));
        for name in ["caller.subject", "caller.issuer", "caller.client_id", "tenant.id", "token.id"]
        {
            assert_eq!(line[name], *shown, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_token_no_argument_and_no_body_is_logged() {
    for post in [
        Post::call("echo", json!({"text": "sesame"})),
        Post::call("fails", json!({"text": "sesame"})),
        Post::call("panics", json!({"text": "sesame"})),
        Post::call("routed", json!({"region": "sesame"})).header("mcp-param-region", "sesame!"),
        Post::raw("sesame"),
        Post::raw(r#"{"jsonrpc":"2.0","id":"sesame","method":5}"#),
        Post::raw(r#"[{"jsonrpc":"2.0","id":"sesame","method":"ping"}]"#),
    ] {
        let post = post.header("authorization", "Bearer sesame");
        let (lines, text) = logged(post, &streaming()).await;
        assert!(!lines.is_empty());
        assert!(!text.contains("sesame"), "{text}");
    }
}

/// Keeps the names of events.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<&'static str>>>);

impl<S: Subscriber> Layer<S> for Names {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        self.0.lock().unwrap().push(event.metadata().name());
    }
}

/// The name is what a host makes metrics by.
#[tokio::test]
async fn the_line_is_an_event_of_the_name_mcp_request() {
    let names = Names::default();
    let subscriber = tracing_subscriber::registry().with(names.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    Post::legacy("2025-11-25", "ping", json!({})).send(&service()).await;
    drop(guard);
    assert_eq!(*names.0.lock().unwrap(), ["mcp.request"]);
}

#[tokio::test]
async fn x12_what_a_client_calls_a_method_is_cut_and_cleaned() {
    let method = format!("a\u{7}\n{}", "b".repeat(500));
    let logged = line(Post::legacy("2025-11-25", &method, json!({})), &service()).await;
    let logged = logged["rpc.method"].as_str().unwrap();
    assert_eq!(logged.chars().count(), 128);
    assert!(logged.starts_with("a\u{fffd}\u{fffd}bbb"));
}

#[tokio::test]
async fn a_tool_call_has_a_span_and_a_panic_in_it_is_logged_there() {
    let (lines, _) = logged(Post::call("panics", json!({})), &service()).await;
    let panic = lines.iter().find(|line| line["level"] == "ERROR").expect("an error is logged");
    assert_eq!(panic["fields"]["panic"], "a bug");
    assert_eq!(panic["span"], json!({"name": "tool.call", "tool.name": "panics"}));
}
