use super::*;
use crate::authorize::tests::{NOW, client, settings};
use crate::authorize::{Prompt, authorize, read_query};
use crate::memory::MemoryStore;
use crate::store::Store as _;

const COOKIE: &str = "cookie-of-ana";
const WEB: &str = "https://app.example/cb";
const OWN: SentFrom<'_> = SentFrom { origin: Some("https://h"), site: Some("same-origin") };

fn session(cookie: &str, subject: &str) -> Session {
    Session {
        hash: SecretHash::of(cookie),
        subject: subject.to_owned(),
        name: None,
        tenant: Some("acme".parse().unwrap()),
        authenticated_at: Time(NOW.0 - 5),
        used_at: NOW,
        expires_at: Time(NOW.0 + 3600),
    }
}

fn asks(uri: &str) -> Transaction {
    let query = format!(
        "client_id=c_1&redirect_uri={uri}&response_type=code&code_challenge_method=S256&state=s%201\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&nonce=n"
    );
    let client = client(ClientOrigin::Configured, uri);
    let form = read_query(&query).unwrap();
    let request = authorize(&form, Some(&client), &settings(), NOW).unwrap();
    let step = TransactionState::Consent { session: SecretHash::of(COOKIE) };
    request.into_transaction(SecretHash::of("tx"), step, &settings(), NOW)
}

fn form(csrf: &str, decision: &str) -> Form {
    Form::parse(&format!("csrf={csrf}&decision={decision}")).unwrap()
}

fn right() -> Form {
    form(&csrf_token(COOKIE, SecretHash::of("tx")), "approve")
}

fn answered(form: &Form, from: SentFrom<'_>, transaction: &Transaction) -> Result<Answer, Refusal> {
    let session = session(COOKIE, "ana");
    let presented = Presented { cookie: COOKIE, session: &session };
    answer(form, from, Some(transaction), Some(presented), &settings(), NOW)
}

#[test]
fn the_person_who_was_asked_answers() {
    let deny = form(&csrf_token(COOKIE, SecretHash::of("tx")), "deny");
    let neither = form(&csrf_token(COOKIE, SecretHash::of("tx")), "maybe");
    assert_eq!(answered(&right(), OWN, &asks(WEB)), Ok(Answer::Approve));
    assert_eq!(answered(&deny, OWN, &asks(WEB)), Ok(Answer::Deny));
    assert_eq!(answered(&neither, OWN, &asks(WEB)), Err(Refusal::Malformed));
}

#[test]
fn k04_without_the_token_of_this_session_and_page_there_is_no_answer() {
    for csrf in [
        "",
        "x",
        &csrf_token("cookie-of-eve", SecretHash::of("tx")),
        &csrf_token(COOKIE, SecretHash::of("another tx")),
        &SecretHash::of(COOKIE).to_text(),
    ] {
        assert_eq!(answered(&form(csrf, "approve"), OWN, &asks(WEB)), Err(Refusal::Forged));
    }
    let none = Form::parse("decision=approve").unwrap();
    assert_eq!(answered(&none, OWN, &asks(WEB)), Err(Refusal::Forged));
    assert_eq!(Refusal::Forged.status(), 403);
}

#[test]
fn k05_a_form_from_elsewhere_is_refused() {
    for (origin, site, ok) in [
        (Some("https://h"), Some("same-origin"), true),
        (Some("https://h"), None, true),
        (None, Some("same-origin"), true),
        (Some("null"), Some("same-origin"), true),
        (None, None, false),
        (Some("null"), None, false),
        (Some("null"), Some("cross-site"), false),
        (None, Some("same-site"), false),
        (None, Some("none"), false),
        (Some("https://h"), Some("cross-site"), false),
        (Some("https://evil.example"), Some("same-origin"), false),
        (Some("https://h.evil.example"), None, false),
        (Some("http://h"), Some("same-origin"), false),
        (Some("https://h:8443"), Some("same-origin"), false),
        (Some(""), None, false),
    ] {
        let from = SentFrom { origin, site };
        let expected = if ok { Ok(Answer::Approve) } else { Err(Refusal::Forged) };
        assert_eq!(answered(&right(), from, &asks(WEB)), expected, "{from:?}");
    }
}

#[test]
fn k06_an_answer_counts_once() {
    let done = Transaction { step: TransactionState::Done, ..asks(WEB) };
    assert_eq!(answered(&right(), OWN, &done), Err(Refusal::AlreadyUsed));
    let late = Transaction { expires_at: NOW, ..asks(WEB) };
    assert_eq!(answered(&right(), OWN, &late), Err(Refusal::Expired));
    let step = TransactionState::Login {
        state: SecretHash::of("s"),
        nonce: "n".to_owned(),
        verifier: "v".to_owned(),
    };
    assert_eq!(answered(&right(), OWN, &Transaction { step, ..asks(WEB) }), Err(Refusal::NotBegun));
    assert_eq!(Refusal::AlreadyUsed.status(), 400);
}

#[tokio::test]
async fn k06_of_two_clicks_one_gets_a_code() {
    let (store, transaction) = (MemoryStore::default(), asks(WEB));
    store.add_transaction(&transaction).await.unwrap();
    let mut taken = Vec::new();
    for _ in 0..2 {
        // Both requests have read the transaction before either takes it.
        assert_eq!(answered(&right(), OWN, &transaction), Ok(Answer::Approve));
        let (hash, from) = (transaction.hash, &transaction.step);
        taken.push(store.advance_transaction(hash, from, &TransactionState::Done).await.unwrap());
    }
    assert_eq!(taken, [true, false]);
    let third = store.transaction(transaction.hash).await.unwrap().unwrap();
    assert_eq!(answered(&right(), OWN, &third), Err(Refusal::AlreadyUsed));
}

