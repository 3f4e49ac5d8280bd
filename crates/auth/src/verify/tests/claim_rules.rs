//! What a token must say of itself once its signature is good.

use super::*;
use crate::caller::CallerKind;
use crate::scope::Registry;

#[test]
fn j13_exp_is_a_sane_time_ahead() {
    let world = World::new(Profile::Cognito);
    for exp in [
        json!(GONE),
        json!(NOW - 30),
        json!(NOW - 5),
        json!(0),
        json!(-1),
        json!(-1e300),
        json!(1e300),
        json!(9_007_199_254_740_992_i64),
        json!(u64::MAX),
        json!((NOW + 60).to_string()),
        json!(true),
        json!(null),
        json!([NOW + 60]),
        json!({ "exp": NOW + 60 }),
    ] {
        world.refuses(&json!({ "exp": exp }), Rejection::Expired);
    }
    for exp in [json!(NOW - 4), json!(NOW), json!(NOW + 1), json!(1_750_000_000.9)] {
        world.accepts(&json!({ "exp": exp }));
    }
    assert_eq!(world.accepts(&json!({ "exp": 1_750_000_000.9 })).expires_at, NOW);
    let token = world.token(&json!({}), &json!({}));
    let when = |now: SystemTime| verify(&token, &world.keys, &world.issuer, now);
    assert!(when(at(NOW + 3604)).is_ok());
    assert_eq!(when(at(NOW + 3605)), Err(Rejection::Expired));
    assert_eq!(when(UNIX_EPOCH - Duration::from_millis(1)), Err(Rejection::NotYet));
}

/// A thief has the token and not the key; we are not shown the key (RFC 9449, RFC 8705).
#[test]
fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
    for profile in [Profile::Cognito, Profile::AccessToken, Profile::Oidc] {
        let world = World::new(profile);
        for cnf in [json!({ "jkt": "x" }), json!({ "x5t#S256": "x" }), json!({}), json!(null)] {
            world.refuses(&json!({ "cnf": cnf }), Rejection::Bound);
        }
    }
}

#[test]
fn j14_nbf_and_iat_lie_behind() {
    let world = World::new(Profile::AccessToken);
    for (nbf, iat) in [(NOW, NOW), (NOW + 5, NOW + 60), (0, 0)] {
        world.accepts(&json!({ "nbf": nbf, "iat": iat }));
    }
    world.accepts(&json!({ "nbf": GONE, "iat": GONE }));
    for bad in [json!("0"), json!(null), json!(-1), json!(1e300), json!(false), json!([0])] {
        world.refuses(&json!({ "nbf": bad }), Rejection::NotYet);
        world.refuses(&json!({ "iat": bad }), Rejection::NotYet);
    }
    for changes in [
        json!({ "nbf": NOW + 6 }),
        json!({ "nbf": NOW + 3600 }),
        json!({ "iat": NOW + 61 }),
        json!({ "iat": NOW + 3600 }),
    ] {
        world.refuses(&changes, Rejection::NotYet);
    }
}

#[test]
fn j15_the_issuer_is_ours_to_the_letter() {
    for profile in PROFILES {
        let world = World::new(profile);
        let url = &world.issuer.url;
        for iss in [
            json!(GONE),
            json!(null),
            json!(7),
            json!([url]),
            json!(["https://evil.example", url]),
            json!({ "url": url }),
            json!(format!("{url}/")),
            json!(format!("{url} ")),
            json!(url.to_uppercase()),
            json!(url.replace("https", "http")),
            json!("https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_EXAMPLE"),
            json!(""),
        ] {
            world.refuses(&json!({ "iss": iss }), Rejection::Issuer);
        }
    }
}

