//! Checks AWS Signature Version 4 in the `Authorization` header, as AWS does.
//!
//! The signature is computed over the request as it arrived, byte for byte: a client that signs
//! `%20` and sends `+` is refused here as it is by AWS.
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the time of a request may be from ours.
const SKEW_MS: i64 = 5 * 60 * 1_000;
/// What RFC 3986 leaves as it is.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: AsciiSet = RESERVED.remove(b'/');

/// The key pair that a caller signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`, of temporary credentials.
    pub session_token: Option<String>,
}

impl Default for Credentials {
    /// The pair of the local server. It opens nothing else.
    fn default() -> Self {
        Self {
            access_key_id: "LOCALAWSACCESSKEY".to_owned(),
            secret_access_key: "local/secret/that/opens/nothing/else/000".to_owned(),
            session_token: None,
        }
    }
}

/// Whose signatures are accepted, and for what.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// The one caller.
    pub credentials: Credentials,
    /// The region that must have been signed for.
    pub region: String,
    /// The service that must have been signed for, such as `aps`.
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
    /// The signature is of another request, key, time, region or service.
    #[error("{0}")]
    Invalid(String),
}

impl Refusal {
    /// The error code: the value of `x-amzn-errortype`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Invalid(_) => "InvalidSignatureException",
        }
    }
}

impl Verifier {
    /// Checks the signature of a request whose whole body is `body`, at `now_ms` (Unix
    /// milliseconds).
    ///
    /// # Errors
    /// Why AWS would refuse it.
    pub fn verify(&self, request: &Parts, body: &[u8], now_ms: i64) -> Result<(), Refusal> {
        let authorization = header(request, "authorization").ok_or(Refusal::Missing)?;
        let authorization = Authorization::parse(&authorization)?;
        let time = header(request, "x-amz-date").ok_or_else(|| {
            Refusal::Incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned())
        })?;
        self.check_scope(&authorization, &time)?;
        check_time(&time, now_ms)?;
        if header(request, "x-amz-security-token") != self.credentials.session_token {
            return Err(Refusal::UnknownKey);
        }
        check_signed_headers(request, &authorization)?;

