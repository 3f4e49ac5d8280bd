//! SigV4 over the exact bytes that are sent.

use std::borrow::Cow;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;

use crate::{Error, Kept};

/// Signs requests to one service.
#[derive(Debug, Clone)]
pub struct Signer {
    credentials: Kept,
    service: Cow<'static, str>,
}

impl Signer {
    /// `service` is the name the service signs by: `aps`, `sts`.
    #[must_use]
    pub fn new(credentials: Kept, service: impl Into<Cow<'static, str>>) -> Self {
        Self { credentials, service: service.into() }
    }

    /// The request, signed for `region` as of now. All of its headers are signed, and its host;
    /// nothing of it may change after this.
    ///
    /// # Errors
    /// [`Error::Unsignable`] for a request that cannot be signed; those of [`Kept::get`].
    pub async fn sign(
        &self,
        request: Request<Bytes>,
        region: &str,
    ) -> Result<Request<Bytes>, Error> {
        self.sign_with(self.credentials.get().await?, request, region)
    }

    // Not async: what is async is compiled anew in each crate that uses it.
    fn sign_with(
        &self,
        credentials: Credentials,
        mut request: Request<Bytes>,
        region: &str,
    ) -> Result<Request<Bytes>, Error> {
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(&self.service)
            .time(self.credentials.now())
            .settings(SigningSettings::default())
            .build()
            .map_err(Error::unsignable)?
            .into();
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            request
                .headers()
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
            SignableBody::Bytes(request.body()),
        )
        .map_err(Error::unsignable)?;
        let (instructions, _signature) =
            sign(signable, &params).map_err(Error::unsignable)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    /// Forgets the credentials: AWS did not accept them.
    pub fn forget(&self) {
        self.credentials.forget();
    }
}
