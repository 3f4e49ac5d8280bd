//! `/dcr`: what may be registered, by whom, and what is answered.

use serde_json::{Value, json};

use crate::real_clients::real_clients;
use crate::site::{App, Ask, Browser, INITIAL_ACCESS, NOW, Reply, Site};

const DCR: &str = "/dcr";
const METADATA: &str = "invalid_client_metadata";
const REDIRECT: &str = "invalid_redirect_uri";

/// A registration that would be taken, with another member.
fn with(name: &str, value: Value) -> Value {
    let mut body = json!({
        "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none",
    });
    body[name] = value;
    body
}

/// Each is refused, and nothing is kept.
async fn refused(error: &str, bodies: impl IntoIterator<Item = Value>) {
    let site = Site::new();
    for body in bodies {
        for path in [DCR, "/register"] {
            site.send(Ask::json(path, &body)).await.is_refused(400, error);
        }
    }
    assert_eq!(site.store.calls("add_client"), 0);
}

#[tokio::test]
async fn d01_d02_d03_redirect_uris_that_run_code_are_plain_or_can_be_written_in_two_ways() {
    let running = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://app.example/x",
        "about:blank",
        "ws://localhost/cb",
        "wss://app.example/cb",
        "view-source:https://a.example/",
    ];
    let plain = [
        "http://app.example/cb",
        "http://localhost.evil/cb",
        "http://127.0.0.1.nip.io/cb",
        "http://0.0.0.0/cb",
        "http://10.0.0.1/cb",
        "http://[::2]/cb",
        "/cb",
        "cb",
        "",
        "//localhost/cb",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "http://localhost/cb#x",
    ];
    let ambiguous = [
        "https://user@app.example/cb",
        "https://user:word@app.example/cb",
        "https://*.example/cb",
        "https://app.example/*",
        "https://app.example/cb\n",
        "https://app.example/c b",
        " https://app.example/cb",
        "https://app.example\\cb/",
        "https://app.example/x/../cb",
        "https://app.example/%2e%2e/cb",
        "https://app.example:443/cb",
        "http://localhost:80/cb",
        "HTTPS://app.example/cb",
        "https://APP.example/cb",
        "https://app.example./cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://0x7f000001/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "https://\u{e4}pp.example/cb",
        "https://app.example",
        "http://127.0.0.1:4311@evil/cb",
        "cursor://user@host/cb",
        "cursor://host/../cb",
    ];
    let all = [&running[..], &plain, &ambiguous].concat();
    let good = "https://app.example/cb";
    let alone = all.iter().map(|uri| json!([uri]));
    let beside = all.iter().map(|uri| json!([good, uri]));
    refused(REDIRECT, alone.chain(beside).map(|uris| with("redirect_uris", uris))).await;
}

#[tokio::test]
async fn d04_apps_have_known_schemes_or_domains_of_their_own() {
    let site = Site::new();
    for uri in [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "vscode://vscode.github-authentication/did-authenticate?windowId=1",
        "vscode-insiders://publisher.extension",
        "claude://callback",
        "com.example.app:/oauth2redirect",
    ] {
        let app = App::registered(&site, &with("redirect_uris", json!([uri]))).await;
        Browser::new(&site).agree(&app, &[]).await.code(uri);
    }
    let others = [
        "slack://callback",
        "ms-settings:/x",
        "Cursor://callback",
        "cursor:callback",
        "cursor://",
        "cursor://host/cb#x",
        "localhost:8080/cb",
        "COM.example:/cb",
    ];
    refused(REDIRECT, others.map(|uri| with("redirect_uris", json!([uri])))).await;
}

/// From the registration to the tokens, by each of its redirect URIs.
#[tokio::test]
async fn d05_real_clients_register_and_log_in_with_all_their_redirect_uris() {
    let site = Site::new();
    for (name, body) in real_clients() {
        let mut app = App::registered(&site, &body).await;
        for member in ["redirect_uris", "client_name"] {
            assert_eq!(app.registration[member], body[member], "{name}");
        }
        let (path, token) = app.management();
        site.send(Ask::get(&path).bearer(&token)).await.is(200);
        for uri in body["redirect_uris"].as_array().unwrap() {
            app.redirect_uri = uri.as_str().unwrap().to_owned();
            let tokens = app.tokens().await;
            app.refresh(&tokens.refresh, &[]).await.is(200);
        }
    }
}

