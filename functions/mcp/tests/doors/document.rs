//! `docs/security/doors.md` says what is so.

use std::collections::BTreeMap;

use fn_mcp::Lambda;
use serde_json::{Value, json};

use crate::site::{Answer, Site, call, list};

const DOCUMENT: &str = include_str!("../../../../docs/security/doors.md");

/// The JSON examples.
fn examples() -> Vec<Value> {
    let blocks = DOCUMENT.split("```json\n").skip(1);
    blocks
        .map(|block| {
            let (json, _) = block.split_once("```").unwrap();
            serde_json::from_str(json).unwrap_or_else(|err| panic!("{err}: {json}"))
        })
        .collect()
}

#[test]
fn every_example_is_understood() {
    let (mut issuers, mut tenants) = (0, 0);
    for example in examples() {
        let text = example.to_string();
        let mut env = BTreeMap::from([
            // As Lambda sets them.
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "a secret"),
            ("AUTH_MODE", "jwt+iam"),
            ("MCP_RESOURCE", "https://mcp.example.com/mcp"),
            ("AUTH_ISSUERS", r#"[{"issuer":"https://as.example.com","profile":"at+jwt"}]"#),
        ]);
        let is_principal = |key: &String| key.starts_with("arn:") || key.parse::<u64>().is_ok();
        match &example {
            Value::Array(_) => {
                issuers += 1;
                env.insert("AUTH_ISSUERS", &text);
            }
            Value::Object(members) if members.keys().all(is_principal) => {
                tenants += 1;
                env.insert("IAM_TENANTS", &text);
            }
            _ => continue,
        }
        assert!(Lambda::from_env(&env).is_ok(), "{text}: {:?}", Lambda::from_env(&env).err());
    }
    assert!(issuers >= 3 && tenants >= 1, "{issuers} and {tenants} examples");
}

#[tokio::test]
async fn the_metadata_is_as_it_is_shown() {
    let site = Site::new();
    let mut shown = examples();
    shown.retain(|example| example.get("authorization_servers").is_some());
    let [shown] = &mut shown[..] else { panic!("{shown:?}") };
    let mut request = list();
    *request.method_mut() = http::Method::GET;
    *request.uri_mut() = "/.well-known/oauth-protected-resource".parse().unwrap();
    let mut served = site.send(request).await.json();
    for document in [&mut served, shown] {
        assert!(document["authorization_servers"].as_array_mut().unwrap().pop().is_some());
    }
    assert_eq!(*shown, served);
}

/// Each refusal has its row: the status, and the body to the letter.
#[tokio::test]
async fn every_refusal_is_in_the_table() {
    let site = Site::new();
    let cold = Site::believing(|issuer| json!([issuer.out_of_reach()]), &[]);
    let mut twice = call(&site.bearer(json!({})));
    *twice.uri_mut() = "/mcp?access_token=x".parse().unwrap();
    let mut elsewhere = call(&site.bearer(json!({})));
    crate::tenants::in_environment(&mut elsewhere, Some("acme"));
    let refusals: [Answer; 5] = [
        site.send(list()).await,
        site.list_as(json!({"exp": 0})).await,
        site.send(twice).await,
        cold.list_as(json!({})).await,
        site.send(elsewhere).await,
    ];
    for answer in refusals {
        let (status, body) = (answer.status.as_u16().to_string(), format!("`{}`", answer.text()));
        let row = DOCUMENT.lines().find(|line| line.starts_with('|') && line.contains(&body));
        let row = row.unwrap_or_else(|| panic!("no row has {body}"));
        assert!(row.contains(&status), "{status}: {row}");
        if let Some(challenge) = answer.challenge() {
            let short = challenge
                .replace("https://mcp.example.com/.well-known/oauth-protected-resource/mcp", "…");
            assert!(row.contains(&short), "{short}: {row}");
        }
    }
}
