//! `mcp-local token`: an access token for the server that is running.

use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::uri::Authority;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::client_config::{Authorization, ClientConfig};

/// More than any token endpoint answers, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// Asks for a token with the client configuration at `path`.
///
/// # Errors
/// When there is no server, or it gives none.
pub(crate) async fn request(path: &Path) -> anyhow::Result<String> {
    let config = ClientConfig::read(path).context("start the server first: cargo run")?;
    let Authorization { client_id, client_secret, exchange_url, scopes } =
        config.authorization_configuration;
    let url: Uri = exchange_url.parse().context("the exchange_url is no URL")?;
    let (Some("http"), Some(server)) = (url.scheme_str(), url.authority()) else {
        bail!("{exchange_url} is not on this machine: ask there for a token as its operator says");
    };
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &client_id),
        ("client_secret", &client_secret),
        ("scope", &scopes.join(" ")),
    ]
    .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
    .join("&");
    let request = Request::post(url.path())
        .header(header::HOST, server.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form)))?;
    let (status, body) = send(server, request)
        .await
        .with_context(|| format!("{server} does not answer: does the server still run?"))?;
    #[derive(Deserialize)]
    struct Answer {
        access_token: Option<String>,
        error: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(&body).context("the answer is not one of OAuth")?;
    match answer {
        Answer { access_token: Some(token), .. } => Ok(token),
        Answer { error, .. } => bail!("no token: {status} {}", error.unwrap_or_default()),
    }
}

async fn send(
    server: &Authority,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(http::StatusCode, Bytes)> {
    let port = server.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((server.host(), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async move {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
        Ok((parts.status, body))
    };
    let (_, answered) = tokio::join!(connection, exchange);
    answered
}
