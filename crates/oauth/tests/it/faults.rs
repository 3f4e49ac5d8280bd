//! What is told when the store or the keys do not answer, and that it costs nobody anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use oauth::{Jwk, KeyRing, Keys, Loading, Signer, SigningError, SigningKey};
use serde_json::json;

use crate::site::{ADA, App, Ask, Browser, OURS, Reply, Site, Tokens};

const UNAVAILABLE: &str = "Not available right now";

/// Lets every call of the store fail in turn, until all is well: the last answer, and how often it
/// was none.
async fn fail_in_turn(site: &Site, ask: &Ask) -> (Reply, usize) {
    site.excuse();
    for good in 0.. {
        site.store.fail_after(good);
        let reply = site.send(ask.clone()).await;
        if site.store.is_to_fail() {
            return (reply, good);
        }
        let pages = ["/oauth/authorize", "/oauth/login", "/oauth/consent"];
        if pages.contains(&ask.route()) {
            reply.is_page(503, UNAVAILABLE);
        } else {
            let reply = reply.is_refused(503, "temporarily_unavailable");
            reply.has_header("retry-after", Some("2"));
        }
    }
    unreachable!("a request makes a few calls")
}

#[tokio::test]
async fn t32_what_the_store_does_not_answer_burns_no_code_and_no_token() {
    let site = Site::new();
    let app = App::new(&site).await;
    let code = app.code().await;
    let (reply, calls) = fail_in_turn(&site, &app.redemption(&code, &[])).await;
    let tokens = Tokens::of(&reply);
    assert_eq!(calls, 5, "client, code, grant, client again, redeem");

    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*tokens.refresh)];
    let (reply, calls) = fail_in_turn(&site, &app.post("/oauth/token", &fields)).await;
    let tokens = Tokens::of(&reply);
    assert_eq!(calls, 4, "client, token, grant, rotate");
    assert_eq!(site.store.calls("revoke_grant"), 0);

    let userinfo = Ask::get("/oauth/userinfo").bearer(&tokens.access);
    let (reply, calls) = fail_in_turn(&site, &userinfo).await;
    assert_eq!((reply.is(200).json(), calls), (json!({"sub": ADA.0}), 1));

    let revoke = app.post("/oauth/revoke", &[("token", &tokens.refresh)]);
    let (reply, calls) = fail_in_turn(&site, &revoke).await;
    assert_eq!((reply.is(200).status, calls), (200, 4), "client, token, grant, revoke");
    app.refresh(&tokens.refresh, &[]).await.is_refused(400, "invalid_grant");

    let machine = App::configured(&site, "machine");
    let ask = machine.post("/oauth/token", &[("grant_type", "client_credentials")]);
    let (reply, calls) = fail_in_turn(&site, &ask).await;
    assert_eq!((reply.is(200).status, calls), (200, 1), "count");
}

/// Whether a proof is wrong is not told by how the store fails.
#[tokio::test]
async fn t32_registration_and_management_can_be_tried_again() {
    let site = Site::new();
    let body = json!({"redirect_uris": ["https://app.example/cb"]});
    let (reply, calls) = fail_in_turn(&site, &Ask::json("/dcr", &body)).await;
    let app = App::of(&site, reply.is(201).json());
    assert_eq!(calls, 3, "count, count of all, add");
    let (path, token) = app.management();
    let (reply, calls) = fail_in_turn(&site, &Ask::get(&path).bearer(&token)).await;
    assert_eq!((reply.is(200).status, calls), (200, 1));
    let ask = Ask::new("DELETE", &path).bearer(&token);
    let (reply, calls) = fail_in_turn(&site, &ask).await;
    assert_eq!((reply.is(204).status, calls), (204, 2));
}

#[tokio::test]
async fn t32_a_person_sees_a_page_and_can_try_again() {
    let site = Site::new();
    let app = App::new(&site).await;
    let (login, calls) = fail_in_turn(&site, &Ask::get(&app.link(&[]))).await;
    login.is(200).has_title("Log in");
    assert_eq!(calls, 3, "count, client, transaction");

    let mut browser = Browser::new(&site);
    let login = browser.ask(&app, &[]).await;
    let form = Browser::filled(&login, &[("user", ADA.0), ("password", ADA.1)]);
    let (reply, calls) = fail_in_turn(&site, &browser.with_cookies(form)).await;
    assert_eq!((reply.location(), calls), ("/oauth/consent", 3), "transaction, session, step");

    let mut browser = Browser::of(&site, ADA).await;
    browser.ask(&app, &[]).await.is(200);
    let consent = browser.with_cookies(Ask::get("/oauth/consent"));
    let (page, calls) = fail_in_turn(&site, &consent).await;
    page.is(200).has_title("Allow access?");
    assert_eq!(calls, 4, "transaction, session, client, consent");
}

