//! API Gateway proxy events, in and out of any tower `Service`, on the Lambda Runtime API.
//!
//! A function's `main` hands its service to [`run`]. Each invocation is an event of API Gateway (a
//! REST API's proxy event or an HTTP API's, payload formats 1.0 and 2.0); the service sees an
//! ordinary [`http::Request`], and its [`http::Response`] becomes what API Gateway expects:
//!
//! ```text
//! GET …/invocation/next → parse_event → Service → render_response → POST …/invocation/{id}/response
//! ```
//!
//! A function whose events are no requests, an authorizer, gets them raw from [`run_events`].
//!
//! Two extensions of the request carry what HTTP has no place for: [`Invocation`] (deadline, ids,
//! tenant) and [`RequestContext`] (what API Gateway knows of the caller, raw until asked for).
//!
//! Why this is not `lambda_http`: `docs/adr/0005-our-own-api-gateway-adapter.md`.

mod connection;
mod context;
mod error;
mod event;
mod headers;
mod json;
mod response;
mod runtime;
mod stream;

pub use connection::RuntimeApi;
pub use context::{Invocation, MARGIN, RequestContext};
pub use error::{Error, EventError};
pub use event::{PayloadFormat, parse_event};
pub use response::render_response;
pub use runtime::{BoxError, Mode, report_init_error, run, run_events};
