//! What the tenants of two tokens may ask of AWS: an STS and an AMP of this machine, which know the
//! tenant of a session.

use std::sync::Arc;

use http::header;
use local_aws::LocalAws;
use local_aws::amp::{Status, Workspace};
use serde_json::{Value, json};
use service_kit::clock::{Clock as _, ManualClock, SystemClock};

use crate::log::Log;
use crate::site::{Site, post};

const WORKSPACES: (&str, &str) = ("TENANT_WORKSPACES", r#"{"a":"ws-a","b":"ws-b"}"#);
const SIGNED: (&str, &str) = ("PROMETHEUS_SIGV4", "true");
const ROLE: (&str, &str) = ("TENANT_ROLE_ARN", "arn:aws:iam::000000000000:role/tenants");

/// The function over AWS, where `ws-a` is of the tenant `a` and `ws-b` of `b`.
struct World {
    aws: LocalAws,
    clock: Arc<ManualClock>,
    site: Site,
}

impl World {
    async fn with(variables: &[(&'static str, &str)]) -> Self {
        // The SDK corrects its time by the header `Date`, which is of the present.
        let clock = Arc::new(ManualClock::new(SystemClock.unix_ms()));
        let workspaces = ["a", "b"].map(|tenant| Workspace {
            id: format!("ws-{tenant}"),
            alias: None,
            status: Status::Active,
            tenant: Some(tenant.to_owned()),
        });
        let config = local_aws::Config {
            workspaces: workspaces.into(),
            clock: clock.clone(),
            ..Default::default()
        };
        let aws = LocalAws::start(config).await.unwrap();
        let mut environment = aws.environment();
        let here = aws.base_url();
        environment
            .extend(variables.iter().map(|(name, text)| (*name, text.replace("{aws}", &here))));
        let variables: Vec<_> =
            environment.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let site = Site::at(clock.clone(), |issuer| json!([issuer.entry()]), &variables);
        Self { aws, clock, site }
    }

    /// The result of a tool for a caller of this tenant.
    async fn call(&self, tenant: Option<&str>, tool: &str, arguments: Value) -> Value {
        let now = self.clock.unix_ms() / 1000;
        let token = json!({"tenant_id": tenant, "iat": now, "exp": now + 300});
        let message = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": tool, "arguments": arguments},
        });
        let mut request = post("/mcp", &message);
        let bearer = self.site.bearer(token).parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        request.headers_mut().insert("mcp-protocol-version", "2025-11-25".parse().unwrap());
        let answer = self.site.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["result"].clone()
    }

    /// The workspace that a query of this tenant went to, or why it did not.
    async fn asked(&self, tenant: Option<&str>, workspace: Option<&str>) -> String {
        let arguments = json!({"query": "1", "workspace_id": workspace});
        let result = self.call(tenant, "ExecuteQuery", arguments).await;
        match result["structuredContent"].pointer("/provenance/workspace") {
            Some(workspace) => workspace.as_str().unwrap().to_owned(),
            None => result["content"][0]["text"].as_str().unwrap().to_owned(),
        }
    }

    /// How many sessions STS began.
    fn sessions(&self) -> usize {
        let keys = format!("{:?}", self.aws.keys());
        let number = keys.trim_start_matches("Keyring(").trim_end_matches(')');
        number.parse::<usize>().unwrap() - 1 // the server's own pair
    }
}

#[tokio::test]
async fn each_tenant_asks_its_own_workspace_however_tenants_are_told_apart() {
    for (variables, sessions) in [(&[WORKSPACES][..], 0), (&[ROLE], 2), (&[WORKSPACES, ROLE], 2)] {
        let world = World::with(variables).await;
        for (tenant, own) in [("a", "ws-a"), ("b", "ws-b"), ("a", "ws-a")] {
            for named in [None, Some(own)] {
                assert_eq!(world.asked(Some(tenant), named).await, own, "{variables:?}");
            }
            let listed = world.call(Some(tenant), "GetAvailableWorkspaces", json!({})).await;
            let listed = listed["structuredContent"]["result"]["workspaces"].as_array().unwrap();
            let ids: Vec<_> = listed.iter().map(|item| &item["workspace_id"]).collect();
            assert_eq!(ids, [own], "{variables:?}");
        }
        assert_eq!(world.sessions(), sessions, "{variables:?}");
    }
}

#[tokio::test]
async fn what_is_anothers_is_refused_by_us_or_where_only_a_role_is_known_by_iam() {
    for (variables, word) in [
        (&[WORKSPACES][..], "workspace ws-b is not open to the tenant of this caller"),
        (&[ROLE], "access denied, aps:DescribeWorkspace is needed"),
        (&[WORKSPACES, ROLE], "workspace ws-b is not open to the tenant of this caller"),
    ] {
        let world = World::with(variables).await;
        // Where ws-b is, is known now: to b.
        assert_eq!(world.asked(Some("b"), Some("ws-b")).await, "ws-b");
        let told = world.asked(Some("a"), Some("ws-b")).await;
        assert!(told.starts_with(word), "{variables:?}: {told}");
    }
}

#[tokio::test]
async fn who_has_no_tenant_asks_nothing() {
    for variables in [&[WORKSPACES][..], &[ROLE]] {
        let world = World::with(variables).await;
        for workspace in [None, Some("ws-a")] {
            let told = world.asked(None, workspace).await;
            assert!(told.starts_with("this server is for the callers of tenants"), "{told}");
        }
    }
    let world = World::with(&[WORKSPACES]).await;
    let told = world.asked(Some("c"), Some("ws-a")).await;
    assert!(told.starts_with("no workspace is configured for the tenant"), "{told}");
}

#[tokio::test]
async fn a_session_is_renewed_five_minutes_before_it_ends() {
    // A configured address needs no control plane.
    let url = ("PROMETHEUS_URL", "{aws}/workspaces/ws-a");
    let world = World::with(&[ROLE, url, SIGNED]).await;
    let start_ms = world.clock.unix_ms();
    for (minute, sessions) in [(0, 1), (54, 1), (55, 2), (61, 2), (110, 3)] {
        world.clock.set(start_ms + minute * 60_000);
        assert_eq!(world.asked(Some("a"), None).await, "ws-a", "{minute}");
        assert_eq!(world.sessions(), sessions, "{minute}");
    }
}

#[tokio::test]
async fn calls_at_once_begin_one_session() {
    let world = World::with(&[ROLE]).await;
    let calls = (0..8).map(|_| world.asked(Some("a"), None));
    let asked = futures_util::future::join_all(calls).await;
    assert!(asked.iter().all(|workspace| workspace == "ws-a"), "{asked:?}");
    assert_eq!(world.sessions(), 1);
}

/// Names of roles, principals and accounts are for whoever runs the server.
#[tokio::test]
async fn why_there_are_no_credentials_is_for_the_log_and_whether_to_retry_for_the_model() {
    let url = ("PROMETHEUS_URL", "{aws}/workspaces/ws-a");
    let elsewhere = ("TENANT_ROLE_ARN", "arn:aws:iam::123456789012:role/elsewhere");
    let down = ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    let forbidden = "no usable AWS credentials: none could be loaded\n\
        whoever runs this server must grant access; other arguments do not help\nretryable: no";
    let unavailable = "the metrics server is unavailable: AWS credentials cannot be had at the \
        moment\nretryable: yes";
    for (variables, expected, words) in [
        (
            &[elsewhere][..],
            forbidden,
            "sts:AssumeRole and sts:TagSession on arn:aws:iam::123456789012:role/elsewhere are \
             needed: User: arn:aws:iam::000000000000:user/local is not authorized",
        ),
        (&[ROLE, down], unavailable, "STS is unavailable: "),
    ] {
        // The control plane first, then, with a known address, the data plane alone.
        for variables in [variables.to_vec(), [variables, &[url, SIGNED]].concat()] {
            let log = Log::capture();
            let world = World::with(&variables).await;
            assert_eq!(world.asked(Some("a"), None).await, expected, "{variables:?}");
            let log = log.text();
            let line = log.lines().find(|line| line.contains("backend failed")).unwrap();
            assert!(line.contains(words), "{line}");
        }
    }
}

#[tokio::test]
async fn what_iam_forbids_is_told_by_its_action_without_the_words_of_aws() {
    let log = Log::capture();
    let world = World::with(&[ROLE]).await;
    let told = world.asked(Some("a"), Some("ws-b")).await;
    assert_eq!(
        told,
        "access denied, aps:DescribeWorkspace is needed\n\
         whoever runs this server must grant access; other arguments do not help\nretryable: no"
    );
    assert!(log.text().contains("not authorized to perform: aps:DescribeWorkspace"));
}

#[tokio::test]
async fn the_log_tells_of_a_session_and_none_of_its_secrets() {
    let log = Log::capture();
    let world = World::with(&[ROLE]).await;
    assert_eq!(world.asked(Some("a"), None).await, "ws-a");
    let log = log.text();
    assert!(log.contains("role assumed tenant.id=\"a\""), "{log}");
    let secrets = ["SecretAccessKey", "SessionToken", "local/secret/"];
    for line in log.lines() {
        assert!(!secrets.iter().any(|secret| line.contains(secret)), "{line}");
    }
}
