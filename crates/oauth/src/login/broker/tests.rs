use std::sync::Mutex;

use serde_json::json;
use service_kit::clock::SystemClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::keys::tests::rsa_pkcs8;
use crate::keys::{KeyRing, SigningKey};

const NOW: Time = Time(1_800_000_000);

/// An identity provider on loopback, which says what it is told to.
struct Idp {
    issuer: String,
    keys: KeyRing,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    discovery: Value,
    jwks: String,
    token: (u16, String),
    /// The requests to the token endpoint, whole.
    asked: Vec<String>,
}

impl Idp {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let keys = KeyRing::new(SigningKey::from_pkcs8(rsa_pkcs8()).unwrap());
        let script = Script {
            discovery: json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize?tenant=a"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
            }),
            jwks: serde_json::to_string(keys.published()).unwrap(),
            ..Script::default()
        };
        let script = Arc::new(Mutex::new(script));
        let serving = Arc::clone(&script);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let script = Arc::clone(&serving);
                tokio::spawn(async move {
                    let mut request = vec![0; 8192];
                    let length = stream.read(&mut request).await.unwrap_or_default();
                    let request = String::from_utf8_lossy(&request[..length]).into_owned();
                    let (status, body) = script.lock().unwrap().answer(request);
                    let length = body.len();
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { issuer, keys, script }
    }

    fn broker(&self, secret: Option<&str>) -> Broker {
        let upstream = Upstream {
            issuer: self.issuer.clone(),
            client_id: "us".to_owned(),
            is_cognito: true,
            tenant_claim: None,
            needs_mfa: false,
        };
        let provider = Provider {
            upstream,
            client_secret: secret.map(str::to_owned),
            scope: "openid email".to_owned(),
            redirect_uri: "https://h/oauth/callback".to_owned(),
        };
        let https = https::Client::new(https::Settings::default());
        Broker::new(provider, https, Arc::new(SystemClock))
    }

    /// Claims that are accepted with the nonce `n`, but for some.
    fn claims(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": "us", "token_use": "id", "nonce": "n", "sub": "u-1",
            "email": "ana@example.com", "exp": NOW.0 + 300, "iat": NOW.0, "amr": ["pwd"],
        });
        change(&mut claims);
        claims
    }

    fn says(&self, status: u16, body: impl Into<String>) {
        self.script.lock().unwrap().token = (status, body.into());
    }

    /// What comes of a login whose ID token is this one.
    async fn finish(&self, broker: &Broker, id_token: &str) -> Result<Person, BrokerError> {
        self.says(200, json!({ "id_token": id_token, "access_token": "x" }).to_string());
        broker.finish(&CODE, NOW).await
    }
}

impl Script {
    fn answer(&mut self, request: String) -> (u16, String) {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/.well-known/openid-configuration" => (200, self.discovery.to_string()),
            "/jwks" => (200, self.jwks.clone()),
            "/token" => {
                self.asked.push(request);
                self.token.clone()
            }
            _ => (404, String::new()),
        }
    }
}

const CODE: UpstreamCode<'static> = UpstreamCode { code: "c/1", verifier: "v", nonce: "n" };

fn parameters(location: &Location) -> crate::form::Form {
    crate::form::Form::parse(location.as_str().split_once('?').unwrap().1).unwrap()
}

#[tokio::test]
async fn a_browser_is_sent_with_a_state_a_nonce_and_a_proof_of_its_own() {
    let idp = Idp::start().await;
    let broker = idp.broker(None);
    let Begun { location, step } = broker.begin(false).await.unwrap();
    assert!(location.as_str().starts_with(&format!("{}/authorize?tenant=a&", idp.issuer)));
    let sent = parameters(&location);
    let TransactionState::Login { state, nonce, verifier } = &step else { panic!() };
    assert!(state.is_of(sent.get("state").unwrap()));
    assert_eq!(sent.get("nonce"), Some(&**nonce));
    let challenge: crate::pkce::CodeChallenge =
        sent.get("code_challenge").unwrap().parse().unwrap();
    assert!(challenge.is_of(&verifier.parse().unwrap()));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "us"),
        ("redirect_uri", "https://h/oauth/callback"),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(sent.get(name), Some(value));
    }
    assert_eq!(sent.get("prompt"), None);
    let again = broker.begin(true).await.unwrap();
    assert_eq!(parameters(&again.location).get("prompt"), Some("login"));
    assert_ne!(again.step, step);
}

