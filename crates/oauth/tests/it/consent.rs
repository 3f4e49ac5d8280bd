//! `/oauth/consent`: who may answer, from where, how often, and what comes of it.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::site::{ADA, App, Ask, BEN, Browser, ISSUER, Reply, SCOPE, Site};

const FORGED: &str = "This answer was not taken";
const USED: &str = "This was already used";
const BROKEN: &str = "This link is broken";
const UNKNOWN: &str = "This application is not known";

/// Ada before the question of an app.
struct Asked {
    site: Site,
    app: App,
    browser: Browser,
    page: Reply,
}

impl Asked {
    async fn new() -> Self {
        Self::at(Site::new()).await
    }

    async fn at(site: Site) -> Self {
        let app = App::new(&site).await;
        let mut browser = Browser::new(&site);
        let login = browser.ask(&app, &[]).await;
        let page = browser.log_in(&login, ADA).await;
        page.is(200).has_title("Allow access?");
        Self { site, app, browser, page }
    }

    /// The question is still open.
    async fn answer_is_good(mut self) {
        assert_eq!(self.site.store.calls("add_grant"), 0);
        self.browser.allow(&self.page).await.code(&self.app.redirect_uri);
    }
}

fn yes(csrf: &str) -> Ask {
    Ask::form("/oauth/consent", &[("csrf", csrf), ("decision", "approve")]).own_page()
}

/// `Site::send` looks at the headers of every page of every test; this is where the pages are.
#[tokio::test]
async fn k02_k03_k16_pages_are_in_no_frame_and_no_cache_and_may_send_their_forms() {
    let mut asked = Asked::new().await;
    let login = Browser::new(&asked.site).ask(&asked.app, &[]).await;
    let wrong = [("user", "ada"), ("password", "x")];
    let wrong = Browser::new(&asked.site).submit(&login, &wrong).await;
    let error = asked.site.get("/oauth/authorize").await;
    for page in [&asked.page, &login, &wrong, &error] {
        page.has_header("x-frame-options", Some("DENY"));
        page.has_header("cache-control", Some("no-store"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("form-action"));
    }
    let sent = asked.browser.allow(&asked.page).await;
    sent.is(303).has_header("cache-control", Some("no-store"));
}

#[tokio::test]
async fn k04_without_the_token_of_this_page_and_session_there_is_no_answer() {
    let mut asked = Asked::new().await;
    let csrf = asked.page.hidden("csrf");
    let others = Asked::at(asked.site.clone()).await.page.hidden("csrf");
    let mut at_another_time = asked.browser.clone();
    let again = at_another_time.ask(&asked.app, &[]).await.hidden("csrf");
    assert!(csrf != others && csrf != again);
    let cut = &csrf[..csrf.len() - 1];
    for wrong in ["", "x", &others, &again, cut, &format!("{csrf}x"), &csrf.to_uppercase()] {
        asked.browser.send(yes(wrong)).await.is_page(403, FORGED);
    }
    let without = Ask::form("/oauth/consent", &[("decision", "approve")]).own_page();
    asked.browser.send(without).await.is_page(403, FORGED);
    let twice = [("csrf", &*csrf), ("csrf", &csrf), ("decision", "approve")];
    let twice = Ask::form("/oauth/consent", &twice).own_page();
    asked.browser.send(twice).await.is_page(400, BROKEN);
    for decision in ["", "yes", "APPROVE"] {
        asked.browser.submit(&asked.page, &[("decision", decision)]).await.is_page(400, BROKEN);
    }
    asked.browser.submit(&asked.page, &[]).await.is_page(400, BROKEN);
    // In the query it is no form.
    let query = format!("/oauth/consent?csrf={csrf}&decision=approve");
    let form = Ask::new("POST", &query).own_page().header("content-type", "text/plain");
    asked.browser.send(form).await.is_page(400, BROKEN);
    asked.browser.send(Ask::get(&query)).await.is(200).has_title("Allow access?");
    asked.answer_is_good().await;
}

#[tokio::test]
async fn k05_a_form_from_elsewhere_is_refused() {
    let same = Some("same-origin");
    let other_port = "http://127.0.0.1:8788";
    for (origin, site, taken) in [
        (Some("null"), same, true),
        (Some(ISSUER), same, true),
        (Some(ISSUER), None, true),
        (None, same, true),
        (None, None, false),
        (Some("null"), None, false),
        (Some("null"), Some("cross-site"), false),
        (Some("null"), Some("same-site"), false),
        (None, Some("cross-site"), false),
        (None, Some("same-site"), false),
        (None, Some("none"), false),
        (Some("https://evil.example"), None, false),
        (Some("https://evil.example"), same, false),
        (Some(ISSUER), Some("cross-site"), false),
        (Some(other_port), None, false),
        (Some("http://127.0.0.1:8787/"), None, false),
        (Some("http://localhost:8787"), None, false),
        (Some("https://127.0.0.1:8787"), None, false),
        (Some(""), same, false),
    ] {
        let asked = Asked::new().await;
        let sent_from = |ask: Ask| {
            let ask = ask.without("origin").without("sec-fetch-site");
            let ask = origin.iter().fold(ask, |ask, origin| ask.header("origin", origin));
            site.iter().fold(ask, |ask, site| ask.header("sec-fetch-site", site))
        };
        let mut browser = asked.browser.clone();
        let answer = Browser::filled(&asked.page, &[("decision", "approve")]);
        let reply = browser.send(sent_from(answer)).await;
        // The same for the form of the login.
        let mut stranger = Browser::new(&asked.site);
        let login = stranger.ask(&asked.app, &[]).await;
        let login = Browser::filled(&login, &[("user", ADA.0), ("password", ADA.1)]);
        let logged_in = stranger.send(sent_from(login)).await;
        if taken {
            reply.code(&asked.app.redirect_uri);
            assert_eq!(logged_in.location(), "/oauth/consent");
        } else {
            reply.is_page(403, FORGED);
            logged_in.is_page(403, FORGED);
            asked.answer_is_good().await;
        }
    }
}

#[tokio::test]
async fn k06_an_answer_counts_once() {
    for (first, second) in
        [("approve", "approve"), ("approve", "deny"), ("deny", "approve"), ("deny", "deny")]
    {
        let mut asked = Asked::new().await;
        let reply = asked.browser.submit(&asked.page, &[("decision", first)]).await;
        let codes = usize::from(first == "approve");
        assert_eq!(reply.location().contains("code="), first == "approve");
        // Back, and again.
        asked.browser.submit(&asked.page, &[("decision", second)]).await.is_page(400, USED);
        asked.browser.open(Ask::get("/oauth/consent")).await.is_page(400, USED);
        assert_eq!(asked.site.store.calls("add_grant"), codes);
    }
}

#[tokio::test]
async fn k06_of_many_clicks_at_once_one_gets_a_code() {
    let asked = Asked::new().await;
    let mut clicks = JoinSet::new();
    for _ in 0..8 {
        let (mut browser, page) = (asked.browser.clone(), asked.page.clone());
        clicks.spawn(async move { browser.allow(&page).await });
    }
    let replies = clicks.join_all().await;
    let (sent, others): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 303);
    assert_eq!(sent.len(), 1);
    sent[0].code(&asked.app.redirect_uri);
    for other in others {
        other.is_page(400, USED);
    }
    assert_eq!(asked.site.store.calls("add_grant"), 1);
}

