//! What the real authorizer's answers come to at API Gateway, which keeps them.

use serde_json::{Value, json};
use tests::emulator::{Front, Settings};

use super::site::{ALLOWED, Issuer, Site, reading};
use crate::lambda::DOORS;

/// A function that tells what it is told.
fn probe(issuer: &Issuer, (front, mode): crate::lambda::Door) -> Settings {
    issuer.before(Settings::new(env!("CARGO_BIN_EXE_probe-function"), front, mode))
}

/// The caller that a function is told of.
fn caller(front: Front, seen: &Value) -> &Value {
    let authorizer = &seen["context"]["authorizer"];
    match front {
        Front::RestV1 => authorizer,
        Front::HttpV2 => &authorizer["lambda"],
    }
}

#[tokio::test]
async fn z04_z06_one_kept_policy_opens_the_callers_routes_and_no_others() {
    let issuer = Issuer::start().await;
    for door in DOORS {
        let site = Site::start(probe(&issuer, door)).await;
        let token = issuer.token(&reading("acme")).await;
        for (method, path, status) in [
            ("POST", "/mcp", 200),
            ("GET", "/mcp", 200),
            ("DELETE", "/mcp", 200),
            ("GET", "/tools", 200),
            ("POST", "/tools/ExecuteQuery", 200),
            ("GET", "/openapi.json", 200),
            ("POST", "/tools", 403),
            ("DELETE", "/tools/ExecuteQuery", 403),
            ("DELETE", "/clients/x", 403),
            ("GET", "/admin", 403),
            ("POST", "/admin", 403),
            ("POST", "/mcp", 200),
        ] {
            let reply = site.ask(method, path, Some(&token)).await;
            assert_eq!(reply.status, status, "{door:?} {method} {path}: {}", site.log());
        }
        site.assert_logged(ALLOWED, 1).await;

        // The first route a token is used for makes no difference.
        let token = issuer.token(&reading("acme")).await;
        for (path, status) in [("/admin", 403), ("/mcp", 200), ("/admin", 403)] {
            let reply = site.post(path, Some(&token)).await;
            assert_eq!(reply.status, status, "{door:?} {path}: {}", site.log());
        }
    }
}

#[tokio::test]
async fn z07_z09_z10_each_call_has_its_own_callers_tenant_subject_and_scopes_as_texts() {
    let issuer = Issuer::start().await;
    for door in DOORS {
        let site = Site::start(probe(&issuer, door)).await;
        let acme = issuer.token(&reading("acme")).await;
        let blue = issuer.token(&reading("blue").with_scopes(["mcp/invoke"])).await;
        let invoke_and_read = "mcp/invoke prometheus-mcp-server/read";
        for (token, name, scope) in [
            (&acme, "acme", invoke_and_read),
            (&blue, "blue", "mcp/invoke"),
            (&acme, "acme", invoke_and_read),
            (&blue, "blue", "mcp/invoke"),
        ] {
            let reply = site.list(token).await;
            assert_eq!(reply.status, 200, "{}", site.log());
            let caller = caller(door.0, &reply.json);
            for (member, text) in
                [("sub", name), ("clientId", name), ("tenantId", name), ("scope", scope)]
            {
                assert_eq!(caller[member], json!(text), "{door:?} {name}: {caller}");
            }
            if door.0 == Front::RestV1 {
                assert_eq!(caller["principalId"], name);
            }
            let members = caller.as_object().unwrap().iter();
            for (member, value) in members.filter(|(member, _)| *member != "integrationLatency") {
                assert!(value.is_string(), "{member}: {value}");
            }
        }
        site.assert_logged(ALLOWED, 2).await;
    }
}
