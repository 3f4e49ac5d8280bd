use super::*;
use crate::authorize::tests::{NOW, client, settings};
use crate::authorize::{authorize, read_query};
use crate::secret::SecretHash;
use crate::time::Time;

const WEB: &str = "https://app.example/cb";

fn session(name: &str) -> Session {
    Session {
        hash: SecretHash::of("cookie"),
        subject: "u-1".to_owned(),
        name: Some(name.to_owned()),
        tenant: None,
        authenticated_at: NOW,
        used_at: NOW,
        expires_at: Time(NOW.0 + 3600),
    }
}

fn asks(client: &Client, uri: &str) -> AuthorizationRequest {
    let query = format!(
        "client_id={}&redirect_uri={uri}&response_type=code&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
         &scope=prometheus-mcp-server/write+offline_access",
        client.id
    );
    let form = read_query(&query).unwrap();
    authorize(&form, Some(client), &settings(), NOW).unwrap()
}

fn consent(client: &Client, uri: &str) -> Response<Bytes> {
    let (request, session) = (asks(client, uri), session("Ana Example"));
    let page = ConsentPage { client, request: &request, session: &session, csrf: "token" };
    page.respond().unwrap()
}

fn login(wrong: Option<&str>) -> Response<Bytes> {
    let client = client(ClientOrigin::Registered, WEB);
    LoginPage { client: &client, state: "sent", wrong }.respond()
}

fn body(response: &Response<Bytes>) -> String {
    str::from_utf8(response.body()).unwrap().to_owned()
}

/// The page with an element a line.
fn lines(response: &Response<Bytes>) -> String {
    body(response).replace("><", ">\n<")
}

fn every_page() -> Vec<Response<Bytes>> {
    let client = client(ClientOrigin::Registered, WEB);
    vec![login(None), login(Some("ana")), consent(&client, WEB), error_page(Refusal::Forged)]
}

#[test]
fn k02_k03_k16_pages_are_not_framed_kept_or_kept_from_sending_their_forms() {
    for page in every_page() {
        let headers: Vec<_> =
            page.headers().iter().map(|(k, v)| format!("{k}: {}", v.to_str().unwrap())).collect();
        insta::allow_duplicates! { insta::assert_snapshot!(headers.join("\n"), @r"
        content-type: text/html; charset=utf-8
        content-security-policy: default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'
        x-frame-options: DENY
        referrer-policy: no-referrer
        cache-control: no-store
        x-content-type-options: nosniff
        cross-origin-opener-policy: same-origin
        ") };
    }
}

#[test]
fn pages_need_nothing_that_their_policy_forbids() {
    for page in every_page() {
        let html = body(&page);
        for no in ["<script", "style=", "<img", "javascript:", "onclick", "http-equiv", "<style"] {
            assert!(!html.contains(no), "{no}");
        }
        assert_eq!(html.matches("href=").count(), 1);
        assert!(html.contains(r#"<html lang="en">"#) && html.matches("<h1>").count() == 1);
    }
    let style = stylesheet();
    assert_eq!(style.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
    assert!(!body(&style).contains("url(") && !body(&style).contains("@import"));
}

#[test]
fn the_consent_page_says_who_asks_for_what_and_where_it_goes() {
    let client = client(ClientOrigin::Registered, "http://127.0.0.1/cb");
    insta::assert_snapshot!(lines(&consent(&client, "http://127.0.0.1:4311/cb")));
}

#[test]
fn the_login_page_has_a_form_with_labels() {
    insta::assert_snapshot!(lines(&login(Some("ana"))));
    assert_eq!(login(None).status(), 200);
    assert!(!body(&login(None)).contains("wrong"));
}

#[test]
fn an_error_page_says_what_to_do() {
    let page = error_page(Refusal::AlreadyUsed);
    assert_eq!(page.status(), 400);
    insta::assert_snapshot!(lines(&page), @r#"
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>This was already used</title>
    <link rel="stylesheet" href="/oauth/style.css">
    </head>
    <body>
    <main>
    <h1>This was already used</h1>
    <p>The question was answered before. If the application is not connected, begin again from there.</p>
    </main>
    </body>
    </html>
    "#);
}

#[test]
fn every_refusal_has_its_status() {
    for (refusal, status) in [
        (Refusal::Malformed, 400),
        (Refusal::UnknownClient, 400),
        (Refusal::RedirectUri, 400),
        (Refusal::NotBegun, 400),
        (Refusal::NotVouchedFor, 400),
        (Refusal::Forged, 403),
        (Refusal::TooBig, 413),
        (Refusal::TooMany, 429),
        (Refusal::Unavailable, 503),
    ] {
        assert_eq!(error_page(refusal).status(), status, "{refusal}");
    }
}

#[test]
fn k01_what_a_client_or_a_person_is_called_is_text() {
    let names = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "a & 'b'"];
    for name in names {
        let client =
            Client { name: Some(name.to_owned()), ..client(ClientOrigin::Registered, WEB) };
        let (request, session) = (asks(&client, WEB), session(name));
        let consent =
            ConsentPage { client: &client, request: &request, session: &session, csrf: name };
        let login = LoginPage { client: &client, state: name, wrong: Some(name) };
        for page in [consent.respond().unwrap(), login.respond()] {
            let html = body(&page);
            assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
            assert!(!html.contains(name), "{html}");
        }
    }
    let turned = Client {
        name: Some("good\u{202e}evil".repeat(500)),
        ..client(ClientOrigin::Registered, WEB)
    };
    let html = body(&consent(&turned, WEB));
    assert!(!html.contains('\u{202e}') && html.contains("goodevil") && html.len() < 4096);
}

#[test]
fn k09_the_page_names_the_host_in_full_and_what_to_beware_of() {
    let host = format!("{}.evil.example:8443", "app.example".repeat(5));
    let long = format!("https://{host}/cb");
    let app = "cursor://anysphere.cursor-mcp/oauth/callback";
    use ClientOrigin::{Configured, MetadataDocument, Registered};
    for (origin, uri, place, beware) in [
        (Registered, &*long, &*host, Some("Whoever runs")),
        (Configured, WEB, "app.example", None),
        (MetadataDocument, WEB, "app.example", None),
        (Configured, "http://localhost:33418/cb", "localhost:33418", Some("A program on this")),
        (MetadataDocument, app, app, Some("An app on this device")),
    ] {
        let html = body(&consent(&client(origin, uri), uri));
        assert!(html.contains(&format!("<code>{place}</code>")), "{html}");
        assert_eq!(html.contains("class=\"warning\""), beware.is_some(), "{html}");
        assert!(beware.is_none_or(|beware| html.contains(beware)), "{html}");
        assert_eq!(html.contains("unverified application"), origin == Registered);
    }
}

#[test]
fn a_metadata_document_vouches_for_its_domain() {
    let client = Client {
        id: "https://claude.ai/oauth/claude-code-client-metadata".parse().unwrap(),
        ..client(ClientOrigin::MetadataDocument, "http://localhost/callback")
    };
    let html = body(&consent(&client, "http://localhost:5555/callback"));
    assert!(html.contains("verified domain: <code>claude.ai</code>"), "{html}");
}

#[test]
fn a_client_that_changed_since_it_asked_is_not_shown() {
    let before = client(ClientOrigin::Registered, WEB);
    let after = client(ClientOrigin::Registered, "https://app.example/other");
    let (request, session) = (asks(&before, WEB), session("Ana"));
    let page = ConsentPage { client: &after, request: &request, session: &session, csrf: "t" };
    assert_eq!(page.respond().unwrap_err(), Refusal::RedirectUri);
}
