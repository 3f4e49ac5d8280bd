//! Callers who sign with AWS Signature Version 4, where that is wanted.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use local_aws::sigv4::Credentials;
use service_kit::clock::{Clock as _, SystemClock};

use crate::issuer::Issuer;
use crate::printed::{commands, paste};
use crate::running::{Running, call, list, post, with};

const IAM: &[(&str, &str)] = &[("AUTH_MODE", "iam")];

/// What the AWS SDKs sign, and when.
struct Signer {
    region: &'static str,
    service: &'static str,
    secret: String,
    time: SystemTime,
}

impl Signer {
    /// As the program wants it, which has printed the key pair.
    fn good(program: &Running) -> Self {
        let (_, rest) = program.banner.split_once("--user '").unwrap();
        let (_, rest) = rest.split_once(':').unwrap();
        let (secret, _) = rest.split_once('\'').unwrap();
        Self {
            region: "us-east-1",
            service: "execute-api",
            secret: secret.to_owned(),
            time: SystemClock.now(),
        }
    }

    /// Signs `request` as if its body were `body`.
    fn sign(
        &self,
        program: &Running,
        request: Request<Full<Bytes>>,
        body: &[u8],
    ) -> Request<Full<Bytes>> {
        let mut request = request;
        request.headers_mut().insert(header::HOST, program.address.parse().unwrap());
        let identity = aws_credential_types::Credentials::new(
            Credentials::default().access_key_id,
            self.secret.clone(),
            None,
            None,
            "test",
        )
        .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let uri = format!("http://{}{}", program.address, request.uri());
        let headers = request.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap()));
        let method = request.method().as_str();
        let body = SignableBody::Bytes(body);
        let signable = SignableRequest::new(method, uri, headers, body).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request
    }
}

/// A message, and the request that carries it.
fn question() -> (Request<Full<Bytes>>, Bytes) {
    let message = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "ExecuteQuery", "arguments": {"query": "count(up)"}},
    });
    (post("/mcp?source=a%20test", &message), Bytes::from(message.to_string()))
}

#[tokio::test]
async fn what_the_sdk_signs_passes_and_what_was_changed_on_the_way_does_not() {
    let program = Running::start_with(&[], IAM);
    let signed = |signer: &Signer| {
        let (request, body) = question();
        signer.sign(&program, request, &body)
    };
    program.send(signed(&Signer::good(&program))).await.assert_result("signed");

    let mut tampered = signed(&Signer::good(&program));
    *tampered.body_mut() =
        Full::from(String::from_utf8(question().1.into()).unwrap().replace("up", "vp"));
    let mut elsewhere = signed(&Signer::good(&program));
    *elsewhere.uri_mut() = "/mcp?source=b".parse().unwrap();
    let wrong_secret = Signer { secret: "wrong".to_owned(), ..Signer::good(&program) };
    for (case, request) in [
        ("another body", tampered),
        ("another query", elsewhere),
        ("another secret", signed(&wrong_secret)),
    ] {
        let answer = program.send(request).await;
        let text = answer.json()["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 403, "{case}: {text}");
        assert!(text.starts_with("The request signature we calculated"), "{case}: {text}");
        assert_eq!(answer.header("x-amzn-errortype"), Some("InvalidSignatureException"), "{case}");
    }
}

#[tokio::test]
async fn j39_what_is_not_signed_for_here_and_now_is_403_without_a_bearer_challenge() {
    let program = Running::start_with(&[], IAM);
    let hour = Duration::from_secs(3_600);
    let now = SystemClock.now();
    let signed = |signer: Signer| {
        let (request, body) = question();
        signer.sign(&program, request, &body)
    };
    let invalid = "InvalidSignatureException";
    let missing = "MissingAuthenticationTokenException";
    for (case, request, code, text) in [
        ("unsigned", question().0, missing, "Missing Authentication Token"),
        ("of a bearer", with(question().0, "Bearer x.y.z"), "IncompleteSignatureException", ""),
        (
            "of an hour ago",
            signed(Signer { time: now - hour, ..Signer::good(&program) }),
            invalid,
            "Signature expired",
        ),
        (
            "of the future",
            signed(Signer { time: now + hour, ..Signer::good(&program) }),
            invalid,
            "Signature not yet current",
        ),
        (
            "for another region",
            signed(Signer { region: "eu-west-1", ..Signer::good(&program) }),
            invalid,
            "Credential should be scoped to a valid region, not 'eu-west-1'.",
        ),
        (
            "for another service",
            signed(Signer { service: "aps", ..Signer::good(&program) }),
            invalid,
            "Credential should be scoped to correct service: 'execute-api'.",
        ),
    ] {
        let answer = program.send(request).await;
        assert_eq!(answer.status, 403, "{case}: {answer:?}");
        assert_eq!(answer.header("x-amzn-errortype"), Some(code), "{case}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(text), "{case}: {message}");
        for name in ["www-authenticate", "x-amzn-remapped-www-authenticate"] {
            assert_eq!(answer.header(name), None, "{case}");
        }
    }
    // The function was not asked about any of them.
    program.send(signed(Signer::good(&program))).await.assert_result("signed");
    program.assert_logged("mcp request").await;
    assert_eq!(program.output().matches("mcp request").count(), 1, "{}", program.output());
}

/// The command that is printed, with one parameter in its query: curl before 8.3 signs several in
/// their order and not in the one of AWS.
#[test]
fn curl_signs_a_query_of_one_parameter() {
    let program = Running::start_with(&[], IAM);
    let printed = commands(&program.banner, "A question").unwrap();
    let url = format!("'{}?name=value'", program.endpoint);
    let with_query = printed.replace(&program.endpoint, &url);
    assert_ne!(with_query, printed);
    if let Some(reply) = paste(&program, &with_query) {
        assert!(reply["result"]["content"].is_array(), "{reply}");
        let forged = paste(&program, &printed.replace("LOCALAWSACCESSKEY:", "LOCALAWSACCESSKEY:x"));
        let message = forged.unwrap()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("The request signature we calculated"), "{message}");
    }
}

#[tokio::test]
async fn either_a_token_or_a_signature_will_do_where_both_are_taken() {
    let issuer = Issuer::start().await;
    let program = issuer.guard(&[], &[("AUTH_MODE", "jwt+iam")]);
    let (request, body) = question();
    program
        .send(Signer::good(&program).sign(&program, request, &body))
        .await
        .assert_result("signed");
    let good = issuer.good().await;
    program.send(with(call(), &good)).await.assert_result("with a token");
    // Who brings neither is asked for a token: people have no keys of AWS.
    let answer = program.send(list()).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "));
    let (request, body) = question();
    let other = Signer { region: "eu-west-1", ..Signer::good(&program) };
    let answer = program.send(other.sign(&program, request, &body)).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (403, None));
}
