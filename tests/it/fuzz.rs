//! A short fuzz run; `cargo xtask fuzz` has the long one.

use mcp_http::{McpService, Settings};

#[tokio::test(start_paused = true)]
async fn the_first_cases_find_nothing() {
    for streaming in [false, true] {
        let server = conformance_server::server(None).unwrap();
        let service = McpService::new(server, Settings { streaming, ..Settings::default() });
        for n in 0..2_000 {
            if let Err(fault) = tests::fuzz::attempt(service.clone(), n).await {
                panic!("case {n}: {fault}\n{:#?}", tests::fuzz::case(n));
            }
        }
    }
}

#[tokio::test]
async fn x13_the_first_cases_at_the_door_find_nothing() {
    let site = tests::fuzz::Site::start().await.unwrap();
    tokio::time::pause();
    for n in 0..4_000 {
        if let Err(fault) = site.attempt(n).await {
            let case = site.case(n);
            let body = String::from_utf8_lossy(case.body());
            panic!("case {n}: {fault}\n{} {:#?}\n{body}", case.method(), case.headers());
        }
    }
}

#[tokio::test]
async fn z11_the_first_events_for_the_authorizer_find_nothing() {
    let gate = tests::fuzz::Gate::start().await.unwrap();
    tokio::time::pause();
    for n in 0..4_000 {
        if let Err(fault) = gate.attempt(n).await {
            panic!("case {n}: {fault}\n{}", String::from_utf8_lossy(&gate.case(n)));
        }
    }
}
