//! Bearer tokens: which are refused, and how.

use std::sync::atomic::Ordering;

use fn_mcp::METRICS;
use http::header;
use serde_json::json;

use crate::issuer::NOW;
use crate::log::Log;
use crate::site::{Answer, Site, call, list};

#[tokio::test]
async fn a_good_token_is_let_in() {
    let site = Site::new();
    let answer = site.list_as(json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["result"]["tools"].as_array().unwrap().len(), 5);
    assert_eq!(site.send(call(&site.bearer(json!({})))).await.status, 200);
}

#[tokio::test]
async fn the_log_tells_a_person_from_a_client_on_its_own_behalf() {
    let log = Log::capture();
    let site = Site::new();
    for (subject, kind) in [("agent", "client"), ("ada", "person")] {
        assert_eq!(site.list_as(json!({"sub": subject})).await.status, 200);
        let log = log.text();
        let line = log.lines().last().unwrap();
        assert!(line.contains("mcp request"), "{line}");
        for field in [format!("caller.kind=\"{kind}\""), format!("caller.subject=\"{subject}\"")] {
            assert!(line.contains(&field), "{field}: {line}");
        }
    }
}

/// RFC 6750, section 3.1: a request without credentials is told of no error.
#[tokio::test]
async fn j01_without_a_token_the_challenge_is_bare() {
    let site = Site::new();
    let answer = site.send(list()).await;
    answer.assert_unauthorized("no header");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// With 403 clients never begin to log in.
#[tokio::test]
async fn j02_without_a_token_no_request_gets_403() {
    let site = Site::new();
    for method in ["GET", "POST", "DELETE", "PUT", "HEAD", "TRACE", "BREW"] {
        for (origin, body) in [(None, ""), (None, "{}"), (Some("https://evil.example"), "{}")] {
            let mut request = list();
            *request.method_mut() = method.parse().unwrap();
            *request.body_mut() = body.into();
            if let Some(origin) = origin {
                request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
            }
            let answer = site.send(request).await;
            answer.assert_unauthorized(&format!("{method} {origin:?}"));
        }
    }
}

#[tokio::test]
async fn j03_another_scheme_is_no_token() {
    let site = Site::new();
    for authorization in [
        "Basic YWdlbnQ6c2VjcmV0",
        "Digest username=\"agent\"",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/eu-west-1/execute-api/aws4_request",
    ] {
        site.list(authorization).await.assert_unauthorized(authorization);
    }
}

#[tokio::test]
async fn j04_the_scheme_may_be_in_any_case_and_the_rest_may_not_vary() {
    let site = Site::new();
    let token = site.issuer.token(json!({}));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(site.list(&format!("{scheme} {token}")).await.status, 200, "{scheme}");
    }
    for authorization in
        ["Bearer ".to_owned(), format!("Bearer  {token}"), format!("Bearer\t{token}")]
    {
        let answer = site.list(&authorization).await;
        assert_eq!(answer.status, 401, "{authorization:?}");
    }
}

#[tokio::test]
async fn j09_a_token_of_an_unknown_key_is_refused_after_one_look() {
    let mut fetches = None;
    let site = Site::believing(
        |issuer| {
            let (entry, counted) = issuer.published();
            fetches = Some(counted);
            json!([entry])
        },
        &[],
    );
    let fetches = || fetches.as_ref().unwrap().load(Ordering::Relaxed);
    assert_eq!(site.list_as(json!({})).await.status, 200);
    assert_eq!(fetches(), 1);
    for kid in ["key-2", "key-3", "key-2"] {
        let token = site.issuer.token_of_key(kid, json!({}));
        site.list(&format!("Bearer {token}")).await.assert_invalid_token(kid);
    }
    assert!(fetches() <= 2, "{}", fetches());
    assert_eq!(site.list_as(json!({})).await.status, 200);
}

#[tokio::test]
async fn j13_j14_j15_j17_j18_what_a_token_says_is_checked_here_too() {
    let site = Site::new();
    for (case, claims) in [
        ("expired", json!({"exp": NOW - 30})),
        ("not yet", json!({"nbf": NOW + 3600})),
        ("issued later", json!({"iat": NOW + 3600})),
        ("another issuer", json!({"iss": "https://issuer.example.com/other"})),
        ("another client", json!({"client_id": "stranger"})),
        ("another audience", json!({"aud": "https://other.example.com/mcp"})),
        ("an ID token", json!({"token_use": "id", "aud": "agent", "client_id": null})),
    ] {
        site.list_as(claims).await.assert_invalid_token(case);
    }
}

#[tokio::test]
async fn j25_two_sets_of_credentials_are_a_malformed_request() {
    let site = Site::new();
    let bearer = site.bearer(json!({}));
    let mut twice = list();
    twice.headers_mut().append(header::AUTHORIZATION, bearer.parse().unwrap());
    twice.headers_mut().append(header::AUTHORIZATION, bearer.parse().unwrap());
    assert_malformed(&site.send(twice).await);
    // An HTTP API joins them.
    assert_malformed(&site.list(&format!("{bearer},{bearer}")).await);
}

