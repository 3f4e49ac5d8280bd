//! The Tasks extension (1.10).

use std::sync::{Arc, Mutex};

use mcp_core::task::BoxFuture;
use mcp_core::{
    Ask, CallContext, Caller, Content, ErrorObject, Granted, Interrupt, MemoryTasks, NoInput,
    Server, TaskSupport, ToolError, ToolSpec, tool_fn,
};
use serde_json::{Value, json};

use crate::peer::{Peer, code, server};

/// Background work, run when a test says so.
#[derive(Clone, Default)]
struct Works(Arc<Mutex<Vec<BoxFuture<()>>>>);

impl Works {
    fn spawner(&self) -> impl Fn(BoxFuture<()>) + Send + Sync + 'static {
        let works = self.0.clone();
        move |work| works.lock().unwrap().push(work)
    }

    async fn run(&self) {
        let works = std::mem::take(&mut *self.0.lock().unwrap());
        for work in works {
            work.await;
        }
    }
}

fn form() -> Value {
    json!({"type": "object", "properties": {"name": {"type": "string"}}})
}

fn busy(works: &Works) -> Server {
    let spec = |name, task| ToolSpec::new(name, "Works.").with_task(task);
    let text = |text: &str| Ok(Content::text(text));
    server(|builder| {
        builder
            .tasks(MemoryTasks::new(works.spawner()))
            .tool(tool_fn(
                spec("never", TaskSupport::Never),
                move |cx: CallContext, NoInput {}| async move {
                    cx.continue_as_task()?;
                    text("done")
                },
            ))
            .tool(tool_fn(
                spec("optional", TaskSupport::Optional),
                move |cx: CallContext, NoInput {}| async move {
                    cx.continue_as_task()?;
                    text("done")
                },
            ))
            .tool(tool_fn(
                spec("required", TaskSupport::Required),
                move |cx: CallContext, NoInput {}| async move {
                    cx.continue_as_task()?;
                    text("done")
                },
            ))
            .tool(tool_fn(
                spec("fails", TaskSupport::Optional),
                move |cx: CallContext, NoInput {}| async move {
                    cx.continue_as_task()?;
                    Err::<Content, _>(ToolError::failed("no luck"))
                },
            ))
            .tool(tool_fn(
                spec("errs", TaskSupport::Optional),
                move |cx: CallContext, NoInput {}| async move {
                    cx.continue_as_task()?;
                    Err::<Content, _>(
                        Interrupt::Protocol(ErrorObject::invalid_params("bad luck")).into(),
                    )
                },
            ))
            .tool(tool_fn(
                spec("panics", TaskSupport::Optional),
                move |cx: CallContext, NoInput {}| async move {
                    cx.continue_as_task()?;
                    if cx.caller().subject.is_none() {
                        panic!("a bug");
                    }
                    text("done")
                },
            ))
            .tool(tool_fn(
                spec("asks", TaskSupport::Optional),
                move |cx: CallContext, NoInput {}| async move {
                    cx.continue_as_task()?;
                    let mut ask = Ask::new(&cx);
                    let one = ask.elicit::<Value>("one", "One?", form())?;
                    let two = ask.elicit::<Value>("two", "Two?", form())?;
                    ask.finish()?;
                    text(&format!("{one:?} {two:?}"))
                },
            ))
            .tool(tool_fn(
                spec("asks_first", TaskSupport::Optional),
                move |cx: CallContext, NoInput {}| async move {
                    if cx.state().is_none() {
                        let mut ask = Ask::new(&cx);
                        ask.elicit::<Value>("one", "One?", form())?;
                        ask.remember("asked");
                        ask.finish()?;
                    }
                    cx.continue_as_task()?;
                    text(&String::from_utf8_lossy(cx.state().unwrap_or_default()))
                },
            ))
    })
}

fn with_tasks(server: &Server) -> Peer<'_> {
    let extensions = json!({"io.modelcontextprotocol/tasks": {}});
    Peer::modern(server).with_capabilities(json!({"extensions": extensions, "elicitation": {}}))
}

async fn begin(peer: &Peer<'_>, tool: &str) -> String {
    let task = peer.tool(tool, json!({})).await.unwrap();
    assert_eq!(task["resultType"], "task", "{task}");
    task["taskId"].as_str().unwrap().to_owned()
}

