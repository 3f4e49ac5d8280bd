use super::*;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use http::{Request, header};
use service_kit::clock::from_unix_ms;

pub(crate) const NOW: i64 = 1_795_000_000_000;

const REGION: &str = "eu-west-1";

fn verifier() -> Verifier {
    Verifier { keys: Credentials::default().into(), region: REGION.to_owned(), service: "aps" }
}

/// What a client signs with and for.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) credentials: Credentials,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    /// Unix milliseconds.
    pub(crate) time_ms: i64,
    /// Whether to send `x-amz-content-sha256`.
    pub(crate) with_digest: bool,
}

impl Signer {
    /// With the local credentials, for this service, at [`NOW`].
    pub(crate) fn of(service: &'static str) -> Self {
        let credentials = Credentials::default();
        Self { credentials, region: REGION, service, time_ms: NOW, with_digest: false }
    }
}

/// A request as this client signs it.
pub(crate) fn signed(client: &Signer, method: &str, target: &str, body: &[u8]) -> Parts {
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
    let mut settings = SigningSettings::default();
    if client.with_digest {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(client.region)
        .name(client.service)
        .time(from_unix_ms(client.time_ms))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers = request.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap()));
    let uri = request.uri().to_string();
    let signable = SignableRequest::new(method, uri, headers, SignableBody::Bytes(body)).unwrap();
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
        for with_digest in [false, true] {
            let client = Signer { with_digest, ..Signer::of("aps") };
            let request = signed(&client, method, target, body);
            assert_eq!(request.headers.contains_key("x-amz-content-sha256"), with_digest);
            let answer = verifier().verify(&request, body, NOW);
            assert!(answer.is_ok(), "{method} {target}: {answer:?}");
        }
    }
}

#[test]
fn the_caller_is_told_as_iam_names_it() {
    let request = signed(&Signer::of("aps"), "GET", "/workspaces", b"");
    let caller = verifier().verify(&request, b"", NOW).unwrap();
    insta::assert_debug_snapshot!(caller, @r#"
    Principal {
        access_key_id: "LOCALAWSACCESSKEY",
        account: "000000000000",
        arn: "arn:aws:iam::000000000000:user/local",
        user_id: "AIDALOCALAWSUSER00000",
        session_tags: {},
    }
    "#);
}

#[test]
fn nothing_secret_is_in_a_debug_text() {
    let credentials =
        Credentials { session_token: Some("token==".to_owned()), ..Credentials::default() };
    let Credentials { secret_access_key, .. } = Credentials::default();
    for text in [format!("{credentials:?}"), format!("{:?}", verifier())] {
        assert!(!text.contains(&secret_access_key) && !text.contains("token=="), "{text}");
    }
}

#[test]
fn temporary_credentials_are_accepted_with_their_token_and_in_their_time_only() {
    let mut client = Signer::of("aps");
    client.credentials.access_key_id = "ASIALOCAL".to_owned();
    client.credentials.session_token = Some("token==".to_owned());
    let with_token = signed(&client, "GET", "/workspaces", b"");

    let verifier = verifier();
    assert_eq!(verifier.verify(&with_token, b"", NOW), Err(Refusal::UnknownKey));
    let principal = Principal {
        access_key_id: "ASIALOCAL".to_owned(),
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/reader/session"),
        account: ACCOUNT.to_owned(),
        user_id: "AROALOCAL:session".to_owned(),
        session_tags: [("tenant_id".to_owned(), "acme".to_owned())].into(),
    };
    verifier.keys.insert(client.credentials.clone(), principal.clone(), Some(NOW + 1));
    assert_eq!(verifier.verify(&with_token, b"", NOW), Ok(principal));
    assert_eq!(verifier.verify(&with_token, b"", NOW + 1), Err(Refusal::Expired));

    client.credentials.session_token = None;
    let without = signed(&client, "GET", "/workspaces", b"");
    assert_eq!(verifier.verify(&without, b"", NOW), Err(Refusal::UnknownKey));
    // The first pair is still known, and has no token.
    let mut static_pair = Signer::of("aps");
    assert!(verifier.verify(&signed(&static_pair, "GET", "/", b""), b"", NOW).is_ok());
    static_pair.credentials.session_token = Some("token==".to_owned());
    let refused = verifier.verify(&signed(&static_pair, "GET", "/", b""), b"", NOW);
    assert_eq!(refused, Err(Refusal::UnknownKey));
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
        let mut request = signed(&Signer::of("aps"), "POST", target, b"x=1");
        change(&mut request);
        request
    };
    let to = |uri: &str| format!("http://127.0.0.1:4566{uri}").parse().unwrap();
    let invalid = "InvalidSignatureException";
    assert!(verifier().verify(&sent(&|_| {}), b"x=1", NOW).is_ok());
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
fn a_digest_that_is_not_of_the_body_is_refused_as_such() {
    let client = Signer { with_digest: true, ..Signer::of("aps") };
    let request = signed(&client, "POST", "/workspaces", b"x=1");
    assert!(verifier().verify(&request, b"x=1", NOW).is_ok());
    let refusal = verifier().verify(&request, b"x=2", NOW).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "The provided 'x-amz-content-sha256' header does not match what was computed."
    );
    // Nor may the body go unsigned.
    let mut request = request;
    request.headers.insert("x-amz-content-sha256", "UNSIGNED-PAYLOAD".parse().unwrap());
    refused(&request, b"x=1", NOW, "InvalidSignatureException");
}