#[tokio::test]
async fn k07_nobody_else_answers_for_who_was_asked() {
    let asked = Asked::new().await;
    let mut ben = Browser::of(&asked.site, BEN).await;
    let transaction = asked.browser.cookies["mcp_tx"].clone();
    ben.cookies.insert("mcp_tx".to_owned(), transaction.clone());
    ben.open(Ask::get("/oauth/consent")).await.is_page(403, FORGED);
    ben.allow(&asked.page).await.is_page(403, FORGED);
    // Nor somebody who is not logged in at all.
    let mut stranger = Browser::new(&asked.site);
    stranger.cookies.insert("mcp_tx".to_owned(), transaction);
    stranger.open(Ask::get("/oauth/consent")).await.is_page(403, FORGED);
    stranger.allow(&asked.page).await.is_page(403, FORGED);
    // And Ada herself only in the session that was asked.
    let session = ben.cookies["mcp_sess"].clone();
    let mut mixed = asked.browser.clone();
    mixed.cookies.insert("mcp_sess".to_owned(), session);
    mixed.allow(&asked.page).await.is_page(403, FORGED);
    asked.answer_is_good().await;
}

#[tokio::test]
async fn k09_a_link_of_a_client_that_anybody_could_be_is_asked_about_every_time() {
    let site = Site::new();
    let body = json!({
        "client_name": "Your Bank", "redirect_uris": ["https://evil.example/cb"],
        "token_endpoint_auth_method": "none",
    });
    let evil = App::registered(&site, &body).await;
    let mut ada = Browser::of(&site, ADA).await;
    for prompt in ["-", "none", "-", "consent"] {
        let page = ada.ask(&evil, &[("prompt", prompt)]).await;
        if prompt == "none" {
            page.is_told(&evil.redirect_uri, "consent_required", Some("s-1"));
            continue;
        }
        page.is(200).has_title("Allow access?");
        for part in [
            "<code>evil.example</code>",
            "unverified application",
            "Whoever runs evil.example will get access.",
            "You are logged in as",
            "http://127.0.0.1:8787/mcp",
            "read and change your metrics",
        ] {
            assert!(page.text().contains(part), "{part}: {page:?}");
        }
        ada.allow(&page).await.code(&evil.redirect_uri);
    }
    // The person's own machine and apps there are warned of too.
    for (uri, warning) in [
        ("http://127.0.0.1:4311/cb", "A program on this device will get access."),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "An app on this device will get access"),
    ] {
        let app = App::registered(&site, &json!({"redirect_uris": [uri]})).await;
        let page = ada.ask(&app, &[]).await;
        assert!(page.is(200).text().contains(warning), "{page:?}");
    }
}

