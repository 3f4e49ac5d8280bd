use std::error::Error as StdError;
use std::future::poll_fn;
use std::iter::successors;
use std::panic::AssertUnwindSafe;
use std::str::FromStr;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service;
use tracing::{Instrument as _, Span};

use crate::connection::{Connection, RuntimeApi};
use crate::context::Invocation;
use crate::event::{PayloadFormat, parse_event};
use crate::response::{render_diagnostic, render_prelude, render_response};
use crate::stream::Payload;
use crate::{Error, EventError};

/// Any error of a service or of its answer's body.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// How answers travel. It must be what the integration is set to: API Gateway answers 500 to a
/// buffered answer where it streams, and an empty body the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// In one piece, at most 6 MB: any integration but a streaming one.
    #[default]
    Buffered,
    /// As it is produced: REST APIs with `responseTransferMode: STREAM`, and
    /// `InvokeWithResponseStream`.
    Streaming,
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "buffered" => Ok(Self::Buffered),
            "streaming" => Ok(Self::Streaming),
            _ => Err(UnknownMode),
        }
    }
}

/// A text names no [`Mode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be buffered or streaming")]
pub struct UnknownMode;

/// The most a buffered answer may measure.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX_BUFFERED: usize = 6 * 1024 * 1024;

/// Serves invocations with `service`, one after the other, for as long as the environment lives.
///
/// A failure of one invocation stays in it: a service that fails or panics is answered for with a
/// plain 500, an event that is none is reported to Lambda as a failed invocation.
///
/// # Errors
/// When the Runtime API cannot be reached or says that this environment is broken. The process
/// should end with a failure then.
pub async fn run<S, B>(api: &RuntimeApi, mode: Mode, mut service: S) -> Result<(), Error>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let mut invocations = Invocations::new(api);
    loop {
        let (invocation, event, span) = invocations.next().await?;
        let id = invocation.request_id.clone();
        let outcome = serve(&mut service, mode, invocation, &event).instrument(span.clone()).await;
        let outcome = outcome.map_err(|err| diagnostic("Runtime.MalformedEvent", &whole(&err)));
        invocations.conclude(&id, outcome, span).await?;
    }
}

/// As [`run`], for a function whose events are not requests, such as an authorizer: `handler` gets
/// each event as it came, and answers with JSON.
///
/// An error is reported to Lambda in its own words alone, because API Gateway acts on them: a REQUEST
/// authorizer that fails with exactly `Unauthorized` is a 401. What caused it is for the handler to
/// log. A handler that panics is reported as `the handler panicked`.
///
/// # Errors
/// As [`run`].
pub async fn run_events<F, E>(
    api: &RuntimeApi,
    mut handler: impl FnMut(Invocation, Bytes) -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<Bytes, E>>,
    E: StdError,
{
    let mut invocations = Invocations::new(api);
    loop {
        let (invocation, event, span) = invocations.next().await?;
        let id = invocation.request_id.clone();
        let handled = AssertUnwindSafe(async { handler(invocation, event).await }).catch_unwind();
        let outcome = match handled.instrument(span.clone()).await {
            Ok(Ok(answer)) => Ok(Payload::whole(answer)),
            Ok(Err(err)) => Err(diagnostic("Function.Error", &err.to_string())),
            Err(_panic) => {
                span.in_scope(|| tracing::error!("the handler panicked"));
                Err(diagnostic("Runtime.Panic", "the handler panicked"))
            }
        };
        invocations.conclude(&id, outcome, span).await?;
    }
}

/// The invocations of this environment, one at a time.
struct Invocations(Connection);

impl Invocations {
    fn new(api: &RuntimeApi) -> Self {
        Self(Connection::new(api))
    }

    /// The next one: what Lambda says of it, its event, and the span for all that is done for it.
    async fn next(&mut self) -> Result<(Invocation, Bytes, Span), Error> {
        let (parts, event) = self.0.next().await?.into_parts();
        if !parts.status.is_success() {
            return Err(Error::Refused(parts.status));
        }
        let invocation = Invocation::from_headers(&parts.headers)?;
        let span = tracing::info_span!(
            "invocation",
            request_id = %invocation.request_id,
            trace_id = invocation.trace_id,
            tenant_id = invocation.tenant_id,
        );
        Ok((invocation, event, span))
    }

    /// Tells Lambda what came of one: an answer, or the diagnostic of a failure.
    async fn conclude(
        &mut self,
        id: &str,
        outcome: Result<Payload, Payload>,
        span: Span,
    ) -> Result<(), Error> {
        let (verb, payload) = match outcome {
            Ok(payload) => ("response", payload),
            Err(payload) => ("error", payload),
        };
        let path = format!("/2018-06-01/runtime/invocation/{id}/{verb}");
        let posted = self.0.post(path, payload).instrument(span.clone()).await;
        let _entered = span.entered();
        match posted {
            // "Container error. Non-recoverable state. Runtime should exit promptly."
            Ok(answer) if answer.status().is_server_error() => {
                return Err(Error::Refused(answer.status()));
            }
            Ok(answer) if !answer.status().is_success() => {
                tracing::error!(status = answer.status().as_u16(), "Lambda refused the answer");
            }
            Ok(_) => {}
            Err(err) => {
                tracing::error!(error = &err as &dyn StdError, "the answer was not delivered");
            }
        }
        Ok(())
    }
}

/// Tells Lambda why the function cannot start; it appears in the function's log and ends the
/// environment.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn report_init_error(
    api: &RuntimeApi,
    error: &(dyn StdError + Sync),
) -> Result<(), Error> {
    let path = "/2018-06-01/runtime/init/error".to_owned();
    let payload = diagnostic("Runtime.InitError", &whole(error));
    Connection::new(api).post(path, payload).await?;
    Ok(())
}