        let canonical = canonical_request(request, &authorization.signed_headers, body);
        let digest = hex(&Sha256::digest(canonical));
        let to_sign = format!("{ALGORITHM}\n{time}\n{}\n{digest}", authorization.scope.join("/"));
        let mut key = format!("AWS4{}", self.credentials.secret_access_key).into_bytes();
        for part in authorization.scope {
            key = hmac(&key, part.as_bytes());
        }
        if hex(&hmac(&key, to_sign.as_bytes())) == authorization.signature {
            return Ok(());
        }
        Err(Refusal::Invalid(
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method. Consult the service \
             documentation for details."
                .to_owned(),
        ))
    }

    fn check_scope(&self, authorization: &Authorization<'_>, time: &str) -> Result<(), Refusal> {
        if authorization.access_key_id != self.credentials.access_key_id {
            return Err(Refusal::UnknownKey);
        }
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

/// The parts of the `Authorization` header.
struct Authorization<'a> {
    access_key_id: &'a str,
    /// Date, region, service and `aws4_request`.
    scope: [&'a str; 4],
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self, Refusal> {
        let Some((ALGORITHM, fields)) = header.split_once(' ') else {
            return Err(Refusal::Incomplete(format!(
                "Authorization header must start with '{ALGORITHM}'."
            )));
        };
        let field = |name: &str| {
            let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
            let found = fields.find(|(key, _)| *key == name).map(|(_, value)| value);
            found.filter(|value| !value.is_empty()).ok_or_else(|| {
                Refusal::Incomplete(format!("Authorization header requires '{name}' parameter."))
            })
        };
        let credential: Vec<_> = field("Credential")?.split('/').collect();
        let [access_key_id, date, region, service, end] = credential[..] else {
            return Err(Refusal::Incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term."
                    .to_owned(),
            ));
        };
        Ok(Self {
            access_key_id,
            scope: [date, region, service, end],
            signed_headers: field("SignedHeaders")?.split(';').collect(),
            signature: field("Signature")?,
        })
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

fn canonical_request(request: &Parts, signed_headers: &[&str], body: &[u8]) -> String {
    // The path is encoded once more than it was sent.
    let path = utf8_percent_encode(request.uri.path(), &RESERVED_IN_PATH);
    let query = canonical_query(request.uri.query().unwrap_or_default());
    let mut canonical = format!("{}\n{path}\n{query}\n", request.method);
    for name in signed_headers {
        let value = header(request, name).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let digest = hex(&Sha256::digest(body));
    let _ = write!(canonical, "\n{}\n{digest}", signed_headers.join(";"));
    canonical
}

/// Decoded, encoded strictly and sorted. A `+` is a plus sign, not a space.
fn canonical_query(query: &str) -> String {
    let strictly = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&decoded, &RESERVED).to_string()
    };
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (strictly(name), strictly(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// All values of a header, trimmed, runs of spaces made one, joined by commas.
fn header(request: &Parts, name: &str) -> Option<String> {
    let values: Vec<String> = request
        .headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod properties;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4;
    use http::{Request, header};
    use service_kit::clock::from_unix_ms;

    pub(crate) const NOW: i64 = 1_795_000_000_000;

    fn verifier() -> Verifier {
        Verifier {
            credentials: Credentials::default(),
            region: "eu-west-1".to_owned(),
            service: "aps",
        }
    }

    /// A request as a client with these credentials signs it at [`NOW`].
    pub(crate) fn signed(client: &Verifier, method: &str, target: &str, body: &[u8]) -> Parts {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:4566{target}"))
            .header(header::HOST, "127.0.0.1:4566")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(())
            .unwrap();
        let Credentials { access_key_id, secret_access_key, session_token } = &client.credentials;
        let identity = aws_credential_types::Credentials::new(
            access_key_id,
            secret_access_key,
            session_token.clone(),
            None,
            "test",
        )
        .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&client.region)
            .name(client.service)
            .time(from_unix_ms(NOW))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = request.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap()));
        let uri = request.uri().to_string();
        let signable =
            SignableRequest::new(method, uri, headers, SignableBody::Bytes(body)).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request.into_parts().0
    }

    #[test]
    fn what_the_sdk_signs_is_accepted() {
        for (method, target, body) in [
            ("GET", "/workspaces", &b""[..]),
            ("GET", "/workspaces?maxResults=2&alias=a%20b&nextToken=x%2By%3D%3D", b""),
            ("GET", "/workspaces/ws-1/api/v1/label/__name__/values?match%5B%5D=up", b""),
            ("GET", "/workspaces/ws-1/api/v1/query?query=sum%28up%29%20%2B%201&time=1.5", b""),
            ("GET", "/workspaces/ws-1/api/v1/query?query=%7Ba%3D%22%C3%BC%25%26%3D%22%7D", b""),
            ("GET", "/q?b=2&a=2&a=1&empty=&bare", b""),
            ("GET", "/with%20space/%C3%BC", b""),
            ("POST", "/workspaces/ws-1/api/v1/query", b"query=up%7Bjob%3D%22a+b%22%7D"),
        ] {
            let request = signed(&verifier(), method, target, body);
            assert_eq!(verifier().verify(&request, body, NOW), Ok(()), "{method} {target}");
        }
    }

    #[test]
    fn temporary_credentials_are_accepted_with_their_token_only() {
        let mut temporary = verifier();
        temporary.credentials.session_token = Some("token==".to_owned());
        let request = signed(&temporary, "GET", "/workspaces", b"");
        assert_eq!(temporary.verify(&request, b"", NOW), Ok(()));
        assert_eq!(verifier().verify(&request, b"", NOW), Err(Refusal::UnknownKey));
        let request = signed(&verifier(), "GET", "/workspaces", b"");
        assert_eq!(temporary.verify(&request, b"", NOW), Err(Refusal::UnknownKey));
    }

    #[track_caller]
    fn refused(request: &Parts, body: &[u8], now_ms: i64, code: &str) {
        let refusal = verifier().verify(request, body, now_ms).unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
    }

    #[test]
    fn a_request_that_was_changed_after_signing_is_refused() {
        let target = "/workspaces/ws-1/api/v1/query?query=a%20b";
        let sent = |change: &dyn Fn(&mut Parts)| {
            let mut request = signed(&verifier(), "POST", target, b"x=1");
            change(&mut request);
            request
        };
        let to = |uri: &str| format!("http://127.0.0.1:4566{uri}").parse().unwrap();
        let invalid = "InvalidSignatureException";
        assert_eq!(verifier().verify(&sent(&|_| {}), b"x=1", NOW), Ok(()));
        refused(&sent(&|_| {}), b"x=2", NOW, invalid);
        let plus = "/workspaces/ws-1/api/v1/query?query=a+b";
        refused(&sent(&|r| r.uri = to(plus)), b"x=1", NOW, invalid);
        refused(
            &sent(&|r| r.uri = to("/workspaces/ws-2/api/v1/query?query=a%20b")),
            b"x=1",
            NOW,
            invalid,
        );
        refused(&sent(&|r| r.method = http::Method::PUT), b"x=1", NOW, invalid);
        let other_host = |r: &mut Parts| {
            r.headers.insert(header::HOST, "example.com".parse().unwrap());
        };
        refused(&sent(&other_host), b"x=1", NOW, invalid);
        let unsigned_header = |r: &mut Parts| {
            r.headers.insert("x-amz-target", "other".parse().unwrap());
        };
        refused(&sent(&unsigned_header), b"x=1", NOW, invalid);
    }

    #[test]
    fn a_signature_of_another_key_region_service_or_time_is_refused() {
        let by = |change: &dyn Fn(&mut Verifier)| {
            let mut client = verifier();
            change(&mut client);
            signed(&client, "GET", "/workspaces", b"")
        };
        let invalid = "InvalidSignatureException";
        refused(&by(&|c| c.credentials.secret_access_key.push('x')), b"", NOW, invalid);
        refused(&by(&|c| c.region = "us-east-1".to_owned()), b"", NOW, invalid);
        refused(&by(&|c| c.service = "execute-api"), b"", NOW, invalid);
        let key = |c: &mut Verifier| c.credentials.access_key_id.push('X');
        refused(&by(&key), b"", NOW, "UnrecognizedClientException");
        refused(&by(&|_| {}), b"", NOW + SKEW_MS + 1_000, invalid);
        refused(&by(&|_| {}), b"", NOW - SKEW_MS - 1_000, invalid);
        assert_eq!(verifier().verify(&by(&|_| {}), b"", NOW + SKEW_MS - 1_000), Ok(()));
    }

    #[test]
    fn a_request_without_a_whole_signature_is_refused() {
        let incomplete = "IncompleteSignatureException";
        let credential = "Credential=LOCALAWSACCESSKEY/20261118/eu-west-1/aps/aws4_request";
        for (authorization, code) in [
            (None, "MissingAuthenticationTokenException"),
            (Some("Bearer token".to_owned()), incomplete),
            (Some("AWS4-HMAC-SHA256 ".to_owned()), incomplete),
            (Some("AWS4-HMAC-SHA256 Credential=a/b".to_owned()), incomplete),
            (Some(format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host")), incomplete),
            (Some(format!("AWS4-HMAC-SHA256 {credential}, Signature=00")), incomplete),
        ] {
            let mut request = signed(&verifier(), "GET", "/workspaces", b"");
            request.headers.remove(header::AUTHORIZATION);
            if let Some(authorization) = authorization {
                request.headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
            }
            refused(&request, b"", NOW, code);
        }
        for date in ["", "yesterday", "20261118T"] {
            let mut request = signed(&verifier(), "GET", "/workspaces", b"");
            request.headers.insert("x-amz-date", date.parse().unwrap());
            assert!(verifier().verify(&request, b"", NOW).is_err());
        }
        let mut request = signed(&verifier(), "GET", "/workspaces", b"");
        request.headers.remove("x-amz-date");
        refused(&request, b"", NOW, incomplete);
    }
}
