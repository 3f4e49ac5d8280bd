//! One service in one region.

use std::time::Instant;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use sigv4::{Kept, Signer};
use tracing::{Instrument as _, field};

use crate::retry::{Tried, retrying};
use crate::{Error, Stats};

/// Which service, and where it is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name it signs by: `athena`, `bedrock`.
    pub signs_as: &'static str,
    /// What its host begins with: `athena`, `bedrock-runtime`.
    pub host: &'static str,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// Where it is, when not at AWS: a URL without a path.
    pub endpoint: Option<String>,
    /// The biggest answer that is read, in bytes.
    pub max_body: usize,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its name in the log, such as `StartQueryExecution`.
    pub operation: &'static str,
    /// Where it goes; `/` for the services that are told the operation in a header.
    pub path: String,
    /// That header, `x-amz-target`, such as `AmazonAthena.StartQueryExecution`.
    pub target: Option<&'static str>,
    /// The body, as JSON.
    pub body: Bytes,
    /// How often it is tried when it is throttled; `None` for as often as there is time for.
    pub throttled: Option<u32>,
}

/// Asks one service. Does no I/O before it is asked.
#[derive(Debug)]
pub struct Service {
    settings: Settings,
    https: https::Client,
    signer: Signer,
}

impl Service {
    /// `credentials` are those that requests are signed with.
    #[must_use]
    pub fn new(settings: Settings, https: https::Client, credentials: Kept) -> Self {
        let signer = Signer::new(credentials, settings.signs_as);
        Self { settings, https, signer }
    }

    /// The region that is asked.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.settings.region
    }

    /// Sends a request, as often as it takes and the deadline allows, and reads the answer. What
    /// that cost is added to `stats`.
    ///
    /// # Errors
    /// As they are described.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        call: &Call,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<T, Error> {
        let body = self.send(call, deadline, stats).await?;
        read(&body)
    }

    async fn send(
        &self,
        call: &Call,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<Bytes, Error> {
        let span = tracing::info_span!(
            "backend.call",
            backend.service = self.settings.signs_as,
            backend.operation = call.operation,
            aws.region = self.settings.region,
            http.status = field::Empty,
        );
        let tries = retrying(deadline, call.throttled, || self.try_once(call));
        let Tried { tries, elapsed, result } = tries.instrument(span.clone()).await;
        *stats += Stats { http_calls: tries };
        let duration_ms = elapsed.as_secs_f64() * 1e3;
        span.in_scope(|| match &result {
            Ok(_) => tracing::debug!(duration_ms, tries, "backend answered"),
            Err(err) => tracing::warn!(
                duration_ms,
                tries,
                error.kind = err.kind(),
                error = err.for_log(),
                "backend failed"
            ),
        });
        result
    }

    async fn try_once(&self, call: &Call) -> Result<Bytes, Error> {
        let Self { settings, https, signer } = self;
        let signed = signer.sign(self.request(call)?, &settings.region).await?;
        let answer = https.send(signed, settings.max_body).await?;
        tracing::Span::current().record("http.status", answer.status().as_u16());
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        let err = Error::of_response(&answer);
        if matches!(err, Error::Credentials { .. }) {
            signer.forget();
        }
        Err(err)
    }

    fn request(&self, call: &Call) -> Result<Request<Bytes>, Error> {
        let Settings { host, region, endpoint, .. } = &self.settings;
        let uri = match endpoint {
            Some(endpoint) => format!("{}{}", endpoint.trim_end_matches('/'), call.path),
            None => format!("https://{host}.{region}.{}{}", domain(region), call.path),
        };
        let request = match call.target {
            Some(target) => Request::post(uri)
                .header(CONTENT_TYPE, "application/x-amz-json-1.1")
                .header("x-amz-target", target),
            None => Request::post(uri).header(CONTENT_TYPE, "application/json"),
        };
        request.body(call.body.clone()).map_err(|err| Error::Unexpected {
            message: "its address is no URL".to_owned(),
            source: Some(err.into()),
        })
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|err| Error::Unexpected {
        message: "not the JSON of the service".to_owned(),
        source: Some(err.into()),
    })
}

/// Where the services of the region's partition are.
fn domain(region: &str) -> &'static str {
    let prefixes = [
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
    ];
    let found = prefixes.iter().find(|(prefix, _)| region.starts_with(prefix));
    found.map_or("amazonaws.com", |(_, domain)| domain)
}
