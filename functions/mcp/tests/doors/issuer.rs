//! An issuer of tokens, with a key of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The resource that tokens are for.
pub(crate) const RESOURCE: &str = "https://mcp.example.com/mcp";
/// Who issues them.
pub(crate) const ISSUER: &str = "https://issuer.example.com/pool";
/// What the clock of every test shows, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;

const KID: &str = "key-1";

/// A key pair that signs as [`ISSUER`].
pub(crate) struct Issuer {
    keys: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let keys = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        Self { keys, random }
    }

    /// What it publishes.
    pub(crate) fn jwks(&self) -> Value {
        let point = self.keys.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KID, "x": x, "y": y}
        ]})
    }

    /// An entry of `AUTH_ISSUERS` that knows the keys beforehand; nobody else answers for them.
    pub(crate) fn entry(&self) -> Value {
        json!({
            "issuer": ISSUER,
            "profile": "cognito",
            "clients": ["agent"],
            "jwks_uri": "http://127.0.0.1:1/jwks.json",
            "jwks": self.jwks(),
            "tenant_claim": "tenant_id",
        })
    }

    /// An entry of `AUTH_ISSUERS` whose keys are fetched, and how often they were.
    pub(crate) fn published(&self) -> (Value, Arc<AtomicUsize>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let uri = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let (jwks, fetches) = (self.jwks().to_string(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&fetches);
        // Ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = BufReader::new(&stream).lines().map_while(Result::ok);
                request.take_while(|line| !line.is_empty()).for_each(drop);
                counted.fetch_add(1, Ordering::Relaxed);
                let length = jwks.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n{jwks}"
                );
            }
        });
        (self.entry_of_keys_at(&uri), fetches)
    }

    /// An entry of `AUTH_ISSUERS` whose keys nobody answers for: a closed port of this machine.
    pub(crate) fn out_of_reach(&self) -> Value {
        self.entry_of_keys_at("https://127.0.0.1:1/jwks.json")
    }

    fn entry_of_keys_at(&self, uri: &str) -> Value {
        let mut entry = self.entry();
        let members = entry.as_object_mut().unwrap();
        members.remove("jwks");
        members.insert("jwks_uri".to_owned(), json!(uri));
        entry
    }

    /// A good token, but for what `other` says; a claim of `null` is left out.
    pub(crate) fn token(&self, other: Value) -> String {
        self.token_of_key(KID, other)
    }

    /// The same, signed by the same key under another name.
    pub(crate) fn token_of_key(&self, kid: &str, other: Value) -> String {
        let mut claims = json!({
            "iss": ISSUER,
            "sub": "agent",
            "client_id": "agent",
            "token_use": "access",
            "scope": "prometheus-mcp-server/read",
            "exp": NOW + 300,
            "iat": NOW,
            "jti": "token-1",
        });
        let members = claims.as_object_mut().unwrap();
        members.extend(other.as_object().unwrap().clone());
        members.retain(|_, value| !value.is_null());
        self.sign(&json!({"alg": "ES256", "kid": kid}), &claims)
    }

    /// A good token of our own authorization server (RFC 9068), but for what `other` says.
    pub(crate) fn access_token(&self, other: Value) -> String {
        let mut claims = json!({
            "iss": ISSUER,
            "sub": "ada",
            "aud": RESOURCE,
            "scope": "prometheus-mcp-server/read",
            "exp": NOW + 900,
            "iat": NOW,
        });
        claims.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        self.sign(&json!({"alg": "ES256", "kid": KID, "typ": "at+jwt"}), &claims)
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.keys.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
