//! KMS on a loopback port: one key on P-256, which really signs, and whatever else it is told to say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use backend_kms::{KeyId, Kms, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use service_kit::clock::SystemClock;
use tokio::net::TcpListener;

pub(crate) const ALIAS: &str = "alias/tokens";
pub(crate) const ARN: &str =
    "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// Of a public key on P-256, all that is before its point (RFC 5480).
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// What KMS says.
    Good,
    /// This, with this status.
    Say(u16, Value),
    /// The connection breaks.
    Cut,
    /// Nothing, ever.
    Silence,
}

/// An exception, as services that speak JSON tell one.
pub(crate) fn exception(status: u16, name: &str) -> Answer {
    Answer::Say(status, json!({"__type": name, "message": format!("the words of {name}")}))
}

pub(crate) struct Server {
    pub(crate) kms: Kms,
    plan: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let kms = kms_at(format!("http://{}", listener.local_addr().unwrap()));
        let (plan, asked) = (Arc::default(), Arc::default());
        let server = Self { kms, plan: Arc::clone(&plan), asked: Arc::clone(&asked) };
        let key = Arc::new(key_pair());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (key, plan, asked) = (Arc::clone(&key), Arc::clone(&plan), Arc::clone(&asked));
                let service = service_fn(move |request| {
                    let planned = plan.lock().unwrap().pop_front().unwrap_or(Answer::Good);
                    answer(request, planned, Arc::clone(&key), Arc::clone(&asked))
                });
                // A connection that was cut on purpose ends with an error.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
            }
        });
        server
    }

    /// The answers to the next requests; those after them get good ones.
    pub(crate) fn plan(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.plan.lock().unwrap() = answers.into_iter().collect();
    }

    /// The operations that were asked for since the last time, and how.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

pub(crate) fn kms_at(endpoint: String) -> Kms {
    let settings = Settings { region: "eu-west-1".to_owned(), endpoint: Some(endpoint) };
    let credentials = Credentials::new("AKIDEXAMPLE", "a secret", None, None, "test");
    Kms::new(
        settings,
        &https::Client::new(https::Settings::default()),
        SharedCredentialsProvider::new(credentials),
        Arc::new(SystemClock),
    )
}

pub(crate) fn alias() -> KeyId {
    ALIAS.parse().unwrap()
}

/// An error and all its causes.
pub(crate) fn causes(err: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(err), |err| err.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What `GetPublicKey` says of a key.
pub(crate) fn described(info: &str, spec: &str, usage: &str) -> Value {
    json!({"KeyId": ARN, "PublicKey": info, "KeySpec": spec, "KeyUsage": usage})
}

fn key_pair() -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
}

async fn answer(
    request: Request<Incoming>,
    planned: Answer,
    key: Arc<EcdsaKeyPair>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
) -> Result<Response<Full<Bytes>>, &'static str> {
    let target = request.headers()["x-amz-target"].to_str().unwrap();
    let operation = target.strip_prefix("TrentService.").unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    asked.lock().unwrap().push((operation.clone(), body.clone()));
    let (status, said) = match planned {
        Answer::Cut => return Err("cut"),
        Answer::Silence => std::future::pending().await,
        Answer::Say(status, said) => (status, said),
        Answer::Good if operation == "GetPublicKey" => {
            let info = [&BEFORE_POINT, key.public_key().as_ref()].concat();
            (200, described(&STANDARD.encode(info), "ECC_NIST_P256", "SIGN_VERIFY"))
        }
        Answer::Good => {
            assert_eq!(operation, "Sign");
            let message = STANDARD.decode(body["Message"].as_str().unwrap()).unwrap();
            let signature = key.sign(&SystemRandom::new(), &message).unwrap();
            (200, json!({"KeyId": ARN, "Signature": STANDARD.encode(signature)}))
        }
    };
    Ok(Response::builder().status(status).body(Full::from(said.to_string())).unwrap())
}
