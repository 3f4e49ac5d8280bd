//! Whatever is sent, the server answers, and never blames itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderValue, Uri};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::site::{ADA, App, Ask, Browser, INITIAL_ACCESS, SECRET, Site, basic};

const ENDPOINTS: [&str; 15] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth/jwks",
    "/dcr",
    "/register",
    "/oauth/token",
    "/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/oauth/authorize",
    "/authorize",
    "/oauth/login",
    "/oauth/callback",
    "/oauth/consent",
    "/oauth/style.css",
];
const NAMES: [&str; 28] = [
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "redirect_uri",
    "response_type",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "scope",
    "resource",
    "state",
    "nonce",
    "prompt",
    "request",
    "request_uri",
    "grant_type",
    "code",
    "refresh_token",
    "token",
    "token_type_hint",
    "csrf",
    "decision",
    "user",
    "password",
    "error",
    "access_token",
];
/// As they are in a form: some of them are none.
const VALUES: [&str; 27] = [
    "code",
    "S256",
    "none",
    "login",
    "consent",
    "query",
    "openid+mcp%2Finvoke",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "approve",
    "deny",
    "http%3A%2F%2F127.0.0.1%3A8787%2Fmcp",
    "https%3A%2F%2Feditor.example%2Fcb",
    "http%3A%2F%2F127.0.0.1%3A1%2F",
    "editor",
    "machine",
    "ada",
    "",
    "%",
    "%00",
    "%ff",
    "%0d%0a",
    "a+b",
    "%C3%BC",
    "%2",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
];

/// What is good for something at a server, and what a stranger may find out.
struct Known {
    /// Requests that are in order.
    good: Vec<Ask>,
    headers: Vec<(&'static str, String)>,
    values: Vec<String>,
}

impl Known {
    async fn of(site: &Site) -> Self {
        let app = App::new(site).await;
        let (tokens, code) = (app.tokens().await, app.code().await);
        let (path, token) = app.management();
        let mut fresh = Browser::new(site);
        let login = fresh.ask(&app, &[]).await;
        let login = Browser::filled(&login, &[("user", ADA.0), ("password", ADA.1)]);
        let mut browser = Browser::of(site, ADA).await;
        let page = browser.ask(&app, &[]).await;
        let consent = Browser::filled(&page, &[("decision", "approve")]);
        let machine = App::configured(site, "machine");
        let registration = json!({
            "redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code"],
            "scope": "openid", "client_name": "x", "token_endpoint_auth_method": "none",
        });
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*tokens.refresh)];
        let cookies = browser.with_cookies(Ask::get("/")).headers[0].1.to_str().unwrap().to_owned();
        Self {
            good: vec![
                Ask::get(&app.link(&[])),
                browser.with_cookies(Ask::get(&app.link(&[("prompt", "none")]))),
                browser.with_cookies(Ask::get(&App::configured(site, "editor").link(&[]))),
                fresh.with_cookies(login),
                browser.with_cookies(consent),
                browser.with_cookies(Ask::get("/oauth/consent")),
                app.redemption(&code, &[]),
                app.post("/oauth/token", &refresh),
                app.post("/oauth/revoke", &[("token", &tokens.refresh)]),
                machine.post("/token", &[("grant_type", "client_credentials")]),
                Ask::json("/dcr", &registration),
                Ask::json("/dcr", &registration).bearer(INITIAL_ACCESS),
                Ask::get(&path).bearer(&token),
                Ask::get("/oauth/userinfo").bearer(&tokens.access),
            ],
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("content-type", "application/json".to_owned()),
                ("cookie", cookies),
                ("cookie", "mcp_sess=x; mcp_tx=".to_owned()),
                ("authorization", format!("Bearer {token}")),
                ("authorization", format!("Bearer {}", tokens.access)),
                ("authorization", basic("machine", SECRET)),
                ("authorization", "Basic Og==".to_owned()),
                ("origin", site.issuer.clone()),
                ("origin", "null".to_owned()),
                ("sec-fetch-site", "same-origin".to_owned()),
                ("host", "evil.example".to_owned()),
            ],
            values: VALUES
                .map(str::to_owned)
                .into_iter()
                .chain([app.id, code, tokens.refresh, page.hidden("csrf")])
                .collect(),
        }
    }

    /// Parameters, mostly such as there are.
    fn pair(&self) -> impl Strategy<Value = String> + use<> {
        let name = prop_oneof![9 => select(NAMES.map(str::to_owned).to_vec()), 1 => "[!-~]{0,6}"];
        let value = prop_oneof![4 => select(self.values.clone()), 1 => "[!-~]{0,12}"];
        (name, value).prop_map(|(name, value)| format!("{name}={value}").replace('#', "%23"))
    }

    fn header(&self) -> impl Strategy<Value = (String, Vec<u8>)> + use<> {
        let known = select(self.headers.clone())
            .prop_map(|(name, value)| (name.to_owned(), value.into_bytes()));
        let name = "authorization|cookie|content-type|origin|sec-fetch-site|accept|x-forwarded-for|\
            content-length|transfer-encoding|access-control-request-method|[a-z]{1,6}";
        let value = prop_oneof![
            "(Basic|Bearer|basic) [A-Za-z0-9+/=._-]{0,30}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..24),
        ];
        prop_oneof![5 => known, 1 => (name, value)]
    }

    /// Anything.
    fn requests(&self) -> impl Strategy<Value = Ask> + use<> {
        let path = prop_oneof![
            12 => select(ENDPOINTS.map(str::to_owned).to_vec()),
            1 => "/clients/[!-~]{0,8}",
            1 => "/(oauth|clients|\\.well-known)?[/.%a-z0-9]{0,12}",
        ];
        let pairs = || prop::collection::vec(self.pair(), 0..12).prop_map(|pairs| pairs.join("&"));
        let json = "\\{(\"(redirect_uris|grant_types|scope|client_name|jwks_uri|x)\":\
            (\\[(\"(https://a\\.example/cb|cursor://a/b|code)\",?)?\\]|\"[a-z/:. ]{0,9}\"|null|1|\\{\\}),?){0,4}\\}?";
        let body = prop_oneof![
            5 => pairs().prop_map(String::into_bytes),
            3 => json.prop_map(String::into_bytes),
            2 => prop::collection::vec(any::<u8>(), 0..80),
        ];
        let query =
            prop_oneof![2 => Just(String::new()), 1 => pairs().prop_map(|it| format!("?{it}"))];
        let headers = prop::collection::vec(self.header(), 0..6);
        (method(), path, query, headers, body, any::<Option<IpAddr>>()).prop_map(
            |(method, path, query, headers, body, source)| {
                let ask = Ask { source, ..Ask::new(&method, &(path + &query)).body(body) };
                headers.into_iter().fold(ask, with_header)
            },
        )
    }

    /// Something that was in order until it was changed.
    fn changed(&self) -> impl Strategy<Value = Ask> + use<> {
        let changes = prop::collection::vec(
            prop_oneof![
                3 => any::<Index>().prop_map(Change::Drop),
                4 => self.pair().prop_map(Change::Add),
                3 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
                1 => any::<Index>().prop_map(Change::DropHeader),
                2 => self.header().prop_map(Change::AddHeader),
                1 => method().prop_map(Change::Method),
            ],
            0..4,
        );
        (select(self.good.clone()), changes)
            .prop_map(|(good, changes)| changes.into_iter().fold(good, Change::apply))
    }
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("GET".to_owned()),
        5 => Just("POST".to_owned()),
        1 => Just("DELETE".to_owned()),
        1 => "HEAD|OPTIONS|PUT|TRACE|[A-Za-z!#-]{1,8}",
    ]
}

