//! SigV4 over the exact bytes that are sent.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::{BoxError, Error, Region};

/// The name AMP signs by.
const SERVICE: &str = "aps";
/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_secs(60);
/// Credentials that do not say when they expire are asked for again after this.
const UNTOLD: Duration = Duration::from_secs(15 * 60);

/// Signs requests to the data plane.
pub(crate) struct Signer {
    provider: SharedCredentialsProvider,
    /// A chain of providers reads files and calls services each time it is asked.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    credentials: Credentials,
    until: SystemTime,
}

impl Signer {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, kept: Mutex::new(None) }
    }

    /// The request with `body`, signed as of `now`.
    pub(crate) async fn sign(
        &self,
        mut request: Request<()>,
        body: Bytes,
        region: &Region,
        now: SystemTime,
    ) -> Result<Request<Full<Bytes>>, Error> {
        let identity = self.credentials(now).await?.into();
        let unsignable = |err: BoxError| Error::Credentials {
            message: "the request could not be signed".to_owned(),
            source: Some(err),
        };
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_str())
            .name(SERVICE)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|err| unsignable(err.into()))?
            .into();
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            request
                .headers()
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
            SignableBody::Bytes(&body),
        )
        .map_err(|err| unsignable(err.into()))?;
        let (instructions, _signature) =
            sign(signable, &params).map_err(|err| unsignable(err.into()))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request.map(|()| Full::new(body)))
    }

    /// Forgets the credentials: AWS did not accept them.
    pub(crate) fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn credentials(&self, now: SystemTime) -> Result<Credentials, Error> {
        if let Some(kept) = &*self.kept.lock().unwrap_or_else(PoisonError::into_inner)
            && now < kept.until
        {
            return Ok(kept.credentials.clone());
        }
        let credentials =
            self.provider.provide_credentials().await.map_err(|err| Error::Credentials {
                message: "none could be loaded".to_owned(),
                source: Some(err.into()),
            })?;
        let until = match credentials.expiry() {
            Some(expiry) => expiry.checked_sub(MARGIN).unwrap_or(expiry),
            None => now + UNTOLD,
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Kept { credentials: credentials.clone(), until });
        Ok(credentials)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}
