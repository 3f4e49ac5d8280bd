//! `/oauth/token` whatever the grant, and `grant_type=client_credentials`.

use crate::site::{App, Ask, INITIAL_ACCESS, RESOURCE, Site, claims};

const TOKEN: &str = "/oauth/token";
const FORM: &str = "application/x-www-form-urlencoded";
const MACHINE: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[tokio::test]
async fn t11_t36_a_grant_is_named_and_is_one_of_ours() {
    let site = Site::new();
    let app = App::new(&site).await;
    let jwt_bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    for (fields, expected) in [
        (&[][..], "invalid_request"),
        (&[("grant_type", "")], "invalid_request"),
        (&[("grant_type", "password"), ("username", "ada")], "unsupported_grant_type"),
        (&[("grant_type", "implicit")], "unsupported_grant_type"),
        (&[("grant_type", "AUTHORIZATION_CODE")], "unsupported_grant_type"),
        (&[("grant_type", "authorization_code ")], "unsupported_grant_type"),
        (&[("grant_type", jwt_bearer), ("assertion", "e30.e30.x")], "unsupported_grant_type"),
        (
            &[("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")],
            "unsupported_grant_type",
        ),
    ] {
        app.token(fields).await.is_refused(400, expected);
    }
}

#[tokio::test]
async fn t12_t24_a_client_uses_only_the_grants_it_is_registered_for() {
    let site = Site::new();
    let code = ("grant_type", "authorization_code");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let code = [code, ("code", "x")];
    let [basic, post] = ["client_secret_basic", "client_secret_post"];
    for (app, fields) in [
        // Whoever registers itself, with and without a secret.
        (App::new(&site).await, &MACHINE[..]),
        (App::confidential(&site, basic).await, &MACHINE),
        (App::confidential(&site, post).await, &MACHINE),
        // The operator's.
        (App::configured(&site, "editor"), &MACHINE),
        (App::configured(&site, "backend"), &MACHINE),
        (App::configured(&site, "machine"), &code),
        (App::configured(&site, "machine"), &refresh),
        (App::configured(&site, "kiosk"), &refresh),
        // Who has nothing to prove who it is, whatever it is registered for.
        (App::configured(&site, "nobody"), &MACHINE),
    ] {
        app.token(fields).await.is_refused(400, "unauthorized_client");
    }
}

#[tokio::test]
async fn t13_only_a_form_is_a_form() {
    let site = Site::new();
    let machine = App::configured(&site, "machine");
    for path in [TOKEN, "/token", "/oauth/revoke"] {
        let good = machine.post(path, &[MACHINE[0], ("token", "x")]);
        let typed = |types: &[&str]| {
            let bare = good.clone().without("content-type");
            types.iter().fold(bare, |ask, value| ask.header("content-type", value))
        };
        for types in [
            &[][..],
            &[""],
            &["application/json"],
            &["multipart/form-data; boundary=x"],
            &["text/plain"],
            &["application/json, application/x-www-form-urlencoded"],
            &["application/x-www-form-urlencoded, application/json"],
            &["application/x-www-form-urlencodedx"],
            &[FORM, FORM],
        ] {
            site.send(typed(types)).await.is_refused(400, "invalid_request");
        }
        let json = good.clone().body(r#"{"grant_type":"client_credentials"}"#);
        site.send(json.without("content-type").header("content-type", "application/json"))
            .await
            .is_refused(400, "invalid_request");
        for value in
            ["Application/X-WWW-Form-Urlencoded", "application/x-www-form-urlencoded;charset=UTF-8"]
        {
            site.send(typed(&[value])).await.is(200);
        }
    }
}

#[tokio::test]
async fn t14_parameters_in_the_query_are_refused() {
    let site = Site::new();
    let (machine, portal) = (App::configured(&site, "machine"), App::configured(&site, "portal"));
    for path in [TOKEN, "/oauth/revoke"] {
        let form = machine.post(path, &[MACHINE[0], ("token", "x")]);
        for query in ["grant_type=client_credentials", "client_id=machine", "x=1", "&", "%00"] {
            let mut ask = form.clone();
            ask.path = format!("{path}?{query}");
            site.send(ask).await.is_refused(400, "invalid_request");
        }
        let all = portal.post(path, &MACHINE);
        let query = String::from_utf8(all.body.to_vec()).unwrap();
        let ask = Ask::new("POST", &format!("{path}?{query}")).header("content-type", FORM);
        site.send(ask).await.is_refused(400, "invalid_request");
        let mut empty = form;
        empty.path = format!("{path}?");
        site.send(empty).await.is(200);
    }
}

#[tokio::test]
async fn t15_a_parameter_that_is_there_twice_is_refused() {
    let site = Site::new();
    let app = App::new(&site).await;
    let tokens = app.tokens().await;
    let code = app.code().await;
    for name in ["grant_type", "code", "client_id", "code_verifier", "redirect_uri", "scope", "x"] {
        // The same twice, too.
        let fields = app.redemption(&code, &[("scope", "openid"), ("x", "1")]);
        let body = String::from_utf8(fields.body.to_vec()).unwrap();
        let pair = body.split('&').find(|pair| pair.starts_with(&format!("{name}="))).unwrap();
        for again in [pair, &format!("{name}=other"), &format!("{name}="), name] {
            let ask = fields.clone().body(format!("{body}&{again}"));
            site.send(ask).await.is_refused(400, "invalid_request");
        }
    }
    let twice = [("refresh_token", &*tokens.refresh), ("refresh_token", &tokens.refresh)];
    app.refresh(&tokens.refresh, &twice).await.is_refused(400, "invalid_request");
    app.redeem(&code, &[]).await.is(200);
    app.refresh(&tokens.refresh, &[]).await.is(200);
}

#[tokio::test]
async fn t25_a_machine_acts_for_itself_and_never_refreshes() {
    let site = Site::new();
    let machine = App::configured(&site, "machine");
    for (scope, granted) in [
        (None, Some("mcp/invoke prometheus-mcp-server/write")),
        (Some(""), Some("mcp/invoke prometheus-mcp-server/write")),
        (Some("mcp/invoke"), Some("mcp/invoke")),
        (Some("prometheus-mcp-server/read"), Some("prometheus-mcp-server/read")),
        (Some("openid"), None),
        (Some("offline_access"), None),
        (Some("mcp/invoke openid"), None),
        (Some("mcp/invoke offline_access"), None),
        (Some("cases/read"), None),
        (Some("unknown"), None),
    ] {
        let scope = scope.map(|scope| ("scope", scope));
        let fields: Vec<_> = MACHINE.into_iter().chain(scope).collect();
        let reply = machine.token(&fields).await;
        let Some(granted) = granted else {
            reply.is_refused(400, "invalid_scope");
            continue;
        };
        let answer = reply.is(200).json();
        let names: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["access_token", "token_type", "expires_in", "scope"]);
        assert_eq!(answer["scope"], granted);
    }
    for (resource, status) in [(RESOURCE, 200), ("https://evil.example/mcp", 400)] {
        let reply = machine.token(&[MACHINE[0], ("resource", resource)]).await;
        reply.is(status);
    }
}