fn with_header(ask: Ask, (name, value): (String, Vec<u8>)) -> Ask {
    if HeaderValue::from_bytes(&value).is_ok() { ask.header(&name, value) } else { ask }
}

#[derive(Clone, Debug)]
enum Change {
    Drop(Index),
    Add(String),
    Byte(Index, u8),
    DropHeader(Index),
    AddHeader((String, Vec<u8>)),
    Method(String),
}

impl Change {
    fn apply(mut ask: Ask, change: Self) -> Ask {
        let in_query = ask.path.contains('?');
        let text = match ask.path.split_once('?') {
            Some((_, query)) => query.to_owned(),
            None => String::from_utf8_lossy(&ask.body).into_owned(),
        };
        let mut pairs: Vec<&str> = text.split('&').collect();
        match &change {
            Self::Drop(at) => drop(pairs.remove(at.index(pairs.len()))),
            Self::Add(pair) => pairs.push(pair),
            Self::Byte(at, byte) if !ask.body.is_empty() => {
                let mut body = ask.body.to_vec();
                body[at.index(ask.body.len())] = *byte;
                return ask.body(body);
            }
            Self::DropHeader(at) if !ask.headers.is_empty() => {
                ask.headers.remove(at.index(ask.headers.len()));
                return ask;
            }
            Self::AddHeader(header) => return with_header(ask, header.clone()),
            Self::Method(method) => return Ask { method: method.parse().unwrap(), ..ask },
            Self::Byte(..) | Self::DropHeader(_) => return ask,
        }
        let text = pairs.join("&");
        if in_query {
            ask.path = format!("{}?{text}", ask.route());
        } else {
            ask.body = Bytes::from(text);
        }
        ask
    }
}

/// `Site::send` looks at each answer: no 5xx, headers as they must be, and nobody is sent anywhere
/// that is not a client's.
#[test]
fn x13_nothing_that_is_sent_is_a_fault_of_the_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let site = Site::new();
    let known = runtime.block_on(Known::of(&site));
    let seen = RefCell::new(BTreeMap::<u16, usize>::new());
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    let requests = prop_oneof![known.requests(), known.changed()];
    let result = TestRunner::new(config).run(&requests, |ask| {
        // What `http` takes for no URL comes from no server either.
        if ask.path.parse::<Uri>().is_ok() {
            let reply = runtime.block_on(site.send(ask));
            *seen.borrow_mut().entry(reply.status).or_default() += 1;
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    // Not all of it was refused at the door.
    let seen = seen.into_inner();
    for status in [200, 201, 303, 400, 401, 404, 405] {
        assert!(seen.contains_key(&status), "{seen:?}");
    }
}
