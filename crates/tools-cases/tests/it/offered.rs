//! What a client is offered: tools, the resource, the prompts.

use serde_json::{Value, json};

use crate::upstream::Outcome;
use crate::{Client, Upstream, server};

async fn client() -> Client {
    let upstream = Upstream::start(|_| Outcome::Runs).await;
    Client::of(&server(&upstream))
}

fn required(tool: &Value) -> Vec<&str> {
    let required = tool["inputSchema"]["required"].as_array();
    required.into_iter().flatten().map(|name| name.as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_tools_have_the_arguments_of_the_contract() {
    let list = client().await.ask("tools/list", json!({})).await.unwrap();
    let tools = list["tools"].as_array().unwrap();
    let told: Vec<_> = tools
        .iter()
        .map(|tool| {
            let mut optional: Vec<String> = tool["inputSchema"]["properties"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| !required(tool).contains(&name.as_str()))
                .map(|(name, schema)| match &schema["default"] {
                    Value::Number(number) => format!("{name}={number}"),
                    _ => name.clone(),
                })
                .collect();
            optional.sort();
            let name = tool["name"].as_str().unwrap();
            format!("{name}({}; {})", required(tool).join(", "), optional.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "query_athena(query; max_results=100)",
            "analyze_with_bedrock(data, analysis_prompt; )",
            "get_case_summary(; account_number, days_back=30, service_code)",
            "get_rca_analysis(rca_category; limit=10)",
            "get_service_trends(; days_back=90)",
            "analyze_case_summaries(start_date, end_date; analysis_question, case_id, \
             lifecycle_category, max_cases=200, rca_category, service_code, severity_code)",
            "get_query_results(handle; )",
        ]
    );
    for tool in tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert!(tool["outputSchema"].is_object(), "{tool}");
    }
}

#[tokio::test]
async fn arguments_that_make_no_sense_are_told() {
    let client = client().await;
    for (tool, arguments) in [
        ("query_athena", json!({})),
        ("query_athena", json!({"query": "SELECT 1", "max_results": 0})),
        ("get_case_summary", json!({"days_back": -1})),
        ("get_rca_analysis", json!({"rca_category": ""})),
        ("analyze_case_summaries", json!({"start_date": "1.11.2026", "end_date": "2026-11-30"})),
        ("analyze_case_summaries", json!({"start_date": "2026-11-31", "end_date": "2026-12-01"})),
        (
            "analyze_case_summaries",
            json!({"start_date": "2026-11-01", "end_date": "2026-11-30", "severity_code": "grave"}),
        ),
        ("analyze_with_bedrock", json!({"data": " ", "analysis_prompt": "x"})),
        ("get_query_results", json!({"handle": "made up"})),
    ] {
        let result = client.call(tool, arguments.clone()).await;
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
    }
}

#[tokio::test]
async fn the_schema_tells_columns_values_and_freshness() {
    let client = client().await;
    let read = client.ask("resources/read", json!({"uri": "cases://schema"})).await.unwrap();
    let told: Value = serde_json::from_str(read["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(told["columns"][2]["name"], "account_number");
    assert_eq!(told["columns"][2]["partition"], true);
    assert_eq!(told["rca_categories"].as_array().unwrap().len(), 16);
    assert_eq!(told["service_aliases"]["s3"], json!(["amazon-simple-storage-service"]));
    assert_eq!(told["freshness"]["catalog_updated_at"], "2026-12-01T02:00:00Z");
}

#[tokio::test]
async fn two_prompts_can_be_chosen() {
    let client = client().await;
    let list = client.ask("prompts/list", json!({})).await.unwrap();
    assert_eq!(list["prompts"].as_array().unwrap().len(), 2);
    let made = client.ask("prompts/get", json!({"name": "monthly_case_review"})).await.unwrap();
    let text = made["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains("start_date=2026-11-01 and end_date=2026-11-30"), "{text}");
    let bad = json!({"name": "monthly_case_review", "arguments": {"month": "May"}});
    assert!(client.ask("prompts/get", bad).await.is_err());
}