/// The other way to such a client: registered by who has an initial access token.
#[tokio::test]
async fn a_machine_that_was_registered_by_who_is_trusted_gets_tokens_of_its_tenant() {
    let site = Site::new();
    let body = serde_json::json!({"grant_types": ["client_credentials"], "scope": "cases/read"});
    let reply = site.send(Ask::json("/dcr", &body).bearer(INITIAL_ACCESS)).await;
    let machine = App::of(&site, reply.is(201).json());
    let answer = machine.token(&MACHINE).await;
    assert_eq!(answer.is(200).member("scope"), "cases/read");
    let claims = claims(&answer.member("access_token"));
    assert_eq!(claims["tenant_id"], "acme");
    assert!(claims["sub"] == machine.id && claims["client_id"] == machine.id, "{claims}");
    assert_eq!(claims.get("gid"), None);
    machine
        .token(&[MACHINE[0], ("scope", "prometheus-mcp-server/read")])
        .await
        .is_refused(400, "invalid_scope");
}

#[tokio::test]
async fn t33_other_methods_are_not_allowed() {
    let site = Site::new();
    let machine = App::configured(&site, "machine");
    for path in [TOKEN, "/token", "/oauth/revoke", "/dcr", "/register"] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let mut ask = machine.post(path, &MACHINE);
            ask.method = method.parse().unwrap();
            let reply = site.send(ask).await;
            reply.is(405).has_header("allow", Some("POST"));
            if method != "HEAD" {
                reply.is_refused(405, "invalid_request");
            }
        }
    }
}

#[tokio::test]
async fn x02_x03_a_form_has_64_parameters_and_32_scopes_at_most() {
    let site = Site::new();
    let machine = App::configured(&site, "machine");
    let fields = |count: usize| {
        let good = machine.post(TOKEN, &MACHINE);
        let body = String::from_utf8(good.body.to_vec()).unwrap();
        let more = (1..count).map(|n| format!("&{n}")).collect::<String>();
        good.body(body + &more)
    };
    site.send(fields(64)).await.is(200);
    let started = std::time::Instant::now();
    for count in [65, 1000, 10_000] {
        site.send(fields(count)).await.is_refused(400, "invalid_request");
    }
    let entries = |count: usize| vec!["a"; count].join(" ");
    let long = format!("mcp/invoke {}", "a".repeat(1014));
    for scope in [&entries(33), &entries(8000), &entries(25_000), &long] {
        let reply = machine.token(&[MACHINE[0], ("scope", scope)]).await;
        reply.is_refused(400, "invalid_scope");
    }
    // 50 ms each, on a machine that is not busy.
    assert!(started.elapsed().as_secs() < 3, "{:?}", started.elapsed());
}
