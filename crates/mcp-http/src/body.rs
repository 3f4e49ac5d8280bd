//! Bodies: a request's is read up to a limit, a reply's is empty, whole, or a stream of events.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use crate::call::{Call, Step};
use crate::log::RequestLog;
use crate::respond::Refusal;
use crate::sse;

/// Reads a request's body.
pub(crate) async fn read<B>(body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: http_body::Body<Error: fmt::Display>,
{
    let too_large = Refusal::TooLarge { limit };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large);
    }
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    let mut parts = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|err| {
            tracing::info!(%err, "the request's body broke off");
            Refusal::Unreadable
        })?;
        let Ok(mut data) = frame.into_data() else { continue };
        if whole.len() + parts.len() + data.remaining() > limit {
            return Err(too_large);
        }
        // A body in one piece, the usual case, is not copied.
        if whole.is_empty() && parts.is_empty() {
            whole = data.copy_to_bytes(data.remaining());
        } else {
            if parts.is_empty() {
                parts.extend_from_slice(&std::mem::take(&mut whole));
            }
            parts.put(data);
        }
    }
    Ok(if parts.is_empty() { whole } else { parts.freeze() })
}

/// The body of a reply. Dropping it before its end tells the service that the client has gone.
#[derive(Debug)]
pub struct Body(Kind);

enum Kind {
    Whole(Bytes),
    Events(Box<EventStream>),
}

struct EventStream {
    first: Bytes,
    call: Option<Call>,
    log: RequestLog,
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(bytes.into()))
    }

    /// `first`, then what `call` still has to say.
    pub(crate) fn events(first: Bytes, call: Call, log: RequestLog) -> Self {
        Self(Kind::Events(Box::new(EventStream { first, call: Some(call), log })))
    }
}

impl EventStream {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(std::mem::take(&mut self.first)));
        }
        let Some(call) = &mut self.call else { return Poll::Ready(None) };
        let Poll::Ready(step) = call.poll_step(cx) else { return Poll::Pending };
        let mut chunk = Vec::new();
        match step {
            Step::Event(event) => sse::event(&mut chunk, &event),
            Step::Quiet => chunk.extend_from_slice(sse::KEEP_ALIVE),
            Step::Done(outcome) => {
                self.call = None;
                self.log.finish(outcome.error.map(|error| error.code));
                sse::event(&mut chunk, &outcome.frame);
            }
        }
        Poll::Ready(Some(chunk.into()))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match &mut self.0 {
            Kind::Whole(bytes) if bytes.is_empty() => None,
            Kind::Whole(bytes) => Some(std::mem::take(bytes)),
            Kind::Events(stream) => match stream.poll_next(cx) {
                Poll::Ready(chunk) => chunk,
                Poll::Pending => return Poll::Pending,
            },
        };
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Events(stream) => stream.first.is_empty() && stream.call.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Events(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Events(_) => f.write_str("Events"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{Full, StreamBody};

    /// A body of unknown length that comes in `pieces`.
    fn pieces(
        pieces: &[&'static str],
    ) -> impl http_body::Body<Data = Bytes, Error = Infallible> + use<> {
        let frames: Vec<_> =
            pieces.iter().map(|p| Ok(Frame::data(Bytes::from_static(p.as_bytes())))).collect();
        StreamBody::new(futures_util::stream::iter(frames))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit_and_no_further() {
        for (parts, read_to) in [
            (&[][..], Some("")),
            (&["12345"], Some("12345")),
            (&["123456"], None),
            (&["12", "34", "5"], Some("12345")),
            (&["", "12", "", "345"], Some("12345")),
            (&["12", "34", "56"], None),
        ] {
            let read = read(pieces(parts), 5).await.ok();
            assert_eq!(read.as_deref(), read_to.map(str::as_bytes), "{parts:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_announces_too_much_is_refused_unread() {
        let refused = read(Full::new(Bytes::from_static(b"123456")), 5).await;
        assert!(matches!(refused, Err(Refusal::TooLarge { limit: 5 })));
    }

    #[tokio::test]
    async fn a_body_in_one_piece_is_not_copied() {
        let sent = Bytes::from_static(b"12345");
        let got = read(Full::new(sent.clone()), 5).await.ok().unwrap();
        assert_eq!(got.as_ptr(), sent.as_ptr());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let frames = [Err::<Frame<Bytes>, _>("connection reset")];
        let body = StreamBody::new(futures_util::stream::iter(frames));
        assert!(matches!(read(body, 5).await, Err(Refusal::Unreadable)));
    }
}
