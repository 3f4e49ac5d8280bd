//! Whole answers as they are on the wire.

use http::Method;
use serde_json::json;

use super::fixture::{Ask, forecasts, service};

macro_rules! said {
    ($service:expr, $ask:expr, @$expected:literal) => {
        insta::assert_snapshot!($ask.send(&$service).await.wire(), @$expected)
    };
}

#[tokio::test]
async fn what_older_clients_look_for() {
    said!(forecasts(), Ask::get("/"), @"");
    said!(forecasts(), Ask::get("/tools"), @"");
}

#[tokio::test]
async fn results_are_raw() {
    said!(forecasts(), Ask::call("forecast", json!({"city": "Bern", "days": 2})), @"");
    said!(forecasts(), Ask::call("map", json!({})), @"");
}

#[tokio::test]
async fn failures_say_what_is_wrong_and_what_to_do() {
    said!(forecasts(), Ask::call("forecast", json!({"days": 20})), @"");
    said!(forecasts(), Ask::call("forecast", json!([])), @"");
    said!(forecasts(), Ask::post("/tools/forecast", "{"), @"");
    said!(forecasts(), Ask::call("nothing", json!({})), @"");
    said!(forecasts(), Ask::call("rejects", json!({})), @"");
    said!(forecasts(), Ask::call("says_so", json!({})), @"");
    said!(forecasts(), Ask::call("broken", json!({})), @"");
    said!(forecasts(), Ask::call("busy", json!({})), @"");
    said!(forecasts(), Ask::call("slow", json!({})), @"");
    said!(service(), Ask::call("fails", json!({})), @"");
    said!(service(), Ask::call("panics", json!({})), @"");
    said!(service(), Ask::call("asks", json!({})), @"");
    said!(forecasts(), Ask::get("/tools/forecast"), @"");
    said!(forecasts(), Ask::get("/elsewhere"), @"");
    let text = Ask::new(Method::POST, "/tools/forecast", "city=Bern");
    said!(forecasts(), text.header("content-type", "text/plain"), @"");
}
