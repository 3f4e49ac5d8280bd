//! `mcp-local token`: an access token for the server that is running; `mcp-local rotate`: its issuer's
//! next key.

use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::uri::Authority;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::args::Wanted;
use crate::client_config::{Authorization, ClientConfig};

/// More than any token endpoint answers, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// Asks for a token with the client configuration at `path`.
///
/// # Errors
/// When there is no server, or it gives none.
pub(crate) async fn request(path: &Path, wanted: &Wanted) -> anyhow::Result<String> {
    let config = client_config(path)?;
    let Wanted { scope, expired, id_token, client } = wanted;
    let scope = scope.clone().unwrap_or_else(|| config.scopes.join(" "));
    let mut form = vec![("scope", scope.as_str())];
    form.extend(expired.then_some(("expired", "true")));
    form.extend(id_token.then_some(("token_use", "id")));
    form.extend(client.as_deref().map(|client| ("for_client", client)));
    // Where clients ask they get good ones only.
    let wrong = *expired || *id_token || client.is_some();
    form.push(("grant_type", "client_credentials"));
    let (status, body) = ask(&config, wrong.then_some("/local/token"), form).await?;
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

/// Has the issuer that is in the client configuration at `path` make a key, and sign with it.
///
/// # Errors
/// When there is no server, or it makes none.
pub(crate) async fn rotate(path: &Path) -> anyhow::Result<()> {
    let (status, _) = ask(&client_config(path)?, Some("/local/rotate"), Vec::new()).await?;
    if !status.is_success() {
        bail!("no new key: {status}");
    }
    Ok(())
}

fn client_config(path: &Path) -> anyhow::Result<Authorization> {
    let config = ClientConfig::read(path).context("start the server first: cargo run")?;
    Ok(config.authorization_configuration)
}

/// Sends a form, with the client's credentials, to the token endpoint or to another path there.
async fn ask(
    client: &Authorization,
    path: Option<&str>,
    mut form: Vec<(&str, &str)>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let Authorization { client_id, client_secret, exchange_url, .. } = client;
    let url: Uri = exchange_url.parse().context("the exchange_url is no URL")?;
    let (Some("http"), Some(server)) = (url.scheme_str(), url.authority()) else {
        bail!("{exchange_url} is not on this machine: ask there for a token as its operator says");
    };
    form.extend([("client_id", client_id.as_str()), ("client_secret", client_secret)]);
    let encoded = |(name, value): &(&str, &str)| {
        format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
    };
    let form = form.iter().map(encoded).collect::<Vec<_>>().join("&");
    let request = Request::post(path.unwrap_or(url.path()))
        .header(header::HOST, server.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form)))?;
    send(server, request)
        .await
        .with_context(|| format!("{server} does not answer: does the server still run?"))
}

async fn send(
    server: &Authority,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(StatusCode, Bytes)> {
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
