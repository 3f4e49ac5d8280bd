//! Clients of documents at the endpoints.

use bytes::Bytes;
use http::Request;
use service_kit::clock::ManualClock;

use super::*;
use crate::authorize::tests::settings;
use crate::keys::{KeyRing, SigningKey};
use crate::login::{DevLogin, DevUser};
use crate::secret::SecretHash;
use crate::service::{AuthorizationServer, Login, Registration, Setup};

/// A server that knows clients by their documents at `site`.
fn server(site: &Site, limits: Limits) -> AuthorizationServer<MemoryStore> {
    let user = DevUser { name: "ada".to_owned(), password: SecretHash::of("x"), tenant: None };
    let loopback = Some([127, 0, 0, 1].into());
    AuthorizationServer::new(Setup {
        settings: settings(),
        store: MemoryStore::default(),
        keys: KeyRing::new(SigningKey::generate().unwrap()).into(),
        login: Login::Development(
            DevLogin::new(vec![user], loopback, "http://127.0.0.1:8787").unwrap(),
        ),
        clients: Vec::new(),
        documents: site.documents(),
        registration: Registration::default(),
        limits,
        clock: Arc::new(ManualClock::new(NOW.0 * 1000)),
    })
    .unwrap()
}

async fn authorize(server: &AuthorizationServer<MemoryStore>, url: &str) -> (u16, String) {
    let path = format!(
        "/oauth/authorize?client_id={url}&redirect_uri=http://127.0.0.1:4711/callback\
         &response_type=code&scope=mcp/invoke&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let request = Request::get(path).body(Bytes::new()).unwrap();
    let response = server.answer(request, None).await;
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
}

async fn token(server: &AuthorizationServer<MemoryStore>, url: &str) -> (u16, String) {
    let form = format!("grant_type=refresh_token&refresh_token=x&client_id={url}");
    let request = Request::post("/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .unwrap();
    let response = server.answer(request, None).await;
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
}

#[tokio::test]
async fn s01_s09_a_client_of_a_document_is_asked_about_and_any_other_url_is_no_client() {
    let site = Site::start().await;
    let server = server(&site, Limits::default());
    let (status, page) = authorize(&server, URL).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("<bdi>Editor</bdi>"), "{page}");
    let (status, told) = token(&server, URL).await;
    assert_eq!(status, 400, "known, and not this token: {told}");
    assert_eq!(site.fetches(), 1, "kept for the token endpoint");
    for url in [
        "http://client.example/oauth/client.json",
        "https://client.example/",
        "https://client.example",
        "https://client.example:8443/c",
        "https://127.0.0.1/c",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/c",
        "https://client.example/a/../b",
        "https://user@client.example/c",
        "https://client.example/c%23x",
        "https://unknown.example/c",
    ] {
        let (status, page) = authorize(&server, url).await;
        assert_eq!(status, 400, "{url}: {page}");
        assert!(page.contains("This application is not known"), "{url}: {page}");
        let (status, told) = token(&server, url).await;
        assert_eq!((status, told.contains("\"invalid_client\"")), (401, true), "{url}: {told}");
    }
    assert_eq!(site.fetches(), 1);
    *site.answer.lock().unwrap() = b"HTTP/1.1 500 secret-of-theirs\r\n\r\n".to_vec();
    let (_, page) = authorize(&server, "https://client.example/other").await;
    let (_, told) = token(&server, "https://client.example/other").await;
    assert!(!page.contains("secret-of-theirs") && !told.contains("secret-of-theirs"));
}

#[tokio::test]
async fn k15_what_a_document_no_longer_names_is_no_place_to_send_anybody() {
    let site = Site::start().await;
    let json = "content-type: application/json\r\n";
    let moved = document(|it| it["redirect_uris"] = json!(["https://client.example/cb"]));
    *site.answer.lock().unwrap() = ok(json, &moved);
    let (status, page) = authorize(&server(&site, Limits::default()), URL).await;
    assert_eq!(status, 400);
    assert!(page.contains("This address is not the application"), "{page}");
}

#[tokio::test]
async fn s10_who_asks_for_too_many_documents_is_told_to_wait() {
    let site = Site::start().await;
    let server = server(&site, Limits { documents: 1, ..Limits::default() });
    assert_eq!(authorize(&server, "https://a.example/c").await.0, 400);
    let (status, page) = authorize(&server, "https://b.example/c").await;
    assert_eq!((status, page.contains("Too many attempts")), (429, true), "{page}");
    assert_eq!(token(&server, "https://b.example/c").await.0, 429);
}
