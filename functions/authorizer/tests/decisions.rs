//! The whole function, from its environment to its answer and its line in the log.
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use auth::AuthorizerError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use fn_authorizer::{Authorizer, Config, VARS, service};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use service_kit::clock::ManualClock;
use service_kit::env::Reader;
use tracing::subscriber::set_default;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;
use tracing_subscriber::fmt::{MakeWriter, TestWriter};

/// When it is, in seconds since 1970.
const NOW: i64 = 1_795_191_000;
const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a";
const RESOURCE: &str = "https://mcp.example.com/mcp";

/// A user pool, and the function that takes its tokens.
struct Pool {
    keys: EcdsaKeyPair,
    random: SystemRandom,
}

impl Pool {
    fn new() -> Self {
        let random = SystemRandom::new();
        let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
        let keys = EcdsaKeyPair::from_pkcs8(curve, pkcs8.as_ref(), &random).unwrap();
        Self { keys, random }
    }

    /// The function; without `known` nobody answers for the pool's keys.
    fn authorizer(&self, resource: &str, known: bool) -> Authorizer {
        let (x, y) = self.keys.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        let mut issuer = json!({
            "issuer": ISSUER, "profile": "cognito", "clients": ["c1"],
            "jwks_uri": "http://127.0.0.1:1/jwks.json", "tenants": { "c1": "acme" },
        });
        if known {
            issuer["jwks"] = json!({ "keys": [
                { "kty": "EC", "crv": "P-256", "use": "sig", "kid": "k1", "x": x, "y": y }
            ] });
        }
        let issuers = json!([issuer]).to_string();
        let env = BTreeMap::from([("MCP_RESOURCE", resource), ("AUTH_ISSUERS", &issuers)]);
        let mut env = Reader::new(&env, VARS);
        let config = Config::read(&mut env);
        let config = env.finish(|| config).unwrap();
        service(&config, Arc::new(ManualClock::new(NOW * 1000)))
    }

    fn token(&self, expires_at: i64) -> String {
        let header = json!({ "alg": "ES256", "kid": "k1" });
        let claims = json!({
            "iss": ISSUER, "sub": "c1", "client_id": "c1", "token_use": "access",
            "scope": "mcp/invoke", "jti": "jti-1", "iat": NOW - 60, "exp": expires_at,
        });
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.keys.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn event(token: &str) -> Bytes {
    let event = json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/prod/POST/mcp",
        "headers": { "Authorization": format!("Bearer {token}") },
    });
    Bytes::from(event.to_string())
}

/// What this thread logs, a JSON object a line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The function's answer to `event`, and all that it logged meanwhile.
async fn decide(authorizer: &Authorizer, event: Bytes) -> (Result<Value, AuthorizerError>, String) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    let writer = log.clone().and(TestWriter::default());
    let subscriber = subscriber.with_ansi(false).with_writer(writer).finish();
    let logging = set_default(subscriber);
    let answer = authorizer.decide(event).await;
    drop(logging);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (answer.map(|json| serde_json::from_slice(&json).unwrap()), text)
}

#[tokio::test]
async fn a_client_of_the_pool_may_pass_and_the_log_says_who_it_is() {
    let pool = Pool::new();
    let (answer, log) =
        decide(&pool.authorizer(RESOURCE, true), event(&pool.token(NOW + 60))).await;
    let answer = answer.unwrap();
    assert_eq!(answer["principalId"], "c1");
    assert_eq!(answer["context"]["tenantId"], "acme");
    let of_the_decision = log.lines().filter(|line| line.contains("the caller may pass"));
    let [line] = of_the_decision.collect::<Vec<_>>()[..] else { panic!("{log}") };
    for field in [
        "decision=\"allow\"",
        "caller.kind=\"client\"",
        "caller.subject=\"c1\"",
        "caller.client_id=\"c1\"",
        "tenant.id=\"acme\"",
        "token.id=\"jti-1\"",
        "duration_ms=",
    ] {
        assert!(line.contains(field), "{field}: {line}");
    }
}

#[tokio::test]
async fn z01_z02_only_the_log_says_why_nobody_may_pass() {
    let pool = Pool::new();
    let warm = pool.authorizer(RESOURCE, true);
    let cold = pool.authorizer(RESOURCE, false);
    for (authorizer, event, told, level, outcome, reason) in [
        (&warm, event(&pool.token(NOW - 60)), "Unauthorized", "INFO", "unauthorized", "expired"),
        (&warm, event("x"), "Unauthorized", "INFO", "unauthorized", "not a signed token"),
        (&warm, event(""), "Unauthorized", "INFO", "unauthorized", "not valid"),
        (&warm, Bytes::from_static(b"{}"), "Unauthorized", "WARN", "unauthorized", "event"),
        (
            &cold,
            event(&pool.token(NOW + 60)),
            "tokens cannot be verified now",
            "ERROR",
            "error",
            "cannot be verified",
        ),
    ] {
        let (answer, log) = decide(authorizer, event).await;
        assert_eq!(answer.unwrap_err().to_string(), told);
        let outcome = format!("decision=\"{outcome}\"");
        let of_the_decision: Vec<_> =
            log.lines().filter(|line| line.contains("decision=")).collect();
        let [line] = of_the_decision[..] else { panic!("{log}") };
        for part in [level, outcome.as_str(), reason] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}

#[tokio::test]
async fn j41_no_line_of_the_log_has_a_token() {
    let pool = Pool::new();
    for known in [true, false] {
        let authorizer = pool.authorizer(RESOURCE, known);
        for token in [pool.token(NOW + 60), pool.token(NOW - 60), Pool::new().token(NOW + 60)] {
            let (_, log) = decide(&authorizer, event(&token)).await;
            assert!(!log.is_empty());
            for part in token.split('.') {
                assert!(!log.contains(part), "{log}");
            }
            // Events with a token where none belongs.
            for event in [
                json!(token),
                json!([format!("Bearer {token}")]),
                json!({ "type": "REQUEST", "headers": format!("Bearer {token}") }),
                json!({ "type": "REQUEST", "multiValueHeaders": token }),
                json!({ "type": "REQUEST", "headers": { "Authorization": { "a": token } } }),
                json!({ "type": "REQUEST", "headers": { "Authorization": [[token]] } }),
                json!({ "type": "REQUEST", "methodArn": token, "headers": {} }),
                json!({ "type": "REQUEST", "methodArn": [token], "headers": {} }),
                json!({ "type": token }),
            ] {
                let (answer, log) = decide(&authorizer, event.to_string().into()).await;
                let err = answer.unwrap_err();
                assert_eq!(err.to_string(), "Unauthorized");
                for part in token.split('.') {
                    assert!(!format!("{log}{err:?}").contains(part), "{event}: {log} {err:?}");
                }
            }
        }
    }
}

#[test]
fn a_resource_behind_a_stage_is_warned_of_at_the_start() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    let _logging = set_default(subscriber);
    let pool = Pool::new();
    pool.authorizer(RESOURCE, true);
    assert!(log.0.lock().unwrap().is_empty());
    pool.authorizer("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod/mcp", true);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("WARN") && text.contains("The stage trap"), "{text}");
}
