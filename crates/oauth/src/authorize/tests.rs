use auth::Registry;
use proptest::prelude::*;

use super::*;
use crate::client::{AuthMethod, ClientOrigin};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const NOW: Time = Time(1_800_000_000);

pub(crate) fn settings() -> AuthorizeSettings {
    let known = format!("{} openid offline_access", Registry::PROJECT.all());
    AuthorizeSettings {
        issuer: "https://h".to_owned(),
        resource: "https://h/mcp".to_owned(),
        scopes: known.parse().unwrap(),
        default_scopes: "prometheus-mcp-server/read".parse().unwrap(),
        registry: Registry::PROJECT,
        lifetimes: Lifetimes::default(),
    }
}

pub(crate) fn client(origin: ClientOrigin, redirect_uri: &str) -> Client {
    Client {
        id: "c_1".parse().unwrap(),
        origin,
        name: Some("Editor".to_owned()),
        redirect_uris: vec![redirect_uri.parse().unwrap()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        auth_method: AuthMethod::None,
        scopes: "prometheus-mcp-server/write".parse().unwrap(),
        tenant: None,
        created_at: NOW,
        expires_at: None,
        registration_token: None,
    }
}

fn web() -> Client {
    client(ClientOrigin::Registered, "https://app.example/cb")
}

/// The query of a request that is in order, less what `changes` name, and with what they say.
fn query(changes: &[(&str, &str)]) -> String {
    let right = [
        ("client_id", "c_1"),
        ("redirect_uri", "https%3A%2F%2Fapp.example%2Fcb"),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "s1"),
    ];
    let kept = right.iter().filter(|(name, _)| changes.iter().all(|(own, _)| own != name));
    let all = kept.chain(changes.iter().filter(|(_, value)| *value != "-"));
    all.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn ask(client: &Client, changes: &[(&str, &str)]) -> Result<AuthorizationRequest, Stop> {
    let form = read_query(&query(changes))?;
    authorize(&form, Some(client), &settings(), NOW)
}

#[track_caller]
fn is_page(result: Result<AuthorizationRequest, Stop>, expected: Refusal) {
    match result {
        Err(Stop::Page(refusal)) => assert_eq!(refusal, expected),
        other => panic!("{other:?}"),
    }
}

/// The client is told, at its own redirect URI, with its state and our name.
#[track_caller]
fn is_told(result: Result<AuthorizationRequest, Stop>, code: &str, state: Option<&str>) {
    let Err(Stop::Return { error, location }) = result else { panic!("{result:?}") };
    assert_eq!(error.code.as_str(), code);
    let sent = location.as_str().strip_prefix("https://app.example/cb?").expect("its own URI");
    let sent = Form::parse(sent).unwrap();
    assert_eq!(sent.get("error"), Some(code));
    assert_eq!(sent.get("error_description"), Some(&*error.description));
    assert_eq!(sent.get("iss"), Some("https://h"));
    assert_eq!(sent.get("state"), state);
    assert_eq!(sent.get("code"), None);
}

#[test]
fn a_request_that_is_in_order_is_taken() {
    let request = ask(&web(), &[("nonce", "n"), ("foo", "bar"), ("display", "page")]).unwrap();
    assert_eq!(request.redirect_uri, "https://app.example/cb");
    assert_eq!(request.state.as_deref(), Some("s1"));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.challenge.to_text(), CHALLENGE);
    assert_eq!(request.resource, "https://h/mcp");
    assert_eq!(request.prompt, Prompt::AsNeeded { login: false, consent: false });
}

#[test]
fn a01_a_client_that_is_unknown_missing_or_gone_gets_a_page() {
    let form = |changes: &[(&str, &str)]| read_query(&query(changes)).unwrap();
    is_page(authorize(&form(&[]), None, &settings(), NOW), Refusal::UnknownClient);
    for id in ["-", "", "c_2", "c%201", "c%C3%BC"] {
        is_page(ask(&web(), &[("client_id", id)]), Refusal::UnknownClient);
    }
    let ended = Client { expires_at: Some(NOW), ..web() };
    is_page(ask(&ended, &[]), Refusal::UnknownClient);
}

