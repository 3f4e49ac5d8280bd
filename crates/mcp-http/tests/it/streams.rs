//! JSON or events, sent whole or while they come; what happens when the client goes away.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt as _;
use mcp_core::Change;
use mcp_http::{Body, Deadline, Settings};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::fixture::{Post, announcing, events, observed, service, streaming};

const KEEP_ALIVE: &str = ": keep-alive\n\n";

async fn chunk(response: &mut Response<Body>) -> Option<Bytes> {
    let frame = response.body_mut().frame().await?;
    Some(frame.unwrap().into_data().unwrap())
}

/// The one message in the next chunk.
async fn next(response: &mut Response<Body>) -> Value {
    let chunk = chunk(response).await.expect("the stream goes on");
    events(std::str::from_utf8(&chunk).unwrap()).pop().expect("a message")
}

fn methods(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["method"].as_str().unwrap_or("reply")).collect()
}

/// H4, H12
#[tokio::test(start_paused = true)]
async fn a_call_that_reports_progress_is_answered_by_events_and_the_reply_is_the_last() {
    for service in [service(), streaming()] {
        let reply = Post::call("steps", json!({})).send(&service).await;
        let progress = "notifications/progress";
        assert_eq!(methods(&reply.frames()), [progress, progress, progress, "reply"]);
        assert_eq!(reply.frames()[1]["params"]["progressToken"], "p");
        assert_eq!(reply.frames()[3]["id"], 7);
        assert!(reply.text().ends_with("\n\n"));
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-cache, no-transform"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(reply.header(name), Some(value));
        }
        assert!(!reply.text().contains("id: "), "there is nothing to resume from");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_says_nothing_is_answered_by_json() {
    for service in [service(), streaming()] {
        let reply = Post::call("echo", json!({"text": "hi"})).send(&service).await;
        assert_eq!(reply.json()["result"]["content"][0]["text"], "hi");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_json_only_gets_json_without_the_notifications() {
    for service in [service(), streaming()] {
        let post = Post::call("steps", json!({})).header("accept", "application/json");
        assert_eq!(post.send(&service).await.json()["result"]["content"][0]["text"], "there");
        let post = Post::call("sleeps", json!({})).header("accept", "application/json");
        assert_eq!(post.send(&service).await.json()["result"]["content"][0]["text"], "awake");
    }
}

#[tokio::test]
async fn a_client_that_takes_events_only_gets_one() {
    for service in [service(), streaming()] {
        let post = Post::call("echo", json!({"text": "hi"})).header("accept", "text/event-stream");
        let reply = post.send(&service).await;
        assert_eq!(reply.header("content-type"), Some("text/event-stream"));
        assert_eq!(methods(&reply.frames()), ["reply"]);
    }
}

/// M4, H12: older clients get log messages unasked, modern ones as they ask.
#[tokio::test]
async fn log_messages_go_out_on_the_stream_of_their_own_request() {
    let params = json!({"name": "logs"});
    let legacy = Post::legacy("2025-11-25", "tools/call", params.clone()).send(&streaming()).await;
    assert_eq!(methods(&legacy.frames()), ["notifications/message", "reply"]);
    let silent = Post::modern("tools/call", params).send(&streaming()).await;
    assert_eq!(methods(&silent.frames()), ["reply"]);
    let level = json!({"io.modelcontextprotocol/logLevel": "warning"});
    let asked = Post::modern("tools/call", json!({"name": "logs", "_meta": level}));
    let asked = asked.send(&streaming()).await;
    assert_eq!(methods(&asked.frames()), ["notifications/message", "reply"]);
}

#[tokio::test(start_paused = true)]
async fn each_notification_is_sent_when_it_comes() {
    let start = Instant::now();
    let mut response = Post::call("steps", json!({})).begin(&streaming()).await;
    let mut seconds = Vec::new();
    for _ in 0..4 {
        next(&mut response).await;
        seconds.push(start.elapsed().as_secs());
    }
    assert_eq!(seconds, [0, 1, 2, 3]);
    assert_eq!(chunk(&mut response).await, None);
}

/// H12
#[tokio::test(start_paused = true)]
async fn a_long_silent_call_becomes_a_stream_that_is_kept_alive() {
    let start = Instant::now();
    let mut response = Post::call("sleeps", json!({})).begin(&streaming()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    for seconds in [15, 30] {
        assert_eq!(chunk(&mut response).await.as_deref(), Some(KEEP_ALIVE.as_bytes()));
        assert_eq!(start.elapsed().as_secs(), seconds);
    }
    assert_eq!(next(&mut response).await["result"]["content"][0]["text"], "awake");
    assert_eq!(chunk(&mut response).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_long_silent_call_stays_json_where_nothing_can_be_streamed() {
    let reply = Post::call("sleeps", json!({})).send(&service()).await;
    assert_eq!(reply.json()["result"]["content"][0]["text"], "awake");
}

/// H13
#[tokio::test(start_paused = true)]
async fn closing_the_stream_cancels_a_modern_call() {
    let (service, mut fates) = observed(Settings { streaming: true, ..Settings::default() });
    let mut response = Post::call("hangs", json!({})).begin(&service).await;
    next(&mut response).await;
    drop(response);
    let mut both = [fates.recv().await.unwrap(), fates.recv().await.unwrap()];
    both.sort_unstable();
    assert_eq!(both, ["cancelled", "dropped"]);
}

/// H13, before there is a stream
#[tokio::test(start_paused = true)]
async fn going_away_before_the_reply_begins_cancels_a_modern_call() {
    let (service, mut fates) = observed(Settings::default());
    let waiting = Post::call("hangs", json!({})).begin(&service);
    assert!(timeout(Duration::from_secs(1), waiting).await.is_err());
    let mut both = [fates.recv().await.unwrap(), fates.recv().await.unwrap()];
    both.sort_unstable();
    assert_eq!(both, ["cancelled", "dropped"]);
}

/// 3.2: a lost connection should not be taken for a cancellation.
#[tokio::test(start_paused = true)]
async fn an_older_call_runs_to_its_end_though_the_client_has_gone() {
    for version in ["2025-03-26", "2025-11-25"] {
        for streaming in [true, false] {
            let (service, mut fates) = observed(Settings { streaming, ..Settings::default() });
            let post = Post::legacy(version, "tools/call", json!({"name": "sleeps"}));
            // While the service works on it, or after the stream has begun.
            let waiting = post.begin(&service);
            drop(timeout(Duration::from_secs(20), waiting).await);
            assert_eq!(fates.recv().await, Some("ended"), "{version} {streaming}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_over_is_not_cancelled_by_dropping_what_is_left() {
    let (service, mut fates) = observed(Settings { streaming: true, ..Settings::default() });
    let response = Post::call("echo", json!({"text": "hi"})).begin(&service).await;
    drop(response);
    drop(service);
    sleep(Duration::from_secs(1)).await;
    assert!(fates.try_recv().is_err());
}

/// 1.8
#[tokio::test(start_paused = true)]
async fn a_listener_hears_what_is_announced_until_the_host_gives_up_and_then_gets_its_result() {
    let (service, changes) = announcing();
    let deadline = Deadline((Instant::now() + Duration::from_secs(20)).into_std());
    let listen =
        Post::modern("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}));
    let mut response = listen.clone().extension(deadline).begin(&service).await;
    assert_eq!(next(&mut response).await["method"], "notifications/subscriptions/acknowledged");
    changes.announce(Change::Tools);
    assert_eq!(next(&mut response).await["method"], "notifications/tools/list_changed");
    assert_eq!(chunk(&mut response).await.as_deref(), Some(KEEP_ALIVE.as_bytes()));
    assert_eq!(next(&mut response).await["id"], 7);
    assert_eq!(chunk(&mut response).await, None);

    let reply = listen.header("accept", "application/json").send(&service).await;
    assert_eq!(reply.fault(), (400, Some(-32600)), "it would hear nothing");
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_reply_knows_its_length_and_its_end() {
    use http_body::Body as _;
    let whole = Post::call("echo", json!({"text": "hi"})).begin(&streaming()).await.into_body();
    let length = whole.size_hint().exact().unwrap();
    assert_eq!(whole.collect().await.unwrap().to_bytes().len() as u64, length);
    let mut stream = Post::call("steps", json!({})).begin(&streaming()).await;
    assert_eq!(stream.body().size_hint().exact(), None);
    while chunk(&mut stream).await.is_some() {}
    assert!(stream.body().is_end_stream());
}
