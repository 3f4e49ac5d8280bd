use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use crate::BoxError;
use crate::response::render_diagnostic;

/// The trailers that report a failure after the stream has begun.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>.
pub(crate) const ERROR_TRAILERS: [HeaderName; 2] = [
    HeaderName::from_static("lambda-runtime-function-error-type"),
    HeaderName::from_static("lambda-runtime-function-error-body"),
];

/// What is sent to the Runtime API: a text that is there, or a stream of chunks.
pub(crate) enum Payload {
    Whole(Full<Bytes>),
    Stream(Pin<Box<dyn Body<Data = Bytes, Error = std::convert::Infallible> + Send>>),
}

impl Payload {
    pub(crate) fn empty() -> Self {
        Self::Whole(Full::default())
    }

    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }

    /// `prelude`, then `body` as it is produced.
    pub(crate) fn stream<B>(prelude: Vec<u8>, body: B) -> Self
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let prelude = Some(Bytes::from(prelude));
        Self::Stream(Box::pin(Stream { prelude, body: Some(Box::pin(body)) }))
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(cx),
            Self::Stream(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

/// A streamed answer. The service's own body may fail or panic half way: the client has seen the
/// status by then, so what can still be done is to end with Lambda's error trailers.
struct Stream<B> {
    prelude: Option<Bytes>,
    body: Option<Pin<Box<B>>>,
}

impl<B> Body for Stream<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(prelude) = self.prelude.take() {
            return Poll::Ready(Some(Ok(Frame::data(prelude))));
        }
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_frame(cx)));
        let failure = match polled
            .map(|poll| poll.map(|frame| frame.map(|frame| frame.map(Frame::into_data))))
        {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Some(Ok(Ok(data))))) => return Poll::Ready(Some(Ok(Frame::data(data)))),
            // API Gateway has no trailers to give to the client.
            Ok(Poll::Ready(Some(Ok(Err(_))) | None)) => {
                self.body = None;
                return Poll::Ready(None);
            }
            Ok(Poll::Ready(Some(Err(err)))) => {
                let err: BoxError = err.into();
                tracing::error!(error = &*err, "the answer broke off");
                err.to_string()
            }
            Err(_panic) => {
                tracing::error!("the answer broke off in a panic");
                "panicked".to_owned()
            }
        };
        self.body = None;
        Poll::Ready(Some(Ok(Frame::trailers(error_trailers(&failure)))))
    }
}

fn error_trailers(message: &str) -> HeaderMap {
    let body = BASE64_STANDARD.encode(render_diagnostic(STREAM_ERROR, message));
    let values = [
        HeaderValue::from_static(STREAM_ERROR),
        HeaderValue::from_str(&body).unwrap_or(HeaderValue::from_static("")),
    ];
    ERROR_TRAILERS.into_iter().zip(values).collect()
}

const STREAM_ERROR: &str = "Runtime.StreamError";