#[test]
fn a02_a03_a05_a16_a_redirect_uri_that_is_not_the_clients_gets_a_page() {
    for uri in [
        "-",
        "",
        "https://evil.example/cb",
        "https://app.example/cb2",
        "https://app.example/c",
        "https://app.example/cb/",
        "https://app.example/cb?x=1",
        "https://app.example/cb%23f",
        "https://app.example/CB",
        "https://APP.example/cb",
        "https://app.example/cb/../x",
        "https://app.example/x/../cb",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "https://app.example@evil.example/cb",
        "http://app.example/cb",
        "%20https://app.example/cb",
        "https://app.example/cb%C3%BC",
        "javascript:alert(1)",
    ] {
        is_page(ask(&web(), &[("redirect_uri", uri)]), Refusal::RedirectUri);
        // Other faults do not change that.
        let changes = [("redirect_uri", uri), ("response_type", "token"), ("scope", "no")];
        is_page(ask(&web(), &changes), Refusal::RedirectUri);
    }
}

#[test]
fn a04_a06_a_loopback_address_may_have_another_port_and_no_other_spelling() {
    let client = client(ClientOrigin::Registered, "http://127.0.0.1/cb");
    for uri in ["http://127.0.0.1/cb", "http://127.0.0.1:4311/cb", "http://127.0.0.1:65535/cb"] {
        let request = ask(&client, &[("redirect_uri", uri)]).unwrap();
        assert_eq!(request.redirect_uri, uri);
    }
    for uri in [
        "http://localhost:4311/cb",
        "http://2130706433/cb",
        "http://0x7f000001/cb",
        "http://0x7f.1/cb",
        "http://127.1/cb",
        "http://[::ffff:7f00:1]/cb",
        "http://127.0.0.1:4311@evil.example/cb",
        "http://127.0.0.1:4311/cb2",
        "https://127.0.0.1:4311/cb",
    ] {
        is_page(ask(&client, &[("redirect_uri", uri)]), Refusal::RedirectUri);
    }
}

#[test]
fn a07_only_the_code_response_is_given() {
    is_told(ask(&web(), &[("response_type", "-")]), "invalid_request", Some("s1"));
    for other in ["token", "code%20token", "id_token", "none", "CODE"] {
        let result = ask(&web(), &[("response_type", other)]);
        is_told(result, "unsupported_response_type", Some("s1"));
    }
}

#[test]
fn a08_a_challenge_of_s256_is_needed() {
    for change in [
        ("code_challenge", "-"),
        ("code_challenge", "short"),
        ("code_challenge", &CHALLENGE.repeat(2)),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c%2B"),
        ("code_challenge_method", "-"),
        ("code_challenge_method", "plain"),
        ("code_challenge_method", "s256"),
    ] {
        is_told(ask(&web(), &[change]), "invalid_request", Some("s1"));
    }
}

#[test]
fn a09_scopes_are_known_and_the_clients_or_the_default() {
    for (scope, expected) in [
        ("-", Some("prometheus-mcp-server/read")),
        ("", Some("prometheus-mcp-server/read")),
        ("mcp/invoke", Some("mcp/invoke")),
        ("prometheus-mcp-server/read", Some("prometheus-mcp-server/read")),
        ("mcp/invoke%20offline_access", Some("mcp/invoke offline_access")),
        ("mcp/invoke+offline_access", Some("mcp/invoke offline_access")),
        ("unknown", None),
        ("mcp/invoke%20unknown", None),
        ("mcp/invoke%20%20offline_access", None),
        // Known, and more than this client may have.
        ("cases/read", None),
        ("openid", None),
        ("prometheus-mcp-server/readonly", None),
    ] {
        let result = ask(&web(), &[("scope", scope)]);
        match expected {
            Some(expected) => assert_eq!(result.unwrap().scopes.to_string(), expected),
            None => is_told(result, "invalid_scope", Some("s1")),
        }
    }
    let cases = Client { scopes: "cases/read".parse().unwrap(), ..web() };
    is_told(ask(&cases, &[]), "invalid_scope", Some("s1"));
}

#[test]
fn a10_a11_a_resource_is_ours() {
    let ours = "https%3A%2F%2Fh%2Fmcp";
    for resource in ["-", "", ours] {
        assert_eq!(ask(&web(), &[("resource", resource)]).unwrap().resource, "https://h/mcp");
    }
    assert!(ask(&web(), &[("resource", ours), ("resource", ours)]).is_ok());
    for other in ["https://h", "https://h/mcp/", "/mcp", "https://h/mcp%23f", "https://b/mcp"] {
        is_told(ask(&web(), &[("resource", other)]), "invalid_target", Some("s1"));
        let both = [("resource", ours), ("resource", other)];
        is_told(ask(&web(), &both), "invalid_target", Some("s1"));
    }
}

