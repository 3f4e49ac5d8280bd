//! What is on the wire whatever the endpoint: methods, paths, sizes, bytes, names and origins.

use std::sync::Arc;

use oauth::AuthorizationServer;
use serde_json::Value;

use crate::site::{ADA, App, Ask, Browser, Reply, Site};

const DISCOVERY: &str = "/.well-known/oauth-authorization-server";

/// Every endpoint, and the methods there are.
const ENDPOINTS: [(&str, &[&str]); 16] = [
    (DISCOVERY, &["GET", "HEAD"]),
    ("/.well-known/openid-configuration", &["GET", "HEAD"]),
    ("/oauth/jwks", &["GET", "HEAD"]),
    ("/dcr", &["POST"]),
    ("/register", &["POST"]),
    ("/clients/c_1", &["GET", "DELETE"]),
    ("/oauth/token", &["POST"]),
    ("/token", &["POST"]),
    ("/oauth/revoke", &["POST"]),
    ("/oauth/userinfo", &["GET", "POST"]),
    // From here on for browsers.
    ("/oauth/authorize", &["GET"]),
    ("/authorize", &["GET"]),
    ("/oauth/login", &["POST"]),
    ("/oauth/callback", &["GET"]),
    ("/oauth/consent", &["GET", "POST"]),
    ("/oauth/style.css", &["GET", "HEAD"]),
];
const PROGRAMS: usize = 10;

#[tokio::test]
async fn x01_a_body_over_64_kib_is_not_read() {
    let site = Site::new();
    for (n, (path, methods)) in ENDPOINTS.iter().enumerate() {
        for method in methods.iter().filter(|method| **method != "HEAD") {
            let ask = Ask::form(path, &[]).own_page().body(vec![b'a'; (64 << 10) + 1]);
            let ask = Ask { method: method.parse().unwrap(), ..ask };
            let reply = site.send(ask.clone()).await;
            match n < PROGRAMS {
                true => drop(reply.is_refused(413, "invalid_request").clone()),
                false => drop(reply.is_page(413, "This is too big").clone()),
            }
            let smaller = site.send(ask.body(vec![b'a'; 64 << 10])).await;
            let of_a_registration = matches!(*path, "/dcr" | "/register");
            assert_eq!(smaller.status == 413, of_a_registration, "{smaller:?}");
        }
    }
}

#[tokio::test]
async fn x02_a_form_of_thousands_of_parameters_is_refused() {
    let site = Site::new();
    for path in ["/oauth/token", "/oauth/revoke"] {
        for body in ["a&".repeat(20_000), "a=1&".repeat(16_000), "&a".repeat(65)] {
            let started = std::time::Instant::now();
            site.send(Ask::form(path, &[]).body(body)).await.is_refused(400, "invalid_request");
            // 50 ms, on a machine that is not busy.
            assert!(started.elapsed().as_secs() < 1, "{:?}", started.elapsed());
        }
    }
    for path in ["/oauth/login", "/oauth/consent"] {
        let ask = Ask::form(path, &[]).own_page().body("a&".repeat(20_000));
        site.send(ask).await.is_page(400, "This link is broken");
    }
}

