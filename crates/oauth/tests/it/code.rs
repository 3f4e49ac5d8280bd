//! `grant_type=authorization_code`.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::site::{ADA, App, Ask, ISSUER, RESOURCE, SCOPE, Site, Tokens, VERIFIER, claims};

async fn userinfo(site: &Site, token: &str) -> u16 {
    site.send(Ask::get("/oauth/userinfo").bearer(token)).await.status
}

#[tokio::test]
async fn t01_a_code_that_comes_twice_takes_everything_back() {
    // At once, when the code has ended, and long after.
    for seconds in [0, 61, 3600] {
        let site = Site::new();
        let app = App::new(&site).await;
        let code = app.code().await;
        let tokens = Tokens::of(&app.redeem(&code, &[]).await);
        let second = Tokens::of(&app.refresh(&tokens.refresh, &[]).await);
        assert_eq!(userinfo(&site, &second.access).await, 200);
        site.pass(Duration::from_secs(seconds));
        app.redeem(&code, &[]).await.is_refused(400, "invalid_grant");
        for token in [&tokens.refresh, &second.refresh] {
            app.refresh(token, &[]).await.is_refused(400, "invalid_grant");
        }
        for token in [&tokens.access, &second.access] {
            assert_eq!(userinfo(&site, token).await, 401);
        }
    }
}

async fn redeem_at_once(site: &Site) {
    let app = App::new(site).await;
    let code = app.code().await;
    let mut at_once = JoinSet::new();
    for _ in 0..50 {
        let (app, code) = (app.clone(), code.clone());
        at_once.spawn(async move { app.redeem(&code, &[]).await });
    }
    let (given, refused): (Vec<_>, Vec<_>) =
        at_once.join_all().await.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((given.len(), refused.len()), (1, 49));
    for reply in refused {
        reply.is_refused(400, "invalid_grant");
    }
    // A code that comes twice was stolen once, however little time is between.
    let tokens = Tokens::of(&given[0]);
    app.refresh(&tokens.refresh, &[]).await.is_refused(400, "invalid_grant");
}