#[track_caller]
fn assert_malformed(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["error"], "invalid_request");
    assert!(answer.challenge().unwrap().starts_with("Bearer error=\"invalid_request\", "));
}

#[tokio::test]
async fn j26_a_token_in_the_query_or_the_body_counts_for_nothing() {
    let site = Site::new();
    let token = site.issuer.token(json!({}));
    let target = format!("/mcp?access_token={token}");
    let mut request = list();
    *request.uri_mut() = target.parse().unwrap();
    site.send(request).await.assert_unauthorized("in the query");

    let mut request = list();
    *request.body_mut() = format!(r#"{{"access_token":"{token}"}}"#).into();
    site.send(request).await.assert_unauthorized("in the body");

    let mut request = call(&format!("Bearer {token}"));
    *request.uri_mut() = target.parse().unwrap();
    assert_malformed(&site.send(request).await);
}

#[tokio::test]
async fn j34_without_keys_nobody_is_told_that_the_token_is_bad() {
    let site = Site::believing(|issuer| json!([issuer.out_of_reach()]), &[]);
    let answer = site.list_as(json!({})).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=300).contains(&seconds), "{seconds}");
    assert_eq!(answer.challenge(), None);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.json()["error"].is_string());
}

/// Everybody else's bad tokens are everyday life; this one wakes somebody up.
#[tokio::test]
async fn an_outage_at_the_door_is_an_error_and_counted_as_one() {
    let log = Log::capture();
    let site = Site::believing(|issuer| json!([issuer.out_of_reach()]), &[]);
    assert_eq!(site.list_as(json!({})).await.status, 503);
    let log = log.text();
    let line = log.lines().find(|line| line.contains("refused at the door")).unwrap();
    for part in ["ERROR", "error.kind=\"unavailable\"", "http.status=503"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let metric = METRICS.iter().find(|metric| metric.event == "door.refused").unwrap();
    for field in metric.dimensions.concat().iter().chain([&metric.field]) {
        assert!(line.contains(&format!("{field}=")), "{field}: {line}");
    }
    // What came between is told once, where it happened.
    let cause = log.lines().find(|line| line.contains("the issuer's keys cannot be had")).unwrap();
    assert!(cause.contains("WARN"), "{cause}");
}

/// Of control characters nothing is let in, and the rest stays within its quotes.
#[tokio::test]
async fn x12_what_a_token_says_does_not_forge_a_line_of_the_log() {
    let log = Log::capture();
    let site = Site::new();
    let quoted = "x\", outcome=\"forged\" \\\" \u{2028}";
    let controls = "x\r\n2026-11-20T00:00:00Z ERROR forged \u{1b}[1A\u{85}";
    for (claims, status) in [
        (json!({"sub": quoted, "jti": quoted}), 200),
        (json!({"sub": controls}), 401),
        (json!({"jti": controls}), 200),
        (json!({"client_id": controls}), 401),
        (json!({"tenant_id": controls}), 401),
        (json!({"iss": controls}), 401),
        (json!({"sub": quoted, "jti": controls, "exp": NOW - 300}), 401),
    ] {
        assert_eq!(site.list_as(claims.clone()).await.status, status, "{claims}");
    }
    let log = log.text();
    for line in log.lines() {
        assert!(!line.contains(char::is_control), "{line:?}");
        let level = line.split_whitespace().nth(1).unwrap();
        assert!(["TRACE", "DEBUG", "INFO", "WARN"].contains(&level), "{line}");
    }
    let mut let_in = log.lines().filter(|line| line.contains("mcp request"));
    let line = let_in.next().unwrap();
    assert!(line.contains(&format!("caller.subject={quoted:?}")), "{line}");
    assert_eq!(let_in.count(), 1);
}

/// Not in an answer, whatever the request; a log tells why, and never the token.
#[tokio::test]
async fn j41_no_answer_tells_why_and_no_log_line_has_the_token() {
    let log = Log::capture();
    let sites = [Site::new(), Site::believing(|issuer| json!([issuer.out_of_reach()]), &[])];
    let mut tokens = Vec::new();
    for site in &sites {
        for claims in [
            json!({}),
            json!({"exp": NOW - 30}),
            json!({"scope": "mcp/invoke"}),
            json!({"client_id": "stranger"}),
            json!({"iss": 7}),
        ] {
            let token = site.issuer.token(claims);
            let forged = format!("{}AAAA", &token[..token.len() - 4]);
            for token in [token, forged] {
                let answer = site.send(call(&format!("Bearer {token}"))).await;
                let told = format!("{:?} {}", answer.headers, answer.text());
                for word in ["expire", "signature", "issuer", "stack", ".rs:", "stranger"] {
                    assert!(!told.contains(word), "{word}: {told}");
                }
                tokens.push(token);
            }
        }
    }
    let log = log.text();
    assert!(log.contains("it is expired") && log.contains("its signature is wrong"), "{log}");
    for part in tokens.iter().flat_map(|token| token.split('.')) {
        assert!(!log.contains(part), "{part}\n{log}");
    }
}
