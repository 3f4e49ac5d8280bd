//! Login at an identity provider: who is sent there, and what comes of what comes back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth::{Broker, JwkSet, Login, Provider, Signer, SigningKey, Upstream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use crate::site::{App, Ask, Browser, ISSUER, NOW, Reply, Site, Tokens, claims};

const NOT_BEGUN: &str = "No login was begun here";
const USED: &str = "This was already used";
const MISFIT: &str = "This login does not fit";

/// A provider on loopback: it knows one person, and takes any code.
#[derive(Clone)]
struct Idp {
    issuer: String,
    key: Arc<SigningKey>,
    /// What is at each path; nothing is an outage.
    says: Arc<Mutex<Vec<(&'static str, String)>>>,
}

impl Idp {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let key = Arc::new(SigningKey::generate().unwrap());
        let document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
        });
        let jwks = JwkSet { keys: vec![key.public().clone()] };
        let says = Arc::new(Mutex::new(vec![
            ("/.well-known/openid-configuration", document.to_string()),
            ("/jwks", serde_json::to_string(&jwks).unwrap()),
        ]));
        let serving = Arc::clone(&says);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 8192];
                let length = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default();
                let found = serving.lock().unwrap().iter().find(|(at, _)| *at == path).cloned();
                let (status, body) = match found {
                    Some((_, body)) => ("200 OK", body),
                    None => ("503 Down", String::new()),
                };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { issuer, key, says }
    }

    /// Our server, whose people are known here.
    fn site(&self) -> Site {
        Site::with(|setup| {
            let upstream = Upstream {
                issuer: self.issuer.clone(),
                client_id: "us".to_owned(),
                is_cognito: false,
                tenant_claim: Some("tenant".to_owned()),
                needs_mfa: false,
            };
            let provider = Provider {
                upstream,
                client_secret: None,
                scope: "openid".to_owned(),
                redirect_uri: format!("{ISSUER}/oauth/callback"),
            };
            let https = https::Client::new(https::Settings::default());
            let broker = Broker::new(provider, https, Arc::clone(&setup.clock));
            setup.login = Login::Provider(Box::new(broker));
        })
    }

    /// Has the token endpoint answer with an ID token of these claims.
    async fn vouches(&self, nonce: &str, changes: Value) {
        let mut claims = json!({
            "iss": self.issuer, "aud": "us", "nonce": nonce, "sub": "u-7", "name": "Ana Example",
            "tenant": "acme", "exp": NOW + 300, "iat": NOW,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = json!({"alg": "ES256", "kid": self.key.public().kid()});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(signed.as_bytes()).await.unwrap();
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let answer = ("/token", json!({ "id_token": token }).to_string());
        let mut says = self.says.lock().unwrap();
        says.retain(|(path, _)| *path != "/token");
        says.push(answer);
    }
}

/// Where the provider would be asked, and with what.
struct Sent {
    state: String,
    nonce: String,
}

fn sent(idp: &Idp, reply: &Reply) -> Sent {
    let url = Url::parse(reply.is(303).location()).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/authorize?", idp.issuer)), "{url}");
    let get = |name: &str| {
        url.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap()
    };
    assert_eq!(get("redirect_uri"), format!("{ISSUER}/oauth/callback"));
    assert_eq!((&*get("code_challenge_method"), get("code_challenge").len()), ("S256", 43));
    Sent { state: get("state"), nonce: get("nonce") }
}

fn back(query: &str) -> Ask {
    Ask::get(&format!("/oauth/callback?{query}"))
}

/// A browser that was sent to the provider.
async fn begun(idp: &Idp, site: &Site, app: &App) -> (Browser, Sent) {
    site.know(&format!("{}/authorize", idp.issuer));
    let mut browser = Browser::new(site);
    let reply = browser.ask(app, &[]).await;
    let sent = sent(idp, &reply);
    (browser, sent)
}

#[tokio::test]
async fn a_person_who_comes_back_is_asked_and_the_callback_gives_out_nothing() {
    let idp = Idp::start().await;
    let site = idp.site();
    let app = App::new(&site).await;
    let (mut browser, sent) = begun(&idp, &site, &app).await;
    idp.vouches(&sent.nonce, json!({})).await;
    let reply = browser.send(back(&format!("code=c&state={}", sent.state))).await;
    assert_eq!(reply.is(303).location(), "/oauth/consent");
    let page = browser.open(Ask::get("/oauth/consent")).await;
    assert!(page.text().contains("Ana Example"), "{}", page.text());
    let answered = browser.allow(&page).await;
    let tokens = Tokens::of(&app.redeem(&answered.code(&app.redirect_uri), &[]).await);
    assert_eq!(claims(&tokens.access)["sub"], "u-7");
    assert_eq!(claims(&tokens.access)["tenant_id"], "acme");
    // Logged in here, the next client only asks.
    let next = App::new(&site).await;
    browser.ask(&next, &[]).await.is(200).has_title("Allow access?");
    // There is no form to log in with.
    site.send(Ask::form("/oauth/login", &[])).await.is(404);
}

#[tokio::test]
async fn k08_what_another_browser_began_ends_in_a_page() {
    let idp = Idp::start().await;
    let site = idp.site();
    let app = App::new(&site).await;
    let (_, attackers) = begun(&idp, &site, &app).await;
    idp.vouches(&attackers.nonce, json!({})).await;
    let link = format!("code=c&state={}", attackers.state);
    let mut victim = Browser::new(&site);
    victim.send(back(&link)).await.is_page(400, NOT_BEGUN);
    let (mut victim, _) = begun(&idp, &site, &app).await;
    victim.send(back(&link)).await.is_page(400, MISFIT);
    assert_eq!(site.store.calls("put_session"), 0);
}

#[tokio::test]
async fn k11_a_callback_is_good_once_in_time_and_as_it_was_begun() {
    let idp = Idp::start().await;
    let site = idp.site();
    let app = App::new(&site).await;
    let (mut browser, sent) = begun(&idp, &site, &app).await;
    idp.vouches(&sent.nonce, json!({})).await;
    let good = format!("code=c&state={}", sent.state);
    for (query, told) in [
        ("code=c".to_owned(), MISFIT),
        (format!("state={}", sent.state), MISFIT),
        (format!("{good}&state={}", sent.state), "This link is broken"),
        (format!("{good}&iss=https%3A%2F%2Fevil.example"), MISFIT),
    ] {
        browser.send(back(&query)).await.is_page(400, told);
    }
    browser.send(back(&good)).await.is(303);
    browser.send(back(&good)).await.is_page(400, USED);

    let (mut browser, sent) = begun(&idp, &site, &app).await;
    let refused = format!("error=access_denied&error_description=no&state={}", sent.state);
    browser.send(back(&refused)).await.is_told(&app.redirect_uri, "access_denied", Some("s-1"));
    browser.send(back(&refused)).await.is_page(400, USED);

    let (mut browser, sent) = begun(&idp, &site, &app).await;
    site.pass(Duration::from_secs(601));
    let late = format!("code=c&state={}", sent.state);
    browser.send(back(&late)).await.is_page(400, "This took too long");
}

#[tokio::test]
async fn k12_nobody_is_logged_in_by_a_token_that_vouches_for_another_login() {
    let idp = Idp::start().await;
    let site = idp.site();
    let app = App::new(&site).await;
    for changes in [
        json!({"nonce": "other"}),
        json!({"aud": "another-client"}),
        json!({"iss": "https://evil.example"}),
        json!({"token_use": "access"}),
        json!({"tenant": null}),
        json!({"exp": NOW - 1}),
    ] {
        let (mut browser, sent) = begun(&idp, &site, &app).await;
        idp.vouches(&sent.nonce, changes.clone()).await;
        let reply = browser.send(back(&format!("code=c&state={}", sent.state))).await;
        reply.is_page(400, "You cannot log in");
        assert!(!browser.cookies.contains_key("mcp_sess"), "{changes}");
    }
    assert_eq!(site.store.calls("put_session"), 0);
}

#[tokio::test]
async fn a_provider_that_is_down_is_an_outage_and_can_be_tried_again() {
    let idp = Idp::start().await;
    let site = idp.site();
    let app = App::new(&site).await;
    let (mut browser, sent) = begun(&idp, &site, &app).await;
    site.excuse();
    let good = format!("code=c&state={}", sent.state);
    browser.send(back(&good)).await.is_page(503, "Not available right now");
    idp.vouches(&sent.nonce, json!({})).await;
    browser.send(back(&good)).await.is(303);
}
