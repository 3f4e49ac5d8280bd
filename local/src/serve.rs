//! The port, the routes, and an end that is gentle.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long answers that are being written may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// Takes a port of this machine; no other machine can reach it.
pub(crate) async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    bound.map_err(|err| match err.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {port} of 127.0.0.1 is taken, perhaps by another copy of this server: stop \
             that one, or choose another port with --port"
        ),
        _ => anyhow::Error::new(err).context(format!("port {port} of 127.0.0.1 cannot be used")),
    })
}

/// Each function at its place.
pub(crate) fn router<M, H>(mcp: M, health: H) -> Router
where
    M: tower_service::Service<Request, Error = Infallible, Response: IntoResponse, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    H: tower_service::Service<Request, Error = Infallible, Response: IntoResponse, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    Router::new().route_service("/mcp", mcp).route_service("/health", health)
}

/// Serves until `stop`, then lets answers that are being written end.
pub(crate) async fn run(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async {
        // An error means that the sender is gone, which is the sign.
        let _ = stopped.await;
    });
    let mut serving = pin!(serving.into_future());
    tokio::select! {
        ended = &mut serving => return ended,
        () = stop => drop(stopping),
    }
    // A client may hold a stream open for hours: it is cut.
    tokio::time::timeout(GRACE, serving).await.unwrap_or(Ok(()))
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
    use axum::body::Body;
    use axum::response::Response;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    /// Answers with its own name, and with more only when asked for a stream: that never ends.
    fn named(
        name: &'static str,
    ) -> impl tower_service::Service<Request, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static {
        tower::service_fn(move |_: Request| async move {
            let first = Ok::<_, Infallible>(name);
            let forever = futures_util::stream::pending();
            let body = futures_util::stream::StreamExt::chain(
                futures_util::stream::once(std::future::ready(first)),
                forever,
            );
            Ok(Response::new(Body::from_stream(body)))
        })
    }

    async fn ask(port: u16, path: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n") || answer.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        (stream, String::from_utf8(answer).unwrap())
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_a_clear_error() {
        let first = bind(0).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let message = bind(port).await.unwrap_err().to_string();
        assert!(message.starts_with(&format!("port {port} of 127.0.0.1 is taken")), "{message}");
        assert!(message.contains("--port"), "{message}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_stream_does_not_keep_the_server() {
        let listener = bind(0).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = router(named("of mcp"), named("of health"));
        let serving = tokio::spawn(run(listener, router, async {
            let _ = stopped.await;
        }));
        let (_open, answer) = ask(port, "/mcp").await;
        assert!(answer.contains("of mcp"), "{answer}");
        let (_open, answer) = ask(port, "/health").await;
        assert!(answer.contains("of health"), "{answer}");
        drop(stop);
        serving.await.unwrap().unwrap();
    }
}
