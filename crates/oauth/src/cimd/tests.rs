use serde_json::{Value, json};

use super::*;

const NOW: Time = Time(1_800_000_000);
const URL: &str = "https://host.example/oauth/client.json";

#[test]
fn s01_only_a_canonical_https_url_with_a_name_and_a_path_is_looked_at() {
    for text in [
        URL,
        "https://claude.ai/oauth/claude-code-client-metadata",
        "https://vscode.dev/oauth/client-metadata.json",
        "https://chatgpt.com/oauth/IbUR3zxyNQ16/client.json",
        "https://host.example/client?v=2",
    ] {
        let url: DocumentUrl = text.parse().unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(url.as_str(), text);
    }
    assert_eq!(URL.parse::<DocumentUrl>().unwrap().host(), "host.example");
    let long = format!("https://host.example/{}", "a".repeat(2048));
    for text in [
        "",
        "c_abc",
        "http://host.example/client",
        "HTTPS://host.example/client",
        "ftp://host.example/client",
        "https://host.example",
        "https://host.example/",
        "https://host.example/?x",
        "https://host.example/client#",
        "https://host.example/client#x",
        "https://user@host.example/client",
        "https://user:word@host.example/client",
        "https://host.example/./client",
        "https://host.example/a/../client",
        "https://host.example/%2e/client",
        "https://host.example/%2E%2e/client",
        "https://host.example/..%2fclient",
        "https://host.example:443/client",
        "https://host.example:8443/client",
        "https://host.example:80/client",
        "https://127.0.0.1/client",
        "https://8.8.8.8/client",
        "https://169.254.169.254/latest",
        "https://[::1]/client",
        "https://[2606:4700::1]/client",
        "https://0x7f000001/client",
        "https://2130706433/client",
        "https://127.1/client",
        "https://host.example./client",
        "https://localhost/client",
        "https://metadata/client",
        "https://HOST.example/client",
        "https://host.example\\@evil.example/client",
        "https://host.example/client\n",
        " https://host.example/client",
        &long,
    ] {
        assert_eq!(text.parse::<DocumentUrl>(), Err(NotADocumentUrl), "{text:?}");
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn s02_s04_only_addresses_on_the_public_internet_are_connected_to() {
    for text in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::6810:85e5",
        "2a00:1450:4001:800::200e",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2003::1",
    ] {
        assert_eq!(pinned(&[address(text)]), Some(address(text)), "{text}");
    }
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        // The runtime API of Lambda is on this machine.
        "127.0.0.1",
        "127.255.255.255",
        // Credentials of containers, and of instances.
        "169.254.170.2",
        "169.254.169.254",
        "169.254.0.0",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:1.1.1.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::101:101",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:101:101::1",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert_eq!(pinned(&[address(text)]), None, "{text}");
    }
}

#[test]
fn s02_one_address_that_is_not_public_spoils_them_all() {
    let good = [address("1.1.1.1"), address("2606:4700::1")];
    assert_eq!(pinned(&good), Some(address("1.1.1.1")));
    for bad in ["127.0.0.1", "::1", "169.254.169.254", "::ffff:10.0.0.1"] {
        assert_eq!(pinned(&[good[0], address(bad)]), None, "{bad}");
        assert_eq!(pinned(&[address(bad), good[0], good[1]]), None, "{bad}");
    }
    assert_eq!(pinned(&[]), None);
}

