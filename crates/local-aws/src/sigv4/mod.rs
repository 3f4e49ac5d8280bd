//! Checks AWS Signature Version 4 in the `Authorization` header, as AWS does.
//!
//! The signature is computed over the request as it arrived, byte for byte: a client that signs
//! `%20` and sends `+` is refused here as it is by AWS.
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

mod authorization;
mod canonical;
mod keyring;

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use authorization::Authorization;
use canonical::header;
use keyring::Entry;
pub use keyring::{ACCOUNT, Credentials, Keyring, Principal};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the time of a request may be from ours.
const SKEW_MS: i64 = 5 * 60 * 1_000;

/// Whose signatures are accepted, and for what.
///
/// ```
/// use local_aws::sigv4::{Credentials, Verifier};
///
/// let gateway = Verifier {
///     keys: Credentials::default().into(),
///     region: "us-east-1".to_owned(),
///     service: "execute-api",
/// };
/// let (unsigned, ()) = http::Request::new(()).into_parts();
/// let refusal = gateway.verify(&unsigned, b"", 1_795_000_000_000).unwrap_err();
/// assert_eq!(refusal.to_string(), "Missing Authentication Token");
/// ```
#[derive(Debug, Clone)]
pub struct Verifier {
    /// The callers.
    pub keys: Keyring,
    /// The region that must have been signed for.
    pub region: String,
    /// The service that must have been signed for, such as `aps` or `execute-api`.
    pub service: &'static str,
}

/// Why a request was refused. The texts are those of AWS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no signature.
    #[error("Missing Authentication Token")]
    Missing,
    /// The `Authorization` header lacks something.
    #[error("{0}")]
    Incomplete(String),
    /// The key or the session token is not known.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The time of temporary credentials is over.
    #[error("The security token included in the request is expired")]
    Expired,
    /// The signature is of another request, key, time, region or service.
    #[error("{0}")]
    Invalid(String),
}

impl Refusal {
    /// The error code of services that speak JSON: the value of `x-amzn-errortype`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Expired => "ExpiredTokenException",
            Self::Invalid(_) => "InvalidSignatureException",
        }
    }
}

impl Verifier {
    /// Checks the signature of a request whose whole body is `body`, at `now_ms` (Unix
    /// milliseconds), and tells who signed.
    ///
    /// # Errors
    /// Why AWS would refuse it.
    pub fn verify(&self, request: &Parts, body: &[u8], now_ms: i64) -> Result<Principal, Refusal> {
        let authorization = header(request, "authorization").ok_or(Refusal::Missing)?;
        let authorization = Authorization::parse(&authorization)?;
        let time = header(request, "x-amz-date").ok_or_else(|| {
            Refusal::Incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned())
        })?;
        let known = self.keys.find(authorization.access_key_id).ok_or(Refusal::UnknownKey)?;
        let Entry { credentials, principal, expires_ms } = known;
        self.check_scope(&authorization, &time)?;
        check_time(&time, now_ms)?;
        if header(request, "x-amz-security-token") != credentials.session_token {
            return Err(Refusal::UnknownKey);
        }
        if expires_ms.is_some_and(|end| end <= now_ms) {
            return Err(Refusal::Expired);
        }
        check_signed_headers(request, &authorization)?;
        let body_digest = hex(&Sha256::digest(body));
        if header(request, "x-amz-content-sha256").is_some_and(|told| told != body_digest) {
            return Err(Refusal::Invalid(
                "The provided 'x-amz-content-sha256' header does not match what was computed."
                    .to_owned(),
            ));
        }

        let canonical = canonical::request(request, &authorization.signed_headers, &body_digest);
        let digest = hex(&Sha256::digest(canonical));
        let to_sign = format!("{ALGORITHM}\n{time}\n{}\n{digest}", authorization.scope.join("/"));
        let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
        for part in authorization.scope {
            key = hmac(&key, part.as_bytes());
        }
        if hex(&hmac(&key, to_sign.as_bytes())) == authorization.signature {
            return Ok(principal);
        }
        Err(Refusal::Invalid(
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method. Consult the service \
             documentation for details."
                .to_owned(),
        ))
    }

    fn check_scope(&self, authorization: &Authorization<'_>, time: &str) -> Result<(), Refusal> {
        let [date, region, service, end] = authorization.scope;
        let fault = if !time.starts_with(date) || date.len() != 8 {
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
             HTTP"
                .to_owned()
        } else if region != self.region {
            format!("Credential should be scoped to a valid region, not '{region}'.")
        } else if service != self.service {
            format!("Credential should be scoped to correct service: '{}'.", self.service)
        } else if end != "aws4_request" {
            format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{end}'."
            )
        } else {
            return Ok(());
        };
        Err(Refusal::Invalid(fault))
    }
}

fn check_time(time: &str, now_ms: i64) -> Result<(), Refusal> {
    let parsed = DateTime::strptime("%Y%m%dT%H%M%SZ", time)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map_err(|_| {
            Refusal::Incomplete(format!("Date must be in ISO-8601 'basic format'. Got '{time}'."))
        })?;
    let ahead_ms = parsed.timestamp().as_millisecond() - now_ms;
    if ahead_ms.abs() <= SKEW_MS {
        return Ok(());
    }
    let what = if ahead_ms < 0 { "Signature expired" } else { "Signature not yet current" };
    Err(Refusal::Invalid(format!(
        "{what}: {time} is more than {} minutes from the time of the server.",
        SKEW_MS / 60_000
    )))
}

/// `host` and all `x-amz-` headers must have been signed: what is not signed can be changed on
/// the way.
fn check_signed_headers(request: &Parts, authorization: &Authorization<'_>) -> Result<(), Refusal> {
    let names = request.headers.keys().map(http::HeaderName::as_str);
    for name in names.filter(|name| name.starts_with("x-amz-")).chain(["host"]) {
        if !authorization.signed_headers.contains(&name) {
            return Err(Refusal::Invalid(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
    }
    Ok(())
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod curl;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;