#[tokio::test]
async fn a_code_is_redeemed_with_our_proof_and_tells_who_it_is() {
    let idp = Idp::start().await;
    let token = idp.keys.sign_token("JWT", &idp.claims(|_| ())).await.unwrap();
    let person = idp.finish(&idp.broker(None), &token).await.unwrap();
    assert_eq!((&*person.subject, person.name.as_deref()), ("u-1", Some("ana@example.com")));
    idp.finish(&idp.broker(Some("s:1")), &token).await.unwrap();
    let asked = idp.script.lock().unwrap().asked.clone();
    let form = "grant_type=authorization_code&code=c%2F1\
                &redirect_uri=https%3A%2F%2Fh%2Foauth%2Fcallback&code_verifier=v";
    assert!(asked[0].ends_with(&format!("\r\n\r\n{form}&client_id=us")), "{}", asked[0]);
    let basic = format!("authorization: Basic {}\r\n", STANDARD.encode("us:s%3A1"));
    assert!(asked[1].contains(&basic) && asked[1].ends_with(&format!("\r\n\r\n{form}")));
    assert!(!format!("{:?}", idp.broker(Some("s:1"))).contains("s:1"));
}

#[tokio::test]
async fn k12_an_id_token_of_another_kind_key_or_person_logs_nobody_in() {
    let idp = Idp::start().await;
    let broker = idp.broker(Some("shared-secret"));
    for (change, expected) in [
        (json!({"nonce": "other"}), IdTokenError::Nonce),
        (json!({"nonce": null}), IdTokenError::Nonce),
        (json!({"aud": "others"}), IdTokenError::Audience),
        (json!({"iss": "https://evil.example"}), IdTokenError::Issuer),
        (json!({"token_use": "access"}), IdTokenError::NotAnIdToken),
        (json!({"exp": NOW.0}), IdTokenError::Expired),
    ] {
        let claims = idp.claims(|claims| {
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
        });
        let token = idp.keys.sign_token("JWT", &claims).await.unwrap();
        match idp.finish(&broker, &token).await.unwrap_err() {
            BrokerError::IdToken(err) => assert_eq!(err, expected, "{change}"),
            other => panic!("{change}: {other:?}"),
        }
    }
    let own = idp.claims(|_| ());
    let stranger = KeyRing::new(SigningKey::generate().unwrap());
    let forged = stranger.sign_token("JWT", &own).await.unwrap();
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","kid":"{}"}}"#, idp.keys.active())),
        URL_SAFE_NO_PAD.encode(own.to_string())
    );
    let header = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, idp.keys.active());
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(own.to_string()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"shared-secret");
    let mac = ring::hmac::sign(&key, signed.as_bytes());
    let hs256 = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
    for token in [&*forged, &none, &hs256, "a.b.c", ""] {
        let err = idp.finish(&broker, token).await.unwrap_err();
        assert!(matches!(err, BrokerError::Signature(_)), "{token}: {err:?}");
    }
}

#[tokio::test]
async fn a_provider_that_is_out_of_order_is_no_fault_of_the_person() {
    let idp = Idp::start().await;
    let broker = idp.broker(None);
    for (status, body) in [(500, ""), (503, "{}"), (200, ""), (200, "{}"), (302, "")] {
        idp.says(status, body);
        let err = broker.finish(&CODE, NOW).await.unwrap_err();
        assert!(matches!(err, BrokerError::Unavailable(_)), "{status} {body}: {err:?}");
    }
    idp.says(400, r#"{"error":"invalid_grant","code":"c/1"}"#);
    let err = broker.finish(&CODE, NOW).await.unwrap_err();
    assert_eq!(err.to_string(), "the identity provider refuses the code: 400 Bad Request");

    let good = idp.script.lock().unwrap().discovery.clone();
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("issuer", json!(null)),
        ("authorization_endpoint", json!("http://login.example/authorize")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", json!("http://login.example/token")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("jwks_uri", json!(null)),
    ] {
        let mut document = good.clone();
        document[name] = value.clone();
        idp.script.lock().unwrap().discovery = document;
        // Each is asked anew: what failed is not kept.
        let err = idp.broker(None).begin(false).await.unwrap_err();
        assert!(matches!(err, BrokerError::Unavailable(_)), "{name} {value}: {err:?}");
    }
    idp.script.lock().unwrap().discovery = good;
    assert!(idp.broker(None).begin(false).await.is_ok());
}