async fn get(peer: &Peer<'_>, id: &str) -> Value {
    peer.call("tasks/get", json!({"taskId": id})).await.unwrap()
}

/// 1.10: a call becomes a task only where request and tool have them; a tool that cannot do without
/// is refused with what the client lacks.
#[tokio::test]
async fn a_call_becomes_a_task_only_where_both_sides_have_tasks() {
    let server = busy(&Works::default());
    let (with, without) = (with_tasks(&server), Peer::modern(&server));
    for (tool, kind) in [("never", "complete"), ("optional", "task"), ("required", "task")] {
        assert_eq!(with.tool(tool, json!({})).await.unwrap()["resultType"], kind, "{tool}");
    }
    for tool in ["never", "optional"] {
        assert_eq!(
            without.tool(tool, json!({})).await.unwrap()["resultType"],
            "complete",
            "{tool}"
        );
    }
    let error = without.tool("required", json!({})).await.unwrap_err();
    let lacks =
        json!({"requiredCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}});
    assert_eq!((&error["code"], &error["data"]), (&json!(-32021), &lacks));
    // The hint of the tasks of 2025-11-25 changes nothing.
    let hinted = json!({"name": "never", "task": {"ttl": 1000}});
    assert_eq!(with.call("tools/call", hinted).await.unwrap()["resultType"], "complete");
}

/// 1.10: the result that creates a task is flat, and the task can be looked up before it is sent.
#[tokio::test]
async fn a_task_is_described_flat_and_readable_at_once() {
    let works = Works::default();
    let server = busy(&works);
    let peer = with_tasks(&server);
    let created = peer.tool("optional", json!({})).await.unwrap();
    let mut members: Vec<_> = created.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let expected = [
        "_meta",
        "createdAt",
        "lastUpdatedAt",
        "pollIntervalMs",
        "resultType",
        "status",
        "taskId",
        "ttlMs",
    ];
    assert_eq!(members, expected);
    assert_eq!(created["status"], "working");
    let id = created["taskId"].as_str().unwrap();
    assert!(id.len() >= 32, "{id} can be guessed");

    let working = get(&peer, id).await;
    assert_eq!(
        (&working["resultType"], &working["status"]),
        (&json!("complete"), &json!("working"))
    );
    works.run().await;
    let completed = get(&peer, id).await;
    assert_eq!(completed["status"], "completed");
    assert_eq!(completed["result"]["content"][0]["text"], "done");
    assert_eq!(completed["createdAt"], created["createdAt"]);
    assert_eq!(completed.get("error"), None);
}

/// 1.10: a failed call is a completed task; only a protocol error, or a bug, fails one.
#[tokio::test]
async fn a_task_fails_only_by_a_protocol_error() {
    let works = Works::default();
    let server = busy(&works);
    let peer = with_tasks(&server);
    let [fails, errs, panics] =
        [begin(&peer, "fails").await, begin(&peer, "errs").await, begin(&peer, "panics").await];
    works.run().await;
    let fails = get(&peer, &fails).await;
    assert_eq!(
        (&fails["status"], &fails["result"]["isError"]),
        (&json!("completed"), &json!(true))
    );
    let errs = get(&peer, &errs).await;
    assert_eq!((&errs["status"], &errs["error"]["code"]), (&json!("failed"), &json!(-32602)));
    assert_eq!(errs.get("result"), None);
    let panics = get(&peer, &panics).await;
    assert_eq!((&panics["status"], &panics["error"]["code"]), (&json!("failed"), &json!(-32603)));
}

/// 1.10: a task asks in `tasks/get` and is answered in `tasks/update`, in parts if need be; answers
/// to questions it did not ask are passed over.
#[tokio::test]
async fn a_task_waits_for_all_its_answers() {
    let works = Works::default();
    let server = busy(&works);
    let peer = with_tasks(&server);
    let id = begin(&peer, "asks").await;
    works.run().await;
    let asking = get(&peer, &id).await;
    assert_eq!(asking["status"], "input_required");
    assert_eq!(asking["inputRequests"]["one"]["method"], "elicitation/create");
    assert_eq!(asking.get("requestState"), None);

    let update = async |responses: Value| {
        let params = json!({"taskId": id, "inputResponses": responses});
        let ack = peer.call("tasks/update", params).await.unwrap();
        let members: Vec<_> = ack.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["resultType", "_meta"]);
        get(&peer, &id).await
    };
    let answer = json!({"action": "accept", "content": {"name": "n", "more": true}});
    let same = update(json!({"unknown": {"ignored": true}})).await;
    assert_eq!(same["inputRequests"].as_object().unwrap().len(), 2);
    let half = update(json!({"one": answer})).await;
    assert_eq!(half["status"], "input_required");
    assert_eq!(half["inputRequests"].as_object().unwrap().keys().collect::<Vec<_>>(), ["two"]);
    assert_eq!(update(json!({"two": answer})).await["status"], "working");
    works.run().await;
    assert_eq!(get(&peer, &id).await["status"], "completed");
}

/// 1.10, I6: the task goes on with the answers and the state that the rounds before it brought.
#[tokio::test]
async fn a_task_knows_what_the_rounds_before_it_knew() {
    let works = Works::default();
    let server = busy(&works);
    let peer = with_tasks(&server);
    let asked = peer.tool("asks_first", json!({})).await.unwrap();
    assert_eq!(asked["resultType"], "input_required");
    let params = json!({
        "name": "asks_first", "arguments": {}, "requestState": asked["requestState"],
        "inputResponses": {"one": {"action": "accept", "content": {}}},
    });
    let task = peer.call("tools/call", params).await.unwrap();
    assert_eq!((&task["resultType"], task.get("requestState")), (&json!("task"), None));
    works.run().await;
    let done = get(&peer, task["taskId"].as_str().unwrap()).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["result"]["content"][0]["text"], "asked");
}

