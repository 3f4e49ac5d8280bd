//! `/oauth/authorize`, as long as it is not certain whose request it is: every fault is a page, and
//! the browser is sent nowhere.

use std::time::Duration;

use serde_json::json;

use crate::site::{ADA, App, Ask, Browser, Site};

const UNKNOWN: &str = "This application is not known";
const NOT_ITS_OWN: &str = "This address is not the application's";
const BROKEN: &str = "This link is broken";
const TOO_LONG: &str = "This link is too long";

const WEB: &str = "https://app.example/cb";
const LOOPBACK: &str = "http://127.0.0.1:4311/cb";

async fn app(site: &Site) -> App {
    let uris =
        json!([WEB, LOOPBACK, "http://localhost/callback", "https://app.example:8443/x?a=b"]);
    let body = json!({"redirect_uris": uris, "token_endpoint_auth_method": "none"});
    App::registered(site, &body).await
}

#[tokio::test]
async fn a01_a_client_that_is_unknown_missing_or_deleted_gets_a_page() {
    let site = Site::new();
    let app = app(&site).await;
    for id in ["-", "", "c_unknown", "editor2", "Editor", "c 1", "c\u{fc}", &"c".repeat(2049)] {
        site.get(&app.link(&[("client_id", id)])).await.is_page(400, UNKNOWN);
    }
    site.get("/oauth/authorize").await.is_page(400, UNKNOWN);
    site.get(&app.link(&[])).await.is(200).has_title("Log in");
    let (path, token) = app.management();
    site.send(Ask::new("DELETE", &path).bearer(&token)).await.is(204);
    site.get(&app.link(&[])).await.is_page(400, UNKNOWN);
}

#[tokio::test]
async fn a02_a03_a05_a_redirect_uri_is_one_of_the_clients_to_the_byte() {
    let site = Site::new();
    let app = app(&site).await;
    for uri in [
        // Missing, although a client may have one only.
        "-",
        "",
        "https://evil.example/cb",
        "https://app.example/cb2",
        "https://app.example/c",
        "https://app.example/",
        "https://app.example",
        "https://app.example/cb/",
        "https://app.example/cb?x=1",
        "https://app.example/cb?",
        "https://app.example/cb#x",
        "https://app.example/CB",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "http://app.example/cb",
        "https://app.example/cb/../x",
        "https://app.example/x/../cb",
        "https://app.example/%63b",
        "https://app.example.evil.example/cb",
        "https://app.example@evil.example/cb",
        "https://evil.example/https://app.example/cb",
        "//app.example/cb",
        "/cb",
        "javascript:alert(1)",
        "http://127.0.0.1:4311@evil/cb",
        "http://127.0.0.1:4311@evil:1/cb",
        "http://127.0.0.1:4311/cb/../x",
        "http://127.0.0.1:4311/cb#x",
        "http://127.0.0.1.evil:4311/cb",
        "https://127.0.0.1:4311/cb",
        // Another port of a web server is another's.
        "https://app.example:443/cb",
        "https://app.example:444/cb",
        "https://app.example:8444/x?a=b",
        "https://app.example/x?a=b",
        "https://app.example:8443/x",
        "https://app.example:8443/x?a=b&c=d",
        " https://app.example/cb",
        "https://app.example/cb ",
    ] {
        site.get(&app.link(&[("redirect_uri", uri)])).await.is_page(400, NOT_ITS_OWN);
    }
    let single = App::configured(&site, "editor");
    site.get(&single.link(&[("redirect_uri", "-")])).await.is_page(400, NOT_ITS_OWN);
}

