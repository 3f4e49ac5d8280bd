//! The tools over plain HTTP and JSON, behind the gateway and without it.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::running::{Running, post, with};

fn ask(method: &str, path: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.method_mut() = method.parse::<Method>().unwrap();
    *request.uri_mut() = path.parse().unwrap();
    request
}

fn count(series: &Value) -> usize {
    series["result"]["result"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_program_without_mcp_asks_for_metrics() {
    for gateway in ["rest", "none"] {
        let program = Running::start(&["--gateway", gateway]);
        let bearer = format!("Bearer {}", program.token());
        let greeting = program.send(ask("GET", "/")).await;
        assert_eq!(greeting.status, 200, "{greeting:?}");
        assert_eq!(greeting.json()["endpoints"]["tools"], "/tools");

        let tools = program.send(with(ask("GET", "/tools"), &bearer)).await;
        let tools = tools.json();
        assert_eq!(tools["tools"].as_array().unwrap().len(), 12, "{tools}");
        let described = program.send(with(ask("GET", "/openapi.json"), &bearer)).await;
        assert_eq!(described.json()["servers"][0]["url"], format!("http://{}", program.address));

        let query = json!({"query": "sum by (job) (up)"});
        let answer = program.send(with(post("/tools/ExecuteQuery", &query), &bearer)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(count(&answer.json()) > 1, "{answer:?}");
        for (path, arguments, status) in [
            ("/tools/ExecuteQuery", json!({"query": "sum("}), 422),
            ("/tools/ExecuteQuery", json!({}), 400),
            ("/tools/NoSuchTool", json!({}), 404),
        ] {
            let answer = program.send(with(post(path, &arguments), &bearer)).await;
            assert_eq!(answer.status, status, "{answer:?}");
            assert!(answer.json()["error"]["hint"].is_string(), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn nobody_else_gets_further_than_the_greeting() {
    let program = Running::start(&[]);
    let invoke = program.told(&["token", "--scope", "mcp/invoke"]);
    let invoke = format!("Bearer {invoke}");
    for (method, path, lists) in [
        ("GET", "/tools", 200),
        ("GET", "/openapi.json", 200),
        ("POST", "/tools/GetServerInfo", 403),
    ] {
        let unknown = program.send(ask(method, path)).await;
        assert_eq!(unknown.status, 401, "{unknown:?}");
        assert!(unknown.header("www-authenticate").is_some(), "{unknown:?}");
        assert_eq!(program.send(ask("OPTIONS", path)).await.status, 204, "{path}");
        let lacking = program.send(with(ask(method, path), &invoke)).await;
        assert_eq!(lacking.status, lists, "{lacking:?}");
        if lists == 403 {
            assert_eq!(lacking.json()["error"]["code"], "insufficient_scope", "{lacking:?}");
            let challenge = lacking.header("x-amzn-remapped-www-authenticate").unwrap();
            assert!(challenge.contains("scope=\"prometheus-mcp-server/read\""), "{challenge}");
        }
    }
    // What the API does not have is API Gateway's to refuse.
    for (method, path) in [("POST", "/tools"), ("GET", "/tools/ExecuteQuery"), ("POST", "/")] {
        assert_eq!(
            program.send(with(ask(method, path), &invoke)).await.status,
            403,
            "{method} {path}"
        );
    }
}
