//! The health function's real binary behind each front door.

use serde_json::Value;
use tests::binary;
use tests::emulator::{Emulator, Settings};

use crate::lambda::{DOORS, call};

#[tokio::test]
async fn the_health_function_answers_through_each_front_door() {
    let program = binary::build("fn-health").unwrap();
    for (front, mode) in DOORS {
        let settings = Settings::new(&program, front, mode).with_env("SERVICE_NAME", "blue");
        let emulator = Emulator::start(settings).await.unwrap();
        let (status, headers, body) = call(&emulator, "GET", "/health").await;
        assert_eq!(status, 200, "{front:?} {mode:?}: {}", emulator.log());
        assert_eq!(headers["content-type"], "application/json");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["status"], &body["service"]), (&"ok".into(), &"blue".into()));
        assert_eq!(call(&emulator, "GET", "/health?deep=1").await.0, 400);
        let (status, headers, _) = call(&emulator, "POST", "/health").await;
        assert_eq!((status.as_u16(), &headers["allow"]), (405, &"GET, HEAD".parse().unwrap()));
        assert_eq!(call(&emulator, "HEAD", "/health").await.0, 200);
        assert_eq!(call(&emulator, "GET", "/").await.0, 404);
    }
}

#[tokio::test]
async fn a_function_that_is_wrongly_configured_says_why_and_is_a_bad_gateway() {
    let program = binary::build("fn-health").unwrap();
    let (front, mode) = DOORS[0];
    let settings = Settings::new(&program, front, mode).with_env("RESPONSE_MODE", "fast");
    let emulator = Emulator::start(settings).await.unwrap();
    assert_eq!(call(&emulator, "GET", "/health").await.0, 502);
    let log = emulator.log();
    assert!(log.contains("init error: {\"errorType\":\"Runtime.InitError\""), "{log}");
    assert!(log.contains("RESPONSE_MODE: must be buffered or streaming"), "{log}");
}
