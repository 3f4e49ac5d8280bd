//! Holds what a server sends to the official schema of its revision (`schema/<revision>/schema.json`).
//!
//! The schemas allow members they do not name, so this finds what is missing or misshapen, not what is too much.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

/// The revisions with a schema, oldest first.
pub const REVISIONS: [&str; 5] =
    ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// Panics unless `frame`, sent by a server of `revision` while it answers `method`, is valid.
///
/// # Panics
/// With every violation, when there is one; and when `revision` is not one of [`REVISIONS`].
#[track_caller]
#[expect(clippy::panic, reason = "an assertion for tests")]
pub fn check(revision: &str, method: &str, frame: &Value) {
    let found = violations(revision, method, frame);
    if !found.is_empty() {
        panic!("{revision} {method}: {}\n{frame:#}", found.join("; "));
    }
}

/// What is wrong with `frame`, a JSON-RPC message (or, in 2025-03-26, a batch of responses) that a server of `revision`
/// sent while it answered `method`; empty when it is valid.
///
/// A response is held to its envelope and to the result of `method`; a notification to its own definition; an error to
/// the definition of its code, where the revision has one.
pub fn violations(revision: &str, method: &str, frame: &Value) -> Vec<String> {
    let Some(schema) = SCHEMAS.get(revision) else {
        return vec![format!("there is no schema for revision {revision:?}")];
    };
    if frame.is_array() {
        return schema.violations("JSONRPCBatchResponse", frame);
    }
    if let Some(method) = frame.get("method").and_then(Value::as_str) {
        if frame.get("id").is_some() && revision >= "2026-07-28" {
            return vec![format!("a server must not send the request {method:?}")];
        }
        return schema.violations(message_definition(method), frame);
    }
    if let Some(error) = frame.get("error") {
        let code = error.get("code").and_then(Value::as_i64);
        return schema
            .violations(schema.error_definition(code), &with_readable_id(revision, frame));
    }
    let mut found =
        schema.violations(schema.first_of(&["JSONRPCResultResponse", "JSONRPCResponse"]), frame);
    if let Some(result) = frame.get("result")
        && let Some(definition) = result_definition(method, result)
    {
        found.extend(schema.violations(definition, result));
    }
    found
}

/// A request whose id could not be read is answered with `null` (JSON-RPC 2.0, section 5). The schemas before 2025-11-25
/// forgot the case; the later ones leave the id out.
fn with_readable_id(revision: &str, frame: &Value) -> Value {
    let mut frame = frame.clone();
    if revision < "2025-11-25" && frame.get("id").is_none_or(Value::is_null) {
        frame["id"] = json!(0);
    }
    frame
}

fn result_definition(method: &str, result: &Value) -> Option<&'static str> {
    match result.get("resultType").and_then(Value::as_str) {
        Some("input_required") => return Some("InputRequiredResult"),
        Some("complete") | None => {}
        Some(_) => return None, // an extension's own result: only the envelope is in the core schema
    }
    Some(match method {
        "initialize" => "InitializeResult",
        "server/discover" => "DiscoverResult",
        "tools/list" => "ListToolsResult",
        "tools/call" => "CallToolResult",
        "resources/list" => "ListResourcesResult",
        "resources/templates/list" => "ListResourceTemplatesResult",
        "resources/read" => "ReadResourceResult",
        "prompts/list" => "ListPromptsResult",
        "prompts/get" => "GetPromptResult",
        "completion/complete" => "CompleteResult",
        "subscriptions/listen" => "SubscriptionsListenResult",
        "ping" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => {
            "EmptyResult"
        }
        _ => return None,
    })
}

fn message_definition(method: &str) -> &'static str {
    match method {
        "notifications/cancelled" => "CancelledNotification",
        "notifications/progress" => "ProgressNotification",
        "notifications/message" => "LoggingMessageNotification",
        "notifications/tools/list_changed" => "ToolListChangedNotification",
        "notifications/prompts/list_changed" => "PromptListChangedNotification",
        "notifications/resources/list_changed" => "ResourceListChangedNotification",
        "notifications/resources/updated" => "ResourceUpdatedNotification",
        "notifications/subscriptions/acknowledged" => "SubscriptionsAcknowledgedNotification",
        "sampling/createMessage" => "CreateMessageRequest",
        "elicitation/create" => "ElicitRequest",
        "roots/list" => "ListRootsRequest",
        _ => "JSONRPCNotification",
    }
}

static SCHEMAS: LazyLock<HashMap<&'static str, Schema>> = LazyLock::new(|| {
    let sources = [
        include_str!("../schema/2024-11-05/schema.json"),
        include_str!("../schema/2025-03-26/schema.json"),
        include_str!("../schema/2025-06-18/schema.json"),
        include_str!("../schema/2025-11-25/schema.json"),
        include_str!("../schema/2026-07-28/schema.json"),
    ];
    REVISIONS.into_iter().zip(sources.map(Schema::parse)).collect()
});

struct Schema {
    /// `definitions` or `$defs`: the older schemas are draft 7, the newer 2020-12.
    container: &'static str,
    names: Vec<String>,
    registry: Registry<'static>,
    compiled: Mutex<HashMap<&'static str, Arc<Validator>>>,
}

const ROOT: &str = "mcp://schema/schema.json";

