//! AWS Signature Version 4, with the credentials of the usual chain: environment, profile, SSO, a
//! process, a container, an instance. They are looked for when the first request needs them.

use std::fmt;
use std::sync::Arc;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::Request;
use sdk_http::SdkHttp;
use service_kit::clock::SystemClock;
use sigv4::{Error, Kept, Signer};
use tokio::sync::OnceCell;

use crate::failure::Failure;

/// Largest answer of a service that gives credentials, in bytes.
const MAX_BODY: usize = 1 << 20;

/// What a signature is for, and whose it is.
pub(crate) struct Signature {
    service: String,
    region: String,
    profile: Option<String>,
    signer: OnceCell<Signer>,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.service, self.region)
    }
}

impl Signature {
    /// Does no I/O.
    pub(crate) fn new(service: String, region: String, profile: Option<String>) -> Self {
        Self { service, region, profile, signer: OnceCell::new() }
    }

    pub(super) async fn put(&self, request: Request<Bytes>) -> Result<Request<Bytes>, Failure> {
        let signer = self.signer.get_or_init(|| self.signer()).await;
        signer.sign(request, &self.region).await.map_err(|err| self.failure(&err))
    }

    pub(super) fn forget(&self) -> bool {
        self.signer.get().is_some_and(|signer| {
            signer.forget();
            true
        })
    }

    async fn signer(&self) -> Signer {
        let https = https::Client::new(https::Settings::default());
        let region = aws_config::Region::new(self.region.clone());
        let config = ProviderConfig::default()
            .with_http_client(SdkHttp { https, max_body: MAX_BODY })
            .with_region(Some(region));
        let mut chain = DefaultCredentialsChain::builder().configure(config);
        if let Some(profile) = &self.profile {
            chain = chain.profile_name(profile);
        }
        let provider = SharedCredentialsProvider::new(chain.build().await);
        Signer::new(Kept::new(provider, Arc::new(SystemClock)), self.service.clone())
    }

    fn failure(&self, error: &Error) -> Failure {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(err) = cause {
            text.push_str(": ");
            text.push_str(&err.to_string());
            cause = err.source();
        }
        let hint = match &self.profile {
            Some(profile) if text.contains("profile") && text.contains("not defined") => {
                format!("there is no profile {profile}: aws configure list-profiles has them")
            }
            Some(profile) => format!("run aws sso login --profile {profile}"),
            None => "set AWS_PROFILE or --profile, or run aws sso login".to_owned(),
        };
        Failure::new(format!("no credentials to sign with ({text})"), hint)
    }
}
