//! Asking DynamoDB.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth::{Grants, Holds};
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use service_kit::clock::{Clock, unix_ms};
use service_kit::random;
use sigv4::{Kept, Signer};

use crate::{Error, answer};

/// The name that DynamoDB signs by.
const SERVICE: &str = "dynamodb";
/// Tries of one question, the first included, and the longest wait for each.
const TRIES: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(1);
/// The pauses between them are random, and no longer than this doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The biggest answer that is read, in bytes; two records have less than five thousand.
const MAX_BODY: usize = 64 << 10;

/// Where grants are found.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region, such as `eu-west-1`.
    pub region: String,
    /// Where DynamoDB is, if not where it is in that region: a URL without a path.
    pub endpoint: Option<String>,
    /// The table of clients; its partition key is the string `clientId`.
    pub clients: String,
    /// The table of refresh tokens, which has the grants; its partition key is the string
    /// `refreshToken`.
    pub refresh_tokens: String,
}

/// The grants of an authorization server that keeps them in DynamoDB. It reads, and no more than
/// whether they hold.
pub struct DynamoGrants {
    settings: Settings,
    https: https::Client,
    signer: Signer,
}

/// Whether a token that `client` has of `grant` is still good.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) grant: Option<&'a str>,
    pub(crate) client: &'a str,
}

impl DynamoGrants {
    /// Asks nothing yet; the tables must be there when they are first asked.
    #[must_use]
    pub fn new(
        settings: Settings,
        https: https::Client,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let signer = Signer::new(Kept::new(credentials, clock), SERVICE);
        Self { settings, https, signer }
    }

    /// As [`Grants::hold`].
    ///
    /// Both records are asked for at once: over one connection, with one signature. They need not be
    /// of one moment, since neither what is revoked nor what is deleted comes back; so it is no
    /// transaction, which would cost twice as much and be in the way of those that write.
    ///
    /// # Errors
    /// As they are described; [`Error::Unavailable`] after three tries.
    pub async fn ask(
        &self,
        grant: Option<&str>,
        client: &str,
        now: SystemTime,
    ) -> Result<bool, Error> {
        let (question, now) = (Question { grant, client }, unix_ms(now).div_euclid(1000));
        let mut tries = 1;
        loop {
            let asked = tokio::time::timeout(PATIENCE, self.ask_once(question, now)).await;
            let told = asked.unwrap_or_else(|late| {
                let message = format!("no answer within {} s", PATIENCE.as_secs());
                Err(Error::Unavailable { message, source: Some(late.into()) })
            });
            match told {
                Err(Error::Unavailable { .. }) if tries < TRIES => {}
                told => return told,
            }
            tokio::time::sleep(pause(tries)).await;
            tries += 1;
        }
    }

    async fn ask_once(&self, question: Question<'_>, now: i64) -> Result<bool, Error> {
        let Self { settings, https, signer } = self;
        let signed = signer.sign(settings.request(question)?, &settings.region).await;
        let answer = https.send(signed.map_err(Error::Unsigned)?, MAX_BODY).await;
        let answer = answer.map_err(|err| Error::Unavailable {
            message: "no answer".to_owned(),
            source: Some(err.into()),
        })?;
        if answer.status().is_success() {
            return answer::holds(answer.body(), question, settings, now);
        }
        let refusal = answer::refusal(&answer);
        if let Error::Rejected { code, .. } = &refusal
            && is_about_credentials(code)
        {
            signer.forget();
        }
        Err(refusal)
    }
}

impl Grants for DynamoGrants {
    fn hold<'a>(&'a self, grant: Option<&'a str>, client: &'a str, now: SystemTime) -> Holds<'a> {
        Box::pin(async move { Ok(self.ask(grant, client, now).await?) })
    }
}

impl Settings {
    pub(crate) fn request(&self, question: Question<'_>) -> Result<Request<Bytes>, Error> {
        let mut records = json!({ &self.clients: one("clientId", question.client) });
        if let Some(grant) = question.grant {
            records[&self.refresh_tokens] = one("refreshToken", &format!("G#{grant}"));
        }
        let uri = match &self.endpoint {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            None => {
                let domain = sigv4::domain(&self.region);
                format!("https://dynamodb.{}.{domain}/", self.region)
            }
        };
        Request::post(uri)
            .header(CONTENT_TYPE, "application/x-amz-json-1.0")
            .header("x-amz-target", "DynamoDB_20120810.BatchGetItem")
            .body(json!({ "RequestItems": records }).to_string().into())
            .map_err(|err| Error::Rejected {
                code: "InvalidEndpoint".to_owned(),
                message: err.to_string(),
            })
    }
}

/// A request for the record with this key: for what is needed of it, as a client's has the hashes of
/// its secrets.
fn one(key_name: &str, key: &str) -> Value {
    json!({
        "Keys": [{ key_name: { "S": key } }],
        "ConsistentRead": true,
        "ProjectionExpression": "clientId, #status, expiresAt",
        "ExpressionAttributeNames": { "#status": "status" },
    })
}

/// Whether AWS does not know or believe who asks, rather than forbids it.
fn is_about_credentials(code: &str) -> bool {
    ["ExpiredToken", "InvalidSignature", "UnrecognizedClient"]
        .contains(&code.trim_end_matches("Exception"))
}

fn pause(tries: u32) -> Duration {
    let mut fraction = [u8::MAX];
    // Without randomness it is the longest.
    let _ = random::fill(&mut fraction);
    FIRST_PAUSE * 2_u32.saturating_pow(tries - 1) * u32::from(fraction[0]) / 255
}

impl fmt::Debug for DynamoGrants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoGrants").field("settings", &self.settings).finish_non_exhaustive()
    }
}
