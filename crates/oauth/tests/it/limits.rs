//! How often things may be asked for, of one source and of all.

use std::time::Duration;

use http::HeaderName;
use serde_json::json;
use tokio::task::JoinSet;

use crate::site::{
    App, Ask, BEN, Browser, ELSEWHERE, HERE, INITIAL_ACCESS, NOW, Reply, Site, basic,
};

const MINUTE: Duration = Duration::from_secs(60);

fn registration() -> Ask {
    Ask::json("/dcr", &json!({"redirect_uris": ["https://app.example/cb"]}))
}

#[track_caller]
fn is_too_many(reply: &Reply, wait: &str) {
    reply.is_refused(429, "too_many_requests").has_header("retry-after", Some(wait));
}

#[tokio::test]
async fn d14_x09_a_flood_of_registrations_is_stopped_by_its_source() {
    let site = Site::limited();
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    site.pass(MINUTE + Duration::from_secs(15));
    // What is refused for what it says counts as well.
    for _ in 0..10 {
        site.send(registration()).await.is(201);
        site.send(registration().body("{}")).await.is(400);
    }
    for n in 0..20 {
        is_too_many(&site.send(registration()).await, "45");
        // Whatever the headers say of where it comes from.
        let spoofed =
            ["x-forwarded-for", "forwarded", "x-real-ip", "x-amzn-source-ip", "client-ip"];
        for name in spoofed.map(|name| name.parse::<HeaderName>().unwrap()) {
            let spoofed = registration().header(name.as_str(), format!("198.51.100.{n}"));
            is_too_many(&site.send(spoofed).await, "45");
        }
    }
    // Others register, whoever has a token does, and those who are registered get their tokens.
    site.send(registration().from(ELSEWHERE)).await.is(201);
    site.send(registration().bearer(INITIAL_ACCESS)).await.is(201);
    app.refresh(&tokens.refresh, &[]).await.is(200);
    let code = app.code().await;
    app.redeem(&code, &[]).await.is(200);
    site.pass(Duration::from_secs(44));
    is_too_many(&site.send(registration()).await, "1");
    site.pass(Duration::from_secs(1));
    site.send(registration()).await.is(201);
}

#[tokio::test]
async fn d14_a_household_is_one_source() {
    let site = Site::limited();
    for n in 0..20 {
        let ask = registration().from(&format!("2001:db8:1:2:{n:x}::1"));
        site.send(ask).await.is(201);
    }
    for (source, status) in
        [("2001:db8:1:2:ffff::", 429), ("2001:db8:1:3::1", 201), ("192.0.2.9", 201)]
    {
        site.send(registration().from(source)).await.is(status);
    }
    for _ in 0..19 {
        site.send(registration().from("::ffff:192.0.2.9")).await.is(201);
    }
    site.send(registration().from("192.0.2.9")).await.is(429);
    // Those of whom nothing is known are one source too.
    let unknown = || Ask { source: None, ..registration() };
    for _ in 0..20 {
        site.send(unknown()).await.is(201);
    }
    site.send(unknown()).await.is(429);
}

#[tokio::test]
async fn d14_a_flood_from_everywhere_is_stopped_too() {
    let site = Site::limited();
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    site.pass(MINUTE);
    for n in 0..300 {
        site.send(registration().from(&format!("10.0.{}.{}", n / 20, n % 20))).await.is(201);
    }
    for n in 0..5 {
        let reply = site.send(registration().from(&format!("10.1.0.{n}"))).await;
        is_too_many(&reply, "60");
    }
    app.refresh(&tokens.refresh, &[]).await.is(200);
    site.send(registration().bearer(INITIAL_ACCESS)).await.is(201);
}

