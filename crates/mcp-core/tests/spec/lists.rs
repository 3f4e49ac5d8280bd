//! Pages and caching (1.6: G1, K1, K2).

use std::time::Duration;

use mcp_core::{
    CacheScope, Caching, Content, NoInput, PromptResult, PromptSpec, ResourceContents,
    ResourceSpec, Server, ServerBuilder, TemplateSpec, ToolSpec, tool_fn,
};
use serde_json::json;

use crate::peer::{Peer, code, server};

const METHODS: [(&str, &str); 4] = [
    ("tools/list", "tools"),
    ("resources/list", "resources"),
    ("resources/templates/list", "resourceTemplates"),
    ("prompts/list", "prompts"),
];

/// Five of each kind.
fn five_of_each(mut builder: ServerBuilder) -> ServerBuilder {
    for n in 0..5 {
        builder = builder
            .tool(tool_fn(ToolSpec::new(format!("t{n}"), "Does."), |_, NoInput {}| async {
                Ok(Content::text("done"))
            }))
            .resource(ResourceSpec::new(format!("test://r{n}"), format!("r{n}")), |_, uri| async {
                Ok(vec![ResourceContents::text(uri, "text/plain", "words")])
            })
            .resource_template(
                TemplateSpec::new(format!("test://m{n}/{{id}}"), format!("m{n}")),
                |_, _, _| async { Ok(vec![]) },
            )
            .prompt(PromptSpec::new(format!("p{n}")), |_, _| async {
                Ok(PromptResult::new(vec![]))
            });
    }
    builder
}

fn paged(key: [u8; 32]) -> Server {
    server(|builder| five_of_each(builder).page_size(2).state_key(key))
}

/// G1: following the cursors shows everything once, in order; an instance with the same key
/// understands them, and they stay good.
#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let (server, other) = (paged([1; 32]), paged([1; 32]));
    for (method, member) in METHODS {
        let mut names = Vec::new();
        let mut params = json!({});
        for page in 0.. {
            let peer = Peer::modern(if page % 2 == 0 { &server } else { &other });
            let found = peer.call(method, params.clone()).await.unwrap();
            assert_eq!(peer.call(method, params).await, Ok(found.clone()), "{method}");
            let items = found[member].as_array().unwrap();
            names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
            match found.get("nextCursor") {
                Some(cursor) => params = json!({"cursor": cursor}),
                None => break,
            }
        }
        let letter = &names[0][..1];
        let all: Vec<_> = (0..5).map(|n| format!("{letter}{n}")).collect();
        assert_eq!(names, all, "{method}");
    }
}

/// G1: a cursor that was altered, made elsewhere or for another list is -32602.
#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let (server, stranger) = (paged([1; 32]), paged([2; 32]));
    let cursor = |server| async move {
        let page = Peer::modern(server).call("tools/list", json!({})).await.unwrap();
        page["nextCursor"].as_str().unwrap().to_owned()
    };
    let own = cursor(&server).await;
    let peer = Peer::modern(&server);
    for (method, cursor) in [
        ("prompts/list", own.clone()),
        ("tools/list", cursor(&stranger).await),
        ("tools/list", format!("{own}A")),
        ("tools/list", own[1..].to_owned()),
        ("tools/list", "2".to_owned()),
        ("tools/list", String::new()),
    ] {
        let reply = peer.call(method, json!({"cursor": cursor})).await;
        assert_eq!(code(&reply), -32602, "{method} {cursor}");
    }
}

/// K1, K2: each page of a list says how long it stays fresh, and for whom; legacy peers are not
/// told.
#[tokio::test]
async fn what_may_be_kept_says_so() {
    let caching = Caching { ttl: Duration::from_millis(1500), scope: CacheScope::Private };
    let server = server(|builder| five_of_each(builder).page_size(3).caching(caching));
    let peer = Peer::modern(&server);
    for method in METHODS.map(|(method, _)| method).into_iter().chain(["server/discover"]) {
        let mut page = peer.call(method, json!({})).await.unwrap();
        loop {
            assert_eq!(
                (&page["ttlMs"], &page["cacheScope"]),
                (&json!(1500), &json!("private")),
                "{method}"
            );
            let Some(cursor) = page.get("nextCursor") else { break };
            page = peer.call(method, json!({"cursor": cursor})).await.unwrap();
        }
    }
    // What is read may be anyone's, so nobody keeps it.
    let read = peer.call("resources/read", json!({"uri": "test://r0"})).await.unwrap();
    assert_eq!((&read["ttlMs"], &read["cacheScope"]), (&json!(0), &json!("private")));
    let called = peer.tool("t0", json!({})).await.unwrap();
    assert_eq!(called.get("ttlMs"), None);

    let legacy = Peer::new(&server, mcp_core::ProtocolVersion::NEWEST_LEGACY);
    for (method, _) in METHODS {
        let page = legacy.call(method, json!({})).await.unwrap();
        assert_eq!((page.get("ttlMs"), page.get("cacheScope")), (None, None), "{method}");
    }
}

/// G1: an empty list is one page with nothing on it.
#[tokio::test]
async fn an_empty_list_is_a_list() {
    let server = server(|builder| {
        builder.resource(ResourceSpec::new("test://r", "r"), |_, _| async { Ok(vec![]) })
    });
    let page = Peer::modern(&server).call("resources/templates/list", json!({})).await.unwrap();
    assert_eq!(page["resourceTemplates"], json!([]));
    assert_eq!(page.get("nextCursor"), None);
}
