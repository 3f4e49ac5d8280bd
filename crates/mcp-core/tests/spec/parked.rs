//! Tasks of which nothing is kept (1.10): their ids say where their work is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mcp_core::{
    CallContext, Caller, Content, ErrorObject, Granted, Interrupt, NoInput, Server, ServerBuilder,
    TaskSupport, Tool, ToolError, ToolSpec,
};
use serde_json::{Value, json};

use crate::peer::{Peer, code, server};

/// Work that goes on somewhere else: how each job stands, by its number.
#[derive(Clone, Default)]
struct Elsewhere(Arc<Mutex<BTreeMap<u8, Job>>>);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Job {
    Runs,
    Ended,
    Failed,
    Refused,
    Stopped,
}

/// Begins a job, and parks the call.
struct Begin(Elsewhere);

impl Begin {
    fn look(&self, cx: &CallContext, job: u8) -> Result<Content, ToolError> {
        let mut jobs = self.0.0.lock().unwrap();
        let found = jobs.get_mut(&job).unwrap();
        if cx.cancellation().is_cancelled() {
            *found = Job::Stopped;
        }
        match found {
            Job::Runs => {
                cx.park([job])?;
                Ok(Content::text("waited"))
            }
            Job::Ended => Ok(Content::text(format!("job {job}"))),
            Job::Failed => Err(ToolError::failed("no luck")),
            Job::Refused => Err(Interrupt::Protocol(ErrorObject::internal()).into()),
            Job::Stopped => Err(Interrupt::Cancelled.into()),
        }
    }
}

impl Tool for Begin {
    type Input = NoInput;
    type Output = Content;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new("begin", "Begins a job.")
            .with_task(TaskSupport::Optional)
            .with_scopes(["jobs/read"])
    }

    async fn call(&self, cx: &CallContext, _: NoInput) -> Result<Content, ToolError> {
        let job = u8::try_from(self.0.0.lock().unwrap().len()).unwrap();
        self.0.0.lock().unwrap().insert(job, Job::Runs);
        self.look(cx, job)
    }

    async fn resume(&self, cx: &CallContext, parked: Vec<u8>) -> Result<Content, ToolError> {
        self.look(cx, parked[0])
    }
}

fn with_key(jobs: &Elsewhere, key: u8) -> Server {
    server(|builder: ServerBuilder| {
        builder.park_tasks().state_key([key; 32]).tool(Begin(jobs.clone()))
    })
}

fn peer(server: &Server) -> Peer<'_> {
    let extensions = json!({"io.modelcontextprotocol/tasks": {}});
    Peer::modern(server).with_capabilities(json!({"extensions": extensions})).with_subject("ann")
}

async fn begin(peer: &Peer<'_>) -> String {
    let task = peer.tool("begin", json!({})).await.unwrap();
    assert_eq!((&task["resultType"], &task["status"]), (&json!("task"), &json!("working")));
    task["taskId"].as_str().unwrap().to_owned()
}

async fn get(peer: &Peer<'_>, id: &str) -> Value {
    peer.call("tasks/get", json!({"taskId": id})).await.unwrap()
}

/// 1.10: statuses; a failed call is a completed task; any instance with the key knows it.
#[tokio::test]
async fn a_parked_call_is_found_again_by_any_instance() {
    let jobs = Elsewhere::default();
    let (one, other) = (with_key(&jobs, 1), with_key(&jobs, 1));
    let id = begin(&peer(&one)).await;
    for (job, status) in [
        (Job::Runs, "working"),
        (Job::Ended, "completed"),
        (Job::Failed, "completed"),
        (Job::Refused, "failed"),
        (Job::Stopped, "cancelled"),
    ] {
        jobs.0.lock().unwrap().insert(0, job);
        let task = get(&peer(&other), &id).await;
        assert_eq!(task["status"], status, "{job:?}: {task}");
        assert_eq!(task["taskId"], json!(id));
        assert_eq!(task["result"]["isError"] == true, job == Job::Failed);
    }
    jobs.0.lock().unwrap().insert(0, Job::Ended);
    assert_eq!(get(&peer(&other), &id).await["result"]["content"][0]["text"], "job 0");
}

/// 1.10: an empty acknowledgement, and the work is stopped.
#[tokio::test]
async fn a_cancel_reaches_the_work() {
    let jobs = Elsewhere::default();
    let server = with_key(&jobs, 1);
    let peer = peer(&server);
    let id = begin(&peer).await;
    for method in ["tasks/update", "tasks/cancel"] {
        let ack = peer.call(method, json!({"taskId": id, "inputResponses": {}})).await.unwrap();
        assert_eq!(ack["resultType"], "complete");
        assert_eq!(ack.get("status"), None);
    }
    assert_eq!(jobs.0.lock().unwrap()[&0], Job::Stopped);
    assert_eq!(get(&peer, &id).await["status"], "cancelled");
}

/// 1.10: an id is for its caller alone, and for who may call its tool; unknown ids are -32602.
#[tokio::test]
async fn an_id_opens_for_its_caller_only() {
    let jobs = Elsewhere::default();
    let (server, foreign) = (with_key(&jobs, 1), with_key(&jobs, 2));
    let id = begin(&peer(&server)).await;
    let ask = json!({"taskId": id});
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let bob = peer(&server).with_subject("bob");
        assert_eq!(code(&bob.call(method, ask.clone()).await), -32602);
        assert_eq!(code(&peer(&foreign).call(method, ask.clone()).await), -32602);
        let made_up = json!({"taskId": "AAAA"});
        assert_eq!(code(&peer(&server).call(method, made_up).await), -32602);
        let less = Caller {
            subject: Some("ann".to_owned()),
            scopes: Granted::Only(Default::default()),
            ..Caller::default()
        };
        let refused = peer(&server).with_caller(less).call(method, ask.clone()).await.unwrap_err();
        assert!(refused["message"].as_str().unwrap().contains("jobs/read"), "{refused}");
    }
    assert_eq!(jobs.0.lock().unwrap()[&0], Job::Runs);
}

/// 1.10: without the extension the call goes on, and tasks are refused with what is missing.
#[tokio::test]
async fn a_client_without_tasks_waits() {
    let jobs = Elsewhere::default();
    let server = with_key(&jobs, 1);
    let without = Peer::modern(&server);
    let waited = without.tool("begin", json!({})).await.unwrap();
    assert_eq!(waited["content"][0]["text"], "waited");
    assert_eq!(code(&without.call("tasks/get", json!({"taskId": "x"})).await), -32021);
}
