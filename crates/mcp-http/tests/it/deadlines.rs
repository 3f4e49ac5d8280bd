//! When time runs out, and when a handler fails in ways it should not.

use std::time::Duration;

use mcp_http::{Deadline, Settings};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fixture::{Post, observed, service, streaming, with};

fn in_seconds(seconds: u64) -> Deadline {
    Deadline((Instant::now() + Duration::from_secs(seconds)).into_std())
}

#[track_caller]
fn assert_timed_out(frame: &Value, ms: u64) {
    let error = &frame["error"];
    assert_eq!(error["code"], -32603);
    assert_eq!(error["data"], json!({"timeoutMs": ms, "retryable": true}));
    let text = error["message"].as_str().unwrap();
    assert!(text.starts_with(&format!("the call did not finish within {ms} ms; ")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_outlasts_the_hosts_deadline_is_told_so() {
    for post in [
        Post::call("sleeps", json!({})),
        Post::legacy("2025-06-18", "tools/call", json!({"name": "sleeps"})),
    ] {
        let reply = post.extension(in_seconds(9)).send(&service()).await;
        assert_eq!(reply.status, 200);
        assert_timed_out(&reply.json(), 9000);
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_stream_the_timeout_is_the_last_event() {
    let reply = Post::call("hangs", json!({})).extension(in_seconds(20)).send(&streaming()).await;
    let frames = reply.frames();
    assert_eq!((reply.status.as_u16(), frames.len()), (200, 2));
    assert_timed_out(&frames[1], 20_000);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_runs_out_of_time_is_cancelled_in_every_era() {
    for post in [
        Post::call("hangs", json!({})),
        Post::legacy("2025-11-25", "tools/call", json!({"name": "hangs"})),
    ] {
        let (service, mut fates) = observed(Settings::default());
        post.extension(in_seconds(5)).send(&service).await;
        let mut both = [fates.recv().await.unwrap(), fates.recv().await.unwrap()];
        both.sort_unstable();
        assert_eq!(both, ["cancelled", "dropped"]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_settings_limit_a_call_where_the_host_does_not() {
    let limited =
        with(Settings { timeout: Some(Duration::from_millis(1500)), ..Settings::default() });
    assert_timed_out(&Post::call("sleeps", json!({})).send(&limited).await.json(), 1500);
    let longer = Post::call("sleeps", json!({})).extension(in_seconds(60));
    assert_eq!(longer.send(&limited).await.fault(), (200, None));
    let endless = with(Settings { timeout: Some(Duration::MAX), ..Settings::default() });
    assert_eq!(Post::call("sleeps", json!({})).send(&endless).await.fault(), (200, None));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_still_lets_a_ready_answer_through() {
    let post = Post::call("echo", json!({"text": "hi"})).extension(in_seconds(0));
    assert_eq!(post.send(&service()).await.fault(), (200, None));
    let post = Post::call("sleeps", json!({})).extension(in_seconds(0));
    assert_timed_out(&post.send(&service()).await.json(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_member_of_a_batch_runs_out_of_time_alone() {
    let body = r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sleeps"}},
        {"jsonrpc":"2.0","id":2,"method":"ping"}]"#;
    let reply = Post::raw(body).extension(in_seconds(3)).send(&service()).await;
    assert_timed_out(&reply.json()[0], 3000);
    assert_eq!(reply.json()[1]["result"], json!({}));
}

#[tokio::test]
async fn a_panic_or_an_internal_failure_is_32603_and_says_nothing_of_the_inside() {
    for tool in ["panics", "fails"] {
        for service in [service(), streaming()] {
            for post in [
                Post::call(tool, json!({})),
                Post::legacy("2025-03-26", "tools/call", json!({"name": tool})),
            ] {
                let reply = post.send(&service).await;
                assert_eq!(reply.fault(), (200, Some(-32603)), "{tool}");
                assert_eq!(reply.json()["id"], 7);
                assert!(!reply.text().contains("bug") && !reply.text().contains("disk"));
            }
        }
    }
}

#[tokio::test]
async fn the_service_goes_on_after_a_panic() {
    let service = service();
    Post::call("panics", json!({})).send(&service).await;
    assert_eq!(Post::call("echo", json!({"text": "a"})).send(&service).await.fault(), (200, None));
}