#[test]
fn a_signature_of_another_key_is_refused() {
    let by = |change: &dyn Fn(&mut Credentials)| {
        let mut client = Signer::of("aps");
        change(&mut client.credentials);
        signed(&client, "GET", "/workspaces", b"")
    };
    refused(&by(&|c| c.secret_access_key.push('x')), b"", NOW, "InvalidSignatureException");
    refused(&by(&|c| c.access_key_id.push('X')), b"", NOW, "UnrecognizedClientException");
}

#[test]
fn j39_an_unsigned_request_or_one_for_another_time_service_or_region_is_refused() {
    let gateway = Verifier { service: "execute-api", ..verifier() };
    let client = Signer::of("execute-api");
    let says = |client: &Signer, now_ms| {
        let request = signed(client, "POST", "/mcp?a=1", b"{}");
        gateway.verify(&request, b"{}", now_ms).map_err(|refusal| refusal.to_string())
    };
    assert!(says(&client, NOW).is_ok());
    assert!(says(&client, NOW + SKEW_MS).is_ok());
    assert!(says(&client, NOW - SKEW_MS).is_ok());
    for (client, now_ms, text) in [
        (
            client.clone(),
            NOW + SKEW_MS + 1_000,
            "Signature expired: 20261118T110640Z is more than 5 minutes from the time of the server.",
        ),
        (
            client.clone(),
            NOW - SKEW_MS - 1_000,
            "Signature not yet current: 20261118T110640Z is more than 5 minutes from the time of the server.",
        ),
        (
            Signer { service: "lambda", ..client.clone() },
            NOW,
            "Credential should be scoped to correct service: 'execute-api'.",
        ),
        (
            Signer { region: "us-east-1", ..client.clone() },
            NOW,
            "Credential should be scoped to a valid region, not 'us-east-1'.",
        ),
    ] {
        assert_eq!(says(&client, now_ms), Err(text.to_owned()));
    }
    let mut unsigned = signed(&client, "POST", "/mcp?a=1", b"{}");
    unsigned.headers.remove(header::AUTHORIZATION);
    assert_eq!(gateway.verify(&unsigned, b"{}", NOW), Err(Refusal::Missing));
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
        let mut request = signed(&Signer::of("aps"), "GET", "/workspaces", b"");
        request.headers.remove(header::AUTHORIZATION);
        if let Some(authorization) = authorization {
            request.headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        }
        refused(&request, b"", NOW, code);
    }
    for date in ["", "yesterday", "20261118T"] {
        let mut request = signed(&Signer::of("aps"), "GET", "/workspaces", b"");
        request.headers.insert("x-amz-date", date.parse().unwrap());
        assert!(verifier().verify(&request, b"", NOW).is_err());
    }
    let mut request = signed(&Signer::of("aps"), "GET", "/workspaces", b"");
    request.headers.remove("x-amz-date");
    refused(&request, b"", NOW, incomplete);
}
