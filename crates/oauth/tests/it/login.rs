//! The development login: whose form it is, and the session that it begins.

use std::time::Duration;

use serde_json::json;

use crate::site::{ADA, App, Ask, BEN, Browser, Reply, Site};

const NOT_BEGUN: &str = "No login was begun here";
const USED: &str = "This was already used";

fn of_ada(page: &Reply) -> Ask {
    Browser::filled(page, &[("user", ADA.0), ("password", ADA.1)])
}

#[tokio::test]
async fn k01_what_a_client_is_called_is_text_and_short() {
    let site = Site::new();
    for (name, shown) in [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"><img src=x onerror=alert(1)>", "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"),
        ("evil\u{202e}txt.exe\u{2066}", "eviltxt.exe"),
        ("a\u{200b}b\u{feff}c\nd", "abcd"),
        ("</title><h1>", "&lt;/title&gt;&lt;h1&gt;"),
        (&"N".repeat(5000), &"N".repeat(64)),
    ] {
        let body = json!({"client_name": name, "redirect_uris": ["https://app.example/cb"]});
        let app = App::registered(&site, &body).await;
        let mut browser = Browser::new(&site);
        let login = browser.ask(&app, &[]).await;
        let wrong = browser.submit(&login, &[("user", "\"><b>"), ("password", "x")]).await;
        let consent = browser.log_in(&login, ADA).await;
        for page in [&login, wrong.is(422), consent.is(200)] {
            let html = page.text();
            assert!(html.contains(&format!("<bdi>{shown}</bdi>")), "{shown}: {html}");
            for no in ["<img", "<b>", "onerror=alert(1)>\"", "\u{202e}", "\u{2066}", "\u{200b}"] {
                assert!(!html.contains(no), "{no:?}: {html}");
            }
            assert!(!html.contains(&"N".repeat(65)));
        }
    }
}

#[tokio::test]
async fn k08_a_login_that_somebody_else_began_leads_nowhere() {
    let site = Site::new();
    let app = App::new(&site).await;
    let attackers = Browser::new(&site).ask(&app, &[]).await;
    // In the browser of a victim who has begun nothing, and of one who has begun another.
    let mut victim = Browser::new(&site);
    victim.send(of_ada(&attackers)).await.is_page(400, NOT_BEGUN);
    victim.ask(&app, &[]).await.is(200);
    victim.send(of_ada(&attackers)).await.is_page(400, "This login does not fit");
    assert!(!victim.cookies.contains_key("mcp_sess"));
    assert_eq!(site.store.calls("put_session"), 0);
}

#[tokio::test]
async fn k10_a_login_begins_a_session_that_nobody_knew_before() {
    for site in [Site::new(), Site::https()] {
        let (session, transaction) = match site.issuer.starts_with("https://") {
            true => ("__Host-mcp_sess", "__Host-mcp_tx"),
            false => ("mcp_sess", "mcp_tx"),
        };
        let app = App::configured(&site, "editor");
        // One that an attacker has set.
        let mut browser = Browser::new(&site);
        browser.cookies.insert(session.to_owned(), "fixed".repeat(8));
        let login = browser.ask(&app, &[]).await;
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [session, transaction]);
        let reply = browser.send(of_ada(&login).own_page()).await;
        let ours = browser.cookies[session].clone();
        assert!(reply.is(303).header("set-cookie").unwrap().starts_with(session));
        assert_ne!(ours, "fixed".repeat(8));
        // One that was good until now: after the next login it is nobody's.
        let mut before = browser.clone();
        let login = browser.ask(&app, &[("prompt", "login")]).await;
        browser.log_in(&login, ADA).await.is(200).has_title("Allow access?");
        assert_ne!(browser.cookies[session], ours);
        before.ask(&app, &[]).await.is(200).has_title("Log in");
        // Two of them are no session at all: which of them is ours cannot be told.
        let ask =
            browser.with_cookies(Ask::get(&app.link(&[]))).header("cookie", format!("{session}=x"));
        site.send(ask).await.is(200).has_title("Log in");
    }
}

