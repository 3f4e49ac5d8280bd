//! The data plane: what is sent, tried again, and made of what comes back.

use std::time::{Duration, Instant};

use super::server::{Reply, Server};
use super::{NOTHING, UP, aws, default_target, plain, soon};
use crate::{
    Error, LabelName, LabelValues, MaxSamples, Prometheus, QueryAnswer, RangeQuery, Settings,
    Target,
};

async fn at(url: &str) -> (Prometheus, Target) {
    at_with(url, Settings::default()).await
}

async fn at_with(url: &str, settings: Settings) -> (Prometheus, Target) {
    let prometheus = plain(Settings { url: Some(url.parse().unwrap()), ..settings });
    let target = default_target(&prometheus).await.unwrap();
    (prometheus, target)
}

async fn ask(server: &Server) -> Result<QueryAnswer, Error> {
    let (prometheus, target) = at(&server.url).await;
    prometheus.query(&target, &UP, soon()).await
}

#[tokio::test]
async fn a_plain_server_is_asked_without_a_signature() {
    let server = Server::start(|_, _| Reply::ok(NOTHING)).await;
    let answer = ask(&server).await.unwrap();
    assert_eq!(answer.body(), NOTHING);
    assert_eq!(answer.stats.http_calls, 1);

    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "/api/v1/query");
    assert_eq!(request.body(), "query=up");
    let mut headers: Vec<&str> = request.headers().keys().map(|k| k.as_str()).collect();
    headers.sort_unstable();
    assert_eq!(headers, ["content-length", "content-type", "host"]);
}

#[tokio::test]
async fn the_base_path_is_kept_and_each_api_has_its_own_end() {
    let server = Server::start(|_, _| Reply::ok(NOTHING)).await;
    let (prometheus, target) = at(&format!("{}/base/", server.url)).await;
    let range = RangeQuery {
        query: "rate(x[5m])",
        start_ms: 1_000,
        end_ms: 2_500,
        step: Duration::from_millis(500),
    };
    prometheus.query_range(&target, &range, soon()).await.unwrap();
    let values = LabelValues {
        label: &LabelName::metric(),
        matchers: &[r#"{job="a b"}"#],
        start_ms: None,
        end_ms: None,
    };
    prometheus.label_values(&target, &values, soon()).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "POST /base/api/v1/query_range",
            "GET /base/api/v1/label/__name__/values?match%5B%5D=%7Bjob%3D%22a%20b%22%7D",
        ]
    );
    assert_eq!(server.requests()[0].body(), "query=rate%28x%5B5m%5D%29&start=1&end=2.5&step=0.5");
}

