//! The port, the connections, and an end that is gentle.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How long answers that are being written may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How long a client may take over its headers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The most connections at a time; others wait.
pub(crate) const MAX_CONNECTIONS: usize = 512;

/// The body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Takes a port.
pub(crate) async fn bind(host: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind((host, port)).await;
    bound.map_err(|err| match err.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {port} of {host} is taken, perhaps by another copy of this server: stop \
             that one, or choose another port with --port"
        ),
        _ => anyhow::Error::new(err).context(format!("port {port} of {host} cannot be used")),
    })
}

/// Serves until `stop`, at most so many connections at a time, then lets answers that are being
/// written end. `answer` is given each request and where it came from.
pub(crate) async fn run<F, A>(
    listener: TcpListener,
    connections_at_most: usize,
    answer: F,
    stop: impl Future<Output = ()>,
) where
    F: Fn(Request<Incoming>, SocketAddr) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(connections_at_most));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let (stream, source) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Of one connection, or of too many open files: neither is a reason to end.
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answered = answer(request, source);
            async move { Ok::<_, Infallible>(answered.await) }
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that goes away, or does not speak HTTP, is no concern of ours.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // A client may hold a stream open for hours: it is cut.
    let _ = tokio::time::timeout(GRACE, connections.shutdown()).await;
}

/// Ends at Ctrl-C, and where there are signals at SIGTERM.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).context("signals cannot be watched")?
    };
    Ok(async move {
        #[cfg(unix)]
        let terminated = terminate.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{BodyExt as _, Full, StreamBody};
    use std::net::Ipv4Addr;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// Answers with the path, and after `/endless` with a body that never ends.
    async fn echo(request: Request<Incoming>, _: SocketAddr) -> Response<Body> {
        let path = Bytes::from(request.uri().path().to_owned());
        let body = match &*path {
            b"/endless" => StreamBody::new(stream::pending()).boxed_unsync(),
            _ => Full::new(path).map_err(|never| match never {}).boxed_unsync(),
        };
        Response::new(body)
    }

    async fn started() -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        started_for(MAX_CONNECTIONS).await
    }

    async fn started_for(
        connections: usize,
    ) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = bind(LOCALHOST, 0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(run(listener, connections, echo, async {
            let _ = stopped.await;
        }));
        (address, stop, serving)
    }

    async fn read_to(stream: &mut TcpStream, end: &[u8]) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(end) {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_a_clear_error() {
        let first = bind(LOCALHOST, 0).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let message = bind(LOCALHOST, port).await.unwrap_err().to_string();
        assert!(message.starts_with(&format!("port {port} of 127.0.0.1 is taken")), "{message}");
        assert!(message.contains("--port"), "{message}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_stream_does_not_keep_the_server() {
        let (address, stop, serving) = started().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let head = read_to(&mut stream, b"\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        drop(stop);
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn x04_a_connection_too_many_waits_until_another_ends() {
        let (address, _stop, _serving) = started_for(2).await;
        let mut busy = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            read_to(&mut stream, b"\r\n\r\n").await;
            busy.push(stream);
        }
        let mut waits = TcpStream::connect(address).await.unwrap();
        waits.write_all(b"GET /at-last HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(300), waits.readable()).await;
        assert!(early.is_err(), "it is answered beside two others");
        busy.pop();
        assert!(read_to(&mut waits, b"/at-last").await.starts_with("HTTP/1.1 200 OK"));
    }

    /// hyper closes the connection and says nothing; in its body a client is told (408).
    #[tokio::test(start_paused = true)]
    async fn x04_a_client_that_does_not_end_its_headers_is_cut_off() {
        let (address, _stop, _serving) = started().await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
        let mut answer = Vec::new();
        let started = tokio::time::Instant::now();
        slow.read_to_end(&mut answer).await.unwrap();
        assert!(answer.is_empty() && started.elapsed() <= 2 * PATIENCE, "{answer:?}");
        let mut quick = TcpStream::connect(address).await.unwrap();
        quick.write_all(b"GET /quick HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(read_to(&mut quick, b"/quick").await.starts_with("HTTP/1.1 200 OK"));
    }
}