/// The question is answered before the grant is kept, so that two answers never give two codes.
/// When it cannot be kept after all the person has to begin again, and nothing was given out.
#[tokio::test]
async fn t32_an_answer_that_cannot_be_kept_gives_no_code() {
    let site = Site::new();
    site.excuse();
    let app = App::configured(&site, "editor");
    let mut codes = 0;
    for good in 0..8 {
        let mut browser = Browser::of(&site, ADA).await;
        let page = browser.ask(&app, &[("prompt", "consent")]).await;
        site.store.fail_after(good);
        let reply = browser.submit(&page, &[("decision", "approve")]).await;
        if site.store.is_to_fail() {
            reply.code(&app.redirect_uri);
            codes += 1;
            continue;
        }
        reply.is_page(503, UNAVAILABLE);
        let again = browser.submit(&page, &[("decision", "approve")]).await;
        match good {
            // Transaction, session, step.
            0..=2 => drop(again.code(&app.redirect_uri)),
            _ => drop(again.is_page(400, "This was already used").clone()),
        }
    }
    assert_eq!(codes, 3, "grant and consent are kept after the step");
}

#[tokio::test]
async fn t32_a_server_whose_store_is_down_says_so_and_publishes_what_it_can() {
    let site = Site::new();
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    site.excuse();
    site.store.fail_all(true);
    app.refresh(&tokens.refresh, &[]).await.is_refused(503, "temporarily_unavailable");
    app.refresh("x", &[]).await.is_refused(503, "temporarily_unavailable");
    site.get(&app.link(&[])).await.is_page(503, UNAVAILABLE);
    for path in ["/.well-known/oauth-authorization-server", "/oauth/jwks", "/oauth/style.css"] {
        site.get(path).await.is(200);
    }
    site.store.fail_all(false);
    app.refresh(&tokens.refresh, &[]).await.is(200);
}

/// A key elsewhere that does not answer while it is told so.
#[derive(Clone, Debug)]
struct Elsewhere {
    key: Arc<SigningKey>,
    down: Arc<AtomicBool>,
}

#[async_trait]
impl Signer for Elsewhere {
    fn public(&self) -> &Jwk {
        self.key.public()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self.down.load(Ordering::Relaxed) {
            true => Err(SigningError::because(format!("key of {OURS} is throttled"))),
            false => self.key.sign(message).await,
        }
    }
}

#[tokio::test]
async fn t32_a_key_service_that_is_throttled_burns_no_code_and_no_token() {
    let down = Arc::new(AtomicBool::new(false));
    let key = Elsewhere { key: Arc::new(SigningKey::generate().unwrap()), down: down.clone() };
    let site = Site::with(|setup| setup.keys = KeyRing::new(key).into());
    site.excuse();
    let is_unavailable = |reply: Reply| {
        reply.is_refused(503, "temporarily_unavailable").has_header("retry-after", Some("2"));
    };
    let app = App::new(&site).await;
    let code = app.code().await;
    down.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        is_unavailable(app.redeem(&code, &[]).await);
    }
    down.store(false, Ordering::Relaxed);
    let tokens = Tokens::of(&app.redeem(&code, &[]).await);
    down.store(true, Ordering::Relaxed);
    for _ in 0..6 {
        is_unavailable(app.refresh(&tokens.refresh, &[]).await);
    }
    let machine = App::configured(&site, "machine");
    is_unavailable(machine.token(&[("grant_type", "client_credentials")]).await);
    down.store(false, Ordering::Relaxed);
    app.refresh(&tokens.refresh, &[]).await.is(200);
}

#[tokio::test]
async fn t32_keys_that_cannot_be_loaded_are_asked_for_again() {
    let ready = Arc::new(AtomicBool::new(false));
    let loaded = ready.clone();
    let site = Site::with(|setup| {
        setup.keys = Keys::on_demand(move || -> Loading {
            let ready = loaded.load(Ordering::Relaxed);
            Box::pin(async move {
                match ready {
                    true => Ok(KeyRing::new(SigningKey::generate().unwrap())),
                    false => Err(SigningError::because(format!("no key in {OURS}"))),
                }
            })
        });
    });
    site.excuse();
    let app = App::new(&site).await;
    let code = app.code().await;
    for ask in [
        app.redemption(&code, &[]),
        Ask::get("/oauth/jwks"),
        Ask::get("/oauth/userinfo").bearer("x"),
        app.post("/oauth/revoke", &[("token", "x")]),
    ] {
        let reply = site.send(ask).await;
        reply.is_refused(503, "temporarily_unavailable").has_header("retry-after", Some("2"));
    }
    ready.store(true, Ordering::Relaxed);
    let tokens = Tokens::of(&app.redeem(&code, &[]).await);
    let published = site.get("/oauth/jwks").await;
    assert_eq!(published.is(200).json()["keys"].as_array().unwrap().len(), 1);
    let reply = site.send(Ask::get("/oauth/userinfo").bearer(&tokens.access)).await;
    reply.is(200);
}
