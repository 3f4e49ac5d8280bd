//! The line that each request leaves, and what is never in one.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{self, Layer, SubscriberExt as _};
use url::form_urlencoded;

use crate::site::{
    ADA, App, Ask, BEN, Browser, INITIAL_ACCESS, OURS, Reply, SECRET, Site, VERIFIER,
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Writes why an error is one, all the way down, as the service's own logs do.
struct Causes(Lines);

impl<S: Subscriber> Layer<S> for Causes {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        event.record(&mut Self(self.0.clone()));
    }
}

impl Visit for Causes {
    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
            writeln!(self.0, "{}", json!({"cause": cause.to_string()})).unwrap();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// All that this thread logs meanwhile, at any level.
async fn logged(run: impl Future<Output = ()>) -> String {
    let lines = Lines::default();
    let json = tracing_subscriber::fmt::layer().json().with_writer(lines.clone()).without_time();
    let subscriber = tracing_subscriber::registry().with(json).with(Causes(lines.clone()));
    let guard = tracing::subscriber::set_default(subscriber);
    run.await;
    drop(guard);
    String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
}

/// The lines of requests, less how long each took.
fn lines(log: &str) -> Vec<Value> {
    let all = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let requests = all.filter(|line| line["fields"]["message"] == "oauth request");
    requests
        .map(|line| {
            let mut fields = line["fields"].clone();
            assert!(fields["duration_ms"].as_f64().unwrap() >= 0.0, "{line}");
            let members = fields.as_object_mut().unwrap();
            members.shift_remove("duration_ms");
            members.shift_remove("message");
            members.insert("level".to_owned(), line["level"].clone());
            fields
        })
        .collect()
}

/// Everything that can be done, and done wrong.
async fn everything(site: &Site) {
    let app = App::confidential(site, "client_secret_post").await;
    let public = App::new(site).await;
    let machine = json!({"grant_types": ["client_credentials"], "client_secret": "of-the-client"});
    let machine = Ask::json("/dcr", &machine);
    site.send(machine.clone()).await.is(401);
    site.send(machine.clone().bearer("wrong-initial-access-token")).await.is(401);
    let machine = App::of(site, site.send(machine.bearer(INITIAL_ACCESS)).await.is(201).json());
    machine.token(&[("grant_type", "client_credentials")]).await.is(200);
    for app in [&app, &public] {
        let changes = [("state", "state-of-the-client"), ("nonce", "nonce-of-the-client")];
        let mut browser = Browser::new(site);
        let login = browser.ask(app, &changes).await;
        browser.submit(&login, &[("user", ADA.0), ("password", BEN.1)]).await.is(422);
        browser.submit(&login, &[("user", "no-such-person"), ("password", SECRET)]).await.is(422);
        let page = browser.log_in(&login, ADA).await;
        let forged = [("csrf", "a-forged-token-of-a-page"), ("decision", "approve")];
        browser.send(Ask::form("/oauth/consent", &forged).own_page()).await.is(403);
        let code = browser.allow(&page).await.code(&app.redirect_uri);
        browser.allow(&page).await.is(400);
        let page = browser.ask(app, &changes).await;
        browser.submit(&page, &[("decision", "deny")]).await.is(303);

        let wrong = [("code_verifier", &*"wrong-verifier-".repeat(3))];
        app.redeem(&code, &wrong).await.is(400);
        site.store.fail_after(2);
        app.redeem(&code, &[]).await.is(503);
        let first = crate::site::Tokens::of(&app.redeem(&code, &[]).await);
        let tokens = crate::site::Tokens::of(&app.refresh(&first.refresh, &[]).await);
        site.send(Ask::get("/oauth/userinfo").bearer(&tokens.access)).await.is(200);
        site.send(Ask::get(&format!("/oauth/userinfo?access_token={}", tokens.access)))
            .await
            .is(400);
        site.send(app.post("/oauth/revoke", &[("token", &tokens.access)])).await.is(200);
        app.refresh(&tokens.refresh, &[]).await.is(400);
        app.redeem(&code, &[]).await.is(400);

        // A token used again takes its grant down, which is warned of.
        let first = app.tokens().await;
        app.refresh(&first.refresh, &[]).await.is(200);
        site.pass(std::time::Duration::from_secs(61));
        app.refresh(&first.refresh, &[]).await.is(400);

        let (path, token) = app.management();
        site.send(Ask::get(&path).bearer("wrong-registration-token")).await.is(401);
        site.send(Ask::get(&path).bearer(&token)).await.is(200);
        site.store.fail_after(1);
        site.send(Ask::new("DELETE", &path).bearer(&token)).await.is(503);
        site.send(Ask::new("DELETE", &path).bearer(&token)).await.is(204);
        app.redeem(&code, &[]).await.is(401);
    }
    let form = Ask::form("/oauth/token", &[("grant_type", "client_credentials")]);
    site.send(form.clone().basic("machine:a-wrong-secret-of-it")).await.is(401);
    site.send(form.clone().bearer("a-bearer-token-for-no-client")).await.is(401);
    site.send(form.basic("machine:one-of-two-secrets").basic("x:y")).await.is(400);
    let query = "/oauth/token?client_secret=a-secret-in-the-query";
    site.send(Ask::form(query, &[])).await.is(400);
}

/// Whatever was said that opens anything, or is nobody's business.
fn secrets(said: &[(Ask, Reply)]) -> BTreeSet<String> {
    const IN_FORMS: [&str; 12] = [
        "password",
        "code",
        "code_verifier",
        "client_secret",
        "refresh_token",
        "token",
        "access_token",
        "csrf",
        "state",
        "nonce",
        "user",
        "code_challenge",
    ];
    const IN_ANSWERS: [&str; 5] =
        ["access_token", "refresh_token", "id_token", "client_secret", "registration_access_token"];
    let mut found = BTreeSet::new();
    for (ask, reply) in said {
        let query = ask.path.split('?').nth(1).unwrap_or_default();
        let location = reply.header("location").and_then(|location| location.split('?').nth(1));
        for text in [query.as_bytes(), &ask.body, location.unwrap_or_default().as_bytes()] {
            let pairs = form_urlencoded::parse(text).into_owned();
            found.extend(pairs.filter(|(name, _)| IN_FORMS.contains(&&**name)).map(|pair| pair.1));
        }
        for (name, value) in &ask.headers {
            let value = value.to_str().unwrap();
            match name.as_str() {
                "cookie" => found.extend(
                    value.split("; ").filter_map(|pair| Some(pair.split_once('=')?.1.to_owned())),
                ),
                "authorization" => {
                    let credentials = value.split(' ').nth(1).unwrap_or_default();
                    found.insert(credentials.to_owned());
                    let pair = STANDARD.decode(credentials).ok();
                    let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
                    found.extend(pair.and_then(|pair| Some(pair.split_once(':')?.1.to_owned())));
                }
                _ => {}
            }
        }
        for line in reply.all("set-cookie") {
            found.insert(line.split(['=', ';']).nth(1).unwrap().to_owned());
        }
        if reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
            && reply.text().contains("<form")
        {
            found.extend(reply.form().1.into_iter().map(|(_, value)| value));
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&reply.body) {
            found.extend(
                IN_ANSWERS.iter().filter_map(|name| body[name].as_str()).map(str::to_owned),
            );
        }
    }
    found.retain(|secret| secret.len() > 8);
    found
}

#[tokio::test]
async fn nothing_that_opens_anything_is_ever_in_a_line() {
    let site = Site::new();
    site.excuse();
    let log = logged(everything(&site)).await;
    let said = site.said();
    // All of it is in there, and nothing else of what was said.
    assert_eq!(lines(&log).len(), said.len());
    assert!(log.contains(OURS) && log.contains("code used again"), "{log}");
    assert!(log.contains("refresh token used again"), "{log}");
    let secrets = secrets(&said);
    assert!(secrets.len() > 60, "{}", secrets.len());
    for known in [
        ADA.1,
        BEN.1,
        SECRET,
        INITIAL_ACCESS,
        VERIFIER,
        "state-of-the-client",
        "nonce-of-the-client",
        "a-wrong-secret-of-it",
        "a-secret-in-the-query",
        "no-such-person",
        "a-forged-token-of-a-page",
        "wrong-registration-token",
    ] {
        assert!(secrets.contains(known), "{known} was not looked for");
    }
    for secret in secrets.iter().map(String::as_str).chain(["of-the-client", "Basic ", "Bearer "]) {
        // Nor the beginning of it.
        let beginning = secret.get(..secret.len().min(16)).unwrap();
        assert!(!log.contains(beginning), "{secret}");
    }
}

/// What a client or a browser calls things cannot pass for a line, or for a field of one.
#[tokio::test]
async fn x12_no_line_is_forged() {
    let site = Site::new();
    let forged = "\n{\"level\":\"ERROR\",\"fields\":{\"message\":\"oauth request\"}}\r\n";
    let in_ascii = r#"c","level":"ERROR","x":"\u000a"#;
    let log = logged(async {
        let body = json!({"client_name": forged, "redirect_uris": ["https://app.example/cb"]});
        let app = App::registered(&site, &body).await;
        for (name, value) in [
            ("state", forged),
            ("scope", forged),
            ("client_id", forged),
            ("client_id", in_ascii),
            ("nonce", forged),
        ] {
            site.get(&app.link(&[(name, value)])).await;
            let id = if name == "client_id" { value } else { &app.id };
            site.send(Ask::form("/oauth/token", &[("client_id", id), ("x", value)])).await;
        }
        let mut browser = Browser::new(&site);
        let login = browser.ask(&app, &[]).await;
        browser.submit(&login, &[("user", in_ascii), ("password", "x")]).await.is(422);
        let agent = Ask::get("/oauth/jwks").header("user-agent", in_ascii);
        site.send(agent.header("x-forwarded-for", in_ascii)).await.is(200);
    })
    .await;
    let lines = lines(&log);
    assert_eq!((lines.len(), log.lines().count()), (site.said().len(), site.said().len()));
    let named = lines.iter().filter(|line| line["client.id"] == in_ascii).count();
    assert_eq!(named, 2, "{log}");
    for line in &lines {
        assert!(matches!(line["level"].as_str(), Some("INFO")), "{line}");
        assert_eq!(line["source.ip"], "192.0.2.1");
    }
}

#[tokio::test]
async fn each_request_leaves_one_line_that_says_what_became_of_it() {
    let site = Site::new();
    site.excuse();
    let editor = App::configured(&site, "editor");
    let mut browser = Browser::of(&site, ADA).await;
    let page = browser.ask(&editor, &[]).await;
    let long = "c".repeat(2000);
    let log = logged(async {
        let code = browser.allow(&page).await.code(&editor.redirect_uri);
        editor.redeem(&code, &[]).await.is(200);
        editor.redeem(&code, &[]).await.is(400);
        editor.token(&[("grant_type", "of-nobody")]).await.is(400);
        site.get(&editor.link(&[("scope", "unknown")])).await.is(303);
        site.get("/authorize").await.is(400);
        site.get(&editor.link(&[("client_id", &long)])).await.is(400);
        site.send(Ask::new("PUT", "/oauth/jwks").from("2001:db8::1")).await.is(405);
        site.store.fail_after(0);
        site.send(Ask {
            source: None,
            ..App::of(
                &site,
                json!({
                    "client_id": "c_1", "token_endpoint_auth_method": "none",
                }),
            )
            .post("/oauth/token", &[])
        })
        .await
        .is(503);
        // Not ours: whoever asked for it logs it.
        site.get("/nothing/here").await.is(404);
    })
    .await;
    let mut lines = lines(&log);
    for (name, line) in [("token.id", 1), ("grant.id", 0)] {
        let value = lines[line][name].take();
        assert_eq!(value.as_str().map(str::len), Some(22), "{name} {value}");
        lines[line][name] = "(random)".into();
    }
    let shown = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(shown.replace(&long[..256], "(the first 256)"), @r#"
    {"endpoint":"consent","outcome":"ok","client.id":"editor","grant.id":"(random)","source.ip":"192.0.2.1","http.status":303,"level":"INFO"}
    {"endpoint":"token","outcome":"ok","client.id":"editor","grant.kind":"authorization_code","token.id":"(random)","source.ip":"192.0.2.1","http.status":200,"level":"INFO"}
    {"endpoint":"token","outcome":"refused","error.kind":"invalid_grant","client.id":"editor","grant.kind":"authorization_code","source.ip":"192.0.2.1","http.status":400,"level":"INFO"}
    {"endpoint":"token","outcome":"refused","error.kind":"unsupported_grant_type","client.id":"editor","source.ip":"192.0.2.1","http.status":400,"level":"INFO"}
    {"endpoint":"authorize","outcome":"refused","error.kind":"invalid_scope","client.id":"editor","source.ip":"192.0.2.1","http.status":303,"level":"INFO"}
    {"endpoint":"authorize","outcome":"refused","error.kind":"the client is unknown","source.ip":"192.0.2.1","http.status":400,"level":"INFO"}
    {"endpoint":"authorize","outcome":"refused","error.kind":"the client is unknown","client.id":"(the first 256)","source.ip":"192.0.2.1","http.status":400,"level":"INFO"}
    {"endpoint":"jwks","outcome":"refused","source.ip":"2001:db8::","http.status":405,"level":"INFO"}
    {"endpoint":"token","outcome":"failed","error.kind":"temporarily_unavailable","reason":"the store does not answer","client.id":"c_1","source.ip":"unknown","http.status":503,"level":"ERROR"}
    "#);
}
