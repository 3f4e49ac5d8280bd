//! What customers and models wrote is data, and a model is held to what it was given.

use serde_json::json;

use super::site::Site;

const SPAN: (&str, &str) = ("2000-01-01", "2100-01-01");

#[tokio::test]
async fn an_analysis_cites_cases_that_were_read_and_says_what_wrote_it() {
    let site = Site::start().await;
    let (start, end) = SPAN;
    let arguments = json!({"start_date": start, "end_date": end, "severity_code": "critical"});
    let result = site.ok("analyze_case_summaries", arguments).await;
    assert_eq!(result["model_used"], "local-extractive");
    assert!(result["citations"]["cases_cited"].as_u64() > Some(5), "{result}");
    let analysis = result["analysis"].as_str().unwrap();
    let known: Vec<_> = site.cases().into_iter().map(|case| case.case_number).collect();
    let mut cited = analysis.split("[case ").skip(1).filter_map(|rest| rest.split(']').next());
    assert!(cited.all(|number| known.iter().any(|known| known == number)), "{analysis}");
    assert_eq!(result["citations"]["unknown"], json!([]));
}

#[tokio::test]
async fn orders_in_case_texts_are_data_to_the_model_and_to_the_reader() {
    let site = Site::start().await;
    let cases = site.cases();
    let (start, end) = SPAN;
    let orders: Vec<_> = cases
        .iter()
        .filter(|case| case.injection)
        .map(|case| (case.case_number.clone(), case.case_summary.clone().unwrap_or_default()))
        .collect();
    assert_eq!(orders.len(), 5);
    for (number, _) in &orders {
        let arguments = json!({"start_date": start, "end_date": end, "case_id": number});
        let result = site.ok("analyze_case_summaries", arguments).await;
        let prompt = site.aws.bedrock().last_prompt().unwrap();
        // Never in what the model is told to be, and in the fence only.
        assert!(!prompt.system.contains(number.as_str()));
        assert!(prompt.user.contains(number.as_str()), "{}", prompt.user);
        let analysis = result["analysis"].as_str().unwrap();
        assert!(!analysis.to_lowercase().contains("ignore previous"), "{analysis}");
        assert!(!analysis.contains('\u{202e}') && !analysis.contains('\u{200b}'), "{analysis}");
    }
}

#[tokio::test]
async fn a_model_that_makes_cases_up_is_found_out() {
    let site = Site::start().await;
    let (start, end) = SPAN;
    let known = site.cases().into_iter().find(|case| case.severitycode == "critical").unwrap();
    let lie = format!("Throttling [{}] and an outage [99999999999999].", known.case_number);
    site.aws.bedrock().reply(&lie);
    let arguments = json!({
        "start_date": start, "end_date": end, "severity_code": "critical", "max_cases": 5_000,
    });
    let result = site.ok("analyze_case_summaries", arguments).await;
    assert_eq!(result["citations"]["unknown"], json!(["99999999999999"]), "{result}");
    assert!(result["analysis"].as_str().unwrap().contains("99999999999999"));
}

#[tokio::test]
async fn addresses_of_people_never_leave() {
    let site = Site::start().await;
    let addresses: Vec<_> = site.cases().into_iter().map(|case| case.submittedby).collect();
    assert!(addresses.iter().any(|address| address.contains('@')));
    for sql in [
        "SELECT submittedby FROM case_summary LIMIT 50",
        "SELECT concat('by ', submittedby) AS who FROM case_summary LIMIT 50",
        "SELECT * FROM case_summary LIMIT 50",
    ] {
        let (_, body) = site.rest("query_athena", json!({"query": sql})).await;
        let told = body.to_string();
        assert!(addresses.iter().all(|address| !told.contains(address.as_str())), "{sql}: {told}");
    }
    let data = "opened by jane.doe@example.com";
    let arguments = json!({"data": data, "analysis_prompt": "Who opened it?"});
    site.ok("analyze_with_bedrock", arguments).await;
    assert!(!site.aws.bedrock().last_prompt().unwrap().user.contains("jane.doe@"));
}

#[tokio::test]
async fn what_bedrock_refuses_is_told_by_name_and_what_it_throttles_is_tried_again() {
    let site = Site::start().await;
    let ask = || {
        site.rest("analyze_with_bedrock", json!({"data": "a", "analysis_prompt": "What is it?"}))
    };
    site.aws.bedrock().deny(1);
    let (status, body) = ask().await;
    assert_eq!(status, 502, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("bedrock:InvokeModel"), "{body}");
    site.aws.bedrock().throttle(1);
    let (status, body) = ask().await;
    assert_eq!(status, 200, "{body}");
}
