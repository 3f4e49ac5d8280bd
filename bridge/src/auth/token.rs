//! A token for a client that the authorization server knows (client credentials, RFC 6749, section
//! 4.4), kept until shortly before it ends.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::config::Client;
use crate::failure::Failure;

/// A token is got anew this long before it ends.
const MARGIN: Duration = Duration::from_secs(60);
/// What a token is good for whose end is not told.
const UNTOLD: Duration = Duration::from_secs(300);
/// Largest answer, in bytes.
const MAX_BODY: usize = 64 << 10;
/// What a form leaves as it is (RFC 6749, appendix B).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// A client, and its token.
pub(crate) struct Token {
    client: Client,
    https: https::Client,
    held: Mutex<Option<(HeaderValue, Instant)>>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
}

impl Token {
    /// Asks for nothing yet.
    pub(crate) fn new(client: Client, https: https::Client) -> Self {
        Self { client, https, held: Mutex::new(None) }
    }

    pub(super) async fn put(&self, mut request: Request<Bytes>) -> Result<Request<Bytes>, Failure> {
        let token = self.get().await?;
        request.headers_mut().insert(header::AUTHORIZATION, token);
        Ok(request)
    }

    /// Forgets the token, unless somebody is getting one now.
    pub(super) fn forget(&self) -> bool {
        if let Ok(mut held) = self.held.try_lock() {
            *held = None;
        }
        true
    }

    async fn get(&self) -> Result<HeaderValue, Failure> {
        // Held while it is asked for: others wait for the same token.
        let mut held = self.held.lock().await;
        if let Some((token, until)) = &*held
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let (token, lifetime) = self.ask().await?;
        *held = Some((token.clone(), Instant::now() + lifetime));
        Ok(token)
    }

    async fn ask(&self) -> Result<(HeaderValue, Duration), Failure> {
        let Client { id, secret, token_endpoint, scope } = &self.client;
        let form = |text: &str| utf8_percent_encode(text, FORM).to_string();
        let mut body = "grant_type=client_credentials".to_owned();
        if !scope.is_empty() {
            body.push_str(&format!("&scope={}", form(scope)));
        }
        let basic = BASE64_STANDARD.encode(format!("{}:{}", form(id), form(secret)));
        let request = Request::post(token_endpoint.as_str())
            .header(header::AUTHORIZATION, format!("Basic {basic}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Bytes::from(body));
        let request = request.map_err(|err| {
            Failure::new(
                format!("no token ({err})"),
                "the configuration's token endpoint is no URL",
            )
        })?;
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answer = self
            .https
            .send(request, MAX_BODY)
            .await
            .map_err(|err| Failure::of_network(&err, &host))?;
        if answer.status() != StatusCode::OK {
            let refusal: Refusal = serde_json::from_slice(answer.body()).unwrap_or_default();
            let status = answer.status().as_u16();
            let hint = match refusal.error.as_str() {
                "invalid_client" => {
                    "the client is not known, or has another secret: write the configuration anew (npm run config)"
                }
                "invalid_scope" => "the client may not ask for the configuration's scopes",
                _ => "the configuration's client gets no token there",
            };
            return Err(Failure::new(format!("no token: HTTP {status} {}", refusal.error), hint));
        }
        let unread = || {
            Failure::new(
                "no token: what came is none",
                "is the configuration's token endpoint one?",
            )
        };
        let Answer { access_token, expires_in } =
            serde_json::from_slice(answer.body()).map_err(|_| unread())?;
        let mut token: HeaderValue =
            format!("Bearer {access_token}").parse().map_err(|_| unread())?;
        token.set_sensitive(true);
        let lifetime = expires_in.map_or(UNTOLD, Duration::from_secs);
        Ok((token, lifetime.saturating_sub(MARGIN).max(Duration::from_secs(1))))
    }
}
