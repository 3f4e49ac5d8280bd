//! Protected resource metadata, as a client finds it.

use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use mcp_http::{Body, MetadataEndpoint, NoAuthorizationServer, ProtectedResourceMetadata};
use serde_json::{Value, json};

fn metadata() -> ProtectedResourceMetadata {
    let issuer = "https://login.example.com/pool".to_owned();
    ProtectedResourceMetadata::new("https://Example.com/mcp".parse().unwrap(), vec![issuer])
        .unwrap()
        .with_scopes(["mcp/invoke", "offline_access", "p/read"])
        .with_name("lambda-mcp")
}

fn answer(request: Request<()>) -> Response<Body> {
    MetadataEndpoint::new(&metadata()).answer(&request)
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

const ROOT: &str = "/.well-known/oauth-protected-resource";

#[tokio::test]
async fn the_document_says_whom_to_ask_and_for_what() {
    let document = text(answer(Request::get(ROOT).body(()).unwrap())).await;
    insta::assert_snapshot!(document, @r#"{"resource":"https://example.com/mcp","authorization_servers":["https://login.example.com/pool"],"scopes_supported":["mcp/invoke","p/read"],"bearer_methods_supported":["header"],"resource_name":"lambda-mcp"}"#);
}

#[tokio::test]
async fn what_is_not_known_is_left_out() {
    let resource = "https://example.com".parse().unwrap();
    let bare = ProtectedResourceMetadata::new(resource, vec!["https://a.example".to_owned()]);
    let endpoint = MetadataEndpoint::new(&bare.unwrap().with_documentation("https://docs.example"));
    let document = text(endpoint.answer(&Request::get(ROOT).body(()).unwrap())).await;
    assert_eq!(
        serde_json::from_str::<Value>(&document).unwrap(),
        json!({
            "resource": "https://example.com",
            "authorization_servers": ["https://a.example"],
            "bearer_methods_supported": ["header"],
            "resource_documentation": "https://docs.example",
        })
    );
}

#[test]
fn a_resource_without_an_authorization_server_has_no_metadata() {
    let resource = "https://example.com/mcp".parse().unwrap();
    assert_eq!(ProtectedResourceMetadata::new(resource, vec![]), Err(NoAuthorizationServer));
}

#[test]
fn it_is_served_at_the_two_well_known_paths_and_nowhere_else() {
    let endpoint = MetadataEndpoint::new(&metadata());
    for (path, served) in [
        ("/.well-known/oauth-protected-resource", true),
        ("/.well-known/oauth-protected-resource/mcp", true),
        ("/.well-known/oauth-protected-resource/", false),
        ("/.well-known/oauth-protected-resource/MCP", false),
        ("/.well-known/oauth-protected-resource/other", false),
        ("/mcp/.well-known/oauth-protected-resource", false),
        ("/mcp", false),
        ("", false),
    ] {
        assert_eq!(endpoint.serves(path), served, "{path:?}");
    }
}

/// Any page may read it: there is nothing in it that is not for everyone.
#[tokio::test]
async fn x06_each_method_gets_what_it_must_from_any_page_without_credentials() {
    let document = text(answer(Request::get(ROOT).body(()).unwrap())).await;
    let json = Some("application/json");
    for (method, status, body, kind, allow) in [
        (Method::GET, 200, document.as_str(), json, None),
        (Method::HEAD, 200, "", json, None),
        (Method::OPTIONS, 204, "", None, Some("GET, HEAD, OPTIONS")),
        (Method::POST, 405, "", None, Some("GET, HEAD, OPTIONS")),
        (Method::DELETE, 405, "", None, Some("GET, HEAD, OPTIONS")),
        (Method::TRACE, 405, "", None, Some("GET, HEAD, OPTIONS")),
    ] {
        let request = Request::builder().method(&method).uri(ROOT);
        let response = answer(request.header("origin", "https://any.example").body(()).unwrap());
        assert_eq!(response.status(), status, "{method}");
        let headers = response.headers();
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("access-control-allow-origin"), Some("*"), "{method}");
        assert_eq!(header("access-control-allow-credentials"), None, "{method}");
        assert_eq!(header("content-type"), kind, "{method}");
        assert_eq!(header("cache-control"), kind.map(|_| "public, max-age=300"), "{method}");
        assert_eq!(header("allow"), allow, "{method}");
        let preflight = (method == Method::OPTIONS).then_some("GET");
        assert_eq!(header("access-control-allow-methods"), preflight, "{method}");
        assert_eq!(text(response).await, body, "{method}");
    }
}

#[tokio::test]
async fn x08_no_header_changes_the_document() {
    let plain = text(answer(Request::get(ROOT).body(()).unwrap())).await;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8080"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-host", "evil.example"),
        ("x-original-url", "https://evil.example/mcp"),
        ("forwarded", "host=evil.example;proto=http"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ] {
        let uri = format!("https://evil.example{ROOT}/mcp?resource=https://evil.example");
        let request = Request::get(uri).header(name, value).body(()).unwrap();
        let response = answer(request);
        let headers = format!("{:?}", response.headers());
        assert!(!headers.contains("evil"), "{name}: {headers}");
        assert_eq!(text(response).await, plain, "{name}");
    }
}
