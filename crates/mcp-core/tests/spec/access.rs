//! Who may call what: scopes, as `dispatch` alone holds callers to them (2026-07-28, Authorization).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_core::{
    Caller, Content, ErrorCode, Fault, Granted, Implementation, MemoryTasks, NoInput, PromptResult,
    PromptSpec, ProtocolVersion, ResourceSpec, Server, ServerBuilder, ToolSpec, tool_fn,
};
use serde_json::{Value, json};

use crate::peer::{NEWEST, Peer, code, server};

fn tool(builder: ServerBuilder, name: &'static str, scopes: &[&'static str]) -> ServerBuilder {
    let spec = ToolSpec::new(name, "Does.").with_scopes(scopes.iter().copied());
    builder.tool(tool_fn(spec, |_, NoInput {}| async { Ok(Content::text("done")) }))
}

/// Tools that need more and less, in an order that is not that of their scopes.
fn guarded(builder: ServerBuilder) -> ServerBuilder {
    let builder = tool(builder.scopes(["base"]), "erase", &["write", "audit"]);
    let builder = tool(builder, "hello", &[]);
    let builder = tool(builder, "look", &["read"]);
    let builder = tool(builder, "store", &["write"]);
    tool(builder, "watch", &["read"])
}

fn with(scopes: &[&str]) -> Caller {
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    Caller { scopes: Granted::Only(scopes), ..Caller::default() }
}

/// Every method, of every revision that has it.
#[tokio::test]
async fn j21_nothing_is_answered_without_what_every_request_needs() {
    let server = server(|builder| {
        guarded(builder)
            .resource(ResourceSpec::new("test://a", "a"), |_, _| async { Ok(vec![]) })
            .prompt(PromptSpec::new("p"), |_, _| async { Ok(PromptResult::new(vec![])) })
            .tasks(MemoryTasks::new(|_| {}))
            .logging()
    });
    let mut refused = 0;
    for version in ProtocolVersion::ALL {
        for method in [
            "initialize",
            "ping",
            "logging/setLevel",
            "server/discover",
            "tools/list",
            "tools/call",
            "resources/list",
            "resources/templates/list",
            "resources/read",
            "resources/subscribe",
            "prompts/list",
            "prompts/get",
            "tasks/get",
            "tasks/update",
            "tasks/cancel",
        ] {
            if !server.offers(method, version) {
                continue;
            }
            let params = json!({
                "name": "hello", "uri": "test://a", "taskId": "x", "level": "info",
                "protocolVersion": version,
            });
            let peer = Peer::new(&server, version).with_caller(with(&["other"]));
            let reply = peer.call(method, params.clone()).await;
            assert_eq!(code(&reply), 403, "{version} {method}");
            refused += 1;
            let peer = Peer::new(&server, version).with_caller(with(&["base"]));
            let code = peer.call(method, params).await.err().map(|error| error["code"].clone());
            assert_ne!(code, Some(json!(403)), "{version} {method}");
        }
    }
    assert!(refused > 40, "{refused}");
}

#[tokio::test]
async fn a_tool_runs_only_for_who_has_every_scope_it_needs() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let server = server(|builder| {
        let spec = ToolSpec::new("erase", "Erases.").with_scopes(["write", "audit"]);
        builder.scopes(["base"]).tool(tool_fn(spec, move |_, NoInput {}| {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(Content::text("done")) }
        }))
    });
    for (scopes, passes) in [
        (&[][..], false),
        (&["base"], false),
        (&["write"], false),
        (&["base", "audit"], false),
        (&["writer", "audit"], false),
        (&["write", "audit"], true),
        (&["base", "write", "audit", "more"], true),
    ] {
        calls.store(0, Ordering::Relaxed);
        let peer = Peer::modern(&server).with_caller(with(scopes));
        let reply = peer.call("tools/call", json!({"name": "erase"})).await;
        assert_eq!(reply.is_ok(), passes, "{scopes:?}");
        assert_eq!(calls.load(Ordering::Relaxed), usize::from(passes), "{scopes:?}");
    }
    let reply = Peer::modern(&server).tool("erase", json!({})).await;
    assert!(reply.is_ok(), "a host that grants all");
}

