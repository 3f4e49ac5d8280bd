//! `/clients/{id}`: registered clients read and delete themselves, and nobody else does.

use crate::site::{App, Ask, Browser, INITIAL_ACCESS, Site};

const CHALLENGE: &str = "Bearer error=\"invalid_token\"";

#[tokio::test]
async fn d17_d20_whatever_is_wrong_the_refusal_is_the_same() {
    let site = Site::new();
    let [app, other, gone] = [(); 3].map(|()| App::new(&site));
    let (app, other, gone) = (app.await, other.await, gone.await);
    let tokens = app.tokens().await;
    let ((path, token), (_, others), (gone, of_gone)) =
        (app.management(), other.management(), gone.management());
    site.send(Ask::new("DELETE", &gone).bearer(&of_gone)).await.is(204);
    let up = format!("/clients/..%2f{}", app.id);
    let twisted = format!("/clients/%63{}", &app.id[1..]);
    let long = format!("/clients/{}", "c".repeat(5000));
    let mut answers = Vec::new();
    for (path, token) in [
        (&*path, None),
        (&path, Some("")),
        (&path, Some("-")),
        (&path, Some("wrong")),
        (&path, Some(&*others)),
        (&path, Some(&*token.to_uppercase())),
        (&path, Some(&tokens.access)),
        (&path, Some(&tokens.refresh)),
        (&path, Some(INITIAL_ACCESS)),
        (&gone, Some(&of_gone)),
        ("/clients/c_unknown", Some(&*token)),
        ("/clients/c_unknown", None),
        ("/clients/", Some(&token)),
        (&up, Some(&token)),
        (&twisted, Some(&token)),
        (&long, Some(&token)),
        // The operator's, and who would be known by a document.
        ("/clients/editor", None),
        ("/clients/editor", Some(&token)),
        ("/clients/machine", Some(INITIAL_ACCESS)),
        ("/clients/https:%2F%2Fapp.example%2Fclient", Some(&token)),
    ] {
        for method in ["GET", "DELETE"] {
            let ask = Ask::new(method, path);
            let ask = token.into_iter().fold(ask, Ask::bearer);
            let reply = site.send(ask).await;
            reply.is_refused(401, "invalid_token").has_header("www-authenticate", Some(CHALLENGE));
            answers.push((reply.headers.clone(), reply.text().to_owned()));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    for ask in [Ask::get(&path), Ask::new("DELETE", &path)] {
        let mut in_query = ask.clone().bearer(&token);
        in_query.path += &format!("?access_token={token}");
        for two in [ask.clone().bearer(&token).bearer(&token), in_query] {
            site.send(two).await.is_refused(400, "invalid_request");
        }
        let mut in_query = ask;
        in_query.path += &format!("?access_token={token}");
        site.send(in_query).await.is_refused(401, "invalid_token");
    }
    assert_eq!(site.store.calls("delete_client"), 1);
    site.get(&App::configured(&site, "editor").link(&[])).await.is(200);
    site.send(Ask::get(&path).bearer(&token)).await.is(200);
}

#[tokio::test]
async fn d18_a_client_reads_itself_without_its_secret_and_deletes_itself_once() {
    let site = Site::new();
    for method in ["none", "client_secret_basic", "client_secret_post"] {
        let app = App::confidential(&site, method).await;
        let (path, token) = app.management();
        let reply = site.send(Ask::get(&path).bearer(&token)).await;
        let mut expected = app.registration.clone();
        expected.as_object_mut().unwrap().shift_remove("client_secret");
        assert_eq!(reply.is(200).json(), expected);
        reply.has_header("cache-control", Some("no-store"));
        let deleted = site.send(Ask::new("DELETE", &path).bearer(&token)).await;
        assert!(deleted.is(204).body.is_empty());
        for method in ["DELETE", "GET"] {
            let again = site.send(Ask::new(method, &path).bearer(&token)).await;
            again.is_refused(401, "invalid_token");
        }
    }
    let other = App::new(&site).await;
    for method in ["POST", "PUT", "PATCH", "HEAD", "TRACE"] {
        let (path, token) = other.management();
        let reply = site.send(Ask::new(method, &path).bearer(&token)).await;
        reply.is(405).has_header("allow", Some("GET, DELETE"));
    }
}

#[tokio::test]
async fn d19_deleting_a_client_ends_all_that_it_was_allowed() {
    let site = Site::new();
    for method in ["none", "client_secret_basic"] {
        let app = App::confidential(&site, method).await;
        let tokens = app.tokens().await;
        let code = app.code().await;
        let mut asked = Browser::of(&site, crate::site::ADA).await;
        let page = asked.ask(&app, &[]).await;
        page.is(200).has_title("Allow access?");
        let (path, token) = app.management();
        site.send(Ask::new("DELETE", &path).bearer(&token)).await.is(204);

        app.redeem(&code, &[]).await.is_refused(401, "invalid_client");
        app.refresh(&tokens.refresh, &[]).await.is_refused(401, "invalid_client");
        let revoke = app.post("/oauth/revoke", &[("token", &tokens.refresh)]);
        site.send(revoke).await.is_refused(401, "invalid_client");
        let userinfo = Ask::get("/oauth/userinfo").bearer(&tokens.access);
        site.send(userinfo).await.is_refused(401, "invalid_token");
        asked.allow(&page).await.is_page(400, "This application is not known");
        asked.ask(&app, &[]).await.is_page(400, "This application is not known");
    }
}

/// A client that is deleted while its code is redeemed: nothing that it got is good.
#[tokio::test]
async fn d19_a_grant_on_its_way_does_not_outlive_its_client() {
    let site = Site::new();
    for _ in 0..10 {
        let app = App::new(&site).await;
        let code = app.code().await;
        let (path, token) = app.management();
        let delete = site.send(Ask::new("DELETE", &path).bearer(&token));
        let (deleted, redeemed) = tokio::join!(delete, app.redeem(&code, &[]));
        deleted.is(204);
        if redeemed.status == 200 {
            let userinfo = Ask::get("/oauth/userinfo").bearer(&redeemed.member("access_token"));
            site.send(userinfo).await.is_refused(401, "invalid_token");
        }
    }
}

/// Those that nobody came back to make room for others.
#[tokio::test]
async fn d16_what_strangers_register_does_not_fill_the_store() {
    let site = Site::new();
    let first = App::new(&site).await;
    let used = App::new(&site).await;
    used.tokens().await;
    for _ in 0..2000 {
        App::new(&site).await;
    }
    assert!(site.store.kept().contains(&first.id));
    site.pass(std::time::Duration::from_secs(24 * 60 * 60));
    for _ in 0..2100 {
        App::new(&site).await;
    }
    let kept = site.store.kept();
    assert!(!kept.contains(&first.id) && kept.contains(&used.id));
    // Each is named by its key and in its record.
    let clients = kept.matches("origin: Registered").count();
    assert!(clients <= 2101, "{clients}");
}