fn document() -> Value {
    json!({
        "client_id": URL,
        "client_name": "One",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut document = document();
    document[name] = value;
    document
}

fn read_at(url: &str, body: &Value) -> Result<Client, DocumentError> {
    let scopes = "mcp/invoke openid".parse().unwrap();
    let body = body.to_string();
    let kind = Some("application/json");
    client_of_document(&url.parse().unwrap(), kind, None, body.as_bytes(), &scopes, NOW)
}

fn read(body: &Value) -> Result<Client, DocumentError> {
    read_at(URL, body)
}

#[test]
fn a_document_describes_a_public_client() {
    let client = read(&document()).unwrap();
    assert_eq!((client.id.as_str(), client.name.as_deref()), (URL, Some("One")));
    assert_eq!(client.origin, ClientOrigin::MetadataDocument);
    assert_eq!(client.auth_method, AuthMethod::None);
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
    assert_eq!(client.scopes.to_string(), "mcp/invoke openid");
    assert_eq!((client.registration_token, client.tenant), (None, None));
    assert_eq!(client.expires_at, Some(NOW.after(USUAL)));
    assert!(client.redirect_uris[0].is_meant_by("http://localhost:3118/callback"));
}

#[test]
fn d05_the_documents_of_real_clients_are_taken() {
    let people = json!(["authorization_code", "refresh_token"]);
    for document in [
        json!({
            "client_id": "https://claude.ai/oauth/claude-code-client-metadata",
            "client_name": "Claude Code", "client_uri": "https://claude.ai",
            "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
            "grant_types": people, "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        }),
        json!({
            "client_id": "https://vscode.dev/oauth/client-metadata.json",
            "client_name": "Visual Studio Code", "client_uri": "https://code.visualstudio.com",
            "redirect_uris": ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
            "grant_types": ["authorization_code", "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"], "token_endpoint_auth_method": "none",
            "application_type": "native",
        }),
    ] {
        let url = document["client_id"].as_str().unwrap();
        let client = read_at(url, &document).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(client.id.as_str(), url);
        assert_eq!(client.redirect_uris.len(), 2);
    }
}

#[test]
fn s07_a_document_is_for_its_own_url_has_a_name_and_no_secret() {
    use DocumentError::{NoName, OtherClient, Secret};
    for (name, value, expected) in [
        ("client_id", json!("https://host.example/other"), OtherClient),
        ("client_id", json!("https://host.example/oauth/client.json/"), OtherClient),
        ("client_id", json!(null), OtherClient),
        ("client_id", json!([URL]), OtherClient),
        ("client_name", json!(null), NoName),
        ("client_name", json!(" \u{200b} "), NoName),
        ("client_secret", json!("x"), Secret),
        ("client_secret", json!({}), Secret),
        ("client_secret_expires_at", json!(0), Secret),
        ("token_endpoint_auth_method", json!("client_secret_basic"), Secret),
        ("token_endpoint_auth_method", json!("client_secret_post"), Secret),
        ("token_endpoint_auth_method", json!("client_secret_jwt"), Secret),
        ("grant_types", json!(["authorization_code", "client_credentials"]), Secret),
    ] {
        assert_eq!(read(&with(name, value.clone())), Err(expected), "{name} {value}");
    }
    // Not even when there would be another way.
    let mut choice = with("token_endpoint_auth_methods_supported", json!(["none"]));
    choice["token_endpoint_auth_method"] = "client_secret_basic".into();
    assert_eq!(read(&choice), Err(Secret));
    for (name, value) in [
        ("redirect_uris", json!(null)),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!("https://host.example/cb")),
        ("grant_types", json!(["implicit"])),
        ("response_types", json!(["token"])),
        ("logo_uri", json!("javascript:alert(1)")),
        ("jwks_uri", json!("http://169.254.169.254/")),
    ] {
        let read = read(&with(name, value.clone()));
        assert!(matches!(read, Err(DocumentError::Metadata(_))), "{name} {value}");
    }
}

#[test]
fn a_client_whose_document_says_nothing_of_authentication_is_public() {
    let mut document = document();
    document.as_object_mut().unwrap().remove("token_endpoint_auth_method");
    assert!(read(&document).unwrap().is_public());
}

#[test]
fn s08_a_document_has_the_redirect_uris_that_may_be_registered() {
    for bad in ["javascript:alert(1)", "http://host.example/cb", "https://host.example/../cb"] {
        let read = read(&with("redirect_uris", json!(["https://host.example/cb", bad])));
        let Err(DocumentError::Metadata(error)) = read else { panic!("{bad}: {read:?}") };
        assert_eq!(error.code, crate::error::ErrorCode::InvalidRedirectUri);
    }
}

#[test]
fn s09_no_error_repeats_what_the_document_says() {
    for name in ["client_id", "redirect_uris", "grant_types", "scope", "logo_uri", "client_name"] {
        for value in [json!("hidden-thing"), json!(["hidden-thing"]), json!({"hidden-thing": 1})] {
            if let Err(error) = read(&with(name, value)) {
                assert!(!format!("{error} {error:?}").contains("hidden"), "{name}");
            }
        }
    }
}

#[test]
fn s11_a_client_that_would_sign_or_do_without_does_without() {
    let url = "https://chatgpt.com/oauth/IbUR3zxyNQ16/client.json";
    let mut document = json!({
        "client_id": url,
        "client_uri": "https://chatgpt.com/",
        "redirect_uris": ["https://chatgpt.com/connector/oauth/IbUR3zxyNQ16"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_name": "ChatGPT",
        "token_endpoint_auth_signing_alg": "RS256",
        "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
    });
    assert!(read_at(url, &document).unwrap().is_public());
    document["jwks"] = json!({"keys": []});
    assert!(read_at(url, &document).unwrap().is_public(), "even with keys in it");
    for choice in
        [json!(["private_key_jwt"]), json!(["client_secret_post"]), json!([]), json!(null)]
    {
        document["token_endpoint_auth_methods_supported"] = choice;
        assert!(read_at(url, &document).is_err());
    }
}

#[test]
fn what_is_too_long_or_not_json_is_not_read() {
    let url: DocumentUrl = URL.parse().unwrap();
    let scopes = "mcp/invoke".parse().unwrap();
    let read = |kind: Option<&str>, body: &str| {
        client_of_document(&url, kind, None, body.as_bytes(), &scopes, NOW).map(drop)
    };
    let body = document().to_string();
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/oauth-client-id-metadata+json",
    ] {
        assert_eq!(read(Some(kind), &body), Ok(()), "{kind}");
    }
    for kind in ["text/html", "text/plain", "application/jsonx", "json", "", "application/x; +json"]
    {
        assert_eq!(read(Some(kind), &body), Err(DocumentError::ContentType), "{kind}");
    }
    assert_eq!(read(None, &body), Err(DocumentError::ContentType));
    let padded = format!("{body:MAX_DOCUMENT$}");
    assert_eq!((padded.len(), read(Some("application/json"), &padded)), (MAX_DOCUMENT, Ok(())));
    let long = format!("{padded} ");
    assert_eq!(read(Some("application/json"), &long), Err(DocumentError::TooLong));
    for body in ["", "<html>", "[]", "null", &body[1..], &format!("{body}{body}")] {
        let read = read(Some("application/json"), body);
        assert!(matches!(read, Err(DocumentError::Metadata(_))), "{body}");
    }
}

#[test]
fn a_document_is_kept_as_long_as_it_says_within_5_minutes_and_a_day() {
    for (text, seconds) in [
        (None, 3600),
        (Some(""), 3600),
        (Some("public"), 3600),
        (Some("public, max-age=7200"), 7200),
        (Some("MAX-AGE=\"600\""), 600),
        (Some("max-age=0"), 300),
        (Some("max-age=299"), 300),
        (Some("max-age=86401"), 86_400),
        (Some("max-age=99999999999999999999999"), 86_400),
        (Some("max-age=-1"), 3600),
        (Some("max-age="), 3600),
        (Some("max-age=1e9"), 3600),
        (Some("no-store"), 300),
        (Some("max-age=7200, no-cache"), 300),
        (Some("xmax-age=7200"), 3600),
    ] {
        assert_eq!(lifetime(text).as_secs(), seconds, "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(url in "(https://)?\\PC{0,30}", header in "\\PC{0,30}") {
        if let Ok(url) = url.parse::<DocumentUrl>() {
            proptest::prop_assert!(url.host().contains('.'));
        }
        let kept = lifetime(Some(&header));
        proptest::prop_assert!((SHORTEST..=LONGEST).contains(&kept));
    }
}