async fn serve<S, B>(
    service: &mut S,
    mode: Mode,
    invocation: Invocation,
    event: &Bytes,
) -> Result<Payload, EventError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let (mut request, format) = match parse_event(event) {
        Ok(parsed) => parsed,
        Err(err @ EventError::BadRequest(_)) => {
            // Of this form, either format takes the status and the text.
            return Ok(plain(StatusCode::BAD_REQUEST, err.to_string(), mode, PayloadFormat::V1));
        }
        Err(err) => {
            tracing::error!(error = &err as &dyn StdError, "an event was not understood");
            return Err(err);
        }
    };
    request.extensions_mut().insert(invocation);
    let answered = AssertUnwindSafe(answer(service, mode, format, request)).catch_unwind().await;
    let failure: BoxError = match answered {
        Ok(Ok(payload)) => return Ok(payload),
        Ok(Err(err)) => err,
        Err(_panic) => "the service panicked".into(),
    };
    tracing::error!(error = &*failure, "a request was not answered");
    Ok(plain(StatusCode::INTERNAL_SERVER_ERROR, "internal error".to_owned(), mode, format))
}

async fn answer<S, B>(
    service: &mut S,
    mode: Mode,
    format: PayloadFormat,
    request: Request<Full<Bytes>>,
) -> Result<Payload, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
    let (parts, body) = service.call(request).await.map_err(Into::into)?.into_parts();
    match mode {
        Mode::Streaming => Ok(Payload::stream(render_prelude(&parts, format), body)),
        Mode::Buffered => {
            let body = body.collect().await.map_err(Into::into)?.to_bytes();
            let whole = render_response(&parts, &body, format);
            match whole.len() {
                0..=MAX_BUFFERED => Ok(Payload::whole(whole)),
                bytes => {
                    Err(format!("an answer of {bytes} bytes is more than Lambda takes").into())
                }
            }
        }
    }
}

/// An answer of the adapter's own.
fn plain(status: StatusCode, text: String, mode: Mode, format: PayloadFormat) -> Payload {
    let mut response = Response::new(());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    let (parts, ()) = response.into_parts();
    match mode {
        Mode::Buffered => Payload::whole(render_response(&parts, text.as_bytes(), format)),
        Mode::Streaming => {
            Payload::stream(render_prelude(&parts, format), Full::new(Bytes::from(text)))
        }
    }
}

/// What Lambda is told of a failure.
fn diagnostic(error_type: &str, message: &str) -> Payload {
    Payload::whole(render_diagnostic(error_type, message))
}

/// An error and what caused it.
fn whole(error: &dyn StdError) -> String {
    let chain = successors(Some(error), |&error| error.source());
    let message: Vec<_> = chain.map(ToString::to_string).collect();
    message.join(": ")
}
