use super::*;
use crate::authorize::tests::{NOW, client, settings};
use crate::authorize::{authorize, read_query};
use crate::client::ClientOrigin;
use crate::consent::SentFrom;
use crate::secret::SecretHash;

const REDIRECT: &str = "https://app.example/cb";

fn upstream() -> Upstream {
    Upstream {
        issuer: "https://idp.example".to_owned(),
        client_id: "us".to_owned(),
        is_cognito: false,
        tenant_claim: None,
        needs_mfa: false,
    }
}

fn waits() -> Transaction {
    let query = format!(
        "client_id=c_1&redirect_uri={REDIRECT}&response_type=code&code_challenge_method=S256\
         &state=s1&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let client = client(ClientOrigin::Registered, REDIRECT);
    let request = authorize(&read_query(&query).unwrap(), Some(&client), &settings(), NOW).unwrap();
    let step = TransactionState::Login {
        state: SecretHash::of("sent"),
        nonce: "n".to_owned(),
        verifier: "v".to_owned(),
    };
    request.into_transaction(SecretHash::of("tx"), step, &settings(), NOW)
}

fn came_back(query: &str, transaction: Option<&Transaction>) -> Result<String, Stop> {
    let form = Form::parse(query).unwrap();
    let back = callback(&form, transaction, &upstream(), &settings(), NOW)?;
    Ok(format!("{} {} {}", back.code, back.verifier, back.nonce))
}

#[test]
fn a_code_comes_back_to_the_browser_that_went_for_it() {
    let waits = waits();
    assert_eq!(came_back("code=c&state=sent", Some(&waits)).unwrap(), "c v n");
    let with_issuer = "code=c&state=sent&iss=https%3A%2F%2Fidp.example";
    assert_eq!(came_back(with_issuer, Some(&waits)).unwrap(), "c v n");
}

#[test]
fn k08_a_link_that_another_browser_began_leads_nowhere() {
    let page = Stop::Page(Refusal::NotBegun);
    assert_eq!(came_back("code=c&state=sent", None), Err(page));
    // The victim's browser has a transaction of its own.
    let own = waits();
    let page = Stop::Page(Refusal::Mismatch);
    assert_eq!(came_back("code=c&state=of-the-attacker", Some(&own)), Err(page));
}

#[test]
fn k11_what_comes_back_fits_is_in_time_and_the_first() {
    let waits = waits();
    for (query, expected) in [
        ("code=c", Refusal::Mismatch),
        ("code=c&state=", Refusal::Mismatch),
        ("code=c&state=other", Refusal::Mismatch),
        ("state=sent", Refusal::Mismatch),
        ("error=access_denied&state=other", Refusal::Mismatch),
        ("code=c&state=sent&state=sent", Refusal::Malformed),
        ("code=c&state=sent&iss=https%3A%2F%2Fevil.example", Refusal::Mismatch),
    ] {
        assert_eq!(came_back(query, Some(&waits)), Err(Stop::Page(expected)), "{query}");
    }
    let late = Transaction { expires_at: NOW, ..waits.clone() };
    let result = came_back("code=c&state=sent", Some(&late));
    assert_eq!(result, Err(Stop::Page(Refusal::Expired)));
    for step in
        [TransactionState::Done, TransactionState::Consent { session: SecretHash::of("session") }]
    {
        let used = Transaction { step, ..waits.clone() };
        let result = came_back("code=c&state=sent", Some(&used));
        assert_eq!(result, Err(Stop::Page(Refusal::AlreadyUsed)));
    }
    for (upstream, expected) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("invalid_scope", "server_error"),
    ] {
        let query = format!("error={upstream}&error_description=%3Cb%3E&state=sent");
        let Err(Stop::Return { location, .. }) = came_back(&query, Some(&waits)) else { panic!() };
        let told = format!("{REDIRECT}?error={expected}&error_description=the%20");
        assert!(location.as_str().starts_with(&told));
        assert!(location.as_str().ends_with("&state=s1&iss=https%3A%2F%2Fh"));
    }
}

#[test]
fn k10_a_login_begins_a_session_that_nobody_knew_before() {
    let planted = "planted-by-the-attacker";
    let person = Person {
        subject: "ana".to_owned(),
        name: None,
        tenant: None,
        authenticated_at: Time(NOW.0 - 5),
    };
    let cookie = Secret::random().unwrap();
    let session = person.into_session(&cookie, &settings().lifetimes, NOW);
    assert_ne!(session.hash, SecretHash::of(planted));
    assert_eq!(session.hash, cookie.hash());
    assert_eq!(session.authenticated_at, Time(NOW.0 - 5));
}

#[test]
fn a_session_ends_when_it_is_old_or_idle() {
    let lifetimes = settings().lifetimes;
    let person =
        Person { subject: "ana".to_owned(), name: None, tenant: None, authenticated_at: NOW };
    let session = person.into_session(&Secret::random().unwrap(), &lifetimes, NOW);
    for (used, now, live) in [
        (0, 0, true),
        (0, 1799, true),
        (0, 1800, false),
        (28_000, 28_799, true),
        (28_799, 28_800, false),
    ] {
        let session = Session { used_at: Time(NOW.0 + used), ..session.clone() };
        assert_eq!(session.is_live(&lifetimes, Time(NOW.0 + now)), live, "{used} {now}");
    }
}

#[test]
fn the_form_of_the_development_login_is_of_the_browser_that_was_shown_it() {
    let user = DevUser { name: "ana".to_owned(), password: SecretHash::of("pw"), tenant: None };
    let loopback = Some([127, 0, 0, 1].into());
    let login = DevLogin::new(vec![user], loopback, "http://localhost:8787").unwrap();
    assert!(!format!("{login:?}").contains("ana"));
    let own = SentFrom { origin: Some("null"), site: Some("same-origin") };
    let other = SentFrom { origin: Some("https://evil.example"), site: Some("cross-site") };
    let waits = waits();
    let done = Transaction { step: TransactionState::Done, ..waits.clone() };
    let submit = |query: &str, from, transaction: Option<&Transaction>| {
        let form = Form::parse(query).unwrap();
        let result = login.submitted(&form, from, transaction, &settings(), NOW);
        result.map(|person| person.map(|person| person.subject))
    };
    let right = "user=ana&password=pw&state=sent";
    assert_eq!(submit(right, own, Some(&waits)), Ok(Some("ana".to_owned())));
    assert_eq!(submit("user=ana&password=no&state=sent", own, Some(&waits)), Ok(None));
    assert_eq!(submit("user=ana&password=pw", own, Some(&waits)), Err(Refusal::Mismatch));
    assert_eq!(submit(right, other, Some(&waits)), Err(Refusal::Forged));
    assert_eq!(submit(right, own, None), Err(Refusal::NotBegun));
    assert_eq!(submit(right, own, Some(&done)), Err(Refusal::AlreadyUsed));
}