#[test]
fn k07_k08_nobody_else_answers() {
    let (ana, eve) = (session(COOKIE, "ana"), session("cookie-of-eve", "eve"));
    let ask = |transaction: Option<&Transaction>, presented: Option<Presented<'_>>| {
        answer(&right(), OWN, transaction, presented, &settings(), NOW)
    };
    let by_eve = Presented { cookie: "cookie-of-eve", session: &eve };
    assert_eq!(ask(Some(&asks(WEB)), Some(by_eve)), Err(Refusal::Forged));
    assert_eq!(ask(Some(&asks(WEB)), None), Err(Refusal::Forged));
    let by_ana = Presented { cookie: COOKIE, session: &ana };
    assert_eq!(ask(None, Some(by_ana)), Err(Refusal::NotBegun));
    let over = Session { expires_at: NOW, ..ana };
    let over = Presented { cookie: COOKIE, session: &over };
    assert_eq!(ask(Some(&asks(WEB)), Some(over)), Err(Refusal::Expired));
}

fn fresh() -> FreshGrant {
    FreshGrant { grant: GrantId("g".to_owned()), code: Secret::random().unwrap() }
}

#[test]
fn an_approval_is_a_grant_a_code_and_the_way_back() {
    let client = client(ClientOrigin::Configured, WEB);
    let (transaction, fresh) = (asks(WEB), fresh());
    let sent = fresh.code.clone();
    let session = session(COOKIE, "ana");
    let Approval { grant, code, remember, location } =
        approve(&transaction.request, &client, &session, fresh, &settings(), NOW).unwrap();

    assert_eq!(
        location.as_str(),
        format!("{WEB}?code={}&state=s%201&iss=https%3A%2F%2Fh", sent.expose())
    );
    assert_eq!((grant.subject.as_str(), &grant.tenant), ("ana", &session.tenant));
    assert_eq!((grant.status, grant.authenticated_at), (GrantStatus::Active, Time(NOW.0 - 5)));
    assert_eq!((&grant.scopes, &*grant.resource), (&transaction.request.scopes, "https://h/mcp"));
    assert_eq!((code.hash, code.state), (sent.hash(), CodeState::New));
    assert_eq!((&code.grant, &code.client), (&grant.id, &client.id));
    assert_eq!((&*code.redirect_uri, code.challenge), (WEB, transaction.request.challenge));
    assert_eq!((code.nonce.as_deref(), code.expires_at), (Some("n"), Time(NOW.0 + 60)));
    let (key, consent) = remember.unwrap();
    assert_eq!(key, transaction.request.consent_key("ana"));
    assert_eq!(
        (consent.scopes, consent.resource),
        (transaction.request.scopes, transaction.request.resource)
    );
}

#[test]
fn k09_a_client_that_anybody_could_be_is_asked_about_every_time() {
    let session = session(COOKIE, "ana");
    for (origin, uri, remembered) in [
        (ClientOrigin::Configured, WEB, true),
        (ClientOrigin::MetadataDocument, WEB, true),
        (ClientOrigin::Registered, WEB, false),
        (ClientOrigin::MetadataDocument, "http://127.0.0.1/cb", false),
        (ClientOrigin::Configured, "http://127.0.0.1/cb", false),
        (ClientOrigin::Configured, "cursor://anysphere.cursor-mcp/oauth/callback", false),
    ] {
        let (client, transaction) = (client(origin, uri), asks(uri));
        let approval =
            approve(&transaction.request, &client, &session, fresh(), &settings(), NOW).unwrap();
        assert_eq!(approval.remember.is_some(), remembered, "{uri}");
        // Even if one were in the store, it would not be used.
        let consent = Consent {
            scopes: transaction.request.scopes.clone(),
            resource: transaction.request.resource.clone(),
            expires_at: Time(NOW.0 + 60),
        };
        assert_eq!(
            transaction.request.is_agreed(&client, Some(&consent), NOW),
            remembered,
            "{uri}"
        );
        assert!(!transaction.request.is_agreed(&client, None, NOW));
        let prompt = Prompt::AsNeeded { login: false, consent: true };
        let asked_to = AuthorizationRequest { prompt, ..transaction.request };
        assert!(!asked_to.is_agreed(&client, Some(&consent), NOW));
    }
}

#[test]
fn a_client_that_changed_since_it_asked_gets_nothing() {
    let session = session(COOKIE, "ana");
    let refused = |client: &Client| {
        approve(&asks(WEB).request, client, &session, fresh(), &settings(), NOW).unwrap_err()
    };
    let right = client(ClientOrigin::Configured, WEB);
    assert_eq!(refused(&client(ClientOrigin::Configured, "https://evil/cb")), Refusal::RedirectUri);
    assert_eq!(refused(&Client { expires_at: Some(NOW), ..right.clone() }), Refusal::UnknownClient);
    assert_eq!(refused(&Client { id: "c_2".parse().unwrap(), ..right }), Refusal::UnknownClient);
}

#[test]
fn k13_a_client_is_told_that_the_person_said_no() {
    let Stop::Return { error, location } = deny(&asks(WEB).request, &settings()) else { panic!() };
    assert_eq!(error.code, ErrorCode::AccessDenied);
    assert_eq!(
        location.as_str(),
        "https://app.example/cb?error=access_denied\
         &error_description=the%20person%20did%20not%20agree&state=s%201&iss=https%3A%2F%2Fh"
    );
}

#[test]
fn what_is_fresh_is_random_and_not_shown() {
    let (one, other) = (FreshGrant::random().unwrap(), FreshGrant::random().unwrap());
    assert_ne!(one.grant, other.grant);
    assert_eq!(one.grant.0.len(), 22);
    assert!(!format!("{one:?}").contains(one.code.expose()));
}
