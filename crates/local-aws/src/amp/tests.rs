use axum::body::{Body, Bytes};
use http::{HeaderMap, Request, header};
use serde_json::{Value, json};
use service_kit::clock::ManualClock;
use tower::ServiceExt as _;

use super::*;
use crate::sigv4::Credentials;
use crate::sigv4::tests::{NOW, Signer, signed};

const ACTIVE: &str = "ws-active";

fn workspace(id: &str, alias: Option<&str>, status: Status) -> Workspace {
    Workspace { id: id.to_owned(), alias: alias.map(str::to_owned), status, tenant: None }
}

fn amp() -> Amp {
    Amp {
        base_url: "http://127.0.0.1:4566".to_owned(),
        verifier: Verifier {
            keys: Credentials::default().into(),
            region: "eu-west-1".to_owned(),
            service: "aps",
        },
        workspaces: vec![
            workspace(ACTIVE, Some("sample"), Status::Active),
            workspace("ws-creating", Some("samples of tomorrow"), Status::Creating),
            workspace("ws-plain", None, Status::Active),
        ],
        metrics: SampleMetrics::new(),
        clock: Arc::new(ManualClock::new(NOW)),
    }
}

/// Sends a signed request; a body is sent as a form.
async fn send(method: &str, target: &str, body: &str) -> (StatusCode, HeaderMap, Bytes) {
    let amp = amp();
    let request = signed(&Signer::of("aps"), method, target, body.as_bytes());
    let request = Request::from_parts(request, Body::from(body.to_owned()));
    let (parts, body) = router(Arc::new(amp)).oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, body)
}

async fn get(target: &str) -> (StatusCode, Value) {
    let (status, _, body) = send("GET", target, "").await;
    (status, serde_json::from_slice(&body).unwrap())
}

/// Asks the query API of the active workspace.
async fn ask(target: &str) -> (StatusCode, Value) {
    get(&format!("/workspaces/{ACTIVE}/api/v1/{target}")).await
}

#[track_caller]
fn text_of(answer: &(StatusCode, Value), status: u16, kind: &str) -> String {
    assert_eq!(answer.0, status, "{}", answer.1);
    assert_eq!(answer.1["status"], "error");
    assert_eq!(answer.1["errorType"], kind, "{}", answer.1);
    answer.1["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_instant_query_answers_as_prometheus_does() {
    let (status, headers, body) =
        send("GET", "/workspaces/ws-active/api/v1/query?query=up%7Bjob%3D%22prometheus%22%7D", "")
            .await;
    assert_eq!(
        (status, &headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    insta::assert_snapshot!(String::from_utf8_lossy(&body), @r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"localhost:9090","job":"prometheus"},"value":[1795000000,"1"]}]}}"#);
}

#[tokio::test]
async fn a_form_is_as_good_as_a_query_string() {
    let target = format!("/workspaces/{ACTIVE}/api/v1/query");
    let (status, _, body) =
        send("POST", &target, "query=count%28up%29+%2B+1&time=1795000000").await;
    assert_eq!(status, 200);
    insta::assert_snapshot!(String::from_utf8_lossy(&body), @r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795000000,"16"]}]}}"#);
}

#[tokio::test]
async fn a_range_ends_with_the_present() {
    let answer = ask("query_range?query=sum%28up%29&start=1794999900&end=1795000500&step=1m").await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    let values = answer.1["data"]["result"][0]["values"].as_array().unwrap();
    // The last sample is found for five minutes more.
    assert_eq!((values.first(), values.len()), (Some(&json!([1_794_999_900, "15"])), 7));
    assert_eq!(answer.1["data"]["resultType"], "matrix");
}

