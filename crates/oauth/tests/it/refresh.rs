//! `grant_type=refresh_token`.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::site::{App, Ask, RESOURCE, SCOPE, Site, Tokens};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const REFUSED: (u16, &str) = (400, "invalid_grant");

async fn app() -> (Site, App, Tokens) {
    let site = Site::new();
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    (site, app, tokens)
}

#[tokio::test]
async fn t26_each_refresh_gives_another_token_and_scopes_go_down_for_one_of_them() {
    let (_, app, tokens) = app().await;
    let second = Tokens::of(&app.refresh(&tokens.refresh, &[]).await);
    assert!(second.refresh != tokens.refresh && second.access != tokens.access);
    let mut newest = second;
    for (scope, granted) in [
        ("openid", "openid"),
        ("prometheus-mcp-server/read mcp/invoke", "mcp/invoke prometheus-mcp-server/read"),
        ("", SCOPE),
    ] {
        let less = app.refresh(&newest.refresh, &[("scope", scope)]).await;
        assert_eq!(less.is(200).member("scope"), granted);
        // The grant is as it was.
        let full = app.refresh(&less.member("refresh_token"), &[]).await;
        assert_eq!(full.is(200).member("scope"), SCOPE);
        newest = Tokens::of(&full);
    }
    for scope in ["cases/read", "mcp/invoke cases/read", "unknown", "mcp/invoke  openid"] {
        let more = app.refresh(&newest.refresh, &[("scope", scope)]).await;
        more.is_refused(400, "invalid_scope");
    }
    app.refresh(&newest.refresh, &[]).await.is(200);
}

#[tokio::test]
async fn t26_another_client_gets_nothing_and_does_no_harm() {
    let (site, app, tokens) = app().await;
    let confidential = App::confidential(&site, "client_secret_post").await;
    for other in [&App::new(&site).await, &confidential, &App::configured(&site, "editor")] {
        let reply = other.refresh(&tokens.refresh, &[]).await;
        reply.is_refused(REFUSED.0, REFUSED.1);
    }
    app.refresh(&tokens.refresh, &[("resource", "https://evil.example/mcp")])
        .await
        .is_refused(400, "invalid_target");
    app.refresh(&tokens.refresh, &[("resource", RESOURCE)]).await.is(200);
}

#[tokio::test]
async fn t27_an_answer_that_was_lost_is_had_again_for_a_minute_and_four_times() {
    let (site, app, tokens) = app().await;
    let mut siblings = vec![Tokens::of(&app.refresh(&tokens.refresh, &[]).await)];
    for _ in 0..4 {
        site.pass(15 * SECOND);
        siblings.push(Tokens::of(&app.refresh(&tokens.refresh, &[]).await));
    }
    // A fifth is refused and does no harm.
    app.refresh(&tokens.refresh, &[]).await.is_refused(REFUSED.0, REFUSED.1);
    for sibling in siblings {
        app.refresh(&sibling.refresh, &[]).await.is(200);
    }
}

#[tokio::test]
async fn t27_t28_after_a_minute_a_used_token_takes_the_grant_down() {
    let (site, app, tokens) = app().await;
    let newest = Tokens::of(&app.refresh(&tokens.refresh, &[]).await);
    // Being used does not move the window.
    site.pass(50 * SECOND);
    let sibling = Tokens::of(&app.refresh(&tokens.refresh, &[]).await);
    site.pass(11 * SECOND);
    app.refresh(&tokens.refresh, &[]).await.is_refused(REFUSED.0, REFUSED.1);
    for token in [newest, sibling] {
        app.refresh(&token.refresh, &[]).await.is_refused(REFUSED.0, REFUSED.1);
        let reply = site.send(Ask::get("/oauth/userinfo").bearer(&token.access)).await;
        reply.is_refused(401, "invalid_token");
    }
    // Another grant of the same person and client is another matter.
    app.tokens().await;
}

async fn refresh_at_once(site: &Site) {
    let app = App::new(site).await;
    let tokens = app.tokens().await;
    let mut at_once = JoinSet::new();
    for _ in 0..20 {
        let (app, token) = (app.clone(), tokens.refresh.clone());
        at_once.spawn(async move { app.refresh(&token, &[]).await });
    }
    let (given, refused): (Vec<_>, Vec<_>) =
        at_once.join_all().await.into_iter().partition(|reply| reply.status == 200);
    assert!((1..=5).contains(&given.len()), "{}", given.len());
    for reply in refused {
        reply.is_refused(REFUSED.0, REFUSED.1);
    }
    for leaf in given {
        app.refresh(&Tokens::of(&leaf).refresh, &[]).await.is(200);
    }
}

/// One thread, on which the store lets all of them come as far before any goes on.
#[tokio::test]
async fn t29_twenty_at_a_time_leave_at_most_five_tokens_and_the_grant() {
    refresh_at_once(&Site::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t29_twenty_on_several_threads_leave_at_most_five_tokens_and_the_grant() {
    for _ in 0..5 {
        refresh_at_once(&Site::new()).await;
    }
}

#[tokio::test]
async fn t30_nothing_comes_of_a_grant_that_was_taken_back_or_whose_client_is_gone() {
    let (site, app, tokens) = app().await;
    site.send(app.post("/oauth/revoke", &[("token", &tokens.access)])).await.is(200);
    app.refresh(&tokens.refresh, &[]).await.is_refused(REFUSED.0, REFUSED.1);
    let tokens = app.tokens().await;
    let (path, token) = app.management();
    site.send(Ask::new("DELETE", &path).bearer(&token)).await.is(204);
    app.refresh(&tokens.refresh, &[]).await.is_refused(401, "invalid_client");
}

#[tokio::test]
async fn t30_a_grant_ends_however_often_it_is_used() {
    let (site, app, mut tokens) = app().await;
    for _ in 0..3 {
        site.pass(29 * DAY);
        tokens = Tokens::of(&app.refresh(&tokens.refresh, &[]).await);
    }
    site.pass(3 * DAY - 60 * SECOND);
    let last = app.refresh(&tokens.refresh, &[]).await;
    assert_eq!(last.is(200).json()["expires_in"], 60, "no longer than its grant");
    site.pass(60 * SECOND);
    let last = Tokens::of(&last);
    app.refresh(&last.refresh, &[]).await.is_refused(REFUSED.0, REFUSED.1);
    let reply = site.send(Ask::get("/oauth/userinfo").bearer(&last.access)).await;
    reply.is_refused(401, "invalid_token");
    // One that nobody uses ends sooner.
    let tokens = app.tokens().await;
    site.pass(30 * DAY);
    app.refresh(&tokens.refresh, &[]).await.is_refused(REFUSED.0, REFUSED.1);
}

#[tokio::test]
async fn t31_another_kind_of_token_is_no_refresh_token() {
    let (site, app, tokens) = app().await;
    let code = app.code().await;
    let id_token = app.redeem(&app.code().await, &[]).await.member("id_token");
    let (_, registration) = app.management();
    let long = "a".repeat(10_000);
    for wrong in [&*tokens.access, &code, &id_token, &registration, &app.id, "x", "ü", &long] {
        app.refresh(wrong, &[]).await.is_refused(REFUSED.0, REFUSED.1);
    }
    app.refresh("", &[]).await.is_refused(400, "invalid_request");
    app.redeem(&tokens.refresh, &[]).await.is_refused(REFUSED.0, REFUSED.1);
    assert_eq!(site.store.calls("revoke_grant"), 0);
    app.redeem(&code, &[]).await.is(200);
    app.refresh(&tokens.refresh, &[]).await.is(200);
}
