use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;
use crate::stream::{ERROR_TRAILERS, Payload};

/// Where the Runtime API listens: `host:port`, as Lambda sets it in `AWS_LAMBDA_RUNTIME_API`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeApi(Authority);

impl FromStr for RuntimeApi {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        match text.parse::<Authority>() {
            Ok(authority) if authority.port_u16().is_some() && !text.contains('@') => {
                Ok(Self(authority))
            }
            _ => Err(InvalidAddress),
        }
    }
}

impl fmt::Display for RuntimeApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text is no address of a Runtime API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be host:port, as AWS Lambda sets it")]
pub struct InvalidAddress;

/// One kept connection to the Runtime API. One is enough: an environment serves one invocation at
/// a time.
pub(crate) struct Connection {
    address: RuntimeApi,
    host: HeaderValue,
    sender: Option<SendRequest<Payload>>,
}

impl Connection {
    pub(crate) fn new(address: &RuntimeApi) -> Self {
        Self {
            address: address.clone(),
            host: HeaderValue::from_str(address.0.as_str()).unwrap_or(HeaderValue::from_static("")),
            sender: None,
        }
    }

    /// Asks for the next invocation, and waits for it as long as it takes. A connection that broke
    /// in between is replaced once.
    pub(crate) async fn next(&mut self) -> Result<Response<Bytes>, Error> {
        const PATH: &str = "/2018-06-01/runtime/invocation/next";
        match self.send(Method::GET, Uri::from_static(PATH), Payload::empty()).await {
            Err(Error::Exchange(_)) => {
                self.send(Method::GET, Uri::from_static(PATH), Payload::empty()).await
            }
            done => done,
        }
    }

    /// Posts an answer or an error. It is not repeated: it may have arrived.
    pub(crate) async fn post(
        &mut self,
        path: String,
        payload: Payload,
    ) -> Result<Response<Bytes>, Error> {
        let uri =
            Uri::try_from(path).map_err(|_| Error::Invocation("lambda-runtime-aws-request-id"))?;
        self.send(Method::POST, uri, payload).await
    }

    async fn send(
        &mut self,
        method: Method,
        uri: Uri,
        payload: Payload,
    ) -> Result<Response<Bytes>, Error> {
        // Taken out, so that a connection that failed, or was left half way, is not used again.
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect().await?,
        };
        sender.ready().await.map_err(Error::Exchange)?;
        let streamed = matches!(payload, Payload::Stream(_));
        let mut request = Request::new(payload);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        if streamed {
            headers.insert(RESPONSE_MODE, HeaderValue::from_static("streaming"));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(INTEGRATION_RESPONSE));
            for trailer in ERROR_TRAILERS {
                headers.append(header::TRAILER, trailer.into());
            }
        }
        let (parts, body) =
            sender.send_request(request).await.map_err(Error::Exchange)?.into_parts();
        let body = body.collect().await.map_err(Error::Exchange)?.to_bytes();
        self.sender = Some(sender);
        Ok(Response::from_parts(parts, body))
    }

    async fn connect(&self) -> Result<SendRequest<Payload>, Error> {
        let stream = TcpStream::connect(self.address.0.as_str()).await.map_err(Error::Connect)?;
        stream.set_nodelay(true).map_err(Error::Connect)?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(Error::Exchange)?;
        tokio::spawn(async move {
            // The sender learns of it too, and reports it.
            if let Err(err) = connection.await {
                tracing::debug!(error = &err as &dyn std::error::Error, "the connection ended");
            }
        });
        Ok(sender)
    }
}

const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const INTEGRATION_RESPONSE: &str = "application/vnd.awslambda.http-integration-response";