#[tokio::test]
async fn bad_parameters_are_refused_in_prometheus_words() {
    for (target, text) in [
        (
            "query?query=sum%28%28",
            "invalid parameter \"query\": 1:6: parse error: unclosed left parenthesis",
        ),
        (
            "query?query=up&time=yesterday",
            "invalid parameter \"time\": cannot parse \"yesterday\" to a valid timestamp",
        ),
        (
            "query_range?query=up&end=1&step=1",
            "invalid parameter \"start\": cannot parse \"\" to a valid timestamp",
        ),
        (
            "query_range?query=up&start=2&end=1&step=1",
            "invalid parameter \"end\": end timestamp must not be before start time",
        ),
        (
            "query_range?query=up&start=1&end=2&step=x",
            "invalid parameter \"step\": cannot parse \"x\" to a valid duration",
        ),
        (
            "query_range?query=up&start=1&end=2&step=0",
            "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
        ),
        (
            "query_range?query=up&start=0&end=11001&step=1",
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ),
        ("query?query=up&limit=-1", "invalid parameter \"limit\": limit must be non-negative"),
        ("series", "no match[] parameter provided"),
        ("label/0a/values", "invalid label name: \"0a\""),
    ] {
        assert_eq!(text_of(&ask(target).await, 400, "bad_data"), text, "{target}");
    }
    let answer = ask("labels?match[]=%7B").await;
    assert!(
        text_of(&answer, 400, "bad_data")
            .starts_with("invalid parameter \"match[]\": 1:2: parse error:")
    );
    // Exactly as many points as are allowed.
    assert_eq!(ask("query_range?query=1&start=0&end=11000&step=1").await.0, 200);
}

#[tokio::test]
async fn what_the_samples_do_not_allow_is_an_execution_error() {
    let answer = ask("query?query=up%20%2B%20on%28%29%20up").await;
    let text = text_of(&answer, 422, "execution");
    assert!(text.contains("many-to-many"), "{text}");
}