#[test]
fn j16_j20_the_audience_is_this_resource() {
    let others = [
        json!(null),
        json!(7),
        json!({ "aud": RESOURCE }),
        json!(""),
        json!([]),
        json!("https://other.example/mcp"),
        json!("https://mcp.example.com"),
        json!("https://mcp.example.com/mcp/"),
        json!("HTTPS://mcp.example.com/mcp"),
        json!(["https://other.example/mcp"]),
        json!([RESOURCE, 7]),
        json!([[RESOURCE]]),
    ];
    for profile in PROFILES {
        let world = World::new(profile);
        for aud in &others {
            world.refuses(&json!({ "aud": aud }), Rejection::Audience);
        }
        world.accepts(&json!({ "aud": RESOURCE }));
        let several = json!({ "aud": ["https://other.example/mcp", RESOURCE] });
        let (missing, single) = (json!({ "aud": GONE }), json!({ "aud": [RESOURCE] }));
        match profile {
            Profile::Cognito => {
                world.accepts(&missing);
                world.refuses(&several, Rejection::Audience);
                world.refuses(&single, Rejection::Audience);
            }
            Profile::AccessToken => {
                world.refuses(&missing, Rejection::Audience);
                world.refuses(&several, Rejection::Audience);
                world.refuses(&single, Rejection::Audience);
            }
            Profile::Oidc => {
                world.refuses(&missing, Rejection::Audience);
                world.accepts(&several);
                world.accepts(&single);
            }
        }
    }
}

#[test]
fn j17_the_client_is_on_the_list_of_a_cognito_issuer() {
    let mut world = World::new(Profile::Cognito);
    for client in [
        json!(GONE),
        json!(null),
        json!(7),
        json!([CLIENT]),
        json!({ "id": CLIENT }),
        json!(""),
        json!("another"),
        json!(format!("{CLIENT} ")),
        json!(CLIENT.to_uppercase()),
        json!(&CLIENT[1..]),
    ] {
        world.refuses(&json!({ "client_id": client, "azp": CLIENT }), Rejection::Client);
    }
    world.refuses(&json!({ "aud": CLIENT }), Rejection::Audience);
    // No list is no permission.
    world.issuer.clients.clear();
    world.refuses(&json!({}), Rejection::Client);
}

#[test]
fn another_issuer_may_have_a_list_of_clients() {
    for profile in [Profile::AccessToken, Profile::Oidc] {
        let mut world = World::new(profile);
        world.accepts(&json!({ "client_id": "any" }));
        world.accepts(&json!({ "client_id": "x".repeat(2048) }));
        for bad in [json!(7), json!(""), json!("a\nb"), json!("x".repeat(2049))] {
            world.refuses(&json!({ "client_id": bad }), Rejection::Client);
        }
        world.issuer.clients = vec![CLIENT.to_owned()];
        world.accepts(&json!({}));
        world.refuses(&json!({ "client_id": "any" }), Rejection::Client);
        world.refuses(&json!({ "client_id": GONE }), Rejection::Client);
    }
    World::new(Profile::AccessToken).refuses(&json!({ "client_id": GONE }), Rejection::Client);
    let world = World::new(Profile::Oidc);
    assert_eq!(world.accepts(&json!({ "client_id": GONE })).client_id, None);
    for name in ["azp", "cid"] {
        let claims = world.accepts(&json!({ "client_id": GONE, name: "theirs" }));
        assert_eq!(claims.client_id.as_deref(), Some("theirs"));
        world.accepts(&json!({ name: CLIENT }));
        world.refuses(&json!({ name: "theirs" }), Rejection::Client);
        world.refuses(&json!({ name: null }), Rejection::Client);
    }
}

#[test]
fn j18_a_cognito_id_token_is_no_access_token() {
    let world = World::new(Profile::Cognito);
    for token_use in [json!("id"), json!(GONE), json!("Access"), json!(["access"]), json!(true)] {
        world.refuses(&json!({ "token_use": token_use }), Rejection::NotAnAccessToken);
    }
    let id_token = json!({ "token_use": "id", "aud": CLIENT, "client_id": GONE });
    world.refuses(&id_token, Rejection::NotAnAccessToken);
}

