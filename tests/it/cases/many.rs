//! Many calls at a time, of many cases each: none is lost, and a function's memory stays in its
//! budget.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use local_aws::LocalAws;
use serde_json::{Value, json};
use tests::binary;
use tests::emulator::{Emulator, Front, Mode, Settings};

use super::site::variables;
use crate::lambda::send;

const CALLS: usize = 200;
const ROWS: usize = 10_000;
/// What the smallest function of Lambda has. Ours are given 512 MB.
const BUDGET: u64 = 128 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_of_ten_thousand_cases_are_all_answered_within_the_memory_of_a_function()
{
    let aws = LocalAws::start(local_aws::Config::default()).await.unwrap();
    let program = binary::build("fn-mcp").unwrap();
    let mut settings =
        Settings::new(program, Front::RestV1, Mode::Buffered).with_env("IAM_SCOPES", "cases/read");
    for (name, value) in variables(&aws) {
        settings = settings.with_env(name, value);
    }
    // As many as the machine could run; the other calls wait, as for reserved concurrency.
    settings.processes = 4;
    settings.gateway_timeout = Duration::from_secs(300);
    let emulator = Emulator::start(settings).await.unwrap();
    // There are about 2,000 cases: each six times, of which the tool takes as many as it is asked for.
    let arguments = json!({
        "query": "SELECT case_number, severitycode, timecreated FROM case_summary \
                  CROSS JOIN (VALUES 1, 2, 3, 4, 5, 6) AS t (n)",
        "max_results": ROWS,
    });
    let mut answers: FuturesUnordered<_> =
        (0..CALLS).map(|_| ask(&emulator, arguments.to_string())).collect();
    let mut answered = 0;
    while let Some(answer) = answers.next().await {
        assert_eq!(answer["row_count"], ROWS, "{}", emulator.log());
        assert_eq!(answer["rows"].as_array().unwrap().len(), ROWS);
        answered += 1;
    }
    assert_eq!(answered, CALLS);
    drop(answers);
    if let Some(peak) = emulator.peak_memory() {
        assert!(peak < BUDGET, "{} MB", peak >> 20);
    }
}

async fn ask(emulator: &Emulator, body: String) -> Value {
    let request = Request::post("/tools/query_athena")
        .header("host", "mcp.example.com")
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
        .unwrap();
    let response = send(emulator, request).await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}
