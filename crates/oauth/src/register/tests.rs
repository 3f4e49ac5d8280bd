use serde_json::{Value, json};

use super::*;
use crate::keys::{Signer as _, SigningKey};
use real_clients::real_clients;

mod real_clients;

const NOW: Time = Time(1_800_000_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn policy(registrant: Registrant) -> RegistrationPolicy {
    RegistrationPolicy {
        registrant,
        scopes: "cases/read mcp/invoke offline_access openid".parse().unwrap(),
        unused: DAY,
        clients_url: "https://host.example/clients/".to_owned(),
    }
}

fn register_as(registrant: Registrant, body: &Value) -> Result<(Client, Value), OauthError> {
    let request = ClientMetadata::parse(body.to_string().as_bytes())?;
    let minted = Minted::random().unwrap();
    let (client, answer) = register(&request, &policy(registrant), NOW, minted)?;
    Ok((client, serde_json::to_value(answer).unwrap()))
}

fn anybody(body: &Value) -> Result<(Client, Value), OauthError> {
    register_as(Registrant::Anybody, body)
}

fn trusted(body: &Value) -> Result<(Client, Value), OauthError> {
    register_as(Registrant::Trusted { tenant: Some("acme".parse().unwrap()) }, body)
}

/// What is random replaced by its name.
fn redacted(mut answer: Value) -> Value {
    let id = answer["client_id"].as_str().unwrap().to_owned();
    for name in ["client_id", "client_secret", "registration_access_token"] {
        if let Some(value) = answer.get_mut(name) {
            *value = format!("[{name}]").into();
        }
    }
    let uri = answer["registration_client_uri"].as_str().unwrap().replace(&id, "[client_id]");
    answer["registration_client_uri"] = uri.into();
    answer
}

#[track_caller]
fn refused(body: &Value, code: ErrorCode) {
    assert_eq!(anybody(body).map_err(|error| error.code).map(drop), Err(code), "{body}");
}

/// Another member in a registration that would be taken.
fn with(name: &str, value: Value) -> Value {
    let mut body = json!({
        "redirect_uris": ["https://host.example/cb"],
        "token_endpoint_auth_method": "none",
    });
    body[name] = value;
    body
}

#[test]
fn d05_the_registrations_of_real_clients_are_taken_with_all_their_uris() {
    for (name, body) in real_clients() {
        let (client, answer) = anybody(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer["redirect_uris"], body["redirect_uris"], "{name}");
        assert_eq!(answer["grant_types"], json!(["authorization_code", "refresh_token"]), "{name}");
        assert_eq!(answer["client_name"], body["client_name"], "{name}");
        assert_eq!(client.is_public(), name != "claude.ai", "{name}");
        assert_eq!(client.origin, ClientOrigin::Registered);
        assert_eq!(client.expires_at, Some(NOW.after(DAY)));
    }
}

#[test]
fn d05_d15_a_public_client_is_told_what_was_registered() {
    let (_, body) = real_clients().into_iter().find(|(name, _)| *name == "mcp-remote").unwrap();
    let (_, answer) = anybody(&body).unwrap();
    insta::assert_json_snapshot!(redacted(answer), @r#"
    {
      "client_id": "[client_id]",
      "client_id_issued_at": 1800000000,
      "client_name": "MCP CLI Proxy",
      "redirect_uris": [
        "http://localhost:3334/oauth/callback"
      ],
      "grant_types": [
        "authorization_code",
        "refresh_token"
      ],
      "response_types": [
        "code"
      ],
      "token_endpoint_auth_method": "none",
      "scope": "openid",
      "registration_access_token": "[registration_access_token]",
      "registration_client_uri": "https://host.example/clients/[client_id]"
    }
    "#);
}

#[test]
fn d15_a_confidential_client_gets_its_secret_once() {
    let (_, body) = real_clients().into_iter().find(|(name, _)| *name == "claude.ai").unwrap();
    let (client, answer) = anybody(&body).unwrap();
    let AuthMethod::Post(secrets) = &client.auth_method else { panic!("{:?}", client.auth_method) };
    assert!(secrets.accept(answer["client_secret"].as_str().unwrap()));
    let token = answer["registration_access_token"].as_str().unwrap();
    assert!(client.registration_token.unwrap().is_of(token));
    let id = answer["client_id"].as_str().unwrap();
    assert_eq!((client.id.as_str(), id.len(), id.get(..2)), (id, 24, Some("c_")));
    insta::assert_json_snapshot!(redacted(answer), @r#"
    {
      "client_id": "[client_id]",
      "client_id_issued_at": 1800000000,
      "client_secret": "[client_secret]",
      "client_secret_expires_at": 0,
      "client_name": "Claude",
      "redirect_uris": [
        "https://claude.ai/api/mcp/auth_callback"
      ],
      "grant_types": [
        "authorization_code",
        "refresh_token"
      ],
      "response_types": [
        "code"
      ],
      "token_endpoint_auth_method": "client_secret_post",
      "registration_access_token": "[registration_access_token]",
      "registration_client_uri": "https://host.example/clients/[client_id]"
    }
    "#);
}

#[test]
fn a_client_that_acts_on_its_own_behalf_is_registered_by_who_is_trusted() {
    let body = json!({"client_name": "Nightly", "grant_types": ["client_credentials"]});
    let (client, answer) = trusted(&body).unwrap();
    assert_eq!(client.tenant, Some("acme".parse().unwrap()));
    assert_eq!(client.expires_at, None);
    insta::assert_json_snapshot!(redacted(answer), @r#"
    {
      "client_id": "[client_id]",
      "client_id_issued_at": 1800000000,
      "client_secret": "[client_secret]",
      "client_secret_expires_at": 0,
      "client_name": "Nightly",
      "redirect_uris": [],
      "grant_types": [
        "client_credentials"
      ],
      "response_types": [],
      "token_endpoint_auth_method": "client_secret_basic",
      "scope": "cases/read mcp/invoke",
      "registration_access_token": "[registration_access_token]",
      "registration_client_uri": "https://host.example/clients/[client_id]"
    }
    "#);
}

#[test]
fn nothing_secret_is_in_what_is_shown_for_debugging() {
    let request =
        ClientMetadata::parse(with("client_secret", json!("of-the-client")).to_string().as_bytes());
    let minted = Minted::random().unwrap();
    let secrets =
        [minted.secret.expose().to_owned(), minted.registration_token.expose().to_owned()];
    let mut shown = format!("{request:?} {minted:?}");
    let registered = register(&request.unwrap(), &policy(Registrant::Anybody), NOW, minted);
    shown += &format!("{registered:?}");
    assert!(secrets.iter().all(|secret| !shown.contains(secret)));
    assert!(!shown.contains("of-the-client"));
}

#[test]
fn d06_there_are_1_to_10_different_redirect_uris() {
    let uris = |n: usize| {
        let uris = (0..n).map(|n| format!("https://host.example/{n}"));
        uris.map(Value::from).collect::<Vec<_>>()
    };
    assert!(anybody(&with("redirect_uris", uris(1).into())).is_ok());
    assert!(anybody(&with("redirect_uris", uris(10).into())).is_ok());
    for bad in [
        json!(null),
        json!([]),
        json!("https://host.example/cb"),
        json!({}),
        json!([1]),
        json!([["https://host.example/cb"]]),
        uris(11).into(),
        json!([format!("https://host.example/{}", "a".repeat(3000))]),
        json!(["https://host.example/cb", "https://host.example/cb"]),
        json!(["https://host.example/cb", "javascript:alert(1)"]),
        json!(["https://host.example/cb", "http://host.example/cb"]),
        json!([""]),
    ] {
        refused(&with("redirect_uris", bad), ErrorCode::InvalidRedirectUri);
    }
}

#[test]
fn d07_nobody_unknown_registers_a_client_that_acts_on_its_own_behalf() {
    for grants in [
        json!(["client_credentials"]),
        json!(["authorization_code", "client_credentials"]),
        json!(["client_credentials", "client_credentials"]),
    ] {
        let mut body = with("grant_types", grants);
        refused(&body, ErrorCode::InvalidToken);
        body["token_endpoint_auth_method"] = "client_secret_basic".into();
        refused(&body, ErrorCode::InvalidToken);
    }
}

#[test]
fn d08_grants_that_are_not_ours_or_do_not_fit_are_refused() {
    for grants in [
        json!(["implicit"]),
        json!(["authorization_code", "implicit"]),
        json!(["password"]),
        json!(["urn:ietf:params:oauth:grant-type:jwt-bearer"]),
        json!(["urn:ietf:params:oauth:grant-type:device_code"]),
        json!(["Authorization_Code"]),
        json!(["refresh_token"]),
        json!([]),
        json!("authorization_code"),
    ] {
        refused(&with("grant_types", grants), ErrorCode::InvalidClientMetadata);
    }
    for responses in [json!(["token"]), json!(["code", "token"]), json!(["code token"]), json!([])]
    {
        refused(&with("response_types", responses), ErrorCode::InvalidClientMetadata);
    }
    let mut machine = json!({"grant_types": ["client_credentials"], "response_types": ["code"]});
    assert!(trusted(&machine).is_err());
    machine["response_types"] = json!([]);
    assert!(trusted(&machine).is_ok());
    machine["token_endpoint_auth_method"] = "none".into();
    assert!(trusted(&machine).is_err());
}

#[test]
fn d09_a_client_proves_who_it_is_in_a_way_we_know() {
    let method = |method: Value, supported: Value| {
        let mut body = with("token_endpoint_auth_methods_supported", supported);
        body["token_endpoint_auth_method"] = method;
        anybody(&body).map(|(_, answer)| answer["token_endpoint_auth_method"].clone())
    };
    for (wanted, supported, expected) in [
        (json!(null), json!(null), "client_secret_basic"),
        (json!("none"), json!(null), "none"),
        (json!("client_secret_basic"), json!(["none"]), "client_secret_basic"),
        (json!("client_secret_post"), json!(null), "client_secret_post"),
        (json!("private_key_jwt"), json!(["none", "private_key_jwt"]), "none"),
        (
            json!("private_key_jwt"),
            json!(["private_key_jwt", "client_secret_post", "none"]),
            "none",
        ),
        (json!("tls_client_auth"), json!(["client_secret_post"]), "client_secret_post"),
        (json!(null), json!(["private_key_jwt", "none"]), "none"),
    ] {
        assert_eq!(method(wanted, supported), Ok(expected.into()));
    }
    for (wanted, supported) in [
        (json!("private_key_jwt"), json!(null)),
        (json!("private_key_jwt"), json!(["private_key_jwt"])),
        (json!("client_secret_jwt"), json!([])),
        (json!("None"), json!(null)),
        (json!(""), json!(null)),
        (json!(1), json!(null)),
    ] {
        let error = method(wanted.clone(), supported).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidClientMetadata, "{wanted}");
    }
}

#[test]
fn d09_a_client_that_signs_brings_its_public_keys_along() {
    let key = SigningKey::generate().unwrap();
    let keys = json!({"keys": [key.public()]});
    let machine = |method: &str, jwks: &Value| {
        json!({
            "grant_types": ["client_credentials"], "jwks": jwks,
            "token_endpoint_auth_method": method,
        })
    };
    let (client, answer) = trusted(&machine("private_key_jwt", &keys)).unwrap();
    let AuthMethod::PrivateKeyJwt(kept) = &client.auth_method else { panic!("{client:?}") };
    assert_eq!(answer["jwks"], serde_json::to_value(kept).unwrap());
    assert_eq!(answer["jwks"], keys);
    assert_eq!(answer["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!((answer.get("client_secret"), answer.get("client_secret_expires_at")), (None, None));
    // Asked for in vain, as in vain as if it were not there.
    let (_, answer) = trusted(&machine("client_secret_basic", &keys)).unwrap();
    assert_eq!(answer.get("jwks"), None);
    for jwks in [json!(null), json!({}), json!("x"), json!({"keys": []}), json!({"keys": [{}]})] {
        let error = trusted(&machine("private_key_jwt", &jwks)).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidClientMetadata, "{jwks}");
        assert!(trusted(&machine("client_secret_basic", &jwks)).is_ok(), "{jwks}");
    }
    let by_reference = json!({
        "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://host.example/jwks.json",
    });
    let error = trusted(&by_reference).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidClientMetadata);
    // Where there is a choice, whoever brings keys signs if that is preferred.
    for (wanted, expected) in [(json!("private_key_jwt"), "private_key_jwt"), (json!(null), "none")]
    {
        let mut body = with("jwks", keys.clone());
        body["token_endpoint_auth_method"] = wanted;
        body["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt", "none"]);
        let (_, answer) = anybody(&body).unwrap();
        assert_eq!(answer["token_endpoint_auth_method"], expected);
    }
}

#[test]
fn d10_what_is_ours_to_say_is_ignored() {
    let own = json!({
        "client_id": "c_mine", "client_secret": "mine", "client_secret_expires_at": 1,
        "client_id_issued_at": 1, "ratHash": "x", "registration_token": "x",
        "registration_access_token": "mine", "registration_client_uri": "https://evil.example/",
        "skip_consent": true, "first_party": true, "status": "approved", "origin": "Configured",
        "tenant": "acme", "expires_at": null,
    });
    let mut body = with("token_endpoint_auth_method", json!("client_secret_basic"));
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let (client, answer) = anybody(&body).unwrap();
    assert!(!answer.to_string().contains("mine") && !answer.to_string().contains("evil"));
    assert!(client.id.as_str().starts_with("c_") && client.id.as_str() != "c_mine");
    let (tenant, expires) = (client.tenant, client.expires_at);
    assert_eq!(
        (client.origin, tenant, expires),
        (ClientOrigin::Registered, None, Some(NOW.after(DAY)))
    );
    assert_eq!(answer["client_id_issued_at"], NOW.0);
    assert_eq!(answer["client_secret_expires_at"], 0);
    // Not even its type matters.
    assert!(anybody(&with("client_id", json!([1]))).is_ok());
}

#[test]
fn d11_links_are_of_the_public_web() {
    for name in ["client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"] {
        for good in ["https://host.example", "https://host.example:8443/a?b#c", ""] {
            assert!(anybody(&with(name, good.into())).is_ok(), "{name} {good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://host.example/",
            "//host.example/",
            "http://169.254.169.254/latest",
            "https://169.254.169.254/",
            "https://[::1]/",
            "https://user@host.example/",
            "https://host.example:80@169.254.169.254/",
            "https://",
            "https:///x",
            "https://host.example/\"><img>",
            "https://host.example/\n",
            "x",
            "HTTPS://host.example\\@evil",
            "https://0x7f.1/",
            "https://127.1/",
        ] {
            refused(&with(name, bad.into()), ErrorCode::InvalidClientMetadata);
        }
        let long = format!("https://host.example/{}", "a".repeat(2048));
        refused(&with(name, long.into()), ErrorCode::InvalidClientMetadata);
    }
}

#[test]
fn d12_scopes_that_nobody_offers_are_reduced_in_the_answer() {
    for (asked, expected) in [
        ("mcp/invoke", "mcp/invoke"),
        ("mcp/invoke admin openid", "mcp/invoke openid"),
        ("openid email profile", "openid"),
    ] {
        let (client, answer) = anybody(&with("scope", asked.into())).unwrap();
        assert_eq!(answer["scope"], expected, "{asked}");
        // Whom people log in with may ask for more later; what it gets, they say.
        assert_eq!(client.scopes, policy(Registrant::Anybody).scopes);
    }
    for bad in ["admin", "mcp/invoke  openid", " ", "mcp/invok\u{e9}", "\"", &"a ".repeat(9000)] {
        refused(&with("scope", bad.into()), ErrorCode::InvalidClientMetadata);
    }
}

#[test]
fn a_client_on_its_own_behalf_has_no_scope_of_people_and_none_that_was_not_asked_for() {
    for (asked, expected) in [
        (json!(null), Some("cases/read mcp/invoke")),
        (json!("mcp/invoke openid offline_access"), Some("mcp/invoke")),
        (json!("openid offline_access"), None),
    ] {
        let registered = trusted(&json!({"grant_types": ["client_credentials"], "scope": asked}));
        let scopes = registered.as_ref().ok().map(|(client, _)| client.scopes.to_string());
        assert_eq!(scopes.as_deref(), expected, "{asked}");
    }
}

#[test]
fn d13_what_is_no_object_of_the_expected_members_is_refused() {
    let deep = |name: &str| format!("{{\"{name}\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(ClientMetadata::parse(deep("ignored").as_bytes()).is_ok());
    let twice =
        r#"{"redirect_uris":["https://a.example/cb"],"redirect_uris":["https://b.example/cb"]}"#;
    let list = r#"[null,null,null,"name",["https://host.example/cb"]]"#;
    for body in [
        "",
        " ",
        "null",
        "1",
        "\"x\"",
        "{",
        "{}x",
        "{\"a\"}",
        "grant_types=implicit",
        list,
        twice,
        &deep("redirect_uris"),
        &deep("grant_types"),
        &deep("client_id"),
        "\u{feff}{}",
        r#"{"client_name":1}"#,
        r#"{"client_name":"\ud800"}"#,
        r#"{"client_name":"a","client_name":"b"}"#,
    ] {
        let shown: String = body.chars().take(60).collect();
        let error = ClientMetadata::parse(body.as_bytes()).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidClientMetadata, "{shown:?}");
    }
    assert!(ClientMetadata::parse(b"{\"client_name\":\"\xff\"}").is_err());
    assert!(ClientMetadata::parse(b" \n{\"anything\":[1,{}],\"anything\":2}").is_ok());
}

#[test]
fn k01_a_name_is_cut_and_has_no_character_that_cannot_be_seen() {
    for (name, expected) in [
        ("Claude", Some("Claude")),
        ("  Claude\t\n", Some("Claude")),
        ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{7}f\u{e0041}g", Some("abcdefg")),
        ("\u{202e}\u{200f}", None),
        ("", None),
        ("<script>alert(1)</script>", Some("<script>alert(1)</script>")),
        ("Prüfer 猫", Some("Prüfer 猫")),
    ] {
        let (client, _) = anybody(&with("client_name", name.into())).unwrap();
        assert_eq!(client.name.as_deref(), expected, "{name:?}");
    }
    let (client, _) = anybody(&with("client_name", "é".repeat(5000).into())).unwrap();
    assert_eq!(client.name.unwrap().chars().count(), 64);
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
        let _ = ClientMetadata::parse(&body);
    }

    #[test]
    fn no_metadata_panics(
        uris in "\\PC{0,30}", scope in "\\PC{0,30}", name in "\\PC{0,90}", link in "(https://)?\\PC{0,20}",
    ) {
        let body = json!({"redirect_uris": [uris], "scope": scope, "client_name": name, "tos_uri": link});
        let _ = anybody(&body);
    }
}