#[test]
fn j19_a_token_of_another_kind_is_no_access_token() {
    let kinds = |profile: Profile| {
        let world = World::new(profile);
        let typs = [
            GONE,
            "JWT",
            "jwt",
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "application/jwt",
            "id+jwt",
            "rt+jwt",
            "logout+jwt",
            "dpop+jwt",
            "oauth-id-jag+jwt",
            "at+jwt ",
            "JOSE",
            "",
        ];
        let accepted = |typ: &&&str| world.with_header(&json!({ "typ": typ })).is_ok();
        typs.iter().filter(accepted).copied().collect::<Vec<_>>()
    };
    assert_eq!(kinds(Profile::Cognito), [GONE, "JWT", "jwt", "application/jwt"]);
    assert_eq!(kinds(Profile::AccessToken), ["at+jwt", "AT+JWT", "application/at+jwt"]);
    assert_eq!(
        kinds(Profile::Oidc),
        [GONE, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"]
    );
    let world = World::new(Profile::Oidc);
    for changes in [
        json!({ "nonce": "n" }),
        json!({ "at_hash": "h" }),
        json!({ "c_hash": "h" }),
        json!({ "token_use": "id" }),
        json!({ "typ": "ID" }),
        json!({ "typ": "Refresh" }),
    ] {
        world.refuses(&changes, Rejection::NotAnAccessToken);
    }
    world.accepts(&json!({ "typ": "Bearer", "token_use": "access" }));
}

#[test]
fn j21_scopes_that_are_missing_or_malformed_are_none() {
    let granted =
        |profile: Profile, changes: Value| World::new(profile).accepts(&changes).scopes.to_string();
    for profile in PROFILES {
        for scope in [
            json!(GONE),
            json!(""),
            json!(null),
            json!(7),
            json!(["mcp/invoke"]),
            json!({ "mcp/invoke": true }),
            json!("mcp/invoke  cases/read"),
            json!(" mcp/invoke"),
            json!("mcp/invoke\tcases/read"),
        ] {
            assert_eq!(granted(profile, json!({ "scope": scope })), "", "{profile:?} {scope}");
        }
        assert_eq!(granted(profile, json!({ "scope": "b a b" })), "a b");
    }
    for (scp, expected) in [
        (json!(["a", "b"]), "a b"),
        (json!("a b"), "a b"),
        (json!(["a", 7]), ""),
        (json!(["a b"]), ""),
        (json!(7), ""),
    ] {
        let changes = json!({ "scope": GONE, "scp": scp });
        assert_eq!(granted(Profile::Oidc, changes.clone()), expected);
        assert_eq!(granted(Profile::Cognito, changes), "");
    }
}

#[test]
fn a_client_on_its_own_behalf_is_its_own_subject() {
    for (profile, sub, expected) in [
        (Profile::Cognito, CLIENT, CallerKind::Client),
        (Profile::Cognito, "someone", CallerKind::Person),
        (Profile::AccessToken, CLIENT, CallerKind::Client),
        (Profile::Oidc, "someone", CallerKind::Person),
    ] {
        let claims = World::new(profile).accepts(&json!({ "sub": sub }));
        let caller = claims.into_caller(Registry::PROJECT);
        assert_eq!(caller.kind, expected, "{profile:?} {sub}");
        assert_eq!((&*caller.subject, caller.client_id.as_deref()), (sub, Some(CLIENT)));
        assert_eq!(caller.issuer, Some(issuer(profile).url));
    }
}

#[test]
fn j23_a_caller_has_what_its_scopes_imply() {
    let claims =
        World::new(Profile::Cognito).accepts(&json!({ "scope": "prometheus-mcp-server/write" }));
    assert!(!claims.scopes.contains(Registry::PROMETHEUS_READ));
    let caller = claims.into_caller(Registry::PROJECT);
    assert!(caller.scopes.contains(Registry::PROMETHEUS_READ));
    assert!(caller.scopes.contains(Registry::MCP_INVOKE));
    assert!(!caller.scopes.contains(Registry::CASES_READ));
}

#[test]
fn a_subject_is_a_text_that_can_be_logged() {
    let world = World::new(Profile::AccessToken);
    for sub in [
        json!(GONE),
        json!(null),
        json!(7),
        json!(["a"]),
        json!(""),
        json!("a\nb"),
        json!("a\0"),
        json!("\u{7f}"),
        json!("\u{85}"),
        json!("x".repeat(257)),
    ] {
        world.refuses(&json!({ "sub": sub }), Rejection::Subject);
    }
    assert_eq!(world.accepts(&json!({ "sub": "auth0|Jürgen K." })).subject, "auth0|Jürgen K.");
    for jti in [json!(GONE), json!(7), json!("a\nb"), json!("")] {
        let claims = world.accepts(&json!({ "jti": jti, "gid": jti }));
        assert_eq!((claims.token_id, claims.grant), (None, None));
    }
}

#[test]
fn a_tenant_is_claimed_or_configured_and_never_two() {
    let mut world = World::new(Profile::Cognito);
    let tenant = |claims: Claims| claims.tenant.map(|tenant| tenant.to_string());
    // A claim that nobody configured means nothing.
    assert_eq!(tenant(world.accepts(&json!({ "tenant": "acme" }))), None);
    world.issuer.tenant_claim = Some("tenant".to_owned());
    assert_eq!(tenant(world.accepts(&json!({}))), None);
    assert_eq!(tenant(world.accepts(&json!({ "tenant": "acme" }))).as_deref(), Some("acme"));
    for bad in [
        json!(""),
        json!(null),
        json!(7),
        json!(["acme"]),
        json!("acme corp"),
        json!("../acme"),
        json!("-acme"),
        json!("acme\n"),
        json!("a".repeat(64)),
    ] {
        world.refuses(&json!({ "tenant": bad }), Rejection::Tenant);
    }
    world.issuer.tenants.insert(CLIENT.to_owned(), "acme".parse().unwrap());
    assert_eq!(tenant(world.accepts(&json!({}))).as_deref(), Some("acme"));
    assert_eq!(tenant(world.accepts(&json!({ "tenant": "acme" }))).as_deref(), Some("acme"));
    world.refuses(&json!({ "tenant": "globex" }), Rejection::Tenant);
    world.refuses(&json!({ "tenant": "ACME" }), Rejection::Tenant);
}

#[test]
fn an_issuer_of_one_tenant_vouches_for_no_other() {
    let mut world = World::new(Profile::AccessToken);
    let tenant = |claims: Claims| claims.tenant.map(|tenant| tenant.to_string());
    world.issuer.tenant = Some("acme".parse().unwrap());
    // Nobody asked which claim names a tenant.
    assert_eq!(tenant(world.accepts(&json!({ "tenant": "globex" }))).as_deref(), Some("acme"));
    world.issuer.tenant_claim = Some("tenant".to_owned());
    assert_eq!(tenant(world.accepts(&json!({}))).as_deref(), Some("acme"));
    assert_eq!(tenant(world.accepts(&json!({ "tenant": "acme" }))).as_deref(), Some("acme"));
    world.refuses(&json!({ "tenant": "globex" }), Rejection::Tenant);
    world.refuses(&json!({ "tenant": "no tenant" }), Rejection::Tenant);
    world.issuer.tenants.insert(CLIENT.to_owned(), "globex".parse().unwrap());
    world.refuses(&json!({}), Rejection::Tenant);
    world.refuses(&json!({ "tenant": "globex" }), Rejection::Tenant);
}

#[test]
fn a_token_allows_no_more_than_its_issuer_may_give() {
    let mut world = World::new(Profile::AccessToken);
    let read = "mcp/invoke prometheus-mcp-server/read";
    for (most, granted, expected) in [
        (None, "prometheus-mcp-server/write x", "prometheus-mcp-server/write x"),
        (Some(read), "mcp/invoke", "mcp/invoke"),
        (Some(read), "prometheus-mcp-server/read x", "prometheus-mcp-server/read"),
        // What is dropped implies nothing.
        (Some(read), "prometheus-mcp-server/write", ""),
        (Some(read), "cases/read mcp/invoke", "mcp/invoke"),
        (Some(""), read, ""),
    ] {
        world.issuer.scopes = most.map(|most| most.parse().unwrap());
        let claims = world.accepts(&json!({ "scope": granted }));
        assert_eq!(claims.scopes.to_string(), expected, "{most:?} {granted}");
    }
}
