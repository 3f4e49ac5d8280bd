//! The canned queries give the numbers that come out of the sample cases by counting them here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use local_aws::cases::Case;
use serde_json::{Value, json};

use super::site::{NOW_MS, Site, rows};

/// Each case once, as it was last fetched.
fn once(cases: &[Case]) -> Vec<&Case> {
    let mut last: BTreeMap<(&str, &str), &Case> = BTreeMap::new();
    for case in cases {
        let key = (case.account_number.as_str(), case.case_number.as_str());
        let kept = last.entry(key).or_insert(case);
        if case.case_retrieval_date > kept.case_retrieval_date {
            *kept = case;
        }
    }
    last.into_values().collect()
}

/// A category as it is told.
fn category(text: Option<&str>) -> String {
    const KNOWN: [&str; 16] = [
        "Customer Question",
        "Limit reached",
        "Development Issue",
        "Customer Release",
        "Lack Monitoring",
        "Customer Dependency",
        "Throttling",
        "Feature Request",
        "Exceeding Capability",
        "Security Issue",
        "Transient Issues",
        "ICE Error",
        "Service Event",
        "AWS Release",
        "AWS Single Component Failure",
        "Upgrade Management",
    ];
    let written = text.unwrap_or_default().trim_matches(' ');
    if written.is_empty() {
        return "Uncategorized".to_owned();
    }
    if written.eq_ignore_ascii_case("quota reached") {
        return "Limit reached".to_owned();
    }
    let known = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(written));
    known.map_or_else(|| written.to_owned(), |known| (*known).to_owned())
}

/// The day so many days before now, in UTC.
fn day(back: i64) -> String {
    let now = Timestamp::from_millisecond(NOW_MS).unwrap();
    (now - (24 * back).hours()).to_string()[..10].to_owned()
}

fn day_of(case: &Case) -> &str {
    &case.timecreated[..10]
}