impl Schema {
    #[expect(clippy::expect_used, reason = "the input is vendored; a fault in it is ours")]
    fn parse(source: &str) -> Self {
        let root: Value = serde_json::from_str(source).expect("a vendored schema is JSON");
        let container = if root.get("$defs").is_some() { "$defs" } else { "definitions" };
        let names = root[container].as_object().into_iter().flat_map(|defs| defs.keys().cloned());
        let names = names.collect();
        let registry = Registry::new().add(ROOT, root).expect("the root has a URI");
        let registry = registry.prepare().expect("every reference of a vendored schema resolves");
        Self { container, names, registry, compiled: Mutex::default() }
    }

    fn first_of(&self, names: &[&'static str]) -> &'static str {
        let known = |name: &&&str| self.names.iter().any(|known| known == **name);
        names.iter().find(known).copied().unwrap_or(names[0])
    }

    fn error_definition(&self, code: Option<i64>) -> &'static str {
        let own = match code {
            Some(-32020) => "HeaderMismatchError",
            Some(-32021) => "MissingRequiredClientCapabilityError",
            Some(-32022) => "UnsupportedProtocolVersionError",
            Some(-32042) => "URLElicitationRequiredError",
            _ => "JSONRPCErrorResponse",
        };
        self.first_of(&[own, "JSONRPCErrorResponse", "JSONRPCError"])
    }

    fn violations(&self, definition: &'static str, value: &Value) -> Vec<String> {
        if !self.names.iter().any(|name| name == definition) {
            return vec![format!("{definition} is not in this revision's schema")];
        }
        let validator = self.compiled(definition);
        let shown = |err: jsonschema::ValidationError<'_>| {
            format!("{definition}{}: {err}", err.instance_path())
        };
        validator.iter_errors(value).map(shown).collect()
    }

    #[expect(clippy::expect_used, reason = "the input is vendored; a fault in it is ours")]
    fn compiled(&self, definition: &'static str) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || {
            let schema = json!({ "$ref": format!("{ROOT}#/{}/{definition}", self.container) });
            let options = jsonschema::options().with_registry(&self.registry).offline();
            Arc::new(options.build(&schema).expect("a vendored definition compiles"))
        };
        Arc::clone(compiled.entry(definition).or_insert_with(build))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_valid(revision: &str, method: &str, frame: Value, expected: bool) {
        let found = violations(revision, method, &frame);
        assert_eq!(found.is_empty(), expected, "{revision} {method} {frame}: {found:?}");
    }

    #[test]
    fn each_revision_accepts_its_own_first_answer() {
        for revision in &REVISIONS[..4] {
            let result = json!({
                "protocolVersion": revision, "capabilities": {}, "serverInfo": {"name": "s", "version": "1"},
            });
            is_valid(
                revision,
                "initialize",
                json!({"jsonrpc": "2.0", "id": 1, "result": result}),
                true,
            );
        }
        let mut result = json!({
            "supportedVersions": ["2026-07-28"], "capabilities": {}, "resultType": "complete",
            "ttlMs": 0, "cacheScope": "public",
        });
        let discover = |result: &Value| json!({"jsonrpc": "2.0", "id": 1, "result": result});
        is_valid("2026-07-28", "server/discover", discover(&result), true);
        result["cacheScope"] = json!("everybody");
        is_valid("2026-07-28", "server/discover", discover(&result), false);
    }

    #[test]
    fn a_result_is_held_to_its_method() {
        let frame = json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "t"}]}});
        for revision in REVISIONS {
            is_valid(revision, "tools/list", frame.clone(), false);
            is_valid(revision, "unheard/of", frame.clone(), revision < "2026-07-28");
        }
    }

    #[test]
    fn an_error_is_held_to_its_code() {
        let error = |code: i64, data: Value| json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no", "data": data}});
        let good = json!({"supported": ["2026-07-28"], "requested": "x"});
        is_valid("2026-07-28", "tools/list", error(-32022, good.clone()), true);
        is_valid("2026-07-28", "tools/list", error(-32022, json!({})), false);
        is_valid("2025-06-18", "tools/list", error(-32022, good), true);
        is_valid("2026-07-28", "tools/call", error(-32602, json!({"any": 1})), true);
    }

    #[test]
    fn an_error_without_a_readable_id_is_valid_in_its_revisions_way() {
        let error = json!({"code": -32700, "message": "parse error"});
        let null = json!({"jsonrpc": "2.0", "id": null, "error": error});
        let none = json!({"jsonrpc": "2.0", "error": error});
        for revision in REVISIONS {
            is_valid(revision, "", null.clone(), revision < "2025-11-25");
            is_valid(revision, "", none.clone(), true);
        }
    }

    #[test]
    fn notifications_and_batches_are_known() {
        let progress = json!({
            "jsonrpc": "2.0", "method": "notifications/progress",
            "params": {"progressToken": 1, "progress": 0.5},
        });
        let broken = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}});
        for revision in REVISIONS {
            is_valid(revision, "tools/call", progress.clone(), true);
            is_valid(revision, "tools/call", broken.clone(), false);
        }
        let batch = json!([{"jsonrpc": "2.0", "id": 1, "result": {}}]);
        is_valid("2025-03-26", "ping", batch.clone(), true);
        is_valid("2025-06-18", "ping", batch, false);
    }

    #[test]
    fn a_modern_server_sends_no_requests() {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list", "params": {}});
        is_valid("2025-11-25", "tools/call", request.clone(), true);
        is_valid("2026-07-28", "tools/call", request, false);
    }
}