/// The text is for the model, the data for a program: only the one says what is there already.
#[tokio::test]
async fn j24_the_error_names_what_is_missing_and_all_that_is_needed() {
    let server = server(guarded);
    let peer = Peer::modern(&server).with_caller(with(&["base", "write"]));
    let error = peer.call("tools/call", json!({"name": "erase"})).await.unwrap_err();
    let text = "not permitted: this needs a scope that the caller was not granted: audit; \
        ask the user to authorize this client for it, then try again";
    let required = json!({"requiredScopes": ["audit", "write"]});
    assert_eq!(error, json!({"code": 403, "message": text, "data": required}));
}

#[test]
fn a_tools_own_scopes_stand_for_what_every_request_needs() {
    let guarded = server(guarded);
    for (method, name, required) in [
        ("tools/call", Some("look"), &["read"][..]),
        ("tools/call", Some("erase"), &["write", "audit"]),
        ("tools/call", Some("hello"), &["base"]),
        ("tools/call", Some("no-such-tool"), &["base"]),
        ("tools/call", None, &["base"]),
        ("prompts/get", Some("erase"), &["base"]),
        ("tools/list", None, &["base"]),
        ("no/such", None, &["base"]),
    ] {
        let found: Vec<_> = guarded.required_scopes(method, name).collect();
        assert_eq!(found, required, "{method} {name:?}");
        let lacking = guarded.authorize(method, name, &with(&[])).unwrap_err();
        assert_eq!(lacking.code, ErrorCode::InsufficientScope);
    }
    assert_eq!(guarded.scopes(), ["audit", "base", "read", "write"]);
    assert_eq!(server(|builder| builder.scopes(["b", "a"])).scopes(), ["a", "b"]);
    assert!(server(|builder| builder).scopes().is_empty());
    let open = server(|builder| tool(builder, "look", &["read"]));
    assert_eq!(open.scopes(), ["read"]);
    assert!(open.authorize("tools/list", None, &with(&[])).is_ok());
}

