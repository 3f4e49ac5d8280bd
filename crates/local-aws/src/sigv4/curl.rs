//! What curl signs (`--aws-sigv4`), where curl is installed.
//!
//! Older ones sign neither several query parameters nor an escape in the path as AWS wants it.

use std::process::{Command, Output};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use service_kit::clock::{Clock as _, SystemClock};
use tokio::net::TcpListener;

use super::*;

/// Answers who signed, or why that is not known.
async fn who(State(verifier): State<Arc<Verifier>>, request: Request) -> String {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    match verifier.verify(&parts, &body, SystemClock.unix_ms()) {
        Ok(principal) => principal.arn,
        Err(refusal) => refusal.to_string(),
    }
}

/// What curl prints when it signs for API Gateway and sends this.
async fn curl(secret: &str, target: &str, arguments: &[&str]) -> String {
    let keys = Credentials::default().into();
    let verifier = Verifier { keys, region: "eu-west-1".to_owned(), service: "execute-api" };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{target}", listener.local_addr().unwrap());
    let router = Router::new().fallback(who).with_state(Arc::new(verifier));
    let served = tokio::spawn(axum::serve(listener, router).into_future());

    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--aws-sigv4", "aws:amz:eu-west-1:execute-api"]);
    command.args(["--user", &format!("{}:{secret}", Credentials::default().access_key_id)]);
    command.args(arguments).arg(&url);
    let run = tokio::task::spawn_blocking(move || command.output());
    let Output { stdout, stderr, .. } = run.await.unwrap().unwrap();
    served.abort();
    assert_eq!(String::from_utf8_lossy(&stderr), "");
    String::from_utf8(stdout).unwrap()
}

fn is_installed() -> bool {
    let installed = Command::new("curl").arg("--version").output().is_ok();
    if !installed {
        eprintln!("curl is not installed: nothing was tested");
    }
    installed
}

#[tokio::test]
async fn what_curl_signs_is_accepted_and_a_wrong_secret_is_not() {
    if !is_installed() {
        return;
    }
    let Credentials { secret_access_key: secret, .. } = Credentials::default();
    let json = ["--header", "content-type: application/json", "--data", r#"{"a":[1, "ü"]}"#];
    for (target, arguments) in [
        ("/prod/mcp", &[][..]),
        ("/prod/mcp?name=value", &[]),
        ("/prod/mcp?name=a%20b%2B1", &[]),
        ("/prod/mcp?name=value", &json),
        ("/prod/mcp", &["--data-binary", ""]),
    ] {
        let said = curl(&secret, target, arguments).await;
        assert_eq!(said, "arn:aws:iam::000000000000:user/local", "{target} {arguments:?}");
    }
    let said = curl("wrong", "/prod/mcp?name=value", &json).await;
    assert!(said.starts_with("The request signature we calculated does not match"), "{said}");
}
