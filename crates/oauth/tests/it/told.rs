//! `/oauth/authorize`, once it is certain whose request it is: the client is told, at its own
//! redirect URI, with its state and our name.

use crate::site::{ADA, App, Browser, RESOURCE, SCOPE, Site};

const PLACE: &str = "https://editor.example/cb";

/// One client of the operator and, beside it, what is wrong in its request.
#[track_caller]
fn same(site: &Site) -> App {
    App::configured(site, "editor")
}

async fn told(cases: &[(&[(&str, &str)], &str)]) {
    let site = Site::new();
    let app = same(&site);
    let mut logged_in = Browser::of(&site, ADA).await;
    for (changes, error) in cases {
        // Whoever asks: before anybody logs in, and after.
        let reply = site.get(&app.link(changes)).await;
        reply.is_told(PLACE, error, Some("s-1")).has_header("set-cookie", None);
        logged_in.ask(&app, changes).await.is_told(PLACE, error, Some("s-1"));
    }
}

#[tokio::test]
async fn a07_a21_only_a_code_in_the_query_is_given() {
    told(&[
        (&[("response_type", "-")], "invalid_request"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_type", "none")], "unsupported_response_type"),
        (&[("response_type", "CODE")], "unsupported_response_type"),
        (&[("response_mode", "form_post")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("response_mode", "query.jwt")], "invalid_request"),
    ])
    .await;
    let site = Site::new();
    site.get(&same(&site).link(&[("response_mode", "query")])).await.is(200);
}

#[tokio::test]
async fn a08_a_proof_key_is_demanded_and_is_a_hash() {
    let (short, long) = ("E".repeat(42), "E".repeat(44));
    told(&[
        (&[("code_challenge", "-")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "-"), ("code_challenge_method", "-")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "-")], "invalid_request"),
        (&[("code_challenge_method", "s256")], "invalid_request"),
        (&[("code_challenge", &short)], "invalid_request"),
        (&[("code_challenge", &long)], "invalid_request"),
        (&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=")], "invalid_request"),
        (&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")], "invalid_request"),
    ])
    .await;
}

#[tokio::test]
async fn a09_a_scope_is_one_that_the_client_may_have() {
    told(&[
        (&[("scope", "unknown")], "invalid_scope"),
        (&[("scope", "mcp/invoke unknown")], "invalid_scope"),
        (&[("scope", "mcp/invokes")], "invalid_scope"),
        (&[("scope", "MCP/invoke")], "invalid_scope"),
        (&[("scope", "mcp/invoke  openid")], "invalid_scope"),
        (&[("scope", " ")], "invalid_scope"),
        (&[("scope", "mcp/\u{fc}")], "invalid_scope"),
        // Known here, and not the editor's.
        (&[("scope", "cases/read")], "invalid_scope"),
    ])
    .await;
    let site = Site::new();
    let reader = App::configured(&site, "reader");
    for scope in ["openid", "prometheus-mcp-server/write", "cases/read mcp/invoke"] {
        let reply = site.get(&reader.link(&[("scope", scope)])).await;
        reply.is_told(&reader.redirect_uri, "invalid_scope", Some("s-1"));
    }
    // Without one it is the default; what a scope implies may be asked for alone, and
    // `offline_access` always.
    for (scope, granted) in [
        ("-", "prometheus-mcp-server/read"),
        ("", "prometheus-mcp-server/read"),
        ("mcp/invoke", "mcp/invoke"),
        ("mcp/invoke offline_access", "mcp/invoke offline_access"),
    ] {
        let mut browser = Browser::new(&site);
        let code = browser.agree(&reader, &[("scope", scope)]).await.code(&reader.redirect_uri);
        let answer = reader.redeem(&code, &[]).await;
        assert_eq!(answer.is(200).member("scope"), granted, "{scope}");
    }
}

#[tokio::test]
async fn x03_a_scope_with_thousands_of_entries_is_refused() {
    let many = |count: usize| vec!["a"; count].join(" ");
    let (entries, bytes) = (many(33), format!("mcp/invoke {}", "a".repeat(1014)));
    told(&[
        (&[("scope", &entries)], "invalid_scope"),
        (&[("scope", &bytes)], "invalid_scope"),
        (&[("scope", &many(2000))], "invalid_scope"),
    ])
    .await;
    let site = Site::new();
    let reply = site.get(&same(&site).link(&[("scope", &many(8000))])).await;
    reply.is_page(400, "This link is too long");
}

#[tokio::test]
async fn a10_a11_tokens_are_for_our_resource_alone() {
    let site = Site::new();
    let app = same(&site);
    for resource in [
        "https://evil.example/mcp",
        "http://127.0.0.1:8787/other/mcp",
        "http://127.0.0.1:8787",
        "http://127.0.0.1:8787/mcp/",
        "http://127.0.0.1:8787/MCP",
        "http://127.0.0.1:8787/mcp?x=1",
        "http://127.0.0.1:8787/mcp#x",
        "https://127.0.0.1:8787/mcp",
        "http://localhost:8787/mcp",
        "/mcp",
        "mcp",
        "urn:mcp",
    ] {
        let reply = site.get(&app.link(&[("resource", resource)])).await;
        reply.is_told(PLACE, "invalid_target", Some("s-1"));
        // Beside ours too, whichever is first.
        for both in [[RESOURCE, resource], [resource, RESOURCE]] {
            let both = both.map(|resource| ("resource", resource));
            let reply = site.get(&app.link(&both)).await;
            reply.is_told(PLACE, "invalid_target", Some("s-1"));
        }
    }
    for good in [&[("resource", "-")][..], &[("resource", "")], &[("resource", RESOURCE); 2]] {
        site.get(&app.link(good)).await.is(200);
    }
}

#[tokio::test]
async fn a12_a_parameter_that_is_there_twice_is_told() {
    let site = Site::new();
    let app = same(&site);
    for name in [
        "response_type",
        "code_challenge",
        "code_challenge_method",
        "scope",
        "nonce",
        "prompt",
        "x",
    ] {
        let twice = app.link(&[(name, "code"), (name, "code")]);
        site.get(&twice).await.is_told(PLACE, "invalid_request", Some("s-1"));
    }
    // Of two states, neither is the client's for certain.
    for second in ["s-1", "s-2", ""] {
        let twice = app.link(&[("state", "s-1"), ("state", second)]);
        site.get(&twice).await.is_told(PLACE, "invalid_request", None);
    }
}

#[tokio::test]
async fn a14_request_objects_are_refused_and_never_fetched() {
    told(&[
        (&[("request", "e30.e30.")], "request_not_supported"),
        (&[("request_uri", "https://evil.example/request")], "request_uri_not_supported"),
        (&[("request_uri", "http://169.254.169.254/")], "request_uri_not_supported"),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], "request_uri_not_supported"),
    ])
    .await;
}

