//! Whole exchanges as they are on the wire.

use http::Method;
use mcp_http::rest::RestService;
use serde_json::json;

use super::fixture::{Ask, forecasts, service};

async fn wire(service: &RestService, asked: Vec<Ask>) -> String {
    let mut wire = Vec::new();
    for ask in asked {
        let line = ask.line();
        wire.push(format!("> {line}\n{}", ask.send(service).await.wire()));
    }
    wire.join("\n\n")
}

#[tokio::test]
async fn what_older_clients_look_for() {
    let asked = vec![Ask::get("/"), Ask::get("/tools")];
    insta::assert_snapshot!(wire(&forecasts(), asked).await);
}

#[tokio::test]
async fn results_are_raw() {
    let asked = vec![
        Ask::call("forecast", json!({"city": "Bern", "days": 2, "detail": "long"})),
        Ask::call("map", json!({})),
    ];
    insta::assert_snapshot!(wire(&forecasts(), asked).await);
}

#[tokio::test]
async fn failures_say_what_is_wrong_and_what_to_do() {
    let text = Ask::new(Method::POST, "/tools/forecast", "city=Bern");
    let asked = vec![
        Ask::call("forecast", json!({"days": 20})),
        Ask::call("forecast", json!([])),
        Ask::post("/tools/forecast", "{"),
        text.header("content-type", "text/plain"),
        Ask::call("nothing", json!({})),
        Ask::call("rejects", json!({})),
        Ask::call("says_so", json!({})),
        Ask::call("broken", json!({})),
        Ask::call("busy", json!({})),
        Ask::call("slow", json!({})),
        Ask::get("/tools/forecast"),
        Ask::get("/elsewhere"),
    ];
    insta::assert_snapshot!(wire(&forecasts(), asked).await);
}

#[tokio::test]
async fn faults_of_the_server_tell_nothing_of_its_inside() {
    let asked = ["fails", "panics", "asks"].map(|tool| Ask::call(tool, json!({})));
    insta::assert_snapshot!(wire(&service(), asked.into()).await);
}
