//! What becomes of tokens: `/oauth/revoke` and `/oauth/userinfo`.

use crate::site::{ADA, App, Ask, Site};

const REVOKE: &str = "/oauth/revoke";
const USERINFO: &str = "/oauth/userinfo";
const METADATA: &str =
    "resource_metadata=\"http://127.0.0.1:8787/.well-known/oauth-protected-resource/mcp\"";

#[tokio::test]
async fn either_token_takes_back_the_grant() {
    for hint in ["access_token", "refresh_token", "x", ""] {
        for which in ["access", "refresh", "used refresh"] {
            let site = Site::new();
            let app = App::new(&site).await;
            let first = app.tokens().await;
            let newest = crate::site::Tokens::of(&app.refresh(&first.refresh, &[]).await);
            let token = match which {
                "access" => &first.access,
                "refresh" => &newest.refresh,
                _ => &first.refresh,
            };
            let fields = [("token", &**token), ("token_type_hint", hint)];
            let reply = site.send(app.post(REVOKE, &fields)).await;
            assert!(reply.is(200).body.is_empty());
            app.refresh(&newest.refresh, &[]).await.is_refused(400, "invalid_grant");
            let reply = site.send(Ask::get(USERINFO).bearer(&newest.access)).await;
            reply.is_refused(401, "invalid_token");
            // Again, it is unknown.
            site.send(app.post(REVOKE, &fields)).await.is(200);
        }
    }
}

#[tokio::test]
async fn t35_what_is_not_ones_own_is_left_alone() {
    let site = Site::new();
    let app = App::new(&site).await;
    let code = app.code().await;
    let tokens = app.tokens().await;
    let others = [
        App::new(&site).await,
        App::confidential(&site, "client_secret_basic").await,
        App::configured(&site, "portal"),
    ];
    let elsewhere = Site::new();
    let foreign = App::new(&elsewhere).await.tokens().await;
    for token in [&tokens.access, &tokens.refresh] {
        for other in &others {
            let reply = site.send(other.post(REVOKE, &[("token", token)])).await;
            assert!(reply.is(200).body.is_empty());
        }
    }
    let (_, registration) = app.management();
    let long = "a".repeat(10_000);
    for unknown in
        ["x", "a.b.c", "ü", &long, &code, &registration, &foreign.access, &foreign.refresh]
    {
        let reply = site.send(app.post(REVOKE, &[("token", unknown)])).await;
        assert!(reply.is(200).body.is_empty());
    }
    assert_eq!(site.store.calls("revoke_grant"), 0);
    for bad in [
        Ask::form(REVOKE, &[("token", &tokens.refresh)]),
        Ask::form(REVOKE, &[("token", &tokens.refresh), ("client_id", "unknown")]),
        Ask::form(REVOKE, &[("token", &tokens.refresh)]).basic("machine:wrong"),
    ] {
        site.send(bad).await.is_refused(401, "invalid_client");
    }
    for without in [&[][..], &[("token", "")]] {
        site.send(app.post(REVOKE, without)).await.is_refused(400, "invalid_request");
    }
    app.refresh(&tokens.refresh, &[]).await.is(200);
    app.redeem(&code, &[]).await.is(200);
}

#[tokio::test]
async fn u01_only_the_token_of_a_person_with_openid_tells_who_it_is() {
    let site = Site::new();
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    for method in ["GET", "POST"] {
        let ask = || Ask::new(method, USERINFO);
        let reply = site.send(ask().bearer(&tokens.access)).await;
        assert_eq!(reply.is(200).json(), serde_json::json!({"sub": ADA.0}));

        let missing = format!("Bearer {METADATA}, scope=\"openid\"");
        for bare in [ask(), ask().basic("machine:x"), ask().header("authorization", "Digest x")] {
            let reply = site.send(bare).await;
            reply.is_refused(401, "unauthorized").has_header("www-authenticate", Some(&missing));
        }
        let invalid = format!(
            "Bearer error=\"invalid_token\", error_description=\"the access token is not valid\", {METADATA}"
        );
        let [head, body, _] = tokens.access.split('.').collect::<Vec<_>>()[..] else { panic!() };
        for token in
            ["garbage", "a.b.c", "", &tokens.refresh, &format!("{head}.{body}."), &"a".repeat(9000)]
        {
            let reply = site.send(ask().bearer(token)).await;
            reply.is_refused(401, "invalid_token").has_header("www-authenticate", Some(&invalid));
        }
        // Neither in the query nor in the body.
        let mut in_query = ask();
        in_query.path = format!("{USERINFO}?access_token={}", tokens.access);
        let both = in_query.clone().bearer(&tokens.access);
        let twice = ask().bearer(&tokens.access).bearer(&tokens.access);
        for ask in [in_query, both, twice] {
            let reply = site.send(ask).await;
            reply.is_refused(400, "invalid_request");
            assert!(
                reply.header("www-authenticate").unwrap().contains("error=\"invalid_request\"")
            );
        }
    }
    let in_body = Ask::form(USERINFO, &[("access_token", &tokens.access)]);
    site.send(in_body).await.is_refused(401, "unauthorized");
    // A machine is nobody, and who is not asked for is not told.
    let machine = App::configured(&site, "machine");
    let machine = machine.token(&[("grant_type", "client_credentials")]).await;
    let narrow = app.refresh(&tokens.refresh, &[("scope", "mcp/invoke")]).await;
    for reply in [machine, narrow] {
        let token = reply.is(200).member("access_token");
        let reply = site.send(Ask::get(USERINFO).bearer(&token)).await;
        let header =
            reply.is_refused(403, "insufficient_scope").header("www-authenticate").unwrap();
        let start = format!("Bearer error=\"insufficient_scope\", scope=\"openid\", {METADATA}");
        assert!(header.starts_with(&start), "{header}");
    }
}

#[tokio::test]
async fn u01_an_id_token_is_no_access_token() {
    let site = Site::new();
    let app = App::new(&site).await;
    let id_token = app.redeem(&app.code().await, &[]).await.member("id_token");
    let reply = site.send(Ask::get(USERINFO).bearer(&id_token)).await;
    reply.is_refused(401, "invalid_token");
}

#[tokio::test]
async fn u02_nothing_is_said_of_a_grant_that_is_gone_or_by_a_token_of_others() {
    let (site, elsewhere) = (Site::new(), Site::new());
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    // Another server of the same name, with another key.
    let reply = elsewhere.send(Ask::get(USERINFO).bearer(&tokens.access)).await;
    reply.is_refused(401, "invalid_token");
    site.send(Ask::get(USERINFO).bearer(&tokens.access)).await.is(200);
    site.send(app.post(REVOKE, &[("token", &tokens.refresh)])).await.is(200);
    let reply = site.send(Ask::get(USERINFO).bearer(&tokens.access)).await;
    reply.is_refused(401, "invalid_token");
    // And none is good for longer than a quarter of an hour.
    let tokens = app.tokens().await;
    site.pass(std::time::Duration::from_secs(900 + 10));
    let reply = site.send(Ask::get(USERINFO).bearer(&tokens.access)).await;
    reply.is_refused(401, "invalid_token");
}