#[tokio::test]
async fn questions_share_one_connection() {
    let server = Server::start(|_, _| Reply::ok(NOTHING)).await;
    let (prometheus, target) = at(&server.url).await;
    for _ in 0..3 {
        let prometheus = prometheus.clone();
        prometheus.query(&target, &UP, soon()).await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn what_prometheus_refuses_is_asked_once_and_told_in_its_words() {
    for (status, error_type) in [
        (400, "bad_data"),
        (422, "execution"),
        (503, "timeout"),
        (503, "canceled"),
        (404, "not_found"),
    ] {
        let body = format!(
            r#"{{"status":"error","errorType":"{error_type}","error":"1:4: parse error: x"}}"#
        );
        let server = Server::start(move |_, _| Reply::of(status, body.clone())).await;
        let err = ask(&server).await.unwrap_err();
        assert_eq!(server.requests().len(), 1, "{error_type}");
        assert_eq!(err.to_string(), format!("{error_type}: 1:4: parse error: x"));
        let Error::Rejected { status: told, .. } = err else { panic!("{err:?}") };
        assert_eq!(told, status);
    }
}

#[tokio::test]
async fn failures_that_pass_are_tried_again() {
    for failure in [429, 500, 502, 503, 504] {
        let server = Server::start(move |_, before| match before {
            0 => Reply::with(failure, &[("retry-after", "0")], ""),
            1 => Reply::of(failure, r#"{"status":"error","errorType":"internal","error":"x"}"#),
            _ => Reply::ok(NOTHING),
        })
        .await;
        let answer = ask(&server).await.unwrap();
        assert_eq!(answer.stats.http_calls, 3, "{failure}");
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_again() {
    let server = Server::start(|_, before| match before {
        0 => Reply::Cut,
        _ => Reply::ok(NOTHING),
    })
    .await;
    assert_eq!(ask(&server).await.unwrap().stats.http_calls, 2);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn the_third_failure_is_the_last() {
    let server = Server::start(|_, _| Reply::of(503, "<html>\n  maintenance\u{7}</html>")).await;
    let err = ask(&server).await.unwrap_err();
    assert_eq!(server.requests().len(), 3);
    assert!(err.is_retryable());
    insta::assert_snapshot!(err, @"the metrics server is unavailable: 503 Service Unavailable <html> maintenance</html>");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let (prometheus, target) = at("http://127.0.0.1:1").await;
    let err = prometheus.query(&target, &UP, soon()).await.unwrap_err();
    assert_eq!(err.kind(), "unavailable");
    assert!(std::error::Error::source(&err).is_some());
}

#[tokio::test]
async fn a_server_that_hangs_ends_at_the_deadline_or_the_longest_wait() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let (prometheus, target) = at(&server.url).await;
    let deadline = Instant::now() + Duration::from_millis(50);
    let err = prometheus.query(&target, &UP, deadline).await.unwrap_err();
    assert_eq!(err.kind(), "timeout");

    let settings = Settings { request_timeout: Duration::from_millis(50), ..Settings::default() };
    let (prometheus, target) = at_with(&server.url, settings).await;
    let err = prometheus.query(&target, &UP, soon()).await.unwrap_err();
    assert_eq!(err.kind(), "timeout");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start(|_, _| {
        Reply::with(302, &[("location", "http://169.254.169.254/latest")], "")
    })
    .await;
    let err = ask(&server).await.unwrap_err();
    assert_eq!(server.requests().len(), 1);
    insta::assert_snapshot!(err, @"unexpected reply: 302 Found, a redirect to http://169.254.169.254/latest: not followed");
}

#[tokio::test]
async fn an_answer_above_the_limit_is_refused_with_and_without_a_length() {
    let whole = Server::start(|_, _| Reply::ok("x".repeat(101))).await;
    let chunks = Server::start(|_, _| Reply::Stream(vec!["x".repeat(60); 2])).await;
    for server in [whole, chunks] {
        let settings = Settings { max_body: 100, ..Settings::default() };
        let (prometheus, target) = at_with(&server.url, settings).await;
        let err = prometheus.query(&target, &UP, soon()).await.unwrap_err();
        assert!(matches!(err, Error::TooLarge { limit: 100 }), "{err:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_in_pieces_is_put_together() {
    let pieces: Vec<String> = NOTHING.split_inclusive(',').map(str::to_owned).collect();
    let server = Server::start(move |_, _| Reply::Stream(pieces.clone())).await;
    assert_eq!(ask(&server).await.unwrap().body(), NOTHING);
}

#[tokio::test]
async fn sample_limits_go_to_amp_and_nowhere_else() {
    let settings = || Settings {
        max_samples: MaxSamples { warning: Some(1_000), error: Some(2_000) },
        ..Settings::default()
    };
    let server = Server::start(|_, _| Reply::ok(NOTHING)).await;
    let (prometheus, target) = at_with(&server.url, settings()).await;
    prometheus.query(&target, &UP, soon()).await.unwrap();

    let signed =
        Settings { url: Some(server.url.parse().unwrap()), sigv4: Some(true), ..settings() };
    let (prometheus, _) = aws(signed, &server.url);
    let target = default_target(&prometheus).await.unwrap();
    prometheus.query(&target, &UP, soon()).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "POST /api/v1/query",
            "POST /api/v1/query?max_samples_processed_warning_threshold=1000\
             &max_samples_processed_error_threshold=2000",
        ]
    );
}

#[tokio::test]
async fn refusals_tell_what_to_do() {
    let denied = r#"{"message":"User: arn:aws:iam::1:role/x is not authorized"}"#;
    let cases: [(u16, &str, &str, bool); 11] = [
        (403, "AccessDeniedException", denied, true),
        (403, "AccessDeniedException:http://x/", denied, true),
        (403, "", r#"{"Message":"forbidden"}"#, true),
        (403, "", "forbidden", false),
        (401, "", "", false),
        (403, "ExpiredTokenException", r#"{"message":"expired"}"#, true),
        (403, "InvalidSignatureException", r#"{"message":"skewed"}"#, true),
        (400, "ValidationException", r#"{"message":"bad step"}"#, true),
        (400, "", "what?", false),
        (404, "", "<html>404 page not found</html>", false),
        (429, "ThrottlingException", r#"{"message":"slow down"}"#, true),
    ];
    let mut told = String::new();
    for (status, code, body, signed) in cases {
        let server = Server::start(move |_, _| {
            let headers = [("x-amzn-errortype", code), ("retry-after", "7200")];
            Reply::with(status, &headers[usize::from(code.is_empty())..], body)
        })
        .await;
        let settings = Settings {
            url: Some(server.url.parse().unwrap()),
            sigv4: Some(signed),
            ..Settings::default()
        };
        let (prometheus, _) = aws(settings, &server.url);
        let target = default_target(&prometheus).await.unwrap();
        let err = prometheus.query(&target, &UP, soon()).await.unwrap_err();
        assert_eq!(server.requests().len(), 1);
        told += &format!("{}: {err}\n", err.kind());
        if status == 429 {
            assert_eq!(err.retry_after(), Some(Duration::from_secs(7200)));
        }
    }
    insta::assert_snapshot!(told, @r"
    denied: access denied, aps:QueryMetrics is needed: User: arn:aws:iam::1:role/x is not authorized
    denied: access denied, aps:QueryMetrics is needed: User: arn:aws:iam::1:role/x is not authorized
    denied: access denied, aps:QueryMetrics is needed: forbidden
    unauthorized: the metrics server refuses access: 403 Forbidden forbidden
    unauthorized: the metrics server refuses access: 401 Unauthorized
    credentials: no usable AWS credentials: ExpiredTokenException: expired
    credentials: no usable AWS credentials: InvalidSignatureException: skewed
    rejected: ValidationException: bad step
    rejected: bad_request: 400 Bad Request what?
    unexpected_reply: unexpected reply: 404 Not Found <html>404 page not found</html>: no Prometheus API there
    throttled: throttled: slow down
    ");
}