#[tokio::test]
async fn a04_a06_any_port_of_a_persons_own_machine_will_do_but_no_other_name_of_it() {
    let site = Site::new();
    let app = app(&site).await;
    for uri in [
        LOOPBACK,
        "http://127.0.0.1:4312/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:65535/cb",
        "http://localhost:49152/callback",
    ] {
        let reply = Browser::new(&site).agree(&app, &[("redirect_uri", uri)]).await;
        let code = reply.code(uri);
        app.redeem(&code, &[("redirect_uri", uri)]).await.is(200);
    }
    for uri in [
        "http://localhost:4311/cb",
        "http://127.0.0.1:4311/callback",
        "http://127.0.0.2:4311/cb",
        "http://[::1]:4311/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://2130706433/cb",
        "http://0x7f000001/cb",
        "http://0x7f.0.0.1/cb",
        "http://0177.0.0.1/cb",
        "http://127.1/cb",
        "http://[::ffff:7f00:1]/cb",
        "http://[::ffff:127.0.0.1]:4311/cb",
    ] {
        site.get(&app.link(&[("redirect_uri", uri)])).await.is_page(400, NOT_ITS_OWN);
    }
}

#[tokio::test]
async fn a12_a_client_or_redirect_uri_that_is_there_twice_gets_a_page() {
    let site = Site::new();
    let app = app(&site).await;
    for (name, value) in [
        ("client_id", &*app.id),
        ("client_id", "editor"),
        ("redirect_uri", WEB),
        ("redirect_uri", LOOPBACK),
        ("redirect_uri", "https://evil.example/cb"),
    ] {
        let link = app.link(&[]);
        let encoded = value.replace(':', "%3A").replace('/', "%2F");
        for link in
            [format!("{link}&{name}={encoded}"), link.replace('?', &format!("?{name}={encoded}&"))]
        {
            site.get(&link).await.is_page(400, BROKEN);
        }
    }
}

#[tokio::test]
async fn a13_a_state_comes_back_to_the_byte() {
    let site = Site::new();
    let app = app(&site).await;
    let mut browser = Browser::of(&site, ADA).await;
    let long = "s".repeat(2048);
    for state in [
        "plain",
        "with spaces",
        "a&b=c#d?e",
        "\"quotes\" and 'others'",
        "per%20cent %zz + plus",
        "ünï\u{1f980}",
        r#"{"json":["a"]}"#,
        "<script>",
        &long,
    ] {
        let told = browser.ask(&app, &[("state", state), ("scope", "unknown")]).await;
        told.is_told(WEB, "invalid_scope", Some(state));
        let page = browser.ask(&app, &[("state", state)]).await;
        let denied = browser.submit(&page, &[("decision", "deny")]).await;
        denied.is_told(WEB, "access_denied", Some(state));
        let carried = browser.agree(&app, &[("state", state)]).await.carried_to(WEB);
        assert_eq!(carried[1], ("state".to_owned(), state.to_owned()));
        assert_eq!(carried[2], ("iss".to_owned(), site.issuer.clone()));
    }
    let longer = "s".repeat(2049);
    site.get(&app.link(&[("state", &longer)])).await.is_page(400, TOO_LONG);
    // What is not sent, or is empty, does not come back.
    for state in ["-", ""] {
        let names = browser.agree(&app, &[("state", state)]).await.carried_to(WEB);
        assert_eq!(names.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["code", "iss"]);
    }
}

/// `Site::send` looks where every answer of every test leads to; here they are sought on purpose.
#[tokio::test]
async fn a16_no_parameter_leads_a_browser_to_an_unregistered_place() {
    let site = Site::new();
    let app = app(&site).await;
    let mut browser = Browser::of(&site, ADA).await;
    let evil = "https://evil.example/";
    for name in [
        "state",
        "scope",
        "resource",
        "nonce",
        "prompt",
        "request_uri",
        "response_mode",
        "iss",
        "response_type",
        "code_challenge",
        "error_uri",
        "next",
        "return_to",
        "redirect",
        "post_logout_redirect_uri",
        "login_hint",
        "claims",
    ] {
        for value in [evil, "//evil.example/", "\\\\evil.example", ".evil.example", "@evil.example"]
        {
            let changes = [(name, value), ("prompt", "none")];
            let mut reply = browser.ask(&app, &changes).await;
            if reply.status == 200 {
                reply = browser.submit(&reply, &[("decision", "deny"), (name, value)]).await;
            }
            let location = reply.location();
            assert!(location.starts_with("https://app.example/cb?"), "{location}");
        }
    }
}