#[tokio::test]
async fn k11_a_form_counts_once_in_time_and_with_its_state() {
    let site = Site::new();
    let app = App::new(&site).await;
    let mut browser = Browser::new(&site);
    let login = browser.ask(&app, &[]).await;
    for state in ["", "x", "\u{fc}"] {
        let fields = [("state", state), ("user", ADA.0), ("password", ADA.1)];
        let form = Ask::form("/oauth/login", &fields).own_page();
        browser.send(form).await.is_page(400, "This login does not fit");
    }
    let without = Ask::form("/oauth/login", &[("user", ADA.0), ("password", ADA.1)]).own_page();
    browser.send(without).await.is_page(400, "This login does not fit");
    let twice = Browser::filled(&login, &[("user", "x"), ("user", ADA.0), ("password", ADA.1)]);
    browser.send(twice).await.is_page(400, "This link is broken");
    // The first counts.
    browser.send(of_ada(&login)).await.is(303);
    browser.send(of_ada(&login)).await.is_page(400, USED);
    // And only in ten minutes.
    let mut late = Browser::new(&site);
    let login = late.ask(&app, &[]).await;
    site.pass(Duration::from_secs(600));
    late.send(of_ada(&login)).await.is_page(400, "This took too long");
    assert!(!late.cookies.contains_key("mcp_sess"));
}

#[tokio::test]
async fn k11_of_two_logins_at_once_one_is_asked() {
    let site = Site::new();
    let app = App::new(&site).await;
    let mut browser = Browser::new(&site);
    let login = browser.ask(&app, &[]).await;
    let mut other = browser.clone();
    let both = tokio::join!(browser.send(of_ada(&login)), other.send(of_ada(&login)));
    let (first, second) = if both.0.status == 303 { both } else { (both.1, both.0) };
    first.is(303);
    second.is_page(400, USED);
}

#[tokio::test]
async fn people_log_in_with_their_own_password_only() {
    let site = Site::new();
    let app = App::new(&site).await;
    let mut browser = Browser::new(&site);
    let login = browser.ask(&app, &[]).await;
    for (name, password) in [
        (ADA.0, BEN.1),
        (ADA.0, ""),
        ("", ADA.1),
        ("ADA", ADA.1),
        ("eve", ADA.1),
        (ADA.0, &ADA.1.to_uppercase()),
        (ADA.0, &format!("{} ", ADA.1)),
    ] {
        let page = browser.submit(&login, &[("user", name), ("password", password)]).await;
        page.is(422).has_title("Log in").has_header("set-cookie", None);
        assert!(page.text().contains("The name or the password is wrong."));
        assert!(password.is_empty() || !page.text().contains(password), "{page:?}");
        // The page is good for another attempt.
        assert_eq!(page.form(), login.form());
    }
    browser.log_in(&login, ADA).await.is(200).has_title("Allow access?");
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_without_use_and_after_eight_hours() {
    let site = Site::new();
    let app = App::configured(&site, "editor");
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let mut browser = Browser::of(&site, ADA).await;
    browser.agree(&app, &[]).await.is(303);
    for _ in 0..16 {
        site.pass(minutes(29));
        browser.ask(&app, &[]).await.code(&app.redirect_uri);
    }
    site.pass(minutes(8 * 60 - 16 * 29));
    browser.ask(&app, &[]).await.is(200).has_title("Log in");
    let mut idle = Browser::of(&site, ADA).await;
    site.pass(minutes(30));
    idle.ask(&app, &[]).await.is(200).has_title("Log in");
}

#[tokio::test]
async fn who_is_to_log_in_anew_does_so_although_logged_in() {
    let site = Site::new();
    let app = App::configured(&site, "editor");
    let mut browser = Browser::of(&site, BEN).await;
    for prompt in ["login", "select_account", "login consent"] {
        let page = browser.ask(&app, &[("prompt", prompt)]).await;
        let consent = browser.log_in(&page, ADA).await;
        assert!(consent.is(200).text().contains("<bdi>ada</bdi>"), "{prompt}: {consent:?}");
    }
}
