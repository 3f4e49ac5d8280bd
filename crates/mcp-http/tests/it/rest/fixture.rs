//! A façade, and requests to it.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use mcp_core::{
    BackendFault, CallToolResult, Content, Implementation, NoInput, ServerBuilder, ToolError,
    ToolSpec, tool_fn,
};
use mcp_http::Settings;
use mcp_http::rest::{RestService, RestSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::fixture::server;

/// The façade of the server that all tests of this crate have.
pub(super) fn service() -> RestService {
    with(Settings::default())
}

pub(super) fn with(http: Settings) -> RestService {
    RestService::new(server().0, RestSettings { http, ..RestSettings::default() })
}

/// How a city is told.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Detail {
    Short,
    Long,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    /// Its name
    city: String,
    #[serde(default)]
    #[schemars(range(max = 14))]
    days: Option<u8>,
    detail: Option<Detail>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Forecast {
    degrees: Vec<f64>,
    detail: Option<Detail>,
}

/// A server with a tool that has all there is to describe, and one for each way to fail.
pub(super) fn weather() -> ServerBuilder {
    let failing = |name: &'static str, error: fn() -> ToolError| {
        tool_fn(ToolSpec::new(name, "Fails."), move |_, NoInput {}| async move {
            Err::<Content, _>(error())
        })
    };
    let spec = ToolSpec::new("forecast", "Tells the weather.")
        .with_title("Weather")
        .with_read_only()
        .with_scopes(["weather/read", "weather/ask"])
        .with_example(r#"{"city":"Bern","days":2}"#);
    mcp_core::Server::builder(Implementation::new("weather", "1.0.0"))
        .instructions("Ask about the weather.")
        .scopes(["mcp/invoke"])
        .tool(tool_fn(spec, |_, place: Place| async move {
            let days = usize::from(place.days.unwrap_or(1));
            let degrees = vec![f64::from(u8::try_from(place.city.len()).unwrap_or(0)); days];
            Ok(mcp_core::Json(Forecast { degrees, detail: place.detail }))
        }))
        .tool(failing("rejects", || {
            ToolError::failed("no such city\nhint: ask for one that there is\nretryable: no")
        }))
        .tool(tool_fn(ToolSpec::new("says_so", "Fails."), |_, NoInput {}| async move {
            Ok(CallToolResult::error("no such day".to_owned()))
        }))
        .tool(failing("broken", || ToolError::Backend {
            fault: BackendFault::Failed,
            text: "the station is broken".to_owned(),
        }))
        .tool(failing("busy", || ToolError::Backend {
            fault: BackendFault::Busy { retry_after: Some(Duration::from_secs(7)) },
            text: "the station has too much to do\nhint: come back".to_owned(),
        }))
        .tool(failing("slow", || ToolError::Backend {
            fault: BackendFault::TimedOut,
            text: "the station did not answer".to_owned(),
        }))
        .tool(tool_fn(ToolSpec::new("map", "Draws it."), |_, NoInput {}| async move {
            Ok(vec![Content::text("a map"), Content::image("AA==", "image/png")])
        }))
}

/// The façade of [`weather`].
pub(super) fn forecasts() -> RestService {
    RestService::new(weather().build().unwrap(), RestSettings::default())
}

/// A request to be sent.
pub(super) struct Ask {
    request: Request<Full<Bytes>>,
}

impl Ask {
    /// Method and path.
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.request.method(), self.request.uri())
    }

    pub(super) fn get(path: &str) -> Self {
        Self::new(Method::GET, path, "")
    }

    /// A call of `tool` with the content type that it must have.
    pub(super) fn call(tool: &str, arguments: Value) -> Self {
        Self::post(&format!("/tools/{tool}"), arguments.to_string())
    }

    pub(super) fn post(path: &str, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, path, body).header("content-type", "application/json")
    }

    pub(super) fn new(method: Method, path: &str, body: impl Into<Bytes>) -> Self {
        let mut request = Request::new(Full::new(body.into()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        Self { request }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(super) fn raw_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.request.headers_mut().append(name, value);
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    pub(super) fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.request.extensions_mut().insert(value);
        self
    }

    pub(super) async fn send(self, service: &RestService) -> Said {
        let (head, body) = service.clone().oneshot(self.request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let http::response::Parts { status, headers, extensions, .. } = head;
        Said { status, headers, extensions, body }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) extensions: Extensions,
    pub(super) body: Bytes,
}

impl Said {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and code of an error, which has the form that all have.
    #[track_caller]
    pub(super) fn fault(&self) -> (u16, String) {
        let body = self.json();
        for member in ["code", "message", "hint"] {
            let text = body["error"][member].as_str();
            assert!(text.is_some_and(|text| !text.is_empty()), "{member}: {body}");
        }
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(body, json!({"error": body["error"]}), "nothing else");
        (self.status.as_u16(), body["error"]["code"].as_str().unwrap().to_owned())
    }

    /// Status, headers and body.
    pub(super) fn wire(&self) -> String {
        let mut wire = format!("{}\n", self.status.as_u16());
        let mut headers: Vec<_> = self.headers.iter().collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            writeln!(wire, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        wire.push('\n');
        wire.push_str(str::from_utf8(&self.body).unwrap());
        wire
    }
}