#[tokio::test]
async fn a17_browsers_are_sent_on_by_303_and_nothing_else() {
    let site = Site::new();
    let app = app(&site).await;
    let mut browser = Browser::new(&site);
    site.get(&app.link(&[("scope", "unknown")])).await.is(303);
    let login = browser.ask(&app, &[]).await;
    let answer = Browser::filled(&login, &[("user", ADA.0), ("password", ADA.1)]);
    browser.send(answer).await.is(303).has_header("location", Some("/oauth/consent"));
    for decision in ["approve", "deny"] {
        let page = browser.ask(&app, &[]).await;
        browser.send(Browser::filled(&page, &[("decision", decision)])).await.is(303);
    }
    browser.send(Ask::get(&app.link(&[]))).await.is(303);
}

#[tokio::test]
async fn a18_other_methods_are_not_allowed() {
    let site = Site::new();
    let link = app(&site).await.link(&[]);
    for path in [&*link, &link.replace("/oauth/authorize", "/authorize")] {
        for method in ["HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            let reply = site.send(Ask::new(method, path)).await;
            reply.is(405).has_header("allow", Some("GET"));
            reply.has_header("set-cookie", None);
        }
        site.get(path).await.is(200).has_title("Log in");
    }
}

#[tokio::test]
async fn a19_a_query_that_is_too_long_gets_a_page() {
    let site = Site::new();
    let app = app(&site).await;
    let link = app.link(&[]);
    let query = link.split('?').nth(1).unwrap();
    let filled = |bytes: usize| format!("{link}&x={}", "a".repeat(bytes - query.len() - 3));
    site.get(&filled(8 << 10)).await.is(200);
    site.get(&filled((8 << 10) + 1)).await.is_page(400, TOO_LONG);
    site.get(&filled(60 << 10)).await.is_page(400, TOO_LONG);
    let more = |count: usize| {
        let more = (0..count).map(|n| format!("&x{n}=1")).collect::<String>();
        format!("{link}{more}")
    };
    site.get(&more(24)).await.is(200);
    site.get(&more(25)).await.is_page(400, TOO_LONG);
    site.get(&more(5000)).await.is_page(400, TOO_LONG);
}

#[tokio::test]
async fn a20_x05_what_could_break_out_of_a_header_gets_a_page() {
    let site = Site::new();
    let app = app(&site).await;
    for name in ["state", "scope", "nonce", "foo", "client_id", "redirect_uri", "resource"] {
        for value in [
            "%0d%0aSet-Cookie:%20mcp_sess=x",
            "a%0aLocation:%20https://evil.example/",
            "%00",
            "a%7f",
            "%c2%85",
            "%ff",
            "%c3%28",
            "%ed%a0%80",
            "%",
            "%2",
            "%zz",
        ] {
            let link = app.link(&[(name, "-")]);
            let reply = site.get(&format!("{link}&{name}={value}")).await;
            reply.is_page(400, BROKEN);
        }
        let link = app.link(&[]);
        site.get(&format!("{link}&%0d%0a{name}=1")).await.is_page(400, BROKEN);
    }
}

#[tokio::test]
async fn d16_a_client_that_nobody_used_for_a_day_is_not_known_any_more() {
    let site = Site::new();
    let [unused, used] = [app(&site).await, app(&site).await];
    let tokens = used.tokens().await;
    site.pass(Duration::from_secs(24 * 60 * 60 - 1));
    site.get(&unused.link(&[])).await.is(200);
    site.pass(Duration::from_secs(1));
    site.get(&unused.link(&[])).await.is_page(400, UNKNOWN);
    let form = [("grant_type", "authorization_code"), ("code", "x")];
    unused.token(&form).await.is_refused(401, "invalid_client");
    let (path, token) = unused.management();
    site.send(Ask::get(&path).bearer(&token)).await.is_refused(401, "invalid_token");
    // One that somebody allowed something is kept, and kept on as it is used.
    site.get(&used.link(&[])).await.is(200);
    used.refresh(&tokens.refresh, &[]).await.is(200);
}
