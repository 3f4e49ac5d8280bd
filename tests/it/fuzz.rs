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