#[test]
fn a12_what_is_there_twice_is_refused() {
    is_page(ask(&web(), &[("client_id", "c_1"), ("client_id", "c_1")]), Refusal::Malformed);
    let own = ("redirect_uri", "https://app.example/cb");
    is_page(ask(&web(), &[own, own]), Refusal::Malformed);
    is_page(ask(&web(), &[own, ("redirect_uri", "https://evil/")]), Refusal::Malformed);
    for name in ["response_type", "scope", "code_challenge", "nonce", "prompt", "foo"] {
        is_told(ask(&web(), &[(name, "code"), (name, "code")]), "invalid_request", Some("s1"));
    }
    is_told(ask(&web(), &[("state", "a"), ("state", "a")]), "invalid_request", None);
}

#[test]
fn a13_a_state_is_kept_as_it_is_unless_it_is_huge() {
    for (sent, kept) in [
        ("a%20b%26c%23d%22%27%3D", Some("a b&c#d\"'=")),
        ("%C3%BC%F0%9F%98%80", Some("ü😀")),
        ("a+b", Some("a b")),
        ("-", None),
    ] {
        assert_eq!(ask(&web(), &[("state", sent)]).unwrap().state.as_deref(), kept);
        is_told(ask(&web(), &[("state", sent), ("scope", "no")]), "invalid_scope", kept);
    }
    assert!(ask(&web(), &[("state", &"a".repeat(2048))]).is_ok());
    is_page(ask(&web(), &[("state", &"a".repeat(2049))]), Refusal::TooLong);
}

#[test]
fn a14_request_objects_are_refused() {
    is_told(ask(&web(), &[("request", "e30.e30.")]), "request_not_supported", Some("s1"));
    let url = ("request_uri", "https%3A%2F%2Fevil.example%2Fr");
    is_told(ask(&web(), &[url]), "request_uri_not_supported", Some("s1"));
}

#[test]
fn a19_a_query_that_is_too_big_gets_a_page() {
    is_page(ask(&web(), &[("foo", &"a".repeat(8192))]), Refusal::TooLong);
    let many: Vec<_> = (0..32).map(|n| format!("p{n}=1")).collect();
    assert!(read_query(&many.join("&")).is_ok());
    assert_eq!(read_query(&format!("{}&x=1", many.join("&"))), Err(Refusal::TooLong));
}

#[test]
fn a20_control_characters_and_what_is_not_utf8_get_a_page() {
    for text in ["a%0D%0ALocation:%20evil", "a%00", "%FF", "%ED%A0%80", "%", "%zz"] {
        for name in ["state", "redirect_uri", "client_id", "scope", "foo"] {
            is_page(ask(&web(), &[(name, text)]), Refusal::Malformed);
        }
    }
}

#[test]
fn a21_the_answer_is_in_the_query() {
    assert!(ask(&web(), &[("response_mode", "query")]).is_ok());
    for mode in ["form_post", "fragment", "jwt"] {
        is_told(ask(&web(), &[("response_mode", mode)]), "invalid_request", Some("s1"));
    }
}

#[test]
fn a_client_needs_the_code_grant() {
    let machine = Client { grant_types: vec![GrantType::ClientCredentials], ..web() };
    is_told(ask(&machine, &[]), "unauthorized_client", Some("s1"));
}

#[test]
fn prompts_are_read() {
    let needed = |login, consent| Prompt::AsNeeded { login, consent };
    for (text, expected) in [
        ("-", needed(false, false)),
        ("none", Prompt::Nothing),
        ("consent", needed(false, true)),
        ("login", needed(true, false)),
        ("select_account%20consent", needed(true, true)),
        ("create", needed(false, false)),
    ] {
        assert_eq!(ask(&web(), &[("prompt", text)]).unwrap().prompt, expected, "{text}");
    }
    is_told(ask(&web(), &[("prompt", "none%20login")]), "invalid_request", Some("s1"));
    is_told(ask(&web(), &[("prompt", "login%20none")]), "invalid_request", Some("s1"));
}

fn session() -> Session {
    Session {
        hash: SecretHash::of("session"),
        subject: "ana".to_owned(),
        name: None,
        tenant: None,
        authenticated_at: NOW,
        used_at: NOW,
        expires_at: NOW.after(Lifetimes::default().session),
    }
}

fn remembered() -> Consent {
    Consent {
        scopes: "prometheus-mcp-server/read".parse().unwrap(),
        resource: "https://h/mcp".to_owned(),
        expires_at: Time(NOW.0 + 1),
    }
}