#[tokio::test]
async fn d06_there_are_1_to_10_different_redirect_uris() {
    let uris = |n: usize| (0..n).map(|n| format!("https://app.example/{n}")).collect::<Vec<_>>();
    let good = "https://app.example/cb";
    let long = format!("https://app.example/{}", "a".repeat(3 << 10));
    let bad = [
        json!(null),
        json!([]),
        json!(good),
        json!({}),
        json!(1),
        json!([1]),
        json!([[good]]),
        json!([""]),
        json!(uris(11)),
        json!([good, good]),
        json!([long]),
    ];
    refused(REDIRECT, bad.map(|uris| with("redirect_uris", uris))).await;
    refused(REDIRECT, [json!({}), json!({"client_name": "x"})]).await;
    let site = Site::new();
    for count in [1, 10] {
        App::registered(&site, &with("redirect_uris", json!(uris(count)))).await;
    }
}

#[tokio::test]
async fn d07_nobody_unknown_registers_a_client_that_acts_on_its_own_behalf() {
    let machine = json!({"grant_types": ["client_credentials"]});
    let both = json!(["authorization_code", "client_credentials"]);
    let site = Site::new();
    let challenge = Some("Bearer error=\"invalid_token\"");
    for body in [&machine, &with("grant_types", both)] {
        site.send(Ask::json(DCR, body))
            .await
            .is_refused(401, "invalid_token")
            .has_header("www-authenticate", challenge);
    }
    // Nor with a token that is none of the initial ones, whatever is registered.
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    let (_, registration) = app.management();
    let people = with("client_name", json!("x"));
    for token in ["wrong", "", "another ", &tokens.access, &registration, &INITIAL_ACCESS[1..]] {
        for body in [&machine, &people] {
            site.send(Ask::json(DCR, body).bearer(token))
                .await
                .is_refused(401, "invalid_token")
                .has_header("www-authenticate", challenge);
        }
    }
    let two = Ask::json(DCR, &machine).bearer(INITIAL_ACCESS).bearer(INITIAL_ACCESS);
    site.send(two).await.is_refused(400, "invalid_request");
    assert_eq!(site.store.calls("add_client"), 1, "the app's");
    site.send(Ask::json(DCR, &machine).bearer(INITIAL_ACCESS)).await.is(201);
    site.send(Ask::json(DCR, &people).bearer(INITIAL_ACCESS)).await.is(201);
}

#[tokio::test]
async fn where_registration_is_closed_it_needs_an_initial_access_token() {
    let site = Site::with(|setup| setup.registration.open = false);
    let body = with("client_name", json!("x"));
    for path in [DCR, "/register"] {
        let reply = site.send(Ask::json(path, &body)).await;
        reply.is_refused(401, "invalid_token");
        site.send(Ask::json(path, &body).bearer(INITIAL_ACCESS)).await.is(201);
    }
    let document = site.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(document.get("registration_endpoint"), None);
}

#[tokio::test]
async fn d08_d09_d11_d12_what_we_do_not_have_or_do_not_follow_is_refused() {
    let grants = [
        json!(["implicit"]),
        json!(["authorization_code", "implicit"]),
        json!(["password"]),
        json!(["urn:ietf:params:oauth:grant-type:jwt-bearer"]),
        json!(["refresh_token"]),
        json!([]),
        json!("authorization_code"),
    ];
    refused(METADATA, grants.map(|grants| with("grant_types", grants))).await;
    let responses = [json!(["token"]), json!(["code", "token"]), json!(["code token"]), json!([])];
    refused(METADATA, responses.map(|responses| with("response_types", responses))).await;

    let methods = ["tls_client_auth", "client_secret_jwt", "None", "", "private_key_jwt"];
    let methods = methods.map(|method| with("token_endpoint_auth_method", json!(method)));
    refused(METADATA, methods).await;

    for name in ["client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"] {
        let links = [
            "javascript:alert(1)",
            "http://app.example/",
            "data:text/html,x",
            "http://169.254.169.254/latest",
            "https://169.254.169.254/",
            "https://[::1]/",
            "https://user@app.example/",
            "//app.example/",
            "https://127.1/",
        ];
        refused(METADATA, links.map(|link| with(name, json!(link)))).await;
    }

    let many = "a ".repeat(7000);
    let scopes = ["admin", "mcp/invoke  openid", " ", "\"", &many];
    refused(METADATA, scopes.map(|scope| with("scope", json!(scope)))).await;
    let site = Site::new();
    for (scope, expected) in
        [("mcp/invoke admin openid", "mcp/invoke openid"), ("openid email profile", "openid")]
    {
        let app = App::registered(&site, &with("scope", json!(scope))).await;
        assert_eq!(app.registration["scope"], expected);
    }
}

