//! The health Lambda function: says that this deployment answers, and which version it is.
//!
//! It touches no dependency, so it is quick, costs nothing, and cannot be used to make the backends
//! work. Whether they answer is for the tools to say.

mod config;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use jiff::Timestamp;
use serde::Serialize;
use service_kit::clock::Clock;
use tower::Service;

pub use config::{Config, Lambda, VARS};

#[derive(Serialize)]
struct Health<'a> {
    status: &'a str,
    service: &'a str,
    version: &'a str,
    time: String,
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a str,
}

/// The whole function, as Lambda, the local server and the tests run it: `GET /health`.
pub fn service<B: Send + 'static>(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let name: Arc<str> = config.name.as_str().into();
    tower::service_fn(move |request: Request<B>| {
        std::future::ready(Ok(answer(&name, &*clock, &request)))
    })
}

fn answer<B>(name: &str, clock: &dyn Clock, request: &Request<B>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/health" {
        return reply(StatusCode::NOT_FOUND, &Refusal { error: "not found" });
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let error = "only GET and HEAD are allowed here";
        let mut response = reply(StatusCode::METHOD_NOT_ALLOWED, &Refusal { error });
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let mut response = if asks_deep(request.uri().query().unwrap_or_default()) {
        let error =
            "deep checks are not made here: call a tool to learn whether its backend answers";
        reply(StatusCode::BAD_REQUEST, &Refusal { error })
    } else {
        let health = Health {
            status: "ok",
            service: name,
            version: env!("CARGO_PKG_VERSION"),
            time: time(clock),
        };
        reply(StatusCode::OK, &health)
    };
    if request.method() == Method::HEAD {
        *response.body_mut() = Full::default();
    }
    response
}

fn asks_deep(query: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some("deep"))
}

/// The present second in RFC 3339, UTC; empty for a clock outside of the calendar.
fn time(clock: &dyn Clock) -> String {
    let now = Timestamp::from_second(clock.unix_ms().div_euclid(1000));
    now.map(|now| now.to_string()).unwrap_or_default()
}

fn reply(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    // Neither of the two can fail to be written.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use service_kit::clock::ManualClock;
    use tower::ServiceExt as _;

    async fn call(method: &str, uri: &str) -> (StatusCode, http::HeaderMap, String) {
        let config = Config { name: "lambda-mcp".to_owned() };
        let clock = Arc::new(ManualClock::new(1_795_191_000_999));
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        let (parts, body) = service(&config, clock).oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn health_says_what_runs_here_and_what_time_it_is() {
        let (status, headers, body) = call("GET", "/health").await;
        assert_eq!(status, 200);
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        let body = body.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!(body, @r#"{"status":"ok","service":"lambda-mcp","version":"VERSION","time":"2026-11-20T16:10:00Z"}"#);
    }

    #[tokio::test]
    async fn a_deep_check_is_refused_in_so_many_words() {
        for uri in ["/health?deep=1", "/health?deep", "/health?a=b&deep=true"] {
            let (status, _, body) = call("GET", uri).await;
            assert_eq!(status, 400, "{uri}");
            assert!(body.contains("deep checks are not made here"), "{body}");
        }
        assert_eq!(call("GET", "/health?deeper=1").await.0, 200);
    }

    #[tokio::test]
    async fn head_is_answered_like_get_without_the_body() {
        let (status, headers, body) = call("HEAD", "/health").await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
        assert_eq!(headers, call("GET", "/health").await.1);
    }

    #[tokio::test]
    async fn other_methods_and_paths_are_refused() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let (status, headers, _) = call(method, "/health").await;
            assert_eq!(status, 405, "{method}");
            assert_eq!(headers[header::ALLOW], "GET, HEAD");
        }
        for uri in ["/", "/healthz", "/health/", "/mcp"] {
            assert_eq!(call("GET", uri).await.0, 404, "{uri}");
        }
    }
}