fn next(
    client: &Client,
    prompt: &str,
    session: Option<&Session>,
    remembered: Option<&Consent>,
) -> Result<Next, Stop> {
    let uri = client.redirect_uris[0].as_str();
    let request = ask(client, &[("prompt", prompt), ("redirect_uri", uri)]).unwrap();
    request.next(client, session, remembered, &settings(), NOW)
}

#[test]
fn a15_who_may_not_be_asked_is_not() {
    let client = client(ClientOrigin::Configured, "https://app.example/cb");
    let stop = |result: Result<Next, Stop>| match result {
        Err(Stop::Return { error, .. }) => error.code.as_str(),
        other => panic!("{other:?}"),
    };
    assert_eq!(stop(next(&client, "none", None, None)), "login_required");
    assert_eq!(stop(next(&client, "none", None, Some(&remembered()))), "login_required");
    assert_eq!(stop(next(&client, "none", Some(&session()), None)), "consent_required");
    let agreed = next(&client, "none", Some(&session()), Some(&remembered()));
    assert_eq!(agreed, Ok(Next::Approve));
}

#[test]
fn a_person_is_asked_what_is_needed() {
    let client = client(ClientOrigin::Configured, "https://app.example/cb");
    let ask_consent = Next::AskConsent { session: session().hash };
    for (prompt, session, remembered, expected) in [
        ("-", None, None, Next::Login),
        ("-", None, Some(&remembered()), Next::Login),
        ("-", Some(&session()), None, ask_consent),
        ("-", Some(&session()), Some(&remembered()), Next::Approve),
        ("consent", Some(&session()), Some(&remembered()), ask_consent),
        ("login", Some(&session()), Some(&remembered()), Next::Login),
    ] {
        assert_eq!(next(&client, prompt, session, remembered), Ok(expected), "{prompt}");
    }
    for ended in [
        Session { expires_at: NOW, ..session() },
        Session { used_at: Time(NOW.0 - 1800), ..session() },
    ] {
        assert_eq!(next(&client, "-", Some(&ended), Some(&remembered())), Ok(Next::Login));
    }
}

#[test]
fn k14_a_consent_to_something_else_is_not_used() {
    let client = client(ClientOrigin::Configured, "https://app.example/cb");
    let asks = |client: &Client, consent: &Consent| {
        next(client, "-", Some(&session()), Some(consent))
            == Ok(Next::AskConsent { session: session().hash })
    };
    assert!(!asks(&client, &remembered()));
    for other in [
        Consent { scopes: "mcp/invoke".parse().unwrap(), ..remembered() },
        Consent { resource: "https://b/mcp".to_owned(), ..remembered() },
        Consent { expires_at: NOW, ..remembered() },
    ] {
        assert!(asks(&client, &other), "{other:?}");
    }
    // Whoever can be somebody else is asked about every time.
    assert!(asks(&web(), &remembered()));
    for uri in ["http://127.0.0.1/cb", "cursor://anysphere.cursor-mcp/oauth/callback"] {
        for origin in [ClientOrigin::Configured, ClientOrigin::MetadataDocument] {
            assert!(asks(&self::client(origin, uri), &remembered()), "{uri}");
        }
    }
}

#[test]
fn k15_a_consent_is_not_used_for_another_redirect_uri() {
    let origin = ClientOrigin::MetadataDocument;
    let before = client(origin, "https://app.example/cb");
    let after = client(origin, "https://evil.example/cb");
    let request = |client: &Client, uri| ask(client, &[("redirect_uri", uri)]);
    let first = request(&before, "https://app.example/cb").unwrap();
    let second = request(&after, "https://evil.example/cb").unwrap();
    assert_ne!(first.consent_key("ana"), second.consent_key("ana"));
    is_page(request(&after, "https://app.example/cb"), Refusal::RedirectUri);
    // Nor for a request that was in order before.
    let result = first.next(&after, Some(&session()), Some(&remembered()), &settings(), NOW);
    assert_eq!(result, Ok(Next::AskConsent { session: session().hash }));
}

proptest! {
    #[test]
    fn x05_no_query_panics_or_sends_anybody_elsewhere(
        text in "\\PC{0,60}|((client_id|redirect_uri|state|scope|prompt|resource)=[ -~]{0,12}&?){0,6}"
    ) {
        let Ok(form) = read_query(&format!("{}&{text}", query(&[]))) else { return Ok(()) };
        if let Err(Stop::Return { location, .. }) = authorize(&form, Some(&web()), &settings(), NOW)
        {
            prop_assert!(location.as_str().starts_with("https://app.example/cb?"));
        }
    }
}