#[tokio::test]
async fn authorization_requests_and_logins_of_one_source_are_limited() {
    let site = Site::limited();
    let app = App::configured(&site, "editor");
    for _ in 0..60 {
        site.get(&app.link(&[("prompt", "none")])).await.is(303);
    }
    for link in [app.link(&[]), app.link(&[("scope", "unknown")]), "/authorize?x".to_owned()] {
        let reply = site.get(&link).await;
        reply.is_page(429, "Too many attempts").has_header("retry-after", Some("60"));
    }
    site.send(Ask::get(&app.link(&[])).from(ELSEWHERE)).await.is(200);
    site.pass(MINUTE);
    let mut browser = Browser::new(&site);
    let login = browser.ask(&app, &[]).await;
    let wrong = [("user", "ada"), ("password", "x")];
    for _ in 0..10 {
        browser.submit(&login, &wrong).await.is(422);
    }
    let reply = browser.submit(&login, &wrong).await;
    reply.is_page(429, "Too many attempts").has_header("retry-after", Some("60"));
    let elsewhere = Browser::filled(&login, &wrong).from(ELSEWHERE);
    browser.send(elsewhere).await.is(422);
    site.pass(MINUTE);
    browser.log_in(&login, BEN).await.is(200).has_title("Allow access?");
}

#[tokio::test]
async fn x11_of_a_hundred_wrong_secrets_most_are_not_looked_at_twice() {
    let site = Site::limited();
    site.pass(Duration::from_secs(20));
    assert_eq!((NOW + 20) % 60, 20);
    let wrong = |id: &str| {
        let fields = [("grant_type", "client_credentials")];
        Ask::form("/oauth/token", &fields).header("authorization", basic(id, "wrong"))
    };
    let mut at_once = JoinSet::new();
    for _ in 0..100 {
        let (site, ask) = (site.clone(), wrong("machine"));
        at_once.spawn(async move { site.send(ask).await });
    }
    let (refused, too_many): (Vec<_>, Vec<_>) =
        at_once.join_all().await.into_iter().partition(|reply| reply.status == 401);
    assert_eq!((refused.len(), too_many.len()), (10, 90));
    for reply in too_many {
        is_too_many(&reply, "40");
    }
    // By whatever proof, and wherever one is needed.
    let post = [("client_id", "machine"), ("client_secret", "wrong"), ("token", "x")];
    is_too_many(&site.send(Ask::form("/oauth/revoke", &post)).await, "40");
    is_too_many(&site.send(Ask::form("/token", &[("client_id", "machine")])).await, "40");
    // Who has the secret gets on, from here too; and so does any other client.
    let machine = App::configured(&site, "machine");
    let good = || machine.post("/oauth/token", &[("grant_type", "client_credentials")]);
    site.send(good().from(HERE)).await.is(200);
    site.send(good().from(ELSEWHERE)).await.is(200);
    site.send(wrong("machine").from(ELSEWHERE)).await.is(401);
    site.send(wrong("backend")).await.is(401);
    site.pass(Duration::from_secs(40));
    site.send(wrong("machine")).await.is(401);
}

/// Whoever makes up clients is counted, and does not fill the store with counts.
#[tokio::test]
async fn x11_clients_that_are_made_up_have_few_counts() {
    let site = Site::limited();
    let before = site.store.kept().len();
    let mut too_many = 0;
    for n in 0..2000 {
        let fields = [("client_id", &*format!("made-up-{n}")), ("client_secret", "x")];
        let reply = site.send(Ask::form("/oauth/token", &fields)).await;
        too_many += usize::from(reply.status == 429);
    }
    assert_eq!(too_many, 2000 - 64 * 10);
    let grown = site.store.kept().len() - before;
    assert!(grown < 64 * 100, "{grown} bytes");
}

#[tokio::test]
async fn a_machine_gets_so_many_tokens_in_a_minute() {
    let site = Site::limited();
    let machine = App::configured(&site, "machine");
    let fields = [("grant_type", "client_credentials")];
    for _ in 0..120 {
        machine.token(&fields).await.is(200);
    }
    is_too_many(&machine.token(&fields).await, "60");
    let odd = App::configured(&site, "https://odd.example/c");
    odd.token(&fields).await.is(200);
    site.pass(MINUTE);
    machine.token(&fields).await.is(200);
}