/// One thread, on which the store lets all of them come as far before any goes on.
#[tokio::test]
async fn t02_of_fifty_at_a_time_one_gets_tokens() {
    redeem_at_once(&Site::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t02_of_fifty_on_several_threads_one_gets_tokens() {
    for _ in 0..5 {
        redeem_at_once(&Site::new()).await;
    }
}

#[tokio::test]
async fn t03_t04_t05_t06_t09_what_does_not_fit_is_refused_and_burns_nothing() {
    let site = Site::new();
    let app = App::new(&site).await;
    let code = app.code().await;
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let (other, short, long) = ("a".repeat(43), "a".repeat(42), "a".repeat(129));
    let grant = "invalid_grant";
    for (name, value, expected) in [
        ("code_verifier", "-", grant),
        ("code_verifier", "", grant),
        ("code_verifier", &other, grant),
        ("code_verifier", challenge, grant),
        ("code_verifier", &VERIFIER.to_uppercase(), grant),
        ("code_verifier", &short, "invalid_request"),
        ("code_verifier", &long, "invalid_request"),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX=", "invalid_request"),
        ("code_verifier", "dBjftJeZ4CVP mB92K27uhbUJU1p1r wW1gFWFOEjXk", "invalid_request"),
        ("redirect_uri", "http://127.0.0.1:33419/", grant),
        ("redirect_uri", "http://127.0.0.1:33418", grant),
        ("redirect_uri", "https://evil.example/", grant),
        ("resource", "https://evil.example/mcp", "invalid_target"),
        ("resource", "http://127.0.0.1:8787", "invalid_target"),
        ("resource", "mcp", "invalid_target"),
        ("code", "-", "invalid_request"),
        ("code", "", "invalid_request"),
    ] {
        let reply = app.redeem(&code, &[(name, value)]).await;
        reply.is_refused(400, expected);
    }
    let both = [("resource", RESOURCE), ("resource", "https://evil.example/mcp")];
    app.redeem(&code, &both).await.is_refused(400, "invalid_target");
    app.redeem(&code, &[]).await.is(200);
}

#[tokio::test]
async fn t06_t09_redirect_uri_and_resource_need_not_be_sent_again() {
    let site = Site::new();
    let app = App::new(&site).await;
    for changes in [
        &[("redirect_uri", "-")][..],
        &[("redirect_uri", "")],
        &[("resource", "")],
        &[("resource", RESOURCE)],
        &[("resource", RESOURCE), ("resource", RESOURCE)],
        &[("scope", SCOPE)],
    ] {
        let reply = app.redeem(&app.code().await, changes).await;
        assert_eq!(reply.is(200).member("scope"), SCOPE);
    }
}

#[tokio::test]
async fn t07_the_code_of_another_client_stays_good_for_its_own() {
    let site = Site::new();
    let (app, public) = (App::new(&site).await, App::new(&site).await);
    let confidential = App::confidential(&site, "client_secret_basic").await;
    let code = app.code().await;
    for other in [&public, &confidential, &App::configured(&site, "portal")] {
        for changes in [&[][..], &[("redirect_uri", &*app.redirect_uri)]] {
            other.redeem(&code, changes).await.is_refused(400, "invalid_grant");
        }
    }
    // A public client is who it says it is; with its code, too, a verifier is needed.
    let fields = [("grant_type", "authorization_code"), ("code", &code), ("client_id", &app.id)];
    let reply = site.send(Ask::form("/oauth/token", &fields)).await;
    reply.is_refused(400, "invalid_grant");
    app.redeem(&code, &[]).await.is(200);
}

#[tokio::test]
async fn t08_t10_a_code_that_has_ended_or_is_none_is_refused_without_effect() {
    let site = Site::new();
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    let code = app.code().await;
    let long = "a".repeat(10_000);
    let (half, more, flipped) = (&code[..20], format!("{code}A"), code.to_uppercase());
    for wrong in
        [half, &code[..42], &code[1..], &more, &flipped, "x", "ü", "a b", &long, "../x", "H#x"]
    {
        app.redeem(wrong, &[]).await.is_refused(400, "invalid_grant");
    }
    // Neither this grant nor the other was touched.
    assert_eq!(site.store.calls("revoke_grant"), 0);
    app.refresh(&tokens.refresh, &[]).await.is(200);
    site.pass(Duration::from_secs(59));
    app.redeem(&code, &[]).await.is(200);
    let code = app.code().await;
    for _ in 0..2 {
        site.pass(Duration::from_secs(60));
        app.redeem(&code, &[]).await.is_refused(400, "invalid_grant");
    }
    assert_eq!(site.store.calls("revoke_grant"), 0, "it was never used");
}

#[tokio::test]
async fn t34_an_answer_has_what_clients_read() {
    let site = Site::new();
    let app = App::new(&site).await;
    let reply = app.redeem(&app.code().await, &[]).await;
    let answer = reply.is(200).json();
    let names: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
    let all = ["access_token", "token_type", "expires_in", "id_token", "refresh_token", "scope"];
    assert_eq!(names, all);
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&"Bearer".into(), &900.into()));
    assert_eq!(answer["scope"], SCOPE);
    let claims = claims(&reply.member("access_token"));
    for (name, value) in [
        ("iss", ISSUER),
        ("aud", RESOURCE),
        ("sub", ADA.0),
        ("client_id", &app.id),
        ("scope", SCOPE),
        ("tenant_id", "acme"),
    ] {
        assert_eq!(claims[name], value, "{claims}");
    }
    // With less, and for who may not refresh.
    let refresh = reply.member("refresh_token");
    let less = app.refresh(&refresh, &[("scope", "mcp/invoke")]).await;
    assert_eq!(less.is(200).member("scope"), "mcp/invoke");
    assert_eq!(less.json().get("id_token"), None);
    let kiosk = App::configured(&site, "kiosk");
    let answer = kiosk.redeem(&kiosk.code().await, &[]).await.is(200).json();
    assert_eq!(answer.get("refresh_token"), None);
    assert_eq!(answer["scope"], SCOPE);
}
