//! What a server announces about itself: that a list changed, or a resource did.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::context::CallContext;
use crate::jsonrpc::Id;
use crate::message::META_SUBSCRIPTION_ID;
use crate::registry::Registry;

/// How many changes a slow listener may lag behind before it misses some.
const BACKLOG: usize = 64;

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// The resource of this URI.
    Resource(String),
}

/// Announces changes to every client that listens (`subscriptions/listen`, 2026-07-28). Cheap to
/// clone. To be given to a server only where its host can stream.
#[derive(Clone, Debug)]
pub struct Changes(broadcast::Sender<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Changes {
    /// Nobody listens yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells everyone who listens for it.
    pub fn announce(&self, change: Change) {
        // An error says that nobody listens.
        let _nobody = self.0.send(change);
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}

/// What a client wants to hear of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Filter {
    #[serde(skip_serializing_if = "is_false")]
    tools_list_changed: bool,
    #[serde(skip_serializing_if = "is_false")]
    prompts_list_changed: bool,
    #[serde(skip_serializing_if = "is_false")]
    resources_list_changed: bool,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    resource_subscriptions: BTreeSet<String>,
}

impl Filter {
    /// What of it a server that has `registry` can honour.
    pub(crate) fn within(self, registry: &Registry) -> Self {
        let resources = registry.has_resources();
        Self {
            tools_list_changed: self.tools_list_changed && !registry.tools.is_empty(),
            prompts_list_changed: self.prompts_list_changed && !registry.prompts.is_empty(),
            resources_list_changed: self.resources_list_changed && resources,
            resource_subscriptions: if resources {
                self.resource_subscriptions
            } else {
                BTreeSet::new()
            },
        }
    }

    fn wants(&self, change: &Change) -> bool {
        match change {
            Change::Tools => self.tools_list_changed,
            Change::Prompts => self.prompts_list_changed,
            Change::Resources => self.resources_list_changed,
            Change::Resource(uri) => self.resource_subscriptions.contains(uri),
        }
    }

    fn everything(&self) -> Vec<Change> {
        let resources = self.resource_subscriptions.iter().cloned().map(Change::Resource);
        [Change::Tools, Change::Prompts, Change::Resources].into_iter().chain(resources).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Announces to one client until nobody waits any more.
pub(crate) async fn listen(
    cx: &CallContext,
    id: &Id,
    filter: Filter,
    mut changes: broadcast::Receiver<Change>,
) -> serde_json::Value {
    let events = &cx.exchange().events;
    let meta = json!({ META_SUBSCRIPTION_ID: id });
    events.send(
        "notifications/subscriptions/acknowledged",
        &json!({"notifications": filter, "_meta": meta}),
    );
    loop {
        let due = tokio::select! {
            biased;
            () = cx.cancellation().cancelled() => break,
            change = changes.recv() => match change {
                Ok(change) => vec![change],
                // What was missed is not known any more, so anything may have changed.
                Err(RecvError::Lagged(_)) => filter.everything(),
                Err(RecvError::Closed) => break,
            },
        };
        for change in due.into_iter().filter(|change| filter.wants(change)) {
            match change {
                Change::Tools => {
                    events.send("notifications/tools/list_changed", &json!({"_meta": meta}))
                }
                Change::Prompts => {
                    events.send("notifications/prompts/list_changed", &json!({"_meta": meta}));
                }
                Change::Resources => {
                    events.send("notifications/resources/list_changed", &json!({"_meta": meta}));
                }
                Change::Resource(uri) => {
                    let params = json!({"uri": uri, "_meta": meta});
                    events.send("notifications/resources/updated", &params);
                }
            }
        }
    }
    json!({"resultType": "complete", "_meta": meta})
}
