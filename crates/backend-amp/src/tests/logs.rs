//! What is logged of a call, and what never is.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::TestWriter;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

use super::server::{Reply, Server};
use super::{NOTHING, SECRET, aws, default_target, soon};
use crate::{InstantQuery, Settings};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_call_is_logged_in_its_span_without_the_query_or_credentials() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::TRACE)
        .with_writer((move || writer.clone()).and(TestWriter::default()))
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = Server::start(|_, before| match before {
        0 => Reply::of(503, ""),
        1 => Reply::ok(NOTHING),
        _ => Reply::of(
            400,
            r#"{"status":"error","errorType":"bad_data","error":"bad: my_private_metric"}"#,
        ),
    })
    .await;
    let settings = Settings {
        url: Some(format!("{}/workspaces/ws-1", server.url).parse().unwrap()),
        sigv4: Some(true),
        ..Settings::default()
    };
    let (prometheus, _) = aws(settings, &server.url);
    let target = default_target(&prometheus).await.unwrap();
    let query = InstantQuery { query: "my_private_metric", time_ms: None };
    prometheus.query(&target, &query, soon()).await.unwrap();
    prometheus.query(&target, &query, soon()).await.unwrap_err();

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let events: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["target"].as_str().unwrap().starts_with("backend_amp"))
        .collect();
    let [answered, failed] = &events[..] else { panic!("two events: {log}") };
    assert_eq!((&answered["level"], &answered["tries"]), (&"DEBUG".into(), &2.into()));
    assert_eq!((&failed["level"], &failed["error.kind"]), (&"WARN".into(), &"rejected".into()));
    for (event, status) in [(answered, 200), (failed, 400)] {
        assert!(event["duration_ms"].as_f64().is_some());
        let span = &event["span"];
        assert_eq!(span["name"], "backend.call");
        assert_eq!(span["backend.operation"], "query");
        assert_eq!(span["workspace.id"], "ws-1");
        assert_eq!(span["aws.region"], "us-east-1");
        assert_eq!(span["http.status"], status);
    }
    let ours: String = events.iter().map(ToString::to_string).collect();
    for secret in ["my_private_metric", SECRET, "AKIDEXAMPLE", "session"] {
        assert!(!ours.contains(secret), "{secret} is in {ours}");
    }
}