#[tokio::test]
async fn a15_nobody_is_asked_when_nobody_may_be() {
    let site = Site::new();
    let (app, quietly) = (same(&site), [("prompt", "none")]);
    site.get(&app.link(&quietly)).await.is_told(PLACE, "login_required", Some("s-1"));
    let mut browser = Browser::of(&site, ADA).await;
    browser.ask(&app, &quietly).await.is_told(PLACE, "consent_required", Some("s-1"));
    for with_others in ["none login", "consent none"] {
        let reply = browser.ask(&app, &[("prompt", with_others)]).await;
        reply.is_told(PLACE, "invalid_request", Some("s-1"));
    }
    // After a consent that is remembered, the code comes at once.
    browser.agree(&app, &[]).await.code(PLACE);
    let link = app.link(&quietly);
    browser.send(crate::site::Ask::get(&link)).await.code(PLACE);
    let more = [("prompt", "none"), ("scope", "openid mcp/invoke")];
    browser.ask(&app, &more).await.code(PLACE);
    // A client that anybody could have registered is asked about every time.
    let unknown = App::new(&site).await;
    browser.agree(&unknown, &[]).await.code(&unknown.redirect_uri);
    let reply = browser.ask(&unknown, &quietly).await;
    reply.is_told(&unknown.redirect_uri, "consent_required", Some("s-1"));
    // And so is everybody who has not been here for half an hour.
    site.pass(std::time::Duration::from_secs(30 * 60));
    browser.ask(&app, &quietly).await.is_told(PLACE, "login_required", Some("s-1"));
}

#[tokio::test]
async fn a_client_that_may_not_have_codes_is_told() {
    let site = Site::with(|setup| {
        let uri = "https://machine.example/cb".parse().unwrap();
        let machine = setup.clients.iter_mut().find(|client| client.id.as_str() == "machine");
        machine.unwrap().redirect_uris.push(uri);
    });
    let machine = App::configured(&site, "machine");
    let reply = site.get(&machine.link(&[])).await;
    reply.is_told("https://machine.example/cb", "unauthorized_client", Some("s-1"));
}

/// What clients send beyond what is needed, and what they leave out.
#[tokio::test]
async fn requests_as_real_clients_make_them_are_taken() {
    let site = Site::new();
    let app = same(&site);
    for changes in [
        // mcp-remote and FastMCP.
        &[("scope", "mcp/invoke offline_access"), ("prompt", "consent")][..],
        // The official conformance suite.
        &[("scope", "-")],
        // Those before RFC 8707.
        &[("resource", "-"), ("state", "-")],
        // Those of OpenID Connect.
        &[("scope", SCOPE), ("nonce", "n-1"), ("display", "page"), ("ui_locales", "de en")],
        &[("access_type", "offline"), ("audience", "x"), ("dpop_jkt", "y")],
    ] {
        let code = Browser::new(&site).agree(&app, changes).await.code(PLACE);
        app.redeem(&code, &[]).await.is(200);
    }
}