#[tokio::test]
async fn k13_a_client_is_told_that_the_person_said_no() {
    let mut asked = Asked::new().await;
    let reply = asked.browser.submit(&asked.page, &[("decision", "deny")]).await;
    reply.is_told(&asked.app.redirect_uri, "access_denied", Some("s-1"));
    assert_eq!(asked.site.store.calls("add_grant"), 0);
    assert_eq!(asked.site.store.calls("put_consent"), 0);
}

#[tokio::test]
async fn k14_a_consent_is_remembered_for_no_more_than_was_agreed_to() {
    let site = Site::with(|setup| {
        let editor = setup.clients.iter_mut().find(|client| client.id.as_str() == "editor");
        let more = ["https://editor.example/other", "http://127.0.0.1/cb", "claude://editor/cb"];
        editor.unwrap().redirect_uris.extend(more.map(|uri| uri.parse().unwrap()));
    });
    let app = App::configured(&site, "editor");
    let mut ada = Browser::of(&site, ADA).await;
    let some = "mcp/invoke openid";
    let page = ada.ask(&app, &[("scope", some)]).await;
    ada.allow(&page).await.code(&app.redirect_uri);
    for scope in [some, "openid"] {
        ada.ask(&app, &[("scope", scope)]).await.code(&app.redirect_uri);
    }
    for changes in [
        &[("scope", SCOPE)][..],
        &[("scope", "-")],
        &[("scope", some), ("redirect_uri", "https://editor.example/other")],
        &[("scope", some), ("prompt", "consent")],
    ] {
        ada.ask(&app, changes).await.is(200).has_title("Allow access?");
    }
    // On the person's machine anybody can listen: nothing is remembered.
    for uri in ["http://127.0.0.1/cb", "claude://editor/cb"] {
        let changes = [("scope", some), ("redirect_uri", uri)];
        for _ in 0..2 {
            let page = ada.ask(&app, &changes).await;
            ada.allow(&page).await.code(uri);
        }
    }
    // Nor for somebody else.
    let mut ben = Browser::of(&site, BEN).await;
    ben.ask(&app, &[("scope", some)]).await.is(200).has_title("Allow access?");
    // Nor for good.
    site.pass(Duration::from_secs(90 * 24 * 60 * 60));
    let login = ada.ask(&app, &[("scope", some)]).await;
    ada.log_in(&login, ADA).await.is(200).has_title("Allow access?");
}

#[tokio::test]
async fn k15_a_consent_is_not_used_for_redirect_uris_that_came_later() {
    let before = Site::new();
    let mut ada = Browser::of(&before, ADA).await;
    ada.agree(&App::configured(&before, "editor"), &[]).await.is(303);
    // The same store, after the operator has changed where the client is.
    let after = Site::with(|setup| {
        setup.store = before.store.clone();
        let editor = setup.clients.iter_mut().find(|client| client.id.as_str() == "editor");
        editor.unwrap().redirect_uris = vec!["https://moved.example/cb".parse().unwrap()];
    });
    let mut app = App::configured(&after, "editor");
    let not_its_own = "This address is not the application's";
    after.get(&app.link(&[])).await.is_page(400, not_its_own);
    app.redirect_uri = "https://moved.example/cb".to_owned();
    let mut browser = Browser::new(&after);
    let login = browser.ask(&app, &[]).await;
    browser.log_in(&login, ADA).await.is(200).has_title("Allow access?");
    browser.ask(&app, &[]).await.is(200).has_title("Allow access?");
}

#[tokio::test]
async fn a_client_that_was_deleted_meanwhile_gets_no_code() {
    let mut asked = Asked::new().await;
    let (path, token) = asked.app.management();
    asked.site.send(Ask::new("DELETE", &path).bearer(&token)).await.is(204);
    asked.browser.open(Ask::get("/oauth/consent")).await.is_page(400, UNKNOWN);
    asked.browser.allow(&asked.page).await.is_page(400, UNKNOWN);
    assert_eq!(asked.site.store.calls("add_grant"), 0);
}

#[tokio::test]
async fn d16_a_client_that_was_forgotten_meanwhile_gets_no_code() {
    let site = Site::new();
    let app = App::new(&site).await;
    site.pass(Duration::from_secs(24 * 60 * 60 - 60));
    let mut browser = Browser::of(&site, ADA).await;
    let page = browser.ask(&app, &[]).await;
    site.pass(Duration::from_secs(60));
    browser.open(Ask::get("/oauth/consent")).await.is_page(400, UNKNOWN);
    browser.allow(&page).await.is_page(400, UNKNOWN);
    assert_eq!(site.store.calls("add_grant"), 0);
}

#[tokio::test]
async fn a_question_is_answered_in_ten_minutes() {
    let mut asked = Asked::new().await;
    asked.site.pass(Duration::from_secs(600));
    let late = "This took too long";
    asked.browser.open(Ask::get("/oauth/consent")).await.is_page(400, late);
    asked.browser.allow(&asked.page).await.is_page(400, late);
    let nobody = "No login was begun here";
    Browser::new(&asked.site).open(Ask::get("/oauth/consent")).await.is_page(400, nobody);
}
