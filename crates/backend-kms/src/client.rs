//! The client of the AWS SDK.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{
    BehaviorVersion, IdentityCache, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use sdk_http::{SdkHttp, SdkTime};
use service_kit::clock::Clock;
use sigv4::Kept;

/// Tries of one request, the first included.
const TRIES: u32 = 3;
/// The pauses between them are random, and no longer than this doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest wait for one try, and for all of them.
const TRY: Duration = Duration::from_secs(2);
const ALL: Duration = Duration::from_secs(5);
/// The public key of 4096 bits takes one KB.
const MAX_ANSWER: usize = 64 << 10;

/// Where the keys are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region, such as `eu-west-1`.
    pub region: String,
    /// Where KMS is, if not where it is in that region.
    pub endpoint: Option<String>,
}

/// Builds the client when the first call needs it.
#[derive(Debug)]
pub(crate) struct Lazy {
    settings: Settings,
    http: SharedHttpClient,
    credentials: Kept,
    clock: Arc<dyn Clock>,
    built: OnceLock<Client>,
}

impl Lazy {
    pub(crate) fn new(
        settings: Settings,
        https: &https::Client,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let http = SdkHttp { https: https.clone(), max_body: MAX_ANSWER };
        Self {
            settings,
            http: SharedHttpClient::new(http),
            credentials: Kept::new(credentials, Arc::clone(&clock)),
            clock,
            built: OnceLock::new(),
        }
    }

    pub(crate) fn get(&self) -> &Client {
        self.built.get_or_init(|| self.build())
    }

    /// The SDK tries again what was throttled or not answered: who waits for a token does not wait
    /// longer than [`ALL`].
    fn build(&self) -> Client {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(TRY).operation_timeout(ALL).build();
        let retries =
            RetryConfig::standard().with_max_attempts(TRIES).with_initial_backoff(FIRST_PAUSE);
        let mut config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.settings.region.clone()))
            .credentials_provider(self.credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .time_source(SdkTime(Arc::clone(&self.clock)))
            .http_client(self.http.clone())
            .retry_config(retries)
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(self.settings.endpoint.clone());
        Client::from_conf(config.build())
    }
}
