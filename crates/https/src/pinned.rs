//! One request to an address that somebody has chosen, over a connection of its own.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::{Error, read};

/// The longest head of an answer, in bytes, and the most headers in it.
const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;

/// Sends `request` to `address`, which need not be one that its host's name stands for, and reads
/// the answer. The certificate must be one of that name.
pub(crate) async fn exchange(
    tls: ClientConfig,
    connect_timeout: Duration,
    address: SocketAddr,
    request: Request<Bytes>,
    max_body: usize,
) -> Result<Response<Bytes>, Error> {
    let (name, request) = prepare(request)?;
    let stream = connect(tls, connect_timeout, address, name).await?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let exchange = async move {
        let (parts, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        Ok(Response::from_parts(parts, read(body, max_body).await?))
    };
    // Both are polled here and by nobody else: who drops this future closes the connection.
    match select(pin!(exchange), pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        // What it has read is still to be taken.
        Either::Right((_, exchange)) => exchange.await,
    }
}

async fn connect(
    tls: ClientConfig,
    timeout: Duration,
    address: SocketAddr,
    name: ServerName<'static>,
) -> Result<TlsStream<TcpStream>, Error> {
    let no_connection = |err| Error::unreachable("no connection", err);
    let tcp = tokio::time::timeout(timeout, TcpStream::connect(address)).await;
    let tcp = tcp.map_err(|err| no_connection(err.into()))?.map_err(no_connection)?;
    tcp.set_nodelay(true).map_err(no_connection)?;
    TlsConnector::from(Arc::new(tls)).connect(name, tcp).await.map_err(no_connection)
}

/// The name of the host, and the request as it goes over a connection to it: with the path alone,
/// and the host in its header.
fn prepare(request: Request<Bytes>) -> Result<(ServerName<'static>, Request<Full<Bytes>>), Error> {
    let unfit = |why: &'static str| Error::unreachable("not a request that can be sent so", why);
    let uri = request.uri();
    if uri.scheme() != Some(&Scheme::HTTPS) {
        return Err(unfit("it is not for https"));
    }
    let host = uri.host().ok_or_else(|| unfit("it has no host"))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| unfit("its host has no name"))?;
    let authority = match uri.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let authority = HeaderValue::try_from(authority).map_err(|_| unfit("its host has no name"))?;
    let path: Uri = uri.path_and_query().cloned().map_or_else(Uri::default, Uri::from);
    let (mut parts, body) = request.into_parts();
    parts.uri = path;
    parts.headers.insert(header::HOST, authority);
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok((name, Request::from_parts(parts, Full::new(body))))
}

fn broken(err: hyper::Error) -> Error {
    Error::unreachable("the connection broke", err)
}
