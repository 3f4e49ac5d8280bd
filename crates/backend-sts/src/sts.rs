//! Asking STS.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use service_kit::clock::Clock;
use sigv4::{Kept, Signer};

use crate::answer;
use crate::{Error, RoleArn};

/// The name that STS signs by.
const SERVICE: &str = "sts";
/// How long a session lasts: the most there is for a role that assumes another, in seconds.
const DURATION: &str = "3600";
/// The tag of a session that names its tenant.
const TENANT: &str = "tenant_id";
/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The biggest answer that is read, in bytes; a session token has about one thousand.
const MAX_BODY: usize = 64 << 10;

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The role that is assumed for every tenant.
    pub role: RoleArn,
    /// The region whose STS is asked, such as `us-east-1`.
    pub region: String,
    /// Where STS is, when it is not at AWS: a URL without a path.
    pub endpoint: Option<String>,
}

/// Assumes a role. Cheap to clone.
#[derive(Clone)]
pub struct Sts(Arc<Inner>);

struct Inner {
    settings: Settings,
    https: https::Client,
    signer: Signer,
}

impl Sts {
    /// Asks nothing yet. `credentials` are those that may assume the role.
    #[must_use]
    pub fn new(
        settings: Settings,
        https: https::Client,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let signer = Signer::new(Kept::new(credentials, clock), SERVICE);
        Self(Arc::new(Inner { settings, https, signer }))
    }

    /// What gives the credentials of a tenant: a new session each time it is asked, so that who asks
    /// keeps them, as [`Kept`] and the clients of the SDK do.
    #[must_use]
    pub fn credentials_of(&self, tenant: &str) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(OfTenant { sts: self.clone(), tenant: tenant.to_owned() })
    }

    /// Begins a session of a tenant, which lasts an hour.
    ///
    /// The session has the tag `tenant_id` and the name `@TENANT`, as names have two characters and
    /// more: `tenant` must be of 1 to 63 letters, digits and `_+=,.@-`, and STS refuses others.
    ///
    /// # Errors
    /// As they are described; [`Error::Unavailable`] too when STS takes longer than five seconds.
    pub async fn assume(&self, tenant: &str) -> Result<Credentials, Error> {
        let started = Instant::now();
        let asked = tokio::time::timeout(PATIENCE, self.ask(tenant)).await;
        let answer = asked.unwrap_or_else(|late| {
            let message = format!("no answer within {} s", PATIENCE.as_secs());
            Err(Error::Unavailable { message, source: Some(late.into()) })
        });
        let duration_ms = started.elapsed().as_secs_f64() * 1e3;
        match &answer {
            Ok(_) => tracing::debug!(tenant.id = tenant, duration_ms, "role assumed"),
            Err(err) => tracing::warn!(
                tenant.id = tenant,
                duration_ms,
                error.kind = err.kind(),
                error = err as &dyn std::error::Error,
                "role not assumed"
            ),
        }
        answer
    }

    async fn ask(&self, tenant: &str) -> Result<Credentials, Error> {
        let Inner { settings, https, signer } = &*self.0;
        let request = settings.request(tenant)?;
        let signed = signer.sign(request, &settings.region).await;
        let signed = signed.map_err(|source| {
            let role = settings.role.clone();
            Error::Unsigned { role, source }
        })?;
        let answer = https.send(signed, MAX_BODY).await.map_err(|err| Error::Unavailable {
            message: "no answer".to_owned(),
            source: Some(err.into()),
        })?;
        if answer.status().is_success() {
            let xml = std::str::from_utf8(answer.body());
            let xml = xml.map_err(|_| Error::UnexpectedReply("not UTF-8"))?;
            return answer::credentials(xml).map_err(Error::UnexpectedReply);
        }
        let refusal = settings.refusal(&answer);
        if let Error::Rejected { code, .. } = &refusal
            && is_about_credentials(code)
        {
            signer.forget();
        }
        Err(refusal)
    }
}

impl Settings {
    fn request(&self, tenant: &str) -> Result<Request<Bytes>, Error> {
        let session = format!("@{tenant}");
        let mut form = String::from("Action=AssumeRole&Version=2011-06-15");
        for (name, value) in [
            ("RoleArn", self.role.as_str()),
            ("RoleSessionName", &session),
            ("DurationSeconds", DURATION),
            ("Tags.member.1.Key", TENANT),
            ("Tags.member.1.Value", tenant),
        ] {
            form.extend(["&", name, "="]);
            form.extend(utf8_percent_encode(value, ENCODED));
        }
        let uri = match &self.endpoint {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            None => {
                let domain = sigv4::domain(&self.region);
                format!("https://sts.{}.{domain}/", self.region)
            }
        };
        let request = Request::post(uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(form.into()).map_err(|err| Error::Rejected {
            role: self.role.clone(),
            code: "InvalidEndpoint".to_owned(),
            message: err.to_string(),
        })
    }

    fn refusal(&self, answer: &Response<Bytes>) -> Error {
        let (status, role) = (answer.status(), self.role.clone());
        let xml = String::from_utf8_lossy(answer.body());
        match answer::failure(&xml) {
            Some(("AccessDenied" | "AccessDeniedException", message)) => {
                Error::Denied { role, message: message.into_owned() }
            }
            Some((code, message)) if status.is_server_error() || code.contains("Throttl") => {
                Error::Unavailable { message: format!("{code}: {message}"), source: None }
            }
            Some((code, message)) => {
                Error::Rejected { role, code: code.to_owned(), message: message.into_owned() }
            }
            None if status.is_server_error() || status.as_u16() == 429 => {
                Error::Unavailable { message: status.to_string(), source: None }
            }
            None => Error::UnexpectedReply("an error without a code"),
        }
    }
}

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether STS does not know or believe who asks, rather than forbids it.
fn is_about_credentials(code: &str) -> bool {
    ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClient"]
        .contains(&code.trim_end_matches("Exception"))
}

/// Gives a new session of one tenant.
#[derive(Debug)]
struct OfTenant {
    sts: Sts,
    tenant: String,
}

impl ProvideCredentials for OfTenant {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async { provider::Result::Ok(self.sts.assume(&self.tenant).await?) })
    }
}

impl fmt::Debug for Sts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sts").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
