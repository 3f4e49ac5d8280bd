//! What answers cost a model, in tokens of o200k_base, and a wire, in bytes.

use serde_json::{Value, json};

use crate::{Upstream, listing, metrics, ranges};

fn tokens(text: &str) -> usize {
    tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len()
}

#[tokio::test]
async fn the_list_of_tools_is_at_most_900_tokens_and_12_kb() {
    let tools = listing::listed().await;
    let shown: Vec<Value> = tools
        .iter()
        .map(|tool| json!({"name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"]}))
        .collect();
    let (tokens, bytes) = (tokens(&json!(shown).to_string()), json!(tools).to_string().len());
    println!("tools/list: {tokens} tokens, {bytes} bytes");
    assert!(tokens <= 900, "{tokens} tokens");
    assert!(bytes <= 12_000, "{bytes} bytes");
}

#[tokio::test]
async fn a_map_of_748_metrics_is_at_most_400_tokens() {
    for count in [748, 4000] {
        let upstream = Upstream::of(json!(metrics::names(count))).await;
        let answer = upstream.tools().call("ListMetrics", json!({})).await;
        let tokens = tokens(answer.text());
        println!("ListMetrics of {count}: {tokens} tokens");
        assert!(tokens <= 400, "{tokens} tokens for {count}");
    }
}

#[tokio::test]
async fn the_text_of_20_series_of_1000_points_is_at_most_2750_tokens() {
    let upstream = Upstream::of(ranges::cpu(20, 1000)).await;
    let answer = upstream.tools().call("ExecuteRangeQuery", ranges::arguments(1000)).await;
    let tokens = tokens(answer.text());
    println!("range 20 x 1000: {tokens} tokens, {} bytes\n{}", answer.text().len(), answer.text());
    assert!(tokens <= 2_750, "{tokens} tokens");
}

#[tokio::test]
async fn the_text_stays_small_whatever_the_answer() {
    for (series, points) in [(60, 41), (500, 11), (3000, 2)] {
        let upstream = Upstream::of(ranges::cpu(series, points)).await;
        let answer = upstream.tools().call("ExecuteRangeQuery", ranges::arguments(points)).await;
        let bytes = answer.text().len();
        println!("range {series} x {points}: {bytes} bytes, {} tokens", tokens(answer.text()));
        assert!(bytes <= 5_000, "{bytes} bytes for {series} series");
    }
}