#[tokio::test]
async fn d10_what_is_ours_to_say_is_ignored() {
    let site = Site::new();
    let mut body = with("token_endpoint_auth_method", json!("client_secret_post"));
    let own = json!({
        "client_id": "editor", "client_secret": "mine", "client_secret_expires_at": 1,
        "client_id_issued_at": 1, "ratHash": "mine", "registration_access_token": "mine",
        "registration_client_uri": "https://evil.example/mine", "skip_consent": true,
        "status": "approved", "origin": "Configured", "tenant": "mine",
    });
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let app = App::registered(&site, &body).await;
    let told = app.registration.to_string();
    assert!(!told.contains("mine") && !told.contains("evil") && app.id.starts_with("c_"), "{told}");
    assert_eq!(app.registration["client_id_issued_at"], NOW);
    assert_eq!(app.registration["client_secret_expires_at"], 0);
    app.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")])
        .await
        .is_refused(400, "invalid_grant");
    // Consent is asked for as of any other.
    let mut browser = Browser::of(&site, crate::site::ADA).await;
    for _ in 0..2 {
        let page = browser.ask(&app, &[]).await;
        browser.allow(&page).await.is(303);
    }
}

#[tokio::test]
async fn d13_x01_what_is_no_document_or_too_big_is_refused() {
    let site = Site::new();
    let deep = |name: &str| format!("{{\"{name}\":{}1{}}}", "[".repeat(7000), "]".repeat(7000));
    let uris = r#""redirect_uris":["https://app.example/cb"]"#;
    for body in [
        "",
        " ",
        "null",
        "1",
        "\"x\"",
        "{",
        "{}x",
        "[]",
        "[null,null,null,\"name\"]",
        "redirect_uris=https%3A%2F%2Fapp.example%2Fcb&grant_types=authorization_code",
        &format!("{{{uris},{uris}}}"),
        &format!("{{{uris},\"client_name\":\"a\",\"client_name\":\"b\"}}"),
        &format!("{{{uris},\"client_name\":1}}"),
        &format!("{{{uris},\"client_name\":\"\\ud800\"}}"),
        &deep("redirect_uris"),
        &deep("grant_types"),
        "\u{feff}{}",
    ] {
        let ask = Ask::new("POST", DCR).header("content-type", "application/json");
        site.send(ask.body(body.to_owned())).await.is_refused(400, METADATA);
    }
    let latin = Ask::new("POST", DCR).body(b"{\"client_name\":\"\xff\"}".to_vec());
    site.send(latin).await.is_refused(400, METADATA);
    let padded = |length: usize| {
        let text = with("x", json!("")).to_string();
        let filled = with("x", json!("a".repeat(length - text.len()))).to_string();
        assert_eq!(filled.len(), length);
        Ask::new("POST", DCR).body(filled)
    };
    site.send(padded(16 << 10)).await.is(201);
    site.send(padded((16 << 10) + 1)).await.is_refused(413, METADATA);
    site.send(padded(64 << 10)).await.is_refused(413, METADATA);
    site.send(padded((64 << 10) + 1)).await.is_refused(413, "invalid_request");
    let deepest = Ask::new("POST", DCR).body("[".repeat(50_000));
    site.send(deepest).await.is_refused(413, METADATA);
    assert_eq!(site.store.calls("add_client"), 1);
}

#[tokio::test]
async fn d15_an_answer_has_a_secret_and_its_end_or_neither_and_a_place_that_works() {
    for site in [Site::new(), Site::https()] {
        for (method, has_secret) in
            [("none", false), ("client_secret_basic", true), ("client_secret_post", true)]
        {
            let body = with("token_endpoint_auth_method", json!(method));
            let reply: Reply = site.send(Ask::json(DCR, &body)).await;
            reply.is(201).has_header("cache-control", Some("no-store"));
            reply.has_header("content-type", Some("application/json"));
            let told = reply.json();
            assert_eq!(told.get("client_secret").is_some(), has_secret, "{told}");
            assert_eq!(told.get("client_secret_expires_at").is_some(), has_secret, "{told}");
            let id = told["client_id"].as_str().unwrap();
            let uri = format!("{}/clients/{id}", site.issuer);
            assert_eq!(told["registration_client_uri"], uri);
            let (path, token) = App::of(&site, told).management();
            site.send(Ask::get(&path).bearer(&token)).await.is(200);
        }
    }
}