#[tokio::test]
async fn labels_values_and_series_are_listed_and_limited() {
    let selector = "match%5B%5D=http_requests_total%7Bjob%3D%22checkout%22%7D";
    let (_, labels) = ask(&format!("labels?{selector}")).await;
    insta::assert_snapshot!(labels, @r#"{"status":"success","data":["__name__","code","handler","instance","job","method","namespace","pod"]}"#);
    let (_, codes) = ask(&format!("label/code/values?{selector}&limit=2")).await;
    insta::assert_snapshot!(codes, @r#"{"status":"success","data":["200","400"],"warnings":["results truncated due to limit"]}"#);
    let (_, names) = ask("label/__name__/values").await;
    assert!(names["data"].as_array().unwrap().len() > 700);
    let (_, series) = ask(&format!("series?{selector}&match%5B%5D=up&limit=1")).await;
    insta::assert_snapshot!(series, @r#"{"status":"success","data":[{"__name__":"http_requests_total","code":"200","handler":"/api/checkout","instance":"10.0.2.41:8080","job":"checkout","method":"POST","namespace":"shop","pod":"checkout-7d9f6c5b8d-x2x7k"}],"warnings":["results truncated due to limit"]}"#);
    // Nothing was there a year ago.
    let (_, none) = ask(&format!("series?{selector}&start=1763464000&end=1763467600")).await;
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn metadata_is_told_for_one_metric_or_some() {
    let (_, one) = ask("metadata?metric=http_request_duration_seconds").await;
    insta::assert_snapshot!(one, @r#"{"status":"success","data":{"http_request_duration_seconds":[{"type":"histogram","help":"Time until a request was answered.","unit":""}]}}"#);
    let (_, some) = ask("metadata?limit=3").await;
    assert_eq!(some["data"].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn only_active_workspaces_can_be_queried() {
    for id in ["ws-creating", "ws-nobody"] {
        let target = format!("/workspaces/{id}/api/v1/query?query=up");
        let (status, headers, _) = send("GET", &target, "").await;
        assert_eq!(
            (status, &headers["x-amzn-errortype"]),
            (StatusCode::NOT_FOUND, &"ResourceNotFoundException".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn an_unsigned_request_learns_nothing() {
    for target in ["/workspaces", "/workspaces/ws-active/api/v1/query?query=up", "/other"] {
        let request = Request::get(target).header(header::HOST, "127.0.0.1").body(Body::empty());
        let answer = router(Arc::new(amp())).oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 403, "{target}");
        assert_eq!(answer.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException");
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body, r#"{"message":"Missing Authentication Token"}"#);
    }
}

#[tokio::test]
async fn a_body_that_was_changed_on_the_way_is_refused() {
    let amp = amp();
    let target = "/workspaces/ws-active/api/v1/query";
    let request = signed(&Signer::of("aps"), "POST", target, b"query=up");
    let request = Request::from_parts(request, Body::from("query=down"));
    let answer = router(Arc::new(amp)).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers()["x-amzn-errortype"], "InvalidSignatureException");
}

#[tokio::test]
async fn what_is_not_there_is_an_unknown_operation() {
    for (method, target) in [
        ("GET", "/"),
        ("DELETE", "/workspaces/ws-active"),
        ("GET", "/workspaces/ws-active/api/v1/rules"),
    ] {
        let (status, headers, _) = send(method, target, "").await;
        assert_eq!(
            (status, &headers["x-amzn-errortype"]),
            (StatusCode::NOT_FOUND, &"UnknownOperationException".parse().unwrap()),
            "{target}"
        );
    }
}

mod by_the_sdk {
    use aws_sdk_amp::Client;
    use aws_sdk_amp::config::retry::RetryConfig;
    use aws_sdk_amp::config::timeout::TimeoutConfig;
    use aws_sdk_amp::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
    use aws_sdk_amp::error::ProvideErrorMetadata as _;
    use service_kit::clock::SystemClock;

    use super::*;
    use crate::in_process;

    fn client(secret_access_key: &str) -> Client {
        // The SDK takes the time from the system.
        let amp = Amp { clock: Arc::new(SystemClock), ..amp() };
        let known = Credentials::default();
        let secret = if secret_access_key.is_empty() {
            known.secret_access_key
        } else {
            secret_access_key.to_owned()
        };
        let credentials = aws_credential_types::Credentials::new(
            known.access_key_id,
            secret,
            known.session_token,
            None,
            "test",
        );
        let config = aws_sdk_amp::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url("http://127.0.0.1:4566")
            .credentials_provider(credentials)
            .http_client(in_process::http_client(router(Arc::new(amp))))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Client::from_conf(config.build())
    }

    #[tokio::test]
    async fn workspaces_are_listed_page_by_page() {
        let client = client("");
        let first = client.list_workspaces().max_results(2).send().await.unwrap();
        let ids: Vec<_> = first.workspaces.iter().map(|w| w.workspace_id.as_str()).collect();
        assert_eq!(ids, [ACTIVE, "ws-creating"]);
        assert_eq!(first.workspaces[1].status.as_ref().unwrap().status_code.as_str(), "CREATING");
        assert_eq!(first.workspaces[0].created_at.secs(), 1_767_225_600);
        let next = client.list_workspaces().max_results(2).set_next_token(first.next_token);
        let second = next.send().await.unwrap();
        assert_eq!((second.workspaces.len(), second.next_token), (1, None));
        assert_eq!(second.workspaces[0].alias, None);
    }

    #[tokio::test]
    async fn an_alias_is_looked_for_by_its_beginning() {
        let client = client("");
        for (alias, found) in [("sample", 2), ("samples of", 1), ("none", 0)] {
            let page = client.list_workspaces().alias(alias).send().await.unwrap();
            assert_eq!(page.workspaces.len(), found, "{alias}");
        }
    }

    #[tokio::test]
    async fn a_workspace_tells_its_endpoint_when_it_is_active() {
        let client = client("");
        for (id, endpoint) in
            [(ACTIVE, Some("http://127.0.0.1:4566/workspaces/ws-active/")), ("ws-creating", None)]
        {
            let answer = client.describe_workspace().workspace_id(id).send().await.unwrap();
            let workspace = answer.workspace.unwrap();
            assert_eq!(workspace.prometheus_endpoint.as_deref(), endpoint);
            assert_eq!(workspace.arn, format!("arn:aws:aps:eu-west-1:000000000000:workspace/{id}"));
        }
    }

    #[tokio::test]
    async fn errors_arrive_as_their_types() {
        let client = client("");
        let missing = client.describe_workspace().workspace_id("ws-nobody").send().await;
        let missing = missing.unwrap_err().into_service_error();
        assert!(missing.is_resource_not_found_exception(), "{missing:?}");
        for request in
            [client.list_workspaces().max_results(0), client.list_workspaces().next_token("x")]
        {
            let refused = request.send().await.unwrap_err().into_service_error();
            assert!(refused.is_validation_exception(), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_wrong_secret_is_refused() {
        let answer = client("wrong").list_workspaces().send().await;
        let refused = answer.unwrap_err().into_service_error();
        assert_eq!(refused.code(), Some("InvalidSignatureException"));
    }
}