/// 1.10: cancelling is acknowledged and final; a task that has ended stays as it ended.
#[tokio::test]
async fn a_cancelled_task_stays_cancelled() {
    let works = Works::default();
    let server = busy(&works);
    let peer = with_tasks(&server);
    let (running, ended) = (begin(&peer, "optional").await, begin(&peer, "optional").await);
    let cancel = async |id: &str| peer.call("tasks/cancel", json!({"taskId": id})).await.unwrap();
    assert_eq!(cancel(&running).await["resultType"], "complete");
    works.run().await;
    assert_eq!(get(&peer, &running).await["status"], "cancelled");
    let ack = cancel(&ended).await;
    assert_eq!((ack.get("status"), ack.get("taskId")), (None, None));
    assert_eq!(get(&peer, &ended).await["status"], "completed");
}

/// 1.10: a client without the extension, a stranger, and who names no task learn nothing.
#[tokio::test]
async fn a_task_is_its_owners_alone() {
    let server = busy(&Works::default());
    let ann = with_tasks(&server).with_subject("ann");
    let id = begin(&ann, "optional").await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let params = json!({"taskId": id, "inputResponses": {}});
        let undeclared =
            Peer::modern(&server).with_subject("ann").call(method, params.clone()).await;
        assert_eq!(code(&undeclared), -32021, "{method}");
        let unknown = ann.call(method, json!({"taskId": "none"})).await;
        assert_eq!(code(&unknown), -32602, "{method}");
        for stranger in [
            with_tasks(&server).with_subject("bob"),
            // A subject is unique within its issuer only.
            with_tasks(&server).with_subject("ann").of_issuer("other"),
        ] {
            assert_eq!(stranger.call(method, params.clone()).await, unknown, "{method}");
        }
        assert_eq!(code(&ann.call(method, json!({})).await), -32602, "{method}");
    }
    assert_eq!(get(&ann, &id).await["status"], "working");
}

/// A task outlives the token that it was begun with.
#[tokio::test]
async fn a_task_stays_its_owners_when_the_token_is_renewed() {
    let server = busy(&Works::default());
    let ann = |token: &str, scopes: &[&str]| {
        let caller = Caller {
            subject: Some("ann".to_owned()),
            token_id: Some(token.to_owned()),
            scopes: Granted::Only(scopes.iter().map(|&scope| scope.to_owned()).collect()),
            ..Caller::default()
        };
        with_tasks(&server).with_caller(caller)
    };
    let id = begin(&ann("1", &["read"]), "optional").await;
    assert_eq!(get(&ann("2", &["read", "write"]), &id).await["status"], "working");
}