#[test]
fn a_scope_that_is_none_is_told_when_the_server_is_built() {
    let builder = Server::builder(Implementation::new("spec", "1.0")).scopes(["a b", "fine"]);
    let faults = tool(builder, "look", &["fine", ""]).build().unwrap_err().faults;
    let fault = |of: &str, scope: &str| Fault::Scope { of: of.to_owned(), scope: scope.to_owned() };
    assert_eq!(faults, [fault("look", ""), fault("the server", "a b")]);
    assert!(faults[1].to_string().contains(r#"scope "a b" of the server"#));
}

/// Every page of the tools that `peer` is shown, and who may keep each page.
async fn listed(peer: &Peer<'_>) -> (Vec<Vec<String>>, Vec<String>) {
    let (mut pages, mut kept) = (Vec::new(), Vec::new());
    let mut params = json!({});
    loop {
        let page = peer.call("tools/list", params).await.unwrap();
        let tools = page["tools"].as_array().unwrap().iter();
        pages.push(tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect());
        kept.push(page["cacheScope"].as_str().unwrap().to_owned());
        match page.get("nextCursor") {
            Some(cursor) => params = json!({"cursor": cursor}),
            None => return (pages, kept),
        }
    }
}

/// K2: a list that differs from caller to caller is private, on every page.
#[tokio::test]
async fn callers_may_be_shown_what_they_can_call_and_no_more() {
    let narrow = server(|builder| guarded(builder).list_only_callable(true).page_size(2));
    let wide = server(|builder| guarded(builder).page_size(2));
    let all = vec![vec!["erase", "hello"], vec!["look", "store"], vec!["watch"]];
    for (server, caller, pages, keeper) in [
        (&narrow, with(&["base"]), vec![vec!["hello"]], "private"),
        (&narrow, with(&["base", "read"]), vec![vec!["hello", "look"], vec!["watch"]], "private"),
        (
            &narrow,
            with(&["base", "read", "write"]),
            vec![vec!["hello", "look"], vec!["store", "watch"]],
            "private",
        ),
        (&narrow, with(&["base", "read", "write", "audit"]), all.clone(), "private"),
        (&narrow, Caller::default(), all.clone(), "private"),
        (&wide, with(&["base"]), all.clone(), "public"),
        (&wide, Caller::default(), all.clone(), "public"),
    ] {
        let told = format!("{caller:?}");
        let (shown, kept) = listed(&Peer::modern(server).with_caller(caller)).await;
        assert_eq!(shown, pages, "{told}");
        assert!(kept.iter().all(|scope| scope == keeper), "{told}: {kept:?}");
    }
    let tools = server(|builder| tool(builder, "look", &["read"]).list_only_callable(true));
    let none = listed(&Peer::modern(&tools).with_caller(with(&[]))).await.0;
    assert_eq!(none, [Vec::<String>::new()], "an empty list is a list");
}

/// What is hidden is written as what is not: the same members, for each revision.
#[tokio::test]
async fn a_tool_is_written_alike_for_every_caller() {
    let server = server(|builder| guarded(builder).list_only_callable(true));
    for version in ProtocolVersion::ALL {
        let of = |caller| Peer::new(&server, version).with_caller(caller);
        let all = of(Caller::default()).call("tools/list", json!({})).await.unwrap();
        let some = of(with(&["base", "read"])).call("tools/list", json!({})).await.unwrap();
        let picked = [&all["tools"][1], &all["tools"][2], &all["tools"][4]];
        assert_eq!(
            some["tools"].as_array().unwrap().iter().collect::<Vec<_>>(),
            picked,
            "{version}"
        );
    }
}

/// What `tools/list` does not show, a wrong guess does not show either.
#[tokio::test]
async fn an_unknown_tool_is_told_from_those_that_the_caller_is_shown() {
    let narrow = server(|builder| guarded(builder).list_only_callable(true));
    let wide = server(guarded);
    for (server, caller, known) in [
        (&narrow, with(&["base"]), "; known: hello"),
        (&narrow, with(&["base", "read"]), "; known: hello, look, watch"),
        (&narrow, Caller::default(), "; known: erase, hello, look, store, watch"),
        (&wide, with(&["base"]), "; known: erase, hello, look, store, watch"),
    ] {
        let peer = Peer::modern(server).with_caller(caller);
        let error = peer.call("tools/call", json!({"name": "x"})).await.unwrap_err();
        assert_eq!(error["message"], format!("unknown tool: x{known}"));
    }
    let none = server(|builder| tool(builder, "look", &["read"]).list_only_callable(true));
    let peer = Peer::modern(&none).with_caller(with(&[]));
    let error = peer.call("tools/call", json!({"name": "x"})).await.unwrap_err();
    assert_eq!(error["message"], "unknown tool: x; known: none");
}

/// G1: a cursor is its caller's own, and stays good when the caller is granted more or less.
#[tokio::test]
async fn a_cursor_of_a_narrowed_list_survives_a_new_token_and_nobody_elses() {
    let server = server(|builder| guarded(builder).list_only_callable(true).page_size(2));
    let ann = |scopes| Caller { subject: Some("ann".to_owned()), ..with(scopes) };
    let list = async |caller, cursor: &Value| {
        let params = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
        Peer::modern(&server).with_caller(caller).call("tools/list", params).await
    };
    let first = list(ann(&["base", "read"]), &Value::Null).await.unwrap();
    let cursor = &first["nextCursor"];
    for (scopes, rest) in [
        (&["base", "read"][..], &["watch"][..]),
        (&["base", "read", "write"], &["watch"]),
        (&["base"], &[]),
    ] {
        let page = list(ann(scopes), cursor).await.unwrap();
        let names: Vec<_> = page["tools"].as_array().unwrap().iter().map(|t| &t["name"]).collect();
        assert_eq!(names, rest, "{scopes:?}");
        assert_eq!(page.get("nextCursor"), None, "{scopes:?}");
    }
    let bob = Caller { subject: Some("bob".to_owned()), ..with(&["base", "read"]) };
    assert_eq!(code(&list(bob, cursor).await), -32602);
    let of_another = Caller { issuer: Some("other".to_owned()), ..ann(&["base", "read"]) };
    assert_eq!(code(&list(of_another, cursor).await), -32602);
    assert_eq!(code(&list(Caller::default(), cursor).await), -32602);
}

/// Nothing of it depends on who asks, so it is written once, like the lists.
#[tokio::test]
async fn discovery_and_lists_are_written_once() {
    let server = server(guarded);
    for method in ["server/discover", "tools/list"] {
        let mut written = Vec::new();
        for caller in [Caller::default(), with(&["base"])] {
            let (request, exchange) =
                Peer::new(&server, NEWEST).with_caller(caller).request(method, json!({}));
            written.push(server.dispatch(request, exchange).await.unwrap());
        }
        assert_eq!(written[0].as_ptr(), written[1].as_ptr(), "{method}");
    }
}
