//! `subscriptions/listen` (1.8).

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mcp_core::{
    Change, Changes, Content, Events, NoInput, ProtocolVersion, ResourceContents, ResourceSpec,
    Server, ToolSpec, tool_fn,
};
use serde_json::{Value, json};

use crate::peer::{Peer, code, read, reply, server};

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// It has tools and a resource, but no prompts.
fn announcing(changes: &Changes) -> Server {
    server(|builder| {
        builder
            .tool(tool_fn(ToolSpec::new("t", "Does."), |_, NoInput {}| async {
                Ok(Content::text(""))
            }))
            .resource(ResourceSpec::new("test://a", "a"), |_, uri| async {
                Ok(vec![ResourceContents::text(uri, "text/plain", "a")])
            })
            .changes(changes)
    })
}

/// What one who listens for `filter` is sent while `announced` is, and the reply at the end.
fn heard(filter: Value, announced: &[Change]) -> (Vec<Value>, Value) {
    let changes = Changes::new();
    let server = announcing(&changes);
    let (request, mut exchange) =
        Peer::modern(&server).request("subscriptions/listen", json!({"notifications": filter}));
    let (events, mut receiver) = Events::channel();
    exchange.events = events;
    let cancellation = exchange.cancellation.clone();
    let mut listening = pin!(server.dispatch(request, exchange));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(listening.as_mut().poll(&mut cx).is_pending());
    for change in announced {
        changes.announce(change.clone());
    }
    assert!(listening.as_mut().poll(&mut cx).is_pending());
    cancellation.cancel();
    let Poll::Ready(ended) = listening.as_mut().poll(&mut cx) else {
        panic!("it goes on listening");
    };
    let mut frames = Vec::new();
    while let Ok(frame) = receiver.try_recv() {
        frames.push(read(&frame));
    }
    (frames, reply(ended).unwrap())
}

fn all_changes() -> Vec<Change> {
    let resource = |uri: &str| Change::Resource(uri.to_owned());
    vec![
        Change::Tools,
        Change::Prompts,
        Change::Resources,
        resource("test://a"),
        resource("test://b"),
    ]
}

/// 1.8: the acknowledgement comes first, then what was asked for and nothing else, each with the id
/// of the request in its own type; a graceful end is a result.
#[test]
fn a_listener_hears_what_it_asked_for() {
    let filter = json!({"toolsListChanged": true, "resourceSubscriptions": ["test://a"]});
    let (frames, end) = heard(filter.clone(), &all_changes());
    let meta = json!({SUBSCRIPTION: 7});
    let frame = |method: &str, mut params: Value| {
        params["_meta"] = meta.clone();
        json!({"jsonrpc": "2.0", "method": method, "params": params})
    };
    assert_eq!(
        frames,
        [
            frame("notifications/subscriptions/acknowledged", json!({"notifications": filter})),
            frame("notifications/tools/list_changed", json!({})),
            frame("notifications/resources/updated", json!({"uri": "test://a"})),
        ]
    );
    assert_eq!(end["resultType"], "complete");
    assert_eq!(end["_meta"][SUBSCRIPTION], 7);
}

/// 1.8: what the server has not is not promised, and what nobody asked for is not sent.
#[test]
fn only_what_can_be_heard_is_acknowledged() {
    for (asked, acknowledged, told) in [
        (json!({}), json!({}), 0),
        (json!({"toolsListChanged": false}), json!({}), 0),
        (json!({"promptsListChanged": true}), json!({}), 0),
        (
            json!({"resourcesListChanged": true, "promptsListChanged": true}),
            json!({"resourcesListChanged": true}),
            1,
        ),
        (json!({"taskIds": ["a"], "toolsListChanged": true}), json!({"toolsListChanged": true}), 1),
    ] {
        let (frames, _) = heard(asked.clone(), &all_changes());
        assert_eq!(frames[0]["params"]["notifications"], acknowledged, "{asked}");
        assert_eq!(frames.len(), 1 + told, "{asked}");
    }
}

/// A listener that lags behind is told that anything may have changed, rather than nothing.
#[test]
fn a_listener_that_missed_something_is_told_of_everything_it_listens_for() {
    let many = vec![Change::Prompts; 1000];
    let filter = json!({"toolsListChanged": true, "resourceSubscriptions": ["test://a"]});
    let (frames, _) = heard(filter, &many);
    let methods: Vec<_> = frames.iter().map(|frame| frame["method"].as_str().unwrap()).collect();
    assert!(methods.contains(&"notifications/tools/list_changed"), "{methods:?}");
    assert!(methods.contains(&"notifications/resources/updated"), "{methods:?}");
}

/// 1.8: without a stream there is nothing to listen on, and that is said at once.
#[tokio::test]
async fn listening_without_a_stream_is_refused() {
    let changes = Changes::new();
    let server = announcing(&changes);
    let reply = Peer::modern(&server).call("subscriptions/listen", json!({})).await;
    assert_eq!(code(&reply), -32600);
}

/// 3.2: an older client may subscribe, though a server without sessions has no stream to tell it on.
#[tokio::test]
async fn an_older_client_may_subscribe() {
    let changes = Changes::new();
    let server = announcing(&changes);
    let peer = Peer::new(&server, ProtocolVersion::NEWEST_LEGACY);
    for method in ["resources/subscribe", "resources/unsubscribe"] {
        assert_eq!(peer.call(method, json!({"uri": "test://a"})).await, Ok(json!({})));
    }
}