fn counted<K: Ord>(keys: impl IntoIterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

const EC2: [&str; 2] =
    ["amazon-elastic-compute-cloud-linux", "amazon-elastic-compute-cloud-windows"];

#[tokio::test]
async fn a_summary_counts_each_case_once_in_each_window_account_and_service() {
    let site = Site::start().await;
    let cases = site.cases();
    let zero = cases.iter().find(|case| case.account_number.starts_with('0')).unwrap();
    let zero = zero.account_number.clone();
    for back in [0, 1, 7, 30, 90, 400, 36_500] {
        for account in [None, Some(zero.as_str())] {
            for service in [None, Some("EC2"), Some("aws-lambda"), Some(" S3 ")] {
                let codes: Option<Vec<&str>> = service.map(|service| match service {
                    "EC2" => EC2.to_vec(),
                    " S3 " => vec!["amazon-simple-storage-service"],
                    other => vec![other],
                });
                let first = if back > 30_000 { "1900-01-01".to_owned() } else { day(back) };
                let expected: Vec<&Case> = once(&cases)
                    .into_iter()
                    .filter(|case| day_of(case) >= first.as_str())
                    .filter(|case| account.is_none_or(|account| case.account_number == account))
                    .filter(|case| {
                        codes
                            .as_ref()
                            .is_none_or(|codes| codes.contains(&case.servicecode.as_str()))
                    })
                    .collect();
                let arguments = json!({
                    "days_back": back, "account_number": account, "service_code": service,
                });
                let result = site.ok("get_case_summary", arguments.clone()).await;
                let of = |part: fn(&Case) -> &str| {
                    expected.iter().map(|case| part(case)).collect::<BTreeSet<_>>().len()
                };
                let totals = json!({
                    "cases": expected.len(),
                    "accounts": of(|case| &case.account_number),
                    "services": of(|case| &case.servicecode),
                });
                assert_eq!(result["totals"], totals, "{arguments}");
                let by_category =
                    counted(expected.iter().map(|case| category(case.rca_category.as_deref())));
                let told: BTreeMap<String, u64> = rows(&result, ["rca_category", "category_count"])
                    .into_iter()
                    .map(|[category, count]| (category, count.parse().unwrap()))
                    .collect();
                assert_eq!(told, by_category, "{arguments}");
                for [count, share, total] in
                    rows(&result, ["category_count", "share_percent", "total_cases"])
                {
                    let count: f64 = count.parse().unwrap();
                    assert_eq!(share, format!("{:.1}", count * 100.0 / expected.len() as f64));
                    assert_eq!(total, expected.len().to_string(), "of all, not of the category");
                }
                if service == Some("EC2") {
                    assert_eq!(result["service_codes_used"], json!(EC2));
                }
                if expected.is_empty() {
                    assert!(!result["hints"].as_array().unwrap().is_empty(), "{result}");
                }
            }
        }
    }
}

#[tokio::test]
async fn trends_are_counts_of_service_day_and_category_and_the_change_since_before() {
    let site = Site::start().await;
    let cases = site.cases();
    for back in [0, 7, 90] {
        let result = site.ok("get_service_trends", json!({"days_back": back})).await;
        let (first, before) = (day(back), day(2 * back + 1));
        let now: Vec<_> =
            once(&cases).into_iter().filter(|c| day_of(c) >= first.as_str()).collect();
        let expected = counted(now.iter().map(|case| {
            let category = category(case.rca_category.as_deref());
            [case.servicecode.clone(), day_of(case).to_owned(), category]
        }));
        let told: BTreeMap<[String; 3], u64> =
            rows(&result, ["servicecode", "date", "rca_category", "case_count"])
                .into_iter()
                .map(|[service, date, category, count]| {
                    ([service, date, category], count.parse().unwrap())
                })
                .collect();
        assert_eq!(told, expected, "{back}");
        let dates: Vec<_> = rows(&result, ["date"]).into_iter().flatten().collect();
        assert!(dates.is_sorted_by(|one, other| one >= other), "newest first");

        let services = counted(now.iter().map(|case| case.servicecode.as_str()));
        let services_before = counted(
            once(&cases)
                .into_iter()
                .filter(|case| (before.as_str()..first.as_str()).contains(&day_of(case)))
                .map(|case| case.servicecode.as_str()),
        );
        for change in result["change"].as_array().unwrap() {
            let service = change["servicecode"].as_str().unwrap();
            let count = |counts: &BTreeMap<&str, u64>| counts.get(service).copied().unwrap_or(0);
            assert_eq!(change["cases"], count(&services), "{service}");
            assert_eq!(change["cases_before"], count(&services_before), "{service}");
        }
    }
}

#[tokio::test]
async fn the_newest_cases_of_a_category_come_first_whichever_way_it_is_written() {
    let site = Site::start().await;
    let cases = site.cases();
    for (asked, named) in [
        ("Throttling", "Throttling"),
        ("quota reached", "Limit reached"),
        ("LIMIT REACHED", "Limit reached"),
        ("Uncategorized", "Uncategorized"),
    ] {
        for limit in [1, 10, 1_000] {
            let arguments = json!({"rca_category": asked, "limit": limit});
            let result = site.ok("get_rca_analysis", arguments.clone()).await;
            let mut expected: Vec<&Case> = once(&cases)
                .into_iter()
                .filter(|case| category(case.rca_category.as_deref()) == named)
                .collect();
            expected.sort_by_key(|case| {
                (std::cmp::Reverse(case.timecreated.clone()), case.case_number.clone())
            });
            expected.truncate(limit);
            let expected: Vec<[String; 3]> = expected
                .into_iter()
                .map(|case| {
                    [
                        case.account_number.clone(),
                        case.case_number.clone(),
                        case.timecreated.clone(),
                    ]
                })
                .collect();
            let told = rows(&result, ["account_number", "case_number", "timecreated"]);
            assert_eq!(told, expected, "{arguments}");
            assert!(
                result["rows"].as_array().unwrap().iter().all(|row| row["rca_category"] == named)
            );
        }
    }
}

fn usable(case: &Case) -> bool {
    case.case_summary.as_deref().is_some_and(|text| text.trim_matches(' ').chars().count() > 10)
}

#[tokio::test]
async fn an_analysis_finds_the_cases_of_its_days_both_included_and_takes_the_gravest() {
    let site = Site::start().await;
    let cases = site.cases();
    let case = once(&cases).into_iter().find(|case| usable(case)).unwrap();
    let (one_day, number) = (day_of(case).to_owned(), case.case_number.clone());
    let whole = json!({"start_date": "2000-01-01", "end_date": "2100-01-01"});
    let with = |more: Value| {
        let mut arguments = whole.clone();
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        arguments
    };
    for arguments in [
        whole.clone(),
        with(json!({"start_date": one_day, "end_date": one_day})),
        with(json!({"severity_code": "critical", "max_cases": 5_000})),
        with(json!({"severity_code": "low", "service_code": "ec2"})),
        with(json!({"rca_category": "Quota reached"})),
        with(json!({"lifecycle_category": "monitoring", "max_cases": 1})),
        with(json!({"case_id": number})),
        with(json!({"rca_category": "no such category"})),
        with(json!({"start_date": "2100-01-01"})),
    ] {
        let is = |name: &str, of: &str| {
            arguments[name].as_str().is_none_or(|value| value.eq_ignore_ascii_case(of))
        };
        let (first, last) =
            (arguments["start_date"].as_str().unwrap(), arguments["end_date"].as_str().unwrap());
        let found: Vec<&Case> = once(&cases)
            .into_iter()
            .filter(|case| (first..=last).contains(&day_of(case)))
            .filter(|case| is("severity_code", &case.severitycode))
            .filter(|case| is("case_id", &case.case_number))
            .filter(|case| {
                arguments["service_code"].is_null() || EC2.contains(&case.servicecode.as_str())
            })
            .filter(|case| match arguments["rca_category"].as_str() {
                Some("Quota reached") => category(case.rca_category.as_deref()) == "Limit reached",
                Some(other) => category(case.rca_category.as_deref()) == other,
                None => true,
            })
            .filter(|case| {
                is("lifecycle_category", case.lifecycle_category.as_deref().unwrap_or("").trim())
            })
            .collect();
        let available = found.iter().filter(|case| usable(case)).count();
        let most = arguments["max_cases"].as_u64().unwrap_or(200) as usize;
        let result = site.ok("analyze_case_summaries", arguments.clone()).await;
        assert_eq!(result["total_cases_found"], found.len(), "{arguments}");
        assert_eq!(result["summaries_available"], available, "{arguments}");
        assert_eq!(result["summaries_analyzed"], available.min(most), "{arguments}");
        assert!(result["sample_cases"].as_array().unwrap().len() <= 5);
        let rank = |case: &&Value| {
            let severity = case["severity"].as_str().unwrap();
            ["critical", "urgent", "high", "normal", "low"].iter().position(|s| *s == severity)
        };
        let ranks: Vec<_> =
            result["sample_cases"].as_array().unwrap().iter().map(|c| rank(&c)).collect();
        assert!(ranks.is_sorted(), "{result}");
        for member in [
            "filters_applied",
            "token_management",
            "analysis_question",
            "analysis",
            "model_used",
            "query_execution_id",
            "provenance",
        ] {
            assert!(result.get(member).is_some(), "{arguments}: no {member} in {result}");
        }
    }
}

#[tokio::test]
async fn a_result_of_the_same_question_is_taken_again_for_an_hour_and_its_age_is_told() {
    let site = Site::start().await;
    let ask = || site.ok("get_case_summary", json!({"days_back": 30}));
    let first = ask().await;
    assert_eq!(first["provenance"]["reused"], false, "{first}");
    let again = ask().await;
    assert_eq!(again["provenance"]["reused"], true, "{again}");
    assert_eq!(again["rows"], first["rows"]);
    site.advance(Duration::from_secs(3_700));
    assert_eq!(ask().await["provenance"]["reused"], false);
}
