//! Resources (1.6).

use mcp_core::{
    BuildError, Fault, HandlerError, Implementation, ProtocolVersion, ResourceContents,
    ResourceSpec, Server, TemplateSpec,
};
use serde_json::json;

use crate::peer::{Peer, code, server};

fn library() -> Server {
    server(|builder| {
        builder
            .resource(
                ResourceSpec::new("test://text", "text").with_mime_type("text/plain"),
                |_, uri| async move { Ok(vec![ResourceContents::text(uri, "text/plain", "words")]) },
            )
            .resource(ResourceSpec::new("test://gone", "gone"), |_, _| async {
                Err(HandlerError::NotFound)
            })
            .resource(ResourceSpec::new("test://empty", "empty"), |_, _| async { Ok(vec![]) })
            .resource(ResourceSpec::new("test://odd", "odd"), |_, _| async {
                Err(HandlerError::Invalid("the shelf is locked".into()))
            })
            .resource_template(
                TemplateSpec::new("test://books/{id}", "book").with_description("A book."),
                |_, uri, variables| async move {
                    let id = variables["id"].as_bytes();
                    Ok(vec![ResourceContents::blob(uri, "application/octet-stream", id)])
                },
            )
    })
}

/// R1: resources and templates are listed and read.
#[tokio::test]
async fn what_is_listed_can_be_read() {
    let server = library();
    let peer = Peer::modern(&server);
    let list = peer.call("resources/list", json!({})).await.unwrap();
    let first = json!({"uri": "test://text", "name": "text", "mimeType": "text/plain"});
    assert_eq!(list["resources"][0], first);
    let templates = peer.call("resources/templates/list", json!({})).await.unwrap();
    let book =
        json!({"uriTemplate": "test://books/{id}", "name": "book", "description": "A book."});
    assert_eq!(templates["resourceTemplates"], json!([book]));

    let text = peer.call("resources/read", json!({"uri": "test://text"})).await.unwrap();
    let contents = json!([{"uri": "test://text", "mimeType": "text/plain", "text": "words"}]);
    assert_eq!(text["contents"], contents);
    let book = peer.call("resources/read", json!({"uri": "test://books/a%20b"})).await.unwrap();
    assert_eq!(book["contents"][0]["uri"], "test://books/a%20b");
    assert_eq!(book["contents"][0]["blob"], "YSBi");
}

/// R2, B8, 3.3: a missing resource is an error with the URI, -32602 since 2026-07-28 and -32002
/// before; an empty list of contents never goes out.
#[tokio::test]
async fn a_missing_resource_is_an_error_of_the_revisions_own() {
    let server = library();
    for version in ProtocolVersion::ALL {
        let expected = if version == ProtocolVersion::V2026_07_28 { -32602 } else { -32002 };
        for uri in [
            "test://nothing",
            "test://gone",
            "test://empty",
            "test://books/",
            "test://books/a/b",
            "",
            "\n",
        ] {
            let reply =
                Peer::new(&server, version).call("resources/read", json!({"uri": uri})).await;
            assert_eq!(code(&reply), expected, "{version} {uri:?}");
            assert!(reply.unwrap_err()["data"]["uri"].is_string(), "{version} {uri:?}");
        }
        let odd =
            Peer::new(&server, version).call("resources/read", json!({"uri": "test://odd"})).await;
        assert_eq!(odd, Err(json!({"code": -32602, "message": "the shelf is locked"})));
    }
}

/// R3: what is no URI is not offered.
#[test]
fn a_resource_without_a_uri_is_refused_when_the_server_is_built() {
    let read = |_, _| async { Ok(vec![]) };
    let BuildError { faults } = Server::builder(Implementation::new("s", "1"))
        .resource(ResourceSpec::new("no uri", "n"), read)
        .resource(ResourceSpec::new("test://a", "a"), read)
        .resource(ResourceSpec::new("test://a", "b"), read)
        .resource_template(TemplateSpec::new("test://{a}{b}", "t"), |_, _, _| async { Ok(vec![]) })
        .build()
        .unwrap_err();
    let uri = |text: &str| Fault::Uri(text.to_owned());
    let twice = Fault::Duplicate { kind: "resource", name: "test://a".into() };
    assert_eq!(faults, [uri("no uri"), twice, uri("test://{a}{b}")]);
}