#[tokio::test]
async fn x05_what_is_no_text_is_refused() {
    let site = Site::new();
    for body in [
        &b"grant_type=\xff"[..],
        b"grant_type=%ff",
        b"grant_type=%c3%28",
        b"grant_type=%00",
        b"grant_type=\0",
        b"grant_type=a%0d%0ab",
        b"grant_type=%",
        b"grant_type=%2",
        b"grant_type=%zz",
        b"\xff\xfe",
        b"%ff=1",
    ] {
        for path in ["/oauth/token", "/token", "/oauth/revoke"] {
            let ask = Ask::form(path, &[]).body(body);
            site.send(ask).await.is_refused(400, "invalid_request");
        }
        for path in ["/oauth/login", "/oauth/consent"] {
            let ask = Ask::form(path, &[]).own_page().body(body);
            site.send(ask).await.is_page(400, "This link is broken");
        }
        let ask = Ask::json("/dcr", &Value::Null).body(body);
        site.send(ask).await.is_refused(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn x06_any_page_reads_what_is_for_programs_and_none_what_is_for_browsers() {
    let site = Site::new();
    let machine = App::configured(&site, "machine");
    for (n, (path, methods)) in ENDPOINTS.into_iter().enumerate() {
        for origin in ["https://inspector.example", "null", "http://127.0.0.1:6274"] {
            let ask = Ask::new("OPTIONS", path)
                .header("origin", origin)
                .header("access-control-request-method", methods[0])
                .header("access-control-request-headers", "authorization,content-type,x-other");
            let reply = site.send(ask).await;
            if n < PROGRAMS {
                assert!(reply.is(204).body.is_empty());
                assert_eq!(
                    cors(&reply),
                    [
                        (
                            "access-control-allow-headers",
                            "Authorization, Content-Type, MCP-Protocol-Version"
                        ),
                        ("access-control-allow-methods", &methods.join(", ")),
                        ("access-control-allow-origin", "*"),
                        ("access-control-expose-headers", "WWW-Authenticate, Retry-After"),
                        ("access-control-max-age", "7200"),
                    ]
                );
            } else {
                reply.is(405).has_header("allow", Some(&methods.join(", ")));
                assert_eq!(cors(&reply), []);
            }
            // The same for what is asked then, whether it is granted or not.
            let reply = site.send(Ask::new(methods[0], path).header("origin", origin)).await;
            let expected = [
                ("access-control-allow-origin", "*"),
                ("access-control-expose-headers", "WWW-Authenticate, Retry-After"),
            ];
            assert_eq!(cors(&reply), if n < PROGRAMS { &expected[..] } else { &[] });
        }
    }
    let fields = [("grant_type", "client_credentials")];
    let reply = site.send(machine.post("/oauth/token", &fields).header("origin", "null")).await;
    reply.is(200).has_header("access-control-allow-origin", Some("*"));
    let mut ada = Browser::of(&site, ADA).await;
    let ask = Ask::get(&App::configured(&site, "editor").link(&[]));
    assert_eq!(cors(&ada.open(ask.header("origin", "https://evil.example")).await), []);
}

/// The headers of CORS, sorted.
fn cors(reply: &Reply) -> Vec<(&str, &str)> {
    let all = reply.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let mut found: Vec<_> =
        all.filter(|(name, _)| name.starts_with("access-control-") || *name == "vary").collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn x07_an_endpoint_has_its_methods_and_no_others() {
    let site = Site::new();
    for (n, (path, methods)) in ENDPOINTS.into_iter().enumerate() {
        for method in
            ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW", "get"]
        {
            let reply = site.send(Ask::new(method, path)).await;
            if methods.contains(&method) {
                assert_ne!(reply.status, 405, "{reply:?}");
            } else {
                reply.is(405).has_header("allow", Some(&methods.join(", ")));
                assert_eq!(reply.header("access-control-allow-origin").is_some(), n < PROGRAMS);
            }
        }
    }
}

#[tokio::test]
async fn x07_another_spelling_of_a_path_is_no_endpoint() {
    let site = Site::new();
    let machine = App::configured(&site, "machine");
    let good = machine.post("/oauth/token", &[("grant_type", "client_credentials")]);
    for path in [
        "//oauth//token",
        "//oauth/token",
        "/oauth//token",
        "/oauth/token/",
        "/oauth/token//",
        "/oauth/%74oken",
        "/oauth%2ftoken",
        "/oauth/./token",
        "/oauth/%2e/token",
        "/x/../oauth/token",
        "/oauth/token%00",
        "/oauth/token;x",
        "/OAUTH/TOKEN",
        "/oauth",
        "/",
        "/clients",
        "/clients/c_1/x",
        "/.well-known/oauth-authorization-server/mcp",
        "/mcp",
    ] {
        for method in ["GET", "POST", "OPTIONS", "DELETE", "HEAD", "TRACE"] {
            let mut ask = good.clone();
            ask.method = method.parse().unwrap();
            ask.path = path.to_owned();
            let reply = site.send(ask).await;
            reply.is(404).has_header("access-control-allow-origin", None);
        }
    }
    site.send(good).await.is(200);
}

#[tokio::test]
async fn the_paths_of_clients_before_there_was_metadata_lead_to_the_same() {
    let site = Site::new();
    let body = serde_json::json!({
        "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none",
    });
    let app = App::of(&site, site.send(Ask::json("/register", &body)).await.is(201).json());
    let mut browser = Browser::new(&site);
    let link = app.link(&[]).replace("/oauth/authorize", "/authorize");
    let login = browser.open(Ask::get(&link)).await;
    let page = browser.log_in(&login, ADA).await;
    let code = browser.allow(&page).await.code(&app.redirect_uri);
    let mut ask = app.redemption(&code, &[]);
    ask.path = "/token".to_owned();
    site.send(ask).await.is(200);
}

#[tokio::test]
async fn x08_what_a_request_says_of_its_host_changes_nothing() {
    let spoofed = |ask: Ask| {
        ["host", "x-forwarded-host", "x-original-host", "x-host", "x-forwarded-server"]
            .into_iter()
            .fold(ask, |ask, name| ask.header(name, "evil.example"))
            .header("x-forwarded-proto", "gopher")
            .header("x-forwarded-prefix", "/evil")
            .header("x-original-url", "/oauth/jwks")
            .header("forwarded", "host=evil.example;proto=gopher")
    };
    for site in [Site::new(), Site::https()] {
        let app = App::new(&site).await;
        let tokens = app.tokens().await;
        let body = serde_json::json!({"redirect_uris": ["https://app.example/cb"]});
        let registered = site.send(spoofed(Ask::json("/dcr", &body))).await;
        let uri = registered.is(201).member("registration_client_uri");
        assert!(uri.starts_with(&format!("{}/clients/c_", site.issuer)), "{uri}");
        for ask in [
            Ask::get(DISCOVERY),
            Ask::get("/oauth/userinfo"),
            Ask::get("/oauth/userinfo").bearer(&tokens.access),
            Ask::get(&app.link(&[("scope", "unknown")])),
            Ask::get(&app.link(&[("resource", "https://evil.example/mcp")])),
            app.post("/oauth/token", &[]),
        ] {
            let (plain, reply) = (site.send(ask.clone()).await, site.send(spoofed(ask)).await);
            assert_eq!(
                (plain.status, &plain.headers, &plain.body),
                (reply.status, &reply.headers, &reply.body)
            );
        }
        // Nor may a form come from there.
        let mut browser = Browser::new(&site);
        let login = browser.ask(&app, &[]).await;
        let form = Browser::filled(&login, &[("user", ADA.0), ("password", ADA.1)]);
        let form = form.without("origin").without("sec-fetch-site");
        let form = spoofed(form).header("origin", "gopher://evil.example");
        browser.send(form).await.is_page(403, "This answer was not taken");
    }
    // An absolute URL names no other server either.
    let site = Site::new();
    let ask = Ask::get("http://evil.example/.well-known/oauth-authorization-server");
    let response = site.server.answer(ask.request(), None).await;
    let document: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(document["issuer"], site.issuer);
}

#[test]
fn x10_an_issuer_or_resource_over_plain_http_is_for_ones_own_machine() {
    let made = |issuer: &str, resource: &str| {
        let mut setup = Site::setup(Arc::default());
        setup.settings.issuer = issuer.to_owned();
        setup.settings.resource = resource.to_owned();
        AuthorizationServer::new(setup).is_ok()
    };
    for (issuer, resource, good) in [
        ("https://mcp.example.com", "https://mcp.example.com/mcp", true),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787/mcp", true),
        ("http://mcp.example.com", "https://mcp.example.com/mcp", false),
        ("https://mcp.example.com", "http://mcp.example.com/mcp", false),
        ("http://10.0.0.1", "https://mcp.example.com/mcp", false),
        ("ftp://mcp.example.com", "https://mcp.example.com/mcp", false),
        ("mcp.example.com", "https://mcp.example.com/mcp", false),
        ("", "https://mcp.example.com/mcp", false),
        // Endpoints are pasted behind it, and browsers name it as their origin.
        ("https://mcp.example.com/prod", "https://mcp.example.com/mcp", false),
        ("https://mcp.example.com:443", "https://mcp.example.com/mcp", false),
        ("https://MCP.example.com", "https://mcp.example.com/mcp", false),
        ("https://mcp.example.com/", "https://mcp.example.com/mcp", false),
        ("https://mcp.example.com?x", "https://mcp.example.com/mcp", false),
        ("https://mcp.example.com#x", "https://mcp.example.com/mcp", false),
        ("https://user@mcp.example.com", "https://mcp.example.com/mcp", false),
        ("https://mcp.example.com", "https://mcp.example.com/mcp/", false),
        ("https://mcp.example.com", "https://mcp.example.com/mcp#x", false),
    ] {
        assert_eq!(made(issuer, resource), good, "{issuer} {resource}");
    }
}
